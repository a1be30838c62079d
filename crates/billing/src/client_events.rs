//! What front ends tell (spec 5.13): kept for 90 days, for the admin to look at. Nothing follows from it, since a browser
//! can say what it likes.

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use domain::access::{AccountPermit, AdminPermit};
use domain::billing::client_event;
use domain::ids::UserId;
use platform::database::{Database, Transaction};
use serde_json::Value;
use uuid::Uuid;

use crate::{Billing, Error, Result, input};

/// The most events of one request.
pub const MOST: usize = 100;

/// The most bytes of an event's data.
pub const MAX_DATA: usize = 4 * 1024;

/// How many requests of one user are taken in [`WINDOW`].
const REQUESTS: i32 = 100;

/// The time in which requests are counted.
const WINDOW: TimeDelta = TimeDelta::minutes(1);

/// How long events are kept.
const KEPT: TimeDelta = TimeDelta::days(90);

/// How many rows one statement deletes, so that none holds its locks for long.
const DELETED: i64 = 10_000;

/// What a front end tells; not looked at yet.
#[derive(Debug, Clone, Default)]
pub struct ClientEvent {
    /// One of [`client_event::TYPES`]; none where no text says which.
    pub kind: Option<String>,
    /// Whatever belongs to it.
    pub data: Option<Value>,
    /// When it happened, by the front end's clock: ISO 8601, in UTC if it does not say, or milliseconds since 1970.
    pub timestamp: Option<Value>,
}

/// What a front end told.
#[derive(Debug, Clone, PartialEq)]
pub struct KeptClientEvent {
    /// The id.
    pub id: Uuid,
    /// Who was signed in.
    pub user_id: UserId,
    /// One of [`client_event::TYPES`].
    pub kind: String,
    /// Whatever belongs to it.
    pub data: Option<Value>,
    /// When it happened, by the front end's clock.
    pub told_at: Option<DateTime<Utc>>,
    /// When it came.
    pub received_at: DateTime<Utc>,
}

/// An event that can be kept.
struct Checked {
    kind: String,
    data: Option<Value>,
    told_at: Option<DateTime<Utc>>,
}

impl ClientEvent {
    /// The event as it is kept, or why it is not.
    fn checked(self) -> std::result::Result<Checked, String> {
        let kind = self.kind.ok_or("type must be a text")?;
        if !client_event::is_type(&kind) {
            let kind: String = kind.chars().take(100).collect();
            return Err(format!("Unknown event type: {kind}"));
        }
        let data = self.data.filter(|data| !data.is_null());
        if let Some(data) = &data {
            if data.to_string().len() > MAX_DATA {
                return Err(format!("data must be at most {MAX_DATA} bytes long"));
            }
            input::json("data", data).map_err(|error| error.to_string())?;
        }
        let told_at = match self.timestamp.filter(|timestamp| !timestamp.is_null()) {
            Some(timestamp) => Some(instant(&timestamp).ok_or("timestamp is not an instant")?),
            None => None,
        };
        Ok(Checked { kind, data, told_at })
    }
}

fn instant(value: &Value) -> Option<DateTime<Utc>> {
    let at = match value {
        Value::String(text) => match DateTime::parse_from_rfc3339(text.trim()) {
            Ok(at) => at.to_utc(),
            Err(_) => text.trim().parse::<NaiveDateTime>().ok()?.and_utc(),
        },
        Value::Number(number) => DateTime::from_timestamp_millis(number.as_i64()?)?,
        _ => return None,
    };
    domain::stay::is_in_reach(at.date_naive()).then_some(at)
}

impl Billing {
    /// Keeps what a front end tells: those events that can be; of the others it says why not, with their place. More than
    /// a hundred requests a minute are [`Error::TooManyRequests`].
    pub async fn keep_client_events(
        &self,
        permit: AccountPermit<'_>,
        events: Vec<ClientEvent>,
    ) -> Result<(usize, Vec<(usize, String)>)> {
        let now = self.clock.now();
        let user_id = permit.actor().user_id;
        let mut transaction = self.begin(permit).await?;
        count(&mut transaction, user_id, now).await?;
        let mut problems = Vec::new();
        let mut kept = Vec::with_capacity(events.len());
        for (place, event) in events.into_iter().enumerate() {
            match event.checked() {
                Ok(event) => kept.push(event),
                Err(problem) => problems.push((place, problem)),
            }
        }
        let ids: Vec<Uuid> = kept.iter().map(|_| platform::ids::new()).collect();
        let kinds: Vec<String> = kept.iter().map(|event| event.kind.clone()).collect();
        let times: Vec<Option<DateTime<Utc>>> = kept.iter().map(|event| event.told_at).collect();
        let data: Vec<Option<Value>> = kept.into_iter().map(|event| event.data).collect();
        sqlx::query!(
            "INSERT INTO client_events (id, user_id, kind, data, told_at, received_at)
             SELECT id, $1, kind, data, told_at, $2
             FROM unnest($3::uuid[], $4::text[], $5::jsonb[], $6::timestamptz[]) AS t (id, kind, data, told_at)",
            Uuid::from(user_id),
            now,
            &ids,
            &kinds,
            &data as &[Option<Value>],
            &times as &[Option<DateTime<Utc>>],
        )
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok((ids.len(), problems))
    }

    /// What front ends told, newest first: a page of at most `limit`, of one user and type if they are given, older than
    /// one of them.
    pub async fn client_events(
        &self,
        permit: AdminPermit<'_>,
        user_id: Option<UserId>,
        kind: Option<&str>,
        before: Option<Uuid>,
        limit: i64,
    ) -> Result<Vec<KeptClientEvent>> {
        let mut transaction = self.database.begin_admin(&permit).await?;
        let found = sqlx::query_as!(
            KeptClientEvent,
            r#"SELECT id, user_id AS "user_id: UserId", kind, data, told_at, received_at FROM client_events
               WHERE ($1::uuid IS NULL OR user_id = $1) AND ($2::text IS NULL OR kind = $2) AND ($3::uuid IS NULL OR id < $3)
               ORDER BY id DESC LIMIT $4"#,
            user_id.map(Uuid::from),
            kind,
            before,
            limit,
        )
        .fetch_all(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(found)
    }
}

/// Counts a request, or refuses it; in one statement, so that many at once are counted, too.
async fn count(transaction: &mut Transaction, user_id: UserId, now: DateTime<Utc>) -> Result<()> {
    let counted = sqlx::query!(
        "INSERT INTO client_event_windows AS known (user_id, began_at, requests) VALUES ($1, $2, 1)
         ON CONFLICT (user_id) DO UPDATE
         SET began_at = CASE WHEN known.began_at <= $3 THEN excluded.began_at ELSE known.began_at END,
             requests = CASE WHEN known.began_at <= $3 THEN 1 ELSE known.requests + 1 END
         WHERE known.began_at <= $3 OR known.requests < $4",
        Uuid::from(user_id),
        now,
        now - WINDOW,
        REQUESTS,
    )
    .execute(&mut **transaction)
    .await?;
    if counted.rows_affected() == 1 {
        return Ok(());
    }
    let began_at = sqlx::query_scalar!(
        "SELECT began_at FROM client_event_windows WHERE user_id = $1",
        Uuid::from(user_id)
    )
    .fetch_one(&mut **transaction)
    .await?;
    // Rounded up, so that who waits as long as told is not refused again.
    let retry_after_seconds = ((began_at + WINDOW - now).num_milliseconds() + 999).div_euclid(1_000);
    Err(Error::TooManyRequests { retry_after_seconds })
}

/// Deletes what was told more than 90 days ago, and counts that no longer matter.
pub(crate) async fn delete_old(database: &Database, now: DateTime<Utc>) -> Result<()> {
    while sqlx::query!(
        "DELETE FROM client_events WHERE id = ANY (ARRAY(SELECT id FROM client_events WHERE received_at < $2 LIMIT $1))",
        DELETED,
        now - KEPT,
    )
    .execute(database.worker())
    .await?
    .rows_affected()
        == DELETED.unsigned_abs()
    {}
    while sqlx::query!(
        "DELETE FROM client_event_windows WHERE user_id = ANY (ARRAY(SELECT user_id FROM client_event_windows WHERE began_at < $2 LIMIT $1))",
        DELETED,
        now - TimeDelta::days(1),
    )
    .execute(database.worker())
    .await?
    .rows_affected()
        == DELETED.unsigned_abs()
    {}
    Ok(())
}
