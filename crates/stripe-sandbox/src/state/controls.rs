//! Switches that disturb the delivery of webhooks, as networks do.

use serde::{Deserialize, Serialize};

/// How webhooks are delivered at present.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Controls {
    /// Keep them back until released.
    pub hold: bool,
    /// Send those of one command, or of one release, in another order.
    pub shuffle: bool,
    /// Send each of them twice.
    pub duplicate: bool,
    /// Lose this many of the next ones.
    pub drop_next: u32,
}
