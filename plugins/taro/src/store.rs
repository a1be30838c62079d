//! Sessions in the database. Each statement names the account, and row-level security refuses those of others.

use std::collections::HashMap;

use domain::ids::AccountId;
use platform::database::Transaction;
use sqlx::types::Json;
use uuid::Uuid;

use crate::model::{FollowUp, Session};
use crate::spread::Drawn;
use crate::{Error, Result};

/// Some sessions of an account, newest first: at most `limit`, older than one of them; with their follow-ups.
pub(crate) async fn sessions(
    transaction: &mut Transaction,
    account_id: AccountId,
    before: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Session>> {
    let rows = sqlx::query!(
        r#"SELECT id, cards AS "cards: Json<Vec<Drawn>>", started_at, expires_at FROM taro_sessions
           WHERE account_id = $1 AND id < coalesce($2, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid)
           ORDER BY id DESC LIMIT $3"#,
        Uuid::from(account_id),
        before,
        limit,
    )
    .fetch_all(&mut **transaction)
    .await?;
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    let mut follow_ups = follow_ups(transaction, account_id, &ids).await?;
    let sessions = rows.into_iter().map(|row| Session {
        follow_ups: follow_ups.remove(&row.id).unwrap_or_default(),
        id: row.id,
        cards: row.cards.0,
        started_at: row.started_at,
        expires_at: row.expires_at,
    });
    Ok(sessions.collect())
}

/// One session of an account.
pub(crate) async fn session(
    transaction: &mut Transaction,
    account_id: AccountId,
    id: Uuid,
) -> Result<Session> {
    let row = sqlx::query!(
        r#"SELECT cards AS "cards: Json<Vec<Drawn>>", started_at, expires_at FROM taro_sessions
           WHERE account_id = $1 AND id = $2"#,
        Uuid::from(account_id),
        id,
    )
    .fetch_optional(&mut **transaction)
    .await?
    .ok_or(Error::NoSession)?;
    let follow_ups = follow_ups(transaction, account_id, &[id]).await?.remove(&id).unwrap_or_default();
    Ok(Session { id, cards: row.cards.0, follow_ups, started_at: row.started_at, expires_at: row.expires_at })
}

async fn follow_ups(
    transaction: &mut Transaction,
    account_id: AccountId,
    sessions: &[Uuid],
) -> Result<HashMap<Uuid, Vec<FollowUp>>> {
    let rows = sqlx::query!(
        r#"SELECT session_id, number, kind, cards AS "cards: Json<Vec<Drawn>>", created_at FROM taro_follow_ups
           WHERE account_id = $1 AND session_id = ANY ($2) ORDER BY session_id, number"#,
        Uuid::from(account_id),
        sessions,
    )
    .fetch_all(&mut **transaction)
    .await?;
    let mut found: HashMap<Uuid, Vec<FollowUp>> = HashMap::new();
    for row in rows {
        let kind = row.kind.parse().map_err(|()| Error::Inconsistent(format!("follow-up {}", row.kind)))?;
        let follow_up = FollowUp { number: row.number, kind, cards: row.cards.0, created_at: row.created_at };
        found.entry(row.session_id).or_default().push(follow_up);
    }
    Ok(found)
}

/// Keeps a session that begins.
pub(crate) async fn insert(
    transaction: &mut Transaction,
    account_id: AccountId,
    session: &Session,
) -> Result<()> {
    sqlx::query!(
        "INSERT INTO taro_sessions (account_id, id, cards, started_at, expires_at) VALUES ($1, $2, $3, $4, $5)",
        Uuid::from(account_id),
        session.id,
        Json(&session.cards) as _,
        session.started_at,
        session.expires_at,
    )
    .execute(&mut **transaction)
    .await?;
    Ok(())
}

/// Keeps the next follow-up of a session; [`Error::ChangedMeanwhile`] if there is one of its number already.
pub(crate) async fn add_follow_up(
    transaction: &mut Transaction,
    account_id: AccountId,
    session_id: Uuid,
    follow_up: &FollowUp,
) -> Result<()> {
    let counted = sqlx::query!(
        "UPDATE taro_sessions SET follow_ups = $3 WHERE account_id = $1 AND id = $2 AND follow_ups = $3 - 1",
        Uuid::from(account_id),
        session_id,
        follow_up.number,
    )
    .execute(&mut **transaction)
    .await?
    .rows_affected();
    if counted != 1 {
        return Err(Error::ChangedMeanwhile);
    }
    sqlx::query!(
        "INSERT INTO taro_follow_ups (account_id, session_id, number, kind, cards, created_at) VALUES ($1, $2, $3, $4, $5, $6)",
        Uuid::from(account_id),
        session_id,
        follow_up.number,
        follow_up.kind.as_str(),
        Json(&follow_up.cards) as _,
        follow_up.created_at,
    )
    .execute(&mut **transaction)
    .await?;
    Ok(())
}
