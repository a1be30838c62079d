use leptos::prelude::*;

use crate::Text;

/// One part of a [`Segmented`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    /// Where it leads.
    pub href: String,
    /// What it shows.
    pub text: Text,
    /// How many there are.
    pub count: Option<String>,
    /// Whether it is the one that is shown.
    pub is_current: bool,
}

/// Views of one subject side by side, each with an address of its own.
#[component]
pub fn Segmented(
    /// What the views are of, for screen readers.
    #[prop(into)]
    label: Text,
    /// The views.
    segments: Vec<Segment>,
) -> impl IntoView {
    let links = segments
        .into_iter()
        .map(|segment| {
            view! {
                <a href=segment.href aria-current=segment.is_current.then_some("page")>
                    {segment.text}
                    {segment.count.map(|count| view! { <span class="count">{count}</span> })}
                </a>
            }
        })
        .collect_view();
    view! { <nav class="segmented" aria-label=label>{links}</nav> }
}
