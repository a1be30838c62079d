//! The proof that no room is sold twice, in the top bar of every desk.

use domain::booking::SelfAudit;
use leptos::prelude::*;

use super::live::seconds_shown;
use super::show;
use crate::texts::{fill, texts};

/// What the self-audit found, and how long ago it looked: without scripts the time of day.
#[component]
pub fn Audit(
    /// Its newest result; none until it first ran.
    audit: Option<(SelfAudit, i64)>,
) -> impl IntoView {
    let (audit, age) = audit?;
    let t = &texts().live;
    let found = match audit.conflicts {
        0 => t.no_conflicts.to_owned(),
        1 => t.conflict_one.to_owned(),
        n => fill(t.conflicts, &[("n", &show::number(n))]),
    };
    let waited = seconds_shown();
    let exact = fill(t.checked_at, &[("at", &show::instant(audit.checked_at))]);
    let checked = move || {
        let at = waited.get().map_or_else(|| show::time(audit.checked_at), |waited| ago(age + waited));
        format!("{found}, {}", fill(t.checked, &[("at", &at)]))
    };
    let class = if audit.conflicts == 0 { "audit" } else { "audit audit-alarm" };
    Some(view! { <span class=class title=exact>{checked}</span> })
}

/// `12 s ago`, `3 min ago`.
fn ago(seconds: i64) -> String {
    let t = &texts().live;
    match seconds.max(0) {
        seconds @ 0..120 => fill(t.seconds_ago, &[("n", &show::number(seconds))]),
        seconds => fill(t.minutes_ago, &[("n", &show::number(seconds / 60))]),
    }
}
