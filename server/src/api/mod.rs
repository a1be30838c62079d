//! REST. One folder for each family of clients (DESIGN 4), one file for each resource; data types of their own, the same
//! services as the pages.

mod docs;
mod reception;
mod values;

use utoipa::OpenApi;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;

/// The document without its paths, which the routes add.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Keyrack",
        description = "Rooms, guests and bookings of a hotel. Sign in at `/auth/token`, send the token as `Authorization: Bearer …`; \
            somebody who works in several hotels names one in `X-Hotel-Id`. Problems are `application/problem+json` (RFC 9457). \
            Writes with an `Idempotency-Key` happen once within 24 hours, however often they are sent.",
    ),
    modifiers(&BearerToken)
)]
struct Document;

struct BearerToken;

impl utoipa::Modify for BearerToken {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let components = document.components.get_or_insert_with(Default::default);
        components.add_security_scheme("bearer", SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)));
    }
}

/// All families, and their description.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::with_openapi(Document::openapi())
        .merge(reception::router())
        .routes(routes!(docs::document))
        .routes(routes!(docs::page))
}

/// The OpenAPI document.
pub fn document() -> utoipa::openapi::OpenApi {
    router().into_openapi()
}
