//! Secrets that have to be read again, such as what webhooks are signed with: encrypted under the server's own secret, so
//! that nobody who reads the database, or a backup of it, has them. What need not be read again is kept as a hash (see
//! [`secret`](crate::secret)).

use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use sha2::{Digest, Sha256};

use crate::settings::Secret;

/// A sealed secret cannot be opened: the server's secret is another one than when it was sealed, or it was sealed for
/// something else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the secret cannot be read: was SECRET_KEY changed?")]
pub struct CannotOpen;

/// Seals and opens secrets (ChaCha20-Poly1305).
#[derive(Debug, Clone)]
pub struct Sealer {
    key: LessSafeKey,
}

impl Sealer {
    /// Under the server's secret.
    pub fn new(secret_key: &Secret) -> Self {
        let key = Sha256::digest(format!("sealed secrets\0{}", secret_key.expose()));
        let key =
            UnboundKey::new(&CHACHA20_POLY1305, &key).expect("a SHA-256 is as long as the key has to be");
        Self { key: LessSafeKey::new(key) }
    }

    /// Seals a secret of `owner`: what is sealed for one is not opened for another.
    pub fn seal(&self, secret: &str, owner: &str) -> Vec<u8> {
        let nonce: [u8; NONCE_LEN] = rand::random();
        let mut text = secret.as_bytes().to_vec();
        self.key
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(owner), &mut text)
            .expect("only what is longer than 256 gigabytes is refused");
        let mut sealed = nonce.to_vec();
        sealed.append(&mut text);
        sealed
    }

    /// Opens what was sealed for `owner`.
    pub fn open(&self, sealed: &[u8], owner: &str) -> Result<Secret, CannotOpen> {
        let (nonce, text) = sealed.split_first_chunk::<NONCE_LEN>().ok_or(CannotOpen)?;
        let mut text = text.to_vec();
        let opened = self
            .key
            .open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::from(owner), &mut text)
            .map_err(|_| CannotOpen)?;
        std::str::from_utf8(opened).map(Secret::new).map_err(|_| CannotOpen)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_who_has_the_key_opens_it_and_only_for_its_owner() {
        let sealer = Sealer::new(&Secret::new("one"));
        let sealed = sealer.seal("whsec_1", "ada");
        assert_ne!(sealed, sealer.seal("whsec_1", "ada"), "each has a nonce of its own");
        assert!(!sealed.windows(7).any(|part| part == b"whsec_1"));
        assert_eq!(sealer.open(&sealed, "ada").unwrap().expose(), "whsec_1");
        assert_eq!(sealer.open(&sealed, "bob").unwrap_err(), CannotOpen);
        assert_eq!(Sealer::new(&Secret::new("two")).open(&sealed, "ada").unwrap_err(), CannotOpen);
        let mut changed = sealed.clone();
        changed[20] ^= 1;
        assert_eq!(sealer.open(&changed, "ada").unwrap_err(), CannotOpen);
        assert_eq!(sealer.open(&sealed[..5], "ada").unwrap_err(), CannotOpen);
    }
}
