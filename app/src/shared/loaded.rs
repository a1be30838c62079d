//! Data on its way, data that is there, and data that is not to be had.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::{use_location, use_params_map};
use ui::{EmptyState, LinkButton, Skeleton};

use crate::error::AppError;
use crate::routes;
use crate::texts::{error_text, texts};

/// Shows what a resource holds, the shape of it meanwhile, or why it cannot be had.
#[component]
pub fn Loaded<T, F, V>(
    /// What is loaded.
    data: Resource<Result<T, AppError>>,
    /// How it is shown.
    children: F,
) -> impl IntoView
where
    T: Clone + Send + Sync + 'static,
    F: Fn(T) -> V + Clone + Send + Sync + 'static,
    V: IntoView + 'static,
{
    view! {
        <Transition fallback=|| view! { <Skeleton label=texts().common.loading/> }>
            {move || {
                let children = children.clone();
                Suspend::new(async move {
                    match data.await {
                        Ok(value) => children(value).into_any(),
                        Err(error) => view! { <Failed error/> }.into_any(),
                    }
                })
            }}
        </Transition>
    }
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
