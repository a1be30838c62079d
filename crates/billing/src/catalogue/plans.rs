//! Plans, for the admin (spec 5.11).

use chrono::{DateTime, Utc};
use domain::access::AdminPermit;
use domain::billing::{BillingPeriod, Plan};
use domain::ids::{PlanCategoryId, PlanId};
use domain::money::{Currency, Money};
use platform::database::Transaction;
use serde_json::{Value, json};
use uuid::Uuid;

use super::categories::Moves;
use super::prices::Rates;
use super::{currency, read};
use crate::modules::MODULES;
use crate::payments::record;
use crate::providers::{ToTell, follow_plan_later};
use crate::{Billing, Error, Result, input};

/// The most tokens that one payment brings.
const MAX_TOKENS: i64 = 1_000_000_000;

/// A plan with what the admin alone sees of it.
#[derive(Debug, Clone)]
pub struct ManagedPlan {
    /// The plan.
    pub plan: Plan,
    /// Prices of its own in other currencies; elsewhere its price is converted.
    pub prices: Vec<Money>,
    /// How many accounts have it or try it out.
    pub subscriber_count: i64,
}

/// What a new plan is, or what changes about one; what is absent stays.
#[derive(Debug, Clone, Default)]
pub struct PlanChange {
    /// The name.
    pub name: Option<String>,
    /// Its name in addresses; made of the name where a new plan has none.
    pub slug: Option<String>,
    /// What it is about.
    pub description: Option<String>,
    /// The net price of a period as decimal text, in the plan's currency.
    pub price: Option<String>,
    /// The plan's currency.
    pub currency: Option<String>,
    /// How often it is paid for.
    pub billing_period: Option<String>,
    /// What it opens.
    pub features: Option<Value>,
    /// How many days it can be tried out.
    pub trial_days: Option<i64>,
    /// The module that it opens for a company; said when it is made, since it decides who can buy it.
    pub module: Option<String>,
    /// Whether it is on offer.
    pub is_active: Option<bool>,
    /// Its place in lists.
    pub sort_order: Option<i32>,
    /// All its own prices in other currencies: code and decimal text.
    pub prices: Option<Vec<(String, String)>>,
    /// All the categories that a plan is in from now on; a new plan is in none.
    pub categories: Option<Vec<PlanCategoryId>>,
    /// The version that was read; another one is [`Error::ChangedMeanwhile`].
    pub version: Option<i32>,
}

impl Billing {
    /// All plans in their order, on offer or not; at most a thousand.
    pub async fn managed_plans(&self, permit: AdminPermit<'_>) -> Result<Vec<ManagedPlan>> {
        let mut transaction = self.database.begin_admin(&permit).await?;
        let found = load(&mut transaction, None).await?;
        transaction.commit().await?;
        Ok(found)
    }

    /// One plan, on offer or not.
    pub async fn managed_plan(&self, permit: AdminPermit<'_>, id: PlanId) -> Result<ManagedPlan> {
        let mut transaction = self.database.begin_admin(&permit).await?;
        let found = one(&mut transaction, id).await?;
        transaction.commit().await?;
        Ok(found)
    }

    /// Makes a plan: in euro, by the month and on offer, unless something else is said.
    pub async fn create_plan(&self, permit: AdminPermit<'_>, change: &PlanChange) -> Result<ManagedPlan> {
        let now = self.clock.now();
        let id: PlanId = platform::ids::new();
        let name = input::required("name", change.name.as_deref(), input::NAME, "Name is required")?;
        if change.price.is_none() {
            return Err(Error::Invalid("Price is required".to_owned()));
        }
        let blank = Plan {
            id,
            slug: input::slug(change.slug.as_deref(), &name)?,
            name,
            description: String::new(),
            price: Money::zero(Currency::EUR),
            billing_period: BillingPeriod::Monthly,
            features: json!({}),
            trial_days: 0,
            module: known_module(change.module.as_deref())?,
            is_active: true,
            sort_order: 0,
            categories: Vec::new(),
            version: 0,
            created_at: now,
            updated_at: now,
        };
        let change = PlanChange { features: change.features.clone().or(Some(json!({}))), ..change.clone() };
        let mut transaction = self.database.begin_admin(&permit).await?;
        let rates = Rates::load(&mut transaction).await?;
        let plan = changed(blank, &change, &rates)?;
        save(&mut transaction, &plan, now).await?;
        if let Some(prices) = own_prices(&plan, &[], &change, &rates)? {
            save_prices(&mut transaction, id, &prices).await?;
        }
        record(&mut transaction, permit, "plan.created", id.into(), facts(&plan), now).await?;
        let made = one(&mut transaction, id).await?;
        transaction.commit().await?;
        Ok(made)
    }

    /// Changes a plan. Who has it keeps the period that was paid for; another price is that of the next one. Other
    /// categories are refused as by [`Billing::attach_plans`], and then nothing changes.
    pub async fn change_plan(
        &self,
        permit: AdminPermit<'_>,
        id: PlanId,
        change: &PlanChange,
    ) -> Result<ManagedPlan> {
        self.replan(permit, id, change, "plan.changed").await
    }

    /// Offers a plan, or does so no longer; who has it keeps it.
    pub async fn offer_plan(
        &self,
        permit: AdminPermit<'_>,
        id: PlanId,
        is_active: bool,
    ) -> Result<ManagedPlan> {
        let action = if is_active { "plan.activated" } else { "plan.deactivated" };
        let change = PlanChange { is_active: Some(is_active), ..PlanChange::default() };
        self.replan(permit, id, &change, action).await
    }

    async fn replan(
        &self,
        permit: AdminPermit<'_>,
        id: PlanId,
        change: &PlanChange,
        action: &'static str,
    ) -> Result<ManagedPlan> {
        let now = self.clock.now();
        let mut transaction = self.database.begin_admin(&permit).await?;
        let moves = match &change.categories {
            Some(wanted) => Some(Moves::find(&mut transaction, id, wanted).await?),
            None => None,
        };
        lock(&mut transaction, id).await?;
        let before = one(&mut transaction, id).await?;
        input::refuse_stale(change.version, before.plan.version)?;
        let rates = Rates::load(&mut transaction).await?;
        let cost = (before.plan.price, before.plan.billing_period);
        let plan = changed(before.plan, change, &rates)?;
        save(&mut transaction, &plan, now).await?;
        let prices = own_prices(&plan, &before.prices, change, &rates)?;
        if let Some(prices) = &prices {
            save_prices(&mut transaction, id, prices).await?;
        }
        let has_other_prices = prices.is_some_and(|prices| prices != before.prices);
        if has_other_prices || (plan.price, plan.billing_period) != cost {
            let is_other_kind = plan.billing_period.is_recurring() != cost.1.is_recurring();
            let changed = if is_other_kind { ToTell::Renewal } else { ToTell::NextPeriod };
            follow_plan_later(&mut transaction, id, changed, now).await?;
        }
        record(&mut transaction, permit, action, id.into(), facts(&plan), now).await?;
        if let Some(moves) = moves {
            moves.make(&mut transaction, permit, id, now).await?;
        }
        let changed = one(&mut transaction, id).await?;
        transaction.commit().await?;
        Ok(changed)
    }

    /// A plan like another, with its prices and categories (which the original forgets), on offer, without subscribers.
    pub async fn copy_plan(&self, permit: AdminPermit<'_>, id: PlanId) -> Result<ManagedPlan> {
        let now = self.clock.now();
        let copy_id: PlanId = platform::ids::new();
        let mut transaction = self.database.begin_admin(&permit).await?;
        lock(&mut transaction, id).await?;
        let original = one(&mut transaction, id).await?;
        let name: String = original.plan.name.chars().take(input::NAME - " (copy)".len()).collect();
        let copy = Plan {
            id: copy_id,
            name: format!("{name} (copy)"),
            slug: free_slug(&mut transaction, &original.plan.slug).await?,
            is_active: true,
            ..original.plan
        };
        save(&mut transaction, &copy, now).await?;
        save_prices(&mut transaction, copy_id, &original.prices).await?;
        sqlx::query!(
            "INSERT INTO plans_in_categories (plan_id, category_id) SELECT $1, category_id FROM plans_in_categories WHERE plan_id = $2",
            Uuid::from(copy_id),
            Uuid::from(id),
        )
        .execute(&mut *transaction)
        .await?;
        let facts = json!({ "name": copy.name, "slug": copy.slug, "copy_of": id });
        record(&mut transaction, permit, "plan.copied", copy_id.into(), facts, now).await?;
        let made = one(&mut transaction, copy_id).await?;
        transaction.commit().await?;
        Ok(made)
    }

    /// Deletes a plan that nobody has or had. One that is all that an add-on goes with is kept too: the add-on would be
    /// for everybody.
    pub async fn delete_plan(&self, permit: AdminPermit<'_>, id: PlanId) -> Result<()> {
        const SUBSCRIBED: &str = "Cannot delete plan with existing subscriptions. Deactivate instead.";
        let now = self.clock.now();
        let mut transaction = self.database.begin_admin(&permit).await?;
        lock(&mut transaction, id).await?;
        let plan = one(&mut transaction, id).await?.plan;
        let addon = sqlx::query_scalar!(
            "SELECT a.name FROM addons_for_plans f JOIN addons a ON a.id = f.addon_id
             WHERE f.plan_id = $1 AND NOT EXISTS (SELECT FROM addons_for_plans o WHERE o.addon_id = f.addon_id AND o.plan_id <> $1)
             ORDER BY a.name LIMIT 1",
            Uuid::from(id),
        )
        .fetch_optional(&mut *transaction)
        .await?;
        if let Some(addon) = addon {
            return Err(Error::Invalid(format!(
                "Cannot delete plan: add-on '{addon}' goes with it alone. Change the add-on first."
            )));
        }
        sqlx::query!("DELETE FROM plans WHERE id = $1", Uuid::from(id))
            .execute(&mut *transaction)
            .await
            .map_err(|error| Error::in_use(error, SUBSCRIBED))?;
        record(&mut transaction, permit, "plan.deleted", id.into(), facts(&plan), now).await?;
        transaction.commit().await?;
        Ok(())
    }
}

fn facts(plan: &Plan) -> Value {
    json!({ "name": plan.name, "slug": plan.slug, "price": plan.price, "is_active": plan.is_active })
}

/// A plan with what the admin changes.
fn changed(mut plan: Plan, change: &PlanChange, rates: &Rates) -> Result<Plan> {
    if let Some(name) = &change.name {
        plan.name = input::required("name", Some(name), input::NAME, "Name cannot be empty")?;
    }
    if change.slug.is_some() {
        plan.slug = input::slug(change.slug.as_deref(), &plan.name)?;
    }
    if let Some(description) = &change.description {
        plan.description = input::text("description", description, input::DESCRIPTION)?;
    }
    plan.price = rates.repriced(plan.price, change.price.as_deref(), change.currency.as_deref())?;
    if let Some(period) = &change.billing_period {
        plan.billing_period = billing_period(period)?;
    }
    if let Some(features) = &change.features {
        plan.features = checked_features(features.clone())?;
    }
    if let Some(days) = change.trial_days {
        let days = input::number("trial_days", days, 0, 365)?;
        plan.trial_days = i16::try_from(days).unwrap_or_default();
    }
    plan.is_active = change.is_active.unwrap_or(plan.is_active);
    plan.sort_order = change.sort_order.unwrap_or(plan.sort_order);
    Ok(plan)
}

/// A module by its name; none is a plan for customers.
fn known_module(name: Option<&str>) -> Result<Option<String>> {
    let Some(name) = name.map(str::trim).filter(|name| !name.is_empty()) else { return Ok(None) };
    let known = MODULES.into_iter().find(|known| *known == name);
    let known = known
        .ok_or_else(|| input::invalid("module", format_args!("must be one of {}", MODULES.join(", "))))?;
    Ok(Some(known.to_owned()))
}

/// A period by its name, in whatever letters.
pub(super) fn billing_period(text: &str) -> Result<BillingPeriod> {
    text.trim().to_lowercase().parse().map_err(|_| {
        input::invalid("billing_period", "must be WEEKLY, MONTHLY, QUARTERLY, YEARLY or ONE_TIME")
    })
}

/// Features: an object, which has a number of tokens from then on (spec 5.11), or a list.
fn checked_features(mut features: Value) -> Result<Value> {
    input::json("features", &features)?;
    match &mut features {
        Value::Object(map) => {
            let tokens = map.entry("default_tokens").or_insert_with(|| json!(0));
            let tokens = tokens.as_i64().unwrap_or(-1);
            input::number("features.default_tokens", tokens, 0, MAX_TOKENS)?;
        }
        Value::Array(_) => {}
        _ => return Err(input::invalid("features", "must be an object or a list")),
    }
    Ok(features)
}

/// The plan's own prices in other currencies, if they change. One in the currency that the plan's price is in from now
/// on goes: there are not two prices in one.
fn own_prices(
    plan: &Plan,
    before: &[Money],
    change: &PlanChange,
    rates: &Rates,
) -> Result<Option<Vec<Money>>> {
    let Some(given) = &change.prices else {
        let rest: Vec<Money> =
            before.iter().copied().filter(|own| own.currency != plan.price.currency).collect();
        return Ok((rest.len() < before.len()).then_some(rest));
    };
    let mut prices: Vec<Money> = Vec::new();
    for (code, text) in given {
        let currency = rates.known(code)?;
        if currency == plan.price.currency || prices.iter().any(|price| price.currency == currency) {
            return Err(input::invalid("prices", format_args!("name {currency} twice")));
        }
        prices.push(input::price(text, currency)?);
    }
    Ok(Some(prices))
}

/// A slug that no plan has: with `-copy`, and a number where that is taken too.
async fn free_slug(transaction: &mut Transaction, slug: &str) -> Result<String> {
    let stem: String = slug.chars().take(input::NAME - 20).collect();
    let stem = format!("{stem}-copy");
    let taken = sqlx::query_scalar!("SELECT slug FROM plans WHERE starts_with(slug, $1)", stem)
        .fetch_all(&mut **transaction)
        .await?;
    let numbered = (2..).map(|number| format!("{stem}-{number}"));
    let free = std::iter::once(stem.clone()).chain(numbered).find(|slug| !taken.contains(slug));
    Ok(free.unwrap_or(stem))
}

async fn lock(transaction: &mut Transaction, id: PlanId) -> Result<()> {
    sqlx::query!("SELECT FROM plans WHERE id = $1 FOR UPDATE", Uuid::from(id))
        .execute(&mut **transaction)
        .await?;
    Ok(())
}

async fn save(transaction: &mut Transaction, plan: &Plan, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "INSERT INTO plans (id, name, slug, description, price_minor, currency, billing_period, features, trial_days, module, is_active,
                            sort_order, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $13)
         ON CONFLICT (id) DO UPDATE SET
             name = excluded.name, slug = excluded.slug, description = excluded.description, price_minor = excluded.price_minor,
             currency = excluded.currency, billing_period = excluded.billing_period, features = excluded.features,
             trial_days = excluded.trial_days, is_active = excluded.is_active, sort_order = excluded.sort_order,
             updated_at = excluded.updated_at",
        Uuid::from(plan.id),
        plan.name,
        plan.slug,
        plan.description,
        plan.price.minor,
        plan.price.currency.code(),
        plan.billing_period.as_str(),
        plan.features,
        plan.trial_days,
        plan.module,
        plan.is_active,
        plan.sort_order,
        now,
    )
    .execute(&mut **transaction)
    .await
    .map_err(|error| {
        Error::refused_by(error, "plans_slug_key", || {
            Error::Invalid(format!("Plan with slug '{}' already exists", plan.slug))
        })
    })?;
    Ok(())
}

async fn save_prices(transaction: &mut Transaction, id: PlanId, prices: &[Money]) -> Result<()> {
    let codes: Vec<String> = prices.iter().map(|price| price.currency.to_string()).collect();
    let amounts: Vec<i64> = prices.iter().map(|price| price.minor).collect();
    sqlx::query!("DELETE FROM plan_prices WHERE plan_id = $1", Uuid::from(id))
        .execute(&mut **transaction)
        .await?;
    sqlx::query!(
        "INSERT INTO plan_prices (plan_id, currency, price_minor)
         SELECT $1, code, amount FROM unnest($2::text[], $3::bigint[]) AS price (code, amount)",
        Uuid::from(id),
        &codes,
        &amounts,
    )
    .execute(&mut **transaction)
    .await?;
    Ok(())
}

async fn one(transaction: &mut Transaction, id: PlanId) -> Result<ManagedPlan> {
    load(transaction, Some(id.into())).await?.pop().ok_or(Error::NoPlan)
}

/// All plans, or one of them: three statements, however many there are.
async fn load(transaction: &mut Transaction, id: Option<Uuid>) -> Result<Vec<ManagedPlan>> {
    let rows = read::any_plans(transaction, id).await?;
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    let counts = sqlx::query!(
        r#"SELECT plan_id, count(*) AS "count!" FROM subscriptions
           WHERE plan_id = ANY ($1) AND status IN ('active', 'trialing') GROUP BY plan_id"#,
        &ids,
    )
    .fetch_all(&mut **transaction)
    .await?;
    let prices = sqlx::query!(
        r#"SELECT plan_id, currency AS "currency: String", price_minor FROM plan_prices WHERE plan_id = ANY ($1) ORDER BY currency"#,
        &ids,
    )
    .fetch_all(&mut **transaction)
    .await?;
    let mut plans = Vec::with_capacity(rows.len());
    for row in rows {
        let id = row.id;
        let own = prices.iter().filter(|price| price.plan_id == id);
        let own = own.map(|price| Ok(Money::new(price.price_minor, currency(&price.currency)?)));
        plans.push(ManagedPlan {
            plan: Plan::try_from(row)?,
            prices: own.collect::<Result<_>>()?,
            subscriber_count: counts.iter().find(|count| count.plan_id == id).map_or(0, |count| count.count),
        });
    }
    Ok(plans)
}
