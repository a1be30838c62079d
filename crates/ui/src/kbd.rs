use leptos::prelude::*;

/// A key of the keyboard.
#[component]
pub fn Kbd(
    /// What stands on it.
    key: &'static str,
) -> impl IntoView {
    view! { <kbd class="kbd">{key}</kbd> }
}
