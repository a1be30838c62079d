//! The use cases on a real Postgres, under the real roles.

mod bookings;
mod no_double_booking;
mod support;
