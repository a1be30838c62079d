use leptos::prelude::*;

use crate::{Icon, Text};

/// A short message that floats above the page: what was just done, with the way back. It stays until it is closed or
/// replaced, so that nobody has to be quick.
#[component]
pub fn Toast(
    /// What was done.
    #[prop(into)]
    text: Text,
    /// What closing it is called.
    #[prop(into)]
    close: Text,
    /// Called when it is closed.
    on_close: Callback<()>,
    /// The way back, such as a button "Undo".
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    view! {
        <div class="toast" role="status">
            <Icon name="check"/>
            <p>{text}</p>
            {children.map(|children| children())}
            <button type="button" class="button button-quiet button-icon" aria-label=close on:click=move |_| on_close.run(())>
                <Icon name="x"/>
            </button>
        </div>
    }
}
