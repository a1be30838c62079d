//! Data on its way, data that is there, and data that is not to be had.

use std::pin::Pin;

use leptos::prelude::*;
use leptos::server::codee::string::JsonSerdeCodec;
use leptos::server::codee::{Decoder, Encoder};
use leptos_meta::Title;
use leptos_router::hooks::{use_location, use_params_map};
use serde::Serialize;
use serde::de::DeserializeOwned;
use ui::{EmptyState, LinkButton, Skeleton};

use crate::error::AppError;
use crate::routes;
use crate::texts::{error_text, texts};

/// What is fetched for a page: by the server for the first one, by the browser after that.
pub type Loading<T> = Resource<Result<T, AppError>, InScript>;

/// Fetches what a page shows, and again whenever `source` changes.
pub fn load<S, T, Fetched>(
    source: impl Fn() -> S + Send + Sync + 'static,
    fetch: impl Fn(S) -> Fetched + Send + Sync + 'static,
) -> Loading<T>
where
    S: PartialEq + Clone + Send + Sync + 'static,
    T: Send + Sync + 'static,
    Result<T, AppError>: Serialize + DeserializeOwned,
    Fetched: Future<Output = Result<T, AppError>> + Send + 'static,
{
    // Leptos moves what it waits for a dozen times, and a query's state is tens of kilobytes.
    let fetch = move |source| -> Pin<Box<dyn Future<Output = _> + Send>> { Box::pin(fetch(source)) };
    Resource::new_with_options(source, fetch, false)
}

/// How data stands in the script of a page: JSON with the two kinds of quotes exchanged. Leptos writes it as a text between
/// double quotes and puts a backslash before each one within, which is every sixth character of JSON.
#[derive(Debug)]
pub struct InScript;

impl<T: Serialize> Encoder<T> for InScript {
    type Error = <JsonSerdeCodec as Encoder<T>>::Error;
    type Encoded = String;

    fn encode(value: &T) -> Result<String, Self::Error> {
        Ok(exchange_quotes(&JsonSerdeCodec::encode(value)?))
    }
}

impl<T: DeserializeOwned> Decoder<T> for InScript {
    type Error = <JsonSerdeCodec as Decoder<T>>::Error;
    type Encoded = str;

    fn decode(text: &str) -> Result<T, Self::Error> {
        JsonSerdeCodec::decode(&exchange_quotes(text))
    }
}

#[expect(clippy::expect_used, reason = "one ASCII character takes the place of another")]
fn exchange_quotes(text: &str) -> String {
    let exchanged = text.bytes().map(|byte| match byte {
        b'"' => b'\'',
        b'\'' => b'"',
        other => other,
    });
    String::from_utf8(exchanged.collect()).expect("still UTF-8")
}

/// Shows what a resource holds, the shape of it meanwhile, or why it cannot be had.
#[component]
pub fn Loaded<T, F, V>(
    /// What is loaded.
    data: Loading<T>,
    /// How it is shown.
    children: F,
) -> impl IntoView
where
    T: Clone + Send + Sync + 'static,
    Result<T, AppError>: Serialize + DeserializeOwned,
    F: Fn(T) -> V + Clone + Send + Sync + 'static,
    V: IntoView + 'static,
{
    let shown = move || {
        let children = children.clone();
        Suspend::new(async move {
            match data.await {
                Ok(value) => children(value).into_any(),
                Err(error) => view! { <Failed error/> }.into_any(),
            }
        })
    };
    view! {
        <Transition fallback=|| view! { <Skeleton label=texts().common.loading/> }>
            {at_once_on_server(shown.clone())}
        </Transition>
    }
}

/// On the server a view that is there, not a function that makes one: Leptos would call it twice, first to look for what
/// else is to be fetched, and the first view would be thrown away.
#[cfg(feature = "ssr")]
pub fn at_once_on_server<V>(view: impl Fn() -> V) -> V {
    view()
}

/// In the browser it is made again with what is fetched anew.
#[cfg(not(feature = "ssr"))]
pub fn at_once_on_server<V>(view: V) -> V {
    view
}

/// A page about the thing whose id is in its address, made anew for another id: what was typed into the form of one thing
/// is not left in that of the next.
#[component]
pub fn ById<F, V>(
    /// The page about one thing.
    page: F,
) -> impl IntoView
where
    F: Fn(String) -> V + Clone + Send + Sync + 'static,
    V: IntoView + 'static,
{
    let params = use_params_map();
    view! { <For each=move || params.with(|params| params.get("id")) key=Clone::clone children=page/> }
}

/// Why something cannot be shown, and what to do.
#[component]
pub fn Failed(
    /// What went wrong.
    error: AppError,
) -> impl IntoView {
    #[cfg(feature = "ssr")]
    crate::server_ctx::status(crate::server_ctx::status_of(&error));
    let t = texts();
    let (icon, title) = match error {
        AppError::NotFound => ("search", t.errors.not_found_title),
        AppError::Forbidden | AppError::SignInRequired => ("lock", t.errors.forbidden_title),
        _ => ("alert", t.errors.failed_title),
    };
    let (home, back) = use_location().pathname.with_untracked(|path| {
        let is_in = |place| routes::is_within(path, place);
        if is_in(routes::ADMIN) {
            (routes::ADMIN, t.common.back_to_figures)
        } else if is_in(routes::ACCOUNT) || is_in(routes::STORE) {
            (routes::ACCOUNT, t.common.back_to_overview)
        } else {
            (routes::TODAY, t.common.back_to_today)
        }
    });
    // The link leads to this very page, by the server, which was or was not there.
    let is_passing = matches!(error, AppError::Unavailable | AppError::Internal);
    view! {
        <EmptyState icon title text=error_text(&error) is_page=true>
            {is_passing.then(|| view! { <a class="button button-primary" href="" rel="external">{t.common.try_again}</a> })}
            <LinkButton href=home text=back/>
        </EmptyState>
    }
}

/// A path that leads nowhere.
#[component]
pub fn NotFoundPage() -> impl IntoView {
    view! {
        <Title text=texts().errors.not_found_title/>
        <main class="entry"><Failed error=AppError::NotFound/></main>
    }
}

#[cfg(test)]
mod tests {
    use leptos::server::codee::{Decoder, Encoder};

    use super::InScript;

    #[test]
    fn data_is_read_back_from_a_script() {
        let said = [r#"Ana "the Fish" O'Neill"#, "\\ and </script>", "🛏 نزل\n"].map(String::from);
        let written = InScript::encode(&said).unwrap();
        assert!(!written.contains("\"A"), "quotes of JSON need no backslash: {written}");
        let read: [String; 3] = InScript::decode(&written).unwrap();
        assert_eq!(read, said);
    }
}
