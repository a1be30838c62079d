use std::collections::BTreeSet;
use std::sync::{Arc, PoisonError, RwLock};

/// Which plug-ins are off. Shared: whoever holds a clone sees a change at once.
#[derive(Debug, Clone, Default)]
pub struct Switches(Arc<RwLock<BTreeSet<&'static str>>>);

impl Switches {
    /// Whether a plug-in is on. One that nobody switched is.
    pub fn is_on(&self, name: &str) -> bool {
        !self.0.read().unwrap_or_else(PoisonError::into_inner).contains(name)
    }

    /// Switches these off, and all others on.
    pub fn set_off(&self, names: BTreeSet<&'static str>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = names;
    }
}
