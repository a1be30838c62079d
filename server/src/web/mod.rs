//! The web: pages for people, REST for machines, and what both go through.
//!
//! From the outside in: request id and span, who is at the other end, security headers, compression; then one of the two
//! halves ([`pages`] or [`rest`]), each with its own way of saying no.

pub mod action_status;
pub mod assets;
pub mod bearer;
pub mod client;
pub mod cookies;
pub mod dev_mail;
pub mod error_page;
pub mod files;
pub mod form_flash;
pub mod headers;
pub mod health;
pub mod idempotency;
pub mod limits;
pub mod live;
pub mod metrics;
pub mod module_gate;
pub mod origin;
pub mod pages;
pub mod panics;
pub mod paths;
pub mod rate;
pub mod report;
pub mod request_id;
pub mod rest;
pub mod session;

use std::convert::Infallible;
use std::task::{Context, Poll};

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::middleware::from_fn_with_state;
use axum::routing::future::RouteFuture;
use tower::Service;
use tower_http::CompressionLevel;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{DefaultPredicate, NotForContentType, Predicate};

use crate::state::AppState;

/// Everything the server answers.
pub fn router(state: AppState) -> Router {
    let (rest, slashes) = rest::router(state.clone());
    let halves = Halves { pages: pages::router(state.clone()), rest, slashes };
    // Pages are made anew for everybody, so they are compressed quickly rather than well. Their program was compressed
    // beforehand; where it was not, it is an unoptimised one of this machine, whose megabytes need no wire.
    let compression = CompressionLayer::new()
        .quality(CompressionLevel::Fastest)
        .compress_when(DefaultPredicate::new().and(NotForContentType::const_new("application/wasm")));
    Router::new()
        .fallback_service(halves)
        .layer(compression)
        .layer(from_fn_with_state(state.clone(), headers::layer))
        .layer(from_fn_with_state(state.clone(), client::layer))
        .layer(from_fn_with_state(state, request_id::layer))
}

/// Sends a request to the half it belongs to.
#[derive(Clone)]
struct Halves {
    pages: Router,
    rest: Router,
    slashes: rest::Slashes,
}

impl Service<Request> for Halves {
    type Response = axum::response::Response;
    type Error = Infallible;
    type Future = RouteFuture<Infallible>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        if !paths::is_rest(request.uri().path()) {
            return self.pages.call(request);
        }
        if let Some(uri) = self.slashes.documented(request.uri()) {
            *request.uri_mut() = uri;
        }
        self.rest.call(request)
    }
}
