//! What another desk does appears here within a second: the browser listens to `/desk/live` and pages load again.

use leptos::prelude::*;

/// Counts the changes that were heard; a page that reads it loads again with each.
#[derive(Debug, Clone, Copy)]
pub struct LiveVersion(RwSignal<u32>);

/// Whether changes are heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LiveState {
    /// Not connected yet; without JavaScript for ever.
    Waiting,
    /// Connected.
    Live,
    /// The connection was lost and is being made again.
    Reconnecting,
}

impl LiveVersion {
    /// The number of changes so far.
    pub fn get() -> u32 {
        use_context::<Self>().map_or(0, |version| version.0.get())
    }

    /// Loads this page's data again.
    pub fn bump() {
        if let Some(version) = use_context::<Self>() {
            version.0.update(|count| *count += 1);
        }
    }
}

/// Begins to listen, and says whether changes are heard.
pub fn listen() -> RwSignal<LiveState> {
    let version = RwSignal::new(0);
    let state = RwSignal::new(LiveState::Waiting);
    provide_context(LiveVersion(version));
    #[cfg(not(feature = "ssr"))]
    Effect::new(move |_| connect(version, state));
    state
}

#[cfg(not(feature = "ssr"))]
fn connect(version: RwSignal<u32>, state: RwSignal<LiveState>) {
    use wasm_bindgen::JsCast;
    use wasm_bindgen::closure::Closure;
    let Ok(source) = web_sys::EventSource::new("/desk/live") else { return };
    let stream = StoredValue::new_local(source.clone());
    on_cleanup(move || {
        stream.try_with_value(web_sys::EventSource::close);
    });
    let changed = Closure::<dyn Fn()>::new(move || version.update(|count| *count += 1));
    let opened = Closure::<dyn Fn()>::new(move || {
        // What happened while nobody listened must be loaded too.
        if state.get_untracked() == LiveState::Reconnecting {
            version.update(|count| *count += 1);
        }
        state.set(LiveState::Live);
    });
    let stream = source.clone();
    let lost = Closure::<dyn Fn()>::new(move || {
        state.set(LiveState::Reconnecting);
        // After an HTTP error, such as 503 during a restart, browsers give up; we do not.
        if stream.ready_state() == web_sys::EventSource::CLOSED {
            set_timeout(move || connect(version, state), std::time::Duration::from_secs(3));
        }
    });
    for event in ["change", "lagged"] {
        let _ = source.add_event_listener_with_callback(event, changed.as_ref().unchecked_ref());
    }
    source.set_onopen(Some(opened.as_ref().unchecked_ref()));
    source.set_onerror(Some(lost.as_ref().unchecked_ref()));
    // They live as long as the page.
    changed.forget();
    opened.forget();
    lost.forget();
}
