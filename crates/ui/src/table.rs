use leptos::prelude::*;

use crate::Text;

/// A table with its heading for screen readers; scrolls sideways inside itself where it is too wide.
///
/// The rows are `<tr>`; a first cell that names the row is `<th scope="row">`. On a phone each row is a card: cells carry
/// `data-label` with the column's heading.
#[component]
pub fn Table(
    /// What the rows are.
    #[prop(into)]
    caption: Text,
    /// The headings of the columns. An empty one is a column of actions. Add the class `number` to cells of figures.
    columns: Vec<Text>,
    /// The rows.
    children: Children,
) -> impl IntoView {
    let heads = columns.into_iter().map(|column| view! { <th scope="col">{column}</th> }).collect_view();
    view! {
        <div class="table-wrap">
            <table class="table">
                <caption class="visually-hidden">{caption}</caption>
                <thead>
                    <tr>{heads}</tr>
                </thead>
                <tbody>{children()}</tbody>
            </table>
        </div>
    }
}

/// Names and values, such as the facts of a booking.
#[component]
pub fn Facts(
    /// Each name with its value.
    facts: Vec<(Text, AnyView)>,
) -> impl IntoView {
    let facts = facts
        .into_iter()
        .map(|(name, value)| view! { <div><dt>{name}</dt><dd>{value}</dd></div> })
        .collect_view();
    view! { <dl class="facts">{facts}</dl> }
}
