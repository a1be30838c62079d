//! Signing in with an e-mail address or a user name, and a password.

pub(crate) mod failures;
pub mod limits;
pub(crate) mod network;
mod strangers;
#[cfg(test)]
mod tests;

use std::net::IpAddr;

use chrono::{DateTime, Utc};
use domain::access::Actor;
use domain::ids::{OrganisationId, UserId};
use platform::database::Transaction;
use serde_json::json;
use uuid::Uuid;

use crate::passwords::is_bcrypt;
use crate::sessions::{NewSession, repo};
use crate::{Error, Identity, Result, people};
use network::Network;
pub use strangers::Wish;

/// Longer than any login can be.
const LONGEST_LOGIN: usize = 300;

/// Who asks: for limits, and for the list of sessions.
#[derive(Debug, Clone)]
pub struct Client {
    /// The network address.
    pub address: IpAddr,
    /// The browser's own description of itself.
    pub user_agent: String,
}

/// Somebody who proved who they are, in the transaction that lets them in.
pub(crate) struct Proven {
    pub(crate) transaction: Transaction,
    pub(crate) actor: Actor,
    pub(crate) at: DateTime<Utc>,
}

/// A user as far as signing in needs to know.
struct Candidate {
    id: UserId,
    organisation_id: Option<OrganisationId>,
    password_hash: String,
    is_known_network: bool,
    /// The code of the company that employs the user, or of those who run the platform.
    company_code: Option<String>,
}

impl Identity {
    /// Signs somebody in. `login` is an e-mail address or a user name in any case.
    ///
    /// An unknown login and a wrong password are both [`Error::WrongCredentials`] after the same time; the right
    /// password of a deactivated user is [`Error::Inactive`]. Limits on failures: see [`limits`].
    pub async fn sign_in(&self, login: &str, password: &str, client: &Client) -> Result<NewSession> {
        let Proven { mut transaction, actor, at } = self.prove(login, password, client, None).await?;
        let token = platform::secret::token();
        let id = repo::insert(&mut transaction, &actor, &token, client, at).await?;
        let facts = json!({ "address": client.address.to_string() });
        people::record(
            &mut transaction,
            actor.organisation_id,
            actor.user_id,
            "session.signed_in",
            id.into(),
            facts,
            at,
        )
        .await?;
        transaction.commit().await?;
        Ok(NewSession { token: token.text, session: crate::sessions::session(id, actor, None) })
    }

    /// Finds out whether somebody is who they say, within the limits, and of the company whose code they name.
    pub(crate) async fn prove(
        &self,
        login: &str,
        password: &str,
        client: &Client,
        company_code: Option<&str>,
    ) -> Result<Proven> {
        let login = normal(login);
        let wrong = match company_code {
            Some(code) if !self.is_company_code(code.trim()).await? => Error::UnknownCompany,
            _ => Error::WrongCredentials,
        };
        let candidate = self.candidate(&login, client.address).await?;
        let is_known_network = candidate.as_ref().is_some_and(|candidate| candidate.is_known_network);
        let attempt = self.limits.sign_in(&login, client.address).known_here(is_known_network);
        self.limits.refuse_early(self.database.identity(), &attempt, self.clock.now()).await?;

        let hash = candidate.as_ref().map(|candidate| candidate.password_hash.as_str());
        let is_theirs = company_code.is_none_or(|code| {
            candidate.as_ref().is_some_and(|candidate| candidate.company_code.as_deref() == Some(code.trim()))
        });
        let is_right = self.passwords.verify(password, hash).await? && is_theirs;
        let new_hash = match hash {
            Some(hash) if is_right && is_bcrypt(hash) => Some(self.passwords.hash(password).await?),
            _ => None,
        };

        let mut transaction = self.database.begin_identity().await?;
        let now = self.clock.now();
        self.limits.settle(&mut transaction, &attempt, is_right, now).await?;
        let Some(candidate) = candidate else {
            transaction.commit().await?;
            return Err(wrong);
        };
        if !is_right {
            let facts = json!({ "address": client.address.to_string() });
            let (organisation_id, id) = (candidate.organisation_id, candidate.id);
            people::record(
                &mut transaction,
                organisation_id,
                id,
                "session.sign_in_failed",
                id.into(),
                facts,
                now,
            )
            .await?;
            transaction.commit().await?;
            return Err(wrong);
        }
        let actor = let_in(&mut transaction, &candidate, now).await?;
        if let Some(new_hash) = new_hash {
            // Not if it was changed since it was compared.
            sqlx::query!(
                "UPDATE users SET password_hash = $2 WHERE id = $1 AND password_hash = $3",
                Uuid::from(candidate.id),
                new_hash,
                candidate.password_hash,
            )
            .execute(&mut *transaction)
            .await?;
        }
        Ok(Proven { transaction, actor, at: now })
    }

    async fn is_company_code(&self, code: &str) -> Result<bool> {
        let found = sqlx::query_scalar!(
            r#"SELECT EXISTS (SELECT FROM organisations WHERE code = $1) AS "found!""#,
            code.replace('\0', "\u{fffd}"),
        )
        .fetch_one(self.database.identity())
        .await?;
        Ok(found)
    }

    async fn candidate(&self, login: &str, address: IpAddr) -> Result<Option<Candidate>> {
        let candidate = sqlx::query_as!(
            Candidate,
            r#"SELECT u.id AS "id: UserId", u.organisation_id AS "organisation_id: OrganisationId", u.password_hash,
                      EXISTS (SELECT FROM sessions s WHERE s.user_id = u.id AND s.address::inet <<= ($2::text)::inet)
                          AS "is_known_network!",
                      CASE WHEN u.is_platform_admin AND u.organisation_id IS NULL THEN '1000' ELSE o.code END AS company_code
               FROM users u LEFT JOIN organisations o ON o.id = u.organisation_id
               WHERE u.email = $1 OR u.username = $1"#,
            login,
            Network::of(address).to_string(),
        )
        .fetch_optional(self.database.identity())
        .await?;
        Ok(candidate)
    }
}

/// Lets somebody in unless they were deactivated, or their password changed, while it was compared.
async fn let_in(transaction: &mut Transaction, candidate: &Candidate, now: DateTime<Utc>) -> Result<Actor> {
    let signed_in = sqlx::query_scalar!(
        "UPDATE users SET last_signed_in_at = $2 WHERE id = $1 AND is_active AND password_hash = $3 RETURNING true",
        Uuid::from(candidate.id),
        now,
        candidate.password_hash,
    )
    .fetch_optional(&mut **transaction)
    .await?;
    match (signed_in, people::load(&mut **transaction, candidate.id).await?) {
        (Some(_), Some(person)) => Ok(person.actor),
        (None, Some(person)) if !person.is_active => Err(Error::Inactive),
        _ => Err(Error::WrongCredentials),
    }
}

/// A login as it is stored: without spaces around it, in lower case. Postgres has no NUL, so neither has any login.
pub(crate) fn normal(login: &str) -> String {
    login.trim().chars().filter(|c| *c != '\0').take(LONGEST_LOGIN).collect::<String>().to_lowercase()
}
