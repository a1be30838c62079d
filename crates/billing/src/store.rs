//! What can be bought, for pages; and the modules of a company (spec `hotel-modules.md` 2.3, 2.4; DESIGN 5.1).

use std::collections::BTreeMap;

use domain::access::AccountPermit;
use domain::billing::account::{Module, Shop, SubscriptionView};
use domain::billing::{Addon, PricedPlan, TokenBundle};
use domain::money::{Currency, Money};
use uuid::Uuid;

use crate::catalogue::{self, PlanQuery, Setting, TaxPlace};
use crate::checkout::Tried;
use crate::modules::{MODULES, open_until};
use crate::subscriptions::Subscription;
use crate::{Billing, Result};

impl From<Subscription> for SubscriptionView {
    fn from(subscription: Subscription) -> Self {
        Self {
            id: subscription.id,
            plan_id: subscription.plan.id,
            plan_name: subscription.plan.name,
            price: subscription.plan.price,
            billing_period: subscription.plan.billing_period,
            state: subscription.state,
            pending_plan: subscription.pending_plan.map(|(_, name)| name),
            is_collected: subscription.is_collected,
            is_past_due: subscription.is_past_due,
        }
    }
}

impl Billing {
    /// What a customer can buy, at prices in a currency (without one that in which they bought before, else the euro) with the
    /// tax of their address.
    pub async fn shop(&self, permit: AccountPermit<'_>, currency: Option<&str>) -> Result<Shop> {
        let mut transaction = self.begin(permit).await?;
        let place = TaxPlace::of(&mut transaction, permit.account_id()).await?;
        let country = place.country.clone();
        let currency = match currency.filter(|code| !code.is_empty()) {
            Some(code) => Some(code.to_owned()),
            // That in which they bought before.
            None => {
                sqlx::query_scalar!(
                    r#"SELECT currency AS "currency: String" FROM invoices WHERE account_id = $1 ORDER BY invoiced_at DESC, id DESC LIMIT 1"#,
                    Uuid::from(permit.account_id()),
                )
                .fetch_optional(&mut *transaction)
                .await?
            }
        };
        let query = PlanQuery { currency, place, category: None };
        let mut setting = Setting::load(&mut transaction, &query, self.clock.now()).await?;
        let currency = *setting.currency.get_or_insert(Currency::EUR);
        let plans = catalogue::plans_on_offer(&mut transaction, Some(currency), None).await?;
        let in_use = catalogue::plans_in_use(&mut transaction, permit.account_id(), self.clock.now()).await?;
        let addons = catalogue::addons_for_sale(&mut transaction, &in_use).await?;
        let bundles = catalogue::bundles_on_offer(&mut transaction).await?;
        let tried = Tried::load(&mut transaction, permit.account_id()).await?;
        transaction.commit().await?;
        let plans = plans.into_iter().map(|row| setting.priced(row)).collect::<Result<Vec<_>>>()?;
        let convert = |price: Money| setting.rates.convert(price, currency);
        Ok(Shop {
            plans: plans
                .into_iter()
                .filter_map(|(_, priced)| priced)
                .map(|plan| tried.without(plan))
                .collect(),
            addons: addons
                .into_iter()
                .map(|row| {
                    let addon = Addon::try_from(row)?;
                    Ok((addon.clone(), convert(addon.price)?))
                })
                .collect::<Result<_>>()?,
            bundles: bundles
                .into_iter()
                .map(|row| {
                    let bundle = TokenBundle::try_from(row)?;
                    Ok((bundle.clone(), convert(bundle.price)?))
                })
                .collect::<Result<_>>()?,
            currencies: setting.rates.currencies(),
            currency,
            tax_rate: setting.tax_rate,
            country,
        })
    }

    /// The modules of the store, as the company has them.
    pub async fn modules(&self, permit: AccountPermit<'_>) -> Result<Vec<Module>> {
        let now = self.clock.now();
        let subscriptions = self.subscriptions(permit).await?;
        let access = self.own_modules(permit.actor()).await?;
        let mut transaction = self.begin(permit).await?;
        let place = TaxPlace::of(&mut transaction, permit.account_id()).await?;
        let query = PlanQuery { currency: Some("USD".to_owned()), place, category: None };
        let setting = Setting::load(&mut transaction, &query, now).await?;
        let rows = catalogue::module_plans(&mut transaction, setting.currency).await?;
        let tried = Tried::load(&mut transaction, permit.account_id()).await?;
        transaction.commit().await?;
        let mut modules: BTreeMap<String, Vec<PricedPlan>> =
            MODULES.into_iter().map(|name| (name.to_owned(), Vec::new())).collect();
        for row in rows {
            let (plan, priced) = setting.priced(row)?;
            if let (Some(module), Some(priced)) = (plan.module, priced) {
                modules.entry(module).or_default().push(tried.without(priced));
            }
        }
        Ok(modules
            .into_iter()
            .map(|(name, plans)| {
                let of_module = |it: &&Subscription| it.module.as_deref() == Some(name.as_str());
                let opening = subscriptions
                    .iter()
                    .filter(of_module)
                    .find(|it| open_until(&it.state, it.is_collected).is_some_and(|end| now < end));
                let shown = opening.or_else(|| subscriptions.iter().find(of_module));
                Module {
                    is_enabled: access.get(&name).is_some_and(|access| access.is_open(now)),
                    valid_until: opening.and_then(|it| it.state.expires_at()),
                    subscription: shown.cloned().map(Into::into),
                    plans,
                    name,
                }
            })
            .collect())
    }
}
