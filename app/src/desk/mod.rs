//! The desk: everything a receptionist does in a day.

pub mod audit;
pub mod booking;
pub mod guests;
pub mod new_booking;
pub mod profile;
pub mod rooms;
pub mod settings;
pub mod shell;
pub mod staff;
pub mod today;
