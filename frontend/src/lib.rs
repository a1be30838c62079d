//! Brings the server-rendered pages to life in the browser.
#![cfg(target_arch = "wasm32")]
// wasm_bindgen exports the entry point with an attribute that the compiler counts as unsafe code.
#![expect(unsafe_code, reason = "wasm_bindgen's export attribute; nothing here is unsafe by hand")]

/// Begins in the browser.
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    leptos::mount::hydrate_body(app::App);
}
