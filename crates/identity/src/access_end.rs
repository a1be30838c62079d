//! Ending everything a person is signed in with.

use chrono::{DateTime, Utc};
use domain::ids::{SessionId, UserId};
use platform::database::Transaction;
use uuid::Uuid;

use crate::Result;

/// What somebody is signed in with, where that is to go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Current {
    /// A browser.
    Session(SessionId),
    /// A family of refresh tokens, with its bearer tokens.
    Family(Uuid),
}

impl From<SessionId> for Current {
    fn from(id: SessionId) -> Self {
        Self::Session(id)
    }
}

/// Ends a person's sessions, their refresh tokens (and with them the bearer tokens), all but `except`, and links for
/// another password. Returns how many sessions that were still open ended. The person's row must be locked, else
/// something issued meanwhile would survive.
pub(crate) async fn end_access(
    transaction: &mut Transaction,
    user_id: UserId,
    except: Option<Current>,
    now: DateTime<Utc>,
) -> Result<i64> {
    let (session, family) = match except {
        Some(Current::Session(id)) => (Some(Uuid::from(id)), None),
        Some(Current::Family(id)) => (None, Some(id)),
        None => (None, None),
    };
    let ended = sqlx::query_scalar!(
        r#"WITH ended AS (DELETE FROM sessions WHERE user_id = $1 AND id IS DISTINCT FROM $2 RETURNING expires_at),
                spent AS (UPDATE password_resets SET used_at = $3 WHERE user_id = $1 AND used_at IS NULL)
           SELECT count(*) AS "count!" FROM ended WHERE expires_at > $3"#,
        Uuid::from(user_id),
        session,
        now,
    )
    .fetch_one(&mut **transaction)
    .await?;
    // Families are for identity's own role to see; who else ends access ends all of them.
    match family {
        Some(family) => {
            sqlx::query!(
                "UPDATE refresh_tokens SET revoked_at = $2 WHERE user_id = $1 AND revoked_at IS NULL AND family_id <> $3",
                Uuid::from(user_id),
                now,
                family,
            )
            .execute(&mut **transaction)
            .await?
        }
        None => {
            sqlx::query!(
                "UPDATE refresh_tokens SET revoked_at = $2 WHERE user_id = $1 AND revoked_at IS NULL",
                Uuid::from(user_id),
                now,
            )
            .execute(&mut **transaction)
            .await?
        }
    };
    Ok(ended)
}
