//! Plug-ins at run time (DESIGN 7, spec `subscription-billing.md` 5.12): which there are, which of them are on, and how they
//! are set.
//!
//! They are compiled in; what the database keeps is what somebody changed. Each process holds a copy of it, which a
//! `NOTIFY` in the transaction of a change renews, so that asking costs nothing.
//!
//! * [`Plugins::list`], [`Plugins::get`]: what there is; after [`Plugins::load`], as it is at this moment
//! * [`Plugins::enable`], [`Plugins::disable`], [`Plugins::configure`]: what the admin does
//! * [`Plugins::is_on`], [`Plugins::text`], [`Plugins::number`]: what a plug-in asks

mod settings;
mod switch;

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use domain::access::AdminPermit;
use domain::ids::UserId;
use platform::clock::SharedClock;
use platform::database::{Database, Transaction};
use plugin_api::{Manifest, SettingKind, Switches};
use serde_json::{Map, Value};
use sqlx::postgres::PgListener;
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

/// The channel of changes; without a payload.
const CHANNEL: &str = "keyrack_plugins";

/// What goes wrong.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no plug-in of this name.
    #[error("Plugin '{0}' not found")]
    Unknown(String),
    /// Another plug-in is in the way, or a setting is none.
    #[error("{0}")]
    Refused(String),
    /// The database refused or was away.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

/// A result of this crate.
pub type Result<T> = std::result::Result<T, Error>;

/// A plug-in as it stands.
#[derive(Debug, Clone)]
pub struct Plugin {
    /// What it says about itself.
    pub manifest: &'static Manifest,
    /// Whether it is on.
    pub is_on: bool,
    /// Every setting, by key: what was set, else its default.
    pub config: Map<String, Value>,
}

/// Who switches or sets something.
#[derive(Debug, Clone, Copy)]
pub enum By<'a> {
    /// The platform's admin.
    Admin(AdminPermit<'a>),
    /// Somebody at the machine.
    Machine,
}

impl By<'_> {
    fn user_id(self) -> Option<UserId> {
        match self {
            Self::Admin(permit) => Some(permit.actor().user_id),
            Self::Machine => None,
        }
    }
}

/// What somebody changed about a plug-in.
#[derive(Debug, Clone)]
struct Kept {
    is_on: bool,
    config: Map<String, Value>,
}

/// The plug-ins of this server. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Plugins {
    database: Database,
    clock: SharedClock,
    manifests: &'static [&'static Manifest],
    kept: Arc<RwLock<BTreeMap<String, Kept>>>,
    switches: Switches,
    /// One reads at a time, or what was read first could be held last.
    reading: Arc<Mutex<()>>,
}

impl Plugins {
    /// These plug-ins, as they are at first; [`Plugins::load`] reads what was changed.
    pub fn new(database: Database, clock: SharedClock, manifests: &'static [&'static Manifest]) -> Self {
        let plugins = Self {
            database,
            clock,
            manifests,
            kept: Arc::default(),
            switches: Switches::default(),
            reading: Arc::default(),
        };
        plugins.hold(BTreeMap::new());
        plugins
    }

    /// Which are on, for those who ask often.
    pub fn switches(&self) -> Switches {
        self.switches.clone()
    }

    /// All of them, in the order in which they were named.
    pub fn list(&self) -> Vec<Plugin> {
        let kept = self.kept.read().unwrap_or_else(PoisonError::into_inner);
        self.manifests.iter().map(|manifest| plugin(manifest, kept.get(manifest.name))).collect()
    }

    /// One of them.
    pub fn get(&self, name: &str) -> Result<Plugin> {
        let manifest = self.manifest(name)?;
        let kept = self.kept.read().unwrap_or_else(PoisonError::into_inner);
        Ok(plugin(manifest, kept.get(name)))
    }

    /// Whether it is on.
    pub fn is_on(&self, name: &str) -> bool {
        self.manifest(name).is_ok() && self.switches.is_on(name)
    }

    /// A setting that is a text or a choice; empty if there is none of this name.
    pub fn text(&self, name: &str, key: &str) -> String {
        let value =
            self.get(name).ok().and_then(|plugin| plugin.config.get(key)?.as_str().map(str::to_owned));
        value.unwrap_or_default()
    }

    /// A setting that is a number; 0 if there is none of this name.
    pub fn number(&self, name: &str, key: &str) -> i64 {
        self.get(name).ok().and_then(|plugin| plugin.config.get(key)?.as_i64()).unwrap_or_default()
    }

    /// Reads what was changed.
    pub async fn load(&self) -> Result<()> {
        let _alone = self.reading.lock().await;
        let mut transaction = self.database.begin_worker().await?;
        let kept = switch::read(&mut transaction).await?;
        transaction.commit().await?;
        self.hold(kept);
        Ok(())
    }

    /// Follows what other processes change, until `stop`; a lost connection is made again.
    pub async fn follow(self, stop: CancellationToken) {
        while !stop.is_cancelled() {
            tokio::select! {
                () = stop.cancelled() => return,
                result = self.listen() => {
                    if let Err(error) = result {
                        tracing::warn!(%error, "plugins.listener_lost");
                    }
                    tokio::time::sleep(Duration::from_millis(500)).await;
                }
            }
        }
    }

    async fn listen(&self) -> Result<()> {
        let mut listener = PgListener::connect_with(self.database.worker()).await?;
        listener.listen(CHANNEL).await?;
        // What was changed while nobody listened.
        self.load().await?;
        while listener.try_recv().await?.is_some() {
            self.load().await?;
        }
        Ok(())
    }

    fn manifest(&self, name: &str) -> Result<&'static Manifest> {
        let found = self.manifests.iter().find(|manifest| manifest.name == name);
        found.copied().ok_or_else(|| Error::Unknown(name.chars().take(40).collect()))
    }

    fn hold(&self, kept: BTreeMap<String, Kept>) {
        let off = self.manifests.iter().filter(|it| !is_on(it, kept.get(it.name))).map(|it| it.name);
        self.switches.set_off(off.collect());
        *self.kept.write().unwrap_or_else(PoisonError::into_inner) = kept;
    }

    async fn begin(&self, by: By<'_>) -> Result<Transaction> {
        Ok(match by {
            By::Admin(permit) => self.database.begin_admin(&permit).await?,
            By::Machine => self.database.begin_worker().await?,
        })
    }
}

fn is_on(manifest: &Manifest, kept: Option<&Kept>) -> bool {
    kept.map_or(manifest.is_on_at_first, |kept| kept.is_on)
}

fn plugin(manifest: &'static Manifest, kept: Option<&Kept>) -> Plugin {
    let config = manifest.settings.iter().map(|setting| {
        let set = kept.and_then(|kept| kept.config.get(setting.key)).cloned();
        let value = set.unwrap_or_else(|| match setting.kind {
            SettingKind::Text { default, .. } | SettingKind::Choice { default, .. } => default.into(),
            SettingKind::Integer { default, .. } => default.into(),
        });
        (setting.key.to_owned(), value)
    });
    Plugin { manifest, is_on: is_on(manifest, kept), config: config.collect() }
}
