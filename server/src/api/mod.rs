//! REST. One folder for each family of clients (DESIGN 4), one file for each resource; data types of their own, the same
//! services as the pages.

mod companies;
mod docs;
mod payments;
mod reception;
mod store;
pub(crate) mod v1;
mod values;

use serde_json::{Value, json};
use utoipa::OpenApi;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::problem::MEDIA_TYPE;
use crate::state::AppState;
use crate::web::idempotency;

/// The document without its paths, which the routes add.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Keyrack",
        description = "Rooms, guests and bookings of a hotel. Sign in at `/auth/token`, send the token as `Authorization: Bearer …`; \
            somebody who works in several hotels names one in `X-Hotel-Id`. Problems are `application/problem+json` (RFC 9457). \
            Writes with an `Idempotency-Key` happen once within 24 hours, however often they are sent; those about passwords and tokens (`/auth/`, `/api/auth/`, `/api/v1/auth/`, impersonation) do not read it, as no answer with a token is kept, nor do those that ask a language model (`/api/v1/plugins/chat/`, `/api/v1/taro/session/{id}/`).",
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

/// The OpenAPI document. Refusals are described as what they are sent as: `application/problem+json`. What holds for many
/// operations (headers, the database that is away) is added here, in one place.
pub fn document() -> Value {
    let mut document = serde_json::to_value(router().into_openapi()).unwrap_or_default();
    for (path, methods) in document["paths"].as_object_mut().into_iter().flatten() {
        for (method, operation) in methods.as_object_mut().into_iter().flatten() {
            add_headers(path, method, operation);
            if operation["tags"][0] != "documentation" {
                add_refusal(operation, "503", "The database cannot be reached");
            }
            describe_refusals(operation);
        }
    }
    document
}

/// Adds the headers that an operation reads: `Idempotency-Key` on writes, `X-Hotel-Id` on what a hotel's people do.
fn add_headers(path: &str, method: &str, operation: &mut Value) {
    if operation.get("security").is_none() {
        return;
    }
    if method != "get" && idempotency::is_kept(path) {
        let schema =
            json!({ "type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]([ -~]*[!-~])?$" });
        let text = "Sent again with the same key, the request is carried out once and answered the same, for 24 hours";
        add_header(operation, "Idempotency-Key", text, schema);
        add_refusal(operation, "400", "The request or its Idempotency-Key cannot be read");
        add_refusal(
            operation,
            "409",
            "The Idempotency-Key was used with another request, or is being answered",
        );
    }
    if reception::is_of_one_hotel(path, method, operation["tags"][0].as_str().unwrap_or_default()) {
        let text = "The hotel, for somebody who works in several; their first one where none is named";
        add_header(operation, "X-Hotel-Id", text, json!({ "type": "string", "format": "uuid" }));
    }
}

fn add_header(operation: &mut Value, name: &str, description: &str, schema: Value) {
    let header = json!({ "name": name, "in": "header", "required": false, "description": description, "schema": schema });
    match operation["parameters"].as_array_mut() {
        Some(parameters) => parameters.push(header),
        None => operation["parameters"] = json!([header]),
    }
}

/// Describes a refusal, unless the operation does so itself.
fn add_refusal(operation: &mut Value, status: &str, description: &str) {
    if operation["responses"].get(status).is_none() {
        let body = json!({ "application/json": { "schema": { "$ref": "#/components/schemas/Problem" } } });
        operation["responses"][status] = json!({ "description": description, "content": body });
    }
}

fn describe_refusals(operation: &mut Value) {
    let Some(answers) = operation["responses"].as_object_mut() else { return };
    for (_, answer) in answers.iter_mut().filter(|(status, _)| status.starts_with(['4', '5'])) {
        if let Some(content) = answer["content"].as_object_mut()
            && content.get("application/json").is_some_and(is_problem)
            && let Some(body) = content.remove("application/json")
        {
            content.insert(MEDIA_TYPE.to_owned(), body);
        }
    }
}
