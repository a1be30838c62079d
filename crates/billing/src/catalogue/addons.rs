//! Add-ons, for the admin (spec 5.11).

use chrono::{DateTime, Utc};
use domain::access::AdminPermit;
use domain::billing::{Addon, BillingPeriod};
use domain::ids::{AddonId, PlanId};
use domain::money::{Currency, Money};
use platform::database::Transaction;
use serde_json::{Value, json};
use uuid::Uuid;

use super::plans::billing_period;
use super::prices::Rates;
use super::read;
use crate::payments::record;
use crate::{Billing, Error, Listed, Page, Result, input};

/// The most plans that an add-on goes with.
const MOST_PLANS: usize = 1_000;

/// What a new add-on is, or what changes about one; what is absent stays.
#[derive(Debug, Clone, Default)]
pub struct AddonChange {
    /// The name.
    pub name: Option<String>,
    /// Its name in addresses; made of the name where a new add-on has none.
    pub slug: Option<String>,
    /// What it is about.
    pub description: Option<String>,
    /// The net price of a period as decimal text.
    pub price: Option<String>,
    /// The currency of the price.
    pub currency: Option<String>,
    /// How often it is paid for.
    pub billing_period: Option<String>,
    /// What plug-ins know about it.
    pub config: Option<Value>,
    /// Whether it is on offer.
    pub is_active: Option<bool>,
    /// Its place in lists.
    pub sort_order: Option<i32>,
    /// All the plans it goes with; none means that it goes with all.
    pub plans: Option<Vec<PlanId>>,
    /// The version that was read; another one is [`Error::ChangedMeanwhile`].
    pub version: Option<i32>,
}

impl Billing {
    /// A page of all add-ons in their order.
    pub async fn managed_addons(
        &self,
        permit: AdminPermit<'_>,
        with_inactive: bool,
        page: Page,
    ) -> Result<Listed<Addon>> {
        let mut transaction = self.database.begin_admin(&permit).await?;
        let rows = read::any_addons(&mut transaction, with_inactive, page).await?;
        let total = sqlx::query_scalar!(
            r#"SELECT count(*) AS "count!" FROM addons WHERE is_active OR $1"#,
            with_inactive
        )
        .fetch_one(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(Listed { items: rows.into_iter().map(Addon::try_from).collect::<Result<_>>()?, total })
    }

    /// One add-on, on offer or not.
    pub async fn managed_addon(&self, permit: AdminPermit<'_>, id: AddonId) -> Result<Addon> {
        let mut transaction = self.database.begin_admin(&permit).await?;
        let found = one(&mut transaction, id).await?;
        transaction.commit().await?;
        Ok(found)
    }

    /// One add-on by its slug, on offer or not.
    pub async fn managed_addon_by_slug(&self, permit: AdminPermit<'_>, slug: &str) -> Result<Addon> {
        let mut transaction = self.database.begin_admin(&permit).await?;
        // Postgres cannot store NUL, so no add-on has such a slug.
        let row = read::addon_by_slug(&mut transaction, &slug.replace('\0', "\u{fffd}")).await?;
        transaction.commit().await?;
        row.ok_or(Error::Missing("Add-on"))?.try_into()
    }

    /// Makes an add-on: in euro, by the month and on offer, unless something else is said.
    pub async fn create_addon(&self, permit: AdminPermit<'_>, change: &AddonChange) -> Result<Addon> {
        let now = self.clock.now();
        let id: AddonId = platform::ids::new();
        let name = input::required("name", change.name.as_deref(), input::NAME, "Name is required")?;
        if change.price.is_none() {
            return Err(Error::Invalid("Price is required".to_owned()));
        }
        let blank = Addon {
            id,
            slug: input::slug(change.slug.as_deref(), &name)?,
            name,
            description: String::new(),
            price: Money::zero(Currency::EUR),
            billing_period: BillingPeriod::Monthly,
            config: json!({}),
            is_active: true,
            sort_order: 0,
            plans: Vec::new(),
            version: 0,
            created_at: now,
            updated_at: now,
        };
        let mut transaction = self.database.begin_admin(&permit).await?;
        let addon = changed(blank, change, &Rates::load(&mut transaction).await?)?;
        save(&mut transaction, &addon, now).await?;
        save_plans(&mut transaction, &addon).await?;
        record(&mut transaction, permit, "addon.created", id.into(), facts(&addon), now).await?;
        let made = one(&mut transaction, id).await?;
        transaction.commit().await?;
        Ok(made)
    }

    /// Changes an add-on.
    pub async fn change_addon(
        &self,
        permit: AdminPermit<'_>,
        id: AddonId,
        change: &AddonChange,
    ) -> Result<Addon> {
        let now = self.clock.now();
        let mut transaction = self.database.begin_admin(&permit).await?;
        lock(&mut transaction, id).await?;
        let before = one(&mut transaction, id).await?;
        input::refuse_stale(change.version, before.version)?;
        let addon = changed(before, change, &Rates::load(&mut transaction).await?)?;
        save(&mut transaction, &addon, now).await?;
        if change.plans.is_some() {
            save_plans(&mut transaction, &addon).await?;
        }
        record(&mut transaction, permit, "addon.changed", id.into(), facts(&addon), now).await?;
        let changed = one(&mut transaction, id).await?;
        transaction.commit().await?;
        Ok(changed)
    }

    /// Deletes an add-on that nobody has or had.
    pub async fn delete_addon(&self, permit: AdminPermit<'_>, id: AddonId) -> Result<()> {
        const SUBSCRIBED: &str = "Cannot delete add-on with existing subscriptions. Deactivate instead.";
        let now = self.clock.now();
        let mut transaction = self.database.begin_admin(&permit).await?;
        lock(&mut transaction, id).await?;
        let addon = one(&mut transaction, id).await?;
        sqlx::query!("DELETE FROM addons WHERE id = $1", Uuid::from(id))
            .execute(&mut *transaction)
            .await
            .map_err(|error| Error::in_use(error, SUBSCRIBED))?;
        record(&mut transaction, permit, "addon.deleted", id.into(), facts(&addon), now).await?;
        transaction.commit().await?;
        Ok(())
    }
}

fn facts(addon: &Addon) -> Value {
    json!({ "name": addon.name, "slug": addon.slug, "price": addon.price, "is_active": addon.is_active, "plans": addon.plans })
}

/// An add-on with what the admin changes.
fn changed(mut addon: Addon, change: &AddonChange, rates: &Rates) -> Result<Addon> {
    if let Some(name) = &change.name {
        addon.name = input::required("name", Some(name), input::NAME, "Name cannot be empty")?;
    }
    if change.slug.is_some() {
        addon.slug = input::slug(change.slug.as_deref(), &addon.name)?;
    }
    if let Some(description) = &change.description {
        addon.description = input::text("description", description, input::DESCRIPTION)?;
    }
    addon.price = rates.repriced(addon.price, change.price.as_deref(), change.currency.as_deref())?;
    if let Some(period) = &change.billing_period {
        addon.billing_period = billing_period(period)?;
    }
    if let Some(config) = &change.config {
        input::json("config", config)?;
        if !config.is_object() {
            return Err(input::invalid("config", "must be an object"));
        }
        addon.config = config.clone();
    }
    if let Some(plans) = &change.plans {
        if plans.len() > MOST_PLANS {
            return Err(input::invalid("tarif_plan_ids", format_args!("must be at most {MOST_PLANS}")));
        }
        addon.plans.clone_from(plans);
        addon.plans.sort_unstable();
        addon.plans.dedup();
    }
    addon.is_active = change.is_active.unwrap_or(addon.is_active);
    addon.sort_order = change.sort_order.unwrap_or(addon.sort_order);
    Ok(addon)
}

async fn lock(transaction: &mut Transaction, id: AddonId) -> Result<()> {
    sqlx::query!("SELECT FROM addons WHERE id = $1 FOR UPDATE", Uuid::from(id))
        .execute(&mut **transaction)
        .await?;
    Ok(())
}

async fn one(transaction: &mut Transaction, id: AddonId) -> Result<Addon> {
    let row = read::addons_by_id(transaction, &[id.into()]).await?.pop();
    row.ok_or(Error::Missing("Add-on"))?.try_into()
}

async fn save(transaction: &mut Transaction, addon: &Addon, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "INSERT INTO addons (id, name, slug, description, price_minor, currency, billing_period, config, is_active, sort_order, created_at,
                             updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11)
         ON CONFLICT (id) DO UPDATE SET
             name = excluded.name, slug = excluded.slug, description = excluded.description, price_minor = excluded.price_minor,
             currency = excluded.currency, billing_period = excluded.billing_period, config = excluded.config,
             is_active = excluded.is_active, sort_order = excluded.sort_order, updated_at = excluded.updated_at",
        Uuid::from(addon.id),
        addon.name,
        addon.slug,
        addon.description,
        addon.price.minor,
        addon.price.currency.code(),
        addon.billing_period.as_str(),
        addon.config,
        addon.is_active,
        addon.sort_order,
        now,
    )
    .execute(&mut **transaction)
    .await
    .map_err(|error| {
        Error::refused_by(error, "addons_slug_key", || Error::Invalid("Slug already exists".to_owned()))
    })?;
    Ok(())
}

async fn save_plans(transaction: &mut Transaction, addon: &Addon) -> Result<()> {
    let plans: Vec<Uuid> = addon.plans.iter().copied().map(Uuid::from).collect();
    sqlx::query!(
        "DELETE FROM addons_for_plans WHERE addon_id = $1 AND plan_id <> ALL ($2)",
        Uuid::from(addon.id),
        &plans
    )
    .execute(&mut **transaction)
    .await?;
    sqlx::query!(
        "INSERT INTO addons_for_plans (addon_id, plan_id) SELECT $1, id FROM unnest($2::uuid[]) AS plan (id) ON CONFLICT DO NOTHING",
        Uuid::from(addon.id),
        &plans,
    )
    .execute(&mut **transaction)
    .await
    .map_err(|error| Error::in_use(error, "One or more tariff plan IDs are invalid"))?;
    Ok(())
}
