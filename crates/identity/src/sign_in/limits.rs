//! How often guessing a password may fail.
//!
//! Only failures are counted (DESIGN 5.8), in `sign_in_failures`, so a restart forgets nothing. Each failure counts
//! three times, for the window of the settings (15 minutes):
//!
//! | counted together | how many | then |
//! | --- | --- | --- |
//! | login and network (/24, /48) | `per_account` (10) | that login waits in that network until the oldest of them is out of the window |
//! | one address | `per_address` (50) | that address waits likewise, whatever the login |
//! | login, from anywhere | five times `per_account` (50) | each further attempt waits longer after the failure before it: 1 s, 2 s, 4 s … 60 s |
//!
//! **The real user is not locked out.** Somebody else's failures count against the real user in the second and third row
//! alone, and from a network the user was signed in from within the last weeks neither of those rows applies: there only
//! their own network's failures with their own login count. From a new network, while an attack on their login goes on,
//! they wait a minute at most between attempts instead of a quarter of an hour, and a new password by mail forgets the
//! failures of their login. Signing in forgets the login's failures in that network.
//!
//! Logins are counted as they were typed, known or not, so that nothing here tells whether a login exists. A person who
//! has both an e-mail address and another user name can therefore be guessed at twice as often.
//!
//! **A burst gets no more tries than a sequence.** The password is compared first, which takes long, and then the answer
//! is decided under a lock for each of the three: of a hundred parallel attempts the eleventh is refused whether its
//! password was right or not, so it tells nothing. An attempt that is already over a limit is refused before the
//! password is looked at.

use std::net::IpAddr;

use chrono::{DateTime, TimeDelta, Utc};
use platform::settings::{Secret, SignInLimits};
use sha2::{Digest, Sha256};

use super::failures::{self, Tally};
use super::network::{Network, one_line};
use super::strangers::Wish;
use crate::{Error, Result};
use domain::ids::UserId;
use platform::database::Transaction;

/// How many times `per_account` a login may fail from anywhere before each attempt waits.
const FROM_ANYWHERE: i64 = 5;

/// The longest wait between attempts on a login that is under attack from many networks.
const LONGEST_DELAY_SECONDS: i64 = 60;

/// The limits of the settings, with the key under which logins and addresses are counted.
pub(crate) struct Limits {
    pub(super) per_account: i64,
    pub(super) per_address: i64,
    pub(super) window: TimeDelta,
    key: [u8; 32],
}

/// What one attempt counts as. Hashes, because who fails to sign in often types a password for a login; with a key,
/// because a list of likely logins and addresses is short.
#[derive(Debug, Clone)]
pub(crate) struct Attempt {
    /// The login in its network; none where there is no login.
    pub(super) own: Option<Vec<u8>>,
    /// The address; none where there is no sign-in.
    pub(super) address: Option<Vec<u8>>,
    /// The login; none where there is no sign-in.
    pub(super) login: Option<Vec<u8>>,
    /// Whether others' failures count.
    pub(super) is_known_network: bool,
}

impl Attempt {
    /// The same attempt by somebody who was signed in from this network before.
    pub(crate) fn known_here(self, is_known_network: bool) -> Self {
        Self { is_known_network, ..self }
    }

    pub(super) fn subjects(&self) -> Vec<Vec<u8>> {
        [self.own.as_ref(), self.address.as_ref(), self.login.as_ref()]
            .into_iter()
            .flatten()
            .cloned()
            .collect()
    }
}

impl Limits {
    pub(crate) fn new(settings: &SignInLimits, secret: &Secret) -> Self {
        Self {
            per_account: settings.per_account,
            per_address: settings.per_address,
            window: TimeDelta::minutes(settings.window_minutes),
            key: Sha256::digest(format!("sign-in failures\0{}", secret.expose())).into(),
        }
    }

    fn subject(&self, kind: &str, text: &str) -> Vec<u8> {
        Sha256::new()
            .chain_update(self.key)
            .chain_update(kind)
            .chain_update([0])
            .chain_update(text)
            .finalize()
            .to_vec()
    }

    /// An attempt to sign in with a login from an address.
    pub(crate) fn sign_in(&self, login: &str, address: IpAddr) -> Attempt {
        Attempt {
            own: Some(self.subject("login and network", &format!("{}\0{login}", Network::of(address)))),
            address: Some(self.subject("address", &one_line(address))),
            login: Some(self.login(login)),
            is_known_network: false,
        }
    }

    /// An attempt of somebody signed in to prove the present password.
    pub(crate) fn confirmation(&self, user_id: UserId) -> Attempt {
        let own = self.subject("confirmation", &user_id.to_string());
        Attempt { own: Some(own), address: None, login: None, is_known_network: true }
    }

    /// What somebody without an account asks for, counted by address as failures are.
    pub(crate) fn wish(&self, wish: Wish, address: IpAddr) -> Attempt {
        let kind = match wish {
            Wish::Account => "account for address",
            Wish::Link => "link for address",
        };
        let address = Some(self.subject(kind, &one_line(address)));
        Attempt { own: None, address, login: None, is_known_network: false }
    }

    /// What failures of a login from anywhere are counted under.
    pub(crate) fn login(&self, login: &str) -> Vec<u8> {
        self.subject("login", login)
    }

    /// Refuses an attempt that is over a limit now; without a lock, to save the work of comparing passwords.
    pub(crate) async fn refuse_early(
        &self,
        pool: &sqlx::PgPool,
        attempt: &Attempt,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let tally = failures::tally(pool, self, attempt, now).await?;
        self.decide(&tally, attempt, now)
    }

    /// Decides, once the password was compared and with everybody else waiting, whether the attempt counts. A failure is
    /// written down in the transaction.
    pub(crate) async fn settle(
        &self,
        transaction: &mut Transaction,
        attempt: &Attempt,
        is_right: bool,
        now: DateTime<Utc>,
    ) -> Result<()> {
        failures::lock(transaction, attempt).await?;
        self.count(transaction, attempt, is_right, now).await
    }

    /// [`Limits::settle`] without its lock.
    pub(super) async fn count(
        &self,
        transaction: &mut Transaction,
        attempt: &Attempt,
        is_right: bool,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let tally = failures::tally(&mut **transaction, self, attempt, now).await?;
        self.decide(&tally, attempt, now)?;
        if is_right {
            failures::forget(transaction, attempt.own.as_slice()).await
        } else {
            failures::add(transaction, attempt, now).await
        }
    }

    fn decide(&self, tally: &Tally, attempt: &Attempt, now: DateTime<Utc>) -> Result<()> {
        let free_at = if attempt.is_known_network {
            tally.own_since.map(|since| since + self.window)
        } else {
            [
                tally.own_since.map(|since| since + self.window),
                tally.address_since.map(|since| since + self.window),
                tally.login_latest.map(|latest| latest + self.delay(tally.login_failures)),
            ]
            .into_iter()
            .flatten()
            .max()
        };
        match free_at.map(|at| at - now) {
            Some(wait) if wait > TimeDelta::zero() => {
                Err(Error::TooManyAttempts { retry_after_seconds: whole_seconds(wait) })
            }
            _ => Ok(()),
        }
    }

    /// How long after the latest failure of a login the next attempt from an unknown network has to wait.
    fn delay(&self, failures: i64) -> TimeDelta {
        let excess = failures - self.per_account * FROM_ANYWHERE;
        match u32::try_from(excess) {
            Ok(doublings @ 0..6) => TimeDelta::seconds(1 << doublings),
            Ok(_) => TimeDelta::seconds(LONGEST_DELAY_SECONDS),
            Err(_) => TimeDelta::zero(),
        }
    }
}

/// Rounds up, so that who waits as long as told is not refused again.
fn whole_seconds(wait: TimeDelta) -> i64 {
    wait.num_seconds() + i64::from(wait.subsec_nanos() > 0)
}

#[cfg(test)]
mod tests;
