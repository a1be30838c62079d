//! What somebody with a shell on the server may do: find users, make a platform admin, set a password.

use domain::hotel::password;
use domain::ids::UserId;
use domain::problem::{Problems, email, required_text};
use platform::audit::{self, Deed};
use platform::database::violated_constraint;
use uuid::Uuid;

use crate::access_end::end_access;
use crate::{Error, Identity, Result, people};

/// How many users a search shows.
const SHOWN: i64 = 100;

/// A user as the command line lists them.
#[derive(Debug, Clone)]
pub struct UserRow {
    /// The id.
    pub id: UserId,
    /// What the user signs in with.
    pub username: String,
    /// Full name.
    pub full_name: String,
    /// Whether the user may sign in.
    pub is_active: bool,
    /// Whether the user runs the platform.
    pub is_platform_admin: bool,
}

impl Identity {
    /// Users whose name, user name or address contains `text`; at most a hundred.
    pub async fn users(&self, text: &str) -> Result<Vec<UserRow>> {
        let users = sqlx::query_as!(
            UserRow,
            r#"SELECT id AS "id: UserId", username, full_name, is_active, is_platform_admin FROM users
               WHERE position(lower($1) IN lower(username || ' ' || full_name || ' ' || coalesce(email, ''))) > 0
               ORDER BY username LIMIT $2"#,
            text,
            SHOWN,
        )
        .fetch_all(self.database.identity())
        .await?;
        Ok(users)
    }

    /// Makes somebody a user who runs the platform.
    pub async fn create_admin(&self, address: &str, name: &str, new_password: &str) -> Result<UserId> {
        let mut problems = Problems::new();
        let address = problems.take("email", email(address));
        let name = problems.take("name", required_text(name, 120));
        let new_password = problems.take("password", password(new_password));
        let (Some(address), Some(name), Some(new_password)) = (address, name, new_password) else {
            return Err(Error::Invalid(problems.into_vec()));
        };
        let hash = self.passwords.hash(&new_password).await?;
        let id: UserId = platform::ids::new();
        let now = self.clock.now();
        let mut transaction = self.database.begin_identity().await?;
        sqlx::query!(
            "INSERT INTO users (id, email, username, full_name, password_hash, is_platform_admin, created_at)
             VALUES ($1, $2, $2, $3, $4, true, $5)",
            Uuid::from(id),
            address,
            name,
            hash,
            now,
        )
        .execute(&mut *transaction)
        .await
        .map_err(|error| match violated_constraint(&error) {
            Some("users_email_key" | "users_username_key") => {
                Error::Invalid(vec![domain::problem::FieldProblem::new(
                    "email",
                    domain::problem::ProblemCode::AlreadyInUse,
                )])
            }
            _ => error.into(),
        })?;
        audit::record(&mut *transaction, by_operator("user.admin_created", id), now).await?;
        people::tell(&mut transaction, None, "user.created", id, serde_json::json!({}), now).await?;
        transaction.commit().await?;
        Ok(id)
    }

    /// Sets the password of the user with this user name or address, and ends all their sessions and tokens.
    pub async fn set_password(&self, login: &str, new_password: &str) -> Result<()> {
        let new_password = password(new_password)
            .map_err(|code| Error::Invalid(vec![domain::problem::FieldProblem::new("password", code)]))?;
        let hash = self.passwords.hash(&new_password).await?;
        let now = self.clock.now();
        let mut transaction = self.database.begin_identity().await?;
        let id = sqlx::query_scalar!(
            r#"UPDATE users SET password_hash = $2 WHERE username = lower($1) OR email = lower($1) RETURNING id AS "id: UserId""#,
            login.trim(),
            hash,
        )
        .fetch_optional(&mut *transaction)
        .await?
        .ok_or(Error::NotFound)?;
        end_access(&mut transaction, id, None, now).await?;
        self.tell_password_changed(&mut transaction, id, now).await?;
        audit::record(&mut *transaction, by_operator("password.set_by_operator", id), now).await?;
        transaction.commit().await?;
        Ok(())
    }
}

/// A deed of nobody in particular: who has a shell is not known here.
fn by_operator(action: &'static str, user_id: UserId) -> Deed {
    Deed {
        organisation_id: None,
        hotel_id: None,
        user_id: None,
        action,
        subject: Some(user_id.into()),
        facts: serde_json::json!({}),
    }
}
