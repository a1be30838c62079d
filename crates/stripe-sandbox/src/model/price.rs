//! What is sold, and for how much.

use serde::{Deserialize, Serialize};

use super::{Metadata, Timestamp, record};
use crate::form::text_enum;

/// A product.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Product {
    pub id: String,
    pub created: Timestamp,
    pub updated: Timestamp,
    pub active: bool,
    pub name: String,
    pub description: Option<String>,
    pub default_price: Option<String>,
    pub images: Vec<String>,
    pub metadata: Metadata,
}

text_enum! {
    /// The unit periods are counted in.
    Interval { Day = "day", Week = "week", Month = "month", Year = "year" }
}

/// How often a price is due; three months make a quarter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recurrence {
    pub interval: Interval,
    pub count: u32,
}

/// A price of a product, for once or for each period.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Price {
    pub id: String,
    pub created: Timestamp,
    pub active: bool,
    pub product: String,
    /// Lower-case ISO code.
    pub currency: String,
    pub unit_amount: i64,
    pub recurring: Option<Recurrence>,
    pub nickname: Option<String>,
    pub lookup_key: Option<String>,
    pub metadata: Metadata,
}

record!(Product = "product", Price = "price");
