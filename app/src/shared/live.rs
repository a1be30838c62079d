//! What another desk does appears here within a second: the browser listens to `/desk/live` and pages load again, except
//! while somebody types into a form that sends along what it showed.

use chrono::NaiveTime;
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
    /// The connection was lost at this time of day, and is being made again.
    Lost(NaiveTime),
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
    Effect::new(move |_| in_browser::listen(version, state));
    state
}

/// Counts the minutes in which the page is looked at.
pub fn each_minute() -> RwSignal<u32> {
    let minute = RwSignal::new(0);
    #[cfg(not(feature = "ssr"))]
    Effect::new(move |_| {
        in_browser::every(std::time::Duration::from_mins(1), move || {
            if !document().hidden() {
                minute.update(|count| *count += 1);
            }
        });
    });
    minute
}

/// How many seconds have passed since this was shown, by the browser's own watch; none before scripts run.
pub fn seconds_shown() -> RwSignal<Option<i64>> {
    let seconds = RwSignal::new(None);
    #[cfg(not(feature = "ssr"))]
    Effect::new(move |_| {
        let shown_at = in_browser::now_seconds();
        seconds.set(Some(0));
        in_browser::every(std::time::Duration::from_secs(4), move || {
            seconds.set(Some(in_browser::now_seconds() - shown_at));
        });
    });
    seconds
}

#[cfg(not(feature = "ssr"))]
mod in_browser {
    use std::time::Duration;

    use chrono::NaiveTime;
    use domain::problem::same_lines;
    use leptos::ev;
    use leptos::prelude::*;
    use wasm_bindgen::JsCast;
    use wasm_bindgen::closure::Closure;
    use web_sys::{EventSource, HtmlFormElement, HtmlInputElement, HtmlOptionElement, HtmlTextAreaElement};

    use super::LiveState;

    /// The one connection of the page.
    type Stream = StoredValue<Option<EventSource>, LocalStorage>;

    /// Does something again and again while the page is there.
    pub fn every(pause: Duration, work: impl Fn() + 'static) {
        if let Ok(handle) = set_interval_with_handle(work, pause) {
            on_cleanup(move || handle.clear());
        }
    }

    /// The browser's clock.
    #[expect(clippy::cast_possible_truncation, reason = "seconds of a century fit")]
    pub fn now_seconds() -> i64 {
        (js_sys::Date::now() / 1000.0) as i64
    }

    /// What the clock beside the screen shows.
    fn time_of_day() -> NaiveTime {
        let now = js_sys::Date::new_0();
        NaiveTime::from_hms_opt(now.get_hours(), now.get_minutes(), 0).unwrap_or_default()
    }

    /// Remembers since when changes are not heard.
    fn lose(state: RwSignal<LiveState>) {
        if !matches!(state.get_untracked(), LiveState::Lost(_)) {
            state.set(LiveState::Lost(time_of_day()));
        }
    }

    /// Whether this page is being left (`leaving.js`). The session may end with what leads away, and what a page still asks for
    /// is then refused.
    fn is_left() -> bool {
        document().document_element().is_some_and(|root| root.has_attribute("data-leaving"))
    }

    pub fn listen(version: RwSignal<u32>, state: RwSignal<LiveState>) {
        let stream = StoredValue::new_local(None);
        let missed = StoredValue::new(false);
        let connect_anew = move || connect(version, missed, state, stream);
        connect_anew();
        on_cleanup(move || close(stream));
        let leaving = window_event_listener(ev::beforeunload, move |_| connect_anew());
        // A browser may take minutes to notice by itself that nothing comes any more.
        let offline = window_event_listener(ev::offline, move |_| lose(state));
        let online = window_event_listener(ev::online, move |_| connect_anew());
        // What was not loaded while somebody typed is when they have taken that back.
        let typed = window_event_listener(ev::input, move |_| {
            if missed.get_value() {
                load_again(version, missed);
            }
        });
        on_cleanup(move || {
            leaving.remove();
            offline.remove();
            online.remove();
            typed.remove();
        });
    }

    /// Whether all fields of a form hold again what the page put there.
    fn is_untouched(form: &HtmlFormElement) -> bool {
        let Ok(fields) = form.query_selector_all("input, textarea, option") else { return false };
        (0..fields.length()).filter_map(|index| fields.item(index)).all(|field| {
            if let Some(field) = field.dyn_ref::<HtmlInputElement>() {
                let is_begun = field.validity().bad_input();
                field.value() == field.default_value()
                    && field.checked() == field.default_checked()
                    && !is_begun
            } else if let Some(field) = field.dyn_ref::<HtmlTextAreaElement>() {
                field.default_value().is_ok_and(|initial| same_lines(&initial) == same_lines(&field.value()))
            } else if let Some(option) = field.dyn_ref::<HtmlOptionElement>() {
                option.selected() == option.default_selected()
            } else {
                true
            }
        })
    }

    /// Loads the page's data again, unless somebody is typing what would then seem to answer it.
    fn load_again(version: RwSignal<u32>, missed: StoredValue<bool>) {
        let forms: Vec<HtmlFormElement> = match document().query_selector_all("form:has([data-shown])") {
            Ok(forms) => (0..forms.length()).filter_map(|index| forms.item(index)?.dyn_into().ok()).collect(),
            Err(_) => Vec::new(),
        };
        missed.set_value(!forms.iter().all(is_untouched));
        if missed.get_value() {
            return;
        }
        // A field in which somebody typed, if only to take it back, would not show what is loaded.
        for form in forms {
            form.reset();
        }
        version.update(|count| *count += 1);
    }

    fn close(stream: Stream) {
        if let Some(Some(source)) = stream.try_update_value(Option::take) {
            source.set_onerror(None);
            source.close();
        }
    }

    /// Connects again after a while, if the page is still there.
    fn connect_later(
        version: RwSignal<u32>,
        missed: StoredValue<bool>,
        state: RwSignal<LiveState>,
        stream: Stream,
        pause: Duration,
    ) {
        let connect = move || {
            if !stream.is_disposed() {
                lose(state);
                connect(version, missed, state, stream);
            }
        };
        set_timeout(connect, pause);
    }

    fn connect(
        version: RwSignal<u32>,
        missed: StoredValue<bool>,
        state: RwSignal<LiveState>,
        stream: Stream,
    ) {
        close(stream);
        if is_left() {
            connect_later(version, missed, state, stream, Duration::from_secs(5));
            return;
        }
        let Ok(source) = EventSource::new("/desk/live") else { return };
        let changed = Closure::<dyn Fn()>::new(move || load_again(version, missed));
        let opened = Closure::<dyn Fn()>::new(move || {
            // What happened while nobody listened must be loaded too.
            if matches!(state.get_untracked(), LiveState::Lost(_)) {
                load_again(version, missed);
            }
            state.set(LiveState::Live);
        });
        let failed = source.clone();
        let lost = Closure::<dyn Fn()>::new(move || {
            lose(state);
            // After an HTTP error, such as 503 during a restart, browsers give up; we do not.
            if failed.ready_state() == EventSource::CLOSED {
                connect_later(version, missed, state, stream, Duration::from_secs(3));
            }
        });
        for event in ["change", "lagged"] {
            let _ = source.add_event_listener_with_callback(event, changed.as_ref().unchecked_ref());
        }
        source.set_onopen(Some(opened.as_ref().unchecked_ref()));
        source.set_onerror(Some(lost.as_ref().unchecked_ref()));
        stream.set_value(Some(source));
        // They live as long as the page.
        changed.forget();
        opened.forget();
        lost.forget();
    }
}
