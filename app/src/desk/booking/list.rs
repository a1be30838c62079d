use domain::access::Permission;
use domain::booking::StayRow;
use domain::stay::StayStatus;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;
use ui::{EmptyState, FormState, SelectField, SelectOption, TextField};

use super::api::load_stays;
use crate::routes;
use crate::shared::live::LiveVersion;
use crate::shared::loaded::{Loaded, load};
use crate::shared::page::PageFacts;
use crate::shared::show;
use crate::texts::{status_text, texts};

/// How many stays one page of the list holds; fewer means it is the last.
const PAGE: usize = 50;

/// All bookings: search, filter, and page by page.
#[component]
pub fn BookingsPage() -> impl IntoView {
    let t = &texts().booking;
    let query = use_query_map();
    let parameter = move |name: &str| query.with(|query| query.get(name).unwrap_or_default());
    let wanted = move || (parameter("text"), parameter("status"), parameter("before"));
    let data = load(
        move || (wanted(), LiveVersion::get()),
        |((text, status, before), _)| load_stays(text, status, before),
    );
    let form = FormState::default();
    let may_report = PageFacts::get().may(Permission::ViewReports);
    let mut states = vec![SelectOption::new("", t.all_states)];
    states.extend(
        StayStatus::ALL.iter().map(|status| SelectOption::new(status.as_str(), status_text(*status))),
    );
    view! {
        <Title text=t.list_title/>
        <div class="title-row"><h1>{t.list_title}</h1></div>
        <form method="get" action=routes::BOOKINGS class="filter-row" role="search" aria-label=t.list_title>
            <TextField form=form.clone() name="text" label=texts().nav.search_label kind="search" value=query.with_untracked(|q| q.get("text").unwrap_or_default())/>
            <SelectField form name="status" label=t.state value=query.with_untracked(|q| q.get("status").unwrap_or_default()) options=states/>
            <button type="submit" class="button">{texts().common.search}</button>
        </form>
        {may_report.then(|| view! {
            <details class="more">
                <summary>{t.report}</summary>
                <form method="get" action=routes::REPORT class="filter-row">
                    <ui::DateField form=FormState::default() name="from" label=t.report_from/>
                    <ui::DateField form=FormState::default() name="to" label=t.report_to/>
                    <button type="submit" class="button">{t.report_download}</button>
                </form>
            </details>
        })}
        <Loaded data children={move |(rows, today): (Vec<StayRow>, chrono::NaiveDate)| {
            if rows.is_empty() {
                return view! { <EmptyState icon="calendar" title=t.list_empty text=t.list_empty_text/> }.into_any();
            }
            let next = rows.last().filter(|_| rows.len() == PAGE).map(|row| {
                let (text, status, _) = wanted();
                routes::with_query(routes::BOOKINGS, &[("text", &text), ("status", &status), ("before", &row.id.to_string())])
            });
            view! {
                <section class="list" aria-label=t.list_title><StayTable rows today/></section>
                {next.map(|href| view! { <p class="pager"><a class="button" href=href>{t.next_page}</a></p> })}
            }.into_any()
        }}/>
    }
}

/// Stays as a table.
#[component]
pub fn StayTable(
    /// The stays.
    rows: Vec<StayRow>,
    /// The hotel's business date.
    today: chrono::NaiveDate,
) -> impl IntoView {
    let t = &texts().booking;
    let rows = rows
        .into_iter()
        .map(|stay| {
            view! {
                <tr>
                    <td class="col-guest"><a href=routes::booking(stay.id)>{stay.guest_name.clone()}</a> <span class="sub">{stay.reference.clone()}</span></td>
                    <td class="col-room"><strong>{show::room(&stay)}</strong> <span class="sub">{stay.room_type.clone()}</span></td>
                    <td class="col-stay">{show::stay(stay.dates, today)} <span class="sub">{show::nights(stay.dates)}</span></td>
                    <td class="col-money">{show::money(stay.total)}</td>
                    <td class="col-status">{show::status(&stay, today)}</td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <table class="table">
            <thead><tr>
                <th scope="col">{t.guest}</th>
                <th scope="col" class="col-room">{t.room}</th>
                <th scope="col" class="col-stay">{t.stay}</th>
                <th scope="col" class="col-money">{t.total}</th>
                <th scope="col" class="col-status">{t.state}</th>
            </tr></thead>
            <tbody>{rows}</tbody>
        </table>
    }
}
