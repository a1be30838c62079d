//! The table `form_flashes`. The cookie holds a random token, the table its hash.

use app::shared::form::FormFlash;
use chrono::TimeDelta;
use platform::secret;

use super::FLASH_SECONDS;
use crate::state::AppState;

/// Keeps a refusal and what was typed; returns the cookie's token.
pub async fn keep(state: &AppState, flash: &FormFlash) -> Result<String, sqlx::Error> {
    let token = secret::token();
    let content = serde_json::to_value(flash).map_err(|error| sqlx::Error::Encode(error.into()))?;
    let expires_at = state.services.clock.now() + TimeDelta::seconds(i64::from(FLASH_SECONDS));
    sqlx::query!(
        "INSERT INTO form_flashes (token_hash, content, expires_at) VALUES ($1, $2, $3)",
        token.hash,
        content,
        expires_at,
    )
    .execute(state.database.identity())
    .await?;
    Ok(token.text)
}

/// Takes out what a token leads to; none when it is unknown, was used, is too old, or is for another page: one that was
/// opened elsewhere in the meantime takes nothing away.
pub async fn take(state: &AppState, token: &str, page: &str) -> Result<Option<FormFlash>, sqlx::Error> {
    let content = sqlx::query_scalar!(
        "DELETE FROM form_flashes WHERE token_hash = $1 AND expires_at > $2 AND content ->> 'page' = $3 RETURNING content",
        secret::hash(token),
        state.services.clock.now(),
        page,
    )
    .fetch_optional(state.database.identity())
    .await?;
    // A row of an older version that does not read is no reason to refuse the page.
    Ok(content.and_then(|content| serde_json::from_value(content).ok()))
}

/// What a token leads to on its page, which stays there.
pub async fn look(state: &AppState, token: &str, page: &str) -> Result<Option<FormFlash>, sqlx::Error> {
    let content = sqlx::query_scalar!(
        "SELECT content FROM form_flashes WHERE token_hash = $1 AND expires_at > $2 AND content ->> 'page' = $3",
        secret::hash(token),
        state.services.clock.now(),
        page,
    )
    .fetch_optional(state.database.identity())
    .await?;
    Ok(content.and_then(|content| serde_json::from_value(content).ok()))
}
