//! All companies, for the admin of the platform.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{FromRequestParts, Path, Query, State};
use billing::modules::{Access, Purchases};
use domain::access::AdminPermit;
use domain::company::PackageStatus;
use domain::ids::{OrganisationId, UserId};
use http::StatusCode;
use http::request::Parts;
use identity::companies::{Company, CompanyChange, CompanyDetails, CompanyQuery, CompanyUser};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::bought::CompanyBilling;
use super::company::{CompanyOut, enabled};
use super::refusal;
use crate::api::v1::caller::{Admin, Body};
use crate::problem::Problem;
use crate::state::AppState;

/// The most companies in one answer.
const MOST: i64 = 1000;

/// The admin of the platform, or somebody whose role permits what the path is about, as an extractor: others are refused
/// before anything else of their request is looked at.
#[derive(Debug, Clone)]
pub struct SystemAdmin(Admin);

impl SystemAdmin {
    /// The proof that services ask for.
    pub fn permit(&self) -> Result<AdminPermit<'_>, Problem> {
        self.0.permit().map_err(refused)
    }
}

impl FromRequestParts<AppState> for SystemAdmin {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        Admin::from_request_parts(parts, state).await.map(Self).map_err(refused)
    }
}

/// In the words of this family.
fn refused(problem: Problem) -> Problem {
    match problem.status() {
        StatusCode::FORBIDDEN => Problem::forbidden("Only system admins can access this endpoint"),
        _ => problem,
    }
}

/// A company as the admin sees it.
#[derive(Debug, Serialize, ToSchema)]
pub struct CompanyCustomer {
    #[serde(flatten)]
    company: CompanyOut,
    /// Days until the package ends; negative when it is over, 0 without an end.
    remaining_days: i64,
    /// `active`, `expiring_3_months`, `expiring_1_month` or `expired`.
    status: &'static str,
    /// None while nothing was bought.
    billing: Option<CompanyBilling>,
}

impl CompanyCustomer {
    fn new(
        state: &AppState,
        company: Company,
        modules: &BTreeMap<String, Access>,
        bought: Option<Purchases>,
    ) -> Self {
        let today = state.services.clock.now().date_naive();
        let (status, remaining_days) = PackageStatus::of(company.package_end_date, today);
        let company = CompanyOut::new(company, enabled(state, modules));
        let billing = bought.and_then(CompanyBilling::of);
        Self { company, remaining_days, status: status.as_str(), billing }
    }
}

/// Which companies.
#[derive(Debug, Deserialize, IntoParams)]
pub struct CompanyFilter {
    /// Only those with this status.
    status_filter: Option<String>,
    /// How many at most: 1000 if absent, and at most.
    limit: Option<i64>,
    /// After how many.
    offset: Option<i64>,
}

/// All companies, newest first. The platform's own is none of them.
#[utoipa::path(get, path = "/api/admin/customers", tag = "companies", security(("bearer" = [])), params(CompanyFilter),
    responses((status = 200, body = Vec<CompanyCustomer>), (status = 400, body = Problem), (status = 401, body = Problem), (status = 403, body = Problem)))]
pub async fn list(
    State(state): State<AppState>,
    admin: SystemAdmin,
    Query(filter): Query<CompanyFilter>,
) -> Result<Json<Vec<CompanyCustomer>>, Problem> {
    let permit = admin.permit()?;
    let wanted = filter.status_filter.as_deref().filter(|text| !text.is_empty());
    let status = match wanted.map(str::parse::<PackageStatus>) {
        None => None,
        Some(Ok(status)) => Some(status),
        // A word that is no status is none's, `unknown` among them: a date that cannot be read is not kept.
        Some(Err(_)) => return Ok(Json(Vec::new())),
    };
    let query = CompanyQuery {
        status,
        limit: filter.limit.unwrap_or(MOST).clamp(1, MOST),
        offset: filter.offset.unwrap_or(0).clamp(0, 10_000_000),
        ..CompanyQuery::default()
    };
    let found = state.services.identity.companies(permit, query).await?;
    let ids: Vec<OrganisationId> = found.iter().map(|company| company.id).collect();
    let mut modules = state.services.billing.modules_of(permit, &ids).await?;
    let mut bought = state.services.billing.purchases_of(permit, &ids).await?;
    let companies = found.into_iter().map(|company| {
        let modules = modules.remove(&company.id).unwrap_or_default();
        let bought = bought.remove(&company.id);
        CompanyCustomer::new(&state, company, &modules, bought)
    });
    Ok(Json(companies.collect()))
}

/// Somebody who works for a company.
#[derive(Debug, Serialize, ToSchema)]
pub struct CompanyCustomerUser {
    id: UserId,
    username: String,
    full_name: String,
    email: Option<String>,
    is_admin: bool,
    is_active: bool,
}

impl From<CompanyUser> for CompanyCustomerUser {
    fn from(user: CompanyUser) -> Self {
        let CompanyUser { id, username, full_name, email, is_admin, is_active } = user;
        Self { id, username, full_name, email, is_admin, is_active }
    }
}

/// A company with its people.
#[derive(Debug, Serialize, ToSchema)]
pub struct CompanyCustomerDetails {
    #[serde(flatten)]
    customer: CompanyCustomer,
    /// Those who run it first, at most 200.
    users: Vec<CompanyCustomerUser>,
}

pub(super) fn unknown() -> Problem {
    Problem::not_found("Customer not found")
}

fn company_id(text: &str) -> Result<OrganisationId, Problem> {
    text.parse().map_err(|_| unknown())
}

/// In the words of these paths.
fn of_company(error: identity::Error) -> Problem {
    match error {
        identity::Error::NotFound => unknown(),
        identity::Error::Forbidden => Problem::forbidden("The system company cannot be accessed here"),
        other => refusal(other),
    }
}

async fn shown(
    state: &AppState,
    permit: AdminPermit<'_>,
    id: OrganisationId,
) -> Result<Json<CompanyCustomerDetails>, Problem> {
    let found = state.services.identity.managed_company(permit, id).await.map_err(of_company)?;
    let billing = &state.services.billing;
    let modules = billing.modules_of(permit, &[id]).await?.remove(&id).unwrap_or_default();
    let bought = billing.purchases_of(permit, &[id]).await?.remove(&id);
    Ok(Json(CompanyCustomerDetails {
        customer: CompanyCustomer::new(state, found.company, &modules, bought),
        users: found.users.into_iter().map(Into::into).collect(),
    }))
}

/// One company with its people.
#[utoipa::path(get, path = "/api/admin/customers/{id}", tag = "companies", security(("bearer" = [])), params(("id" = String, Path)),
    responses((status = 200, body = CompanyCustomerDetails), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem)))]
pub async fn get(
    State(state): State<AppState>,
    admin: SystemAdmin,
    Path(text): Path<String>,
) -> Result<Json<CompanyCustomerDetails>, Problem> {
    shown(&state, admin.permit()?, company_id(&text)?).await
}

/// What changes about a company. What is absent stays; what is empty is taken away.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct CompanyCustomerChange {
    company_name: Option<String>,
    logo_url: Option<String>,
    contact_email: Option<String>,
    contact_phone: Option<String>,
    website: Option<String>,
    address: Option<String>,
    tax_office: Option<String>,
    tax_number: Option<String>,
    /// `YYYY-MM-DD`.
    package_start_date: Option<String>,
    /// `YYYY-MM-DD`.
    package_end_date: Option<String>,
    /// Modules that the company has without paying for them, or has not. What is paid for is not taken away like this.
    modules_enabled: Option<BTreeMap<String, bool>>,
    /// The full name of who has run the company longest.
    #[serde(alias = "owner_full_name", alias = "admin_full_name")]
    owner_name: Option<String>,
    /// What they sign in with.
    #[serde(alias = "admin_username")]
    owner_username: Option<String>,
    /// Their password; another one signs them out everywhere.
    #[serde(alias = "admin_password")]
    owner_password: Option<String>,
}

/// Changes a company and its owner, all of it or nothing.
#[utoipa::path(put, path = "/api/admin/customers/{id}", tag = "companies", security(("bearer" = [])), params(("id" = String, Path)),
    request_body = CompanyCustomerChange,
    responses((status = 200, body = CompanyCustomerDetails), (status = 400, body = Problem), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 409, body = Problem), (status = 413, body = Problem), (status = 415, body = Problem)))]
pub async fn change(
    State(state): State<AppState>,
    admin: SystemAdmin,
    Path(text): Path<String>,
    Body(body): Body<CompanyCustomerChange>,
) -> Result<Json<CompanyCustomerDetails>, Problem> {
    let (permit, id) = (admin.permit()?, company_id(&text)?);
    let change = CompanyChange {
        name: body.company_name,
        details: CompanyDetails {
            logo_url: body.logo_url,
            contact_email: body.contact_email,
            contact_phone: body.contact_phone,
            website: body.website,
            address: body.address,
            tax_office: body.tax_office,
            tax_number: body.tax_number,
            package_start_date: body.package_start_date,
            package_end_date: body.package_end_date,
        },
        owner_name: body.owner_name,
        owner_username: body.owner_username,
        owner_password: body.owner_password,
    };
    let (identity, billing) = (&state.services.identity, &state.services.billing);
    let change = identity.check_company_change(&change).await.map_err(refusal)?;
    let mut transaction = state.database.begin_admin(&permit).await?;
    identity.change_company(&mut transaction, permit, id, change).await.map_err(of_company)?;
    if let Some(modules) = &body.modules_enabled {
        billing.grant_modules(&mut transaction, permit, id, modules).await?;
    }
    transaction.commit().await?;
    shown(&state, permit, id).await
}
