use leptos::prelude::*;

use crate::{Icon, Text};

/// Details at the right of a list. It is part of a page with its own address: closing it is a link to the list.
#[component]
pub fn Drawer(
    /// The heading.
    #[prop(into)]
    title: Text,
    /// Where closing it leads.
    #[prop(into)]
    close_href: String,
    /// What closing it is called.
    #[prop(into)]
    close: Text,
    /// The details.
    children: Children,
) -> impl IntoView {
    let label = title.clone();
    view! {
        <aside class="drawer" aria-label=label>
            <header class="drawer-head">
                <h2>{title}</h2>
                <a class="button button-quiet button-icon" href=close_href aria-label=close data-back>
                    <Icon name="x"/>
                </a>
            </header>
            <div class="drawer-body">{children()}</div>
        </aside>
    }
}

/// A button that opens a short list, on `<details>`, so that it works before and without scripts.
#[component]
pub fn Menu(
    /// What the list is about, for screen readers.
    #[prop(into)]
    label: Text,
    /// What the button shows.
    button: AnyView,
    /// Whether the list opens towards the left.
    #[prop(optional)]
    at_end: bool,
    /// The list.
    children: Children,
) -> impl IntoView {
    let list = if at_end { "menu-list menu-list-end" } else { "menu-list" };
    view! {
        <details class="menu">
            <summary class="button button-quiet" aria-label=label>{button}</summary>
            <div class=list>{children()}</div>
        </details>
    }
}
