//! Ids in Stripe's form: a prefix that tells the kind, then letters and digits.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Makes ids that never repeat: a hash of a seed and a counter, so that a test with a fixed seed sees the same ones.
#[derive(Debug, Serialize, Deserialize)]
pub struct Ids {
    seed: u64,
    made: u64,
}

impl Ids {
    pub fn new(seed: u64) -> Self {
        Self { seed, made: 0 }
    }

    /// `length` letters and digits nobody had before.
    pub fn token(&mut self, length: usize) -> String {
        self.made += 1;
        let (seed, made) = (self.seed.to_le_bytes(), self.made.to_le_bytes());
        // One hash gives 32 characters; a longer token takes further ones.
        let bytes = (0_u8..).flat_map(|block| {
            Sha256::new().chain_update(seed).chain_update(made).chain_update([block]).finalize()
        });
        // 62 does not divide 256; the slight bias does not matter, as nothing here is secret.
        bytes.take(length).map(|byte| char::from(ALPHABET[usize::from(byte) % ALPHABET.len()])).collect()
    }

    pub fn make(&mut self, prefix: &str) -> String {
        format!("{prefix}_{}", self.token(24))
    }

    /// How many were made; unchanged where nothing happened.
    pub fn made(&self) -> u64 {
        self.made
    }

    /// A number for choices that should look random and still repeat.
    pub fn number(&mut self) -> u64 {
        self.made += 1;
        let hash = Sha256::new()
            .chain_update(self.made.to_be_bytes())
            .chain_update(self.seed.to_be_bytes())
            .finalize();
        hash.iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_repeat_with_the_seed_and_never_within_it() {
        let (mut one, mut two, mut other) = (Ids::new(1), Ids::new(1), Ids::new(2));
        assert_eq!(one.make("cus"), two.make("cus"));
        assert_ne!(one.make("cus"), other.make("cus"));
        let distinct: std::collections::BTreeSet<_> = (0..10_000).map(|_| one.make("evt")).collect();
        assert_eq!(distinct.len(), 10_000);
    }
}
