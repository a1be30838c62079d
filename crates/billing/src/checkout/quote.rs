//! What an order would come to, from the calculation that asks for it.

use chrono::{DateTime, Utc};
use domain::access::AccountPermit;
use domain::billing::account::TrialView;
use domain::billing::{SubscriptionState, TaxRate, Totals};
use domain::money::{Currency, Money};

use super::cart::{self, Cart};
use super::{Order, Tried};
use crate::settings::payment_methods::PaymentMethod;
use crate::{Billing, Result};

/// The prices of a preview: what an order would come to, to the cent.
#[derive(Debug, Clone)]
pub struct Quote {
    /// What would be to pay.
    pub totals: Totals,
    /// The rate of the tax in it.
    pub tax_rate: TaxRate,
    /// The currency.
    pub currency: Currency,
    /// The net price of each item: the plan, then bundles, add-ons and what the way to pay costs.
    pub prices: Vec<(String, Money)>,
    /// The trial that would begin, and what the plan costs after it.
    pub trial: Option<TrialView>,
    /// The ways to pay that are for this order, the default one first.
    pub ways_to_pay: Vec<PaymentMethod>,
}

impl Billing {
    /// What [`Billing::checkout`] would ask for, from the same calculation. Changes nothing.
    pub async fn quote(&self, permit: AccountPermit<'_>, order: &Order) -> Result<Quote> {
        let now = self.clock.now();
        let mut transaction = self.begin(permit).await?;
        let cart = Cart::load(&mut transaction, permit, order, now).await?;
        let tried = Tried::load(&mut transaction, permit.account_id()).await?;
        let mut ways_to_pay = cart.ways_to_pay(&mut transaction).await?;
        ways_to_pay.retain(|method| !self.providers.is_off(&method.code));
        transaction.rollback().await?;
        let trial = cart.plan.as_ref().filter(|plan| !tried.has_any(&plan.families));
        let trial = trial.map(|plan| plan.trial(cart.tax_rate, now)).transpose()?.flatten();
        let prices: Vec<_> = cart.prices().map(|(name, price)| (name.to_owned(), price)).collect();
        let totals = Totals::of(prices.iter().map(|(_, price)| *price), cart.tax_rate, cart.currency)?;
        let (tax_rate, currency) = (cart.tax_rate, cart.currency);
        Ok(Quote { totals, tax_rate, currency, prices, trial, ways_to_pay })
    }
}

impl cart::Plan {
    /// The trial that it can have, and what comes after it.
    fn trial(&self, tax_rate: TaxRate, now: DateTime<Utc>) -> Result<Option<TrialView>> {
        let Some(days) = u16::try_from(self.trial_days).ok().filter(|days| *days > 0) else {
            return Ok(None);
        };
        let ends_at = SubscriptionState::trial(now, days).expires_at().unwrap_or(now);
        let price = tax_rate.gross_of(self.price)?;
        Ok(Some(TrialView { days, ends_at, price, billing_period: self.billing_period }))
    }
}
