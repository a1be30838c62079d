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

use std::collections::BTreeMap;
use std::sync::Arc;

use plugin_api::Switches;
use plugin_api::payment::PaymentProvider;

pub use follow::{FollowAgain, FollowPlan, FollowSubscription};
pub(crate) use follow::{ToTell, follow_later, follow_plan_later};
pub use inbox::{EventRow, HandleEvent, KeptEvent, Outcome, Received};
pub(crate) use pages::close_later;
pub use pages::{ClosePage, ClosePages, ReturnPayment};
pub use session::{Checkout, PayPage, Paying};

use crate::{Billing, Error, Result};

/// How often what concerns money is tried: a provider's outage of a day and a half is waited for.
const ATTEMPTS: u32 = 60;

/// The providers that customers can pay through.
#[derive(Debug, Clone, Default)]
pub struct Providers {
    by_slug: Arc<BTreeMap<&'static str, Arc<dyn PaymentProvider>>>,
    switches: Switches,
}

impl Providers {
    /// These providers, each under its own name.
    pub fn new(providers: impl IntoIterator<Item = Arc<dyn PaymentProvider>>) -> Self {
        let by_slug = providers.into_iter().map(|provider| (provider.slug(), provider)).collect();
        Self { by_slug: Arc::new(by_slug), switches: Switches::default() }
    }

    /// The same, of which those are used that are on.
    #[must_use]
    pub fn switched_by(mut self, switches: Switches) -> Self {
        self.switches = switches;
        self
    }

    /// The provider of a name, on or off: what was begun with one is ended with it.
    pub fn get(&self, slug: &str) -> Option<&Arc<dyn PaymentProvider>> {
        self.by_slug.get(slug)
    }

    /// Whether a way to pay is a provider that is off.
    pub(crate) fn is_off(&self, code: &str) -> bool {
        self.by_slug.contains_key(code) && !self.switches.is_on(code)
    }

    /// The one that pages offer: the first by name that is on.
    pub fn offered(&self) -> Option<&Arc<dyn PaymentProvider>> {
        self.by_slug.values().find(|provider| self.switches.is_on(provider.slug()))
    }
}

impl Billing {
    /// The same service with payment providers.
    #[must_use]
    pub fn with_providers(mut self, providers: Providers) -> Self {
        self.providers = providers;
        self
    }

    /// The provider that pages offer, if there is one.
    pub fn offered_provider(&self) -> Option<&'static str> {
        self.providers.offered().map(|provider| provider.slug())
    }

    /// The same, or why there is none.
    fn offered(&self) -> Result<&Arc<dyn PaymentProvider>> {
        let providers = &self.providers;
        let why = if providers.by_slug.is_empty() { Error::NoProvider } else { Error::ProviderOff };
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
