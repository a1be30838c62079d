//! Hosted pages.

use axum::Router;

use crate::sandbox::Sandbox;

pub fn routes() -> Router<Sandbox> {
    Router::new()
}
