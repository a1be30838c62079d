//! Argon2id with the parameters OWASP recommends (19 MiB, two passes, one lane). Hashes by bcrypt, which people bring along
//! from an older system, are accepted and replaced at their next sign-in.
//!
//! A hash takes some 20 ms and 19 MiB on purpose. Hashes are made on threads of their own, one for each core at a time,
//! so that a burst of sign-ins takes neither the memory nor the threads that answer other requests: it queues.

use std::sync::Arc;

use argon2::Argon2;
use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use tokio::sync::Semaphore;

use crate::{Error, Result};

/// What is compared with when there is nothing to compare with, so that an unknown user costs the same time as a wrong
/// password. Same parameters as real hashes; no password is known for it.
const DECOY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Hashes and compares passwords, a few at a time.
#[derive(Debug, Clone)]
pub(crate) struct Passwords {
    slots: Arc<Semaphore>,
}

impl Passwords {
    pub(crate) fn new() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self { slots: Arc::new(Semaphore::new(cores)) }
    }

    /// The hash to store for a password.
    pub(crate) async fn hash(&self, password: &str) -> Result<String> {
        let password = password.to_owned();
        self.run(move || hash_password(&password)).await?
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
        let hash = readable.unwrap_or(DECOY).to_owned();
        let matches = self.run(move || {
            PasswordHash::new(&hash)
                .is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
        });
        Ok(matches.await? && is_known)
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
pub fn hash_password(password: &str) -> Result<String> {
    let failed = |error: argon2::password_hash::Error| {
        Error::Internal(format!("a password could not be hashed: {error}"))
    };
    let salt = SaltString::encode_b64(&rand::random::<[u8; 16]>()).map_err(failed)?;
    Ok(Argon2::default().hash_password(password.as_bytes(), &salt).map_err(failed)?.to_string())
}

#[cfg(test)]
mod tests {
    use argon2::Params;

    use super::*;

    #[tokio::test]
    async fn a_password_is_recognised_and_nothing_else_is() {
        let passwords = Passwords::new();
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
        let (decoy, real) = (parameters(DECOY), parameters(&hash_password("x").unwrap()));
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
        let passwords = Passwords::new();
        let mut burst = tokio::task::JoinSet::new();
        for _ in 0..24 {
            let passwords = passwords.clone();
            burst.spawn(async move {
                let work = || {
                    MOST.fetch_max(RUNNING.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    hash_password("x").unwrap();
                    RUNNING.fetch_sub(1, Ordering::SeqCst);
                };
                passwords.run(work).await.unwrap();
            });
        }
        burst.join_all().await;
        assert!(MOST.load(Ordering::SeqCst) <= std::thread::available_parallelism().unwrap().get());
    }
}
