//! The platform's admin acts in the name of somebody who works for a company, to see what they see.
//!
//! The token ends soon, and there is no way to a longer one: what it hangs on is a refresh token that nobody was ever
//! given. It also ends when its person may no longer sign in or has another password, and when its admin is none any
//! more. In a browser it is the admin's own session that acts, for an hour at most. Whatever is asked for is written down
//! with both names; changing how the person signs in is refused.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use domain::access::{Actor, AdminPermit};
use domain::ids::{OrganisationId, SessionId, UserId};
use platform::database::Transaction;
use serde_json::{Value, json};
use uuid::Uuid;

use super::SYSTEM;
use crate::sessions::repo as sessions;
use crate::tokens::access::Bearer;
use crate::tokens::repo::insert_until;
use crate::{Error, Identity, Result, people};

/// How long a browser acts in somebody's name at most.
pub const ACTING: TimeDelta = TimeDelta::hours(1);

/// A token in somebody's name.
#[derive(Clone)]
pub struct Impersonation {
    /// The bearer token.
    pub access_token: String,
    /// How long it is accepted.
    pub expires_in_seconds: i64,
    /// The person, with the admin who acts for them.
    pub actor: Arc<Actor>,
}

impl Identity {
    /// A token with which the admin acts as somebody who works for a company. [`Error::NotFound`] for somebody who does
    /// not work there; [`Error::Forbidden`] for the platform's own company and for those who run the platform;
    /// [`Error::Conflict`] for somebody who may not sign in.
    pub async fn impersonate(
        &self,
        permit: AdminPermit<'_>,
        company_id: OrganisationId,
        user_id: UserId,
    ) -> Result<Impersonation> {
        let now = self.clock.now();
        let family_id: Uuid = platform::ids::new();
        let mut transaction = self.database.begin_identity().await?;
        let actor = enter(&mut transaction, permit, company_id, user_id).await?;
        let bearer = Bearer::of(&actor, family_id);
        let token = platform::secret::token();
        insert_until(&mut transaction, family_id, user_id, &token.hash, now, now + bearer.lifetime()).await?;
        record(&mut transaction, &actor, "user.impersonated", json!({}), now).await?;
        let access_token = self.keys.sign(&bearer, now)?;
        transaction.commit().await?;
        Ok(Impersonation {
            access_token,
            expires_in_seconds: bearer.lifetime().num_seconds(),
            actor: Arc::new(actor),
        })
    }

    /// Has the admin's browser act as somebody who works for a company, for [`ACTING`] or until
    /// [`Identity::stop_acting`]; refused as [`Identity::impersonate`] is.
    pub async fn act_as(
        &self,
        permit: AdminPermit<'_>,
        session_id: SessionId,
        company_id: OrganisationId,
        user_id: UserId,
    ) -> Result<()> {
        let now = self.clock.now();
        let mut transaction = self.database.begin_identity().await?;
        let actor = enter(&mut transaction, permit, company_id, user_id).await?;
        let acting = Some((user_id, now + ACTING));
        sessions::act_as(&mut transaction, session_id, permit.actor().user_id, acting).await?;
        record(&mut transaction, &actor, "user.impersonated", json!({}), now).await?;
        Ok(transaction.commit().await?)
    }

    /// Has the admin's browser be the admin's again. Nothing for those who act for themselves.
    pub async fn stop_acting(&self, actor: &Actor, session_id: SessionId) -> Result<()> {
        let Some(admin_id) = actor.impersonated_by else { return Ok(()) };
        let mut transaction = self.database.begin_identity().await?;
        sessions::act_as(&mut transaction, session_id, admin_id, None).await?;
        Ok(transaction.commit().await?)
    }

    /// Writes down what is asked for in somebody's name, before it is done. Nothing for those who act for themselves.
    pub async fn note_impersonated(&self, actor: &Actor, method: &str, path: &str) -> Result<()> {
        if actor.impersonated_by.is_none() {
            return Ok(());
        }
        let mut transaction = self.database.begin_identity().await?;
        let facts = json!({ "method": method, "path": path });
        record(&mut transaction, actor, "impersonation.request", facts, self.clock.now()).await?;
        Ok(transaction.commit().await?)
    }
}

/// Somebody who works for a company, with the admin who acts for them.
async fn enter(
    transaction: &mut Transaction,
    permit: AdminPermit<'_>,
    company_id: OrganisationId,
    user_id: UserId,
) -> Result<Actor> {
    // Whoever acts for others may do everything that they may, so no role permits it.
    permit.actor().admin()?;
    if company_id == SYSTEM {
        return Err(Error::Forbidden);
    }
    // What ends somebody's access waits for this, or has happened.
    let is_active = people::lock_active(transaction, user_id).await?.is_some();
    let person = people::load(&mut **transaction, user_id).await?;
    let person = person.filter(|person| person.actor.organisation_id == Some(company_id));
    let person = person.ok_or(Error::NotFound)?;
    if person.actor.is_platform_admin {
        return Err(Error::Forbidden);
    }
    if !is_active {
        return Err(Error::Conflict("User is inactive"));
    }
    Ok(Actor { impersonated_by: Some(permit.actor().user_id), ..person.actor })
}

/// Writes what is done in a person's name: with the ids and the names of both, as they are now.
async fn record(
    transaction: &mut Transaction,
    actor: &Actor,
    action: &str,
    facts: Value,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "INSERT INTO audit_log (id, organisation_id, user_id, action, subject, facts, at, impersonated_by)
         SELECT $1, $2, $3, $4, $3,
                $5::jsonb || jsonb_build_object('user_id', $3::uuid, 'name', $6::text, 'admin_id', a.id, 'admin', a.full_name), $7, a.id
         FROM users a WHERE a.id = $8",
        platform::ids::new::<Uuid>(),
        actor.organisation_id.map(Uuid::from),
        Uuid::from(actor.user_id),
        action,
        facts,
        actor.full_name,
        now,
        actor.impersonated_by.map(Uuid::from),
    )
    .execute(&mut **transaction)
    .await?;
    Ok(())
}

impl std::fmt::Debug for Impersonation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Impersonation").field("actor", &self.actor).finish_non_exhaustive()
    }
}
