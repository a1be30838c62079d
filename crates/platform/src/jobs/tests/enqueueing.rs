//! Who may enqueue, with whose transaction, and what the same key twice means.

use super::*;

#[sqlx::test(migrator = "crate::database::MIGRATOR")]
async fn a_job_is_there_if_its_transaction_commits(pool: PgPool) {
    let world = World::new(pool);
    let (handlers, said) = listening();
    let mut undone = world.begin().await;
    enqueue(&mut undone, &Say(1), Options::default(), world.now()).await.unwrap();
    enqueue(&mut undone, &Say(2), key("once"), world.now()).await.unwrap();
    undone.rollback().await.unwrap();
    assert_eq!(world.count().await, 0);

    world.say(3).await;
    assert_eq!(world.run_due(&handlers).await, [Outcome::Done]);
    assert_eq!(*said.lock().unwrap(), [3]);
    assert_eq!(world.run_due(&handlers).await, []);
}

#[sqlx::test(migrator = "crate::database::MIGRATOR")]
async fn every_role_may_enqueue_and_only_workers_may_read(pool: PgPool) {
    let world = World::new(pool);
    for (number, may_read) in [(0, false), (1, false), (2, true)] {
        let begin = async || match number {
            0 => world.begin().await,
            1 => world.database.begin_identity().await.unwrap(),
            _ => world.database.begin_worker().await.unwrap(),
        };
        let mut transaction = begin().await;
        enqueue(&mut transaction, &Say(number), Options::default(), world.now()).await.unwrap();
        enqueue(&mut transaction, &Say(number), key(&number.to_string()), world.now()).await.unwrap();
        enqueue(&mut transaction, &Say(number), key(&number.to_string()), world.now()).await.unwrap();
        transaction.commit().await.unwrap();
        for statement in
            ["SELECT payload FROM jobs", "UPDATE jobs SET run_at = run_at", "DELETE FROM jobs WHERE false"]
        {
            let result = sqlx::query(statement).execute(&mut *begin().await).await;
            assert_eq!(result.is_ok(), may_read, "{statement}: {result:?}");
        }
    }
    assert_eq!(world.count().await, 6, "for each one with a key and one without");
}

#[sqlx::test(migrator = "crate::database::MIGRATOR")]
async fn a_job_waits_for_its_time(pool: PgPool) {
    let world = World::new(pool);
    let (handlers, said) = listening();
    world.enqueue(Say(2), Options { run_at: Some(world.now() + SECOND * 60), ..Options::default() }).await;
    world.enqueue(Say(1), Options { run_at: Some(world.now() + SECOND * 30), ..Options::default() }).await;
    world.clock.advance(SECOND * 29);
    assert_eq!(world.run_due(&handlers).await, []);
    world.clock.advance(SECOND * 31);
    assert_eq!(world.run_due(&handlers).await.len(), 2);
    assert_eq!(*said.lock().unwrap(), [1, 2], "longest due first");
}

#[sqlx::test(migrator = "crate::database::MIGRATOR")]
async fn the_same_key_waits_once(pool: PgPool) {
    let world = World::new(pool);
    let (handlers, said) = listening();
    let later = Options { run_at: Some(world.now() + SECOND * 60), ..key("hotel 1") };
    let first = world.enqueue(Say(1), later).await;
    let second = world.enqueue(Say(2), key("hotel 1")).await;
    world.enqueue(Say(3), key("hotel 2")).await;
    assert_eq!(first, second, "the one that waits does the work");
    assert_eq!(world.job(first).await.run_at, world.now(), "brought forward");

    world.run_due(&handlers).await;
    assert_eq!(*said.lock().unwrap(), [2, 3], "with the newer payload");
    world.enqueue(Say(4), key("hotel 1")).await;
    world.run_due(&handlers).await;
    assert_eq!(*said.lock().unwrap(), [2, 3, 4], "what is done no longer counts");
}

#[sqlx::test(migrator = "crate::database::MIGRATOR")]
async fn a_running_job_does_not_stand_for_a_newer_one(pool: PgPool) {
    let world = World::new(pool);
    let running = world.enqueue(Say(1), key("k")).await;
    let claimed = world.claim().await.remove(0);
    let newer = world.enqueue(Say(2), key("k")).await;
    assert_ne!(running, newer, "the running one may have read the old state");

    // The running one fails, and cannot wait under its key.
    assert!(
        claimed.failed(&world.database, &HandlerError::passing("no"), ATTEMPTS, world.now()).await.unwrap()
    );
    let row = world.job(running).await;
    assert_eq!((row.status.as_str(), row.deduplication_key), ("waiting", None));
    assert_eq!(world.job(newer).await.deduplication_key.as_deref(), Some("k"));
    world.clock.advance(SECOND * 5);
    let (handlers, said) = listening();
    world.run_due(&handlers).await;
    assert_eq!(*said.lock().unwrap(), [2, 1]);
}

/// A change enqueues a job that waits already, and a worker takes that job before the change is committed: it sees the
/// old state, and nobody looks at the new one.
#[sqlx::test(migrator = "crate::database::MIGRATOR")]
async fn a_job_does_not_run_before_the_change_that_wants_it(pool: PgPool) {
    let world = World::new(pool);
    world.enqueue(Say(1), key("k")).await;

    // With the guard off it happens.
    let mut change = world.database.begin_worker().await.unwrap();
    let inserted = sqlx::query(
        "INSERT INTO jobs (id, queue, payload, deduplication_key, run_at, created_at)
         VALUES ($1, $2, '2', 'k', $3, $3) ON CONFLICT DO NOTHING",
    )
    .bind(crate::ids::new::<Uuid>())
    .bind(Say::QUEUE)
    .bind(world.now())
    .execute(&mut *change)
    .await
    .unwrap();
    assert_eq!(inserted.rows_affected(), 0);
    let early = world.claim().await;
    assert_eq!(early.len(), 1, "it runs now");
    change.commit().await.unwrap();
    early[0].done(&world.database, world.now()).await.unwrap();
    assert_eq!(world.claim().await.len(), 0, "and never again, although the state has changed");

    // With the guard it waits for the change.
    world.enqueue(Say(1), key("k")).await;
    let mut change = world.begin().await;
    enqueue(&mut change, &Say(2), key("k"), world.now()).await.unwrap();
    assert_eq!(world.claim().await.len(), 0);
    change.commit().await.unwrap();
    let claimed = world.claim().await;
    assert_eq!(claimed.len(), 1);
    assert_eq!(claimed[0].payload, serde_json::json!(2));
}
