//! Which of the two halves of the web a path belongs to: REST for machines, or pages for people.

/// The first segments of REST paths (DESIGN 4) and of what watches the server.
const REST: &[&str] = &[
    "api",
    "audit",
    "auth",
    "billing",
    "bookings",
    "guests",
    "health",
    "hotel",
    "metrics",
    "operations",
    "ready",
    "reports",
    "room-types",
    "rooms",
    "users",
];

/// Where server functions are called.
pub const ACTIONS: &str = "/actions";

/// Whether machines are spoken to: answers are JSON, problems are RFC 9457.
pub fn is_rest(path: &str) -> bool {
    let first = path.trim_start_matches('/').split('/').next().unwrap_or("");
    REST.contains(&first)
}

/// Whether a file is asked for rather than a page: names of files have a dot, and none is below the desk.
pub fn is_asset(path: &str) -> bool {
    !path.starts_with("/desk/") && path.rsplit('/').next().is_some_and(|name| name.contains('.'))
}

/// The path as logs may show it: cut, because anybody can send a long one.
pub fn loggable(path: &str) -> &str {
    let end = path.char_indices().map(|(index, _)| index).find(|index| *index >= 200).unwrap_or(path.len());
    &path[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_are_rest_and_the_desk_is_not() {
        for path in ["/rooms", "/rooms/", "/auth/token", "/api/docs", "/health", "//rooms"] {
            assert!(is_rest(path), "{path}");
        }
        for path in
            ["/", "/desk/rooms", "/sign-in", "/actions/app/desk/book", "/roomservice", "/pkg/keyrack.css"]
        {
            assert!(!is_rest(path), "{path}");
        }
    }

    #[test]
    fn files_have_a_dot_and_pages_do_not() {
        assert!(is_asset("/pkg/keyrack.abc123.wasm") && is_asset("/favicon.ico"));
        assert!(!is_asset("/desk/bookings") && !is_asset("/desk/bookings/a.b") && !is_asset("/v1.2/desk"));
    }

    #[test]
    fn a_long_path_is_cut_between_characters() {
        assert_eq!(loggable(&"é".repeat(300)).chars().count(), 100);
        assert_eq!(loggable("/desk"), "/desk");
    }
}
