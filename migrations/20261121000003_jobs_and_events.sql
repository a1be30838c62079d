-- Jobs, cron, the outbox, kept answers and kept mail. Postgres is the one stateful part.

CREATE TABLE jobs (
    id uuid PRIMARY KEY,
    queue text NOT NULL,
    payload jsonb NOT NULL,
    -- At most one waiting job has a given key.
    deduplication_key text,
    status text NOT NULL DEFAULT 'waiting' CHECK (status IN ('waiting', 'running', 'done', 'dead')),
    attempts int NOT NULL DEFAULT 0,
    run_at timestamptz NOT NULL,
    locked_by uuid,
    locked_until timestamptz,
    last_error text,
    created_at timestamptz NOT NULL,
    finished_at timestamptz,
    CONSTRAINT jobs_running_is_locked CHECK ((status = 'running') = (locked_until IS NOT NULL))
);
CREATE INDEX jobs_due ON jobs (run_at, id) WHERE status = 'waiting';
CREATE INDEX jobs_leased ON jobs (locked_until) WHERE status = 'running';
CREATE INDEX jobs_finished ON jobs (finished_at) WHERE status IN ('done', 'dead');
CREATE UNIQUE INDEX jobs_deduplicated ON jobs (queue, deduplication_key)
    WHERE status = 'waiting' AND deduplication_key IS NOT NULL;

CREATE TABLE cron_runs (
    name text PRIMARY KEY,
    last_run_at timestamptz NOT NULL
);

-- The outbox: what happened, written in the transaction in which it happened. `position` alone does not order commits;
-- readers go by (transaction, position) and stop before the oldest transaction still open.
CREATE TABLE events (
    transaction xid8 NOT NULL DEFAULT pg_current_xact_id(),
    position bigint GENERATED ALWAYS AS IDENTITY,
    organisation_id uuid,
    kind text NOT NULL,
    subject uuid NOT NULL,
    payload jsonb NOT NULL,
    occurred_at timestamptz NOT NULL,
    PRIMARY KEY (transaction, position)
);
CREATE INDEX events_by_time ON events (occurred_at);

-- How far each consumer has read.
CREATE TABLE event_cursors (
    consumer text PRIMARY KEY,
    transaction xid8 NOT NULL,
    position bigint NOT NULL,
    -- How often the event after this one was refused in a row, why, and when it is tried again: order is kept, so the
    -- consumer waits for it.
    failures int NOT NULL DEFAULT 0,
    last_error text,
    retry_at timestamptz
);

-- Answers to REST writes that carried an Idempotency-Key, kept 24 hours (DESIGN 2).
CREATE TABLE idempotency_keys (
    user_id uuid NOT NULL,
    key text NOT NULL,
    -- SHA-256 over method, path and body: the same key with another request is a mistake of the client.
    request_hash bytea NOT NULL,
    -- None while the first request is still being answered.
    status smallint,
    content_type text,
    body bytea,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (user_id, key)
);
CREATE INDEX idempotency_keys_by_time ON idempotency_keys (created_at);

-- What a form posted without JavaScript held when it was refused; shown once on the next page.
CREATE TABLE form_flashes (
    token_hash bytea PRIMARY KEY,
    content jsonb NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX form_flashes_by_expiry ON form_flashes (expires_at);

-- Mail when there is no SMTP server, read at /dev/mail.
CREATE TABLE kept_mails (
    id uuid PRIMARY KEY,
    recipient text NOT NULL,
    subject text NOT NULL,
    text_body text NOT NULL,
    html_body text,
    created_at timestamptz NOT NULL
);

CREATE FUNCTION notify_job() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('keyrack_jobs', '');
    RETURN NULL;
END $$;
CREATE TRIGGER jobs_notify AFTER INSERT ON jobs FOR EACH STATEMENT EXECUTE FUNCTION notify_job();

-- Enqueues a job unless one with its key is waiting; that one then takes the newer payload and the earlier time. It is
-- updated in any case, because the row lock keeps workers from it until this transaction ends: otherwise it could run
-- before the change that wanted it is visible, and nobody would run it again. Those who enqueue may not read or change
-- jobs, so the function does it for them.
CREATE FUNCTION enqueue_once(job_id uuid, job_queue text, job_payload jsonb, job_key text, due timestamptz, at timestamptz)
RETURNS uuid LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    INSERT INTO public.jobs AS waiting (id, queue, payload, deduplication_key, run_at, created_at)
    VALUES (job_id, job_queue, job_payload, job_key, due, at)
    ON CONFLICT (queue, deduplication_key) WHERE status = 'waiting' AND deduplication_key IS NOT NULL
    DO UPDATE SET payload = EXCLUDED.payload, run_at = least(waiting.run_at, EXCLUDED.run_at)
    RETURNING id
$$;

ALTER TABLE jobs ENABLE ROW LEVEL SECURITY;
CREATE POLICY app_enqueues ON jobs FOR INSERT TO keyrack_app, keyrack_identity WITH CHECK (status = 'waiting');
CREATE POLICY worker_all ON jobs TO keyrack_worker USING (true) WITH CHECK (true);
ALTER TABLE cron_runs ENABLE ROW LEVEL SECURITY;
CREATE POLICY worker_all ON cron_runs TO keyrack_worker USING (true) WITH CHECK (true);
ALTER TABLE events ENABLE ROW LEVEL SECURITY;
CREATE POLICY app_publishes ON events FOR INSERT TO keyrack_app WITH CHECK (organisation_id = (SELECT current_organisation()));
CREATE POLICY worker_all ON events TO keyrack_worker USING (true) WITH CHECK (true);
ALTER TABLE event_cursors ENABLE ROW LEVEL SECURITY;
CREATE POLICY worker_all ON event_cursors TO keyrack_worker USING (true) WITH CHECK (true);
ALTER TABLE idempotency_keys ENABLE ROW LEVEL SECURITY;
CREATE POLICY app_own ON idempotency_keys TO keyrack_app
    USING (user_id = (SELECT current_actor())) WITH CHECK (user_id = (SELECT current_actor()));
CREATE POLICY worker_expired ON idempotency_keys TO keyrack_worker USING (true);
ALTER TABLE form_flashes ENABLE ROW LEVEL SECURITY;
CREATE POLICY identity_all ON form_flashes TO keyrack_identity USING (true) WITH CHECK (true);
CREATE POLICY worker_expired ON form_flashes TO keyrack_worker USING (true);
ALTER TABLE kept_mails ENABLE ROW LEVEL SECURITY;
CREATE POLICY worker_all ON kept_mails TO keyrack_worker USING (true) WITH CHECK (true);

REVOKE ALL ON FUNCTION enqueue_once FROM PUBLIC;
GRANT EXECUTE ON FUNCTION enqueue_once TO keyrack_app, keyrack_identity, keyrack_worker;
GRANT INSERT ON jobs, events TO keyrack_app;
GRANT INSERT ON jobs TO keyrack_identity;
GRANT SELECT, INSERT, UPDATE, DELETE ON jobs, cron_runs, events, event_cursors, kept_mails TO keyrack_worker;
GRANT SELECT, INSERT, UPDATE, DELETE ON idempotency_keys TO keyrack_app;
GRANT SELECT, DELETE ON idempotency_keys, form_flashes TO keyrack_worker;
GRANT SELECT, INSERT, DELETE ON form_flashes TO keyrack_identity;
