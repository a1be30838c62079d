use chrono::NaiveDate;
use domain::booking::AuditEntry;
use domain::ids::{GuestId, StayId};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;
use ui::EmptyState;

use super::api::load_audit;
use crate::routes;
use crate::shared::loaded::{Loaded, load};
use crate::shared::show;
use crate::texts::{history_text, texts};

/// Who did what, for owners and managers.
#[component]
pub fn AuditPage() -> impl IntoView {
    let t = &texts().audit;
    let query = use_query_map();
    let before = move || query.with(|query| query.get("before").unwrap_or_default());
    let data = load(before, load_audit);
    view! {
        <Title text=t.title/>
        <div class="title-row"><h1>{t.title}</h1></div>
        <Loaded data children={|(entries, next, today): (Vec<AuditEntry>, Option<String>, NaiveDate)| {
            if entries.is_empty() {
                return view! { <EmptyState icon="info" title=t.empty text=t.empty_text/> }.into_any();
            }
            let next = next.map(|id| format!("{}?before={id}", routes::AUDIT));
            let rows = entries.into_iter().map(|entry| row(entry, today)).collect_view();
            view! {
                <table class="table">
                    <thead><tr>
                        <th scope="col">{t.what}</th><th scope="col">{t.who}</th><th scope="col">{t.facts}</th><th scope="col">{t.when}</th>
                    </tr></thead>
                    <tbody>{rows}</tbody>
                </table>
                {next.map(|href| view! { <p class="pager"><a class="button" href=href>{t.older}</a></p> })}
            }
            .into_any()
        }}/>
    }
}

fn row(entry: AuditEntry, today: NaiveDate) -> impl IntoView {
    let AuditEntry { deed, subject, about } = entry;
    let facts = show::facts(&deed, today, None);
    let by = deed.by.unwrap_or_else(|| texts().booking.history_machine.to_owned());
    let page = subject.and_then(|subject| match deed.action.split('.').next() {
        Some("stay") => Some(routes::booking(StayId(subject))),
        Some("guest") => Some(routes::guest(GuestId(subject))),
        _ => None,
    });
    let about = about.map(|about| match page {
        Some(href) => view! { <a class="sub" href=href>{about}</a> }.into_any(),
        None => view! { <span class="sub">{about}</span> }.into_any(),
    });
    view! {
        <tr>
            <td><strong>{history_text(&deed.action)}</strong> {about}</td>
            <td>{by}</td>
            <td class="facts-cell">{facts}</td>
            <td class="col-stay">{show::instant(deed.at)}</td>
        </tr>
    }
}
