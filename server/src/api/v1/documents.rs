//! Invoices and credit notes as PDF (spec 5.8).

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use billing::documents::Pdf;
use domain::access::{PlatformPermission, Resource};
use http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use utoipa::ToSchema;
use uuid::Uuid;

use super::caller::User;
use super::invoices::invoice_id;
use crate::problem::Problem;
use crate::state::AppState;

/// A PDF file, to keep.
#[derive(Debug, ToSchema)]
#[schema(value_type = String, format = Binary)]
pub struct PdfFile(pub Pdf);

impl IntoResponse for PdfFile {
    fn into_response(self) -> Response {
        let Pdf { file_name, bytes } = self.0;
        let headers = [
            (CONTENT_TYPE, "application/pdf".to_owned()),
            // The name is made of letters, digits and hyphens.
            (CONTENT_DISPOSITION, format!("attachment; filename={file_name}")),
            (CACHE_CONTROL, "no-store".to_owned()),
        ];
        (headers, bytes).into_response()
    }
}

fn credit_note_id(text: &str) -> Result<Uuid, Problem> {
    text.parse().map_err(|_| Problem::bad_request("Invalid credit_note_id format"))
}

/// One of the caller's invoices as PDF. Somebody else's is as unknown as one that does not exist.
#[utoipa::path(
    get, path = "/api/v1/user/invoices/{id}/pdf", tag = "v1 invoices", security(("bearer" = [])), params(("id" = String, Path)),
    responses((status = 200, description = "The file", content_type = "application/pdf", body = PdfFile), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 404, body = Problem))
)]
pub async fn own_invoice(
    State(state): State<AppState>,
    user: User,
    Path(id): Path<String>,
) -> Result<PdfFile, Problem> {
    Ok(PdfFile(state.services.billing.invoice_pdf(user.account(), invoice_id(&id)?).await?))
}

/// A credit note of one of the caller's invoices as PDF.
#[utoipa::path(
    get, path = "/api/v1/user/invoices/{id}/credit-notes/{credit_note_id}/pdf", tag = "v1 invoices", security(("bearer" = [])),
    params(("id" = String, Path), ("credit_note_id" = String, Path)),
    responses((status = 200, description = "The file", content_type = "application/pdf", body = PdfFile), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 404, body = Problem))
)]
pub async fn own_credit_note(
    State(state): State<AppState>,
    user: User,
    Path((id, note)): Path<(String, String)>,
) -> Result<PdfFile, Problem> {
    let (id, note) = (invoice_id(&id)?, credit_note_id(&note)?);
    Ok(PdfFile(state.services.billing.credit_note_pdf(user.account(), id, note).await?))
}

/// Any invoice as PDF. For the admin.
#[utoipa::path(
    get, path = "/api/v1/admin/invoices/{id}/pdf", tag = "v1 admin", security(("bearer" = [])), params(("id" = String, Path)),
    responses((status = 200, description = "The file", content_type = "application/pdf", body = PdfFile), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem))
)]
pub async fn any_invoice(
    State(state): State<AppState>,
    user: User,
    Path(id): Path<String>,
) -> Result<PdfFile, Problem> {
    let permit = user.may(PlatformPermission::view(Resource::Invoices))?;
    Ok(PdfFile(state.services.billing.any_invoice_pdf(permit, invoice_id(&id)?).await?))
}

/// A credit note of any invoice as PDF. For the admin.
#[utoipa::path(
    get, path = "/api/v1/admin/invoices/{id}/credit-notes/{credit_note_id}/pdf", tag = "v1 admin", security(("bearer" = [])),
    params(("id" = String, Path), ("credit_note_id" = String, Path)),
    responses((status = 200, description = "The file", content_type = "application/pdf", body = PdfFile), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem))
)]
pub async fn any_credit_note(
    State(state): State<AppState>,
    user: User,
    Path((id, note)): Path<(String, String)>,
) -> Result<PdfFile, Problem> {
    let permit = user.may(PlatformPermission::view(Resource::Invoices))?;
    let (id, note) = (invoice_id(&id)?, credit_note_id(&note)?);
    Ok(PdfFile(state.services.billing.any_credit_note_pdf(permit, id, note).await?))
}
