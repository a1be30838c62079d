//! What is sold, and at which price.

pub mod addons;
pub mod bundles;
pub mod categories;
pub mod plans;
pub mod prices;
mod read;

pub use prices::TaxPlace;
pub(crate) use read::{AddonRow, BundleRow, PlanRow};

use domain::billing::{Addon, Plan, PlanCategory, PricedPlan, TaxRate, TokenBundle};
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
    /// The place whose tax is wanted.
    pub place: TaxPlace,
    /// Only plans of the category with this slug.
    pub category: Option<String>,
}

/// Plans on offer, in order.
#[derive(Debug, Clone)]
pub enum PlanList {
    /// With their prices.
    Priced(Vec<PlanPrice>),
    /// In a currency that is unknown there are none.
    Unpriced(Vec<Plan>),
}

/// What a list of prices says of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanPrice {
    /// The id.
    pub id: PlanId,
    /// What people call it.
    pub name: String,
    /// Its name in addresses.
    pub slug: String,
    /// The categories it is in.
    pub categories: Vec<PlanCategory>,
    /// Net, in the currency asked for.
    pub net: Money,
    /// The rate of the country asked for.
    pub tax_rate: TaxRate,
}

impl PlanList {
    fn is_empty(&self) -> bool {
        match self {
            Self::Priced(plans) => plans.is_empty(),
            Self::Unpriced(plans) => plans.is_empty(),
        }
    }
}

impl PlanPrice {
    /// The price with its tax.
    pub fn gross(&self) -> Result<Money> {
        Ok(self.tax_rate.gross_of(self.net)?)
    }
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
        let category = query.category.as_deref();
        let list = if let Some(currency) = setting.currency {
            let rows = read::prices_on_offer(&mut transaction, currency, category).await?;
            let prices = rows.into_iter().map(|row| setting.listed(row, currency));
            PlanList::Priced(prices.collect::<Result<_>>()?)
        } else {
            let rows = read::plans_on_offer(&mut transaction, None, category).await?;
            PlanList::Unpriced(rows.into_iter().map(Plan::try_from).collect::<Result<_>>()?)
        };
        let is_known = match category {
            Some(slug) if list.is_empty() => read::is_category(&mut transaction, slug).await?,
            _ => true,
        };
        transaction.end_of_reading();
        Ok(is_known.then_some(list))
    }

    /// A plan by its id or slug, on offer or not, with its price.
    pub async fn plan(&self, id_or_slug: &str, query: &PlanQuery) -> Result<(Plan, Option<PricedPlan>)> {
        let mut transaction = self.begin_public().await?;
        let setting = Setting::load(&mut transaction, query, self.clock.now()).await?;
        let row = read::plan(&mut transaction, setting.currency, id_or_slug).await?;
        transaction.end_of_reading();
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
        let account_id = actor.own_account().account_id();
        let plans = read::plans_in_use(&mut transaction, account_id, self.clock.now()).await?;
        let rows = read::addons_on_offer(&mut transaction, &plans).await?;
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
        let (rates, tax_rate) =
            prices::Rates::load_with_tax(transaction, &query.place, now.date_naive()).await?;
        let currency = match query.currency.as_deref().map(str::trim) {
            None | Some("") => Some(Currency::EUR),
            Some(code) => rates.known(code).ok(),
        };
        Ok(Self { rates, currency, tax_rate })
    }

    /// The plan's own price in a currency if it has one, else its price converted.
    fn net(&self, price: Money, own: Option<i64>, currency: Currency) -> Result<Money> {
        own.map_or_else(|| self.rates.convert(price, currency), |minor| Ok(Money::new(minor, currency)))
    }

    fn listed(&self, row: read::PriceRow, wanted: Currency) -> Result<PlanPrice> {
        let price = Money::new(row.price_minor, read::currency(&row.currency)?);
        Ok(PlanPrice {
            id: PlanId(row.id),
            name: row.name,
            slug: row.slug,
            categories: row.categories.0,
            net: self.net(price, row.own_price_minor, wanted)?,
            tax_rate: self.tax_rate,
        })
    }

    pub fn priced(&self, row: PlanRow) -> Result<(Plan, Option<PricedPlan>)> {
        let own = row.own_price_minor;
        let plan = Plan::try_from(row)?;
        let Some(currency) = self.currency else { return Ok((plan, None)) };
        let net = self.net(plan.price, own, currency)?;
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
    addons_by_id, addons_for_sale, bundles_by_id, bundles_on_offer, currency, module_plans, plans_in_use,
    plans_on_offer,
};
