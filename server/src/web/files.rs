//! What pages offer as files: lists of the admin as CSV, invoices as PDF, mails as HTML.

use app::admin::model::{Cell, MOST, Subject, Wanted};
use app::admin::part_of_list;
use app::error::AppError;
use app::server_ctx::{Services, SignedIn};
use axum::body::Body;
use axum::extract::{Path, Query, Request, State};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::{Router, routing};
use billing::documents::Pdf;
use bytes::Bytes;
use domain::access::{PlatformPermission, Resource};
use futures::stream::try_unfold;
use http::header::{CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE, X_FRAME_OPTIONS};
use http::{HeaderValue, StatusCode};

use crate::api::v1::documents::PdfFile;
use crate::state::AppState;
use crate::web::{dev_mail, error_page};

/// The paths of the files.
pub fn router() -> Router<AppState> {
    Router::new()
        .route("/admin/export/{subject}", routing::get(list))
        .route("/admin/export/invoices/{id}", routing::get(invoice))
        .route("/admin/export/mails/{kind}", routing::get(mail))
        .route("/admin/export/invoices/{id}/credit-notes/{note}", routing::get(credit_note))
        .route("/account/files/invoices/{id}", routing::get(own_invoice))
        .route("/account/files/invoices/{id}/credit-notes/{note}", routing::get(own_credit_note))
}

/// Who asks, if they may look at that.
fn admin(request: &Request, resource: Resource) -> Result<SignedIn, Box<Response>> {
    let Some(signed_in) = request.extensions().get::<SignedIn>() else {
        return Err(Box::new(Redirect::to(app::routes::SIGN_IN).into_response()));
    };
    if signed_in.platform(PlatformPermission::view(resource)).is_err() {
        return Err(Box::new(error_page::of(request, StatusCode::FORBIDDEN)));
    }
    Ok(signed_in.clone())
}

/// A list as CSV, all of it: read a part after the other, each in a transaction of its own.
async fn list(State(state): State<AppState>, Path(subject): Path<String>, request: Request) -> Response {
    let subject = subject.parse::<Subject>();
    // Whether there is such a subject is for those to know who may look at any.
    let signed_in = match admin(&request, subject.map_or(Resource::Roles, Subject::resource)) {
        Ok(signed_in) => signed_in,
        Err(response) => return *response,
    };
    let Ok(subject) = subject else {
        return error_page::of(&request, StatusCode::NOT_FOUND);
    };
    let Ok(Query(pairs)) = Query::<Vec<(String, String)>>::try_from_uri(request.uri()) else {
        return error_page::of(&request, StatusCode::BAD_REQUEST);
    };
    let parameter = |name: &str| {
        pairs.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone()).unwrap_or_default()
    };
    let wanted = Wanted {
        search: parameter("search"),
        state: parameter("state"),
        account: parameter("account"),
        after: String::new(),
        rows: MOST,
    };
    // The first part is read before the answer begins, so that a filter that is none is refused.
    let first = match chunk(&state.services, &signed_in, subject, wanted, true).await {
        Ok(first) => first,
        Err(error) => return error_page::of(&request, app::server_ctx::status_of(&error)),
    };
    let services = state.services.clone();
    let parts = try_unfold(Some(first), move |ready| {
        let (services, signed_in) = (services.clone(), signed_in.clone());
        async move {
            let Some((bytes, next)) = ready else { return Ok::<_, AppError>(None) };
            let following = match next {
                Some(wanted) => Some(chunk(&services, &signed_in, subject, wanted, false).await?),
                None => None,
            };
            Ok(Some((bytes, following)))
        }
    });
    let name = format!("attachment; filename={}.csv", subject.slug());
    let headers = [(CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()), (CONTENT_DISPOSITION, name)];
    (headers, Body::from_stream(parts)).into_response()
}

/// A part of the file, and what the next one is.
async fn chunk(
    services: &Services,
    signed_in: &SignedIn,
    subject: Subject,
    wanted: Wanted,
    with_header: bool,
) -> Result<(Bytes, Option<Wanted>), AppError> {
    let permit = signed_in.platform(PlatformPermission::view(subject.resource()))?;
    let table = part_of_list(services, permit, subject, &wanted).await?;
    let mut writer = csv::Writer::from_writer(Vec::new());
    let lost = |error: csv::Error| {
        tracing::error!(%error, "csv.not_written");
        AppError::Internal
    };
    if with_header {
        writer.write_record(&table.columns).map_err(lost)?;
    }
    for row in &table.rows {
        writer.write_record(row.iter().map(written)).map_err(lost)?;
    }
    let bytes = writer.into_inner().map_err(|_| AppError::Internal)?;
    Ok((bytes.into(), table.next.map(|after| Wanted { after, ..wanted })))
}

/// A cell as the file has it. A number is no formula, whatever its sign.
fn written(cell: &Cell) -> String {
    match cell {
        Cell::Number(_) | Cell::Money(_) => cell.plain(),
        _ => without_formula(cell.plain()),
    }
}

/// A spreadsheet takes what begins like this for a formula, and may carry it out (OWASP, "CSV Injection").
fn without_formula(text: String) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text }
}

/// An invoice as PDF.
async fn invoice(State(state): State<AppState>, Path(id): Path<String>, request: Request) -> Response {
    let signed_in = match admin(&request, Resource::Invoices) {
        Ok(signed_in) => signed_in,
        Err(response) => return *response,
    };
    let pdf = async {
        let id = id.parse().map_err(|_| AppError::NotFound)?;
        let permit = signed_in.platform(PlatformPermission::view(Resource::Invoices))?;
        Ok::<_, AppError>(state.services.billing.any_invoice_pdf(permit, id).await?)
    };
    pdf_or_page(pdf.await, &request)
}

/// An invoice of the reader's account as PDF.
async fn own_invoice(State(state): State<AppState>, Path(id): Path<String>, request: Request) -> Response {
    let Some(signed_in) = request.extensions().get::<SignedIn>() else {
        return Redirect::to(app::routes::SIGN_IN).into_response();
    };
    let pdf = async {
        let id = id.parse().map_err(|_| AppError::NotFound)?;
        Ok::<_, AppError>(state.services.billing.invoice_pdf(signed_in.account()?, id).await?)
    };
    pdf_or_page(pdf.await, &request)
}

/// A credit note as PDF.
async fn credit_note(
    State(state): State<AppState>,
    Path((id, note)): Path<(String, String)>,
    request: Request,
) -> Response {
    let signed_in = match admin(&request, Resource::Invoices) {
        Ok(signed_in) => signed_in,
        Err(response) => return *response,
    };
    let pdf = async {
        let id = id.parse().map_err(|_| AppError::NotFound)?;
        let note = note.parse().map_err(|_| AppError::NotFound)?;
        let permit = signed_in.platform(PlatformPermission::view(Resource::Invoices))?;
        Ok::<_, AppError>(state.services.billing.any_credit_note_pdf(permit, id, note).await?)
    };
    pdf_or_page(pdf.await, &request)
}

/// A credit note of the reader's account as PDF.
async fn own_credit_note(
    State(state): State<AppState>,
    Path((id, note)): Path<(String, String)>,
    request: Request,
) -> Response {
    let Some(signed_in) = request.extensions().get::<SignedIn>() else {
        return Redirect::to(app::routes::SIGN_IN).into_response();
    };
    let pdf = async {
        let id = id.parse().map_err(|_| AppError::NotFound)?;
        let note = note.parse().map_err(|_| AppError::NotFound)?;
        Ok::<_, AppError>(state.services.billing.credit_note_pdf(signed_in.account()?, id, note).await?)
    };
    pdf_or_page(pdf.await, &request)
}

fn pdf_or_page(pdf: Result<Pdf, AppError>, request: &Request) -> Response {
    match pdf {
        Ok(pdf) => PdfFile(pdf).into_response(),
        Err(error) => error_page::of(request, app::server_ctx::status_of(&error)),
    }
}

/// A mail's HTML, about somebody invented.
async fn mail(Path(kind): Path<String>, request: Request) -> Response {
    if let Err(response) = admin(&request, Resource::Settings) {
        return *response;
    }
    let found = app::admin::mails().await.into_iter().find(|(known, _)| *known == kind);
    let Some(html) = found.and_then(|(_, message)| message.html) else {
        return error_page::of(&request, StatusCode::NOT_FOUND);
    };
    let headers = [
        (CONTENT_SECURITY_POLICY, HeaderValue::from_static(dev_mail::MAIL_POLICY)),
        (X_FRAME_OPTIONS, HeaderValue::from_static("SAMEORIGIN")),
    ];
    (headers, Html(html)).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula() {
        assert_eq!(without_formula("=1+1".to_owned()), "'=1+1");
        assert_eq!(without_formula("@SUM(A1)".to_owned()), "'@SUM(A1)");
        assert_eq!(without_formula("Ada".to_owned()), "Ada");
    }
}
