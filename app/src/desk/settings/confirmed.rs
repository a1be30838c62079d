use leptos::prelude::*;
use ui::{Button, ButtonKind};

use crate::shared::form::FormToken;

/// A button that asks before it does what cannot be undone; without scripts, too.
#[component]
pub fn Confirmed(
    /// Where it is posted to.
    action: &'static str,
    /// The id of what it is done to.
    id: String,
    /// What it does, in a word.
    text: &'static str,
    /// The same for screen readers, with the name of what it is done to.
    label: String,
    /// What will be, if it is done.
    question: &'static str,
) -> impl IntoView {
    view! {
        <details class="menu menu-right">
            <summary class="button button-quiet" aria-label=label>{text}</summary>
            <div class="menu-list menu-form">
                <p>{question}</p>
                <form method="post" action=action><FormToken/>
                    <input type="hidden" name="id" value=id/>
                    <Button kind=ButtonKind::Danger text/>
                </form>
            </div>
        </details>
    }
}
