//! What a plug-in implements (DESIGN 7): it says what it is ([`Manifest`]), and what it can do: [`payment`]. What several
//! of them ask is a port as well: a [`language`] model.
//!
//! Nothing here names a provider, and no type of a provider's passes through: what one of them is like stays in its
//! plug-in.

pub mod language;
mod manifest;
pub mod payment;
mod switches;

pub use manifest::{Choice, Manifest, Setting, SettingKind};
pub use switches::Switches;
