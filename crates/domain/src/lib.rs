//! Pure types and rules of Keyrack, shared by the server and the browser.
//!
//! * [`ids`]: typed identifiers
//! * [`money`]: minor units with a currency, and exact splits
//! * [`stay`]: half-open civil date ranges and the life of a stay
//! * [`booking`], [`room`], [`guest`], [`hotel`], [`staff`]: what desks show and send
//! * [`billing`]: periods, subscriptions, proration, tax and invoices
//! * [`company`]: how a company's package stands
//! * [`access`]: roles, permissions and the proof that one was checked
//! * [`reference`]: the short references people read to each other
//! * [`problem`]: what is wrong with a field, as a code
//! * [`format`]: the one formatter for money, dates and numbers
//! * [`words`]: catalogues of what people read
//!
//! Nothing here performs I/O or knows the time; both are passed in.

pub mod access;
pub mod billing;
pub mod booking;
pub mod company;
pub mod format;
pub mod guest;
pub mod hotel;
pub mod ids;
pub mod merge;
pub mod money;
pub mod problem;
pub mod reference;
pub mod room;
pub mod staff;
pub mod stay;
mod text_enum;
pub mod words;
