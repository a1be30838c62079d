-- Webhooks of our own, what front ends tell, and who may publish what happened to people.

-- Names an event for ever: whoever is told it twice knows it by this.
ALTER TABLE events ADD COLUMN id uuid NOT NULL DEFAULT gen_random_uuid();

-- Where what happens is told.
CREATE TABLE webhook_endpoints (
    id uuid PRIMARY KEY,
    url text NOT NULL,
    description text NOT NULL DEFAULT '',
    -- Kinds of events; '*' alone stands for all.
    events text[] NOT NULL CONSTRAINT webhook_endpoints_some_events CHECK (cardinality(events) > 0),
    -- What deliveries are signed with, sealed under the server's own secret.
    sealed_secret bytea NOT NULL,
    is_active boolean NOT NULL DEFAULT true,
    -- While one job delivers to it no other one does, so that a slow endpoint takes one place of all there are.
    busy_until timestamptz,
    version int NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
CREATE TRIGGER webhook_endpoints_version BEFORE UPDATE OF url, description, events, sealed_secret, is_active ON webhook_endpoints
    FOR EACH ROW EXECUTE FUNCTION bump_version();

-- An event that is told to an endpoint, once.
CREATE TABLE webhook_deliveries (
    id uuid PRIMARY KEY,
    endpoint_id uuid NOT NULL REFERENCES webhook_endpoints (id) ON DELETE CASCADE,
    event_id uuid NOT NULL,
    kind text NOT NULL,
    -- As it is sent, to the byte.
    body text NOT NULL,
    status text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'succeeded', 'failed')),
    attempts int NOT NULL DEFAULT 0,
    next_attempt_at timestamptz,
    -- Of the last attempt: what was answered, or why there was no answer.
    response_status int,
    response_body text,
    error text,
    duration_ms int,
    last_attempt_at timestamptz,
    created_at timestamptz NOT NULL,
    CONSTRAINT webhook_deliveries_once UNIQUE (endpoint_id, event_id),
    CONSTRAINT webhook_deliveries_next CHECK ((status = 'pending') = (next_attempt_at IS NOT NULL))
);
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (endpoint_id, next_attempt_at) WHERE status = 'pending';
CREATE INDEX webhook_deliveries_by_endpoint ON webhook_deliveries (endpoint_id, id DESC);
CREATE INDEX webhook_deliveries_by_status ON webhook_deliveries (status, id DESC);
CREATE INDEX webhook_deliveries_by_kind ON webhook_deliveries (kind, id DESC);
CREATE INDEX webhook_deliveries_by_age ON webhook_deliveries (created_at);

DO $$
DECLARE table_name text;
BEGIN
    FOREACH table_name IN ARRAY ARRAY['webhook_endpoints', 'webhook_deliveries'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', table_name);
        EXECUTE format('CREATE POLICY worker_all ON %I TO keyrack_worker USING (true) WITH CHECK (true)', table_name);
        EXECUTE format('CREATE POLICY admin_all ON %I TO keyrack_admin USING (true) WITH CHECK (true)', table_name);
    END LOOP;
END $$;
GRANT SELECT, INSERT, UPDATE, DELETE ON webhook_endpoints TO keyrack_admin;
GRANT SELECT, INSERT, UPDATE ON webhook_deliveries TO keyrack_admin;
GRANT SELECT, UPDATE (busy_until) ON webhook_endpoints TO keyrack_worker;
GRANT SELECT, INSERT, UPDATE, DELETE ON webhook_deliveries TO keyrack_worker;

-- What front ends told (spec 5.13).
CREATE TABLE client_events (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users (id),
    kind text NOT NULL,
    data jsonb,
    -- By the clock of whoever told it.
    told_at timestamptz,
    received_at timestamptz NOT NULL
);
CREATE INDEX client_events_by_user ON client_events (user_id, id DESC);
CREATE INDEX client_events_by_kind ON client_events (kind, id DESC);
CREATE INDEX client_events_by_age ON client_events (received_at);

-- How many requests of a user were taken since an instant, for their limit.
CREATE TABLE client_event_windows (
    user_id uuid PRIMARY KEY REFERENCES users (id),
    began_at timestamptz NOT NULL,
    requests int NOT NULL
);
CREATE INDEX client_event_windows_by_age ON client_event_windows (began_at);

DO $$
DECLARE table_name text;
BEGIN
    FOREACH table_name IN ARRAY ARRAY['client_events', 'client_event_windows'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', table_name);
        EXECUTE format('CREATE POLICY app_own ON %I TO keyrack_app
            USING (user_id = (SELECT current_actor())) WITH CHECK (user_id = (SELECT current_actor()))', table_name);
        EXECUTE format('CREATE POLICY worker_expired ON %I TO keyrack_worker USING (true)', table_name);
        EXECUTE format('CREATE POLICY admin_all ON %I TO keyrack_admin USING (true) WITH CHECK (true)', table_name);
        EXECUTE format('GRANT SELECT, DELETE ON %I TO keyrack_worker, keyrack_admin', table_name);
    END LOOP;
END $$;
GRANT INSERT ON client_events TO keyrack_app;
GRANT SELECT, INSERT, UPDATE ON client_event_windows TO keyrack_app;

-- What happens to people is published before there is an organisation, too.
CREATE POLICY identity_publishes ON events FOR INSERT TO keyrack_identity WITH CHECK (true);
GRANT INSERT ON events TO keyrack_identity;
