//! What front ends may tell (spec `subscription-billing.md` 5.13). The spec speaks of 20 types and names 21; all of those
//! are taken.

/// The types, as front ends spell them.
pub const TYPES: [&str; 21] = [
    "auth:login",
    "auth:logout",
    "auth:token-refreshed",
    "auth:session-expired",
    "user:registered",
    "user:updated",
    "user:deleted",
    "subscription:created",
    "subscription:activated",
    "subscription:upgraded",
    "subscription:downgraded",
    "subscription:cancelled",
    "subscription:expired",
    "payment:initiated",
    "payment:completed",
    "payment:failed",
    "payment:refunded",
    "plugin:registered",
    "plugin:initialized",
    "plugin:error",
    "plugin:stopped",
];

/// Whether it is one of the [`TYPES`].
pub fn is_type(text: &str) -> bool {
    TYPES.contains(&text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_type_is_there_once() {
        let distinct: std::collections::BTreeSet<_> = TYPES.iter().collect();
        assert_eq!(distinct.len(), TYPES.len());
        assert!(is_type("auth:login") && !is_type("auth:Login") && !is_type(""));
    }
}
