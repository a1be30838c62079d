//! What people change about themselves.

use chrono::{DateTime, Utc};
use domain::access::Actor;
use domain::ids::UserId;
use domain::problem::{ProblemCode, Problems, optional_email, required_text};
use platform::database::Transaction;
use serde_json::json;
use uuid::Uuid;

use crate::access_end::{Current, end_access};
use crate::reset::{end_links, new_password_checked};
use crate::{Error, Identity, Result, mails, people};

/// Who acts in somebody's name does not change how they or their colleagues sign in.
pub(crate) fn own_name(actor: &Actor) -> Result<()> {
    if actor.impersonated_by.is_none() { Ok(()) } else { Err(Error::Forbidden) }
}

impl Identity {
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
        let new = new_password_checked("new_password", new)?;
        let user_id = actor.user_id;
        let attempt = self.limits.confirmation(user_id);
        self.limits.refuse_early(self.database.identity(), &attempt, self.clock.now()).await?;
        let stored = sqlx::query_scalar!(
            "SELECT password_hash FROM users WHERE id = $1 AND is_active",
            Uuid::from(user_id)
        )
        .fetch_optional(self.database.identity())
        .await?
        .ok_or(Error::NotFound)?;
        let is_right = self.passwords.verify(old, Some(&stored)).await?;
        let new_hash = if is_right { Some(self.passwords.hash(&new).await?) } else { None };

        let mut transaction = self.database.begin_identity().await?;
        let now = self.clock.now();
        self.limits.settle(&mut transaction, &attempt, is_right, now).await?;
        let user = people::lock_active(&mut transaction, user_id).await?.ok_or(Error::NotFound)?;
        let wrong = || Error::at("old_password", ProblemCode::Wrong);
        let Some(new_hash) = new_hash else {
            transaction.commit().await?;
            return Err(wrong());
        };
        // Somebody else may have changed it since it was compared.
        if user.password_hash != stored {
            return Err(wrong());
        }
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

    /// Changes the actor's name and e-mail address; problems are at `full_name` and `email`. Who signs in with their
    /// address signs in with the new one from then on, and cannot be without; links for another password that were
    /// sent to the old one end.
    pub async fn change_profile(&self, actor: &Actor, full_name: &str, email: &str) -> Result<()> {
        own_name(actor)?;
        let now = self.clock.now();
        let mut transaction = self.database.begin_identity().await?;
        let user = people::lock_active(&mut transaction, actor.user_id).await?.ok_or(Error::NotFound)?;
        let signs_in_by_email = user.username.contains('@');
        let mut problems = Problems::new();
        let full_name = problems.take("full_name", required_text(full_name, 120)).unwrap_or_default();
        let email = problems.take("email", optional_email(email)).flatten();
        if email.is_none() && problems.is_empty() && signs_in_by_email {
            problems.add("email", ProblemCode::Required);
        }
        let (full_name, email) = problems.or((full_name, email))?;
        let username = match &email {
            Some(email) if signs_in_by_email => email.clone(),
            _ => user.username,
        };
        let user_id = Uuid::from(actor.user_id);
        sqlx::query!(
            "UPDATE users SET full_name = $2, email = $3, username = $4, updated_at = $5 WHERE id = $1",
            user_id,
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
        let has_new_email = email != user.email;
        if has_new_email {
            end_links(&mut transaction, actor.user_id, now).await?;
        }
        let facts = json!({ "name_changed": full_name != user.full_name, "email_changed": has_new_email });
        let action = "profile.changed";
        people::record(&mut transaction, user.organisation_id, actor.user_id, action, user_id, facts, now)
            .await?;
        Ok(transaction.commit().await?)
    }
}
