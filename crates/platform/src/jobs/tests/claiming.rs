//! No job is carried out by two workers at once, and none is lost with its worker.

use sqlx::PgConnection;

use super::*;

/// What a worker would do without `SKIP LOCKED` and the lease: look, then take.
async fn look(connection: &mut PgConnection) -> Option<Uuid> {
    sqlx::query_scalar("SELECT id FROM jobs WHERE status = 'waiting' ORDER BY run_at LIMIT 1")
        .fetch_optional(connection)
        .await
        .unwrap()
}

async fn take(connection: &mut PgConnection, id: Uuid, now: DateTime<Utc>) -> u64 {
    sqlx::query("UPDATE jobs SET status = 'running', locked_until = $2 WHERE id = $1")
        .bind(id)
        .bind(now)
        .execute(connection)
        .await
        .unwrap()
        .rows_affected()
}

#[sqlx::test(migrator = "crate::database::MIGRATOR")]
async fn two_workers_do_not_take_one_job(pool: PgPool) {
    let world = World::new(pool);
    let id = world.say(1).await;

    // With the guard off both take it.
    let mut first = world.database.worker().acquire().await.unwrap();
    let mut second = world.database.worker().acquire().await.unwrap();
    let (seen_by_first, seen_by_second) = (look(&mut first).await.unwrap(), look(&mut second).await.unwrap());
    assert_eq!(take(&mut first, seen_by_first, world.now()).await, 1);
    assert_eq!(take(&mut second, seen_by_second, world.now()).await, 1);
    assert_eq!((seen_by_first, seen_by_second), (id, id), "one job, carried out twice");
    sqlx::query("DELETE FROM jobs").execute(&world.owner).await.unwrap();

    // With it the second finds nothing, neither while the first is taking nor after it, and does not wait.
    world.say(2).await;
    let queues = [Say::QUEUE.to_owned()];
    let mut taking = world.database.begin_worker().await.unwrap();
    assert_eq!(queue::claim(&mut taking, &queues, 10, world.now()).await.unwrap().len(), 1);
    let meanwhile = queue::claim(&mut second, &queues, 10, world.now());
    let meanwhile =
        tokio::time::timeout(std::time::Duration::from_secs(10), meanwhile).await.unwrap().unwrap();
    assert_eq!(meanwhile.len(), 0);
    taking.commit().await.unwrap();
    assert_eq!(queue::claim(&mut second, &queues, 10, world.now()).await.unwrap().len(), 0);
}

#[sqlx::test(migrator = "crate::database::MIGRATOR")]
async fn many_claims_at_once_share_the_jobs(pool: PgPool) {
    let world = World::new(pool);
    for number in 0..100 {
        world.say(number).await;
    }
    let queues = [Say::QUEUE.to_owned()];
    let claims = (0..5).map(|_| async {
        let mut mine = Vec::new();
        let mut connection = world.database.worker().acquire().await.unwrap();
        loop {
            let claimed = queue::claim(&mut connection, &queues, 3, world.now()).await.unwrap();
            if claimed.is_empty() {
                return mine;
            }
            mine.extend(claimed.into_iter().map(|job| job.id));
        }
    });
    let mut taken: Vec<Uuid> = futures::future::join_all(claims).await.concat();
    assert_eq!(taken.len(), 100);
    taken.sort_unstable();
    taken.dedup();
    assert_eq!(taken.len(), 100, "none twice");
}

#[sqlx::test(migrator = "crate::database::MIGRATOR")]
async fn a_job_is_taken_over_when_the_lease_has_run_out(pool: PgPool) {
    let world = World::new(pool);
    let (handlers, said) = listening();
    let id = world.say(1).await;
    // A worker takes it and is killed: nothing more is heard of it.
    let killed = world.claim().await.remove(0);
    world.clock.advance(queue::LEASE - SECOND);
    assert_eq!(world.run_due(&handlers).await, [], "it may still be working");

    world.clock.advance(SECOND);
    assert_eq!(world.run_due(&handlers).await, [Outcome::Done]);
    assert_eq!(*said.lock().unwrap(), [1]);
    assert_eq!(world.job(id).await.attempts, 2);
    assert!(!killed.renew(&world.database, world.now()).await.unwrap());
}

#[sqlx::test(migrator = "crate::database::MIGRATOR")]
async fn a_renewed_lease_holds(pool: PgPool) {
    let world = World::new(pool);
    world.say(1).await;
    let working = world.claim().await.remove(0);
    for _ in 0..5 {
        world.clock.advance(queue::LEASE - SECOND);
        assert!(working.renew(&world.database, world.now()).await.unwrap());
        assert!(world.claim().await.is_empty());
    }
    assert!(working.done(&world.database, world.now()).await.unwrap());
}

#[sqlx::test(migrator = "crate::database::MIGRATOR")]
async fn who_lost_the_lease_decides_nothing(pool: PgPool) {
    let world = World::new(pool);
    let id = world.say(1).await;
    let slow = world.claim().await.remove(0);
    world.clock.advance(queue::LEASE);
    let other = world.claim().await.remove(0);

    assert!(!slow.done(&world.database, world.now()).await.unwrap());
    assert!(
        !slow.failed(&world.database, &HandlerError::lasting("no"), ATTEMPTS, world.now()).await.unwrap()
    );
    assert!(
        !slow.failed(&world.database, &HandlerError::passing("no"), ATTEMPTS, world.now()).await.unwrap()
    );
    assert_eq!(world.job(id).await.status, "running");

    // With the guard off, the slow one would end the job under the hands of the other.
    let unguarded =
        sqlx::query("UPDATE jobs SET status = 'done', locked_until = NULL WHERE id = $1").bind(id);
    let mut undone = world.database.begin_worker().await.unwrap();
    assert_eq!(unguarded.execute(&mut *undone).await.unwrap().rows_affected(), 1);
    undone.rollback().await.unwrap();

    assert!(other.done(&world.database, world.now()).await.unwrap());
    assert_eq!(world.job(id).await.status, "done");
}

#[sqlx::test(migrator = "crate::database::MIGRATOR")]
async fn a_job_that_kills_its_workers_dies(pool: PgPool) {
    let world = World::new(pool);
    let (handlers, said) = listening();
    let id = world.say(1).await;
    for _ in 0..ATTEMPTS {
        assert_eq!(world.claim().await.len(), 1);
        world.clock.advance(queue::LEASE);
    }
    assert_eq!(world.run_due(&handlers).await, [Outcome::Dead]);
    assert!(said.lock().unwrap().is_empty(), "it is not tried an eleventh time");
    assert_eq!(
        world.job(id).await.last_error.as_deref(),
        Some("the worker was lost during the last attempt")
    );
}
