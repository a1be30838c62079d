//! A plan, add-ons and bundles become one invoice (spec 5.4).
//!
//! One transaction: a cart with one bad item leaves nothing behind. Prices, currency and tax are the server's; of the
//! client it takes ids alone.

mod abandon;
mod bought;
mod cart;
mod quote;
mod tried;

use chrono::{DateTime, Days, Utc};
use domain::access::AccountPermit;
use domain::billing::subscription::StateColumns;
use domain::billing::{SubscriptionState, Totals};
use domain::ids::{
    AddonId, AddonSubscriptionId, BundlePurchaseId, InvoiceId, PlanId, SubscriptionId, TokenBundleId,
};
use domain::money::Currency;
use platform::database::Transaction;
use platform::outbox::{self, Event};
use serde_json::json;
use uuid::Uuid;

use crate::invoices::{NewInvoice, NewLine, insert as insert_invoice};
use crate::payments::{Capture, settle};
use crate::{Billing, CartProblem, Error, Result, accounts};

pub use bought::{Bought, BundlePurchase};
use cart::Cart;
pub use quote::Quote;
pub(crate) use tried::{Tried, begin_trial, families};

/// The days in which an invoice is to be paid (spec 5.8).
pub(crate) const DUE_DAYS: u64 = 30;

/// What somebody wants to buy. The ids are the client's; everything else about price is ours.
#[derive(Debug, Clone)]
pub struct Order {
    /// A plan, if any.
    pub plan_id: Option<PlanId>,
    /// Bundles; the same one twice is two purchases.
    pub bundle_ids: Vec<TokenBundleId>,
    /// Add-ons.
    pub addon_ids: Vec<AddonId>,
    /// The currency in which to pay.
    pub currency: String,
    /// The country whose tax applies, where the account's profile has none.
    pub country: Option<String>,
    /// The code of the way to pay.
    pub payment_method: Option<String>,
}

/// What a checkout made.
#[derive(Debug, Clone)]
pub struct Ordered {
    /// The invoice over everything.
    pub invoice_id: InvoiceId,
    /// The subscription, if a plan was bought.
    pub subscription_id: Option<SubscriptionId>,
    /// A purchase for each bundle, in the order's order.
    pub bundle_purchase_ids: Vec<BundlePurchaseId>,
    /// A subscription for each add-on, in the order's order.
    pub addon_subscription_ids: Vec<AddonSubscriptionId>,
    /// Whether nothing was to be paid, so that everything runs already.
    pub is_complete: bool,
    /// The end of the trial that began; nothing has to be paid until then.
    pub trial_ends_at: Option<DateTime<Utc>>,
}

impl Billing {
    /// Orders what is in the cart: one invoice, to be paid. What costs nothing runs at once.
    pub async fn checkout(&self, permit: AccountPermit<'_>, order: &Order) -> Result<Ordered> {
        let ordered = self.try_checkout(permit, order).await;
        match &ordered {
            // An empty cart is nothing that was asked for.
            Err(Error::Cart(CartProblem::Empty)) => {}
            Err(Error::Cart(problem)) => self.tell_failed(permit, order, problem).await?,
            _ => {}
        }
        ordered
    }

    /// Tells that a cart could not be bought, since what was begun is undone with all that it told.
    async fn tell_failed(
        &self,
        permit: AccountPermit<'_>,
        order: &Order,
        problem: &CartProblem,
    ) -> Result<()> {
        let failed = json!({ "account_id": permit.account_id(), "reason": problem.code() });
        let event = |kind, payload| Event {
            organisation_id: permit.actor().organisation_id,
            kind,
            subject: permit.account_id().into(),
            payload,
        };
        let mut transaction = self.begin(permit).await?;
        let events =
            vec![event("checkout.requested", requested(permit, order)), event("checkout.failed", failed)];
        outbox::publish_all(&mut *transaction, events, self.clock.now()).await?;
        transaction.commit().await?;
        Ok(())
    }

    async fn try_checkout(&self, permit: AccountPermit<'_>, order: &Order) -> Result<Ordered> {
        let now = self.clock.now();
        let mut transaction = self.begin(permit).await?;
        let account_id = accounts::ensure(&mut transaction, permit, now).await?;
        accounts::lock(&mut transaction, account_id).await?;
        let cart = Cart::load(&mut transaction, permit, order, now).await?;

        let subscription = match &cart.plan {
            Some(plan) => Some(plan.subscribe(&mut transaction, account_id, now).await?),
            None => None,
        };
        let mut lines = Vec::new();
        if let (Some(plan), Some(subscription)) = (&cart.plan, &subscription) {
            lines.push(NewLine::subscription(subscription.id, plan.id, plan.name.clone(), plan.price));
        }
        let purchases: Vec<(BundlePurchaseId, &cart::Bundle)> =
            cart.bundles.iter().map(|bundle| (platform::ids::new(), bundle)).collect();
        lines.extend(
            purchases
                .iter()
                .map(|(id, bundle)| NewLine::bundle(*id, bundle.id, bundle.name.clone(), bundle.price)),
        );
        let addons: Vec<(AddonSubscriptionId, &cart::Addon)> =
            cart.addons.iter().map(|addon| (platform::ids::new(), addon)).collect();
        lines.extend(
            addons.iter().map(|(id, addon)| NewLine::addon(*id, addon.id, addon.name.clone(), addon.price)),
        );

        lines.extend(
            cart.fee.iter().map(|fee| NewLine::fee(fee.payment_method_id, fee.name.clone(), fee.price)),
        );

        let invoice_id: InvoiceId = platform::ids::new();
        let trial_ends_at = subscription.as_ref().and_then(|subscription| subscription.state.expires_at());
        let totals = Totals::of(lines.iter().map(|line| line.unit_price), cart.tax_rate, cart.currency)?;
        insert_purchases(&mut transaction, account_id, invoice_id, &purchases, now).await?;
        let subscription_id = subscription.as_ref().map(|subscription| subscription.id);
        insert_addons(&mut transaction, account_id, invoice_id, subscription_id, &addons, now).await?;
        let mut events = vec![("checkout.requested", account_id.into(), requested(permit, order))];
        if let (Some(plan), Some(subscription)) = (&cart.plan, &subscription) {
            let payload = json!({
                "account_id": account_id, "subscription_id": subscription.id, "plan_id": plan.id, "invoice_id": invoice_id,
                "status": subscription.state.status(),
            });
            events.push(("subscription.created", subscription.id.into(), payload));
        }
        let payload = json!({ "account_id": account_id, "invoice_id": invoice_id, "total": totals.total });
        events.push(("checkout.completed", invoice_id.into(), payload));
        let organisation_id = permit.actor().organisation_id;
        let events = events
            .into_iter()
            .map(|(kind, subject, payload)| Event { organisation_id, kind, subject, payload })
            .collect();
        outbox::publish_all(&mut *transaction, events, now).await?;
        insert_invoice(
            &mut transaction,
            NewInvoice {
                id: invoice_id,
                account_id,
                reason: "purchase",
                plan_id: cart.plan.as_ref().map(|plan| plan.id),
                subscription_id,
                from_plan_id: None,
                period_until: None,
                from_expires_at: None,
                totals,
                tax_rate: cart.tax_rate,
                tax_country: cart.country.clone(),
                payment_method: order.payment_method.clone(),
                due_at: Some(trial_ends_at.unwrap_or(now) + Days::new(DUE_DAYS)),
                lines: &lines,
            },
            now,
        )
        .await?;

        let is_complete = totals.total.minor == 0;
        if is_complete {
            settle(&mut transaction, invoice_id, Capture::of_nothing(totals.total), now).await?;
        }
        transaction.commit().await?;
        Ok(Ordered {
            invoice_id,
            subscription_id,
            bundle_purchase_ids: purchases.iter().map(|(id, _)| *id).collect(),
            addon_subscription_ids: addons.iter().map(|(id, _)| *id).collect(),
            is_complete,
            trial_ends_at,
        })
    }
}

/// What is told of an order: ids, and nothing that was typed.
fn requested(permit: AccountPermit<'_>, order: &Order) -> serde_json::Value {
    // More than a cart can hold is not told.
    let bundles: Vec<_> = order.bundle_ids.iter().take(cart::MOST_ITEMS).collect();
    let addons: Vec<_> = order.addon_ids.iter().take(cart::MOST_ITEMS).collect();
    json!({
        "account_id": permit.account_id(), "plan_id": order.plan_id, "token_bundle_ids": bundles, "add_on_ids": addons,
    })
}

/// Publishes an event of an account.
pub(crate) async fn publish(
    transaction: &mut Transaction,
    permit: AccountPermit<'_>,
    kind: &'static str,
    subject: Uuid,
    payload: serde_json::Value,
    now: DateTime<Utc>,
) -> Result<()> {
    let event = Event { organisation_id: permit.actor().organisation_id, kind, subject, payload };
    outbox::publish(&mut **transaction, event, now).await?;
    Ok(())
}

/// A subscription that was just ordered.
struct Subscribed {
    id: SubscriptionId,
    state: SubscriptionState,
}

impl cart::Plan {
    /// Orders the plan, to be tried out where its trial was not used yet.
    async fn subscribe(
        &self,
        transaction: &mut Transaction,
        account_id: domain::ids::AccountId,
        now: DateTime<Utc>,
    ) -> Result<Subscribed> {
        let id: SubscriptionId = platform::ids::new();
        let state = match u16::try_from(self.trial_days) {
            Ok(days) if days > 0 && begin_trial(transaction, account_id, &self.families, now).await? => {
                SubscriptionState::trial(now, days)
            }
            _ => SubscriptionState::Pending,
        };
        insert_subscription(transaction, account_id, id, (self.id, self.price.currency), state, now).await?;
        Ok(Subscribed { id, state })
    }
}

/// Writes a new subscription to a plan, which goes on in the currency in which it is bought.
pub(crate) async fn insert_subscription(
    transaction: &mut Transaction,
    account_id: domain::ids::AccountId,
    id: SubscriptionId,
    (plan_id, currency): (PlanId, Currency),
    state: SubscriptionState,
    now: DateTime<Utc>,
) -> Result<()> {
    let StateColumns { status, started_at, expires_at, trial_end_at, cancelled_at, paused_at } =
        state.columns();
    sqlx::query!(
        "INSERT INTO subscriptions (account_id, id, plan_id, status, started_at, expires_at, trial_end_at, cancelled_at, paused_at,
                                    created_at, updated_at, currency)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10, $11)",
        Uuid::from(account_id),
        Uuid::from(id),
        Uuid::from(plan_id),
        status.as_str(),
        started_at,
        expires_at,
        trial_end_at,
        cancelled_at,
        paused_at,
        now,
        currency.code(),
    )
    .execute(&mut **transaction)
    .await?;
    Ok(())
}

async fn insert_purchases(
    transaction: &mut Transaction,
    account_id: domain::ids::AccountId,
    invoice_id: InvoiceId,
    purchases: &[(BundlePurchaseId, &cart::Bundle)],
    now: DateTime<Utc>,
) -> Result<()> {
    if purchases.is_empty() {
        return Ok(());
    }
    let ids: Vec<Uuid> = purchases.iter().map(|(id, _)| (*id).into()).collect();
    let bundles: Vec<Uuid> = purchases.iter().map(|(_, bundle)| bundle.id.into()).collect();
    let tokens: Vec<i32> = purchases.iter().map(|(_, bundle)| bundle.token_amount).collect();
    let prices: Vec<i64> = purchases.iter().map(|(_, bundle)| bundle.price.minor).collect();
    sqlx::query!(
        "INSERT INTO bundle_purchases (account_id, id, bundle_id, invoice_id, status, token_amount, price_minor, created_at)
         SELECT $1, id, bundle_id, $2, 'pending', tokens, price, $3
         FROM unnest($4::uuid[], $5::uuid[], $6::int[], $7::bigint[]) AS t (id, bundle_id, tokens, price)",
        Uuid::from(account_id),
        Uuid::from(invoice_id),
        now,
        &ids,
        &bundles,
        &tokens,
        &prices,
    )
    .execute(&mut **transaction)
    .await?;
    Ok(())
}

async fn insert_addons(
    transaction: &mut Transaction,
    account_id: domain::ids::AccountId,
    invoice_id: InvoiceId,
    subscription_id: Option<SubscriptionId>,
    addons: &[(AddonSubscriptionId, &cart::Addon)],
    now: DateTime<Utc>,
) -> Result<()> {
    if addons.is_empty() {
        return Ok(());
    }
    let ids: Vec<Uuid> = addons.iter().map(|(id, _)| (*id).into()).collect();
    let addon_ids: Vec<Uuid> = addons.iter().map(|(_, addon)| addon.id.into()).collect();
    sqlx::query!(
        "INSERT INTO addon_subscriptions (account_id, id, addon_id, subscription_id, invoice_id, status, created_at, updated_at)
         SELECT $1, id, addon_id, $2, $3, 'pending', $4, $4 FROM unnest($5::uuid[], $6::uuid[]) AS t (id, addon_id)",
        Uuid::from(account_id),
        subscription_id.map(Uuid::from),
        Uuid::from(invoice_id),
        now,
        &ids,
        &addon_ids,
    )
    .execute(&mut **transaction)
    .await?;
    Ok(())
}
