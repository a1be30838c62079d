//! The chaos run: many clients book, change and cancel in few rooms while the server is killed and Postgres is stopped.
//! Whatever was acknowledged must be there afterwards, and nothing else. See `./dev chaos`.

mod check;
mod client;
mod plan;
mod trouble;

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use clap::Args;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use sqlx::{Connection, PgConnection, PgPool};

use self::client::{Seen, World, client};
use self::trouble::{Blow, House, Outages, log_file};
use crate::house::{Hotel, keyrack};

/// The longest time in which the house has to answer again, once what it needs is there. It takes about a second; a busy
/// machine with an unoptimised server needs several.
const RECOVERY: Duration = Duration::from_secs(10);

/// How many breaches of a rule are shown.
const SHOWN: usize = 5;

/// Kills the server and Postgres under load, and checks that no acknowledged booking was lost or doubled.
#[derive(Debug, Clone, Args)]
pub struct Options {
    /// The server.
    #[arg(long, env = "KEYRACK_BINARY")]
    binary: String,
    /// An empty database that may be filled; its owner must be a superuser.
    #[arg(long, env = "DATABASE_URL")]
    database: String,
    /// The data directory of its Postgres, which is stopped hard and started again.
    #[arg(long)]
    postgres_data: PathBuf,
    /// Where `pg_ctl` is.
    #[arg(long)]
    postgres_bin: PathBuf,
    /// The user that Postgres runs as, where that is not this one.
    #[arg(long)]
    postgres_user: Option<String>,
    /// Requests that are answered in the end.
    #[arg(long, default_value_t = 10_000)]
    operations: u32,
    #[arg(long, default_value_t = 32)]
    clients: u32,
    /// How often something is killed: in turn the server, Postgres, and both at once.
    #[arg(long, default_value_t = 9)]
    blows: u32,
    /// Each seed is another plan; the same seed is the same plan.
    #[arg(long, default_value_t = 20)]
    seed: u64,
    /// Drops the constraint against double bookings first, to show that this run would find them.
    #[arg(long)]
    without_constraint: bool,
}

/// Runs it; whether everything held.
pub async fn run(options: Options) -> anyhow::Result<bool> {
    keyrack(&options.binary, &options.database, &["migrate"]).await?;
    keyrack(&options.binary, &options.database, &["demo", "--hotels", "1", "--rooms", "20", "--years", "1"])
        .await?;
    let rooms = prepare(&options).await?;
    let mut house = House::open(&options).await?;
    let pool = PgPool::connect(&options.database).await?;
    let hotel = Hotel::find(&pool, house.server()?, crate::LOADED).await?;
    let today: chrono::NaiveDate =
        sqlx::query_scalar("SELECT (now() AT TIME ZONE time_zone)::date FROM hotels")
            .fetch_one(&pool)
            .await?;
    pool.close().await;
    let world = Arc::new(World {
        seed: options.seed,
        operations: options.operations,
        address: house.server()?.address.clone(),
        bearer: hotel.bearer,
        rooms,
        today,
        outages: Outages::default(),
        answered: AtomicU32::new(0),
        next: AtomicU32::new(0),
        seen: Mutex::default(),
    });

    let begun = Instant::now();
    let clients: Vec<_> = (0..options.clients).map(|_| tokio::spawn(client(Arc::clone(&world)))).collect();
    disturb(&options, &world, &mut house).await?;
    while !world.is_over() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let (under_load, load_ended) = (begun.elapsed(), Instant::now());
    for client in clients {
        client.await??;
    }
    let time = [under_load, load_ended.elapsed()];
    house.kill_server().await?;
    let seen = world.note(std::mem::take);
    summarise(&seen, &house, time);
    let mut results = check::check(&options.database, &seen.bookings).await?;
    results.extend(other_results(seen, &house));
    results.push(("no two transactions waited in a circle", deadlocks(&options)?));
    results.sort_by_key(|(_, breaches)| breaches.is_empty());
    let failed = results.iter().filter(|(_, breaches)| !breaches.is_empty()).count();
    for (rule, breaches) in &results {
        println!("  {} {rule}", if breaches.is_empty() { "ok    " } else { "FAILED" });
        for breach in breaches.iter().take(SHOWN) {
            println!("           {breach}");
        }
        if breaches.len() > SHOWN {
            println!("           and {} more", breaches.len() - SHOWN);
        }
    }
    if failed > 0 {
        println!("  seed {}; the server's log is {}", options.seed, log_file().display());
    } else {
        std::fs::remove_file(log_file())?;
    }
    println!("chaos: {} passed, {failed} failed", results.len() - failed);
    Ok(failed == 0)
}

/// Empties the hotel, and returns its rooms.
async fn prepare(options: &Options) -> anyhow::Result<Vec<String>> {
    let mut connection = PgConnection::connect(&options.database).await?;
    sqlx::raw_sql(
        "TRUNCATE guests, bookings, stays, feedbacks, room_type_nights;
         -- A zone in which it is about noon: the day must not end during the run, which counts nights from today.
         UPDATE hotels SET time_zone = 'Etc/GMT' || to_char(extract(hour FROM now() AT TIME ZONE 'UTC') - 12, 'SGFM90')",
    )
    .execute(&mut connection)
    .await?;
    if options.without_constraint {
        sqlx::raw_sql("ALTER TABLE stays DROP CONSTRAINT stays_room_taken").execute(&mut connection).await?;
    }
    Ok(sqlx::query_scalar("SELECT number FROM rooms ORDER BY number").fetch_all(&mut connection).await?)
}

/// Strikes at moments spread over the whole run.
async fn disturb(options: &Options, world: &World, house: &mut House) -> anyhow::Result<()> {
    let mut random = StdRng::seed_from_u64(options.seed);
    for number in 0..options.blows {
        let moment = (f64::from(number) + random.random::<f64>()) / f64::from(options.blows);
        let away = Duration::from_millis(random.random_range(100..2000));
        while f64::from(world.answered.load(Ordering::Relaxed)) < moment * f64::from(world.operations) {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        let blow = match number % 3 {
            0 => Blow::Server,
            1 => Blow::Postgres(away),
            _ => Blow::Both(away),
        };
        house.strike(blow, &world.outages, &world.bearer).await?;
    }
    Ok(())
}

fn summarise(seen: &Seen, house: &House, time: [Duration; 2]) {
    let acknowledged: u32 = seen.acknowledged.values().sum();
    let kinds: Vec<_> = seen.acknowledged.iter().map(|(name, count)| format!("{count} {name}")).collect();
    let statuses: Vec<_> = seen.statuses.iter().map(|(status, count)| format!("{status}: {count}")).collect();
    let [load, rest] = time.map(|time| time.as_secs());
    println!("  {load} s under load, then {rest} s for the answers to requests that were cut off");
    println!("  {acknowledged} acknowledged: {}", kinds.join(", "));
    println!("  {} refused because the room was taken; answers {}", seen.taken, statuses.join(", "));
    println!(
        "  {} sent again, {} without an answer before, {} given the answer that was kept for them",
        seen.retries, seen.lost, seen.replayed
    );
    println!(
        "  server killed {} times, Postgres stopped {} times; slowest recovery {} ms",
        house.kills,
        house.restarts,
        house.slowest.as_millis()
    );
}

/// What Postgres wrote down about transactions that waited for each other: each costs those behind it a second.
fn deadlocks(options: &Options) -> anyhow::Result<Vec<String>> {
    let log = std::fs::read(options.postgres_data.with_file_name("log"))?;
    let found = String::from_utf8_lossy(&log);
    Ok(found.lines().filter(|line| line.contains("deadlock detected")).map(str::to_owned).collect())
}

/// What the clients and the house themselves showed.
fn other_results(seen: Seen, house: &House) -> Vec<(&'static str, Vec<String>)> {
    let counted =
        |count: u32, what: &str| if count == 0 { Vec::new() } else { vec![format!("{count} {what}")] };
    let errors: u32 = seen.statuses.iter().filter(|(s, _)| **s >= 500 && **s != 503).map(|(_, n)| n).sum();
    let slow = if house.slowest > RECOVERY {
        u32::try_from(house.slowest.as_millis()).unwrap_or(u32::MAX)
    } else {
        0
    };
    vec![
        ("every request was answered in the end", seen.unanswered),
        ("answers say what was asked, and nothing was refused but a taken room", seen.surprises),
        ("no answer 5xx but 503", counted(errors, "answers")),
        (
            "503 only while something was down or within two seconds afterwards",
            counted(seen.unexplained, "answers"),
        ),
        ("back by itself within ten seconds", counted(slow, "ms")),
    ]
}
