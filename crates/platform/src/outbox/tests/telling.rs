//! Each event once, in order, to every consumer.

use super::*;

#[sqlx::test(migrator = "crate::database::MIGRATOR")]
async fn every_consumer_is_told_what_was_committed_once_and_in_order(pool: PgPool) {
    let world = world(pool).await;
    let outbox = world.outbox().with_consumer(scribe("a")).with_consumer(scribe("b"));
    let mut several = world.begin().await;
    for number in 1..=3 {
        world.publish_in(&mut several, number).await;
    }
    several.commit().await.unwrap();
    let mut undone = world.begin().await;
    world.publish_in(&mut undone, 99).await;
    undone.rollback().await.unwrap();
    for number in 4..=250 {
        world.publish(number).await;
    }
    assert_eq!(outbox.deliver_all().await.unwrap(), 500);
    assert_eq!(outbox.deliver_all().await.unwrap(), 0);
    let all: Vec<i64> = (1..=250).collect();
    assert_eq!(world.told("a").await, all);
    assert_eq!(world.told("b").await, all);
    assert_eq!(world.cursor("a").await.behind, 0);
}

#[sqlx::test(migrator = "crate::database::MIGRATOR")]
async fn what_a_consumer_does_not_want_counts_as_read(pool: PgPool) {
    let world = world(pool).await;
    let outbox = world.outbox().with_consumer(scribe("a"));
    world.publish(1).await;
    let mut transaction = world.begin().await;
    let event = Event {
        organisation_id: Some(world.organisation),
        kind: "letter.written",
        subject: Uuid::nil(),
        payload: json!("a"),
    };
    publish(&mut *transaction, event, world.clock.now()).await.unwrap();
    transaction.commit().await.unwrap();
    world.publish(2).await;
    outbox.deliver_all().await.unwrap();
    assert_eq!(world.told("a").await, [1, 2]);
    assert_eq!(world.cursor("a").await.behind, 0);
}

#[sqlx::test(migrator = "crate::database::MIGRATOR")]
async fn no_event_is_skipped_when_transactions_commit_out_of_order(pool: PgPool) {
    let world = world(pool).await;
    let outbox = world.outbox().with_consumer(scribe("a"));
    outbox.prepare().await.unwrap();
    let by_number =
        "SELECT coalesce(array_agg(position ORDER BY position), '{}') FROM events WHERE position > $1";
    let plain = async |after: i64| -> Vec<i64> {
        sqlx::query_scalar(by_number).bind(after).fetch_one(&world.owner).await.unwrap()
    };

    world.publish(0).await;
    let mut slow = world.begin().await;
    world.publish_in(&mut slow, 1).await;
    world.publish(2).await;
    // A reader that goes by numbers sees the last one, and moves its cursor there.
    assert_eq!(plain(0).await, [1, 3]);
    // The outbox tells what is older than both. (Another database of the cluster may keep even that waiting.)
    let told = async { while outbox.deliver_pending().await.unwrap() == 0 {} };
    timeout(Duration::from_mins(1), told).await.unwrap();
    assert_eq!(world.told("a").await, [0]);
    assert_eq!(outbox.deliver_pending().await.unwrap(), 0, "the order of the others is not certain yet");
    slow.commit().await.unwrap();
    assert_eq!(plain(3).await, Vec::<i64>::new(), "it will never see the one in between");

    assert_eq!(outbox.deliver_all().await.unwrap(), 2);
    assert_eq!(world.told("a").await, [0, 1, 2]);

    // The other way round: the older transaction publishes last.
    let mut slow = world.begin().await;
    sqlx::query("SELECT pg_current_xact_id()").execute(&mut *slow).await.unwrap();
    world.publish(4).await;
    assert_eq!(outbox.deliver_pending().await.unwrap(), 0);
    world.publish_in(&mut slow, 3).await;
    slow.commit().await.unwrap();
    outbox.deliver_all().await.unwrap();
    assert_eq!(world.told("a").await, [0, 1, 2, 3, 4]);
}

#[sqlx::test(migrator = "crate::database::MIGRATOR")]
async fn many_writers_and_readers_at_once_lose_and_double_nothing(pool: PgPool) {
    let world = world(pool).await;
    let outboxes: Vec<Outbox> = (0..3).map(|_| world.outbox().with_consumer(scribe("a"))).collect();
    let write = futures::future::join_all((0..4).map(|writer| {
        let world = &world;
        async move {
            for number in 0..50 {
                world.publish(writer * 50 + number).await;
            }
        }
    }));
    let read = futures::future::join_all(outboxes.iter().map(|outbox| async {
        for _ in 0..20 {
            outbox.deliver_all().await.unwrap();
        }
    }));
    futures::join!(write, read);
    outboxes[0].deliver_all().await.unwrap();
    let mut told = world.told("a").await;
    assert_eq!(told.len(), 200);
    told.sort_unstable();
    assert_eq!(told, (0..200).collect::<Vec<i64>>());
}

#[sqlx::test(migrator = "crate::database::MIGRATOR")]
async fn one_process_at_a_time_serves_a_consumer(pool: PgPool) {
    let world = world(pool).await;
    let outbox = world.outbox().with_consumer(scribe("a")).with_consumer(scribe("b"));
    outbox.prepare().await.unwrap();
    world.publish(1).await;
    let mut other = world.database.begin_worker().await.unwrap();
    sqlx::query("SELECT FROM event_cursors WHERE consumer = 'a' FOR UPDATE")
        .execute(&mut *other)
        .await
        .unwrap();
    // It does not wait for the other, and serves those that are free. (The row lock took a transaction number after
    // the event's.)
    while outbox.deliver_pending().await.unwrap() == 0 {}
    assert_eq!((world.told("a").await, world.told("b").await), (vec![], vec![1]));
    other.rollback().await.unwrap();
    outbox.deliver_all().await.unwrap();
    assert_eq!(world.told("a").await, [1]);
}

#[sqlx::test(migrator = "crate::database::MIGRATOR")]
async fn nobody_publishes_for_another_organisation(pool: PgPool) {
    let world = world(pool).await;
    for organisation_id in [None, Some(crate::ids::new())] {
        let mut transaction = world.begin().await;
        let event = Event { organisation_id, kind: "number.said", subject: Uuid::nil(), payload: json!(1) };
        let refused = publish(&mut *transaction, event, world.clock.now()).await.unwrap_err();
        assert!(refused.to_string().contains("row-level security"), "{refused}");
    }
}

/// A dump of another cluster, whose transaction numbers are far ahead of this one's.
#[sqlx::test(migrator = "crate::database::MIGRATOR")]
async fn nothing_is_lost_when_a_dump_is_restored_into_a_new_cluster(pool: PgPool) {
    let world = world(pool).await;
    let outbox = || world.outbox().with_consumer(scribe("a"));
    let running = outbox();
    world.publish(1).await;
    world.publish(2).await;
    running.deliver_all().await.unwrap();
    world.publish(3).await;
    world
        .execute(
            "UPDATE events SET transaction = (1000000000000 + transaction::text::bigint)::text::xid8;
             UPDATE event_cursors SET transaction = (1000000000000 + transaction::text::bigint)::text::xid8",
        )
        .await;
    world.publish(4).await;
    assert_eq!(running.deliver_pending().await.unwrap(), 0, "with the guard off nothing is told any more");

    outbox().deliver_all().await.unwrap();
    world.publish(5).await;
    outbox().deliver_all().await.unwrap();
    assert_eq!(world.told("a").await, [1, 2, 3, 4, 5]);
}

#[sqlx::test(migrator = "crate::database::MIGRATOR")]
async fn a_running_outbox_delivers_until_it_is_stopped(pool: PgPool) {
    let world = world(pool).await;
    let (heard, mut hears) = mpsc::unbounded_channel();
    let outbox = world.outbox().with_consumer(Scribe { heard: Some(heard), ..scribe("a") });
    let stop = CancellationToken::new();
    let running = tokio::spawn(outbox.run(stop.clone()));
    for number in 1..=3 {
        world.publish(number).await;
        let told = timeout(Duration::from_mins(1), hears.recv()).await.unwrap();
        assert_eq!(told, Some(i64::from(number)));
    }
    stop.cancel();
    timeout(Duration::from_mins(1), running).await.unwrap().unwrap();
    assert_eq!(world.told("a").await, [1, 2, 3]);
}
