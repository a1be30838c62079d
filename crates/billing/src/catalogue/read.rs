//! The catalogue's rows.

use chrono::{DateTime, Utc};
use domain::billing::{Addon, Plan, PlanCategory, TokenBundle};
use domain::ids::{AccountId, AddonId, PlanId, TokenBundleId};
use domain::money::{Currency, Money};
use platform::database::Transaction;
use serde_json::Value;
use sqlx::types::Json;
use uuid::Uuid;

use crate::subscriptions::clockwork::COLLECTION_DAYS;
use crate::{Error, Page, Result};

pub(crate) struct PlanRow {
    pub id: Uuid,
    pub name: String,
    pub slug: String,
    pub description: String,
    pub price_minor: i64,
    pub currency: String,
    pub billing_period: String,
    pub features: Value,
    pub trial_days: i16,
    pub module: Option<String>,
    pub is_active: bool,
    pub sort_order: i32,
    pub version: i32,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub categories: Json<Vec<PlanCategory>>,
    /// The price in the currency asked for, where the plan has one of its own.
    pub own_price_minor: Option<i64>,
}

impl TryFrom<PlanRow> for Plan {
    type Error = Error;

    fn try_from(row: PlanRow) -> Result<Self> {
        Ok(Self {
            id: PlanId(row.id),
            name: row.name,
            slug: row.slug,
            description: row.description,
            price: Money::new(row.price_minor, currency(&row.currency)?),
            billing_period: row.billing_period.parse()?,
            features: row.features,
            trial_days: row.trial_days,
            module: row.module,
            is_active: row.is_active,
            sort_order: row.sort_order,
            categories: row.categories.0,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}

pub(crate) struct AddonRow {
    pub id: Uuid,
    pub name: String,
    pub slug: String,
    pub description: String,
    pub price_minor: i64,
    pub currency: String,
    pub billing_period: String,
    pub config: Value,
    pub is_active: bool,
    pub sort_order: i32,
    pub version: i32,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub plans: Vec<Uuid>,
}

impl TryFrom<AddonRow> for Addon {
    type Error = Error;

    fn try_from(row: AddonRow) -> Result<Self> {
        Ok(Self {
            id: AddonId(row.id),
            name: row.name,
            slug: row.slug,
            description: row.description,
            price: Money::new(row.price_minor, currency(&row.currency)?),
            billing_period: row.billing_period.parse()?,
            config: row.config,
            is_active: row.is_active,
            sort_order: row.sort_order,
            plans: row.plans.into_iter().map(PlanId).collect(),
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}

pub(crate) struct BundleRow {
    pub id: Uuid,
    pub name: String,
    pub description: String,
    pub token_amount: i32,
    pub price_minor: i64,
    pub currency: String,
    pub is_active: bool,
    pub sort_order: i32,
    pub version: i32,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

impl TryFrom<BundleRow> for TokenBundle {
    type Error = Error;

    fn try_from(row: BundleRow) -> Result<Self> {
        Ok(Self {
            id: TokenBundleId(row.id),
            name: row.name,
            description: row.description,
            token_amount: row.token_amount,
            price: Money::new(row.price_minor, currency(&row.currency)?),
            is_active: row.is_active,
            sort_order: row.sort_order,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}

/// The currency of a row.
pub(crate) fn currency(code: &str) -> Result<Currency> {
    code.parse().map_err(|_| Error::Inconsistent(format!("currency {code}")))
}

/// `SELECT` of [`PlanRow`]s at their prices in the currency `$1`, with a condition.
macro_rules! select_plans {
    ($condition:literal, $($argument:expr),*) => {
        sqlx::query_as!(
            PlanRow,
            r#"SELECT p.id, p.name, p.slug, p.description, p.price_minor, p.currency AS "currency: String", p.billing_period, p.features,
                      p.trial_days, p.module, p.is_active, p.sort_order, p.version, p.created_at, p.updated_at, o.price_minor AS "own_price_minor?",
                      coalesce((SELECT jsonb_agg(jsonb_build_object('id', c.id, 'name', c.name, 'slug', c.slug, 'is_single', c.is_single)
                                                 ORDER BY c.sort_order, c.name)
                                FROM plans_in_categories m JOIN plan_categories c ON c.id = m.category_id
                                WHERE m.plan_id = p.id), '[]') AS "categories!: Json<Vec<PlanCategory>>"
               FROM plans p LEFT JOIN plan_prices o ON o.plan_id = p.id AND o.currency = $1 "# + $condition,
            $($argument),*
        )
    };
}

/// `SELECT` of [`BundleRow`]s with a condition.
macro_rules! select_bundles {
    ($condition:literal $(, $argument:expr)*) => {
        sqlx::query_as!(
            BundleRow,
            r#"SELECT id, name, description, token_amount, price_minor, currency AS "currency: String", is_active, sort_order, version,
                      created_at, updated_at
               FROM token_bundles "# + $condition
            $(, $argument)*
        )
    };
}

/// `SELECT` of [`AddonRow`]s with a condition.
macro_rules! select_addons {
    ($condition:literal $(, $argument:expr)*) => {
        sqlx::query_as!(
            AddonRow,
            r#"SELECT a.id, a.name, a.slug, a.description, a.price_minor, a.currency AS "currency: String", a.billing_period, a.config,
                      a.is_active, a.sort_order, a.version, a.created_at, a.updated_at,
                      ARRAY(SELECT f.plan_id FROM addons_for_plans f WHERE f.addon_id = a.id ORDER BY f.plan_id) AS "plans!"
               FROM addons a "# + $condition
            $(, $argument)*
        )
    };
}

/// The plans on offer that open modules.
pub(crate) async fn module_plans(
    transaction: &mut Transaction,
    currency: Option<Currency>,
) -> Result<Vec<PlanRow>> {
    let rows = select_plans!(
        "WHERE p.is_active AND p.module IS NOT NULL ORDER BY p.module, p.sort_order, p.id LIMIT 1000",
        currency.map(|currency| currency.to_string())
    );
    Ok(rows.fetch_all(&mut **transaction).await?)
}

/// The customers' plans on offer, of one category if one is asked for.
pub(crate) async fn plans_on_offer(
    transaction: &mut Transaction,
    currency: Option<Currency>,
    category: Option<&str>,
) -> Result<Vec<PlanRow>> {
    let rows = select_plans!(
        "WHERE p.is_active AND p.module IS NULL
           AND ($2::text IS NULL OR EXISTS (SELECT FROM plans_in_categories m JOIN plan_categories c ON c.id = m.category_id
                                            WHERE m.plan_id = p.id AND c.slug = $2))
         ORDER BY p.sort_order, p.id LIMIT 1000",
        currency.map(|currency| currency.to_string()),
        category
    )
    .fetch_all(&mut **transaction)
    .await?;
    Ok(rows)
}

/// What a list of prices needs of a plan: the rest is most of the work of a long list.
pub(super) struct PriceRow {
    pub id: Uuid,
    pub name: String,
    pub slug: String,
    pub price_minor: i64,
    pub currency: String,
    pub own_price_minor: Option<i64>,
    pub categories: Json<Vec<PlanCategory>>,
}

/// [`plans_on_offer`], as far as a list of prices needs them.
pub(super) async fn prices_on_offer(
    transaction: &mut Transaction,
    currency: Currency,
    category: Option<&str>,
) -> Result<Vec<PriceRow>> {
    let rows = sqlx::query_as!(
        PriceRow,
        r#"SELECT p.id, p.name, p.slug, p.price_minor, p.currency AS "currency: String", o.price_minor AS "own_price_minor?",
                  coalesce((SELECT jsonb_agg(jsonb_build_object('id', c.id, 'name', c.name, 'slug', c.slug, 'is_single', c.is_single)
                                             ORDER BY c.sort_order, c.name)
                            FROM plans_in_categories m JOIN plan_categories c ON c.id = m.category_id
                            WHERE m.plan_id = p.id), '[]') AS "categories!: Json<Vec<PlanCategory>>"
           FROM plans p LEFT JOIN plan_prices o ON o.plan_id = p.id AND o.currency = $1
           WHERE p.is_active AND p.module IS NULL
             AND ($2::text IS NULL OR EXISTS (SELECT FROM plans_in_categories m JOIN plan_categories c ON c.id = m.category_id
                                              WHERE m.plan_id = p.id AND c.slug = $2))
           ORDER BY p.sort_order, p.id LIMIT 1000"#,
        currency.to_string(),
        category,
    )
    .fetch_all(&mut **transaction)
    .await?;
    Ok(rows)
}

/// Whether there is a category with this slug.
pub(super) async fn is_category(transaction: &mut Transaction, slug: &str) -> Result<bool> {
    let is_known = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM plan_categories WHERE slug = $1) AS "known!""#,
        slug
    )
    .fetch_one(&mut **transaction)
    .await?;
    Ok(is_known)
}

/// A plan by id or slug.
pub(crate) async fn plan(
    transaction: &mut Transaction,
    currency: Option<Currency>,
    id_or_slug: &str,
) -> Result<Option<PlanRow>> {
    let id: Option<Uuid> = Uuid::try_parse(id_or_slug).ok();
    let row = select_plans!(
        "WHERE p.id = $2 OR ($2 IS NULL AND p.slug = $3)",
        currency.map(|currency| currency.to_string()),
        id,
        // Postgres cannot store NUL, so no plan has such a slug.
        id_or_slug.replace('\0', "\u{fffd}")
    )
    .fetch_optional(&mut **transaction)
    .await?;
    Ok(row)
}

/// All plans in their order, on offer or not, or one of them. For the admin.
pub(super) async fn any_plans(transaction: &mut Transaction, id: Option<Uuid>) -> Result<Vec<PlanRow>> {
    let rows = select_plans!(
        "WHERE $2::uuid IS NULL OR p.id = $2 ORDER BY p.sort_order, p.id LIMIT 1000",
        None::<String>,
        id
    )
    .fetch_all(&mut **transaction)
    .await?;
    Ok(rows)
}

/// A page of all bundles in their order. For the admin.
pub(super) async fn any_bundles(
    transaction: &mut Transaction,
    with_inactive: bool,
    page: Page,
) -> Result<Vec<BundleRow>> {
    let rows = select_bundles!(
        "WHERE is_active OR $1 ORDER BY sort_order, id LIMIT $2 OFFSET $3",
        with_inactive,
        page.per_page,
        page.offset()
    );
    Ok(rows.fetch_all(&mut **transaction).await?)
}

/// A page of all add-ons in their order. For the admin.
pub(super) async fn any_addons(
    transaction: &mut Transaction,
    with_inactive: bool,
    page: Page,
) -> Result<Vec<AddonRow>> {
    let rows = select_addons!(
        "WHERE a.is_active OR $1 ORDER BY a.sort_order, a.id LIMIT $2 OFFSET $3",
        with_inactive,
        page.per_page,
        page.offset()
    );
    Ok(rows.fetch_all(&mut **transaction).await?)
}

/// An add-on by its slug.
pub(super) async fn addon_by_slug(transaction: &mut Transaction, slug: &str) -> Result<Option<AddonRow>> {
    Ok(select_addons!("WHERE a.slug = $1", slug).fetch_optional(&mut **transaction).await?)
}

pub(crate) async fn bundles_on_offer(transaction: &mut Transaction) -> Result<Vec<BundleRow>> {
    let rows = select_bundles!("WHERE is_active ORDER BY sort_order, id LIMIT 1000");
    Ok(rows.fetch_all(&mut **transaction).await?)
}

pub(crate) async fn bundles_by_id(transaction: &mut Transaction, ids: &[Uuid]) -> Result<Vec<BundleRow>> {
    Ok(select_bundles!("WHERE id = ANY ($1)", ids).fetch_all(&mut **transaction).await?)
}

/// The plans that an account may use: as [`open_until`](crate::modules::open_until) says of a subscription.
pub(crate) async fn plans_in_use(
    transaction: &mut Transaction,
    account_id: AccountId,
    now: DateTime<Utc>,
) -> Result<Vec<Uuid>> {
    let plans = sqlx::query_scalar!(
        "SELECT plan_id FROM subscriptions WHERE account_id = $1 AND status IN ('active', 'trialing', 'cancelled')
           AND expires_at + make_interval(days => CASE WHEN is_collected AND status = 'active' THEN $3 ELSE 0 END) > $2",
        Uuid::from(account_id),
        now,
        COLLECTION_DAYS,
    );
    Ok(plans.fetch_all(&mut **transaction).await?)
}

/// Add-ons on offer without a plan of theirs, or with one of these.
pub(crate) async fn addons_on_offer(transaction: &mut Transaction, plans: &[Uuid]) -> Result<Vec<AddonRow>> {
    let rows = select_addons!(
        "WHERE a.is_active
           AND (NOT EXISTS (SELECT FROM addons_for_plans f WHERE f.addon_id = a.id)
                OR EXISTS (SELECT FROM addons_for_plans f WHERE f.addon_id = a.id AND f.plan_id = ANY ($1)))
         ORDER BY a.sort_order, a.id LIMIT 1000",
        plans
    );
    Ok(rows.fetch_all(&mut **transaction).await?)
}

/// [`addons_on_offer`], with those that go with a plan which can be bought together with them.
pub(crate) async fn addons_for_sale(transaction: &mut Transaction, plans: &[Uuid]) -> Result<Vec<AddonRow>> {
    let rows = select_addons!(
        "WHERE a.is_active
           AND (NOT EXISTS (SELECT FROM addons_for_plans f WHERE f.addon_id = a.id)
                OR EXISTS (SELECT FROM addons_for_plans f JOIN plans p ON p.id = f.plan_id
                           WHERE f.addon_id = a.id AND p.is_active AND p.module IS NULL)
                OR EXISTS (SELECT FROM addons_for_plans f WHERE f.addon_id = a.id AND f.plan_id = ANY ($1)))
         ORDER BY a.sort_order, a.id LIMIT 1000",
        plans
    );
    Ok(rows.fetch_all(&mut **transaction).await?)
}

pub(crate) async fn addons_by_id(transaction: &mut Transaction, ids: &[Uuid]) -> Result<Vec<AddonRow>> {
    Ok(select_addons!("WHERE a.id = ANY ($1)", ids).fetch_all(&mut **transaction).await?)
}
