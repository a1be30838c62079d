//! Money arrived: the invoice is paid, and what is on it begins to run.

use chrono::{DateTime, Utc};
use domain::billing::{BillingPeriod, InvoiceAction, InvoiceStatus, SubscriptionState, SubscriptionStatus};
use domain::ids::{AccountId, InvoiceId, OrganisationId, PlanId, SubscriptionId};
use domain::money::Money;
use platform::database::Transaction;
use platform::outbox::{self, Event};
use serde_json::json;
use uuid::Uuid;

use super::{LockedInvoice, Payment, Settled};
use crate::invoices::managed::void;
use crate::providers::{ToTell, follow_later};
use crate::subscriptions::record::{LockedSubscription, PlanFacts};
use crate::subscriptions::{void_open, void_open_changes};
use crate::tokens::{self, Entry};
use crate::{Error, Result};

/// What is said with the money.
pub(crate) struct Capture<'a> {
    pub reference: &'a str,
    pub method: Option<&'a str>,
    pub provider: Option<&'a str>,
    /// How much, where it is known.
    pub paid: Option<Money>,
    /// The period that a provider collected, where it collects a subscription: when it was paid, and its end.
    pub period: Option<(DateTime<Utc>, DateTime<Utc>)>,
}

impl<'a> Capture<'a> {
    /// Nothing was to be paid (spec 5.4).
    pub fn of_nothing(total: Money) -> Self {
        Self { reference: "zero-price", method: None, provider: None, paid: Some(total), period: None }
    }

    pub fn of(payment: &'a Payment) -> Self {
        Self {
            reference: &payment.reference,
            method: payment.method.as_deref(),
            provider: payment.method.as_deref(),
            paid: payment.paid,
            period: None,
        }
    }
}

/// Settles an invoice. One that is paid already stays as it is, and nothing is done again.
pub(crate) async fn settle(
    transaction: &mut Transaction,
    id: InvoiceId,
    capture: Capture<'_>,
    now: DateTime<Utc>,
) -> Result<Settled> {
    let invoice = LockedInvoice::load(transaction, id).await?;
    if invoice.status == InvoiceStatus::Paid {
        return Ok(Settled::default());
    }
    if invoice.status.after(InvoiceAction::Pay).is_none() {
        let status = invoice.status.as_str().to_uppercase();
        return Err(Error::InvoiceState(format!("Invoice is {status}, expected PENDING")));
    }
    if capture.paid.is_some_and(|paid| paid != invoice.total) {
        return Err(Error::WrongAmount);
    }
    sqlx::query!(
        "UPDATE invoices SET status = 'paid', payment_reference = $3, payment_method = coalesce($4, payment_method),
                             provider = coalesce($5, provider), paid_at = $6, updated_at = $6
         WHERE account_id = $1 AND id = $2",
        Uuid::from(invoice.account_id),
        Uuid::from(id),
        capture.reference,
        capture.method,
        capture.provider,
        now,
    )
    .execute(&mut **transaction)
    .await?;

    let mut settled = Settled::default();
    if let Some(tokens) = start_subscription(transaction, &invoice, capture.period, now).await? {
        settled.subscription_id = invoice.subscription().map(|(id, _)| id);
        settled.tokens += tokens;
    }
    let (purchases, tokens) = complete_bundles(transaction, &invoice, now).await?;
    settled.tokens += tokens;
    settled.bundle_purchases = purchases;
    settled.addon_subscriptions = start_addons(transaction, &invoice, now).await?;

    let payload = json!({
        "account_id": invoice.account_id, "invoice_id": id, "payment_reference": capture.reference,
        "amount": invoice.total, "provider": capture.provider, "tokens_credited": settled.tokens,
    });
    let event = Event {
        organisation_id: organisation(transaction, &invoice).await?,
        kind: "payment.captured",
        subject: id.into(),
        payload,
    };
    let completed = Event {
        organisation_id: event.organisation_id,
        kind: "payment.completed",
        subject: id.into(),
        payload: json!({
            "account_id": invoice.account_id, "invoice_id": id, "subscription_id": settled.subscription_id,
            "bundle_purchase_ids": settled.bundle_purchases, "addon_subscription_ids": settled.addon_subscriptions,
            "tokens_credited": settled.tokens,
        }),
    };
    outbox::publish_all(&mut **transaction, vec![event, completed], now).await?;
    Ok(settled)
}

/// The organisation whose account it is, if it is one's.
pub(super) async fn organisation(
    transaction: &mut Transaction,
    invoice: &LockedInvoice,
) -> Result<Option<OrganisationId>> {
    organisation_of(transaction, invoice.account_id).await
}

/// The organisation that has this account, if one has.
pub(crate) async fn organisation_of(
    transaction: &mut Transaction,
    account_id: AccountId,
) -> Result<Option<OrganisationId>> {
    let id = sqlx::query_scalar!(
        r#"SELECT organisation_id AS "id: OrganisationId" FROM billing_accounts WHERE id = $1"#,
        Uuid::from(account_id),
    )
    .fetch_one(&mut **transaction)
    .await?;
    Ok(id)
}

/// What is paid for runs: for the first time, for another period, or with another plan. Gives the tokens that came
/// with it; none if there is no subscription on the invoice.
async fn start_subscription(
    transaction: &mut Transaction,
    invoice: &LockedInvoice,
    period: Option<(DateTime<Utc>, DateTime<Utc>)>,
    now: DateTime<Utc>,
) -> Result<Option<i64>> {
    let Some((id, plan_id)) = invoice.subscription() else { return Ok(None) };
    let mut subscription = LockedSubscription::load(transaction, invoice.account_id, id).await?;
    let plan = PlanFacts::load(transaction, plan_id).await?;
    subscription.state = subscription.state.at(now);
    // The admin began it before it was paid for; it may have been interrupted, cancelled, or got another plan, since.
    let runs_already = invoice.reason == "purchase"
        && match subscription.state {
            SubscriptionState::Active { .. } | SubscriptionState::Paused { .. } => true,
            SubscriptionState::Cancelled { was_trial, .. } => {
                // However late that is heard.
                let paid_at = period.map_or(now, |(paid_at, _)| paid_at);
                !was_trial && subscription.state.gives_access(paid_at)
            }
            _ => false,
        };
    subscription.state = match (invoice.reason.as_str(), period) {
        ("upgrade", _) => upgraded(subscription.state, invoice, now)
            .ok_or_else(|| Error::InvoiceState("Subscription is not active".to_owned()))?,
        ("renewal", Some((_, until))) => subscription.state.paid_until(now, until),
        ("renewal", None) => subscription.state.renewed(now, plan.billing_period),
        _ if runs_already => subscription.state,
        // The provider's periods are those of the calendar: ours last as long, or access would lapse before the next one.
        (_, Some((paid_at, until))) => SubscriptionState::Active { started_at: paid_at, expires_at: until },
        _ => subscription.state.activated(now, plan.billing_period)?,
    };
    if invoice.reason != "purchase" {
        // A renewal was asked for at the price of the plan before, an upgrade for the days that were left then.
        void_open_changes(transaction, &subscription, now).await?;
    } else if runs_already {
        // An upgrade that is open credits none of the days that are paid for now: it is asked for anew.
        void_open(transaction, &subscription, &["upgrade"], now).await?;
    }
    if !runs_already {
        subscription.plan_id = plan_id;
        subscription.pending_plan_id = None;
    }
    // Whoever pays last has the place: another subscription of a single category ends (spec 5.4). What stays cancelled has none.
    if subscription.state.is_current() {
        end_rivals(transaction, &subscription, now).await?;
    }
    subscription.save(transaction, now).await?;
    let payload =
        json!({ "account_id": invoice.account_id, "subscription_id": id, "plan_id": subscription.plan_id });
    let event = Event {
        organisation_id: organisation(transaction, invoice).await?,
        kind: "subscription.activated",
        subject: id.into(),
        payload,
    };
    outbox::publish(&mut **transaction, event, now).await?;

    // Who changes back and forth would have the tokens each time: those of a better plan come with its next period.
    if invoice.reason == "upgrade" || plan.default_tokens == 0 {
        return Ok(Some(0));
    }
    // The admin may have started it before its money came, with its tokens.
    if tokens::credited_for(transaction, invoice.account_id, &[invoice.id.into()]).await? > 0 {
        return Ok(Some(0));
    }
    let entry = Entry {
        amount: plan.default_tokens,
        kind: "subscription",
        reference_id: Some(invoice.id.into()),
        description: format!("Plan tokens: {}", plan.name),
    };
    tokens::enter(transaction, invoice.account_id, entry, now).await?;
    Ok(Some(plan.default_tokens))
}

/// What an upgrade makes of a subscription; nothing once the subscription, or the upgrade's own period, is over.
fn upgraded(
    state: SubscriptionState,
    invoice: &LockedInvoice,
    now: DateTime<Utc>,
) -> Option<SubscriptionState> {
    Some(state.at(now).moved(invoice.moves_end_by).at(now)).filter(SubscriptionState::is_current)
}

/// Voids an open invoice whose money came too late, so that it goes back: that of an upgrade of what is over, or of a
/// period that a provider collected by itself, where another subscription has the place by now; that one was bought
/// instead. Gives whether it did.
pub(crate) async fn void_if_too_late(
    transaction: &mut Transaction,
    invoice: &LockedInvoice,
    now: DateTime<Utc>,
) -> Result<bool> {
    let is_upgrade = invoice.reason == "upgrade";
    let Some((id, plan_id)) = invoice.subscription().filter(|_| is_upgrade || invoice.is_collected) else {
        return Ok(false);
    };
    if invoice.status.after(InvoiceAction::Pay).is_none() {
        return Ok(false);
    }
    let mut subscription = LockedSubscription::load(transaction, invoice.account_id, id).await?;
    if is_upgrade {
        if upgraded(subscription.state, invoice, now).is_some() {
            return Ok(false);
        }
    } else if rivals(transaction, &subscription, plan_id).await?.is_empty() {
        return Ok(false);
    } else {
        if subscription.state.status() != SubscriptionStatus::Cancelled {
            subscription.state = subscription.state.cancelled(now);
            subscription.pending_plan_id = None;
            void_open_changes(transaction, &subscription, now).await?;
            subscription.write(transaction, now).await?;
            tell_cancelled(transaction, invoice.account_id, vec![id], "replaced", now).await?;
        }
        // Or the provider would collect the next period, too; it may have been told otherwise on its own page.
        follow_later(transaction, &[(invoice.account_id, id)], ToTell::Renewal, now).await?;
    }
    void(transaction, invoice, now).await?;
    Ok(true)
}

/// Other subscriptions of the account that have the place of a plan in a single category.
pub(crate) async fn rivals(
    transaction: &mut Transaction,
    subscription: &LockedSubscription,
    plan_id: PlanId,
) -> Result<Vec<SubscriptionId>> {
    let rivals = sqlx::query_scalar!(
        r#"SELECT DISTINCT s.subscription_id AS "id: SubscriptionId" FROM single_subscriptions s
           JOIN plans_in_categories m ON m.category_id = s.category_id AND m.plan_id = $3
           WHERE s.account_id = $1 AND s.subscription_id <> $2"#,
        Uuid::from(subscription.account_id),
        Uuid::from(subscription.id),
        Uuid::from(plan_id),
    )
    .fetch_all(&mut **transaction)
    .await?;
    Ok(rivals)
}

/// Cancels other current subscriptions in the single categories of a subscription's plan.
pub(super) async fn end_rivals(
    transaction: &mut Transaction,
    subscription: &LockedSubscription,
    now: DateTime<Utc>,
) -> Result<()> {
    let account_id = subscription.account_id;
    let rivals = rivals(transaction, subscription, subscription.plan_id).await?;
    for rival in &rivals {
        let mut rival = LockedSubscription::load(transaction, account_id, *rival).await?;
        rival.state = rival.state.revoked(now);
        rival.save(transaction, now).await?;
        // Whoever paid for its next period would have both.
        void_open_changes(transaction, &rival, now).await?;
    }
    tell_cancelled(transaction, account_id, rivals, "replaced", now).await
}

/// Tells that subscriptions ended without their owner's asking. Whoever is told something else about it, as by a receipt
/// or a credit note, is not written about this: see `mails`.
pub(crate) async fn tell_cancelled(
    transaction: &mut Transaction,
    account_id: AccountId,
    ids: Vec<SubscriptionId>,
    reason: &'static str,
    now: DateTime<Utc>,
) -> Result<()> {
    if ids.is_empty() {
        return Ok(());
    }
    let organisation_id = organisation_of(transaction, account_id).await?;
    let event = |id: SubscriptionId| Event {
        organisation_id,
        kind: "subscription.cancelled",
        subject: id.into(),
        payload: json!({ "account_id": account_id, "subscription_id": id, "reason": reason }),
    };
    outbox::publish_all(&mut **transaction, ids.into_iter().map(event).collect(), now).await?;
    Ok(())
}

/// Completes the purchases of bundles on an invoice; gives them and their tokens.
async fn complete_bundles(
    transaction: &mut Transaction,
    invoice: &LockedInvoice,
    now: DateTime<Utc>,
) -> Result<(Vec<Uuid>, i64)> {
    let items = invoice.items("token_bundle");
    if items.is_empty() {
        return Ok((Vec::new(), 0));
    }
    let completed = sqlx::query!(
        "UPDATE bundle_purchases SET status = 'completed', completed_at = $3
         WHERE account_id = $1 AND id = ANY ($2) AND status = 'pending' RETURNING id, token_amount",
        Uuid::from(invoice.account_id),
        &items,
        now,
    )
    .fetch_all(&mut **transaction)
    .await?;
    let entries: Vec<Entry> = completed
        .iter()
        .map(|purchase| Entry {
            amount: purchase.token_amount.into(),
            kind: "purchase",
            reference_id: Some(purchase.id),
            description: format!("Token bundle purchase: {} tokens", purchase.token_amount),
        })
        .collect();
    let tokens = entries.iter().map(|entry| entry.amount).sum();
    tokens::enter_all(transaction, invoice.account_id, entries, now).await?;
    Ok((completed.into_iter().map(|purchase| purchase.id).collect(), tokens))
}

/// Starts the add-ons on an invoice: each for a period of its own, from now.
pub(super) async fn start_addons(
    transaction: &mut Transaction,
    invoice: &LockedInvoice,
    now: DateTime<Utc>,
) -> Result<Vec<Uuid>> {
    let items = invoice.items("add_on");
    if items.is_empty() {
        return Ok(Vec::new());
    }
    let rows = sqlx::query!(
        "SELECT s.id, a.billing_period FROM addon_subscriptions s JOIN addons a ON a.id = s.addon_id
         WHERE s.account_id = $1 AND s.id = ANY ($2)",
        Uuid::from(invoice.account_id),
        &items,
    )
    .fetch_all(&mut **transaction)
    .await?;
    let mut ids = Vec::with_capacity(rows.len());
    let mut ends = Vec::with_capacity(rows.len());
    for row in rows {
        ids.push(row.id);
        ends.push(row.billing_period.parse::<BillingPeriod>()?.end(now));
    }
    sqlx::query!(
        "UPDATE addon_subscriptions s SET status = 'active', starts_at = $3, expires_at = t.end_at, cancelled_at = NULL, updated_at = $3
         FROM unnest($2::uuid[], $4::timestamptz[]) AS t (id, end_at)
         WHERE s.account_id = $1 AND s.id = t.id",
        Uuid::from(invoice.account_id),
        &ids,
        now,
        &ends,
    )
    .execute(&mut **transaction)
    .await?;
    Ok(ids)
}
