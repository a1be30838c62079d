-- Which plug-ins are on, and how they are set (spec 5.12). One without a row is as it is at first.
CREATE TABLE plugins (
    name text PRIMARY KEY,
    is_enabled boolean NOT NULL,
    -- What differs from the defaults of its manifest.
    config jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(config) = 'object'),
    updated_at timestamptz NOT NULL
);
ALTER TABLE plugins ENABLE ROW LEVEL SECURITY;
CREATE POLICY admin_all ON plugins TO keyrack_admin USING (true) WITH CHECK (true);
CREATE POLICY worker_all ON plugins TO keyrack_worker USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE ON plugins TO keyrack_admin, keyrack_worker;
