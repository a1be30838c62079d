//! Clocks that customers live by, one at a time.

use serde::{Deserialize, Serialize};

use super::{Timestamp, record};

/// A test clock.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TestClock {
    pub id: String,
    pub created: Timestamp,
    pub name: Option<String>,
    pub frozen_time: Timestamp,
}

record!(TestClock = "test clock");
