//! Demo data: a small invented world to try the desk in, and as much of it as a load test wants.
//!
//! Everything is written by `COPY` as the owner of the database, past row-level security and the services: five million
//! stays would take them hours. The constraints of the schema still hold.

mod catalogue;
mod copy;
mod hotel;
mod names;
mod stays;
mod world;

use chrono::NaiveDate;
use domain::ids::UserId;
use platform::clock::{Clock, SharedClock};
use platform::database::Database;
use platform::settings::PasswordCost;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions, Connection};

/// Tells the planner about new rows.
const ANALYZE: &str =
    "VACUUM (ANALYZE) stays, bookings, guests, rooms, room_types, hotels, users, memberships";

/// How much a load test wants.
#[derive(Debug, Clone, Copy)]
pub struct Load {
    /// How many hotels, each an organisation of its own.
    pub hotels: u32,
    /// Rooms in each.
    pub rooms: u32,
    /// Years of stays, the last half of one still to come.
    pub years: u32,
}

/// Makes the demo hotels and accounts, or renews their stays around today. Bookings that people made stay.
pub async fn refresh(options: &PgConnectOptions, clock: &SharedClock) -> anyhow::Result<()> {
    let mut connection = options.connect().await?;
    world::refresh(&mut connection, &**clock).await?;
    sell(connection, options, clock).await
}

/// The demo world for a test of something else: nobody stays in its hotels, and passwords are hashed at the least cost.
#[doc(hidden)]
pub async fn for_test(options: &PgConnectOptions, clock: &SharedClock) -> anyhow::Result<()> {
    let mut connection = options.connect().await?;
    world::people_and_hotels(&mut connection, PasswordCost::LEAST, clock.now()).await?;
    sell(connection, options, clock).await
}

/// Makes the demo world at the start of a server, unless it is there and somebody arrives today.
pub async fn ensure(options: &PgConnectOptions, clock: &SharedClock) -> anyhow::Result<()> {
    let mut connection = options.connect().await?;
    if !world::is_fresh(&mut connection, clock.now().date_naive()).await? {
        world::refresh(&mut connection, &**clock).await?;
    }
    sell(connection, options, clock).await
}

/// Makes the catalogue, and lets the demo customer buy from it by the services, as anybody would.
async fn sell(
    mut connection: PgConnection,
    options: &PgConnectOptions,
    clock: &SharedClock,
) -> anyhow::Result<()> {
    catalogue::ensure(&mut connection, clock.now()).await?;
    let customer = sqlx::query_scalar::<_, UserId>("SELECT id FROM users WHERE email = 'test@example.com'")
        .fetch_one(&mut connection)
        .await?;
    connection.close().await?;
    let database = Database::new(options, 1);
    let sold = catalogue::subscribe(&database, clock.clone(), customer).await;
    database.close().await;
    sold
}

/// Adds hotels full of stays for a load test, on two connections at once; returns the number of stays.
pub async fn load(options: &PgConnectOptions, clock: &dyn Clock, load: Load) -> anyhow::Result<u64> {
    let password_hash = identity::hash_password(world::STAFF_PASSWORD, PasswordCost::OWASP)?;
    let now = clock.now();
    let mut connection = options.connect().await?;
    let first = hotel::next_number(&mut connection).await?;
    connection.close().await?;
    let half = load.hotels.div_ceil(2);
    let work = |from: u32, count: u32| {
        let (options, password_hash) = (options.clone(), password_hash.clone());
        tokio::spawn(async move {
            let mut connection = options.connect().await?;
            relax_for_loading(&mut connection).await;
            let mut loaded = 0;
            for number in from..from + count {
                loaded += hotel::load(&mut connection, number, load, now, &password_hash).await?;
                if number % 50 == 0 {
                    tracing::info!(hotel = number, stays = loaded, "demo.loading");
                }
            }
            anyhow::Ok(loaded)
        })
    };
    let (left, right) = tokio::try_join!(work(first, half), work(first + half, load.hotels - half))?;
    let mut connection = options.connect().await?;
    // The planner must know about the new rows before anybody measures.
    sqlx::query(ANALYZE).execute(&mut connection).await?;
    connection.close().await?;
    Ok(left? + right?)
}

/// Foreign keys hold by how the rows are made, so a superuser may skip looking each of them up. Others may not, and
/// load more slowly.
async fn relax_for_loading(connection: &mut PgConnection) {
    for setting in ["SET session_replication_role = replica", "SET synchronous_commit = off"] {
        if let Err(error) = sqlx::query(setting).execute(&mut *connection).await {
            tracing::debug!(%error, setting, "demo.setting_refused");
        }
    }
}

/// The instant `hour`:`minute` UTC on a date.
fn at(date: NaiveDate, hour: u32, minute: u32) -> chrono::DateTime<chrono::Utc> {
    date.and_hms_opt(hour % 24, minute % 60, 0).unwrap_or_default().and_utc()
}
