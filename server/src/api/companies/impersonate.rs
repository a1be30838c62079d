//! The admin acts in somebody's name.

use axum::Json;
use axum::extract::State;
use domain::ids::UserId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::auth::{CompanyBrief, CompanyPerson};
use super::customers::SystemAdmin;
use crate::api::v1::caller::Body;
use crate::problem::Problem;
use crate::state::AppState;

/// In whose name.
#[derive(Debug, Deserialize, ToSchema)]
pub struct ImpersonationOrder {
    company_id: Option<String>,
    user_id: Option<String>,
}

/// A token in somebody's name. There is nothing to refresh it with.
#[derive(Debug, Serialize, ToSchema)]
pub struct ImpersonationOut {
    /// For `Authorization: Bearer`; 15 minutes. Its claim `impersonated_by` is the admin's id.
    access_token: String,
    /// Always `bearer`.
    token_type: &'static str,
    /// Seconds until it expires.
    expires_in: i64,
    user: CompanyPerson,
    company: Option<CompanyBrief>,
    /// The admin.
    impersonated_by: Option<UserId>,
}

/// A token with which the admin acts as somebody who works for a company. All that is asked for with it is written into
/// the log of that company.
#[utoipa::path(post, path = "/api/admin/impersonate", tag = "companies", security(("bearer" = [])), request_body = ImpersonationOrder,
    responses((status = 200, body = ImpersonationOut), (status = 400, body = Problem), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 409, body = Problem), (status = 413, body = Problem), (status = 415, body = Problem)))]
pub async fn impersonate(
    State(state): State<AppState>,
    admin: SystemAdmin,
    Body(order): Body<ImpersonationOrder>,
) -> Result<Json<ImpersonationOut>, Problem> {
    let given = |id: Option<String>| id.filter(|id| !id.trim().is_empty());
    let (Some(company_id), Some(user_id)) = (given(order.company_id), given(order.user_id)) else {
        return Err(Problem::bad_request("company_id and user_id required"));
    };
    let unknown = || Problem::not_found("User or company not found");
    let company_id = company_id.trim().parse().map_err(|_| unknown())?;
    let user_id = user_id.trim().parse().map_err(|_| unknown())?;
    let identity = &state.services.identity;
    let made =
        identity.impersonate(admin.permit()?, company_id, user_id).await.map_err(|error| match error {
            identity::Error::NotFound => unknown(),
            identity::Error::Forbidden => Problem::forbidden("Cannot impersonate system admins"),
            other => other.into(),
        })?;
    let company = identity.own_company(&made.actor).await?;
    Ok(Json(ImpersonationOut {
        user: CompanyPerson::new(&made.actor),
        company: company.map(Into::into),
        impersonated_by: made.actor.impersonated_by,
        access_token: made.access_token,
        token_type: "bearer",
        expires_in: made.expires_in_seconds,
    }))
}
