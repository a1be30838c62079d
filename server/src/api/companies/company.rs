//! A company with what it says about itself, and the modules it has.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use billing::modules::Access;
use chrono::{DateTime, NaiveDate, Utc};
use domain::ids::OrganisationId;
use identity::companies::Company;
use serde::Serialize;
use utoipa::ToSchema;

use super::auth::no_company;
use super::bought::CompanyBilling;
use crate::api::v1::caller::User;
use crate::problem::Problem;
use crate::state::AppState;

/// A company.
#[derive(Debug, Serialize, ToSchema)]
pub struct CompanyOut {
    id: OrganisationId,
    company_code: String,
    company_name: String,
    logo_url: Option<String>,
    contact_email: Option<String>,
    contact_phone: Option<String>,
    website: Option<String>,
    address: Option<String>,
    tax_office: Option<String>,
    tax_number: Option<String>,
    package_start_date: Option<NaiveDate>,
    package_end_date: Option<NaiveDate>,
    /// Which modules are open to the company.
    modules_enabled: BTreeMap<String, bool>,
    created_at: DateTime<Utc>,
}

impl CompanyOut {
    pub(super) fn new(company: Company, modules_enabled: BTreeMap<String, bool>) -> Self {
        Self {
            id: company.id,
            company_code: company.code,
            company_name: company.name,
            logo_url: company.logo_url,
            contact_email: company.contact_email,
            contact_phone: company.contact_phone,
            website: company.website,
            address: company.address,
            tax_office: company.tax_office,
            tax_number: company.tax_number,
            package_start_date: company.package_start_date,
            package_end_date: company.package_end_date,
            modules_enabled,
            created_at: company.created_at,
        }
    }
}

/// What a company has, as `modules_enabled` says it. Where modules are not told apart (`MODULES_ENABLED`), it has no less
/// than `{"tour": true, "hotel": false}` (spec 2.3).
pub(super) fn enabled(state: &AppState, modules: &BTreeMap<String, Access>) -> BTreeMap<String, bool> {
    let now = state.services.clock.now();
    let mut enabled = BTreeMap::from([("hotel".to_owned(), false), ("tour".to_owned(), false)]);
    enabled.extend(modules.iter().map(|(name, access)| (name.clone(), access.is_open(now))));
    if !state.settings.modules_enabled {
        enabled.insert("tour".to_owned(), true);
    }
    enabled
}

/// A company with what it bought.
#[derive(Debug, Serialize, ToSchema)]
pub struct OwnCompany {
    #[serde(flatten)]
    company: CompanyOut,
    /// None while nothing was bought, and for those who do not run the company.
    billing: Option<CompanyBilling>,
}

/// The caller's company.
#[derive(Debug, Serialize, ToSchema)]
pub struct OwnCompanyBody {
    company: OwnCompany,
}

/// The caller's company. Pages of the store ask here whether what was paid is open.
#[utoipa::path(get, path = "/api/companies/me", tag = "companies", security(("bearer" = [])),
    responses((status = 200, body = OwnCompanyBody), (status = 401, body = Problem), (status = 404, body = Problem)))]
pub async fn own(State(state): State<AppState>, user: User) -> Result<Json<OwnCompanyBody>, Problem> {
    let company = state.services.identity.own_company(&user.0).await?.ok_or_else(no_company)?;
    let modules = state.services.billing.own_modules(&user.0).await?;
    let billing = match user.0.company_account() {
        Ok(permit) => CompanyBilling::of(state.services.billing.purchases(permit).await?),
        Err(_) => None,
    };
    let company = CompanyOut::new(company, enabled(&state, &modules));
    Ok(Json(OwnCompanyBody { company: OwnCompany { company, billing } }))
}
