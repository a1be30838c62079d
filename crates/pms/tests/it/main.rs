//! The use cases on a real Postgres, under the real roles.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod bookings;
mod colleagues;
mod confirmation;
mod finding;
mod moving;
mod no_double_booking;
mod support;
mod waiting;
mod without_a_room;
