//! All companies, for the admin of the platform (spec `hotel-modules.md` 2.2).

use domain::access::AdminPermit;
use domain::company::PackageStatus;
use domain::ids::{OrganisationId, UserId};
use domain::problem::{Problems, required_text};
use domain::staff::username;
use platform::audit::{self, Deed};
use platform::database::Transaction;
use serde_json::json;
use uuid::Uuid;

use super::details::{Checked, CompanyDetails};
use super::{Company, SYSTEM, select_companies};
use crate::access_end::end_access;
use crate::{Error, Identity, Result};

/// The most people of a company that are shown.
const MOST_USERS: i64 = 200;

/// Which companies are wanted.
#[derive(Debug, Clone, Default)]
pub struct CompanyQuery {
    /// Only those whose package stands like this.
    pub status: Option<PackageStatus>,
    /// Only the one with this code, and those with this in their names.
    pub search: Option<String>,
    /// Only those that follow this one.
    pub after: Option<OrganisationId>,
    /// How many at most.
    pub limit: i64,
    /// After how many.
    pub offset: i64,
}

/// Somebody who works for a company.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompanyUser {
    /// The id.
    pub id: UserId,
    /// What they sign in with.
    pub username: String,
    /// Full name.
    pub full_name: String,
    /// Address, if any.
    pub email: Option<String>,
    /// Whether they run the company.
    pub is_admin: bool,
    /// Whether they may sign in.
    pub is_active: bool,
}

/// A company with its people, those who run it first, at most 200 of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManagedCompany {
    /// The company.
    pub company: Company,
    /// Its people.
    pub users: Vec<CompanyUser>,
}

/// What the admin changes about a company. What is absent stays.
#[derive(Debug, Clone, Default)]
pub struct CompanyChange {
    /// The name.
    pub name: Option<String>,
    /// What it says about itself.
    pub details: CompanyDetails,
    /// The full name of its owner: of who has run it longest.
    pub owner_name: Option<String>,
    /// What the owner signs in with.
    pub owner_username: Option<String>,
    /// The owner's password; another one ends everything they are signed in with.
    pub owner_password: Option<String>,
}

/// A [`CompanyChange`] that can be made.
pub struct CheckedChange {
    name: Option<String>,
    details: Checked,
    owner_name: Option<String>,
    owner_username: Option<String>,
    owner_hash: Option<String>,
}

impl Identity {
    /// All companies but the platform's own, newest first.
    pub async fn companies(&self, permit: AdminPermit<'_>, query: CompanyQuery) -> Result<Vec<Company>> {
        let (first, last) = query.status.map(|status| status.ends(self.clock.now().date_naive())).unzip();
        let without_end = query.status.is_none_or(|status| status == PackageStatus::Active);
        let mut transaction = self.database.begin_admin(&permit).await?;
        let found = select_companies!(
            "WHERE id <> $1 AND coalesce(package_end_date BETWEEN coalesce($2, package_end_date) AND coalesce($3, package_end_date), $4)
               AND ($5::text IS NULL OR code = $5 OR position(lower($5) IN lower(name)) > 0)
               AND ($6::uuid IS NULL OR (created_at, id) < (SELECT b.created_at, b.id FROM organisations b WHERE b.id = $6))
             ORDER BY created_at DESC, id DESC LIMIT $7 OFFSET $8",
            Uuid::from(SYSTEM),
            first,
            last,
            without_end,
            query.search,
            query.after.map(Uuid::from),
            query.limit,
            query.offset
        )
        .fetch_all(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(found)
    }

    /// One company. The platform's own is [`Error::Forbidden`].
    pub async fn company(&self, permit: AdminPermit<'_>, id: OrganisationId) -> Result<Company> {
        let mut transaction = self.database.begin_admin(&permit).await?;
        let company = load(&mut transaction, id).await?;
        transaction.commit().await?;
        Ok(company)
    }

    /// One company with its people. The platform's own is [`Error::Forbidden`].
    pub async fn managed_company(
        &self,
        permit: AdminPermit<'_>,
        id: OrganisationId,
    ) -> Result<ManagedCompany> {
        let mut transaction = self.database.begin_admin(&permit).await?;
        let company = load(&mut transaction, id).await?;
        let users = users(&mut transaction, id, MOST_USERS).await?;
        transaction.commit().await?;
        Ok(ManagedCompany { company, users })
    }

    /// Looks at a change before it is made. Problems are at `company_name`, `owner_name`, `owner_username`,
    /// `owner_password` and the names of the details.
    pub async fn check_company_change(&self, change: &CompanyChange) -> Result<CheckedChange> {
        let mut problems = Problems::new();
        let text = |value: Option<&str>| value.map(|value| required_text(value, 120)).transpose();
        let name = problems.take("company_name", text(change.name.as_deref())).flatten();
        let owner_name = problems.take("owner_name", text(change.owner_name.as_deref())).flatten();
        let login = change.owner_username.as_deref().map(username).transpose();
        let owner_username = problems.take("owner_username", login).flatten();
        let password = change.owner_password.as_deref().map(domain::hotel::password).transpose();
        let password = problems.take("owner_password", password).flatten();
        let details = change.details.check(&mut problems);
        let (name, owner_name, owner_username, details) =
            problems.or((name, owner_name, owner_username, details))?;
        let owner_hash = match password {
            Some(password) => Some(self.passwords.hash(&password).await?),
            None => None,
        };
        Ok(CheckedChange { name, details, owner_name, owner_username, owner_hash })
    }

    /// Makes a change inside the admin's `transaction`. The platform's own company is [`Error::Forbidden`]; what would
    /// change about the owner of a company that nobody runs is [`Error::Conflict`].
    pub async fn change_company(
        &self,
        transaction: &mut Transaction,
        permit: AdminPermit<'_>,
        id: OrganisationId,
        change: CheckedChange,
    ) -> Result<()> {
        let now = self.clock.now();
        refuse_system(id)?;
        let locked =
            sqlx::query!("SELECT FROM organisations WHERE id = $1 FOR NO KEY UPDATE", Uuid::from(id))
                .execute(&mut **transaction)
                .await?;
        if locked.rows_affected() == 0 {
            return Err(Error::NotFound);
        }
        let CheckedChange { name, details, owner_name, owner_username, owner_hash } = change;
        let changes_owner = owner_name.is_some() || owner_username.is_some() || owner_hash.is_some();
        let facts = json!({
            "name": name, "package_start_date": details.package_start_date.value, "package_end_date": details.package_end_date.value,
            "username": owner_username, "owner_name": owner_name, "password_set": owner_hash.is_some(),
        });
        sqlx::query!(
            "UPDATE organisations
             SET name = coalesce($2, name), logo_url = CASE WHEN $3 THEN NULL ELSE coalesce($4, logo_url) END,
                 contact_email = CASE WHEN $5 THEN NULL ELSE coalesce($6, contact_email) END,
                 contact_phone = CASE WHEN $7 THEN NULL ELSE coalesce($8, contact_phone) END,
                 website = CASE WHEN $9 THEN NULL ELSE coalesce($10, website) END,
                 address = CASE WHEN $11 THEN NULL ELSE coalesce($12, address) END,
                 tax_office = CASE WHEN $13 THEN NULL ELSE coalesce($14, tax_office) END,
                 tax_number = CASE WHEN $15 THEN NULL ELSE coalesce($16, tax_number) END,
                 package_start_date = CASE WHEN $17 THEN NULL ELSE coalesce($18, package_start_date) END,
                 package_end_date = CASE WHEN $19 THEN NULL ELSE coalesce($20, package_end_date) END
             WHERE id = $1",
            Uuid::from(id),
            name,
            details.logo_url.is_cleared,
            details.logo_url.value,
            details.contact_email.is_cleared,
            details.contact_email.value,
            details.contact_phone.is_cleared,
            details.contact_phone.value,
            details.website.is_cleared,
            details.website.value,
            details.address.is_cleared,
            details.address.value,
            details.tax_office.is_cleared,
            details.tax_office.value,
            details.tax_number.is_cleared,
            details.tax_number.value,
            details.package_start_date.is_cleared,
            details.package_start_date.value,
            details.package_end_date.is_cleared,
            details.package_end_date.value,
        )
        .execute(&mut **transaction)
        .await?;
        if changes_owner {
            let owner = users(transaction, id, 1).await?.into_iter().find(|user| user.is_admin);
            let owner = owner.ok_or(Error::Conflict("Nobody runs this company"))?;
            let taken = [
                ("users_username_key", "owner_username"),
                ("users_email_key", "owner_username"),
                ("users_username_is_no_other_email", "owner_username"),
            ];
            // Who signs in with their address has the new one from then on.
            sqlx::query!(
                "UPDATE users
                 SET full_name = coalesce($2, full_name), username = coalesce($3, username), password_hash = coalesce($4, password_hash),
                     email = CASE WHEN position('@' IN $3) > 0 THEN $3 ELSE email END, updated_at = $5
                 WHERE id = $1",
                Uuid::from(owner.id),
                owner_name,
                owner_username,
                owner_hash,
                now,
            )
            .execute(&mut **transaction)
            .await
            .map_err(|error| Error::taken(error, &taken))?;
            if owner_hash.is_some() {
                end_access(transaction, owner.id, None, now).await?;
                self.tell_password_changed(transaction, owner.id, now).await?;
            }
            let is_new = |login: &String| login.contains('@') && owner.email.as_ref() != Some(login);
            let has_new_email = owner_username.as_ref().is_some_and(is_new);
            if let Some(old) = owner.email.as_ref().filter(|_| has_new_email && owner.is_active) {
                self.tell_address_changed(transaction, old, &owner.full_name, now).await?;
            }
        }
        let deed = Deed {
            organisation_id: Some(id),
            hotel_id: None,
            user_id: Some(permit.actor().user_id),
            action: "company.changed",
            subject: Some(id.into()),
            facts,
        };
        Ok(audit::record(&mut **transaction, deed, now).await?)
    }
}

/// The platform's own company is neither looked at nor changed like this.
fn refuse_system(id: OrganisationId) -> Result<()> {
    if id == SYSTEM { Err(Error::Forbidden) } else { Ok(()) }
}

async fn load(transaction: &mut Transaction, id: OrganisationId) -> Result<Company> {
    refuse_system(id)?;
    let company =
        select_companies!("WHERE id = $1", Uuid::from(id)).fetch_optional(&mut **transaction).await?;
    company.ok_or(Error::NotFound)
}

/// The people of a company: those who run it and may sign in first, then by how long they have been there.
async fn users(transaction: &mut Transaction, id: OrganisationId, limit: i64) -> Result<Vec<CompanyUser>> {
    let found = sqlx::query_as!(
        CompanyUser,
        r#"SELECT id AS "id: UserId", username, full_name, email, is_admin AS "is_admin!", is_active
           FROM (SELECT u.id, u.username, u.full_name, u.email, u.is_active, u.created_at,
                        u.is_company_admin OR EXISTS (SELECT FROM memberships m WHERE m.organisation_id = u.organisation_id AND m.user_id = u.id
                                                        AND m.role = 'owner') AS is_admin
                 FROM users u WHERE u.organisation_id = $1) people
           ORDER BY is_admin DESC, is_active DESC, created_at, id LIMIT $2"#,
        Uuid::from(id),
        limit,
    )
    .fetch_all(&mut **transaction)
    .await?;
    Ok(found)
}
