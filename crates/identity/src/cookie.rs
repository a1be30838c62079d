//! The cookie that carries a session's token.

use http::HeaderValue;

use crate::sessions::LONGEST;

/// Its name.
pub const NAME: &str = "keyrack_session";

/// Hands the token of a new session to the browser: out of reach of scripts, not sent with other sites' posts, and over
/// HTTPS alone where there is HTTPS.
pub fn set(token: &str, is_https: bool) -> HeaderValue {
    let secure = if is_https { "; Secure" } else { "" };
    let text =
        format!("{NAME}={token}; Path=/; Max-Age={}; HttpOnly; SameSite=Lax{secure}", LONGEST.num_seconds());
    // A token of ours is URL-safe base 64; whatever cannot be a header is not one.
    HeaderValue::try_from(text).unwrap_or_else(|_| clear(is_https))
}

/// Takes the token away from the browser.
pub fn clear(is_https: bool) -> HeaderValue {
    HeaderValue::from_static(if is_https {
        "keyrack_session=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax; Secure"
    } else {
        "keyrack_session=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax"
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cookie_is_out_of_reach_of_scripts_and_other_sites() {
        let set = set("abc-_1", true);
        assert_eq!(set, "keyrack_session=abc-_1; Path=/; Max-Age=2592000; HttpOnly; SameSite=Lax; Secure");
        assert!(!clear(false).to_str().unwrap().contains("Secure"));
        for cleared in [clear(true), clear(false), super::set("a\nb", false)] {
            assert!(cleared.to_str().unwrap().starts_with(&format!("{NAME}=; Path=/; Max-Age=0;")));
        }
    }
}
