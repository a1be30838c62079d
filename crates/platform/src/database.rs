//! Pools and transactions.
//!
//! Every connection takes a role that owns no table as soon as it is made; every transaction of a signed-in person sets
//! the actor in the round trip that opens it. Row-level security does the rest (see `migrations/`).

use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use domain::access::{Actor, AdminPermit, Permit};
use domain::ids::{OrganisationId, UserId};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{AssertSqlSafe, Executor, PgPool};
use tracing::Instrument;
use uuid::Uuid;

/// The migrations, compiled in. They are forward-only and applied under an advisory lock.
pub static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!("../../migrations");

/// Why the database did not answer.
pub type Error = sqlx::Error;

mod whole;

pub use self::whole::{Transaction, Whole};

/// How long a request waits for a free connection before it is answered with 503.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);

/// The fewest connections that do: those below, and a few for requests.
pub const FEWEST_CONNECTIONS: u32 = 20;

/// The fewest of the worker. Seven listen for good: three workers, two outboxes, what open pages are told, and which plug-ins are on.
/// Two are of those who tell payment providers, and are held while a provider answers. Three are for all others, who hold one
/// for a statement or a transaction, and none while they wait for another machine.
const FEWEST_OF_WORKER: u32 = 12;

/// How many of so many connections each pool has: requests, finding out who somebody is, and the worker.
fn shares(connections: u32) -> [u32; 3] {
    let connections = connections.max(FEWEST_CONNECTIONS);
    let (identity, worker) = (connections / 5, (connections / 4).max(FEWEST_OF_WORKER));
    [connections - identity - worker, identity, worker]
}

/// The database as the three roles see it.
#[derive(Debug, Clone)]
pub struct Database {
    app: PgPool,
    identity: PgPool,
    worker: PgPool,
    lost: Arc<Lost>,
}

/// When Postgres was last seen to be gone.
#[derive(Debug)]
struct Lost {
    begin: Instant,
    /// Microseconds after `begin`; 0 for never.
    at: AtomicU64,
}

impl Lost {
    /// Whether a connection of this age was made before Postgres was gone, and so is dead.
    fn outlived_by(&self, age: Duration) -> bool {
        let at = Duration::from_micros(self.at.load(Ordering::Relaxed));
        !at.is_zero() && self.begin.elapsed().saturating_sub(age) < at
    }
}

impl Database {
    /// Prepares pools of at most `connections` in all, of which there are [`FEWEST_CONNECTIONS`]; they are made when they are
    /// needed.
    pub fn new(options: &PgConnectOptions, connections: u32) -> Self {
        let lost = Arc::new(Lost { begin: Instant::now(), at: AtomicU64::new(0) });
        let pool = |role: &'static str, share: u32| {
            let lost = Arc::clone(&lost);
            // What people wait for is short, and planning it for its values each time takes longer than it saves. Lists whose
            // filters may be absent ask for that themselves (`plan_for_values`).
            let take_role = match role {
                "keyrack_identity" => "SET ROLE keyrack_identity; SET plan_cache_mode = force_generic_plan",
                "keyrack_worker" => "SET ROLE keyrack_worker",
                _ => "SET ROLE keyrack_app; SET plan_cache_mode = force_generic_plan",
            };
            PgPoolOptions::new()
                .max_connections(share)
                .acquire_timeout(ACQUIRE_TIMEOUT)
                // Asking before each use would cost every request a round trip. Instead those that Postgres took with it
                // are known (see `forget_connections`); one that dies alone shows itself in the first statement, which is
                // answered with 503.
                .test_before_acquire(false)
                .before_acquire(move |_, meta| {
                    let is_alive = !lost.outlived_by(meta.age);
                    Box::pin(async move { Ok(is_alive) })
                })
                .after_connect(move |connection, _| {
                    Box::pin(async move {
                        connection.execute(take_role).await?;
                        Ok(())
                    })
                })
                .connect_lazy_with(options.clone().application_name(role))
        };
        let [app, identity, worker] = shares(connections);
        Self {
            app: pool("keyrack_app", app),
            identity: pool("keyrack_identity", identity),
            worker: pool("keyrack_worker", worker),
            lost,
        }
    }

    /// Uses no connection again that was made before now: Postgres went away, and whoever got one would be answered with
    /// an error although it is back.
    pub fn forget_connections(&self) {
        let at = u64::try_from(self.lost.begin.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.lost.at.store(at, Ordering::Relaxed);
    }

    /// [`Database::new`] from a URL.
    pub fn open(url: &str, connections: u32) -> Result<Self, sqlx::Error> {
        Ok(Self::new(&PgConnectOptions::from_str(url)?, connections))
    }

    /// Opens a transaction for somebody who proved a permission.
    pub async fn begin<R>(&self, permit: &Permit<'_, R>) -> Result<Transaction, sqlx::Error> {
        self.begin_with(&permit.organisation_id().to_string(), permit.actor()).await
    }

    /// Opens a transaction for somebody signed in, in their own organisation if they have one.
    pub async fn begin_as(&self, actor: &Actor) -> Result<Transaction, sqlx::Error> {
        let organisation = actor.organisation_id.map_or_else(String::new, |id| id.to_string());
        self.begin_with(&organisation, actor).await
    }

    /// Opens a transaction in an organisation that is being made, or on behalf of a machine. Everything else uses
    /// [`Database::begin`], which asks for a proof.
    pub async fn begin_in(
        &self,
        organisation_id: OrganisationId,
        user_id: UserId,
    ) -> Result<Transaction, sqlx::Error> {
        self.begin_with_role("", &organisation_id.to_string(), user_id, None).await
    }

    /// Opens a transaction of the platform's admin, who sees all accounts.
    pub async fn begin_admin(&self, permit: &AdminPermit<'_>) -> Result<Transaction, sqlx::Error> {
        let role = "SET LOCAL ROLE keyrack_admin; SET LOCAL plan_cache_mode = auto; ";
        self.begin_with_role(role, "", permit.actor().user_id, None).await
    }

    async fn begin_with(&self, organisation: &str, actor: &Actor) -> Result<Transaction, sqlx::Error> {
        self.begin_with_role("", organisation, actor.user_id, actor.impersonated_by).await
    }

    async fn begin_with_role(
        &self,
        role: &str,
        organisation: &str,
        user_id: UserId,
        impersonator: Option<UserId>,
    ) -> Result<Transaction, sqlx::Error> {
        let impersonator = impersonator.map_or_else(String::new, |id| id.to_string());
        // The values are UUIDs (or empty), so nothing in them can end the literal.
        let actor = format!(
            "{role}SET LOCAL keyrack.organisation = '{organisation}'; SET LOCAL keyrack.actor = '{}'; \
             SET LOCAL keyrack.impersonator = '{impersonator}'",
            Uuid::from(user_id)
        );
        // A part before this one may have been another role's.
        let back = if role.is_empty() { "SET LOCAL ROLE keyrack_app; " } else { "" };
        if let Some(part) = Whole::part(&format!("{back}{actor}")).await? {
            return Ok(part);
        }
        begin(&self.app, format!("BEGIN; {actor}")).await
    }

    /// The pool that finds out who somebody is: users, sessions, tokens. For the identity context alone.
    pub fn identity(&self) -> &PgPool {
        &self.identity
    }

    /// The pool of jobs and the outbox.
    pub fn worker(&self) -> &PgPool {
        &self.worker
    }

    /// Opens a transaction on the identity pool.
    pub async fn begin_identity(&self) -> Result<Transaction, sqlx::Error> {
        begin(&self.identity, "BEGIN".to_owned()).await
    }

    /// Opens a transaction on the worker pool.
    pub async fn begin_worker(&self) -> Result<Transaction, sqlx::Error> {
        begin(&self.worker, "BEGIN".to_owned()).await
    }

    /// The pools by name, for their figures.
    pub fn pools(&self) -> [(&'static str, &PgPool); 3] {
        [("app", &self.app), ("identity", &self.identity), ("worker", &self.worker)]
    }

    /// Whether Postgres answers.
    pub async fn is_up(&self) -> bool {
        sqlx::query("SELECT 1").execute(&self.worker).await.is_ok()
    }

    /// Closes all connections once their statements are done.
    pub async fn close(&self) {
        futures::join!(self.app.close(), self.identity.close(), self.worker.close());
    }
}

/// Opens a transaction with a statement that has no values of others in it, to the end, even if whoever waits for it goes
/// away, as the request of a closed browser does: sqlx 0.9 would give the connection back to its pool with the `BEGIN` on its
/// way, and what the next one writes there by itself would never be committed.
async fn begin(pool: &PgPool, statement: String) -> Result<Transaction, sqlx::Error> {
    let pool = pool.clone();
    let begun = async move { pool.begin_with(AssertSqlSafe(statement)).await };
    let begun = tokio::spawn(begun.in_current_span()).await.map_err(|_| sqlx::Error::WorkerCrashed)?;
    Ok(begun?.into())
}

/// Applies the migrations as the owner of the database. Several servers may start at once: the first one migrates
/// under an advisory lock while the others wait.
pub async fn migrate(options: &PgConnectOptions) -> anyhow::Result<()> {
    let pool = PgPoolOptions::new().max_connections(1).connect_with(options.clone()).await?;
    MIGRATOR.run(&pool).await?;
    pool.close().await;
    Ok(())
}

/// The name of the constraint that refused a statement.
pub fn violated_constraint(error: &sqlx::Error) -> Option<&str> {
    error.as_database_error().and_then(sqlx::error::DatabaseError::constraint)
}

/// Has the statements that follow in this transaction planned for the values at hand: where filters may be absent, each
/// uses its own index.
pub async fn plan_for_values(transaction: &mut Transaction) -> Result<(), sqlx::Error> {
    sqlx::query!("SET LOCAL plan_cache_mode = force_custom_plan").execute(&mut **transaction).await?;
    Ok(())
}

/// The pattern for `LIKE` of what begins with `text`, literally.
pub fn beginning(text: &str) -> String {
    format!("{}%", text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_"))
}

/// Whether the statement was given up because two transactions waited for each other; the other one went on.
pub fn is_deadlock(error: &sqlx::Error) -> bool {
    error.as_database_error().and_then(sqlx::error::DatabaseError::code).is_some_and(|code| code == "40P01")
}

/// Whether the database could not be reached, as opposed to having refused something: such a request can be repeated.
pub fn is_unavailable(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed
        // A connection that ends in the middle of a message.
        | sqlx::Error::Protocol(_) => true,
        sqlx::Error::Database(error) => {
            // 57P0x: the server is shutting down or starting; 53xxx: out of connections; 08xxx: connection lost; 40P01: a
            // deadlock.
            error.code().is_some_and(|code| {
                code.starts_with("57P") || code.starts_with("53") || code.starts_with("08") || code == "40P01"
            })
        }
        _ => false,
    }
}

/// Options for a test database that `#[sqlx::test]` made and migrated, as [`Database`] wants them.
#[doc(hidden)]
pub fn for_test(pool: &PgPool) -> Database {
    Database::new(&pool.connect_options(), 24)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pools_share_what_there_is() {
        for connections in FEWEST_CONNECTIONS..200 {
            let [app, identity, worker] = shares(connections);
            assert_eq!(app + identity + worker, connections);
            assert!(app >= identity && identity >= 4 && worker >= FEWEST_OF_WORKER, "{connections}");
        }
        assert_eq!(shares(32), [14, 6, 12]);
        assert_eq!(shares(1), shares(FEWEST_CONNECTIONS));
    }

    /// Goes away when Postgres has the statement that begins a transaction, but cannot end it; gives how many connections are in
    /// a transaction after that. The database's owner looks, from whom nothing is hidden.
    async fn gone_while_it_began<T>(owner: &PgPool, pool: &PgPool, begin: impl Future<Output = T>) -> i64 {
        let mut gate = owner.acquire().await.unwrap();
        sqlx::query("SELECT pg_advisory_lock(1)").execute(&mut *gate).await.unwrap();
        let mut begin = Box::pin(begin);
        let waiting = "SELECT count(*) FROM pg_locks JOIN pg_database d ON d.oid = database
                       WHERE locktype = 'advisory' AND NOT granted AND datname = current_database()";
        loop {
            assert!(futures::poll!(&mut begin).is_pending());
            if sqlx::query_scalar::<_, i64>(waiting).fetch_one(owner).await.unwrap() == 1 {
                break;
            }
        }
        drop(begin);
        sqlx::query("SELECT pg_advisory_unlock(1)").execute(&mut *gate).await.unwrap();
        // The connection is back when it has told that it is well.
        while pool.num_idle() < pool.size() as usize {
            tokio::task::yield_now().await;
        }
        let left = "SELECT count(*) FROM pg_stat_activity
                    WHERE datname = current_database() AND state = 'idle in transaction'";
        sqlx::query_scalar(left).fetch_one(owner).await.unwrap()
    }

    #[sqlx::test(migrations = "../../migrations")]
    async fn whoever_goes_away_leaves_no_transaction_behind(owner: PgPool) {
        const BEGIN: &str = "BEGIN; SELECT pg_advisory_xact_lock(1)";
        let database = for_test(&owner);
        let worker = database.worker();
        assert_eq!(gone_while_it_began(&owner, worker, begin(worker, BEGIN.to_owned())).await, 0);
        let by_sqlx = worker.begin_with(BEGIN);
        assert_eq!(gone_while_it_began(&owner, worker, by_sqlx).await, 1, "sqlx by itself leaves it");
    }
}
