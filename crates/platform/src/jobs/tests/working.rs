//! The worker itself: at once, so many at a time, and to the end.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{Notify, Semaphore, mpsc};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::*;

/// Longer than anything here takes; a test that hangs fails.
const PATIENCE: Duration = Duration::from_mins(1);

fn worker(world: &World, handlers: &Arc<Handlers>) -> Worker {
    Worker::new(world.database.clone(), world.shared_clock(), Arc::clone(handlers))
}

#[sqlx::test(migrator = "crate::database::MIGRATOR")]
async fn workers_do_each_job_once_and_so_many_at_a_time(pool: PgPool) {
    let world = World::new(pool);
    let (done, mut results) = mpsc::unbounded_channel();
    let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let greatest = Arc::clone(&most);
    let handlers = Arc::new(Handlers::new().on(move |context: Context, Say(number)| {
        let (done, running, most) = (done.clone(), Arc::clone(&running), Arc::clone(&most));
        async move {
            most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            // Long enough for others to come in between.
            sqlx::query("SELECT 1").execute(context.database.worker()).await?;
            running.fetch_sub(1, Ordering::SeqCst);
            done.send((number, context.attempt)).map_err(HandlerError::lasting)
        }
    }));
    let stop = CancellationToken::new();
    let workers: Vec<_> = (0..2)
        .map(|_| tokio::spawn(worker(&world, &handlers).with_concurrency(2).run(stop.clone())))
        .collect();
    for number in 0..60 {
        world.say(number).await;
    }
    let mut said = BTreeSet::new();
    for _ in 0..60 {
        let (number, attempt) = timeout(PATIENCE, results.recv()).await.unwrap().unwrap();
        assert!(said.insert(number) && attempt == 1, "{number} twice");
    }
    stop.cancel();
    for worker in workers {
        timeout(PATIENCE, worker).await.unwrap().unwrap();
    }
    assert!(results.try_recv().is_err());
    assert!(greatest.load(Ordering::SeqCst) <= 4);
    let figures = admin::figures(&world.database, world.now()).await.unwrap();
    assert_eq!(figures, admin::Figures { due: 0, running: 0, dead: 0 });
}

/// Handlers that say when they began and end when they may.
fn waiting() -> (Arc<Handlers>, mpsc::UnboundedReceiver<u32>, Arc<Semaphore>) {
    let (began, beginnings) = mpsc::unbounded_channel();
    let may_end = Arc::new(Semaphore::new(0));
    let gate = Arc::clone(&may_end);
    let handlers = Handlers::new().on(move |context: Context, Say(_)| {
        let (began, gate) = (began.clone(), Arc::clone(&gate));
        async move {
            began.send(context.attempt).map_err(HandlerError::lasting)?;
            gate.acquire().await?.forget();
            Ok(())
        }
    });
    (Arc::new(handlers), beginnings, may_end)
}

#[sqlx::test(migrator = "crate::database::MIGRATOR")]
async fn a_stop_lets_running_jobs_finish_and_begins_no_other(pool: PgPool) {
    let world = World::new(pool);
    let (handlers, mut beginnings, may_end) = waiting();
    let (first, second) = (world.say(1).await, world.say(2).await);
    let stop = CancellationToken::new();
    let running = tokio::spawn(worker(&world, &handlers).with_concurrency(1).run(stop.clone()));
    timeout(PATIENCE, beginnings.recv()).await.unwrap();

    stop.cancel();
    assert!(!running.is_finished());
    may_end.add_permits(2);
    timeout(PATIENCE, running).await.unwrap().unwrap();
    assert_eq!(world.job(first).await.status, "done");
    assert_eq!(world.job(second).await.status, "waiting");
}

#[sqlx::test(migrator = "crate::database::MIGRATOR")]
async fn another_worker_takes_over_from_a_killed_one(pool: PgPool) {
    let world = World::new(pool);
    let (handlers, mut beginnings, may_end) = waiting();
    let id = world.say(1).await;
    let killed = tokio::spawn(worker(&world, &handlers).run(CancellationToken::new()));
    assert_eq!(timeout(PATIENCE, beginnings.recv()).await.unwrap(), Some(1));
    killed.abort();
    assert!(timeout(PATIENCE, killed).await.unwrap().unwrap_err().is_cancelled());
    assert_eq!(world.job(id).await.status, "running", "nobody told the database");

    world.clock.advance(queue::LEASE);
    may_end.add_permits(1);
    let stop = CancellationToken::new();
    let other = tokio::spawn(worker(&world, &handlers).run(stop.clone()));
    assert_eq!(timeout(PATIENCE, beginnings.recv()).await.unwrap(), Some(2));
    stop.cancel();
    timeout(PATIENCE, other).await.unwrap().unwrap();
    assert_eq!(world.job(id).await.status, "done");
}

#[sqlx::test(migrator = "crate::database::MIGRATOR")]
async fn a_job_that_takes_long_is_kept_and_one_that_was_lost_is_dropped(pool: PgPool) {
    let world = World::new(pool);
    let (handlers, mut beginnings, gate) = waiting();
    let id = world.say(1).await;
    let job = world.claim().await.remove(0);
    let often = Duration::from_millis(5);
    let running = tokio::spawn(run::run_renewing(
        often,
        job,
        world.database.clone(),
        world.shared_clock(),
        Arc::clone(&handlers),
    ));
    timeout(PATIENCE, beginnings.recv()).await.unwrap();
    let held_until = || async {
        sqlx::query_scalar::<_, DateTime<Utc>>("SELECT locked_until FROM jobs")
            .fetch_one(&world.owner)
            .await
            .unwrap()
    };
    for _ in 0..3 {
        world.clock.advance(queue::LEASE - SECOND);
        let renewed = async { while held_until().await != world.now() + queue::LEASE {} };
        timeout(PATIENCE, renewed).await.unwrap();
        assert!(world.claim().await.is_empty());
    }

    // Another worker has it, for whatever reason. What the handler would do next is not done.
    let theft = sqlx::query("UPDATE jobs SET locked_by = $1").bind(crate::ids::new::<Uuid>());
    theft.execute(&world.owner).await.unwrap();
    assert_eq!(timeout(PATIENCE, running).await.unwrap().unwrap(), Outcome::Lost);
    assert_eq!(
        Arc::strong_count(&gate),
        2,
        "only the handlers and this test have it: the attempt was dropped"
    );
    assert_eq!(world.job(id).await.status, "running");
}

#[sqlx::test(migrator = "crate::database::MIGRATOR")]
async fn a_worker_also_serves_the_clock(pool: PgPool) {
    let world = World::new(pool);
    let (handlers, mut beginnings, may_end) = waiting();
    may_end.add_permits(1);
    let crons = || vec![Cron::new("say", Schedule::Every(SECOND * 60), |_| Say(1))];
    Ticker::new(crons()).tick(&world.database, world.now()).await;
    world.clock.advance(SECOND * 60);
    let stop = CancellationToken::new();
    let running = tokio::spawn(worker(&world, &handlers).with_crons(crons()).run(stop.clone()));
    assert_eq!(timeout(PATIENCE, beginnings.recv()).await.unwrap(), Some(1));
    stop.cancel();
    timeout(PATIENCE, running).await.unwrap().unwrap();
}

/// Enqueues jobs until one of them wakes the listener.
async fn is_woken(world: &World, wake: &Notify) {
    let woken = async {
        while timeout(Duration::from_millis(20), wake.notified()).await.is_err() {
            world.say(1).await;
        }
    };
    timeout(PATIENCE, woken).await.unwrap();
}

#[sqlx::test(migrator = "crate::database::MIGRATOR")]
async fn a_new_job_wakes_the_worker_also_after_its_listener_was_cut_off(pool: PgPool) {
    let world = World::new(pool);
    let (wake, stop) = (Arc::new(Notify::new()), CancellationToken::new());
    let listening = tokio::spawn({
        let (pool, wake, stop) = (world.database.worker().clone(), Arc::clone(&wake), stop.clone());
        async move { wake::listen(&pool, "keyrack_jobs", &wake, &stop).await }
    });
    is_woken(&world, &wake).await;
    let cut = sqlx::query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE datname = current_database() AND query LIKE 'LISTEN%'",
    );
    assert_eq!(cut.execute(&world.owner).await.unwrap().rows_affected(), 1);
    // Once for the loss, and again for a new job.
    timeout(PATIENCE, wake.notified()).await.unwrap();
    is_woken(&world, &wake).await;
    stop.cancel();
    timeout(PATIENCE, listening).await.unwrap().unwrap();
}
