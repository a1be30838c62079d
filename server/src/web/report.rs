//! The bookings as a file, from the desk.

use app::error::AppError;
use app::server_ctx::{SignedIn, status_of};
use axum::body::Body;
use axum::extract::{Query, Request, State};
use axum::response::{IntoResponse, Redirect, Response};
use domain::access::right;
use domain::stay::read_date;
use http::StatusCode;
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use serde::Deserialize;

use crate::state::AppState;
use crate::web::error_page;

#[derive(Deserialize)]
struct Wanted {
    /// The first day of arrival; empty for all.
    #[serde(default)]
    from: String,
    /// The last day of arrival; empty for all.
    #[serde(default)]
    to: String,
}

/// `GET /desk/bookings/report`: the bookings that arrive between two days, as CSV. Without any it is the header alone; a hotel
/// whose subscription has lapsed is told so.
pub async fn download(State(state): State<AppState>, request: Request) -> Response {
    let Some(signed_in) = request.extensions().get::<SignedIn>().cloned() else {
        return Redirect::to(app::routes::SIGN_IN).into_response();
    };
    let Ok(permit) = signed_in.permit::<right::ViewReports>() else {
        return error_page::of(&request, StatusCode::FORBIDDEN);
    };
    let date = |text: &str| match text.trim() {
        "" => Ok(None),
        text => read_date(text).map(Some),
    };
    let dates = Query::<Wanted>::try_from_uri(request.uri())
        .ok()
        .and_then(|Query(wanted)| date(&wanted.from).ok().zip(date(&wanted.to).ok()));
    let Some((from, to)) = dates else {
        return error_page::of(&request, StatusCode::BAD_REQUEST);
    };
    let headers = [
        (CONTENT_TYPE, "text/csv; charset=utf-8"),
        (CONTENT_DISPOSITION, "attachment; filename=bookings_report.csv"),
    ];
    match state.services.pms.report(permit, from, to).await {
        Ok(report) => (headers, Body::from_stream(report)).into_response(),
        Err(error) => error_page::of(&request, status_of(&AppError::from(error))),
    }
}
