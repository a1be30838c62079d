//! The use cases on a real Postgres, under the real roles.

mod audit;
mod expiry;
mod limits;
mod profile;
mod registration;
mod reset;
mod row_security;
mod sessions;
mod sign_in;
mod staff;
mod staff_rules;
mod support;
mod tokens;
