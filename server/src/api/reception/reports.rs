//! The report (spec `reception.md` 3.8).

use axum::body::Body;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use domain::access::right;
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use serde::Deserialize;
use utoipa::IntoParams;

use super::rooms::zone;
use crate::api::values::civil_date;
use crate::problem::Problem;
use crate::state::AppState;
use crate::web::bearer::{Bearer, HotelHeader};

/// Which bookings.
#[derive(Debug, Deserialize, IntoParams)]
pub struct Wanted {
    /// The caller's own hotel; may be left out.
    hotel_id: Option<String>,
    /// The first day of arrival.
    start_date: Option<String>,
    /// The last day of arrival.
    end_date: Option<String>,
}

/// Bookings as CSV, streamed; 404 when there are none. A hotel whose subscription has lapsed gets none: 402.
#[utoipa::path(
    post, path = "/reports/bookings", tag = "reports", security(("bearer" = [])), params(Wanted),
    responses((status = 200, description = "CSV with a header row", content_type = "text/csv", body = String), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 402, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem), (status = 422, body = Problem))
)]
pub async fn bookings(
    State(state): State<AppState>,
    caller: Bearer,
    hotel: HotelHeader,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Problem> {
    let permit = caller.permit::<right::ViewReports>(&hotel)?;
    let own = permit.hotel_id().to_string();
    if wanted.hotel_id.as_ref().is_some_and(|id| !id.is_empty() && *id != own) {
        return Err(Problem::forbidden("hotel_id must be your own hotel, or absent"));
    }
    let texts: Vec<&str> =
        [&wanted.start_date, &wanted.end_date].into_iter().flatten().map(String::as_str).collect();
    let zone = zone(&state, permit.also()?, &texts).await?;
    let date = |text: &Option<String>, field: &str| match text.as_deref() {
        None | Some("") => Ok(None),
        Some(text) => civil_date(text, &zone, field).map(Some),
    };
    let (from, to) = (date(&wanted.start_date, "start_date")?, date(&wanted.end_date, "end_date")?);
    if !state.services.pms.report_has_rows(permit, from, to).await? {
        return Err(Problem::not_found("No bookings found for criteria"));
    }
    let headers = [
        (CONTENT_TYPE, "text/csv; charset=utf-8"),
        (CONTENT_DISPOSITION, "attachment; filename=bookings_report.csv"),
    ];
    let report = state.services.pms.report(permit, from, to).await?;
    Ok((headers, Body::from_stream(report)).into_response())
}
