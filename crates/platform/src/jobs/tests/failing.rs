//! What becomes of jobs that fail.

use super::*;

#[sqlx::test(migrator = "crate::database::MIGRATOR")]
async fn it_is_tried_ten_times_with_growing_pauses_then_it_is_dead(pool: PgPool) {
    let world = World::new(pool);
    let handlers = refusing();
    let id = world.say(7).await;
    let mut pauses = Vec::new();
    for attempt in 1..10 {
        assert_eq!(world.run_due(&handlers).await, [Outcome::Failed]);
        let row = world.job(id).await;
        assert_eq!((row.status.as_str(), row.attempts), ("waiting", attempt));
        assert_eq!(row.last_error, Some(format!("7 refused at attempt {attempt}")));
        let pause = row.run_at - world.now();
        pauses.push(pause.num_seconds());
        world.clock.advance(pause - SECOND);
        assert_eq!(world.run_due(&handlers).await, [], "not before its time");
        world.clock.advance(SECOND);
    }
    assert_eq!(pauses, [5, 10, 20, 40, 80, 160, 320, 640, 1280]);
    assert_eq!(world.run_due(&handlers).await, [Outcome::Dead]);
    world.clock.advance(TimeDelta::days(1));
    assert_eq!(world.run_due(&handlers).await, []);

    let dead = admin::dead_letters(&world.database).await.unwrap();
    assert_eq!(dead.len(), 1);
    assert_eq!((dead[0].id, dead[0].queue.as_str(), dead[0].attempts), (id, "test.say", 10));
    assert_eq!(dead[0].last_error, "7 refused at attempt 10");
    assert_eq!(dead[0].died_at, world.now() - TimeDelta::days(1));
    let figures = admin::figures(&world.database, world.now()).await.unwrap();
    assert_eq!(figures, admin::Figures { due: 0, running: 0, dead: 1 });
}

#[sqlx::test(migrator = "crate::database::MIGRATOR")]
async fn a_kind_may_be_tried_more_often(pool: PgPool) {
    let world = World::new(pool);
    let handlers =
        Arc::new(Handlers::new().on(|_, Patient {}| async { Err(HandlerError::passing("not yet")) }));
    let id = world.enqueue(Patient {}, Options::default()).await;
    for _ in 1..Patient::ATTEMPTS {
        assert_eq!(world.run_due(&handlers).await, [Outcome::Failed]);
        world.clock.advance(back_off(ATTEMPTS));
    }
    assert_eq!(world.run_due(&handlers).await, [Outcome::Dead]);
    assert_eq!(world.job(id).await.attempts, 12);
}

#[test]
fn the_pause_is_at_most_43_minutes() {
    assert_eq!(back_off(1).num_seconds(), 5);
    assert_eq!(back_off(10).num_seconds(), 2560);
    assert_eq!(back_off(1000).num_seconds(), 2560);
}

#[sqlx::test(migrator = "crate::database::MIGRATOR")]
async fn a_dead_job_can_be_tried_again(pool: PgPool) {
    let world = World::new(pool);
    let lasting =
        Handlers::new().on(|_, Say(_)| async { Err(HandlerError::lasting("there is no such address")) });
    let id = world.enqueue(Say(1), key("k")).await;
    assert_eq!(world.run_due(&Arc::new(lasting)).await, [Outcome::Dead], "at once");
    assert!(!admin::retry(&world.database, Uuid::nil(), world.now()).await.unwrap());

    // Another one with its key waits by now.
    world.enqueue(Say(2), key("k")).await;
    assert!(admin::retry(&world.database, id, world.now()).await.unwrap());
    assert!(!admin::retry(&world.database, id, world.now()).await.unwrap(), "it is no longer dead");
    assert_eq!(world.job(id).await.attempts, 0);
    let (handlers, said) = listening();
    assert_eq!(world.run_due(&handlers).await, [Outcome::Done, Outcome::Done]);
    assert_eq!(*said.lock().unwrap(), [1, 2]);
    assert!(admin::dead_letters(&world.database).await.unwrap().is_empty());
}

#[sqlx::test(migrator = "crate::database::MIGRATOR")]
async fn what_a_done_job_held_is_deleted(pool: PgPool) {
    let world = World::new(pool);
    let id = world.say(1).await;
    world.run_due(&listening().0).await;
    let row = world.job(id).await;
    assert_eq!((row.status.as_str(), row.payload), ("done", serde_json::json!({})));
}

#[sqlx::test(migrator = "crate::database::MIGRATOR")]
async fn a_panic_is_a_failure(pool: PgPool) {
    let world = World::new(pool);
    let id = world.say(1).await;
    let handlers = Arc::new(Handlers::new().on(|_, Say(number)| async move {
        assert_eq!(number, 2, "no two");
        Ok(())
    }));
    assert_eq!(world.run_due(&handlers).await, [Outcome::Failed]);
    let error = world.job(id).await.last_error.unwrap();
    assert!(error.starts_with("panicked: ") && error.contains("no two"), "{error}");
}

#[sqlx::test(migrator = "crate::database::MIGRATOR")]
async fn a_job_of_another_release_is_tried_again(pool: PgPool) {
    let world = World::new(pool);
    let id = world.say(1).await;
    sqlx::query("UPDATE jobs SET payload = '{\"number\": 1}'").execute(&world.owner).await.unwrap();
    assert_eq!(world.run_due(&listening().0).await, [Outcome::Failed]);
    assert!(world.job(id).await.last_error.unwrap().contains("expected u32"));
}

#[sqlx::test(migrator = "crate::database::MIGRATOR")]
async fn an_unknown_queue_waits_a_day_for_somebody_who_knows_it(pool: PgPool) {
    let world = World::new(pool);
    let (handlers, _) = listening();
    let id = world.enqueue(FromTheFuture {}, Options::default()).await;
    let known =
        world.enqueue(Say(1), Options { run_at: Some(world.now() + TimeDelta::days(9)), ..key("k") }).await;
    world.clock.advance(TimeDelta::days(1) - SECOND);
    assert_eq!(world.run_due(&handlers).await, []);
    queue::give_up_unknown(&world.database, &handlers, world.now()).await.unwrap();
    assert_eq!(world.job(id).await.status, "waiting");

    world.clock.advance(SECOND);
    queue::give_up_unknown(&world.database, &handlers, world.now()).await.unwrap();
    let row = world.job(id).await;
    assert_eq!(row.status, "dead");
    let error = row.last_error.unwrap();
    assert_eq!(error, "no handler for the queue test.from_the_future: this release does not know it");
    assert_eq!(world.job(known).await.status, "waiting");
}

#[test]
fn an_error_is_told_with_its_causes() {
    #[derive(Debug, thiserror::Error)]
    #[error("the room cannot be cleaned")]
    struct Outer(#[from] Inner);
    #[derive(Debug, thiserror::Error)]
    #[error("there is no\0broom")]
    struct Inner;

    let told = HandlerError::from(Outer(Inner)).to_string();
    assert_eq!(
        told, "the room cannot be cleaned: there is no broom",
        "and without what Postgres cannot keep"
    );
}

#[sqlx::test(migrator = "crate::database::MIGRATOR")]
async fn a_dead_job_alone_can_be_dropped(pool: PgPool) {
    let world = World::new(pool);
    let lasting =
        Handlers::new().on(|_, Say(_)| async { Err(HandlerError::lasting("there is no such address")) });
    let dead = world.say(1).await;
    assert_eq!(world.run_due(&Arc::new(lasting)).await, [Outcome::Dead]);
    let waiting = world.say(2).await;
    assert!(admin::discard(&world.database, dead).await.unwrap());
    for gone_or_alive in [dead, waiting, Uuid::nil()] {
        assert!(!admin::discard(&world.database, gone_or_alive).await.unwrap());
    }
    assert_eq!(world.job(waiting).await.status, "waiting");
}
