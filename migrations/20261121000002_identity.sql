-- People, how they sign in, and what they did.

CREATE TABLE users (
    id uuid PRIMARY KEY,
    -- None for customers and travellers, who belong to no organisation.
    organisation_id uuid REFERENCES organisations (id),
    email text CONSTRAINT users_email_is_lower CHECK (email = lower(email)),
    username text NOT NULL CONSTRAINT users_username_is_lower CHECK (username = lower(username)),
    full_name text NOT NULL,
    password_hash text NOT NULL,
    is_platform_admin boolean NOT NULL DEFAULT false,
    is_active boolean NOT NULL DEFAULT true,
    last_signed_in_at timestamptz,
    created_at timestamptz NOT NULL,
    CONSTRAINT users_email_key UNIQUE (email),
    CONSTRAINT users_username_key UNIQUE (username)
);
CREATE INDEX users_by_organisation ON users (organisation_id, full_name);

CREATE TABLE memberships (
    organisation_id uuid NOT NULL,
    hotel_id uuid NOT NULL,
    user_id uuid NOT NULL REFERENCES users (id),
    role text NOT NULL CHECK (role IN ('owner', 'manager', 'reception', 'housekeeping')),
    created_at timestamptz NOT NULL,
    PRIMARY KEY (organisation_id, hotel_id, user_id),
    FOREIGN KEY (organisation_id, hotel_id) REFERENCES hotels (organisation_id, id)
);
CREATE INDEX memberships_by_user ON memberships (user_id);

-- A signed-in browser. The cookie holds a random token; only its SHA-256 is kept here.
CREATE TABLE sessions (
    id uuid PRIMARY KEY,
    token_hash bytea NOT NULL CONSTRAINT sessions_token_hash_key UNIQUE,
    user_id uuid NOT NULL REFERENCES users (id),
    -- The hotel the desk is looking at.
    hotel_id uuid,
    user_agent text NOT NULL,
    address text NOT NULL,
    created_at timestamptz NOT NULL,
    last_seen_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX sessions_by_user ON sessions (user_id, last_seen_at DESC);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

-- Rotating refresh tokens: each is used once; a second use ends its family.
CREATE TABLE refresh_tokens (
    id uuid PRIMARY KEY,
    family_id uuid NOT NULL,
    user_id uuid NOT NULL REFERENCES users (id),
    token_hash bytea NOT NULL CONSTRAINT refresh_tokens_token_hash_key UNIQUE,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at timestamptz,
    revoked_at timestamptz
);
CREATE INDEX refresh_tokens_by_family ON refresh_tokens (family_id);
CREATE INDEX refresh_tokens_by_user ON refresh_tokens (user_id);
CREATE INDEX refresh_tokens_by_expiry ON refresh_tokens (expires_at);

CREATE TABLE password_resets (
    token_hash bytea PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users (id),
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at timestamptz
);
CREATE INDEX password_resets_by_user ON password_resets (user_id);
CREATE INDEX password_resets_by_expiry ON password_resets (expires_at);

-- Failed sign-ins, by account and by address; successful ones are never counted (DESIGN 5.8).
CREATE TABLE sign_in_failures (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- SHA-256 of the account's name or the address: who fails to sign in often types a password for a name.
    subject bytea NOT NULL,
    failed_at timestamptz NOT NULL
);
CREATE INDEX sign_in_failures_by_subject ON sign_in_failures (subject, failed_at);
CREATE INDEX sign_in_failures_by_time ON sign_in_failures (failed_at);

-- Who did what. Rows are written in the transaction of the deed and never changed.
CREATE TABLE audit_log (
    id uuid NOT NULL,
    organisation_id uuid,
    hotel_id uuid,
    user_id uuid,
    -- Such as `stay.checked_in`.
    action text NOT NULL,
    -- The id of what it was done to.
    subject uuid,
    facts jsonb NOT NULL DEFAULT '{}',
    at timestamptz NOT NULL,
    PRIMARY KEY (id)
);
CREATE INDEX audit_log_by_subject ON audit_log (organisation_id, subject, id DESC);
CREATE INDEX audit_log_by_hotel ON audit_log (organisation_id, hotel_id, id DESC);

ALTER TABLE users ENABLE ROW LEVEL SECURITY;
-- Colleagues see each other, and everybody sees themselves.
CREATE POLICY app_own ON users TO keyrack_app
    USING (organisation_id = (SELECT current_organisation()) OR id = (SELECT current_actor()))
    WITH CHECK (organisation_id = (SELECT current_organisation()) OR id = (SELECT current_actor()));
CREATE POLICY identity_all ON users TO keyrack_identity USING (true) WITH CHECK (true);
CREATE POLICY worker_reads ON users FOR SELECT TO keyrack_worker USING (true);
ALTER TABLE memberships ENABLE ROW LEVEL SECURITY;
CREATE POLICY app_own ON memberships TO keyrack_app
    USING (organisation_id = (SELECT current_organisation())) WITH CHECK (organisation_id = (SELECT current_organisation()));
CREATE POLICY identity_reads ON memberships FOR SELECT TO keyrack_identity USING (true);
-- The self-audit checks the hotels whose desks are open.
CREATE POLICY worker_reads ON memberships FOR SELECT TO keyrack_worker USING (true);
ALTER TABLE sessions ENABLE ROW LEVEL SECURITY;
CREATE POLICY identity_all ON sessions TO keyrack_identity USING (true) WITH CHECK (true);
CREATE POLICY worker_expired ON sessions TO keyrack_worker USING (true);
ALTER TABLE refresh_tokens ENABLE ROW LEVEL SECURITY;
CREATE POLICY identity_all ON refresh_tokens TO keyrack_identity USING (true) WITH CHECK (true);
CREATE POLICY worker_expired ON refresh_tokens TO keyrack_worker USING (true);
ALTER TABLE password_resets ENABLE ROW LEVEL SECURITY;
CREATE POLICY identity_all ON password_resets TO keyrack_identity USING (true) WITH CHECK (true);
CREATE POLICY worker_expired ON password_resets TO keyrack_worker USING (true);
ALTER TABLE sign_in_failures ENABLE ROW LEVEL SECURITY;
CREATE POLICY identity_all ON sign_in_failures TO keyrack_identity USING (true) WITH CHECK (true);
CREATE POLICY worker_expired ON sign_in_failures TO keyrack_worker USING (true);
ALTER TABLE audit_log ENABLE ROW LEVEL SECURITY;
CREATE POLICY app_own ON audit_log TO keyrack_app
    USING (organisation_id = (SELECT current_organisation())) WITH CHECK (organisation_id = (SELECT current_organisation()));
CREATE POLICY identity_writes ON audit_log FOR INSERT TO keyrack_identity WITH CHECK (true);
CREATE POLICY worker_writes ON audit_log FOR INSERT TO keyrack_worker WITH CHECK (true);

GRANT SELECT, INSERT, UPDATE ON users TO keyrack_app, keyrack_identity;
GRANT SELECT ON users TO keyrack_worker;
GRANT SELECT, INSERT, UPDATE, DELETE ON memberships TO keyrack_app;
GRANT SELECT ON memberships TO keyrack_identity, keyrack_worker;
GRANT SELECT, INSERT, UPDATE, DELETE ON sessions, refresh_tokens, password_resets, sign_in_failures TO keyrack_identity;
GRANT SELECT, DELETE ON sessions, refresh_tokens, password_resets, sign_in_failures TO keyrack_worker;
-- Append-only: nobody is granted UPDATE or DELETE.
GRANT SELECT, INSERT ON audit_log TO keyrack_app;
GRANT INSERT ON audit_log TO keyrack_identity, keyrack_worker;
