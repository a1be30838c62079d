//! What somebody subscribes to and owes: a customer, or a company through who runs it.

pub mod invoices;
pub mod overview;
pub mod plans;
pub mod profile;
pub mod shell;
pub mod show;
pub mod sign_up;
pub mod tokens;
