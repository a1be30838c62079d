use leptos::prelude::*;

use crate::Icon;

/// What a notice is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoticeKind {
    /// Something was done.
    Done,
    /// Something to know.
    Hint,
    /// Something went wrong.
    Problem,
}

/// A line above the content: what was done, or what went wrong and what to do.
#[component]
pub fn Notice(
    /// What it is about.
    kind: NoticeKind,
    /// The text.
    #[prop(into)]
    text: String,
    /// What can be done about it, such as undoing.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    let (class, icon, role) = match kind {
        NoticeKind::Done => ("notice notice-done", "check", "status"),
        NoticeKind::Hint => ("notice", "info", "status"),
        NoticeKind::Problem => ("notice notice-problem", "alert", "alert"),
    };
    view! {
        <div class=class role=role>
            <Icon name=icon/>
            <span>{text}</span>
            {children.map(|children| children())}
        </div>
    }
}

/// What stands where a list is empty: what will be here, and the first step.
#[component]
pub fn EmptyState(
    /// The symbol.
    icon: &'static str,
    /// What will be here.
    #[prop(into)]
    title: String,
    /// Why it is empty, or what to do.
    #[prop(into)]
    text: String,
    /// Whether it stands for a whole page, which then is called by its title.
    #[prop(optional)]
    is_page: bool,
    /// The first step.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    view! {
        <div class="empty">
            <Icon name=icon/>
            {if is_page {
                view! { <h1 class="empty-title">{title}</h1> }.into_any()
            } else {
                view! { <p class="empty-title">{title}</p> }.into_any()
            }}
            <p>{text}</p>
            {children.map(|children| children())}
        </div>
    }
}

/// The shape of what comes, while it is on its way.
#[component]
pub fn Skeleton(
    /// What is being loaded, for screen readers.
    #[prop(into)]
    label: String,
    /// How many lines.
    #[prop(default = 6)]
    lines: usize,
) -> impl IntoView {
    view! {
        <div class="skeleton" role="status">
            <span class="visually-hidden">{label}</span>
            {(0..lines).map(|_| view! { <div class="skeleton-line"></div> }).collect_view()}
        </div>
    }
}
