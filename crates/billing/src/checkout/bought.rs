//! What a checkout made, as it is read.

use chrono::{DateTime, Utc};
use domain::access::AccountPermit;
use domain::ids::{AccountId, BundlePurchaseId, InvoiceId, TokenBundleId};
use domain::money::Money;
use platform::database::Transaction;
use uuid::Uuid;

use super::Ordered;
use crate::invoices::{Invoice, read as invoices};
use crate::subscriptions::read::{self, addons_by_ids};
use crate::subscriptions::{AddonSubscription, Subscription};
use crate::{Billing, Error, Result};

/// What a checkout made, as it is read.
#[derive(Debug, Clone)]
pub struct Bought {
    /// The invoice over everything.
    pub invoice: Invoice,
    /// The subscription, if a plan was bought.
    pub subscription: Option<Subscription>,
    /// The bundles, in the order's order.
    pub bundles: Vec<BundlePurchase>,
    /// The add-ons, newest first.
    pub addons: Vec<AddonSubscription>,
}

/// A bundle that was bought: as many tokens, and at the price, as on that day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BundlePurchase {
    /// The id.
    pub id: BundlePurchaseId,
    /// Whose it is.
    pub account_id: AccountId,
    /// The bundle.
    pub bundle_id: TokenBundleId,
    /// The invoice it is on.
    pub invoice_id: InvoiceId,
    /// `pending`, `completed`, `refunded` or `cancelled`.
    pub status: String,
    /// How many tokens.
    pub token_amount: i32,
    /// The net price.
    pub price: Money,
    /// When its tokens came.
    pub completed_at: Option<DateTime<Utc>>,
    /// When it was ordered.
    pub created_at: DateTime<Utc>,
}

impl Billing {
    /// What a checkout made, as it stands now.
    pub async fn bought(&self, permit: AccountPermit<'_>, ordered: &Ordered) -> Result<Bought> {
        let account_id = permit.account_id();
        let mut transaction = self.begin(permit).await?;
        let invoice = invoices::one(&mut transaction, account_id, ordered.invoice_id).await?;
        let subscription = match ordered.subscription_id {
            Some(id) => read::one(&mut transaction, account_id, id).await?,
            None => None,
        };
        let addons = match &ordered.addon_subscription_ids[..] {
            [] => Vec::new(),
            ids => addons_by_ids(&mut transaction, account_id, ids).await?,
        };
        let invoice = invoice.ok_or(Error::NoInvoice)?;
        let bundles = match &ordered.bundle_purchase_ids[..] {
            [] => Vec::new(),
            _ => purchases(&mut transaction, &invoice).await?,
        };
        transaction.end_of_reading();
        Ok(Bought { invoice, subscription, bundles, addons })
    }
}

/// The bundles on an invoice, in its order.
async fn purchases(transaction: &mut Transaction, invoice: &Invoice) -> Result<Vec<BundlePurchase>> {
    let rows = sqlx::query!(
        r#"SELECT p.id AS "id: BundlePurchaseId", p.bundle_id AS "bundle_id: TokenBundleId", p.status, p.token_amount, p.price_minor,
                  p.completed_at, p.created_at
           FROM invoice_lines l JOIN bundle_purchases p ON p.account_id = l.account_id AND p.id = l.item_id
           WHERE l.account_id = $1 AND l.invoice_id = $2 AND l.item_type = 'token_bundle' ORDER BY l.position"#,
        Uuid::from(invoice.account_id),
        Uuid::from(invoice.id),
    )
    .fetch_all(&mut **transaction)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| BundlePurchase {
            id: row.id,
            account_id: invoice.account_id,
            bundle_id: row.bundle_id,
            invoice_id: invoice.id,
            status: row.status,
            token_amount: row.token_amount,
            price: Money::new(row.price_minor, invoice.totals.total.currency),
            completed_at: row.completed_at,
            created_at: row.created_at,
        })
        .collect())
}
