//! What REST says when it says no: `application/problem+json` (RFC 9457), with a member `error` of the same text as
//! `detail`, so that both families of clients find theirs (DESIGN 3).

mod from;

use axum::response::{IntoResponse, Response};
use domain::problem::FieldProblem;
use http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde::Serialize;
use utoipa::ToSchema;

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
        let code = serde_json::to_value(&problem.code).ok().and_then(|value| value["code"].as_str().map(str::to_owned));
        Self { field: problem.field.clone(), code: code.unwrap_or_default(), detail: problem.code.to_string() }
    }
}

/// A refusal, as clients read it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Problem {
    /// Names the kind of problem: `urn:keyrack:problem:` and a code, or `about:blank` when the status says it all.
    #[serde(rename = "type")]
    #[schema(rename = "type", example = "urn:keyrack:problem:room_taken")]
    kind: String,
    /// What the status means.
    #[schema(example = "Conflict")]
    title: String,
    /// The HTTP status.
    #[schema(example = 409)]
    status: u16,
    /// What happened, for people.
    #[schema(example = "Room is already booked for these dates")]
    detail: String,
    /// The same as `detail`.
    #[schema(example = "Room is already booked for these dates")]
    error: String,
    /// The request this answers: its `x-request-id` as a URN.
    #[serde(skip_serializing_if = "Option::is_none")]
    instance: Option<String>,
    /// What is wrong with which field.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FieldError>,
    #[serde(skip)]
    #[schema(ignore)]
    headers: HeaderMap,
}

impl Problem {
    /// A refusal with `status`, saying `detail`.
    pub fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        let detail = detail.into();
        Self {
            kind: "about:blank".to_owned(),
            title: status.canonical_reason().unwrap_or("Error").to_owned(),
            status: status.as_u16(),
            error: detail.clone(),
            detail,
            instance: None,
            errors: Vec::new(),
            headers: HeaderMap::new(),
        }
    }

    /// Gives the kind of problem a name, such as `room_taken`.
    #[must_use]
    pub fn code(mut self, code: &str) -> Self {
        self.kind = format!("urn:keyrack:problem:{code}");
        self
    }

    /// Lists what is wrong with which field.
    #[must_use]
    pub fn errors<'a>(mut self, problems: impl IntoIterator<Item = &'a FieldProblem>) -> Self {
        self.errors.extend(problems.into_iter().map(FieldError::from));
        self
    }

    /// Adds a header to the answer.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.append(name, value);
        self
    }

    /// Says when it may work.
    #[must_use]
    pub fn retry_after(self, seconds: i64) -> Self {
        self.header(RETRY_AFTER, HeaderValue::from(seconds.max(1)))
    }

    /// The status.
    pub fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// 400.
    pub fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, detail)
    }

    /// 401, with the challenge that RFC 6750 asks for.
    pub fn unauthorised(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, detail)
            .header(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))
            .code("unauthorised")
    }

    /// 403.
    pub fn forbidden(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, detail).code("forbidden")
    }

    /// 404.
    pub fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, detail).code("not_found")
    }

    /// 409.
    pub fn conflict(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, detail).code("conflict")
    }

    /// 422 with a list of fields; the detail is the first of them.
    pub fn invalid(problems: &[FieldProblem]) -> Self {
        let detail = problems.first().map_or_else(|| "The request cannot be accepted".to_owned(), ToString::to_string);
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
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "The service is not available at the moment. Try again shortly.")
            .code("unavailable")
            .retry_after(2)
    }
}

impl IntoResponse for Problem {
    fn into_response(mut self) -> Response {
        self.instance = request_id::current().map(|id| format!("urn:uuid:{id}"));
        let body = serde_json::to_vec(&self).unwrap_or_default();
        let mut response = (self.status(), body).into_response();
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
        let json = serde_json::to_value(&problem).unwrap();
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
        let json = serde_json::to_value(Problem::invalid(&problems)).unwrap();
        assert_eq!(json["errors"][0]["code"], "required");
        assert_eq!(json["errors"][1]["detail"], "must be between 1 and 20");
        assert_eq!(json["detail"], "guest_name is required");
    }
}
