//! Long work in the browser, in parts: what waits for it, such as a click, comes between them.

/// Goes on in the browser's next task. On the server there are none to wait for, and it goes on at once.
pub async fn next_task() {
    #[cfg(feature = "hydrate")]
    {
        let next = js_sys::Promise::new(&mut |go_on, _| {
            // Fails where there is no window; there is nobody to wait for then.
            let _ = leptos::prelude::window().set_timeout_with_callback(&go_on);
        });
        // Nothing rejects it.
        let _ = next.await;
    }
}
