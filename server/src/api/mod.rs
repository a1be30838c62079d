//! REST. One folder for each family of clients (DESIGN 4), one file for each resource; data types of their own, the same
//! services as the pages.

mod companies;
mod docs;
mod payments;
mod reception;
mod store;
pub(crate) mod v1;
mod values;

use serde_json::Value;
use utoipa::OpenApi;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::problem::MEDIA_TYPE;
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
        .merge(v1::router())
        .merge(payments::router())
        .merge(store::router())
        .merge(companies::router())
        .routes(routes!(docs::document))
        .routes(routes!(docs::page))
}

/// Whether a body is a [`Problem`](crate::problem::Problem): some refusals of old interfaces are bodies of their own.
fn is_problem(content: &Value) -> bool {
    content["schema"]["$ref"] == "#/components/schemas/Problem"
}

/// The OpenAPI document. Refusals are described as what they are sent as: `application/problem+json`.
pub fn document() -> Value {
    let mut document = serde_json::to_value(router().into_openapi()).unwrap_or_default();
    let operations = document["paths"].as_object_mut().into_iter().flat_map(|paths| paths.values_mut());
    for operation in operations.filter_map(Value::as_object_mut).flat_map(|methods| methods.values_mut()) {
        let Some(answers) = operation["responses"].as_object_mut() else { continue };
        for (_, answer) in answers.iter_mut().filter(|(status, _)| status.starts_with(['4', '5'])) {
            if let Some(content) = answer["content"].as_object_mut()
                && content.get("application/json").is_some_and(is_problem)
                && let Some(body) = content.remove("application/json")
            {
                content.insert(MEDIA_TYPE.to_owned(), body);
            }
        }
    }
    document
}
