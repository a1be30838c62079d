-- Spreads of tarot cards that were paid for with tokens (spec 5.12). What people asked, and what was answered, is not kept.
CREATE TABLE taro_sessions (
    account_id uuid NOT NULL REFERENCES billing_accounts (id),
    id uuid NOT NULL,
    -- The three cards of the beginning: position, number and whether it lies upside down.
    cards jsonb NOT NULL CHECK (jsonb_typeof(cards) = 'array'),
    follow_ups int NOT NULL DEFAULT 0 CHECK (follow_ups >= 0),
    -- What the language model said for the price of the session.
    answers int NOT NULL DEFAULT 0 CHECK (answers >= 0),
    started_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    -- Also how the sessions of an account are read, newest first: ids tell their age.
    PRIMARY KEY (account_id, id)
);

CREATE TABLE taro_follow_ups (
    account_id uuid NOT NULL,
    session_id uuid NOT NULL,
    -- From 1.
    number int NOT NULL CHECK (number > 0),
    kind text NOT NULL CHECK (kind IN ('SAME_CARDS', 'ADDITIONAL', 'NEW_SPREAD')),
    cards jsonb NOT NULL CHECK (jsonb_typeof(cards) = 'array'),
    created_at timestamptz NOT NULL,
    PRIMARY KEY (account_id, session_id, number),
    FOREIGN KEY (account_id, session_id) REFERENCES taro_sessions (account_id, id)
);

-- How many sessions an account began on a day, in UTC. The statement that counts one looks at the limit.
CREATE TABLE taro_days (
    account_id uuid NOT NULL REFERENCES billing_accounts (id),
    day date NOT NULL,
    sessions int NOT NULL CHECK (sessions >= 0),
    PRIMARY KEY (account_id, day)
);

DO $$
DECLARE table_name text;
BEGIN
    FOREACH table_name IN ARRAY ARRAY['taro_sessions', 'taro_follow_ups', 'taro_days'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', table_name);
        EXECUTE format('CREATE POLICY app_own ON %I TO keyrack_app
            USING (account_id IN ((SELECT current_actor()), (SELECT current_organisation())))
            WITH CHECK (account_id IN ((SELECT current_actor()), (SELECT current_organisation())))', table_name);
        EXECUTE format('CREATE POLICY admin_all ON %I TO keyrack_admin USING (true) WITH CHECK (true)', table_name);
        EXECUTE format('GRANT SELECT ON %I TO keyrack_app, keyrack_admin', table_name);
    END LOOP;
END $$;
GRANT INSERT ON taro_sessions, taro_follow_ups, taro_days TO keyrack_app;
GRANT UPDATE (follow_ups, answers) ON taro_sessions TO keyrack_app;
GRANT UPDATE (sessions) ON taro_days TO keyrack_app, keyrack_admin;

-- What the model is told first, where the admin wants other words than those that are built in.
CREATE TABLE taro_prompts (
    slug text PRIMARY KEY CONSTRAINT taro_prompts_slug CHECK (slug IN ('situation', 'card-explanation', 'follow-up')),
    content text NOT NULL,
    version int NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
CREATE TRIGGER taro_prompts_version BEFORE UPDATE ON taro_prompts FOR EACH ROW EXECUTE FUNCTION bump_version();
ALTER TABLE taro_prompts ENABLE ROW LEVEL SECURITY;
CREATE POLICY app_reads ON taro_prompts FOR SELECT TO keyrack_app USING (true);
CREATE POLICY admin_all ON taro_prompts TO keyrack_admin USING (true) WITH CHECK (true);
GRANT SELECT ON taro_prompts TO keyrack_app, keyrack_admin;
GRANT INSERT, UPDATE, DELETE ON taro_prompts TO keyrack_admin;
