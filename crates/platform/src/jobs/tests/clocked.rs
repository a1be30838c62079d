//! Cron: once for each tick among many workers.

use super::*;

fn crons() -> Vec<Cron> {
    vec![Cron::new("say", Schedule::Every(SECOND * 60), |_| Say(1))]
}

#[test]
fn ticks_are_the_same_for_everybody() {
    let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
    let five = Schedule::Every(TimeDelta::minutes(5));
    assert_eq!(five.last_tick(at("2026-11-20T12:04:59.9Z")), at("2026-11-20T12:00:00Z"));
    assert_eq!(five.last_tick(at("2026-11-20T12:05:00Z")), at("2026-11-20T12:05:00Z"));
    let daily = Schedule::Daily("03:30:00".parse().unwrap());
    assert_eq!(daily.last_tick(at("2026-11-20T03:29:59Z")), at("2026-11-19T03:30:00Z"));
    assert_eq!(daily.last_tick(at("2026-11-20T03:30:00Z")), at("2026-11-20T03:30:00Z"));
    assert_eq!(
        Schedule::Every(TimeDelta::zero()).last_tick(at("2026-11-20T12:00:00.5Z")),
        at("2026-11-20T12:00:00Z")
    );
}

#[sqlx::test(migrator = "crate::database::MIGRATOR")]
async fn eight_workers_serve_a_tick_once(pool: PgPool) {
    let world = World::new(pool);
    let (handlers, said) = listening();
    let mut tickers: Vec<Ticker> = (0..8).map(|_| Ticker::new(crons())).collect();
    let tick_all = async |tickers: &mut Vec<Ticker>| {
        let now = world.now();
        let ticks = tickers.iter_mut().map(|ticker| ticker.tick(&world.database, now));
        futures::future::join_all(ticks).await.concat().len()
    };
    assert_eq!(tick_all(&mut tickers).await, 0, "the first tick is the next one");
    for tick in 1..=5 {
        world.clock.advance(SECOND * 59);
        assert_eq!(tick_all(&mut tickers).await, 0);
        world.clock.advance(SECOND);
        assert_eq!(tick_all(&mut tickers).await, 1);
        assert_eq!(tick_all(&mut tickers).await, 0);
        world.run_due(&handlers).await;
        assert_eq!(said.lock().unwrap().len(), tick);
    }
}

/// What would happen if each worker looked whether the tick was served, and then served it.
#[sqlx::test(migrator = "crate::database::MIGRATOR")]
async fn with_the_guard_off_two_workers_serve_one_tick(pool: PgPool) {
    let world = World::new(pool);
    let served = "SELECT EXISTS (SELECT FROM cron_runs WHERE name = 'say' AND last_run_at >= $1)";
    let serve = "INSERT INTO cron_runs (name, last_run_at) VALUES ('say', $1)
                 ON CONFLICT (name) DO UPDATE SET last_run_at = EXCLUDED.last_run_at";
    let mut workers =
        [world.database.begin_worker().await.unwrap(), world.database.begin_worker().await.unwrap()];
    for worker in &mut workers {
        let is_served: bool =
            sqlx::query_scalar(served).bind(world.now()).fetch_one(&mut **worker).await.unwrap();
        assert!(!is_served, "both see it unserved");
    }
    let mut enqueued = 0;
    for mut worker in workers {
        sqlx::query(serve).bind(world.now()).execute(&mut *worker).await.unwrap();
        enqueue(&mut worker, &Say(1), Options::default(), world.now()).await.unwrap();
        worker.commit().await.unwrap();
        enqueued += 1;
    }
    assert_eq!((enqueued, world.count().await), (2, 2));
}

#[sqlx::test(migrator = "crate::database::MIGRATOR")]
async fn missed_ticks_count_as_one(pool: PgPool) {
    let world = World::new(pool);
    let (handlers, said) = listening();
    Ticker::new(crons()).tick(&world.database, world.now()).await;
    world.clock.advance(SECOND * 3600);
    // A server that starts after an hour of rest.
    let mut ticker = Ticker::new(crons());
    assert_eq!(ticker.tick(&world.database, world.now()).await, ["say"]);
    assert_eq!(ticker.tick(&world.database, world.now()).await.len(), 0);
    assert_eq!(Ticker::new(crons()).tick(&world.database, world.now()).await.len(), 0);
    world.run_due(&handlers).await;
    assert_eq!(*said.lock().unwrap(), [1]);
}

#[sqlx::test(migrator = "crate::database::MIGRATOR")]
async fn jobs_by_the_clock_do_not_pile_up(pool: PgPool) {
    let world = World::new(pool);
    let mut ticker = Ticker::new(crons());
    for _ in 0..5 {
        ticker.tick(&world.database, world.now()).await;
        world.clock.advance(SECOND * 60);
    }
    assert_eq!(world.count().await, 1, "one waits for all");
}

/// A tick is served together with its job or not at all.
#[sqlx::test(migrator = "crate::database::MIGRATOR")]
async fn a_tick_that_fails_is_served_later_and_does_not_keep_the_others(pool: PgPool) {
    let world = World::new(pool);
    let both = || {
        let mut both = vec![Cron::new("future", Schedule::Every(SECOND * 60), |_| FromTheFuture {})];
        both.extend(crons());
        both
    };
    let mut ticker = Ticker::new(both());
    ticker.tick(&world.database, world.now()).await;
    world.clock.advance(SECOND * 60);
    let refuse = "ALTER TABLE jobs ADD CONSTRAINT refuse CHECK (queue <> 'test.from_the_future')";
    sqlx::query(refuse).execute(&world.owner).await.unwrap();
    assert_eq!(ticker.tick(&world.database, world.now()).await, ["say"]);
    sqlx::query("ALTER TABLE jobs DROP CONSTRAINT refuse").execute(&world.owner).await.unwrap();
    assert_eq!(ticker.tick(&world.database, world.now()).await, ["future"]);
}
