//! Argon2id with the parameters OWASP recommends (19 MiB, two passes, one lane). Hashes by bcrypt, which people bring along
//! from an older system, are accepted and replaced at their next sign-in.
//!
//! A hash takes some 20 ms and 19 MiB on purpose. Hashes are made on threads of their own, one for each core at a time,
//! so that a burst of sign-ins takes neither the memory nor the threads that answer other requests: it queues.

use std::sync::Arc;

use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};
use platform::settings::PasswordCost;
use tokio::sync::Semaphore;

use crate::{Error, Result};

/// Hashes and compares passwords, a few at a time.
#[derive(Debug, Clone)]
pub(crate) struct Passwords {
    slots: Arc<Semaphore>,
    cost: PasswordCost,
}

impl Passwords {
    pub(crate) fn new(cost: PasswordCost) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self { slots: Arc::new(Semaphore::new(cores)), cost }
    }

    /// What is compared with when there is nothing to compare with, so that an unknown user costs the same time as a wrong
    /// password. Same parameters as real hashes; no password is known for it.
    fn decoy(&self) -> String {
        let PasswordCost { memory, passes } = self.cost;
        let (salt, hash) = ("A".repeat(22), "A".repeat(43));
        format!("$argon2id$v=19$m={memory},t={passes},p=1${salt}${hash}")
    }

    /// The hash to store for a password.
    pub(crate) async fn hash(&self, password: &str) -> Result<String> {
        let password = password.to_owned();
        let cost = self.cost;
        self.run(move || hash_password(&password, cost)).await?
    }

    /// Whether `password` is the one that was hashed. Without a hash, or with one that cannot be read, the answer is no,
    /// and takes as long.
    pub(crate) async fn verify(&self, password: &str, hash: Option<&str>) -> Result<bool> {
        let password = password.to_owned();
        if let Some(hash) = hash.filter(|text| is_bcrypt(text)) {
            let hash = hash.to_owned();
            return self.run(move || bcrypt::verify(&password, &hash).unwrap_or(false)).await;
        }
        let readable = hash.filter(|text| PasswordHash::new(text).is_ok());
        let is_known = readable.is_some();
        let hash = readable.map_or_else(|| self.decoy(), str::to_owned);
        let matches = self.run(move || {
            PasswordHash::new(&hash)
                .is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
        });
        Ok(matches.await? && is_known)
    }

    /// From here on, whatever hashes or compares fails.
    #[cfg(test)]
    pub(crate) fn close(&self) {
        self.slots.close();
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        let slot = Arc::clone(&self.slots)
            .acquire_owned()
            .await
            .map_err(|error| Error::Internal(error.to_string()))?;
        // The slot goes along: a client that leaves does not free it before the work is done.
        let work = move || {
            let result = work();
            drop(slot);
            result
        };
        tokio::task::spawn_blocking(work).await.map_err(|error| Error::Internal(error.to_string()))
    }
}

/// Whether a hash is one of bcrypt's.
pub(crate) fn is_bcrypt(hash: &str) -> bool {
    ["$2a$", "$2b$", "$2y$"].iter().any(|kind| hash.starts_with(kind))
}

/// Hashes a password on this thread: for commands, not for requests.
pub fn hash_password(password: &str, cost: PasswordCost) -> Result<String> {
    fn failed(error: impl std::fmt::Display) -> Error {
        Error::Internal(format!("a password could not be hashed: {error}"))
    }
    let params = Params::new(cost.memory, cost.passes, 1, None).map_err(failed)?;
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let salt = SaltString::encode_b64(&rand::random::<[u8; 16]>()).map_err(failed)?;
    Ok(argon2.hash_password(password.as_bytes(), &salt).map_err(failed)?.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_is_recognised_and_nothing_else_is() {
        let passwords = Passwords::new(PasswordCost::OWASP);
        let hash = passwords.hash("HarbourDesk1!").await.unwrap();
        assert_ne!(hash, passwords.hash("HarbourDesk1!").await.unwrap(), "each hash has a salt of its own");
        assert!(passwords.verify("HarbourDesk1!", Some(&hash)).await.unwrap());
        assert!(!passwords.verify("harbourdesk1!", Some(&hash)).await.unwrap());
        assert!(!passwords.verify("", Some("")).await.unwrap());
        assert!(!passwords.verify("", None).await.unwrap());
    }

    #[test]
    fn the_decoy_costs_what_a_real_hash_costs() {
        let parameters = |text: &str| Params::try_from(&PasswordHash::new(text).unwrap()).unwrap();
        let (decoy, real) = (
            parameters(&Passwords::new(PasswordCost::OWASP).decoy()),
            parameters(&hash_password("x", PasswordCost::OWASP).unwrap()),
        );
        assert_eq!(decoy.m_cost(), real.m_cost());
        assert_eq!(decoy.t_cost(), real.t_cost());
        assert_eq!(decoy.p_cost(), real.p_cost());
        assert_eq!(decoy.output_len(), real.output_len());
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_burst_takes_no_more_slots_than_there_are_cores() {
        use std::sync::atomic::{AtomicUsize, Ordering};
        static RUNNING: AtomicUsize = AtomicUsize::new(0);
        static MOST: AtomicUsize = AtomicUsize::new(0);
        let passwords = Passwords::new(PasswordCost::OWASP);
        let mut burst = tokio::task::JoinSet::new();
        for _ in 0..24 {
            let passwords = passwords.clone();
            burst.spawn(async move {
                let work = || {
                    MOST.fetch_max(RUNNING.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    hash_password("x", PasswordCost::OWASP).unwrap();
                    RUNNING.fetch_sub(1, Ordering::SeqCst);
                };
                passwords.run(work).await.unwrap();
            });
        }
        burst.join_all().await;
        assert!(MOST.load(Ordering::SeqCst) <= std::thread::available_parallelism().unwrap().get());
    }
}
