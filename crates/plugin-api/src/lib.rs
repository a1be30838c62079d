//! What a plug-in implements (DESIGN 7). So far one capability: [`payment`].
//!
//! Nothing here names a provider, and no type of a provider's passes through: what one of them is like stays in its
//! plug-in.

pub mod payment;
