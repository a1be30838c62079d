//! What payment providers took for invoices, gave back, and had to defend.

use chrono::{DateTime, Utc};
use domain::access::AdminPermit;
use domain::ids::InvoiceId;
use domain::money::{Currency, Money};
use uuid::Uuid;

use super::{Reversed, record, restore};
use crate::catalogue::currency;
use crate::{Billing, Result};

/// A payment that a provider took for an invoice.
#[derive(Debug, Clone)]
pub struct Taken {
    /// The provider.
    pub provider: String,
    /// Its reference.
    pub reference: String,
    /// How much.
    pub amount: Money,
    /// How much of it went back.
    pub refunded: Money,
    /// When it arrived.
    pub captured_at: Option<DateTime<Utc>>,
    /// When the bank of who paid asked for it back; none if it did not, or lost.
    pub disputed_at: Option<DateTime<Utc>>,
}

/// Payments that somebody should look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unsettled {
    /// Those that a bank asks for back.
    pub disputed: i64,
    /// Those of which a part went back, while the invoice is still paid.
    pub partly_refunded: i64,
}

impl Billing {
    /// What providers took for an invoice, newest first.
    pub async fn taken(&self, permit: AdminPermit<'_>, id: InvoiceId) -> Result<Vec<Taken>> {
        let mut transaction = self.database.begin_admin(&permit).await?;
        let rows = sqlx::query!(
            r#"SELECT p.provider, p.reference, p.amount_minor, p.refunded_minor, p.currency AS "currency: String", p.captured_at, p.disputed_at
               FROM payments p JOIN invoices i ON i.account_id = p.account_id AND i.id = p.invoice_id
               WHERE i.id = $1 ORDER BY p.created_at DESC, p.reference"#,
            Uuid::from(id),
        )
        .fetch_all(&mut *transaction)
        .await?;
        transaction.commit().await?;
        rows.into_iter()
            .map(|row| {
                let currency = row.currency.as_deref().map_or(Ok(Currency::EUR), currency)?;
                Ok(Taken {
                    provider: row.provider,
                    reference: row.reference,
                    amount: Money::new(row.amount_minor, currency),
                    refunded: Money::new(row.refunded_minor, currency),
                    captured_at: row.captured_at,
                    disputed_at: row.disputed_at,
                })
            })
            .collect()
    }

    /// How many payments somebody should look at.
    pub async fn unsettled(&self, permit: AdminPermit<'_>) -> Result<Unsettled> {
        let mut transaction = self.database.begin_admin(&permit).await?;
        let found = sqlx::query_as!(
            Unsettled,
            r#"SELECT count(DISTINCT i.id) FILTER (WHERE p.disputed_at IS NOT NULL) AS "disputed!",
                      count(DISTINCT i.id) FILTER (WHERE p.refunded_minor > 0 AND p.refunded_minor < p.amount_minor AND i.status = 'paid')
                          AS "partly_refunded!"
               FROM payments p JOIN invoices i ON i.account_id = p.account_id AND i.id = p.invoice_id
               WHERE p.disputed_at IS NOT NULL OR (p.refunded_minor > 0 AND p.refunded_minor < p.amount_minor)"#
        )
        .fetch_one(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(found)
    }

    /// Takes a refund back on the word of the admin: the invoice is paid, and what was bought runs again.
    pub async fn restore(&self, permit: AdminPermit<'_>, id: InvoiceId) -> Result<Reversed> {
        let now = self.clock.now();
        let mut transaction = self.database.begin_admin(&permit).await?;
        let restored = restore(&mut transaction, id, now).await?;
        record(&mut transaction, permit, "invoice.restored", id.into(), serde_json::json!({}), now).await?;
        transaction.commit().await?;
        Ok(restored)
    }
}
