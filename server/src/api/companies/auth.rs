//! Registration and sign-in.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::{Extension, Json};
use domain::access::{Actor, Permission};
use domain::ids::{OrganisationId, UserId};
use http::StatusCode;
use identity::companies::{self, Company, CompanyDetails, NewCompany};
use identity::{Client, Wish};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::refusal;
use crate::api::v1::caller::{Body, User};
use crate::problem::Problem;
use crate::state::AppState;

/// A company that registers, with its admin.
#[derive(Debug, Deserialize, ToSchema)]
pub struct CompanyRegistration {
    company_name: Option<String>,
    /// An address, or 3 to 60 letters, digits, dots, dashes and underscores; nobody else's, in whatever company.
    admin_username: Option<String>,
    /// Eight characters at least.
    admin_password: Option<String>,
    admin_full_name: Option<String>,
    admin_email: Option<String>,
    contact_phone: Option<String>,
    address: Option<String>,
    tax_office: Option<String>,
    tax_number: Option<String>,
    /// `YYYY-MM-DD`.
    package_start_date: Option<String>,
    /// `YYYY-MM-DD`.
    package_end_date: Option<String>,
}

/// A company was registered.
#[derive(Debug, Serialize, ToSchema)]
pub struct CompanyRegistered {
    message: &'static str,
    /// A number, as text. Its people name it when they sign in.
    company_code: String,
    company_name: String,
}

/// Registers a company with its admin. It has no hotel yet.
#[utoipa::path(
    post, path = "/api/auth/register", tag = "companies", request_body = CompanyRegistration,
    responses((status = 200, body = CompanyRegistered), (status = 400, body = Problem), (status = 413, body = Problem), (status = 415, body = Problem),
        (status = 429, body = Problem))
)]
pub async fn register(
    State(state): State<AppState>,
    Extension(client): Extension<Client>,
    Body(body): Body<CompanyRegistration>,
) -> Result<Json<CompanyRegistered>, Problem> {
    let new = NewCompany {
        name: body.company_name.unwrap_or_default(),
        details: CompanyDetails {
            contact_phone: body.contact_phone,
            address: body.address,
            tax_office: body.tax_office,
            tax_number: body.tax_number,
            package_start_date: body.package_start_date,
            package_end_date: body.package_end_date,
            ..CompanyDetails::default()
        },
        admin_username: body.admin_username.unwrap_or_default(),
        admin_password: body.admin_password.unwrap_or_default(),
        admin_full_name: body.admin_full_name.unwrap_or_default(),
        admin_email: body.admin_email.unwrap_or_default(),
    };
    let identity = &state.services.identity;
    identity.count_wish(Wish::Account, &client).await?;
    let made = identity.register_company(&new).await.map_err(refusal)?;
    Ok(Json(CompanyRegistered {
        message: "Company registered successfully",
        company_code: made.code,
        company_name: made.name,
    }))
}

/// Somebody of a company who signs in.
#[derive(Debug, Deserialize, ToSchema)]
pub struct CompanyCredentials {
    company_code: String,
    /// User name or address.
    username: String,
    password: String,
}

/// A person of a company.
#[derive(Debug, Serialize, ToSchema)]
pub struct CompanyPerson {
    id: UserId,
    username: String,
    full_name: String,
    /// Whether they run the company.
    is_admin: bool,
    /// What they may do in the hotel they work in, by module.
    permissions: BTreeMap<String, BTreeMap<String, bool>>,
}

impl CompanyPerson {
    pub(super) fn new(actor: &Actor) -> Self {
        let role = actor.memberships.first().map(|membership| membership.role);
        let allowed = |role: domain::access::Role| {
            Permission::ALL.iter().map(move |it| (it.to_string(), role.allows(*it))).collect()
        };
        Self {
            id: actor.user_id,
            username: actor.username.clone(),
            full_name: actor.full_name.clone(),
            is_admin: companies::is_admin(actor),
            permissions: role.into_iter().map(|role| ("hotel".to_owned(), allowed(role))).collect(),
        }
    }
}

/// A company, in short.
#[derive(Debug, Serialize, ToSchema)]
pub struct CompanyBrief {
    id: OrganisationId,
    name: String,
    code: String,
}

impl From<Company> for CompanyBrief {
    fn from(company: Company) -> Self {
        Self { id: company.id, name: company.name, code: company.code }
    }
}

/// Tokens of somebody of a company.
#[derive(Debug, Serialize, ToSchema)]
pub struct CompanySession {
    /// For `Authorization: Bearer`; 30 minutes. Its claims are `sub`, `company_id` and `is_admin`.
    access_token: String,
    /// Always `bearer`.
    token_type: &'static str,
    /// Gets new tokens at `/auth/refresh`, once; 30 days.
    refresh_token: String,
    /// Seconds until the access token expires.
    expires_in: i64,
    user: CompanyPerson,
    company: CompanyBrief,
}

/// Signs in somebody who works for the company with the code; those who run the platform name `1000`.
#[utoipa::path(
    post, path = "/api/auth/login", tag = "companies", request_body = CompanyCredentials,
    responses((status = 200, body = CompanySession), (status = 400, body = Problem), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 413, body = Problem), (status = 415, body = Problem), (status = 429, body = Problem))
)]
pub async fn login(
    State(state): State<AppState>,
    Extension(client): Extension<Client>,
    Body(body): Body<CompanyCredentials>,
) -> Result<Json<CompanySession>, Problem> {
    let identity = &state.services.identity;
    let pair = identity
        .issue_company_tokens(&body.company_code, &body.username, &body.password, &client)
        .await
        .map_err(|error| match error {
            identity::Error::WrongCredentials => Problem::unauthorised("Invalid username or password"),
            other => refusal(other),
        })?;
    let company = identity.own_company(&pair.actor).await?.ok_or_else(no_company)?;
    Ok(Json(CompanySession {
        user: CompanyPerson::new(&pair.actor),
        company: company.into(),
        access_token: pair.access_token,
        token_type: "bearer",
        refresh_token: pair.refresh_token,
        expires_in: pair.expires_in_seconds,
    }))
}

/// What is said to those who belong to no company.
pub(super) fn no_company() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "Company not found").code("not_found")
}

/// Who calls, and from which company.
#[derive(Debug, Serialize, ToSchema)]
pub struct CompanyCaller {
    user: CompanyPerson,
    /// None for customers and travellers.
    company: Option<CompanyBrief>,
    /// The platform's admin who acts in the user's name, if one does.
    impersonated_by: Option<UserId>,
}

/// Who calls.
#[utoipa::path(get, path = "/api/auth/me", tag = "companies", security(("bearer" = [])),
    responses((status = 200, body = CompanyCaller), (status = 401, body = Problem)))]
pub async fn me(State(state): State<AppState>, user: User) -> Result<Json<CompanyCaller>, Problem> {
    let company = state.services.identity.own_company(&user.0).await?;
    Ok(Json(CompanyCaller {
        user: CompanyPerson::new(&user.0),
        company: company.map(Into::into),
        impersonated_by: user.0.impersonated_by,
    }))
}
