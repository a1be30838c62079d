//! What is sold, and at which price.

pub mod addons;
pub mod bundles;
pub mod categories;
pub mod plans;
pub mod prices;
mod read;

pub(crate) use read::{AddonRow, BundleRow, PlanRow};

use domain::billing::{Addon, PricedPlan, TokenBundle};
use domain::ids::{PlanId, TokenBundleId, UserId};
use domain::money::{Currency, Money};
use platform::database::Transaction;
use uuid::Uuid;

use crate::{Billing, Result};

/// Which plans are wanted.
#[derive(Debug, Clone, Default)]
pub struct PlanQuery {
    /// The currency of prices; the default one if none.
    pub currency: Option<String>,
    /// The country whose tax is wanted.
    pub country: Option<String>,
    /// Only plans of the category with this slug.
    pub category: Option<String>,
}

/// Plans on offer with their prices.
#[derive(Debug, Clone)]
pub struct PlanList {
    /// The plans in order; a price is missing where the currency is unknown.
    pub plans: Vec<(domain::billing::Plan, Option<PricedPlan>)>,
}

impl Billing {
    /// A transaction of nobody, who sees what everybody may.
    pub(crate) async fn begin_public(&self) -> Result<Transaction> {
        let nobody = domain::access::Actor::nobody();
        Ok(self.database.begin_as(&nobody).await?)
    }

    /// The customers' plans on offer, at a price in a currency and with the tax of a country. None if there is no
    /// category with the slug. In an unknown currency plans come without a price.
    pub async fn plans(&self, query: &PlanQuery) -> Result<Option<PlanList>> {
        let mut transaction = self.begin_public().await?;
        let setting = Setting::load(&mut transaction, query, self.clock.now()).await?;
        let rows =
            read::plans_on_offer(&mut transaction, setting.currency, query.category.as_deref()).await?;
        transaction.commit().await?;
        let Some(rows) = rows else { return Ok(None) };
        let plans = rows.into_iter().map(|row| setting.priced(row)).collect::<Result<_>>()?;
        Ok(Some(PlanList { plans }))
    }

    /// A plan by its id or slug, on offer or not, with its price.
    pub async fn plan(
        &self,
        id_or_slug: &str,
        query: &PlanQuery,
    ) -> Result<(domain::billing::Plan, Option<PricedPlan>)> {
        let mut transaction = self.begin_public().await?;
        let setting = Setting::load(&mut transaction, query, self.clock.now()).await?;
        let row = read::plan(&mut transaction, setting.currency, id_or_slug).await?;
        transaction.commit().await?;
        setting.priced(row.ok_or(crate::Error::NoPlan)?)
    }

    /// Whether prices can be had in the currency.
    pub async fn knows_currency(&self, code: &str) -> Result<bool> {
        let mut transaction = self.begin_public().await?;
        let rates = prices::Rates::load(&mut transaction).await?;
        transaction.commit().await?;
        Ok(rates.known(code).is_ok())
    }

    /// The bundles on offer, in order.
    pub async fn token_bundles(&self) -> Result<Vec<TokenBundle>> {
        let mut transaction = self.begin_public().await?;
        let rows = read::bundles_on_offer(&mut transaction).await?;
        transaction.commit().await?;
        rows.into_iter().map(TokenBundle::try_from).collect()
    }

    /// A bundle, on offer or not.
    pub async fn token_bundle(&self, id: TokenBundleId) -> Result<Option<TokenBundle>> {
        let mut transaction = self.begin_public().await?;
        let row = read::bundles_by_id(&mut transaction, &[id.into()]).await?.pop();
        transaction.commit().await?;
        row.map(TokenBundle::try_from).transpose()
    }

    /// The add-ons on offer: those that go with every plan, and those that go with a plan that the reader has.
    pub async fn addons(&self, reader: Option<UserId>) -> Result<Vec<Addon>> {
        let mut actor = domain::access::Actor::nobody();
        actor.user_id = reader.unwrap_or(actor.user_id);
        let mut transaction = self.database.begin_as(&actor).await?;
        let rows = read::addons_on_offer(&mut transaction).await?;
        transaction.commit().await?;
        rows.into_iter().map(Addon::try_from).collect()
    }

    /// An add-on, on offer or not.
    pub async fn addon(&self, id: domain::ids::AddonId) -> Result<Option<Addon>> {
        let mut transaction = self.begin_public().await?;
        let row = read::addons_by_id(&mut transaction, &[id.into()]).await?.pop();
        transaction.commit().await?;
        row.map(Addon::try_from).transpose()
    }
}

/// What prices depend on.
pub(crate) struct Setting {
    pub rates: prices::Rates,
    /// None if it is unknown.
    pub currency: Option<Currency>,
    pub tax_rate: domain::billing::TaxRate,
}

impl Setting {
    pub async fn load(
        transaction: &mut Transaction,
        query: &PlanQuery,
        now: chrono::DateTime<chrono::Utc>,
    ) -> Result<Self> {
        let country = query.country.as_deref().map(|code| code.trim().to_ascii_uppercase());
        let (rates, tax_rate) =
            prices::Rates::load_with_tax(transaction, country.as_deref(), now.date_naive()).await?;
        let currency = match query.currency.as_deref().map(str::trim) {
            None | Some("") => Some(Currency::EUR),
            Some(code) => rates.known(code).ok(),
        };
        Ok(Self { rates, currency, tax_rate })
    }

    pub fn priced(&self, row: PlanRow) -> Result<(domain::billing::Plan, Option<PricedPlan>)> {
        let own = row.own_price_minor;
        let plan = domain::billing::Plan::try_from(row)?;
        let Some(currency) = self.currency else { return Ok((plan, None)) };
        let net = match own {
            Some(minor) => Money::new(minor, currency),
            None => self.rates.convert(plan.price, currency)?,
        };
        Ok((plan.clone(), Some(PricedPlan { plan, net, tax_rate: self.tax_rate })))
    }
}

/// Plans by their ids, with prices of their own in a currency.
pub(crate) async fn plan_by_id(
    transaction: &mut Transaction,
    id: PlanId,
    currency: Option<Currency>,
) -> Result<Option<PlanRow>> {
    read::plan(transaction, currency, &Uuid::from(id).to_string()).await
}

pub(crate) use read::{
    addons_by_id, addons_on_offer, all_addons_on_offer, bundles_by_id, bundles_on_offer, currency,
    module_plans, plans_on_offer,
};
