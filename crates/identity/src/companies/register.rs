//! A new company without a hotel yet, and whoever runs it.

use domain::ids::{OrganisationId, UserId};
use domain::problem::{ProblemCode, Problems, optional_email, required_text};
use domain::staff::username;
use platform::audit::{self, Deed};
use serde_json::json;
use uuid::Uuid;

use super::details::CompanyDetails;
use super::{Company, select_companies};
use crate::{Error, Identity, Result, mails, people};

/// A company that registers, as it is typed.
#[derive(Debug, Clone, Default)]
pub struct NewCompany {
    /// The name.
    pub name: String,
    /// What it says about itself.
    pub details: CompanyDetails,
    /// What its admin signs in with, besides the code of the company.
    pub admin_username: String,
    /// The admin's password, of eight characters at least.
    pub admin_password: String,
    /// The admin's full name.
    pub admin_full_name: String,
    /// The admin's address; may be empty.
    pub admin_email: String,
}

impl Identity {
    /// Registers a company with its admin. Problems are at `company_name`, `admin_username`, `admin_password`,
    /// `admin_full_name`, `admin_email` and the names of the details; a user name or address that somebody has, in
    /// whatever company, is [`ProblemCode::AlreadyInUse`].
    pub async fn register_company(&self, new: &NewCompany) -> Result<Company> {
        let mut problems = Problems::new();
        let name = problems.take("company_name", required_text(&new.name, 120));
        let login = problems.take("admin_username", username(&new.admin_username));
        let password = problems.take("admin_password", domain::hotel::password(&new.admin_password));
        let full_name = problems.take("admin_full_name", required_text(&new.admin_full_name, 120));
        let email = problems.take("admin_email", optional_email(&new.admin_email)).flatten();
        let details = new.details.check(&mut problems);
        let (Some(name), Some(login), Some(password), Some(full_name)) = (name, login, password, full_name)
        else {
            return Err(Error::Invalid(problems.into_vec()));
        };
        // One login, one person: a user name that is an address is the admin's own.
        let email = email.or_else(|| login.contains('@').then(|| login.clone()));
        if login.contains('@') && email.as_ref() != Some(&login) {
            problems.add("admin_email", ProblemCode::Wrong);
        }
        let (name, login, full_name, email, details) =
            problems.or((name, login, full_name, email, details))?;
        let hash = self.passwords.hash(&password).await?;
        let now = self.clock.now();
        let (id, admin_id): (OrganisationId, UserId) = (platform::ids::new(), platform::ids::new());
        let mut transaction = self.database.begin_in(id, admin_id).await?;
        sqlx::query!(
            "INSERT INTO organisations (id, code, name, logo_url, contact_email, contact_phone, website, address, tax_office, tax_number,
                                        package_start_date, package_end_date, created_at)
             VALUES ($1, next_company_code(), $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
            Uuid::from(id),
            name,
            details.logo_url.value,
            details.contact_email.value,
            details.contact_phone.value,
            details.website.value,
            details.address.value,
            details.tax_office.value,
            details.tax_number.value,
            details.package_start_date.value,
            details.package_end_date.value,
            now,
        )
        .execute(&mut *transaction)
        .await?;
        let taken = [("users_username_key", "admin_username"), ("users_email_key", "admin_email")];
        sqlx::query!(
            "INSERT INTO users (id, organisation_id, email, username, full_name, password_hash, is_company_admin, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, true, $7)",
            Uuid::from(admin_id),
            Uuid::from(id),
            email,
            login,
            full_name,
            hash,
            now,
        )
        .execute(&mut *transaction)
        .await
        .map_err(|error| Error::taken(error, &taken))?;
        let deed = Deed {
            organisation_id: Some(id),
            hotel_id: None,
            user_id: Some(admin_id),
            action: "company.registered",
            subject: Some(id.into()),
            facts: json!({ "name": name, "username": login }),
        };
        audit::record(&mut *transaction, deed, now).await?;
        people::tell(&mut transaction, Some(id), "user.created", admin_id, json!({}), now).await?;
        let made = select_companies!("WHERE id = $1", Uuid::from(id)).fetch_one(&mut *transaction).await?;
        if let Some(email) = &email {
            let welcome = mails::company_welcome(email, &full_name, &made, &login, &self.base_url);
            platform::mail::enqueue(&mut transaction, welcome, now).await?;
        }
        transaction.commit().await?;
        Ok(made)
    }
}
