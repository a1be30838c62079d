//! What housekeeping deletes, and what it leaves.

use super::*;

async fn names(world: &World, table: &'static str, column: &'static str) -> Vec<String> {
    let rows = format!("SELECT {column}::text FROM {table} ORDER BY 1");
    sqlx::query_scalar(sqlx::AssertSqlSafe(rows)).fetch_all(&world.owner).await.unwrap()
}

#[sqlx::test(migrator = "crate::database::MIGRATOR")]
async fn it_deletes_what_has_expired_and_nothing_else(pool: PgPool) {
    let world = World::new(pool);
    let mut statement = sqlx::raw_sql(
        "INSERT INTO jobs (id, queue, payload, status, run_at, created_at, finished_at)
         SELECT gen_random_uuid(), status || ' ' || days, '{}', status, at, at, at
         FROM unnest(ARRAY['done', 'dead', 'waiting']) AS status, unnest(ARRAY[6, 8]) AS days,
             LATERAL (SELECT timestamptz '2026-11-20T12:00:00Z' - days * interval '1 day' AS at) AS _;
         INSERT INTO idempotency_keys (user_id, key, request_hash, created_at) VALUES
             (gen_random_uuid(), 'new', '', '2026-11-19T12:00:01Z'), (gen_random_uuid(), 'old', '', '2026-11-19T11:59:59Z');
         INSERT INTO form_flashes VALUES ('new', '{}', '2026-11-20T12:00:01Z'), ('old', '{}', '2026-11-20T11:59:59Z');
         INSERT INTO kept_mails (id, recipient, subject, text_body, created_at) VALUES
             (gen_random_uuid(), 'new', '', '', '2026-10-22T12:00:00Z'),
             (gen_random_uuid(), 'old', '', '', '2026-10-20T12:00:00Z');
         INSERT INTO events (kind, subject, payload, occurred_at) VALUES
             ('read', gen_random_uuid(), '{}', '2026-10-20T12:00:00Z'),
             ('unread', gen_random_uuid(), '{}', '2026-10-20T12:00:00Z'),
             ('young', gen_random_uuid(), '{}', '2026-10-22T12:00:00Z');
         INSERT INTO event_cursors (consumer, transaction, position)
         SELECT consumer, transaction, position FROM events, unnest(ARRAY['slow', 'quick']) AS consumer
         WHERE kind = CASE consumer WHEN 'slow' THEN 'read' ELSE 'young' END",
    )
    .execute_many(&world.owner);
    while let Some(result) = futures::StreamExt::next(&mut statement).await {
        result.unwrap();
    }
    drop(statement);

    let handlers = Arc::new(Handlers::new().on(housekeeping::run));
    world.enqueue(housekeeping::Housekeeping {}, Options::default()).await;
    assert_eq!(world.run_due(&handlers).await, [Outcome::Done]);
    assert_eq!(
        names(&world, "jobs", "queue").await,
        ["dead 6", "dead 8", "done 6", "platform.housekeeping", "waiting 6", "waiting 8"]
    );
    assert_eq!(names(&world, "idempotency_keys", "key").await, ["new"]);
    assert_eq!(names(&world, "form_flashes", "convert_from(token_hash, 'UTF8')").await, ["new"]);
    assert_eq!(names(&world, "kept_mails", "recipient").await, ["new"]);
    assert_eq!(names(&world, "events", "kind").await, ["unread", "young"]);
}
