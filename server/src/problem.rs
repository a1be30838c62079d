//! What REST says when it says no: `application/problem+json` (RFC 9457), with a member `error` of the same text as
//! `detail`, so that both families of clients find theirs (DESIGN 3).

mod from;

use std::borrow::Cow;

use axum::response::{IntoResponse, Response};
use domain::problem::FieldProblem;
use http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderName, HeaderValue, StatusCode};
use serde::Serialize;
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::web::request_id;

/// The media type of RFC 9457.
pub const MEDIA_TYPE: &str = "application/problem+json";

/// What is wrong with one field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FieldError {
    /// The field as the request spells it.
    #[schema(example = "departure")]
    pub field: String,
    /// A code for machines.
    #[schema(example = "not_after_arrival")]
    pub code: String,
    /// The same in English.
    #[schema(example = "must be after the arrival")]
    pub detail: String,
}

impl From<&FieldProblem> for FieldError {
    fn from(problem: &FieldProblem) -> Self {
        // The code's name is the tag under which it is serialised.
        let code = serde_json::to_value(&problem.code)
            .ok()
            .and_then(|value| value["code"].as_str().map(str::to_owned));
        Self {
            field: problem.field.clone(),
            code: code.unwrap_or_default(),
            detail: problem.code.to_string(),
        }
    }
}

/// A refusal, as clients read it.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Problem)]
struct Body {
    /// Names the kind of problem: `urn:keyrack:problem:` and a code, or `about:blank` when the status says it all.
    #[serde(rename = "type")]
    #[schema(rename = "type", example = "urn:keyrack:problem:room_taken")]
    kind: Cow<'static, str>,
    /// What the status means.
    #[schema(example = "Conflict")]
    title: &'static str,
    /// The HTTP status.
    #[schema(example = 409)]
    status: u16,
    /// What happened, for people.
    #[schema(example = "Room is already booked for these dates")]
    detail: Cow<'static, str>,
    /// The same as `detail`.
    #[schema(example = "Room is already booked for these dates")]
    error: Cow<'static, str>,
    /// The request this answers: its `x-request-id` as a URN.
    #[serde(skip_serializing_if = "Option::is_none")]
    instance: Option<String>,
    /// What is wrong with which field.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FieldError>,
    /// How many tokens there are, where they are too few.
    #[serde(skip_serializing_if = "Option::is_none")]
    balance: Option<i64>,
}

/// A refusal. Described in OpenAPI as what clients read.
#[derive(Debug, Clone)]
pub struct Problem {
    status: StatusCode,
    kind: Cow<'static, str>,
    detail: Cow<'static, str>,
    errors: Vec<FieldError>,
    balance: Option<i64>,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl PartialSchema for Problem {
    fn schema() -> RefOr<Schema> {
        Body::schema()
    }
}

impl ToSchema for Problem {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("Problem")
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        Body::schemas(schemas);
    }
}

impl Problem {
    /// A refusal with `status`, saying `detail`.
    pub fn new(status: StatusCode, detail: impl Into<Cow<'static, str>>) -> Self {
        Self {
            status,
            kind: Cow::Borrowed("about:blank"),
            detail: detail.into(),
            errors: Vec::new(),
            balance: None,
            headers: Vec::new(),
        }
    }

    /// Gives the kind of problem a name, such as `room_taken`.
    #[must_use]
    pub fn code(mut self, code: &str) -> Self {
        self.kind = Cow::Owned(format!("urn:keyrack:problem:{code}"));
        self
    }

    /// Lists what is wrong with which field.
    #[must_use]
    pub fn errors<'a>(mut self, problems: impl IntoIterator<Item = &'a FieldProblem>) -> Self {
        self.errors.extend(problems.into_iter().map(FieldError::from));
        self
    }

    /// Says how many tokens there are.
    #[must_use]
    pub fn balance(mut self, tokens: i64) -> Self {
        self.balance = Some(tokens);
        self
    }

    /// Adds a header to the answer.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// Says when it may work.
    #[must_use]
    pub fn retry_after(self, seconds: i64) -> Self {
        self.header(RETRY_AFTER, HeaderValue::from(seconds.max(1)))
    }

    /// The status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// What happened, for people.
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// 400.
    pub fn bad_request(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, detail)
    }

    /// 401, with the challenge that RFC 6750 asks for.
    pub fn unauthorised(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, detail)
            .header(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))
            .code("unauthorised")
    }

    /// 402.
    pub fn payment_required(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::PAYMENT_REQUIRED, detail)
    }

    /// 403.
    pub fn forbidden(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::FORBIDDEN, detail).code("forbidden")
    }

    /// 404.
    pub fn not_found(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::NOT_FOUND, detail).code("not_found")
    }

    /// 409.
    pub fn conflict(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::CONFLICT, detail).code("conflict")
    }

    /// 422 with a list of fields; the detail is the first of them.
    pub fn invalid(problems: &[FieldProblem]) -> Self {
        let detail: Cow<'static, str> = match problems.first() {
            Some(problem) => problem.to_string().into(),
            None => "The request cannot be accepted".into(),
        };
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, detail).code("invalid").errors(problems)
    }

    /// 500. Says nothing about the inside (spec `reception.md` 3.9); the caller logs what happened.
    pub fn internal() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "Internal Server Error. Please check server logs for details.",
        )
    }

    /// 503: the database is away for a moment.
    pub fn unavailable() -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "The service is not available at the moment. Try again shortly.",
        )
        .code("unavailable")
        .retry_after(2)
    }
}

impl From<&Problem> for Body {
    fn from(problem: &Problem) -> Self {
        Self {
            kind: problem.kind.clone(),
            title: problem.status.canonical_reason().unwrap_or("Error"),
            status: problem.status.as_u16(),
            detail: problem.detail.clone(),
            error: problem.detail.clone(),
            instance: request_id::current().map(|id| format!("urn:uuid:{id}")),
            errors: problem.errors.clone(),
            balance: problem.balance,
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = serde_json::to_vec(&Body::from(&self)).unwrap_or_default();
        let mut response = (self.status, body).into_response();
        response.headers_mut().extend(self.headers);
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        response
    }
}

#[cfg(test)]
mod tests {
    use domain::problem::ProblemCode;

    use super::*;

    #[test]
    fn both_families_of_clients_find_their_member() {
        let problem = Problem::conflict("Room is already booked for these dates").code("room_taken");
        let json = serde_json::to_value(Body::from(&problem)).unwrap();
        assert_eq!(json["detail"], json["error"]);
        assert_eq!(json["type"], "urn:keyrack:problem:room_taken");
        assert_eq!(json["status"], 409);
        assert_eq!(json["title"], "Conflict");
    }

    #[test]
    fn every_field_is_named_with_a_code() {
        let problems = [
            FieldProblem::new("guest_name", ProblemCode::Required),
            FieldProblem::new("party", ProblemCode::OutOfRange { min: 1, max: 20 }),
        ];
        let json = serde_json::to_value(Body::from(&Problem::invalid(&problems))).unwrap();
        assert_eq!(json["errors"][0]["code"], "required");
        assert_eq!(json["errors"][1]["detail"], "must be between 1 and 20");
        assert_eq!(json["detail"], "guest_name is required");
    }
}
