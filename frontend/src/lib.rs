//! Brings the server-rendered pages to life in the browser.
#![cfg(target_arch = "wasm32")]

/// Begins in the browser.
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    leptos::mount::hydrate_lazy(app::App);
}
