use std::time::Duration;

use leptos::prelude::*;

/// How long until what is on its way is asked about again.
const PAUSE: Duration = Duration::from_secs(15);

/// The same for pages without scripts.
const REFRESH: &str = "<meta http-equiv='refresh' content='15'>";

/// Asks again in a while, on a page that waits for something: by `again`, or without scripts by loading the page anew.
#[component]
pub fn AskAgain(
    /// Asks.
    again: Callback<()>,
) -> impl IntoView {
    Effect::new(move |_| {
        if let Ok(handle) = set_timeout_with_handle(move || again.run(()), PAUSE) {
            on_cleanup(move || handle.clear());
        }
    });
    view! { <noscript inner_html=REFRESH></noscript> }
}
