//! Subscriptions as they are read.

use chrono::{DateTime, Utc};
use domain::billing::subscription::StateColumns;
use domain::billing::{BillingPeriod, PlanCategory, SubscriptionState, SubscriptionStatus};
use domain::ids::{AccountId, AddonSubscriptionId, InvoiceId, PlanId, SubscriptionId};
use domain::money::Money;
use platform::database::Transaction;
use sqlx::types::Json;
use uuid::Uuid;

use super::managed::SubscriptionQuery;
use crate::catalogue::currency;
use crate::catalogue::prices::Rates;
use crate::{Error, Result};

/// The most subscriptions of one account that are read: nobody has more in use.
const MOST: i64 = 500;

/// A subscription with its plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscription {
    /// The id.
    pub id: SubscriptionId,
    /// Whose it is.
    pub account_id: AccountId,
    /// The state with its instants.
    pub state: SubscriptionState,
    /// The plan.
    pub plan: SubscribedPlan,
    /// The plan from the next renewal on, by id and name.
    pub pending_plan: Option<(PlanId, String)>,
    /// Its id at the payment provider.
    pub provider_subscription_id: Option<String>,
    /// Whether the provider collects it; not what is over there.
    pub is_collected: bool,
    /// Whether the provider could not collect the last period.
    pub is_past_due: bool,
    /// The module that it opens for an organisation.
    pub module: Option<String>,
    /// When it was ordered.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
    /// Counts changes.
    pub version: i32,
}

/// What a subscription shows of its plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubscribedPlan {
    /// The id.
    pub id: PlanId,
    /// What people call it.
    pub name: String,
    /// Its name in addresses.
    pub slug: String,
    /// The net price of a period, in the currency in which it was bought: what its renewal costs.
    pub price: Money,
    /// How often it is paid for.
    pub billing_period: BillingPeriod,
    /// The categories it is in.
    pub categories: Vec<PlanCategory>,
}

/// An add-on that an account has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddonSubscription {
    /// The id.
    pub id: AddonSubscriptionId,
    /// Whose it is.
    pub account_id: AccountId,
    /// The add-on.
    pub addon: domain::ids::AddonId,
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
    /// The subscription it was bought with.
    pub subscription_id: Option<SubscriptionId>,
    /// The invoice it is on.
    pub invoice_id: Option<InvoiceId>,
    /// `pending`, `active`, `cancelled` or `expired`.
    pub status: String,
    /// When it began.
    pub starts_at: Option<DateTime<Utc>>,
    /// When it ends.
    pub expires_at: Option<DateTime<Utc>>,
    /// When it was cancelled.
    pub cancelled_at: Option<DateTime<Utc>>,
    /// When it was ordered.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
    /// Counts changes.
    pub version: i32,
}

impl AddonSubscription {
    /// Whether it can be used at `now` (spec 5.1).
    pub fn is_valid(&self, now: DateTime<Utc>) -> bool {
        self.status == "active" && self.expires_at.is_none_or(|end| now < end)
    }

    /// Whether its account has it at `now`, or ordered it: what was cancelled runs to its end.
    pub fn is_current(&self, now: DateTime<Utc>) -> bool {
        match self.status.as_str() {
            "pending" => true,
            "active" | "cancelled" => self.expires_at.is_some_and(|end| now < end),
            _ => false,
        }
    }
}

struct Row {
    id: Uuid,
    account_id: Uuid,
    status: String,
    started_at: Option<DateTime<Utc>>,
    expires_at: Option<DateTime<Utc>>,
    trial_end_at: Option<DateTime<Utc>>,
    cancelled_at: Option<DateTime<Utc>>,
    paused_at: Option<DateTime<Utc>>,
    provider_subscription_id: Option<String>,
    is_collected: bool,
    is_past_due: bool,
    module: Option<String>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    version: i32,
    plan_id: Uuid,
    name: String,
    slug: String,
    price_minor: i64,
    currency: String,
    bought_in: String,
    billing_period: String,
    pending_plan_id: Option<Uuid>,
    pending_name: Option<String>,
    categories: Json<Vec<PlanCategory>>,
}

impl TryFrom<Row> for Subscription {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        let state = SubscriptionState::try_from(StateColumns {
            status: row.status.parse()?,
            started_at: row.started_at,
            expires_at: row.expires_at,
            trial_end_at: row.trial_end_at,
            cancelled_at: row.cancelled_at,
            paused_at: row.paused_at,
        })?;
        Ok(Self {
            id: SubscriptionId(row.id),
            account_id: AccountId(row.account_id),
            state,
            plan: SubscribedPlan {
                id: PlanId(row.plan_id),
                name: row.name,
                slug: row.slug,
                price: Money::new(row.price_minor, currency(&row.currency)?),
                billing_period: row.billing_period.parse()?,
                categories: row.categories.0,
            },
            pending_plan: row.pending_plan_id.map(PlanId).zip(row.pending_name),
            provider_subscription_id: row.provider_subscription_id,
            is_collected: row.is_collected,
            is_past_due: row.is_past_due,
            module: row.module,
            created_at: row.created_at,
            updated_at: row.updated_at,
            version: row.version,
        })
    }
}

/// `SELECT` of [`Row`]s with a condition.
macro_rules! select_subscriptions {
    ($condition:literal, $($argument:expr),*) => {
        sqlx::query_as!(
            Row,
            r#"SELECT s.id, s.account_id, s.status, s.started_at, s.expires_at, s.trial_end_at, s.cancelled_at, s.paused_at,
                      s.provider_subscription_id, s.is_collected, s.is_past_due, p.module, s.created_at, s.updated_at, s.version, p.id AS plan_id, p.name, p.slug,
                      coalesce(o.price_minor, p.price_minor) AS "price_minor!", coalesce(o.currency, p.currency) AS "currency!: String",
                      s.currency AS "bought_in: String", p.billing_period, s.pending_plan_id, n.name AS "pending_name?",
                      coalesce((SELECT jsonb_agg(jsonb_build_object('id', c.id, 'name', c.name, 'slug', c.slug, 'is_single', c.is_single)
                                                 ORDER BY c.sort_order, c.name)
                                FROM plans_in_categories m JOIN plan_categories c ON c.id = m.category_id
                                WHERE m.plan_id = p.id), '[]') AS "categories!: Json<Vec<PlanCategory>>"
               FROM subscriptions s
               JOIN plans p ON p.id = s.plan_id
               LEFT JOIN plan_prices o ON o.plan_id = p.id AND o.currency = s.currency
               LEFT JOIN plans n ON n.id = s.pending_plan_id "# + $condition,
            $($argument),*
        )
    };
}

/// Subscriptions at the price that their renewal has, as [`PlanFacts::load_in`](super::record::PlanFacts::load_in) finds it:
/// where their plan has none of its own in their currency it is converted.
async fn priced(transaction: &mut Transaction, rows: Vec<Row>) -> Result<Vec<Subscription>> {
    let rates = if rows.iter().any(|row| row.currency != row.bought_in) {
        Some(Rates::load_all(transaction).await?)
    } else {
        None
    };
    rows.into_iter()
        .map(|row| {
            let bought_in = currency(&row.bought_in)?;
            let mut subscription = Subscription::try_from(row)?;
            if let Some(rates) = &rates {
                subscription.plan.price = rates.convert(subscription.plan.price, bought_in)?;
            }
            Ok(subscription)
        })
        .collect()
}

/// An account's subscriptions, newest first.
pub(crate) async fn of_account(
    transaction: &mut Transaction,
    account_id: AccountId,
) -> Result<Vec<Subscription>> {
    let rows = select_subscriptions!(
        "WHERE s.account_id = $1 ORDER BY s.created_at DESC, s.id DESC LIMIT $2",
        Uuid::from(account_id),
        MOST
    )
    .fetch_all(&mut **transaction)
    .await?;
    priced(transaction, rows).await
}

/// Those of an account's subscriptions that are active or being tried out, newest first, however many were ordered since.
pub(crate) async fn live_of_account(
    transaction: &mut Transaction,
    account_id: AccountId,
) -> Result<Vec<Subscription>> {
    let rows = select_subscriptions!(
        "WHERE s.account_id = $1 AND s.status IN ('active', 'trialing') ORDER BY s.created_at DESC, s.id DESC LIMIT $2",
        Uuid::from(account_id),
        MOST
    )
    .fetch_all(&mut **transaction)
    .await?;
    priced(transaction, rows).await
}

/// One of an account's subscriptions.
pub(crate) async fn one(
    transaction: &mut Transaction,
    account_id: AccountId,
    id: SubscriptionId,
) -> Result<Option<Subscription>> {
    let row = select_subscriptions!(
        "WHERE s.account_id = $1 AND s.id = $2",
        Uuid::from(account_id),
        Uuid::from(id)
    )
    .fetch_optional(&mut **transaction)
    .await?;
    Ok(priced(transaction, row.into_iter().collect()).await?.pop())
}

/// The subscriptions to modules of some accounts, newest first: not what was only ordered, of which each visit to a page to
/// pay on leaves one.
pub(crate) async fn to_modules(
    transaction: &mut Transaction,
    accounts: &[Uuid],
) -> Result<Vec<Subscription>> {
    let rows = select_subscriptions!(
        "JOIN (SELECT l.account_id, l.id FROM unnest($1::uuid[]) AS a (id)
               CROSS JOIN LATERAL (
                   SELECT s.account_id, s.id FROM subscriptions s JOIN plans p ON p.id = s.plan_id
                   WHERE s.account_id = a.id AND s.status <> 'pending' AND p.module IS NOT NULL
                   ORDER BY s.created_at DESC, s.id DESC LIMIT $2
               ) l) k ON k.account_id = s.account_id AND k.id = s.id
         ORDER BY s.created_at DESC, s.id DESC",
        accounts,
        MOST
    )
    .fetch_all(&mut **transaction)
    .await?;
    priced(transaction, rows).await
}

/// One subscription, whosever it is.
pub(super) async fn any(transaction: &mut Transaction, id: SubscriptionId) -> Result<Option<Subscription>> {
    let row =
        select_subscriptions!("WHERE s.id = $1", Uuid::from(id)).fetch_optional(&mut **transaction).await?;
    Ok(priced(transaction, row.into_iter().collect()).await?.pop())
}

/// Everybody's subscriptions, newest first, a part of them, and how many there are.
pub(super) async fn listed(
    transaction: &mut Transaction,
    query: &SubscriptionQuery,
) -> Result<(Vec<Subscription>, i64)> {
    let status = query.status.map(SubscriptionStatus::as_str);
    let (account_id, plan_id) = (query.account_id.map(Uuid::from), query.plan_id.map(Uuid::from));
    let rows = select_subscriptions!(
        "WHERE ($1::text IS NULL OR s.status = $1) AND ($2::uuid IS NULL OR s.account_id = $2) AND ($3::uuid IS NULL OR s.plan_id = $3)
           AND ($4::text IS NULL OR position(lower($4) IN lower(p.name)) > 0)
         ORDER BY s.created_at DESC, s.id DESC LIMIT $5 OFFSET $6",
        status,
        account_id,
        plan_id,
        query.plan_name,
        query.limit,
        query.offset
    )
    .fetch_all(&mut **transaction)
    .await?;
    let total = sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM subscriptions s JOIN plans p ON p.id = s.plan_id
           WHERE ($1::text IS NULL OR s.status = $1) AND ($2::uuid IS NULL OR s.account_id = $2) AND ($3::uuid IS NULL OR s.plan_id = $3)
             AND ($4::text IS NULL OR position(lower($4) IN lower(p.name)) > 0)"#,
        status,
        account_id,
        plan_id,
        query.plan_name,
    )
    .fetch_one(&mut **transaction)
    .await?;
    Ok((priced(transaction, rows).await?, total))
}

/// A row of [`select_addons!`].
struct AddonRow {
    id: Uuid,
    account_id: Uuid,
    addon_id: Uuid,
    name: String,
    slug: String,
    description: String,
    price_minor: i64,
    currency: String,
    billing_period: String,
    subscription_id: Option<Uuid>,
    invoice_id: Option<Uuid>,
    status: String,
    starts_at: Option<DateTime<Utc>>,
    expires_at: Option<DateTime<Utc>>,
    cancelled_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    version: i32,
}

impl TryFrom<AddonRow> for AddonSubscription {
    type Error = Error;

    fn try_from(row: AddonRow) -> Result<Self> {
        Ok(Self {
            id: AddonSubscriptionId(row.id),
            account_id: AccountId(row.account_id),
            addon: domain::ids::AddonId(row.addon_id),
            name: row.name,
            slug: row.slug,
            description: row.description,
            price: Money::new(row.price_minor, currency(&row.currency)?),
            billing_period: row.billing_period.parse()?,
            subscription_id: row.subscription_id.map(SubscriptionId),
            invoice_id: row.invoice_id.map(InvoiceId),
            status: row.status,
            starts_at: row.starts_at,
            expires_at: row.expires_at,
            cancelled_at: row.cancelled_at,
            created_at: row.created_at,
            updated_at: row.updated_at,
            version: row.version,
        })
    }
}

/// `SELECT` of [`AddonRow`]s with a condition, newest first; the second argument is how many at most.
macro_rules! select_addons {
    ($condition:literal, $($argument:expr),*) => {
        sqlx::query_as!(
            AddonRow,
            r#"SELECT s.id, s.account_id, s.addon_id, a.name, a.slug, a.description, a.price_minor, a.currency AS "currency: String",
                      a.billing_period, s.subscription_id, s.invoice_id, s.status, s.starts_at, s.expires_at, s.cancelled_at,
                      s.created_at, s.updated_at, s.version
               FROM addon_subscriptions s JOIN addons a ON a.id = s.addon_id "# + $condition + " ORDER BY s.created_at DESC, s.id DESC LIMIT $2",
            $($argument),*
        )
    };
}

/// An account's add-ons, newest first.
pub(crate) async fn addons_of_account(
    transaction: &mut Transaction,
    account_id: AccountId,
) -> Result<Vec<AddonSubscription>> {
    let rows = select_addons!("WHERE s.account_id = $1", Uuid::from(account_id), MOST)
        .fetch_all(&mut **transaction)
        .await?;
    rows.into_iter().map(AddonSubscription::try_from).collect()
}

/// Some of an account's add-ons, newest first.
pub(crate) async fn addons_by_ids(
    transaction: &mut Transaction,
    account_id: AccountId,
    ids: &[AddonSubscriptionId],
) -> Result<Vec<AddonSubscription>> {
    let ids: Vec<Uuid> = ids.iter().copied().map(Uuid::from).collect();
    let rows =
        select_addons!("WHERE s.account_id = $1 AND s.id = ANY ($3)", Uuid::from(account_id), MOST, &ids)
            .fetch_all(&mut **transaction)
            .await?;
    rows.into_iter().map(AddonSubscription::try_from).collect()
}
