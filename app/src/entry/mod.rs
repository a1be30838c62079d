//! The pages before one is signed in.

pub mod forgot;
pub mod frame;
pub mod register;
pub mod reset;
pub mod sign_in;
pub mod welcome;
