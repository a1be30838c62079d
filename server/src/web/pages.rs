//! The half for people: server-rendered pages, the server functions behind their forms, and built files.

use std::sync::LazyLock;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use http::StatusCode;
use leptos::context::provide_context;
use leptos::nonce::Nonce;
use leptos_axum::{AxumRouteListing, LeptosRoutes, generate_route_list, render_app_async_with_context};
use tower_http::limit::RequestBodyLimitLayer;

use app::server_ctx::extension;

use crate::state::AppState;
use crate::web::{
    action_status, assets, dev_mail, error_page, files, form_flash, limits, live, metrics, origin, panics,
    paths, report, session,
};

/// Where the pages are. Once in a process: while Leptos lists them, it loads no data, for any page that is rendered at
/// that moment either, which would then wait for ever.
static PAGES: LazyLock<Vec<AxumRouteListing>> = LazyLock::new(|| generate_route_list(app::App));

/// All pages.
pub fn router(state: AppState) -> Router {
    let options = state.leptos_options.clone();
    let mut router = Router::new()
        .leptos_routes_with_context(&state, PAGES.clone(), context(&state), move || {
            app::shell(options.clone())
        })
        .route(live::PATH, get(live::stream))
        .route(app::routes::REPORT, get(report::download))
        .merge(files::router());
    if dev_mail::is_offered(&state.settings) {
        router = router.merge(dev_mail::router());
    }
    router
        .fallback(otherwise)
        .layer(from_fn(action_status::layer))
        .layer(from_fn_with_state(state.clone(), form_flash::layer))
        .layer(from_fn_with_state(state.clone(), session::layer))
        .layer(from_fn_with_state(state.clone(), origin::layer))
        .layer(RequestBodyLimitLayer::new(limits::MAX_BODY))
        .layer(from_fn(limits::time))
        .layer(from_fn_with_state(state.clone(), limits::ready))
        .layer(from_fn(error_page::layer))
        .layer(from_fn(panics::layer))
        .layer(from_fn(metrics::track))
        .with_state(state)
}

/// What pages and server functions find in Leptos's context, besides the request's parts.
fn context(state: &AppState) -> impl Fn() + Clone + Send + Sync + 'static {
    let services = state.services.clone();
    move || {
        provide_context(services.clone());
        // The same nonce as in the header, instead of the one that Leptos has made.
        if let Some(nonce) = extension::<Nonce>() {
            provide_context(nonce);
        }
    }
}

/// Whether a browser that is sent there stays here: `//evil.example` is another site.
fn is_ours(path: &str) -> bool {
    path.len() > 1 && !path.starts_with("//") && !path.contains('\\')
}

/// A built file, or the page that says that there is nothing.
async fn otherwise(State(state): State<AppState>, request: Request) -> Response {
    if paths::is_asset(request.uri().path()) {
        return assets::serve(&state.leptos_options, request).await;
    }
    if request.uri().path().starts_with(paths::ACTIONS) || !request.method().is_safe() {
        return error_page::of(&request, StatusCode::NOT_FOUND);
    }
    if let Some(path) = request.uri().path().strip_suffix('/').filter(|path| is_ours(path)) {
        return Redirect::permanent(path).into_response();
    }
    let options = state.leptos_options.clone();
    let render = render_app_async_with_context(context(&state), move || app::shell(options.clone()));
    let mut response = render(request).await;
    if response.status() == StatusCode::OK {
        *response.status_mut() = StatusCode::NOT_FOUND;
    }
    response
}
