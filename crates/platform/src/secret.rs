//! Random tokens. Whoever holds one may do something; the database keeps only its hash.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

/// A token and the hash under which it is stored.
#[derive(Clone)]
pub struct Token {
    /// The text that is handed out: 32 random bytes in URL-safe base 64.
    pub text: String,
    /// Its SHA-256.
    pub hash: Vec<u8>,
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token(…)")
    }
}

/// Makes a token from the operating system's randomness.
pub fn token() -> Token {
    let text = URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>());
    let hash = hash(&text);
    Token { text, hash }
}

/// The hash under which a token is stored. A plain SHA-256 will do: the token has 256 random bits.
pub fn hash(text: &str) -> Vec<u8> {
    Sha256::digest(text.as_bytes()).to_vec()
}
