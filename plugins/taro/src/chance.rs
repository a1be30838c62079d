//! Where chance comes from, in one place, so that tests can repeat it.

use std::sync::Arc;

/// Gives what a shuffle begins with.
pub trait Chance: Send + Sync + std::fmt::Debug {
    /// A number that nobody can foresee.
    fn seed(&self) -> [u8; 32];
}

/// Chance that can be handed around.
pub type SharedChance = Arc<dyn Chance>;

/// The machine's.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemChance;

impl Chance for SystemChance {
    fn seed(&self) -> [u8; 32] {
        rand::random()
    }
}

/// Always the same: for tests.
#[derive(Debug, Clone, Copy)]
pub struct FixedChance(pub u8);

impl Chance for FixedChance {
    fn seed(&self) -> [u8; 32] {
        [self.0; 32]
    }
}
