//! What YooKassa says when it does not do what was asked.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::state::new_id;

/// A refusal.
#[derive(Debug)]
pub struct Refusal {
    status: StatusCode,
    code: &'static str,
    description: String,
    parameter: Option<&'static str>,
}

impl Refusal {
    /// Something is wrong with a parameter.
    pub fn of(parameter: &'static str, description: impl Into<String>) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            code: "invalid_request",
            description: description.into(),
            parameter: Some(parameter),
        }
    }

    /// There is no such thing.
    pub fn not_found(parameter: Option<&'static str>) -> Self {
        let description = "It doesn't exist, or access is denied".to_owned();
        Self { status: StatusCode::NOT_FOUND, code: "not_found", description, parameter }
    }

    /// The shop's id or its key is wrong.
    pub fn credentials() -> Self {
        Self {
            status: StatusCode::UNAUTHORIZED,
            code: "invalid_credentials",
            description: "Authentication by given credentials failed".to_owned(),
            parameter: Some("Authorization"),
        }
    }

    /// YooKassa is not well.
    pub fn internal() -> Self {
        Self {
            status: StatusCode::INTERNAL_SERVER_ERROR,
            code: "internal_server_error",
            description: "Try again later".to_owned(),
            parameter: None,
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut body = json!({
            "type": "error", "id": new_id(), "code": self.code, "description": self.description,
        });
        if let Some(parameter) = self.parameter {
            body["parameter"] = json!(parameter);
        }
        (self.status, Json(body)).into_response()
    }
}
