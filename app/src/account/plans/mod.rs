//! Plans and what goes with them; the order before it is paid.

mod api;
mod checkout;
mod page;

pub use api::Chosen;
pub use checkout::CheckoutPage;
pub use page::PlansPage;
