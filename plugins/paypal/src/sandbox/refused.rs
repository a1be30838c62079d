//! How PayPal refuses.

use std::fmt;

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde_json::{Value, json};

/// A refusal, in PayPal's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// The status of the answer.
    pub status: StatusCode,
    /// The kind of refusal, such as `UNPROCESSABLE_ENTITY`.
    pub name: &'static str,
    /// The reason, such as `INSTRUMENT_DECLINED`.
    pub issue: &'static str,
    /// The reason for people.
    pub description: &'static str,
    /// Where it goes on, if somewhere.
    pub redirect: Option<String>,
}

impl Refused {
    /// There is no such thing.
    pub fn unknown() -> Self {
        Self {
            status: StatusCode::NOT_FOUND,
            name: "RESOURCE_NOT_FOUND",
            issue: "INVALID_RESOURCE_ID",
            description: "Specified resource ID does not exist. Please check the resource ID and try again.",
            redirect: None,
        }
    }

    /// It makes no sense.
    pub fn invalid(issue: &'static str, description: &'static str) -> Self {
        Self { status: StatusCode::BAD_REQUEST, name: "INVALID_REQUEST", issue, description, redirect: None }
    }

    /// It makes sense, and cannot be done.
    pub fn impossible(issue: &'static str, description: &'static str) -> Self {
        Self {
            status: StatusCode::UNPROCESSABLE_ENTITY,
            name: "UNPROCESSABLE_ENTITY",
            issue,
            description,
            redirect: None,
        }
    }

    /// An error of PayPal's own.
    pub fn internal() -> Self {
        Self {
            status: StatusCode::INTERNAL_SERVER_ERROR,
            name: "INTERNAL_SERVER_ERROR",
            issue: "INTERNAL_SERVICE_ERROR",
            description: "An internal service error has occurred.",
            redirect: None,
        }
    }

    fn body(&self) -> Value {
        let links: Vec<Value> = self
            .redirect
            .iter()
            .map(|href| json!({ "href": href, "rel": "redirect", "method": "GET" }))
            .collect();
        json!({
            "name": self.name,
            "message": self.description,
            "debug_id": "f0f0f0f0f0f0f",
            "details": [{ "issue": self.issue, "description": self.description }],
            "links": links,
        })
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.issue, self.description)
    }
}

impl std::error::Error for Refused {}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        (self.status, Json(self.body())).into_response()
    }
}

/// A token or a key that is not taken. PayPal says that in other words than the rest.
pub fn not_allowed(error: &str, description: &str) -> Response {
    let body = json!({ "error": error, "error_description": description });
    (StatusCode::UNAUTHORIZED, Json(body)).into_response()
}
