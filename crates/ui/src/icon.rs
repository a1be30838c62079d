use leptos::prelude::*;

/// A symbol of the sprite `public/icons.svg` (Lucide). It is decoration: a word stands beside it, or the control that
/// holds it has a label.
#[component]
pub fn Icon(
    /// The symbol's id in the sprite.
    name: &'static str,
) -> impl IntoView {
    let href = format!("/icons.svg#{name}");
    view! {
        <svg class="icon" aria-hidden="true" focusable="false">
            <use href=href></use>
        </svg>
    }
}
