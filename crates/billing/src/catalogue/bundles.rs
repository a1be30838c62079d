//! Bundles of tokens, for the admin (spec 5.11).

use chrono::{DateTime, Utc};
use domain::access::AdminPermit;
use domain::billing::TokenBundle;
use domain::ids::TokenBundleId;
use domain::money::{Currency, Money};
use platform::database::Transaction;
use serde_json::{Value, json};
use uuid::Uuid;

use super::prices::Rates;
use super::read;
use crate::payments::record;
use crate::{Billing, Error, Listed, Page, Result, input};

/// What a new bundle is, or what changes about one; what is absent stays.
#[derive(Debug, Clone, Default)]
pub struct BundleChange {
    /// The name.
    pub name: Option<String>,
    /// What it is about.
    pub description: Option<String>,
    /// How many tokens.
    pub token_amount: Option<i64>,
    /// The net price as decimal text.
    pub price: Option<String>,
    /// The currency of the price.
    pub currency: Option<String>,
    /// Whether it is on offer.
    pub is_active: Option<bool>,
    /// Its place in lists.
    pub sort_order: Option<i32>,
    /// The version that was read; another one is [`Error::ChangedMeanwhile`].
    pub version: Option<i32>,
}

impl Billing {
    /// A page of all bundles in their order.
    pub async fn managed_bundles(
        &self,
        permit: AdminPermit<'_>,
        with_inactive: bool,
        page: Page,
    ) -> Result<Listed<TokenBundle>> {
        let mut transaction = self.database.begin_admin(&permit).await?;
        let rows = read::any_bundles(&mut transaction, with_inactive, page).await?;
        let total = sqlx::query_scalar!(
            r#"SELECT count(*) AS "count!" FROM token_bundles WHERE is_active OR $1"#,
            with_inactive
        )
        .fetch_one(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(Listed { items: rows.into_iter().map(TokenBundle::try_from).collect::<Result<_>>()?, total })
    }

    /// One bundle, on offer or not.
    pub async fn managed_bundle(&self, permit: AdminPermit<'_>, id: TokenBundleId) -> Result<TokenBundle> {
        let mut transaction = self.database.begin_admin(&permit).await?;
        let found = one(&mut transaction, id).await?;
        transaction.commit().await?;
        Ok(found)
    }

    /// Makes a bundle: in euro and on offer, unless something else is said.
    pub async fn create_bundle(&self, permit: AdminPermit<'_>, change: &BundleChange) -> Result<TokenBundle> {
        let now = self.clock.now();
        let id: TokenBundleId = platform::ids::new();
        let name = input::required("name", change.name.as_deref(), input::NAME, "Name is required")?;
        if change.token_amount.is_none() {
            return Err(Error::Invalid("Token amount is required".to_owned()));
        }
        if change.price.is_none() {
            return Err(Error::Invalid("Price is required".to_owned()));
        }
        let blank = TokenBundle {
            id,
            name,
            description: String::new(),
            token_amount: 1,
            price: Money::zero(Currency::EUR),
            is_active: true,
            sort_order: 0,
            version: 0,
            created_at: now,
            updated_at: now,
        };
        let mut transaction = self.database.begin_admin(&permit).await?;
        let bundle = changed(blank, change, &Rates::load(&mut transaction).await?)?;
        save(&mut transaction, &bundle, now).await?;
        record(&mut transaction, permit, "token_bundle.created", id.into(), facts(&bundle), now).await?;
        let made = one(&mut transaction, id).await?;
        transaction.commit().await?;
        Ok(made)
    }

    /// Changes a bundle; what was bought stays as it was bought.
    pub async fn change_bundle(
        &self,
        permit: AdminPermit<'_>,
        id: TokenBundleId,
        change: &BundleChange,
    ) -> Result<TokenBundle> {
        let now = self.clock.now();
        let mut transaction = self.database.begin_admin(&permit).await?;
        lock(&mut transaction, id).await?;
        let before = one(&mut transaction, id).await?;
        input::refuse_stale(change.version, before.version)?;
        let bundle = changed(before, change, &Rates::load(&mut transaction).await?)?;
        save(&mut transaction, &bundle, now).await?;
        record(&mut transaction, permit, "token_bundle.changed", id.into(), facts(&bundle), now).await?;
        let changed = one(&mut transaction, id).await?;
        transaction.commit().await?;
        Ok(changed)
    }

    /// Deletes a bundle that nobody bought.
    pub async fn delete_bundle(&self, permit: AdminPermit<'_>, id: TokenBundleId) -> Result<()> {
        const BOUGHT: &str = "Cannot delete token bundle with existing purchases. Deactivate instead.";
        let now = self.clock.now();
        let mut transaction = self.database.begin_admin(&permit).await?;
        lock(&mut transaction, id).await?;
        let bundle = one(&mut transaction, id).await?;
        sqlx::query!("DELETE FROM token_bundles WHERE id = $1", Uuid::from(id))
            .execute(&mut *transaction)
            .await
            .map_err(|error| Error::in_use(error, BOUGHT))?;
        record(&mut transaction, permit, "token_bundle.deleted", id.into(), facts(&bundle), now).await?;
        transaction.commit().await?;
        Ok(())
    }
}

fn facts(bundle: &TokenBundle) -> Value {
    json!({ "name": bundle.name, "price": bundle.price, "token_amount": bundle.token_amount, "is_active": bundle.is_active })
}

/// A bundle with what the admin changes.
fn changed(mut bundle: TokenBundle, change: &BundleChange, rates: &Rates) -> Result<TokenBundle> {
    if let Some(name) = &change.name {
        bundle.name = input::required("name", Some(name), input::NAME, "Name cannot be empty")?;
    }
    if let Some(description) = &change.description {
        bundle.description = input::text("description", description, input::DESCRIPTION)?;
    }
    if let Some(tokens) = change.token_amount {
        bundle.token_amount = match i32::try_from(tokens) {
            Ok(tokens @ 1..) => tokens,
            Ok(_) => return Err(Error::Invalid("Token amount must be positive".to_owned())),
            Err(_) if tokens < 0 => return Err(Error::Invalid("Token amount must be positive".to_owned())),
            Err(_) => return Err(input::invalid("token_amount", "is too large")),
        };
    }
    bundle.price = rates.repriced(bundle.price, change.price.as_deref(), change.currency.as_deref())?;
    bundle.is_active = change.is_active.unwrap_or(bundle.is_active);
    bundle.sort_order = change.sort_order.unwrap_or(bundle.sort_order);
    Ok(bundle)
}

async fn lock(transaction: &mut Transaction, id: TokenBundleId) -> Result<()> {
    sqlx::query!("SELECT FROM token_bundles WHERE id = $1 FOR UPDATE", Uuid::from(id))
        .execute(&mut **transaction)
        .await?;
    Ok(())
}

async fn one(transaction: &mut Transaction, id: TokenBundleId) -> Result<TokenBundle> {
    let row = read::bundles_by_id(transaction, &[id.into()]).await?.pop();
    row.ok_or(Error::Missing("Token bundle"))?.try_into()
}

async fn save(transaction: &mut Transaction, bundle: &TokenBundle, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "INSERT INTO token_bundles (id, name, description, token_amount, price_minor, currency, is_active, sort_order, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9)
         ON CONFLICT (id) DO UPDATE SET
             name = excluded.name, description = excluded.description, token_amount = excluded.token_amount,
             price_minor = excluded.price_minor, currency = excluded.currency, is_active = excluded.is_active,
             sort_order = excluded.sort_order, updated_at = excluded.updated_at",
        Uuid::from(bundle.id),
        bundle.name,
        bundle.description,
        bundle.token_amount,
        bundle.price.minor,
        bundle.price.currency.code(),
        bundle.is_active,
        bundle.sort_order,
        now,
    )
    .execute(&mut **transaction)
    .await?;
    Ok(())
}
