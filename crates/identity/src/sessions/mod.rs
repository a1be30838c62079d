//! Signed-in browsers.
//!
//! Receptionists stay signed in all day and come back after a weekend: a session ends three days after it was last used,
//! and 30 days after it began in any case. It also ends by signing out, by another password (all but the one that
//! changed it) and by deactivation. The browser holds a random token, the database only its hash.

pub(crate) mod repo;

use std::sync::Arc;

use chrono::TimeDelta;
use domain::access::{Actor, AdminPermit};
use domain::ids::{HotelId, SessionId};
use domain::staff::SessionRow;
use serde_json::json;

use crate::profile::own_name;
use crate::{Error, Identity, Result, people};

/// How long a session lasts without being used.
pub const IDLE: TimeDelta = TimeDelta::days(3);

/// How long a session lasts at most.
pub const LONGEST: TimeDelta = TimeDelta::days(30);

/// How often it is written down that a session is in use.
const SEEN_EVERY: TimeDelta = TimeDelta::minutes(1);

/// A signed-in browser and who is at it.
#[derive(Debug, Clone)]
pub struct Session {
    /// The session.
    pub id: SessionId,
    /// The person.
    pub actor: Arc<Actor>,
    /// The hotel in use: the one that was chosen if the person still works there, else the first.
    pub hotel_id: Option<HotelId>,
}

/// A session with the token that the browser is given.
#[derive(Clone)]
pub struct NewSession {
    /// The token; see [`crate::cookie`].
    pub token: String,
    /// The session.
    pub session: Session,
}

impl std::fmt::Debug for NewSession {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewSession").field("session", &self.session).finish_non_exhaustive()
    }
}

/// A session of `actor`, with the hotel that was chosen in it.
pub(crate) fn session(id: SessionId, actor: Actor, chosen: Option<HotelId>) -> Session {
    let hotel_id =
        chosen.filter(|hotel_id| actor.membership(*hotel_id).is_some()).or_else(|| actor.home_hotel());
    Session { id, actor: Arc::new(actor), hotel_id }
}

impl Identity {
    /// In how many browsers, of all companies, somebody is signed in and asked for something within that time; to the minute.
    pub async fn active_sessions(&self, _: AdminPermit<'_>, within: TimeDelta) -> Result<i64> {
        let now = self.clock.now();
        repo::count_used_since(self.database.identity(), now - within, now).await
    }

    /// The session that a token belongs to, in one statement, since every page pays for it. `None` when it has ended or
    /// its user was deactivated. At most once a minute a second statement notes that the session is in use.
    pub async fn session(&self, token: &str) -> Result<Option<Session>> {
        let now = self.clock.now();
        let Some(found) = repo::find(self.database.identity(), &platform::secret::hash(token), now).await?
        else {
            return Ok(None);
        };
        if found.last_seen_at <= now - SEEN_EVERY {
            let until = (now + IDLE).min(found.created_at + LONGEST);
            // A page is not refused because a note could not be made.
            if let Err(error) = repo::touch(self.database.identity(), found.id, now, SEEN_EVERY, until).await
            {
                tracing::warn!(%error, "session.not_touched");
            }
        }
        Ok(Some(session(found.id, found.actor, found.hotel_id)))
    }

    /// Signs a browser out. A session that has ended already stays ended.
    pub async fn sign_out(&self, session_id: SessionId) -> Result<()> {
        let now = self.clock.now();
        let mut transaction = self.database.begin_identity().await?;
        if let Some((user_id, organisation_id)) = repo::expire(&mut transaction, session_id, now).await? {
            let (action, subject) = ("session.signed_out", session_id.into());
            people::record(&mut transaction, organisation_id, user_id, action, subject, json!({}), now)
                .await?;
        }
        Ok(transaction.commit().await?)
    }

    /// Uses another hotel in a session. A hotel the person does not work in is [`Error::NotFound`], as is somebody
    /// else's session.
    pub async fn choose_hotel(&self, actor: &Actor, session_id: SessionId, hotel_id: HotelId) -> Result<()> {
        if actor.membership(hotel_id).is_none() {
            return Err(Error::NotFound);
        }
        let now = self.clock.now();
        repo::choose_hotel(self.database.identity(), actor.user_id, session_id, hotel_id, now).await
    }

    /// The actor's own sessions, last used first.
    pub async fn sessions(&self, actor: &Actor, current: SessionId) -> Result<Vec<SessionRow>> {
        repo::list(self.database.identity(), actor.user_id, current, self.clock.now()).await
    }

    /// Ends one of the actor's own sessions; somebody else's is [`Error::NotFound`]. Nobody does this in another's name.
    pub async fn end_session(&self, actor: &Actor, session_id: SessionId) -> Result<()> {
        own_name(actor)?;
        let now = self.clock.now();
        let mut transaction = self.database.begin_identity().await?;
        repo::delete(&mut transaction, actor.user_id, session_id, now).await?;
        let (action, facts) = ("sessions.ended", json!({ "sessions": 1 }));
        let subject = session_id.into();
        people::record(&mut transaction, actor.organisation_id, actor.user_id, action, subject, facts, now)
            .await?;
        Ok(transaction.commit().await?)
    }

    /// Ends the actor's sessions but the current one, and returns how many that were. Nobody does this in another's name.
    pub async fn end_other_sessions(&self, actor: &Actor, current: SessionId) -> Result<u64> {
        own_name(actor)?;
        let now = self.clock.now();
        let mut transaction = self.database.begin_identity().await?;
        let ended = repo::delete_others(&mut transaction, actor.user_id, current, now).await?;
        let (action, facts) = ("sessions.ended", json!({ "sessions": ended }));
        let subject = actor.user_id.into();
        people::record(&mut transaction, actor.organisation_id, actor.user_id, action, subject, facts, now)
            .await?;
        transaction.commit().await?;
        Ok(u64::try_from(ended).unwrap_or(0))
    }
}
