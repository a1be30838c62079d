//! How cells are shown.

use leptos::prelude::*;
use ui::{Badge, Tone};

use super::model::{Cell, Table};
use crate::account::show::{date, invoice_badge, subscription_badge};
use crate::shared::show;
use crate::texts::texts;

/// A cell or a fact.
pub fn cell(cell: Cell) -> AnyView {
    match cell {
        Cell::None => view! { <span class="sub">{texts().common.none}</span> }.into_any(),
        Cell::Text(text) => text.into_any(),
        Cell::Link(text, href) => view! { <a href=href>{text}</a> }.into_any(),
        Cell::Number(number) => show::number(number).into_any(),
        Cell::Money(amount) => show::money(amount).into_any(),
        Cell::Day(at) => view! { <time datetime=at.to_rfc3339()>{date(at)}</time> }.into_any(),
        Cell::Instant(at) => {
            view! { <time datetime=at.to_rfc3339()>{show::instant(at.fixed_offset())}</time> }.into_any()
        }
        Cell::Subscription(status) => subscription_badge(status).into_any(),
        Cell::Invoice(status) => invoice_badge(status).into_any(),
        Cell::Good(text) => view! { <Badge tone=Tone::Good icon="check" text/> }.into_any(),
        Cell::Quiet(text) => view! { <Badge tone=Tone::Quiet icon="ban" text/> }.into_any(),
        Cell::Alarm(text) => view! { <Badge tone=Tone::Alarm icon="alert" text/> }.into_any(),
    }
}

fn is_number(cell: &Cell) -> bool {
    matches!(cell, Cell::Number(_) | Cell::Money(_))
}

/// A table; on a phone each row is a card.
#[component]
pub fn TableView(
    /// What is on it.
    table: Table,
) -> impl IntoView {
    let names = table.columns.clone();
    let numbers: Vec<bool> =
        (0..names.len()).map(|at| table.rows.iter().any(|row| row.get(at).is_some_and(is_number))).collect();
    let class = move |at: usize| if numbers.get(at) == Some(&true) { "col-money" } else { "" };
    let head = table
        .columns
        .into_iter()
        .enumerate()
        .map(|(at, name)| view! { <th scope="col" class=class(at)>{name}</th> })
        .collect_view();
    let rows = table
        .rows
        .into_iter()
        .map(|row| {
            let cells = row
                .into_iter()
                .zip(&names)
                .enumerate()
                .map(|(at, (value, name))| {
                    view! { <td class=class(at) data-name=name.clone()>{cell(value)}</td> }
                })
                .collect_view();
            view! { <tr>{cells}</tr> }
        })
        .collect_view();
    view! {
        <table class="table admin-table">
            <thead><tr>{head}</tr></thead>
            <tbody>{rows}</tbody>
        </table>
    }
}
