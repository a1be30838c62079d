//! What deliveries are signed with: HMAC-SHA256 over `timestamp.body`, in the form of Stripe's signatures, so that the
//! libraries that check those check ours.

use std::fmt::Write;

use hmac::{Hmac, Mac};
use sha2::Sha256;

/// The value of `Keyrack-Signature` for a body that is sent at `timestamp` (Unix seconds).
pub(super) fn header(body: &str, secret: &str, timestamp: i64) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("HMAC takes keys of any length");
    mac.update(format!("{timestamp}.{body}").as_bytes());
    let mut header = format!("t={timestamp},v1=");
    for byte in mac.finalize().into_bytes() {
        let _ = write!(header, "{byte:02x}");
    }
    header
}

#[cfg(test)]
mod tests {
    /// The value was computed with OpenSSL: `printf '1492774577.{"id":"evt_1"}' | openssl dgst -sha256 -hmac whsec_test`.
    #[test]
    fn agrees_with_openssl() {
        assert_eq!(
            super::header(r#"{"id":"evt_1"}"#, "whsec_test", 1_492_774_577),
            "t=1492774577,v1=7656fc2882a7ca0a651666b36bf2f2f22ee204f54f608f227498a2419f2890b2"
        );
    }
}
