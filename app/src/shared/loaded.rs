//! Data on its way, data that is there, and data that is not to be had.

use leptos::prelude::*;
use leptos_meta::Title;
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
    view! {
        <EmptyState icon title text=error_text(&error)>
            <LinkButton href=routes::TODAY text=t.common.back_to_today/>
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
