//! Cookies of ours besides the session's.

use http::header::COOKIE;
use http::{HeaderMap, HeaderValue};

/// The value of the cookie `name`.
pub fn get<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(key, value)| (key == name).then_some(value))
}

/// Sets a cookie that scripts cannot read and other sites' posts do not carry. `value` is one of our tokens or codes;
/// `None` when it holds anything that a header cannot.
pub fn set(name: &str, value: &str, seconds: u32, is_https: bool) -> Option<HeaderValue> {
    let secure = if is_https { "; Secure" } else { "" };
    format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}").parse().ok()
}

/// Removes a cookie.
pub fn clear(name: &str, is_https: bool) -> Option<HeaderValue> {
    set(name, "", 0, is_https)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_found_among_others_by_its_whole_name() {
        let mut headers = HeaderMap::new();
        headers.append(COOKIE, HeaderValue::from_static("not_flash=1; flash=abc; x=y"));
        headers.append(COOKIE, HeaderValue::from_static("notice=booked"));
        assert_eq!(get(&headers, "flash"), Some("abc"));
        assert_eq!(get(&headers, "notice"), Some("booked"));
        assert_eq!(get(&headers, "lash"), None);
    }
}
