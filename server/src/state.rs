//! What every handler can reach.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::time::Duration;

use app::server_ctx::{Contexts, Services};
use axum::extract::FromRef;
use leptos::config::LeptosOptions;
use metrics_exporter_prometheus::PrometheusHandle;
use platform::database::Database;
use platform::live::Live;
use platform::settings::Settings;
use plugin_api::language::SharedModel;
use plugin_chat::Chat;
use plugin_taro::Taro;
use plugin_taro::chance::SharedChance;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::serve::readiness::Readiness;
use crate::web::rate::Addresses;

/// Balancers end connections on which nothing moves for a minute or less.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// What every handler can reach. Cheap to clone, since every layer of the router does so for every request.
#[derive(Clone)]
pub struct AppState(Arc<Parts>);

impl Deref for AppState {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

/// Changes this state alone: clones that were made before stay as they are.
impl DerefMut for AppState {
    fn deref_mut(&mut self) -> &mut Parts {
        Arc::make_mut(&mut self.0)
    }
}

/// The parts of [`AppState`].
#[derive(Clone)]
pub struct Parts {
    /// The contexts, as pages and REST use them.
    pub services: Services,
    /// Changes of hotels, for open pages.
    pub live: Arc<Live>,
    /// The chat with the language model.
    pub chat: Chat,
    /// Spreads of tarot cards.
    pub taro: Taro,
    /// The pools.
    pub database: Database,
    /// The environment as it was read at start.
    pub settings: Arc<Settings>,
    /// Where the built pages are.
    pub leptos_options: LeptosOptions,
    /// Whether the database is migrated and answers.
    pub readiness: Readiness,
    /// The figures of `/metrics`; none in tests, which share one process.
    pub metrics: Option<PrometheusHandle>,
    /// Cancelled when the server stops: open streams end.
    pub stop: CancellationToken,
    /// How often an idle live stream shows that it lives, and its session is asked about.
    pub keep_alive: Duration,
    /// Where people pay: the addresses that forms of ours may lead to.
    pub pay_pages: Arc<str>,
    /// The control page of the sandbox, where no real money moves.
    pub sandbox_url: Option<Arc<str>>,
    /// How often addresses asked.
    pub addresses: Addresses,
    /// Work that goes on when its client has gone; the server waits for it before it stops.
    pub tasks: TaskTracker,
}

impl AppState {
    /// The state over a database, with the machine's clock or a test's.
    pub fn new(
        database: Database,
        clock: platform::clock::SharedClock,
        settings: Settings,
        leptos_options: LeptosOptions,
    ) -> Self {
        let services = Services::new(Contexts {
            identity: identity::Identity::new(database.clone(), clock.clone(), &settings),
            pms: pms::Pms::new(database.clone(), clock.clone()),
            billing: billing::Billing::new(database.clone(), clock.clone()),
            plugins: plugin_host::Plugins::new(database.clone(), clock.clone(), crate::plugins::ALL),
            webhooks: billing::webhooks::Webhooks::new(database.clone(), clock.clone(), &settings),
            clock,
            database: database.clone(),
            is_https: settings.is_https(),
            base_url: settings.base_url.as_str().into(),
            is_sandbox: false,
        });
        Self(Arc::new(Parts {
            chat: Chat::new(services.billing.clone(), None),
            taro: Taro::new(database.clone(), services.clock.clone(), services.billing.clone()),
            services,
            addresses: Addresses::new(settings.api_requests_per_minute),
            live: Arc::default(),
            database,
            settings: Arc::new(settings),
            leptos_options,
            readiness: Readiness::default(),
            metrics: None,
            stop: CancellationToken::new(),
            keep_alive: KEEP_ALIVE,
            pay_pages: "".into(),
            sandbox_url: None,
            tasks: TaskTracker::new(),
        }))
    }

    /// With payment providers, whose pages are at `pay_pages`.
    #[must_use]
    pub fn with_providers(mut self, providers: billing::providers::Providers, pay_pages: &str) -> Self {
        let providers = providers.switched_by(self.services.plugins.switches());
        self.services.billing = self.services.billing.clone().with_providers(providers);
        self.pay_pages = pay_pages.into();
        self
    }
}

impl AppState {
    /// With a language model, which plug-ins ask.
    #[must_use]
    pub fn with_language_model(mut self, model: SharedModel) -> Self {
        self.chat = Chat::new(self.services.billing.clone(), Some(model.clone()));
        self.taro = self.taro.clone().with_model(model);
        self
    }

    /// With other chance for cards to be drawn, as in tests.
    #[must_use]
    pub fn with_chance(mut self, chance: SharedChance) -> Self {
        self.taro = self.taro.clone().with_chance(chance);
        self
    }
}

impl FromRef<AppState> for LeptosOptions {
    fn from_ref(state: &AppState) -> Self {
        state.leptos_options.clone()
    }
}
