//! What surrounds a sale: ways to pay, countries, taxes, currencies, and who sells. Read by everybody, changed by the
//! admin (spec 5.11).

pub mod countries;
pub mod currencies;
pub mod payment_methods;
pub mod seller;
pub mod taxes;
