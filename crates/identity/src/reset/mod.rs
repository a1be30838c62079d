//! A forgotten password: a link by mail that is good for one hour, once, and until the next one is sent.

mod repo;

pub(crate) use repo::end_links;

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use domain::ids::OrganisationId;
use domain::problem::ProblemCode;
use serde_json::json;

use crate::access_end::end_access;
use crate::customers::is_strong;
use crate::sign_in::failures;
use crate::{Client, Error, Identity, Result, Wish, mails, people};
use repo::LinkState;

/// How long a link can be used.
pub const LINK_LIFETIME: TimeDelta = TimeDelta::hours(1);

/// How many links one person is sent within [`LINK_LIFETIME`], so that nobody fills their mailbox.
const MOST_LINKS: i64 = 5;

/// What every answer takes. Writing a link takes a fraction of it, so the time does not tell whether there was one.
const ANSWER_TIME: Duration = Duration::from_millis(150);

impl Identity {
    /// Sends a link for another password if the e-mail address is that of an active user. The answer and its time are
    /// the same if it is not, or not an address at all; only how often the client asked tells ([`Identity::count_wish`]).
    pub async fn forgot_password(&self, email: &str, client: &Client) -> Result<()> {
        self.count_wish(Wish::Link, client).await?;
        let (result, ()) = tokio::join!(self.send_link(email), tokio::time::sleep(ANSWER_TIME));
        result
    }

    async fn send_link(&self, email: &str) -> Result<()> {
        let Ok(email) = domain::problem::email(email) else {
            return Ok(());
        };
        let now = self.clock.now();
        let mut transaction = self.database.begin_identity().await?;
        let Some(user) = repo::lock_by_email(&mut transaction, &email).await? else {
            return Ok(());
        };
        if repo::links_since(&mut transaction, user.id, now - LINK_LIFETIME).await? >= MOST_LINKS {
            tracing::info!(user_id = %user.id, "password_reset.too_many_links");
            return Ok(());
        }
        let token = platform::secret::token();
        // The newest mail is the one that counts: an older one may be in a mailbox that others read.
        repo::end_links(&mut transaction, user.id, now).await?;
        repo::insert(&mut transaction, &token.hash, user.id, now).await?;
        let message = mails::password_reset(&email, &user.full_name, &self.base_url, &token.text);
        platform::mail::enqueue(&mut transaction, message, now).await?;
        // Never the link, which lets its holder in.
        let kind = "security.password_reset.request";
        people::tell(&mut transaction, user.organisation_id, kind, user.id, json!({}), now).await?;
        Ok(transaction.commit().await?)
    }

    /// Sets another password by the token of a link, and ends everything the person is signed in with.
    ///
    /// [`Error::BadToken`] for a token that is not ours, or whose user was deactivated; [`Error::UsedToken`] for one that was
    /// used, or ended when the password changed; [`Error::ExpiredToken`] after an hour; a password that cannot be accepted
    /// is a problem at `password`, and the link stays good.
    pub async fn reset_password(&self, token: &str, new_password: &str) -> Result<()> {
        let hash = platform::secret::hash(token);
        let link = usable(repo::state(self.database.identity(), &hash).await?, self.clock.now())?;
        let new = own_password_checked("password", new_password, link.organisation_id)?;
        let new_hash = self.passwords.hash(&new).await?;

        let mut transaction = self.database.begin_identity().await?;
        let now = self.clock.now();
        let user_id = repo::owner(&mut transaction, &hash).await?.ok_or(Error::BadToken)?;
        let user = people::lock_active(&mut transaction, user_id).await?.ok_or(Error::BadToken)?;
        if !repo::spend(&mut transaction, &hash, now).await? {
            return Err(Error::UsedToken);
        }
        people::set_password(&mut transaction, user_id, &new_hash).await?;
        let ended = end_access(&mut transaction, user_id, None, now).await?;
        self.tell_password_changed(&mut transaction, user_id, now).await?;
        // Whoever reads the person's mail is not the one who was guessing.
        let logins = [Some(user.username), user.email].into_iter().flatten();
        let subjects: Vec<_> = logins.map(|login| self.limits.login(&login)).collect();
        failures::forget(&mut transaction, &subjects).await?;
        let (action, facts) = ("password.reset", json!({ "sessions_ended": ended }));
        people::record(&mut transaction, user.organisation_id, user_id, action, user_id.into(), facts, now)
            .await?;
        let kind = "security.password_reset.execute";
        people::tell(&mut transaction, user.organisation_id, kind, user_id, json!({}), now).await?;
        Ok(transaction.commit().await?)
    }
}

/// A link that can be used, else why it cannot.
fn usable(state: Option<LinkState>, now: DateTime<Utc>) -> Result<LinkState> {
    match state {
        None => Err(Error::BadToken),
        Some(link) if link.is_used => Err(Error::UsedToken),
        Some(link) if link.expires_at <= now => Err(Error::ExpiredToken),
        Some(link) => Ok(link),
    }
}

/// Checks the password that somebody chooses for themselves; the problem is at `field`. A customer's, who works for nobody,
/// is as strong as the one they signed up with (spec `subscription-billing.md` 5.2).
pub(crate) fn own_password_checked(
    field: &str,
    text: &str,
    organisation_id: Option<OrganisationId>,
) -> Result<String> {
    if organisation_id.is_none() && !is_strong(text) {
        return Err(Error::at(field, ProblemCode::WeakPassword));
    }
    new_password_checked(field, text)
}

/// Checks a new password; the problem is at `field`.
pub(crate) fn new_password_checked(field: &str, text: &str) -> Result<String> {
    domain::hotel::password(text).map_err(|code| Error::at(field, code))
}
