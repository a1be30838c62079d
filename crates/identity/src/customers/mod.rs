//! Customers: people without an organisation, who sign up by themselves (spec `subscription-billing.md` 5.2).

use chrono::{DateTime, Utc};
use domain::access::Actor;
use domain::ids::UserId;
use domain::problem::{ProblemCode, Problems, optional_email};
use serde_json::json;
use uuid::Uuid;

use crate::{Error, Identity, Result, mails, people};

/// The characters of which a customer's password has one (spec 5.2).
const SPECIAL: &str = r#"!@#$%^&*(),.?":{}|<>"#;

/// What somebody knows about themselves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Own {
    /// The address.
    pub email: String,
    /// The full name.
    pub full_name: String,
    /// When they signed up.
    pub created_at: DateTime<Utc>,
    /// When that was last changed.
    pub updated_at: DateTime<Utc>,
}

/// Whether a password is one that a customer can choose: eight characters with a small and a capital letter, a digit and
/// a special character.
pub fn is_strong(password: &str) -> bool {
    let has = |test: fn(char) -> bool| password.chars().any(test);
    (8..=200).contains(&password.chars().count())
        && has(|c| c.is_ascii_lowercase())
        && has(|c| c.is_ascii_uppercase())
        && has(|c| c.is_ascii_digit())
        && has(|c| SPECIAL.contains(c))
}

impl Identity {
    /// Signs a customer up, who is welcomed by mail. A weak password is a problem at `password`; an address that cannot be one, or that somebody
    /// has, one at `email`.
    pub async fn register_customer(&self, email: &str, password: &str) -> Result<UserId> {
        let mut problems = Problems::new();
        let email = problems
            .take("email", optional_email(email).and_then(|email| email.ok_or(ProblemCode::Required)));
        if !is_strong(password) {
            problems.add("password", ProblemCode::WeakPassword);
        }
        let email = problems.or(email)?.ok_or_else(|| Error::at("email", ProblemCode::Required))?;
        let hash = self.passwords.hash(password).await?;
        let now = self.clock.now();
        let id: UserId = platform::ids::new();
        let mut transaction = self.database.begin_identity().await?;
        let name = email.split('@').next().unwrap_or(&email);
        sqlx::query!(
            "INSERT INTO users (id, email, username, full_name, password_hash, created_at) VALUES ($1, $2, $2, $3, $4, $5)",
            Uuid::from(id),
            email,
            name,
            hash,
            now,
        )
        .execute(&mut *transaction)
        .await
        .map_err(|error| Error::taken(error, &[("users_email_key", "email"), ("users_username_key", "email")]))?;
        people::record(&mut transaction, None, id, "customer.registered", id.into(), json!({}), now).await?;
        people::tell(&mut transaction, None, "user.created", id, json!({}), now).await?;
        platform::mail::enqueue(&mut transaction, mails::welcome(&email, name, &self.base_url), now).await?;
        transaction.commit().await?;
        Ok(id)
    }

    /// Whether somebody signs in with this address.
    pub async fn has_email(&self, email: &str) -> Result<bool> {
        let found = sqlx::query_scalar!(
            r#"SELECT EXISTS (SELECT FROM users WHERE email = lower($1)) AS "found!""#,
            email.trim().replace('\0', "\u{fffd}"),
        )
        .fetch_one(self.database.identity())
        .await?;
        Ok(found)
    }

    /// What the actor knows about themselves.
    pub async fn own(&self, actor: &Actor) -> Result<Own> {
        let row = sqlx::query!(
            "SELECT coalesce(email, username) AS \"email!\", full_name, created_at,
                    coalesce(updated_at, created_at) AS \"updated_at!\" FROM users WHERE id = $1",
            Uuid::from(actor.user_id),
        )
        .fetch_optional(self.database.identity())
        .await?
        .ok_or(Error::NotFound)?;
        let (created_at, updated_at) = (row.created_at, row.updated_at);
        Ok(Own { email: row.email, full_name: row.full_name, created_at, updated_at })
    }
}

#[cfg(test)]
mod tests {
    use super::is_strong;

    #[test]
    fn a_strong_password_has_one_of_each() {
        assert!(is_strong("TestPass123@"));
        for weak in ["Test12@", "testpass123@", "TESTPASS123@", "TestPassword@", "TestPass1234", ""] {
            assert!(!is_strong(weak), "{weak}");
        }
    }
}
