//! Payment providers: the page where an invoice is paid, and what a provider says afterwards (spec 5.11).
//!
//! * [`Billing::create_session`], [`Billing::session_status`], [`Billing::portal`]: what a payer needs
//! * [`Billing::receive`], [`Billing::replay`]: what a provider sends, kept as it came
//! * [`FollowSubscription`], [`FollowPlan`], [`FollowAgain`]: a provider's subscription does what ours does
//! * [`ClosePages`], [`ClosePage`], [`ReturnPayment`]: nobody pays what nobody owes any more
//!
//! An event only says that something changed. What is done follows from a [reading](plugin_api::payment::Reading) of the
//! whole purchase, applied under the lock of its account: doing that again, late or in another order changes nothing.

mod apply;
mod follow;
mod inbox;
mod pages;
mod session;

use std::sync::Arc;

use plugin_api::Switches;
use plugin_api::payment::PaymentProvider;

pub use follow::{FollowAgain, FollowPlan, FollowSubscription};
pub(crate) use follow::{ToTell, follow_later, follow_plan_later};
pub use inbox::{Before, EventRow, HandleEvent, KeptEvent, Outcome, Received};
pub(crate) use pages::close_later;
pub use pages::{ClosePage, ClosePages, ReturnPayment};
pub use session::{Checkout, PayPage, Paying};

use crate::{Billing, Error, Result};

/// How often what concerns money is tried: a provider's outage of a day and a half is waited for.
const ATTEMPTS: u32 = 60;

/// The providers that customers can pay through, the one that is offered first at the front.
#[derive(Debug, Clone, Default)]
pub struct Providers {
    all: Arc<[Arc<dyn PaymentProvider>]>,
    switches: Switches,
}

/// A provider as payers choose it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProviderOnOffer {
    /// The name in paths and rows, such as `stripe`.
    pub slug: &'static str,
    /// What payers know it by; none where they pay by card without knowing whose page it is.
    pub brand: Option<&'static str>,
}

impl Providers {
    /// These providers, each under its own name.
    pub fn new(providers: impl IntoIterator<Item = Arc<dyn PaymentProvider>>) -> Self {
        Self { all: providers.into_iter().collect(), switches: Switches::default() }
    }

    /// The same, of which those are used that are on.
    #[must_use]
    pub fn switched_by(mut self, switches: Switches) -> Self {
        self.switches = switches;
        self
    }

    /// The provider of a name, on or off: what was begun with one is ended with it.
    pub fn get(&self, slug: &str) -> Option<&Arc<dyn PaymentProvider>> {
        self.all.iter().find(|provider| provider.slug() == slug)
    }

    /// Whether a way to pay is a provider that is off.
    pub(crate) fn is_off(&self, code: &str) -> bool {
        self.get(code).is_some() && !self.switches.is_on(code)
    }

    /// Those that are on.
    fn in_use(&self) -> impl Iterator<Item = &Arc<dyn PaymentProvider>> {
        self.all.iter().filter(|provider| self.switches.is_on(provider.slug()))
    }

    /// The one that has a page where payers change their card.
    fn with_portal(&self) -> Option<&Arc<dyn PaymentProvider>> {
        self.in_use().find(|provider| provider.capabilities().portal)
    }

    /// The one that is offered where nobody chooses: the first that is on.
    pub fn offered(&self) -> Option<&Arc<dyn PaymentProvider>> {
        self.in_use().next()
    }
}

impl Billing {
    /// The same service with payment providers.
    #[must_use]
    pub fn with_providers(mut self, providers: Providers) -> Self {
        self.providers = providers;
        self
    }

    /// The providers among which payers choose.
    pub fn providers_on_offer(&self) -> Vec<ProviderOnOffer> {
        let on_offer = |it: &Arc<dyn PaymentProvider>| ProviderOnOffer { slug: it.slug(), brand: it.brand() };
        self.providers.in_use().map(on_offer).collect()
    }

    /// Whether a way to pay is a provider's page.
    pub fn is_provider(&self, code: &str) -> bool {
        self.providers.in_use().any(|provider| provider.slug() == code)
    }

    /// The provider that is offered where nobody chooses, if there is one.
    pub fn offered_provider(&self) -> Option<&'static str> {
        self.providers.offered().map(|provider| provider.slug())
    }

    /// The same, or why there is none.
    fn offered(&self) -> Result<&Arc<dyn PaymentProvider>> {
        let providers = &self.providers;
        let why = if providers.all.is_empty() { Error::NoProvider } else { Error::ProviderOff };
        providers.offered().ok_or(why)
    }

    fn provider(&self, slug: &str) -> Result<&Arc<dyn PaymentProvider>> {
        self.providers.get(slug).ok_or(Error::NoProvider)
    }

    /// The provider for something new, which one that is off does not begin.
    fn provider_in_use(&self, slug: &str) -> Result<&Arc<dyn PaymentProvider>> {
        let provider = self.provider(slug)?;
        if self.providers.is_off(slug) { Err(Error::ProviderOff) } else { Ok(provider) }
    }
}
