//! Invoices, for the admin (spec 5.8).

use chrono::{DateTime, Days, Utc};
use domain::access::AdminPermit;
use domain::billing::{InvoiceAction, InvoiceStatus, SubscriptionState, Totals};
use domain::ids::{AccountId, InvoiceId, PlanId, SubscriptionId};
use domain::money::Money;
use platform::database::Transaction;
use serde_json::json;
use uuid::Uuid;

use super::{Invoice, NewInvoice, NewLine, insert, read, tell_issued};
use crate::checkout::{DUE_DAYS, insert_subscription};
use crate::payments::{LockedInvoice, record};
use crate::subscriptions::Subscription;
use crate::{Billing, Error, Listed, Result, accounts};

/// Which invoices are wanted.
#[derive(Debug, Clone)]
pub struct InvoiceQuery {
    /// Only those in this state.
    pub status: Option<InvoiceStatus>,
    /// Only those of this account.
    pub account_id: Option<AccountId>,
    /// Only those whose number has this part.
    pub number: Option<String>,
    /// How many at most.
    pub limit: i64,
    /// After how many.
    pub offset: i64,
}

/// An invoice with the address of its owner.
#[derive(Debug, Clone)]
pub struct ManagedInvoice {
    /// The invoice.
    pub invoice: Invoice,
    /// Whose it is; none for an organisation's.
    pub user_email: Option<String>,
}

/// An invoice with everything around it.
#[derive(Debug, Clone)]
pub struct InvoiceDetails {
    /// The invoice.
    pub invoice: Invoice,
    /// Address and name of its owner; none for an organisation's.
    pub user: Option<(String, String)>,
    /// Id, name and slug of the plan on it.
    pub plan: Option<(PlanId, String, String)>,
    /// The subscription on it.
    pub subscription: Option<Subscription>,
}

impl Billing {
    /// Everybody's invoices, newest first.
    pub async fn managed_invoices(
        &self,
        permit: AdminPermit<'_>,
        query: &InvoiceQuery,
    ) -> Result<Listed<ManagedInvoice>> {
        let mut transaction = self.database.begin_admin(&permit).await?;
        let (invoices, total) = read::listed(&mut transaction, query).await?;
        let owners = invoices.iter().map(|invoice| invoice.account_id);
        let addresses = accounts::addresses(&mut transaction, owners).await?;
        transaction.commit().await?;
        let with_address = |invoice: Invoice| ManagedInvoice {
            user_email: addresses.get(&invoice.account_id).cloned(),
            invoice,
        };
        Ok(Listed { items: invoices.into_iter().map(with_address).collect(), total })
    }

    /// One invoice with its owner, plan and subscription.
    pub async fn invoice_details(&self, permit: AdminPermit<'_>, id: InvoiceId) -> Result<InvoiceDetails> {
        let mut transaction = self.database.begin_admin(&permit).await?;
        let invoice = read::any(&mut transaction, id).await?.ok_or(Error::NoInvoice)?;
        let around = sqlx::query!(
            r#"SELECT coalesce(u.email, u.username) AS "email?", u.full_name AS "full_name?", p.name AS "plan_name?", p.slug AS "plan_slug?"
               FROM invoices i LEFT JOIN users u ON u.id = i.account_id LEFT JOIN plans p ON p.id = i.plan_id WHERE i.id = $1"#,
            Uuid::from(id),
        )
        .fetch_one(&mut *transaction)
        .await?;
        let subscription = match invoice.subscription_id {
            Some(id) => crate::subscriptions::read::one(&mut transaction, invoice.account_id, id).await?,
            None => None,
        };
        transaction.commit().await?;
        let plan = invoice.plan_id.zip(around.plan_name).zip(around.plan_slug);
        Ok(InvoiceDetails {
            user: around.email.zip(around.full_name),
            plan: plan.map(|((id, name), slug)| (id, name, slug)),
            subscription,
            invoice,
        })
    }

    /// The same order again, with its lines (which the original forgets), at the same prices and tax, to be paid in 30
    /// days. What is on it is bought anew, so that paying it gives what it says. An upgrade is not an order.
    pub async fn duplicate_invoice(&self, permit: AdminPermit<'_>, id: InvoiceId) -> Result<Invoice> {
        let now = self.clock.now();
        let mut transaction = self.database.begin_admin(&permit).await?;
        let locked = LockedInvoice::load(&mut transaction, id).await?;
        if locked.reason == "upgrade" {
            return Err(Error::Conflict("An upgrade cannot be ordered again".to_owned()));
        }
        let original = read::any(&mut transaction, id).await?.ok_or(Error::NoInvoice)?;
        let tax_country = sqlx::query_scalar!(
            r#"SELECT tax_country AS "country: String" FROM invoices WHERE id = $1"#,
            Uuid::from(id)
        )
        .fetch_one(&mut *transaction)
        .await?;
        let currency = original.totals.total.currency;
        let line = |line: &super::InvoiceLine| NewLine {
            item_type: match line.item_type.as_str() {
                "subscription" => "subscription",
                "token_bundle" => "token_bundle",
                "fee" => "fee",
                _ => "add_on",
            },
            item_id: platform::ids::new(),
            catalog_item_id: line.catalog_item_id,
            description: line.description.clone(),
            unit_price: Money::new(line.unit_price_minor, currency),
        };
        // Each line of the original is over one thing; so is each of these.
        let pairs: Vec<(Uuid, NewLine)> =
            original.lines.iter().map(|known| (known.item_id, line(known))).collect();
        let subscription = pairs.iter().find(|(_, line)| line.item_type == "subscription");
        let subscription =
            subscription.map(|(_, line)| (SubscriptionId(line.item_id), PlanId(line.catalog_item_id)));
        if let Some((subscription_id, plan_id)) = subscription {
            let state = SubscriptionState::Pending;
            let bought = (plan_id, currency);
            insert_subscription(&mut transaction, original.account_id, subscription_id, bought, state, now)
                .await?;
        }
        let copy_id: InvoiceId = platform::ids::new();
        let items: Vec<(Uuid, Uuid)> = pairs.iter().map(|(known, line)| (*known, line.item_id)).collect();
        let lines: Vec<NewLine> = pairs.into_iter().map(|(_, line)| line).collect();
        let new = NewInvoice {
            id: copy_id,
            account_id: original.account_id,
            reason: "purchase",
            plan_id: original.plan_id,
            subscription_id: subscription.map(|(id, _)| id),
            from_plan_id: None,
            period_until: None,
            from_expires_at: None,
            totals: Totals::of(lines.iter().map(|line| line.unit_price), original.tax_rate, currency)?,
            tax_rate: original.tax_rate,
            tax_country,
            payment_method: original.payment_method.clone(),
            due_at: Some(now + Days::new(DUE_DAYS)),
            lines: &lines,
        };
        insert(&mut transaction, new, now).await?;
        buy_again(
            &mut transaction,
            original.account_id,
            copy_id,
            subscription.map(|(id, _)| id),
            &items,
            now,
        )
        .await?;
        tell_issued(&mut transaction, original.account_id, copy_id, now).await?;
        record(&mut transaction, permit, "invoice.duplicated", copy_id.into(), json!({ "copy_of": id }), now)
            .await?;
        let copy = read::any(&mut transaction, copy_id).await?.ok_or(Error::NoInvoice)?;
        transaction.commit().await?;
        Ok(copy)
    }

    /// Nothing is owed any more, and what was ordered with it and waits for its money is given up. What was paid is
    /// refunded instead (the original voids it, a defect). A renewal is not asked for again in its period.
    pub async fn void_invoice(&self, permit: AdminPermit<'_>, id: InvoiceId) -> Result<Invoice> {
        let now = self.clock.now();
        let mut transaction = self.database.begin_admin(&permit).await?;
        let invoice = LockedInvoice::load(&mut transaction, id).await?;
        if invoice.status.after(InvoiceAction::Void).is_none() {
            let status = invoice.status.as_str().to_uppercase();
            return Err(Error::InvoiceState(format!("Cannot void: invoice status is {status}")));
        }
        sqlx::query!(
            "UPDATE invoices SET status = 'cancelled', voided_at = $3, updated_at = $3 WHERE account_id = $1 AND id = $2",
            Uuid::from(invoice.account_id),
            Uuid::from(id),
            now,
        )
        .execute(&mut *transaction)
        .await?;
        give_up(&mut transaction, &invoice, now).await?;
        record(&mut transaction, permit, "invoice.voided", id.into(), json!({}), now).await?;
        let voided = read::any(&mut transaction, id).await?.ok_or(Error::NoInvoice)?;
        transaction.commit().await?;
        Ok(voided)
    }

    /// An invoice has a number, and numbers have no gap: none is deleted. Says so, or that there is no such invoice.
    pub async fn delete_invoice(&self, permit: AdminPermit<'_>, id: InvoiceId) -> Result<()> {
        let invoice = self.any_invoice(permit, id).await?;
        Err(Error::Conflict(format!(
            "Invoice {} cannot be deleted, because invoice numbers have no gaps. Void it instead.",
            invoice.number
        )))
    }
}

/// What was bought is bought again: `items` are the purchases of the original and their successors.
async fn buy_again(
    transaction: &mut Transaction,
    account_id: AccountId,
    invoice_id: InvoiceId,
    subscription_id: Option<SubscriptionId>,
    items: &[(Uuid, Uuid)],
    now: DateTime<Utc>,
) -> Result<()> {
    let (known, new): (Vec<Uuid>, Vec<Uuid>) = items.iter().copied().unzip();
    sqlx::query!(
        "INSERT INTO bundle_purchases (account_id, id, bundle_id, invoice_id, status, token_amount, price_minor, created_at)
         SELECT $1, t.new, p.bundle_id, $2, 'pending', p.token_amount, p.price_minor, $3
         FROM unnest($4::uuid[], $5::uuid[]) AS t (known, new) JOIN bundle_purchases p ON p.account_id = $1 AND p.id = t.known",
        Uuid::from(account_id),
        Uuid::from(invoice_id),
        now,
        &known,
        &new,
    )
    .execute(&mut **transaction)
    .await?;
    sqlx::query!(
        "INSERT INTO addon_subscriptions (account_id, id, addon_id, subscription_id, invoice_id, status, created_at, updated_at)
         SELECT $1, t.new, s.addon_id, coalesce($6, s.subscription_id), $2, 'pending', $3, $3
         FROM unnest($4::uuid[], $5::uuid[]) AS t (known, new) JOIN addon_subscriptions s ON s.account_id = $1 AND s.id = t.known",
        Uuid::from(account_id),
        Uuid::from(invoice_id),
        now,
        &known,
        &new,
        subscription_id.map(Uuid::from),
    )
    .execute(&mut **transaction)
    .await?;
    Ok(())
}

/// Nothing is owed for an invoice any more, and what waits for its money is given up.
pub(crate) async fn void(
    transaction: &mut Transaction,
    invoice: &LockedInvoice,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "UPDATE invoices SET status = 'cancelled', updated_at = $3 WHERE account_id = $1 AND id = $2",
        Uuid::from(invoice.account_id),
        Uuid::from(invoice.id),
        now,
    )
    .execute(&mut **transaction)
    .await?;
    give_up(transaction, invoice, now).await
}

/// What was ordered with an invoice and never ran will never run.
async fn give_up(transaction: &mut Transaction, invoice: &LockedInvoice, now: DateTime<Utc>) -> Result<()> {
    let (account_id, id) = (Uuid::from(invoice.account_id), Uuid::from(invoice.id));
    sqlx::query!(
        "UPDATE subscriptions SET status = 'cancelled', cancelled_at = $3, updated_at = $3
         WHERE account_id = $1 AND id = ANY ($2) AND status = 'pending'",
        account_id,
        &invoice.items("subscription"),
        now,
    )
    .execute(&mut **transaction)
    .await?;
    sqlx::query!(
        "UPDATE bundle_purchases SET status = 'cancelled' WHERE account_id = $1 AND invoice_id = $2 AND status = 'pending'",
        account_id,
        id,
    )
    .execute(&mut **transaction)
    .await?;
    sqlx::query!(
        "UPDATE addon_subscriptions SET status = 'cancelled', cancelled_at = $3, updated_at = $3
         WHERE account_id = $1 AND invoice_id = $2 AND status = 'pending'",
        account_id,
        id,
        now,
    )
    .execute(&mut **transaction)
    .await?;
    Ok(())
}
