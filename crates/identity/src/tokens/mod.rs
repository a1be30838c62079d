//! Bearer tokens for REST, and the refresh tokens that get new ones.
//!
//! A refresh token is used once and replaced by the next of its family; it lasts 30 days from when it was issued. If one
//! is used again, two parties hold it, and nobody knows which is the thief: the whole family ends. There is no time of
//! grace for a client that repeats a request; it signs in again. A bearer token ends with its family.

pub(crate) mod access;
pub(crate) mod repo;

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use domain::access::Actor;
use platform::database::Transaction;
use serde_json::json;
use uuid::Uuid;

use crate::sign_in::{Client, Proven};
use crate::{Current, Error, Identity, Result, people};
use access::{Bearer, LIFETIME};

/// How long a refresh token can be used.
pub const REFRESH_LIFETIME: TimeDelta = TimeDelta::days(30);

/// A bearer token and how to get the next one.
#[derive(Clone)]
pub struct TokenPair {
    /// The bearer token.
    pub access_token: String,
    /// Gets another pair, once.
    pub refresh_token: String,
    /// How long the bearer token is accepted.
    pub expires_in_seconds: i64,
    /// The person.
    pub actor: Arc<Actor>,
}

impl std::fmt::Debug for TokenPair {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TokenPair").field("actor", &self.actor).finish_non_exhaustive()
    }
}

impl Identity {
    /// Issues tokens for a login and a password, like [`Identity::sign_in`].
    pub async fn issue_tokens(&self, login: &str, password: &str, client: &Client) -> Result<TokenPair> {
        let proven = self.prove(login, password, client, None).await?;
        self.issue(proven, client).await
    }

    /// [`Identity::issue_tokens`] to somebody who names their company, too: one of another company is
    /// [`Error::WrongCredentials`], and a code that no company has [`Error::UnknownCompany`]. Both count as failures. Those
    /// who run the platform belong to the company with the code `1000`.
    pub async fn issue_company_tokens(
        &self,
        company_code: &str,
        login: &str,
        password: &str,
        client: &Client,
    ) -> Result<TokenPair> {
        let proven = self.prove(login, password, client, Some(company_code)).await?;
        self.issue(proven, client).await
    }

    async fn issue(&self, proven: Proven, client: &Client) -> Result<TokenPair> {
        let Proven { mut transaction, actor, at } = proven;
        let family_id: Uuid = platform::ids::new();
        let facts = json!({ "address": client.address.to_string() });
        people::record(
            &mut transaction,
            actor.organisation_id,
            actor.user_id,
            "tokens.issued",
            family_id,
            facts,
            at,
        )
        .await?;
        let pair = self.pair(&mut transaction, family_id, actor, at).await?;
        transaction.commit().await?;
        Ok(pair)
    }

    /// Exchanges a refresh token for a new pair. However many try at once, one gets it; a second use ends the family.
    pub async fn refresh(&self, refresh_token: &str) -> Result<TokenPair> {
        let now = self.clock.now();
        let hash = platform::secret::hash(refresh_token);
        let mut transaction = self.database.begin_identity().await?;
        let owner = repo::lock_owner(&mut transaction, &hash).await?.ok_or(Error::BadToken)?;
        if repo::spend(&mut transaction, &hash, now).await? {
            let person = people::load(&mut *transaction, owner.user_id).await?.ok_or(Error::BadToken)?;
            if !person.is_active {
                return Err(Error::Inactive);
            }
            let pair = self.pair(&mut transaction, owner.family_id, person.actor, now).await?;
            transaction.commit().await?;
            return Ok(pair);
        }
        let state = repo::state(&mut transaction, &hash).await?;
        if state.is_used && !state.is_revoked {
            repo::revoke_family(&mut transaction, owner.family_id, now).await?;
            let (action, subject) = ("tokens.reused", owner.family_id);
            people::record(
                &mut transaction,
                owner.organisation_id,
                owner.user_id,
                action,
                subject,
                json!({}),
                now,
            )
            .await?;
            transaction.commit().await?;
            tracing::warn!(user_id = %owner.user_id, "tokens.reused");
        }
        Err(if state.is_used || state.is_revoked { Error::BadToken } else { Error::ExpiredToken })
    }

    /// Ends a refresh token's family. A token that is not known is no error (RFC 7009).
    pub async fn revoke(&self, refresh_token: &str) -> Result<()> {
        let now = self.clock.now();
        let hash = platform::secret::hash(refresh_token);
        let mut transaction = self.database.begin_identity().await?;
        let Some(owner) = repo::lock_owner(&mut transaction, &hash).await? else {
            return Ok(());
        };
        if repo::revoke_family(&mut transaction, owner.family_id, now).await? {
            let (action, subject) = ("tokens.revoked", owner.family_id);
            people::record(
                &mut transaction,
                owner.organisation_id,
                owner.user_id,
                action,
                subject,
                json!({}),
                now,
            )
            .await?;
        }
        Ok(transaction.commit().await?)
    }

    /// Whom a bearer token is for, as the database knows them now. Deactivated users are [`Error::Inactive`]; a token
    /// whose family was revoked is [`Error::BadToken`], as is one of an admin in somebody's name who is no admin any more.
    pub async fn bearer(&self, access_token: &str) -> Result<Actor> {
        let bearer = self.keys.verify(access_token, self.clock.now())?;
        let found = repo::bearer(self.database.identity(), &bearer).await?.ok_or(Error::BadToken)?;
        if !found.person.is_active {
            return Err(Error::Inactive);
        }
        if found.family_lives { Ok(found.person.actor) } else { Err(Error::BadToken) }
    }

    /// What a bearer token is a part of, so that it can go on where everything else ends.
    pub fn current(&self, access_token: &str) -> Result<Current> {
        Ok(Current::Family(self.keys.verify(access_token, self.clock.now())?.family_id))
    }

    async fn pair(
        &self,
        transaction: &mut Transaction,
        family_id: Uuid,
        actor: Actor,
        at: DateTime<Utc>,
    ) -> Result<TokenPair> {
        let token = platform::secret::token();
        repo::insert(transaction, family_id, actor.user_id, &token.hash, at).await?;
        Ok(TokenPair {
            access_token: self.keys.sign(&Bearer::of(&actor, family_id), at)?,
            refresh_token: token.text,
            expires_in_seconds: LIFETIME.num_seconds(),
            actor: Arc::new(actor),
        })
    }
}
