//! Company accounts (spec `hotel-modules.md` 2.1, 2.2): a company with the facts it gave about itself, and the people who
//! work for it.
//!
//! The code `1000` is that of the company of those who run the platform. They are users with a flag, whom nobody employs;
//! so that company has no staff, and is neither listed nor changed nor entered.

mod details;
mod impersonation;
mod managed;
mod register;

pub use details::CompanyDetails;
pub use impersonation::Impersonation;
pub use managed::{CheckedChange, CompanyChange, CompanyQuery, CompanyUser, ManagedCompany};
pub use register::NewCompany;

use chrono::{DateTime, NaiveDate, Utc};
use domain::access::Actor;
use domain::ids::OrganisationId;
use uuid::Uuid;

use crate::{Error, Identity, Result};

/// The company of those who run the platform. Its code is `1000`.
pub const SYSTEM: OrganisationId = OrganisationId(Uuid::from_u128(0x1000));

/// A company.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Company {
    /// The id.
    pub id: OrganisationId,
    /// What its people name when they sign in.
    pub code: String,
    /// The name.
    pub name: String,
    /// The address of its logo.
    pub logo_url: Option<String>,
    /// An e-mail address.
    pub contact_email: Option<String>,
    /// Telephone.
    pub contact_phone: Option<String>,
    /// The address of its website.
    pub website: Option<String>,
    /// Postal address on one line.
    pub address: Option<String>,
    /// The tax office it belongs to.
    pub tax_office: Option<String>,
    /// Its tax number.
    pub tax_number: Option<String>,
    /// The first day of its package.
    pub package_start_date: Option<NaiveDate>,
    /// The last day of its package.
    pub package_end_date: Option<NaiveDate>,
    /// When it was registered.
    pub created_at: DateTime<Utc>,
}

/// Reads companies by a condition.
macro_rules! select_companies {
    ($condition:literal, $($argument:expr),*) => {
        sqlx::query_as!(
            crate::companies::Company,
            r#"SELECT id AS "id: domain::ids::OrganisationId", code, name, logo_url, contact_email, contact_phone, website, address, tax_office,
                      tax_number, package_start_date, package_end_date, created_at
               FROM organisations "# + $condition,
            $($argument),*
        )
    };
}
pub(crate) use select_companies;

/// The company somebody belongs to: who employs them, or the platform's own.
pub fn of(actor: &Actor) -> Option<OrganisationId> {
    actor.organisation_id.or_else(|| actor.is_platform_admin.then_some(SYSTEM))
}

/// Whether somebody runs the company they belong to.
pub fn is_admin(actor: &Actor) -> bool {
    actor.runs_company() || runs_platform(actor)
}

/// Whether somebody is an admin of the company with the code `1000`.
pub fn runs_platform(actor: &Actor) -> bool {
    actor.admin().is_ok()
}

impl Identity {
    /// The company that the actor belongs to; none for customers and travellers.
    pub async fn own_company(&self, actor: &Actor) -> Result<Option<Company>> {
        let Some(id) = of(actor) else { return Ok(None) };
        let mut transaction = match actor.organisation_id {
            Some(_) => self.database.begin_as(actor).await?,
            None => self.database.begin_admin(&actor.admin()?).await?,
        };
        let found =
            select_companies!("WHERE id = $1", Uuid::from(id)).fetch_optional(&mut *transaction).await?;
        transaction.commit().await?;
        found.map(Some).ok_or(Error::NotFound)
    }
}
