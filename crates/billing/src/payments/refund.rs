//! The money goes back, and what was bought with it ends; or the refund is taken back (spec 5.9).

use chrono::{DateTime, Utc};
use domain::billing::{InvoiceAction, InvoiceStatus};
use domain::ids::{InvoiceId, PlanId};
use domain::money::Money;
use platform::database::Transaction;
use platform::outbox::{self, Event};
use serde_json::json;
use uuid::Uuid;

use super::settle::{end_rivals, organisation, rivals, start_addons, tell_cancelled};
use super::{LockedInvoice, Reversed};
use crate::documents::credit_notes;
use crate::subscriptions::record::{LockedSubscription, PlanFacts};
use crate::subscriptions::void_open_changes;
use crate::tokens::{self, Entry};
use crate::{Error, Result};

/// What becomes of tokens that came with an invoice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tokens {
    /// They go back whole or nothing happens: what was spent cannot be refunded.
    AllOrNothing,
    /// The money is gone already, so those that are left go.
    AsFarAsTheyGo,
}

/// Refunds an invoice.
pub(crate) async fn refund(
    transaction: &mut Transaction,
    id: InvoiceId,
    reference: &str,
    tokens_back: Tokens,
    now: DateTime<Utc>,
) -> Result<Reversed> {
    let invoice = LockedInvoice::load(transaction, id).await?;
    if invoice.status.after(InvoiceAction::Refund).is_none() {
        let status = invoice.status.as_str().to_uppercase();
        return Err(Error::InvoiceState(format!("Cannot refund: invoice status is {status}")));
    }
    set_status(transaction, &invoice, InvoiceStatus::Refunded, Some(reference), now).await?;
    let total = invoice.total.minor;
    let credit_note = credit_notes::issue(transaction, invoice.account_id, id, total, reference, now).await?;

    let mut reversed = Reversed::default();
    if let Some((subscription_id, plan_id)) = invoice.subscription() {
        let mut subscription =
            LockedSubscription::load(transaction, invoice.account_id, subscription_id).await?;
        void_open_changes(transaction, &subscription, now).await?;
        if let ("upgrade", Some(before)) = (invoice.reason.as_str(), invoice.from_plan_id) {
            // The better plan was paid back; the one before it was not, and neither were its days.
            subscription.state = subscription.state.moved(-invoice.moves_end_by).at(now);
            replace_plan(transaction, &invoice, &mut subscription, plan_id, before).await?;
            let has_rivals = !rivals(transaction, &subscription, subscription.plan_id).await?.is_empty();
            if has_rivals && subscription.state.is_current() {
                // Its place was sold since. Its days were paid for, but it cannot go on after them.
                subscription.state = subscription.state.cancelled(now);
                subscription.pending_plan_id = None;
                let ended = vec![subscription_id];
                tell_cancelled(transaction, invoice.account_id, ended, "replaced", now).await?;
            }
        } else {
            subscription.state = subscription.state.revoked(now);
            tell_cancelled(transaction, invoice.account_id, vec![subscription_id], "refunded", now).await?;
        }
        subscription.save(transaction, now).await?;
        reversed.subscription_id = Some(subscription_id);
    }
    reversed.bundle_purchases = sqlx::query_scalar!(
        "UPDATE bundle_purchases SET status = 'refunded' WHERE account_id = $1 AND invoice_id = $2 AND status = 'completed' RETURNING id",
        Uuid::from(invoice.account_id),
        Uuid::from(id),
    )
    .fetch_all(&mut **transaction)
    .await?;
    reversed.addon_subscriptions = sqlx::query_scalar!(
        "UPDATE addon_subscriptions SET status = 'cancelled', cancelled_at = $3, expires_at = least(expires_at, $3), updated_at = $3
         WHERE account_id = $1 AND invoice_id = $2 AND status IN ('active', 'pending', 'cancelled') RETURNING id",
        Uuid::from(invoice.account_id),
        Uuid::from(id),
        now,
    )
    .fetch_all(&mut **transaction)
    .await?;

    // What this invoice brought: its plan's tokens (also when the subscription was cancelled since, which the original
    // forgets) and its bundles'.
    let mut sources = reversed.bundle_purchases.clone();
    sources.push(id.into());
    reversed.tokens = tokens::credited_for(transaction, invoice.account_id, &sources).await?;
    if reversed.tokens > 0 {
        let has = tokens::balance(transaction, invoice.account_id).await?;
        if has < reversed.tokens {
            if tokens_back == Tokens::AllOrNothing {
                return Err(Error::TokensSpent { has, needs: reversed.tokens });
            }
            reversed.tokens = has;
        }
    }
    if reversed.tokens > 0 {
        let entry = Entry {
            amount: -reversed.tokens,
            kind: "refund",
            reference_id: Some(id.into()),
            description: format!("Refund: {reference}"),
        };
        tokens::enter(transaction, invoice.account_id, entry, now).await?;
    }
    let payload = json!({ "account_id": invoice.account_id, "invoice_id": id, "credit_note_id": credit_note, "reference": reference, "tokens_debited": reversed.tokens });
    let event = Event {
        organisation_id: organisation(transaction, &invoice).await?,
        kind: "payment.refunded",
        subject: id.into(),
        payload,
    };
    outbox::publish(&mut **transaction, event, now).await?;
    Ok(reversed)
}

/// A part of a paid invoice went back, all in all `refunded`: it has credit notes over as much, and everything that was
/// bought stays. What the provider takes back of it again is cancelled.
pub(crate) async fn credit_part(
    transaction: &mut Transaction,
    id: InvoiceId,
    refunded: i64,
    reference: &str,
    now: DateTime<Utc>,
) -> Result<()> {
    let invoice = LockedInvoice::load(transaction, id).await?;
    let mut credited = credit_notes::credited(transaction, invoice.account_id, id).await?;
    if invoice.status != InvoiceStatus::Paid || refunded > invoice.total.minor {
        return Ok(());
    }
    while credited > refunded {
        credit_notes::cancel(transaction, invoice.account_id, id, now).await?;
        credited = credit_notes::credited(transaction, invoice.account_id, id).await?;
    }
    if credited == refunded {
        return Ok(());
    }
    let note = credit_notes::issue(transaction, invoice.account_id, id, refunded, reference, now).await?;
    let amount = Money::new(refunded - credited, invoice.total.currency);
    let payload = json!({ "account_id": invoice.account_id, "invoice_id": id, "credit_note_id": note, "reference": reference, "amount": amount, "is_partial": true, "tokens_debited": 0 });
    let event = Event {
        organisation_id: organisation(transaction, &invoice).await?,
        kind: "payment.refunded",
        subject: id.into(),
        payload,
    };
    outbox::publish(&mut **transaction, event, now).await?;
    Ok(())
}

/// Takes a refund back: the invoice is paid again, and what is on it runs for a fresh period.
pub(crate) async fn restore(
    transaction: &mut Transaction,
    id: InvoiceId,
    now: DateTime<Utc>,
) -> Result<Reversed> {
    let invoice = LockedInvoice::load(transaction, id).await?;
    if invoice.status.after(InvoiceAction::Restore).is_none() {
        let status = invoice.status.as_str().to_uppercase();
        return Err(Error::InvoiceState(format!("Cannot restore: invoice status is {status}")));
    }
    set_status(transaction, &invoice, InvoiceStatus::Paid, None, now).await?;
    credit_notes::cancel(transaction, invoice.account_id, id, now).await?;

    let mut restored = Reversed::default();
    if let Some((subscription_id, plan_id)) = invoice.subscription() {
        let plan = PlanFacts::load(transaction, plan_id).await?;
        let mut subscription =
            LockedSubscription::load(transaction, invoice.account_id, subscription_id).await?;
        if invoice.reason == "upgrade" {
            void_open_changes(transaction, &subscription, now).await?;
        }
        if let ("upgrade", Some(before), true) =
            (invoice.reason.as_str(), invoice.from_plan_id, subscription.state.is_current())
        {
            subscription.state = subscription.state.moved(invoice.moves_end_by).at(now);
            let present = subscription.plan_id;
            replace_plan(transaction, &invoice, &mut subscription, before, plan_id).await?;
            if subscription.plan_id != present {
                goes_back_to(transaction, &invoice, id, present).await?;
            }
        } else {
            subscription.state = subscription.state.cancelled(now).activated(now, plan.billing_period)?;
            subscription.plan_id = plan_id;
        }
        if subscription.state.is_current() {
            end_rivals(transaction, &subscription, now).await?;
        }
        subscription.save(transaction, now).await?;
        restored.subscription_id = Some(subscription_id);
    }
    restored.bundle_purchases = sqlx::query_scalar!(
        "UPDATE bundle_purchases SET status = 'completed' WHERE account_id = $1 AND invoice_id = $2 AND status = 'refunded' RETURNING id",
        Uuid::from(invoice.account_id),
        Uuid::from(id),
    )
    .fetch_all(&mut **transaction)
    .await?;
    restored.addon_subscriptions = start_addons(transaction, &invoice, now).await?;
    let taken = tokens::taken_back_for(transaction, invoice.account_id, id.into()).await?;
    if taken > 0 {
        let entry = Entry {
            amount: taken,
            kind: "refund",
            reference_id: Some(id.into()),
            description: "Refund reversed".to_owned(),
        };
        tokens::enter(transaction, invoice.account_id, entry, now).await?;
        restored.tokens = taken;
    }
    let payload =
        json!({ "account_id": invoice.account_id, "invoice_id": id, "tokens_credited": restored.tokens });
    let event = Event {
        organisation_id: organisation(transaction, &invoice).await?,
        kind: "refund.reversed",
        subject: id.into(),
        payload,
    };
    outbox::publish(&mut **transaction, event, now).await?;
    Ok(restored)
}

/// Has the plan of an upgrade make way for the one before it, or come back. Where another plan was paid for since, that one
/// stays; if it was an upgrade from `old`, it goes back to `new` from now on, should it be refunded.
async fn replace_plan(
    transaction: &mut Transaction,
    invoice: &LockedInvoice,
    subscription: &mut LockedSubscription,
    old: PlanId,
    new: PlanId,
) -> Result<()> {
    let next = sqlx::query!(
        r#"SELECT i.id AS "id: InvoiceId", i.reason = 'upgrade' AND i.from_plan_id = $4 AS "is_from_old!"
           FROM invoices i JOIN invoices this ON this.account_id = i.account_id AND this.id = $3
           WHERE i.account_id = $1 AND i.subscription_id = $2 AND i.status = 'paid' AND (i.paid_at, i.id) > (this.paid_at, this.id)
             AND (i.reason = 'upgrade' OR (i.reason = 'renewal' AND i.plan_id NOT IN ($4, $5)))
           ORDER BY i.paid_at, i.id LIMIT 1"#,
        Uuid::from(subscription.account_id),
        Uuid::from(subscription.id),
        Uuid::from(invoice.id),
        Uuid::from(old),
        Uuid::from(new),
    )
    .fetch_optional(&mut **transaction)
    .await?;
    match next {
        None => subscription.plan_id = new,
        Some(next) if next.is_from_old => goes_back_to(transaction, invoice, next.id, new).await?,
        Some(_) => {}
    }
    Ok(())
}

/// Notes the plan that the refund of an upgrade of the same account goes back to.
async fn goes_back_to(
    transaction: &mut Transaction,
    invoice: &LockedInvoice,
    upgrade: InvoiceId,
    plan_id: PlanId,
) -> Result<()> {
    sqlx::query!(
        "UPDATE invoices SET from_plan_id = $3 WHERE account_id = $1 AND id = $2",
        Uuid::from(invoice.account_id),
        Uuid::from(upgrade),
        Uuid::from(plan_id),
    )
    .execute(&mut **transaction)
    .await?;
    Ok(())
}

async fn set_status(
    transaction: &mut Transaction,
    invoice: &LockedInvoice,
    status: InvoiceStatus,
    reference: Option<&str>,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "UPDATE invoices SET status = $3, refunded_at = CASE WHEN $3 = 'refunded' THEN $4::timestamptz END,
                             refund_reference = $5, updated_at = $4
         WHERE account_id = $1 AND id = $2",
        Uuid::from(invoice.account_id),
        Uuid::from(invoice.id),
        status.as_str(),
        now,
        reference,
    )
    .execute(&mut **transaction)
    .await?;
    Ok(())
}
