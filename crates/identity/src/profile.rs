//! What people change about themselves.

use chrono::{DateTime, Utc};
use domain::access::Actor;
use domain::ids::UserId;
use domain::problem::{ProblemCode, Problems, optional_email, required_text};
use platform::database::Transaction;
use serde_json::json;
use uuid::Uuid;

use crate::access_end::{Current, end_access};
use crate::people::Locked;
use crate::reset::{end_links, own_password_checked};
use crate::sign_in::limits::Attempt;
use crate::{Error, Identity, Result, mails, people};

/// Who acts in somebody's name does not change how they or their colleagues sign in.
pub(crate) fn own_name(actor: &Actor) -> Result<()> {
    if actor.impersonated_by.is_none() { Ok(()) } else { Err(Error::Forbidden) }
}

/// The present password as somebody typed it, compared with the one that is stored.
struct Compared {
    attempt: Attempt,
    stored: String,
    is_right: bool,
}

impl Identity {
    /// Compares a password with that of somebody who is signed in, before a transaction is open: it takes long. These
    /// attempts are limited like those to sign in.
    async fn compare(&self, user_id: UserId, password: &str) -> Result<Compared> {
        let attempt = self.limits.confirmation(user_id);
        self.limits.refuse_early(self.database.identity(), &attempt, self.clock.now()).await?;
        let stored = sqlx::query_scalar!(
            "SELECT password_hash FROM users WHERE id = $1 AND is_active",
            Uuid::from(user_id)
        )
        .fetch_optional(self.database.identity())
        .await?
        .ok_or(Error::NotFound)?;
        let is_right = self.passwords.verify(password, Some(&stored)).await?;
        Ok(Compared { attempt, stored, is_right })
    }

    /// Opens the transaction that the password was asked for, and locks who typed it. Another one than theirs is a problem
    /// at `old_password`, and the attempt counts.
    async fn begin_compared(&self, user_id: UserId, compared: &Compared) -> Result<(Transaction, Locked)> {
        let mut transaction = self.database.begin_identity().await?;
        let Compared { attempt, stored, is_right } = compared;
        self.limits.settle(&mut transaction, attempt, *is_right, self.clock.now()).await?;
        let user = people::lock_active(&mut transaction, user_id).await?.ok_or(Error::NotFound)?;
        let wrong = || Error::at("old_password", ProblemCode::Wrong);
        if !is_right {
            transaction.commit().await?;
            return Err(wrong());
        }
        // Somebody else may have changed it since it was compared.
        if user.password_hash != *stored {
            return Err(wrong());
        }
        Ok((transaction, user))
    }

    /// Changes the actor's password, and ends everything they are signed in with but `current`.
    ///
    /// Another present password than `old` is a problem at `old_password`; these attempts are limited like those to
    /// sign in. A new password that cannot be accepted is a problem at `new_password`.
    pub async fn change_password(
        &self,
        actor: &Actor,
        current: Option<Current>,
        old: &str,
        new: &str,
    ) -> Result<()> {
        own_name(actor)?;
        let new = own_password_checked("new_password", new, actor.organisation_id)?;
        let user_id = actor.user_id;
        let compared = self.compare(user_id, old).await?;
        let new_hash = self.passwords.hash(&new).await?;
        let (mut transaction, user) = self.begin_compared(user_id, &compared).await?;
        let now = self.clock.now();
        people::set_password(&mut transaction, user_id, &new_hash).await?;
        let ended = end_access(&mut transaction, user_id, current, now).await?;
        self.tell_password_changed(&mut transaction, user_id, now).await?;
        let (action, facts) = ("password.changed", json!({ "sessions_ended": ended }));
        people::record(&mut transaction, user.organisation_id, user_id, action, user_id.into(), facts, now)
            .await?;
        Ok(transaction.commit().await?)
    }

    /// Has a person written that they have another password, who may sign in and has an address: whoever did it, they
    /// should know.
    pub(crate) async fn tell_password_changed(
        &self,
        transaction: &mut Transaction,
        user_id: UserId,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let person = sqlx::query!(
            r#"SELECT email AS "email!", full_name FROM users WHERE id = $1 AND is_active AND email IS NOT NULL"#,
            Uuid::from(user_id),
        )
        .fetch_optional(&mut **transaction)
        .await?;
        if let Some(person) = person {
            let message = mails::password_changed(&person.email, &person.full_name, &self.base_url);
            platform::mail::enqueue(transaction, message, now).await?;
        }
        Ok(())
    }

    /// Has a person written, at the address that was theirs, that it is no longer: whoever did it, they should know.
    pub(crate) async fn tell_address_changed(
        &self,
        transaction: &mut Transaction,
        old: &str,
        full_name: &str,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let message = mails::address_changed(old, full_name, &self.base_url);
        Ok(platform::mail::enqueue(transaction, message, now).await?)
    }

    /// Changes the actor's name and e-mail address; problems are at `full_name` and `email`. Who signs in with their
    /// address signs in with the new one from then on, and cannot be without; links for another password that were
    /// sent to the old one end, and it is told there.
    ///
    /// Whoever has the address can have another password sent to it. So another address takes the present password,
    /// `old_password`; one that is missing or wrong is a problem there, and attempts are limited like those to sign in.
    pub async fn change_profile(
        &self,
        actor: &Actor,
        full_name: &str,
        email: &str,
        old_password: &str,
    ) -> Result<()> {
        own_name(actor)?;
        let user_id = actor.user_id;
        let present = sqlx::query!(
            "SELECT username, email FROM users WHERE id = $1 AND is_active",
            Uuid::from(user_id)
        )
        .fetch_optional(self.database.identity())
        .await?
        .ok_or(Error::NotFound)?;
        let mut problems = Problems::new();
        let full_name = problems.take("full_name", required_text(full_name, 120)).unwrap_or_default();
        let typed = problems.take("email", optional_email(email));
        let has_new_email = typed.as_ref().is_some_and(|email| *email != present.email);
        let email = typed.flatten();
        if has_new_email && email.is_none() && present.username.contains('@') {
            problems.add("email", ProblemCode::Required);
        } else if has_new_email && old_password.is_empty() {
            problems.add("old_password", ProblemCode::Required);
        }
        let (full_name, email) = problems.or((full_name, email))?;

        let (mut transaction, user) = if has_new_email {
            let compared = self.compare(user_id, old_password).await?;
            self.begin_compared(user_id, &compared).await?
        } else {
            let mut transaction = self.database.begin_identity().await?;
            let user = people::lock_active(&mut transaction, user_id).await?.ok_or(Error::NotFound)?;
            (transaction, user)
        };
        // Another form of theirs may have changed it since it was read, and that took the password.
        if user.email != present.email {
            return Err(Error::ChangedMeanwhile);
        }
        let now = self.clock.now();
        let username = match &email {
            Some(email) if user.username.contains('@') => email.clone(),
            _ => user.username,
        };
        sqlx::query!(
            "UPDATE users SET full_name = $2, email = $3, username = $4, updated_at = $5 WHERE id = $1",
            Uuid::from(user_id),
            full_name,
            email,
            username,
            now,
        )
        .execute(&mut *transaction)
        .await
        .map_err(|error| {
            Error::taken(error, &[("users_email_key", "email"), ("users_username_key", "email")])
        })?;
        if has_new_email {
            end_links(&mut transaction, user_id, now).await?;
        }
        if let Some(old) = user.email.filter(|_| has_new_email) {
            self.tell_address_changed(&mut transaction, &old, &user.full_name, now).await?;
        }
        let facts = json!({ "name_changed": full_name != user.full_name, "email_changed": has_new_email });
        let action = "profile.changed";
        people::record(&mut transaction, user.organisation_id, user_id, action, user_id.into(), facts, now)
            .await?;
        Ok(transaction.commit().await?)
    }
}
