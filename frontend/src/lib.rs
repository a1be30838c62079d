//! Brings the server-rendered pages to life in the browser.
#![cfg(target_arch = "wasm32")]

use app::shared::turn::next_task;
use leptos::mount::hydrate_from_async;
use leptos::prelude::window_event_listener;
use leptos::wasm_bindgen::JsCast;
use leptos::web_sys::{Element, MouseEvent};
use leptos::{ev, tachys};

/// Begins in the browser.
#[wasm_bindgen::prelude::wasm_bindgen]
pub async fn hydrate() {
    console_error_panic_hook::set_once();
    // The router answers clicks on links from its first moment, but shows nothing new until the page is alive, and the click
    // is lost. Until then links are the browser's. This listener comes before the router's, which is on the window too.
    let until_alive = window_event_listener(ev::click, |click: MouseEvent| {
        let target = click.target().and_then(|target| target.dyn_into::<Element>().ok());
        if target.is_some_and(|target| target.closest("a").is_ok_and(|link| link.is_some())) {
            click.stop_immediate_propagation();
        }
    });
    // The browser was busy with the program until now; what it was asked meanwhile comes first.
    next_task().await;
    hydrate_from_async(tachys::dom::body(), app::App).await.forget();
    until_alive.remove();
}
