//! Invoices: written once with all their lines, numbered without a gap, read by their owner.

pub mod managed;
pub(crate) mod read;

use chrono::{DateTime, Datelike, Utc};
use domain::access::{AccountPermit, AdminPermit};
use domain::billing::{TaxRate, Totals};
use domain::ids::{
    AccountId, AddonId, AddonSubscriptionId, BundlePurchaseId, InvoiceId, PlanId, SubscriptionId,
    TokenBundleId,
};
use domain::money::Money;
use platform::database::Transaction;
use platform::outbox::{self, Event};
use serde_json::json;
use uuid::Uuid;

pub use read::{Invoice, InvoiceLine};

use crate::payments::organisation_of;
use crate::{Billing, Error, Result};

/// The most invoices that one page of a list holds.
pub const PAGE: usize = 100;

pub(crate) struct NewInvoice<'a> {
    pub id: InvoiceId,
    pub account_id: AccountId,
    /// `purchase`, `renewal` or `upgrade`.
    pub reason: &'static str,
    pub plan_id: Option<PlanId>,
    pub subscription_id: Option<SubscriptionId>,
    pub from_plan_id: Option<PlanId>,
    /// Of an upgrade: the end of the period that it pays for, and the end that there was when it was asked for.
    pub period_until: Option<DateTime<Utc>>,
    pub from_expires_at: Option<DateTime<Utc>>,
    pub totals: Totals,
    pub tax_rate: TaxRate,
    pub tax_country: Option<String>,
    pub payment_method: Option<String>,
    pub due_at: Option<DateTime<Utc>>,
    pub lines: &'a [NewLine],
}

pub(crate) struct NewLine {
    item_type: &'static str,
    item_id: Uuid,
    catalog_item_id: Uuid,
    description: String,
    pub unit_price: Money,
}

impl NewLine {
    pub fn subscription(id: SubscriptionId, plan_id: PlanId, description: String, unit_price: Money) -> Self {
        Self {
            item_type: "subscription",
            item_id: id.into(),
            catalog_item_id: plan_id.into(),
            description,
            unit_price,
        }
    }

    pub fn bundle(
        id: BundlePurchaseId,
        bundle_id: TokenBundleId,
        description: String,
        unit_price: Money,
    ) -> Self {
        Self {
            item_type: "token_bundle",
            item_id: id.into(),
            catalog_item_id: bundle_id.into(),
            description,
            unit_price,
        }
    }

    pub fn addon(id: AddonSubscriptionId, addon_id: AddonId, description: String, unit_price: Money) -> Self {
        Self {
            item_type: "add_on",
            item_id: id.into(),
            catalog_item_id: addon_id.into(),
            description,
            unit_price,
        }
    }

    /// What the way to pay costs.
    pub fn fee(payment_method_id: Uuid, description: String, unit_price: Money) -> Self {
        let (item_id, catalog_item_id) = (payment_method_id, payment_method_id);
        Self { item_type: "fee", item_id, catalog_item_id, description, unit_price }
    }
}

/// Writes an invoice with its lines and takes the next number of the year (DESIGN 2).
///
/// Whoever takes a number holds the year's row until they commit, so that one that is rolled back leaves no gap, and
/// everybody else's invoices wait for that. So this is the last that a transaction does, as far as it can be: lines and
/// purchases may be written before their invoice, their foreign keys are looked at in the end.
pub(crate) async fn insert(
    transaction: &mut Transaction,
    new: NewInvoice<'_>,
    now: DateTime<Utc>,
) -> Result<()> {
    insert_lines(transaction, &new).await?;
    sqlx::query!(
        "WITH number AS (
             INSERT INTO invoice_numbers AS known (year, last) VALUES ($3, 1)
             ON CONFLICT (year) DO UPDATE SET last = known.last + 1 RETURNING last
         )
         INSERT INTO invoices (account_id, id, number, reason, plan_id, subscription_id, from_plan_id, status, currency, subtotal_minor,
                               tax_minor, tax_rate, tax_country, payment_method, invoiced_at, due_at, created_at, updated_at,
                               period_until, from_expires_at)
         SELECT $1, $2, 'INV-' || $3 || '-' || lpad(last::text, greatest(6, length(last::text)), '0'), $4, $5, $6, $7, 'pending', $8, $9,
                $10, $11, $12, $13, $14, $15, $14, $14, $16, $17
         FROM number",
        Uuid::from(new.account_id),
        Uuid::from(new.id),
        now.year(),
        new.reason,
        new.plan_id.map(Uuid::from),
        new.subscription_id.map(Uuid::from),
        new.from_plan_id.map(Uuid::from),
        new.totals.subtotal.currency.code(),
        new.totals.subtotal.minor,
        new.totals.tax.minor,
        new.tax_rate.hundredths(),
        new.tax_country,
        new.payment_method,
        now,
        new.due_at,
        new.period_until,
        new.from_expires_at,
    )
    .execute(&mut **transaction)
    .await?;
    Ok(())
}

/// Tells that there is an invoice which its owner did not order just now, so that they are sent it.
pub(crate) async fn tell_issued(
    transaction: &mut Transaction,
    account_id: AccountId,
    id: InvoiceId,
    now: DateTime<Utc>,
) -> Result<()> {
    let event = Event {
        organisation_id: organisation_of(transaction, account_id).await?,
        kind: "invoice.issued",
        subject: id.into(),
        payload: json!({ "account_id": account_id, "invoice_id": id }),
    };
    Ok(outbox::publish(&mut **transaction, event, now).await?)
}

async fn insert_lines(transaction: &mut Transaction, new: &NewInvoice<'_>) -> Result<()> {
    let ids: Vec<Uuid> = new.lines.iter().map(|_| platform::ids::new()).collect();
    let types: Vec<String> = new.lines.iter().map(|line| line.item_type.to_owned()).collect();
    let items: Vec<Uuid> = new.lines.iter().map(|line| line.item_id).collect();
    let catalog: Vec<Uuid> = new.lines.iter().map(|line| line.catalog_item_id).collect();
    let descriptions: Vec<String> = new.lines.iter().map(|line| line.description.clone()).collect();
    let prices: Vec<i64> = new.lines.iter().map(|line| line.unit_price.minor).collect();
    sqlx::query!(
        "INSERT INTO invoice_lines (account_id, invoice_id, id, position, item_type, item_id, catalog_item_id, description, quantity,
                                    unit_price_minor)
         SELECT $1, $2, id, position, item_type, item_id, catalog_item_id, description, 1, price
         FROM unnest($3::uuid[], $4::text[], $5::uuid[], $6::uuid[], $7::text[], $8::bigint[])
              WITH ORDINALITY AS t (id, item_type, item_id, catalog_item_id, description, price, position)",
        Uuid::from(new.account_id),
        Uuid::from(new.id),
        &ids,
        &types,
        &items,
        &catalog,
        &descriptions,
        &prices,
    )
    .execute(&mut **transaction)
    .await?;
    Ok(())
}

impl Billing {
    /// The account's invoices, newest first, a page of them; `before` is the last one of the page before.
    pub async fn invoices(
        &self,
        permit: AccountPermit<'_>,
        before: Option<InvoiceId>,
    ) -> Result<Vec<Invoice>> {
        let mut transaction = self.begin(permit).await?;
        let invoices = read::of_account(&mut transaction, permit.account_id(), before, PAGE).await?;
        transaction.end_of_reading();
        Ok(invoices)
    }

    /// Any invoice, for the admin.
    pub async fn any_invoice(&self, permit: AdminPermit<'_>, id: InvoiceId) -> Result<Invoice> {
        let mut transaction = self.database.begin_admin(&permit).await?;
        let invoice = read::any(&mut transaction, id).await?;
        transaction.end_of_reading();
        invoice.ok_or(Error::NoInvoice)
    }

    /// An invoice of the account. That of somebody else is [`Error::NoInvoice`]: nothing tells whether it exists.
    pub async fn invoice(&self, permit: AccountPermit<'_>, id: InvoiceId) -> Result<Invoice> {
        let mut transaction = self.begin(permit).await?;
        let invoice = read::one(&mut transaction, permit.account_id(), id).await?;
        transaction.end_of_reading();
        invoice.ok_or(Error::NoInvoice)
    }
}
