//! Name and address for invoices.

use chrono::{DateTime, Utc};
use domain::access::AccountPermit;
use domain::ids::AccountId;
use domain::problem::{FieldProblem, ProblemCode, Problems, optional_text};
use platform::database::Transaction;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{ensure, lock, vat};
use crate::{Billing, Result};

/// An account's name and address (spec 5.1, `user_details`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Profile {
    /// First name.
    pub first_name: Option<String>,
    /// Last name.
    pub last_name: Option<String>,
    /// Street and house number.
    pub address_line_1: Option<String>,
    /// More of the address.
    pub address_line_2: Option<String>,
    /// City.
    pub city: Option<String>,
    /// Postal code.
    pub postal_code: Option<String>,
    /// State, province or whatever a country is divided into; the tax of it applies where it has one of its own.
    pub region: Option<String>,
    /// Two letters (ISO 3166-1); its tax applies.
    pub country: Option<String>,
    /// Telephone.
    pub phone: Option<String>,
    /// Company.
    pub company: Option<String>,
    /// Tax or VAT number.
    pub tax_number: Option<String>,
    /// What plug-ins keep.
    pub config: Value,
}

/// A [`Profile`] with its dates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredProfile {
    /// What it says.
    pub profile: Profile,
    /// How often it was written; for optimistic locking.
    pub version: i32,
    /// When it was first written.
    pub created_at: DateTime<Utc>,
    /// When it was last written.
    pub updated_at: DateTime<Utc>,
}

/// Why a profile was not kept.
#[derive(Debug)]
pub enum ProfileError {
    /// Fields that cannot be accepted.
    Invalid(Vec<FieldProblem>),
    /// Anything else.
    Other(crate::Error),
}

impl From<crate::Error> for ProfileError {
    fn from(error: crate::Error) -> Self {
        Self::Other(error)
    }
}

impl From<sqlx::Error> for ProfileError {
    fn from(error: sqlx::Error) -> Self {
        Self::Other(error.into())
    }
}

impl Profile {
    /// Checks lengths (spec 5.1) and characters; empty texts are none.
    pub fn checked(self) -> std::result::Result<Self, Vec<FieldProblem>> {
        let mut problems = Problems::new();
        let mut text = |field: &str, value: Option<String>, max: usize| {
            problems.take(field, optional_text(value.as_deref().unwrap_or(""), max)).flatten()
        };
        let profile = Self {
            first_name: text("first_name", self.first_name, 100),
            last_name: text("last_name", self.last_name, 100),
            address_line_1: text("address_line_1", self.address_line_1, 255),
            address_line_2: text("address_line_2", self.address_line_2, 255),
            city: text("city", self.city, 100),
            postal_code: text("postal_code", self.postal_code, 20),
            region: text("region", self.region, 100),
            country: text("country", self.country, 2).map(|code| code.to_ascii_uppercase()),
            phone: text("phone", self.phone, 20),
            company: text("company", self.company, 255),
            tax_number: text("tax_number", self.tax_number, 100),
            config: self.config,
        };
        let mut profile = profile;
        if let Some(number) = profile.tax_number.take() {
            profile.tax_number =
                problems.take("tax_number", vat::checked(number, profile.country.as_deref()));
        }
        let is_country =
            |code: &String| code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_uppercase());
        if crate::input::json("config", &profile.config).is_err() {
            problems.add("config", ProblemCode::BadCharacters);
        }
        if profile.country.as_ref().is_some_and(|code| !is_country(code)) {
            problems.add("country", ProblemCode::NotOnOffer);
        }
        problems.or(profile)
    }
}

impl Profile {
    /// What an invoice needs and is not there, by field: a name or a company, an address, and the country whose tax
    /// applies. Not everywhere has postal codes.
    pub fn lacks(&self) -> Vec<FieldProblem> {
        let is_there = |text: &Option<String>| text.as_deref().is_some_and(|text| !text.trim().is_empty());
        let has_name = is_there(&self.company) || is_there(&self.first_name) || is_there(&self.last_name);
        let needed = [
            ("last_name", has_name),
            ("address_line_1", is_there(&self.address_line_1)),
            ("city", is_there(&self.city)),
            ("country", is_there(&self.country)),
        ];
        let missing = needed.into_iter().filter(|(_, is_there)| !is_there);
        missing.map(|(field, _)| FieldProblem::new(field, ProblemCode::Required)).collect()
    }
}

impl Billing {
    /// The account's name and address, if they were ever given.
    pub async fn profile(&self, permit: AccountPermit<'_>) -> Result<Option<StoredProfile>> {
        let mut transaction = self.begin(permit).await?;
        let found = load(&mut transaction, permit.account_id()).await?;
        transaction.commit().await?;
        Ok(found)
    }

    /// Changes the account's name and address to what `change` makes of what is known, which nobody else changes
    /// meanwhile. Where a version is given, only if it is still that (0 where nothing was known):
    /// [`Error::ChangedMeanwhile`](crate::Error::ChangedMeanwhile) else.
    pub async fn change_profile(
        &self,
        permit: AccountPermit<'_>,
        version: Option<i32>,
        change: impl FnOnce(Profile) -> std::result::Result<Profile, Vec<FieldProblem>>,
    ) -> std::result::Result<(), ProfileError> {
        let now = self.clock.now();
        let mut transaction = self.begin(permit).await?;
        let account_id = ensure(&mut transaction, permit, now).await?;
        replace(&mut transaction, account_id, version, change, now).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Whether the account has tried out any plan.
    pub async fn has_used_trial(&self, permit: AccountPermit<'_>) -> Result<bool> {
        let mut transaction = self.begin(permit).await?;
        let used = sqlx::query_scalar!(
            r#"SELECT EXISTS (SELECT FROM trials WHERE account_id = $1) AS "used!""#,
            Uuid::from(permit.account_id()),
        )
        .fetch_one(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(used)
    }
}

/// An account's name and address, if they were ever given.
pub(super) async fn load(
    transaction: &mut Transaction,
    account_id: AccountId,
) -> Result<Option<StoredProfile>> {
    let row = sqlx::query!(
        r#"SELECT first_name, last_name, address_line_1, address_line_2, city, postal_code, region, country AS "country: String", phone, company,
                  tax_number, config, version, created_at, updated_at
           FROM billing_profiles WHERE account_id = $1"#,
        Uuid::from(account_id),
    )
    .fetch_optional(&mut **transaction)
    .await?;
    Ok(row.map(|row| StoredProfile {
        profile: Profile {
            first_name: row.first_name,
            last_name: row.last_name,
            address_line_1: row.address_line_1,
            address_line_2: row.address_line_2,
            city: row.city,
            postal_code: row.postal_code,
            region: row.region,
            country: row.country,
            phone: row.phone,
            company: row.company,
            tax_number: row.tax_number,
            config: row.config,
        },
        version: row.version,
        created_at: row.created_at,
        updated_at: row.updated_at,
    }))
}

/// Writes what `change` makes of an account's name and address, if they are still of that version. The account's row is
/// locked, since there may be no address yet: of two changes at once the second is made of what the first wrote, and takes
/// nothing of it back.
pub(super) async fn replace(
    transaction: &mut Transaction,
    account_id: AccountId,
    version: Option<i32>,
    change: impl FnOnce(Profile) -> std::result::Result<Profile, Vec<FieldProblem>>,
    now: DateTime<Utc>,
) -> std::result::Result<(), ProfileError> {
    lock(transaction, account_id).await?;
    let mut known = load(transaction, account_id).await?.map(|stored| stored.profile).unwrap_or_default();
    // Settings are an object, also where none were kept yet.
    if !known.config.is_object() {
        known.config = json!({});
    }
    let profile = change(known).and_then(Profile::checked).map_err(ProfileError::Invalid)?;
    Ok(save(transaction, account_id, profile, version, now).await?)
}

/// Writes an account's name and address, which were checked, if they are still of that version.
async fn save(
    transaction: &mut Transaction,
    account_id: AccountId,
    profile: Profile,
    version: Option<i32>,
    now: DateTime<Utc>,
) -> Result<()> {
    let written = sqlx::query!(
        "INSERT INTO billing_profiles (account_id, first_name, last_name, address_line_1, address_line_2, city, postal_code, region, country,
                                       phone, company, tax_number, config, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $14)
         ON CONFLICT (account_id) DO UPDATE SET
             first_name = excluded.first_name, last_name = excluded.last_name, address_line_1 = excluded.address_line_1,
             address_line_2 = excluded.address_line_2, city = excluded.city, postal_code = excluded.postal_code,
             region = excluded.region, country = excluded.country, phone = excluded.phone, company = excluded.company, tax_number = excluded.tax_number,
             config = excluded.config, updated_at = excluded.updated_at
         WHERE $15::int IS NULL OR billing_profiles.version = $15",
        Uuid::from(account_id),
        profile.first_name,
        profile.last_name,
        profile.address_line_1,
        profile.address_line_2,
        profile.city,
        profile.postal_code,
        profile.region,
        profile.country,
        profile.phone,
        profile.company,
        profile.tax_number,
        profile.config,
        now,
        version,
    )
    .execute(&mut **transaction)
    .await?;
    if written.rows_affected() == 0 { Err(crate::Error::ChangedMeanwhile) } else { Ok(()) }
}
