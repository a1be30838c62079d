//! What happens when a consumer refuses an event.

use super::*;

#[sqlx::test(migrator = "crate::database::MIGRATOR")]
async fn a_refused_event_leaves_no_trace_and_those_after_it_wait(pool: PgPool) {
    let world = world(pool).await;
    let careful = scribe("careful");
    let outbox = world.outbox().with_consumer(careful.clone()).with_consumer(scribe("other"));
    careful.refused.lock().unwrap().insert(3);
    for number in 1..=4 {
        world.publish(number).await;
    }
    outbox.deliver_all().await.unwrap();
    assert_eq!(world.told("careful").await, [1, 2]);
    assert_eq!(world.told("other").await, [1, 2, 3, 4], "another consumer is not kept");

    for (failures, pause) in [(1, 5), (2, 10), (3, 20)] {
        let cursor = world.cursor("careful").await;
        assert_eq!((cursor.failures, cursor.behind), (failures, 2));
        assert_eq!(cursor.last_error.as_deref(), Some("3 is unlucky"));
        assert_eq!(cursor.retry_at, Some(world.clock.now() + TimeDelta::seconds(pause)));
        world.clock.advance(TimeDelta::seconds(pause - 1));
        assert_eq!(outbox.deliver_all().await.unwrap(), 0);
        assert_eq!(world.cursor("careful").await.failures, failures, "not before its time");
        world.clock.advance(TimeDelta::seconds(1));
        outbox.deliver_all().await.unwrap();
    }
    careful.refused.lock().unwrap().clear();
    world.clock.advance(TimeDelta::hours(1));
    outbox.deliver_all().await.unwrap();
    assert_eq!(world.told("careful").await, [1, 2, 3, 4]);
    let cursor = world.cursor("careful").await;
    assert_eq!((cursor.failures, cursor.last_error, cursor.retry_at, cursor.behind), (0, None, None, 0));
}

/// Takes an error of the database lightly, or panics.
struct Careless;

#[async_trait]
impl Consumer for Careless {
    fn name(&self) -> &'static str {
        "careless"
    }

    fn wants(&self, _: &Published) -> bool {
        true
    }

    async fn handle(
        &self,
        connection: &mut PgConnection,
        event: &Published,
        _: DateTime<Utc>,
    ) -> HandlerResult {
        if event.payload == json!(1) {
            let _ = sqlx::query("SELECT 1 / 0").execute(connection).await;
            return Ok(());
        }
        panic!("no {}", event.payload)
    }
}

#[sqlx::test(migrator = "crate::database::MIGRATOR")]
async fn a_careless_consumer_does_not_harm_the_outbox(pool: PgPool) {
    let world = world(pool).await;
    let outbox = world.outbox().with_consumer(Careless).with_consumer(scribe("other"));
    world.publish(1).await;
    outbox.deliver_all().await.unwrap();
    let error = world.cursor("careless").await.last_error.unwrap();
    assert!(error.contains("current transaction is aborted"), "{error}");
    world.execute("UPDATE events SET payload = '2'").await;
    world.clock.advance(TimeDelta::minutes(1));
    outbox.deliver_all().await.unwrap();
    let cursor = world.cursor("careless").await;
    assert_eq!((cursor.failures, cursor.last_error.as_deref()), (2, Some("the consumer panicked")));
    assert_eq!(world.told("other").await, [1]);
}

#[sqlx::test(migrator = "crate::database::MIGRATOR")]
async fn a_batch_that_cannot_be_committed_is_kept_with_its_reason(pool: PgPool) {
    let world = world(pool).await;
    world
        .execute("ALTER TABLE told ADD CONSTRAINT told_once UNIQUE (consumer, number) DEFERRABLE INITIALLY DEFERRED")
        .await;
    let outbox = world.outbox().with_consumer(scribe("a")).with_consumer(scribe("b"));
    world.execute("INSERT INTO told (consumer, number) VALUES ('a', 2)").await;
    // Told together: of three transactions the last may wait for another test's, and the first batch that fails ends the call.
    let mut transaction = world.begin().await;
    for number in 1..=3 {
        world.publish_in(&mut transaction, number).await;
    }
    transaction.commit().await.unwrap();
    assert!(matches!(outbox.deliver_all().await, Err(DeliveryError::Database(_))));
    assert_eq!(world.told("b").await, [1, 2, 3]);
    assert!(world.cursor("a").await.last_error.unwrap().contains("told_once"));
    // One at a time, those before it get through.
    world.clock.advance(TimeDelta::seconds(5));
    assert!(outbox.deliver_all().await.is_err());
    assert_eq!(world.told("a").await, [2, 1]);
}
