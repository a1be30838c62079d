//! What somebody without an account may ask for, how often, and what a second click on it comes to.

use chrono::TimeDelta;
use domain::problem::ProblemCode;

use super::{Client, normal};
use crate::{Error, Identity, NewSession, Result};

/// How long the second click on a form may take that made an account.
const SECOND_CLICK: TimeDelta = TimeDelta::minutes(10);

/// What costs us work, or somebody else a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// An account of one's own.
    Account,
    /// A link to set another password.
    Link,
}

impl Identity {
    /// Counts a wish. An address may have as many within the window as sign-ins may fail there; then it waits
    /// ([`Error::TooManyAttempts`]).
    pub async fn count_wish(&self, wish: Wish, client: &Client) -> Result<()> {
        let attempt = self.limits.wish(wish, client.address);
        let mut transaction = self.database.begin_identity().await?;
        self.limits.settle(&mut transaction, &attempt, false, self.clock.now()).await?;
        Ok(transaction.commit().await?)
    }

    /// What a form comes to that was to make an account and was `refused`. If the address is taken by the very account
    /// that the same form made a moment ago, this is its second click, and whoever sent it is let in: the browser never
    /// saw the answer to the first. `hotel` is the name of the hotel that was to be made.
    pub async fn second_click(
        &self,
        refused: Error,
        email: &str,
        password: &str,
        hotel: Option<&str>,
        client: &Client,
    ) -> Result<NewSession> {
        let is_taken = matches!(&refused, Error::Invalid(problems)
            if problems.iter().any(|problem| problem.code == ProblemCode::AlreadyInUse));
        if !is_taken {
            return Err(refused);
        }
        let is_just_made = sqlx::query_scalar!(
            r#"SELECT EXISTS (
                   SELECT FROM users u
                   LEFT JOIN memberships m ON m.user_id = u.id
                   LEFT JOIN hotels h ON h.organisation_id = m.organisation_id AND h.id = m.hotel_id
                   WHERE u.email = $1 AND u.created_at > $2 AND h.name IS NOT DISTINCT FROM $3) AS "found!""#,
            normal(email),
            self.clock.now() - SECOND_CLICK,
            hotel.map(str::trim),
        )
        .fetch_one(self.database.identity())
        .await?;
        if !is_just_made {
            return Err(refused);
        }
        match self.sign_in(email, password, client).await {
            Err(Error::WrongCredentials) => Err(refused),
            answer => answer,
        }
    }
}
