//! Errors in Stripe's words and shape.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

/// Why a call is refused.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{message}")]
pub struct ApiError {
    pub status: StatusCode,
    pub kind: &'static str,
    pub code: Option<&'static str>,
    pub decline_code: Option<&'static str>,
    pub param: Option<String>,
    pub message: String,
    /// The payment intent in question, so that clients can go on with it.
    pub payment_intent: Option<Box<Value>>,
}

impl ApiError {
    fn new(status: StatusCode, kind: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            kind,
            code: None,
            decline_code: None,
            param: None,
            message: message.into(),
            payment_intent: None,
        }
    }

    /// A request that makes no sense as it is.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_request_error", message)
    }

    /// A parameter with a value that cannot be used.
    pub fn invalid_param(param: &str, message: impl Into<String>) -> Self {
        Self::invalid(message).with_param(param)
    }

    /// A parameter that has to be there.
    pub fn missing_param(param: &str) -> Self {
        Self::invalid_param(param, format!("Missing required param: {param}.")).with_code("parameter_missing")
    }

    /// A call that the object's present state does not allow.
    pub fn unexpected_state(code: &'static str, message: impl Into<String>) -> Self {
        Self::invalid(message).with_code(code)
    }

    /// An id that names nothing.
    pub fn no_such(what: &str, id: &str, param: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "invalid_request_error", format!("No such {what}: '{id}'"))
            .with_code("resource_missing")
            .with_param(param)
    }

    /// A path that Stripe, or this double of it, does not have.
    pub fn no_such_path(method: &str, path: &str) -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "invalid_request_error",
            format!(
                "Unrecognized request URL ({method}: {path}). The sandbox covers only a part of Stripe's API."
            ),
        )
    }

    /// No key, or a wrong one.
    pub fn unauthorized(message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "invalid_request_error", message)
    }

    /// One idempotency key for two different requests.
    pub fn idempotency(key: &str) -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "idempotency_error",
            format!(
                "Keys for idempotent requests can only be used with the same parameters they were first used with. \
                 Try using a key other than '{key}' if you meant to execute a different request."
            ),
        )
    }

    /// A card that was refused.
    pub fn card(code: &'static str, decline_code: Option<&'static str>, message: impl Into<String>) -> Self {
        let mut error = Self::new(StatusCode::PAYMENT_REQUIRED, "card_error", message).with_code(code);
        error.decline_code = decline_code;
        error
    }

    #[must_use]
    pub fn with_code(mut self, code: &'static str) -> Self {
        self.code = Some(code);
        self
    }

    #[must_use]
    pub fn with_param(mut self, param: &str) -> Self {
        self.param = Some(param.to_owned());
        self
    }

    #[must_use]
    pub fn with_payment_intent(mut self, intent: Value) -> Self {
        self.payment_intent = Some(Box::new(intent));
        self
    }

    /// The body that is sent.
    pub fn body(&self) -> Value {
        let mut error = json!({ "type": self.kind, "message": self.message });
        if let Some(fields) = error.as_object_mut() {
            if let Some(code) = self.code {
                fields.insert("code".into(), code.into());
                fields.insert(
                    "doc_url".into(),
                    format!("https://stripe.com/docs/error-codes/{}", code.replace('_', "-")).into(),
                );
            }
            if let Some(code) = self.decline_code {
                fields.insert("decline_code".into(), code.into());
            }
            if let Some(param) = &self.param {
                fields.insert("param".into(), param.as_str().into());
            }
            if let Some(intent) = &self.payment_intent {
                fields.insert("payment_intent".into(), (**intent).clone());
            }
        }
        json!({ "error": error })
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        (self.status, Json(self.body())).into_response()
    }
}
