//! Ending everything a person is signed in with.

use chrono::{DateTime, Utc};
use domain::ids::{SessionId, UserId};
use platform::database::Transaction;
use uuid::Uuid;

use crate::Result;

/// Ends a person's sessions but `except`, all their refresh tokens (and with them the bearer tokens), and links for
/// another password. Returns how many sessions that were still open ended. The person's row must be locked, else
/// something issued meanwhile would survive.
pub(crate) async fn end_access(
    transaction: &mut Transaction,
    user_id: UserId,
    except: Option<SessionId>,
    now: DateTime<Utc>,
) -> Result<i64> {
    let ended = sqlx::query_scalar!(
        r#"WITH ended AS (DELETE FROM sessions WHERE user_id = $1 AND id IS DISTINCT FROM $2 RETURNING expires_at),
                revoked AS (UPDATE refresh_tokens SET revoked_at = $3 WHERE user_id = $1 AND revoked_at IS NULL),
                spent AS (UPDATE password_resets SET used_at = $3 WHERE user_id = $1 AND used_at IS NULL)
           SELECT count(*) AS "count!" FROM ended WHERE expires_at > $3"#,
        Uuid::from(user_id),
        except.map(Uuid::from),
        now,
    )
    .fetch_one(&mut **transaction)
    .await?;
    Ok(ended)
}
