use std::time::Duration;

use leptos::prelude::*;

/// How long until what is on its way is asked about again: most is there at once, and a bank takes days.
const PAUSE: Duration = Duration::from_secs(3);
const LATER: Duration = Duration::from_secs(15);

/// How often it is asked after the shorter time.
const OFTEN: u32 = 20;

/// The same for pages without scripts.
const REFRESH: &str = "<meta http-equiv='refresh' content='15'>";

/// Asks again in a while, on a page that waits for something: by `again`, or without scripts by loading the page anew.
#[component]
pub fn AskAgain(
    /// Asks.
    again: Callback<()>,
    /// How often the page has asked.
    asked: StoredValue<u32>,
) -> impl IntoView {
    Effect::new(move |_| {
        let pause = if asked.get_value() < OFTEN { PAUSE } else { LATER };
        asked.update_value(|asked| *asked += 1);
        if let Ok(handle) = set_timeout_with_handle(move || again.run(()), pause) {
            on_cleanup(move || handle.clear());
        }
    });
    view! { <noscript inner_html=REFRESH></noscript> }
}
