//! What is sold, as pages and REST show it.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{BillingPeriod, TaxRate};
use crate::ids::{AddonId, PlanCategoryId, PlanId, TokenBundleId};
use crate::money::{Money, MoneyError};

/// A category that a plan is in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanCategory {
    /// The id.
    pub id: PlanCategoryId,
    /// What people call it.
    pub name: String,
    /// Its name in addresses.
    pub slug: String,
    /// Whether an account can have one subscription of its plans at most.
    pub is_single: bool,
}

/// What one subscribes to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// The id.
    pub id: PlanId,
    /// What people call it.
    pub name: String,
    /// Its name in addresses.
    pub slug: String,
    /// What it is about.
    pub description: String,
    /// The net price of a period, in the plan's own currency.
    pub price: Money,
    /// How often it is paid for.
    pub billing_period: BillingPeriod,
    /// What it opens: `default_tokens`, `limits` and what plug-ins know.
    pub features: Value,
    /// How long it can be tried out.
    pub trial_days: i16,
    /// The module that it opens for an organisation; none for customers' plans.
    pub module: Option<String>,
    /// Whether it is on offer.
    pub is_active: bool,
    /// Its place in lists.
    pub sort_order: i32,
    /// The categories it is in.
    pub categories: Vec<PlanCategory>,
    /// Counts changes.
    pub version: i32,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

impl Plan {
    /// The tokens that each payment of it brings (spec 5.5).
    pub fn default_tokens(&self) -> i64 {
        default_tokens(&self.features)
    }
}

/// The tokens among a plan's features; features may also be a list, which has none.
pub fn default_tokens(features: &Value) -> i64 {
    features.get("default_tokens").and_then(Value::as_i64).unwrap_or(0).max(0)
}

/// A plan at a price in the reader's currency, with the tax of their country.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PricedPlan {
    /// The plan.
    pub plan: Plan,
    /// Net, in the currency asked for.
    pub net: Money,
    /// The rate of the country asked for.
    pub tax_rate: TaxRate,
}

impl PricedPlan {
    /// The tax on the price.
    pub fn tax(&self) -> Money {
        self.tax_rate.of_net(self.net)
    }

    /// The price with its tax.
    pub fn gross(&self) -> Result<Money, MoneyError> {
        self.tax_rate.gross_of(self.net)
    }
}

/// What one buys in addition to a plan, or without one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Addon {
    /// The id.
    pub id: AddonId,
    /// What people call it.
    pub name: String,
    /// Its name in addresses.
    pub slug: String,
    /// What it is about.
    pub description: String,
    /// The net price of a period.
    pub price: Money,
    /// How often it is paid for.
    pub billing_period: BillingPeriod,
    /// What plug-ins know about it.
    pub config: Value,
    /// Whether it is on offer.
    pub is_active: bool,
    /// Its place in lists.
    pub sort_order: i32,
    /// The plans it goes with; none means that it goes with all.
    pub plans: Vec<PlanId>,
    /// Counts changes.
    pub version: i32,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

/// A number of tokens at a price.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenBundle {
    /// The id.
    pub id: TokenBundleId,
    /// What people call it.
    pub name: String,
    /// What it is about.
    pub description: String,
    /// How many tokens.
    pub token_amount: i32,
    /// The net price.
    pub price: Money,
    /// Whether it is on offer.
    pub is_active: bool,
    /// Its place in lists.
    pub sort_order: i32,
    /// Counts changes.
    pub version: i32,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}
