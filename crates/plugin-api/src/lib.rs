//! What a plug-in implements (DESIGN 7): it says what it is ([`Manifest`]), and what it can do. So far one capability:
//! [`payment`].
//!
//! Nothing here names a provider, and no type of a provider's passes through: what one of them is like stays in its
//! plug-in.

mod manifest;
pub mod payment;
mod switches;

pub use manifest::{Manifest, Setting, SettingKind};
pub use switches::Switches;
