//! What is in a cart, at our prices, after everything that speaks against it was looked at.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use domain::access::AccountPermit;
use domain::billing::{BillingPeriod, TaxRate};
use domain::ids::{AccountId, AddonId, PlanId, TokenBundleId};
use domain::money::{Currency, Money};
use platform::database::Transaction;
use uuid::Uuid;

use super::Order;
use super::tried::families;
use crate::catalogue::prices::{Rates, TaxPlace, tax_rate};
use crate::catalogue::{AddonRow, BundleRow, addons_by_id, bundles_by_id, plan_by_id, plans_in_use};
use crate::error::CartProblem;
use crate::settings::payment_methods::{self, PaymentMethod};
use crate::{Error, Result};

/// More items than anybody buys at once.
pub(super) const MOST_ITEMS: usize = 50;

pub(super) struct Cart {
    pub plan: Option<Plan>,
    pub bundles: Vec<Bundle>,
    pub addons: Vec<Addon>,
    /// What the way to pay costs the customer, if anything.
    pub fee: Option<Fee>,
    pub currency: Currency,
    pub country: Option<String>,
    pub tax_rate: TaxRate,
    rates: Rates,
}

pub(super) struct Plan {
    pub id: PlanId,
    pub name: String,
    pub price: Money,
    pub billing_period: BillingPeriod,
    pub trial_days: i16,
    /// The single categories it is in; the plan itself where there is none.
    pub families: Vec<Uuid>,
}

pub(super) struct Bundle {
    pub id: TokenBundleId,
    pub name: String,
    pub token_amount: i32,
    pub price: Money,
}

pub(super) struct Addon {
    pub id: AddonId,
    pub name: String,
    pub price: Money,
}

pub(super) struct Fee {
    pub payment_method_id: Uuid,
    pub name: String,
    pub price: Money,
}

impl Cart {
    /// Loads what was ordered; the first problem ends it.
    pub async fn load(
        transaction: &mut Transaction,
        permit: AccountPermit<'_>,
        order: &Order,
        now: DateTime<Utc>,
    ) -> Result<Self> {
        let account_id = permit.account_id();
        let items = usize::from(order.plan_id.is_some()) + order.bundle_ids.len() + order.addon_ids.len();
        match items {
            0 => return Err(CartProblem::Empty.into()),
            1..=MOST_ITEMS => {}
            _ => return Err(CartProblem::TooMany.into()),
        }
        let rates = Rates::load(transaction).await?;
        let currency = rates.known(&order.currency).map_err(|error| match error {
            Error::UnknownCurrency(code) => CartProblem::UnknownCurrency(code).into(),
            other => other,
        })?;
        let plan = match order.plan_id {
            Some(id) => Some(Plan::load(transaction, permit, id, currency, &rates).await?),
            None => None,
        };
        let bundles = load_bundles(transaction, &order.bundle_ids, currency, &rates).await?;
        let addons = load_addons(transaction, account_id, order, currency, &rates, now).await?;
        let place = place(transaction, account_id, order.country.as_deref()).await?;
        let tax_rate = tax_rate(transaction, &place, now.date_naive()).await?;
        let country = place.country;
        let mut cart = Self { plan, bundles, addons, fee: None, currency, country, tax_rate, rates };
        if let Some(code) = &order.payment_method {
            cart.fee = cart.paid_by(transaction, code).await?;
        }
        Ok(cart)
    }

    /// What the invoice says: each name with its net price, the plan first, then bundles, add-ons and the fee.
    pub fn prices(&self) -> impl Iterator<Item = (&str, Money)> {
        self.goods().chain(self.fee.iter().map(|fee| (fee.name.as_str(), fee.price)))
    }

    fn goods(&self) -> impl Iterator<Item = (&str, Money)> {
        let plan = self.plan.iter().map(|plan| (plan.name.as_str(), plan.price));
        let bundles = self.bundles.iter().map(|bundle| (bundle.name.as_str(), bundle.price));
        let addons = self.addons.iter().map(|addon| (addon.name.as_str(), addon.price));
        plan.chain(bundles).chain(addons)
    }

    /// What the goods come to, net and without a fee.
    fn net(&self) -> Result<Money> {
        Ok(self.goods().map(|(_, price)| price).try_fold(Money::zero(self.currency), Money::checked_add)?)
    }

    /// Whether the order can be paid that way, and what the customer pays for that (spec 5.11, "payment method rules").
    async fn paid_by(&self, transaction: &mut Transaction, code: &str) -> Result<Option<Fee>> {
        let method = payment_methods::load(transaction, None, Some(&code.replace('\0', "\u{fffd}")))
            .await?
            .pop()
            .ok_or_else(|| CartProblem::NoPaymentMethod(code.chars().take(60).collect()))?;
        if !self.can_be_paid_by(&method)? {
            return Err(CartProblem::PaymentMethodNotAvailable(code.to_owned()).into());
        }
        let price = self.rates.fee(&method.fee_kind, method.fee_amount, self.net()?)?;
        let is_customers = method.fee_charged_to == "customer" && price.minor > 0;
        let fee = Fee { payment_method_id: method.id, name: format!("Fee: {}", method.name), price };
        Ok(Some(fee).filter(|_| is_customers))
    }

    /// The ways to pay that are for this amount, currency and country, the default one first.
    pub async fn ways_to_pay(&self, transaction: &mut Transaction) -> Result<Vec<PaymentMethod>> {
        let mut ways = Vec::new();
        for method in payment_methods::load(transaction, None, None).await? {
            if self.can_be_paid_by(&method)? {
                ways.push(method);
            }
        }
        ways.sort_by_key(|method| !method.is_default);
        Ok(ways)
    }

    fn can_be_paid_by(&self, method: &PaymentMethod) -> Result<bool> {
        let sum = self.rates.convert(self.net()?, Currency::EUR)?.minor;
        let holds = |list: &[String], value: &str| {
            list.is_empty() || list.iter().any(|known| known.eq_ignore_ascii_case(value))
        };
        Ok(method.is_active
            && method.min_minor.is_none_or(|min| min <= sum)
            && method.max_minor.is_none_or(|max| sum <= max)
            && holds(&method.currencies, self.currency.code())
            && self.country.as_deref().is_none_or(|country| holds(&method.countries, country)))
    }
}

impl Plan {
    async fn load(
        transaction: &mut Transaction,
        permit: AccountPermit<'_>,
        id: PlanId,
        currency: Currency,
        rates: &Rates,
    ) -> Result<Self> {
        let row = plan_by_id(transaction, id, Some(currency)).await?.ok_or(CartProblem::NoPlan)?;
        if !row.is_active {
            return Err(CartProblem::PlanNotActive.into());
        }
        // What an organisation buys is no customer's, and the other way round.
        if permit.is_company() != row.module.is_some() {
            return Err(CartProblem::NoPlan.into());
        }
        let taken = sqlx::query_scalar!(
            "SELECT c.name FROM single_subscriptions s JOIN plan_categories c ON c.id = s.category_id
             JOIN plans_in_categories m ON m.category_id = c.id AND m.plan_id = $2
             WHERE s.account_id = $1 ORDER BY c.sort_order, c.name LIMIT 1",
            Uuid::from(permit.account_id()),
            Uuid::from(id),
        )
        .fetch_optional(&mut **transaction)
        .await?;
        if let Some(category) = taken {
            return Err(CartProblem::SingleCategory(category).into());
        }
        let own_price = row.own_price_minor;
        let trial_days = row.trial_days;
        let plan = domain::billing::Plan::try_from(row)?;
        let price = match own_price {
            Some(minor) => Money::new(minor, currency),
            None => rates.convert(plan.price, currency)?,
        };
        let (families, billing_period) = (families(&plan), plan.billing_period);
        Ok(Self { id, name: plan.name, price, billing_period, trial_days, families })
    }
}

async fn load_bundles(
    transaction: &mut Transaction,
    ids: &[TokenBundleId],
    currency: Currency,
    rates: &Rates,
) -> Result<Vec<Bundle>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let wanted: Vec<Uuid> = ids.iter().copied().map(Uuid::from).collect();
    let rows = bundles_by_id(transaction, &wanted).await?;
    let rows: HashMap<Uuid, BundleRow> = rows.into_iter().map(|row| (row.id, row)).collect();
    ids.iter()
        .map(|id| {
            let row = rows.get(&Uuid::from(*id)).ok_or(CartProblem::NoBundle((*id).into()))?;
            if !row.is_active {
                return Err(CartProblem::BundleNotActive(row.name.clone()).into());
            }
            let price = Money::new(row.price_minor, crate::catalogue::currency(&row.currency)?);
            Ok(Bundle {
                id: *id,
                name: row.name.clone(),
                token_amount: row.token_amount,
                price: rates.convert(price, currency)?,
            })
        })
        .collect()
}

async fn load_addons(
    transaction: &mut Transaction,
    account_id: AccountId,
    order: &Order,
    currency: Currency,
    rates: &Rates,
    now: DateTime<Utc>,
) -> Result<Vec<Addon>> {
    if order.addon_ids.is_empty() {
        return Ok(Vec::new());
    }
    let wanted: Vec<Uuid> = order.addon_ids.iter().copied().map(Uuid::from).collect();
    let rows = addons_by_id(transaction, &wanted).await?;
    let rows: HashMap<Uuid, AddonRow> = rows.into_iter().map(|row| (row.id, row)).collect();
    // Plans that the account has, with the one that is in the cart.
    let mut plans = plans_in_use(transaction, account_id, now).await?;
    plans.extend(order.plan_id.map(Uuid::from));
    order
        .addon_ids
        .iter()
        .map(|id| {
            let row = rows.get(&Uuid::from(*id)).ok_or(CartProblem::NoAddon((*id).into()))?;
            if !row.is_active {
                return Err(CartProblem::AddonNotActive(row.name.clone()).into());
            }
            if !row.plans.is_empty() && !row.plans.iter().any(|plan| plans.contains(plan)) {
                return Err(CartProblem::AddonNeedsPlan(row.name.clone()).into());
            }
            let price = Money::new(row.price_minor, crate::catalogue::currency(&row.currency)?);
            Ok(Addon { id: *id, name: row.name.clone(), price: rates.convert(price, currency)? })
        })
        .collect()
}

/// Where tax applies: at the account's address, else in the country named with the order.
async fn place(
    transaction: &mut Transaction,
    account_id: AccountId,
    named: Option<&str>,
) -> Result<TaxPlace> {
    let own = TaxPlace::of(transaction, account_id).await?;
    if own.country.is_some() {
        return Ok(own);
    }
    let Some(code) = TaxPlace::named(named, None).country else { return Ok(own) };
    let known = sqlx::query_scalar!(r#"SELECT code AS "code: String" FROM countries WHERE code = $1"#, code,)
        .fetch_optional(&mut **transaction)
        .await?;
    match known {
        Some(code) => Ok(TaxPlace { country: Some(code), region: None }),
        None => Err(CartProblem::NoCountry(code.chars().take(10).collect()).into()),
    }
}
