//! New identifiers, from one place.

use uuid::Uuid;

/// A new id of any of the types in `domain::ids`: a UUIDv7 (RFC 9562), so that ids sort by the time of their making.
#[expect(clippy::disallowed_methods, reason = "this is the one place that makes ids")]
pub fn new<T: From<Uuid>>() -> T {
    T::from(Uuid::now_v7())
}
