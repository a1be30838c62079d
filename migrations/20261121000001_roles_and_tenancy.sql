-- Roles and the actor of a transaction.
--
-- The server connects as the owner of the database and at once takes one of three roles that own nothing and cannot
-- bypass row-level security:
--   keyrack_app       a signed-in person's work, inside one organisation
--   keyrack_identity  finding out who somebody is, before there is an organisation
--   keyrack_worker    jobs and the outbox, across organisations, on the tables named below
-- Roles belong to the cluster, not to the database, so they may exist already, or be made by a neighbour this moment.

DO $$
DECLARE role_name text;
BEGIN
    FOREACH role_name IN ARRAY ARRAY['keyrack_app', 'keyrack_identity', 'keyrack_worker'] LOOP
        BEGIN
            EXECUTE format('CREATE ROLE %I NOLOGIN NOINHERIT NOBYPASSRLS', role_name);
        EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
        END;
        BEGIN
            EXECUTE format('GRANT %I TO CURRENT_USER', role_name);
        -- Two databases of one cluster migrated at once may grant at once.
        EXCEPTION WHEN duplicate_object OR unique_violation OR internal_error THEN NULL;
        END;
    END LOOP;
END $$;

CREATE EXTENSION IF NOT EXISTS btree_gist;

GRANT USAGE ON SCHEMA public TO keyrack_app, keyrack_identity, keyrack_worker;

-- The actor, set in the same round trip that opens the transaction. Unset means nobody: policies then refuse all.
CREATE FUNCTION current_organisation() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
    RETURN nullif(current_setting('keyrack.organisation', true), '')::uuid;
CREATE FUNCTION current_actor() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
    RETURN nullif(current_setting('keyrack.actor', true), '')::uuid;

-- The organisation's id leads the key of every tenant table, and foreign keys carry it too: a row cannot refer to a
-- row of another organisation.
CREATE TABLE organisations (
    id uuid PRIMARY KEY,
    code text NOT NULL CONSTRAINT organisations_code_key UNIQUE,
    name text NOT NULL,
    created_at timestamptz NOT NULL
);

CREATE TABLE hotels (
    organisation_id uuid NOT NULL REFERENCES organisations (id),
    id uuid NOT NULL CONSTRAINT hotels_id_key UNIQUE,
    name text NOT NULL,
    address text NOT NULL DEFAULT '',
    phone text,
    email text,
    time_zone text NOT NULL,
    currency char(3) NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    terms text NOT NULL DEFAULT '',
    layout jsonb,
    receipt_settings jsonb,
    subscription_valid boolean NOT NULL DEFAULT true,
    valid_from timestamptz,
    valid_to timestamptz,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (organisation_id, id)
);

ALTER TABLE organisations ENABLE ROW LEVEL SECURITY;
CREATE POLICY app_own ON organisations TO keyrack_app
    USING (id = (SELECT current_organisation())) WITH CHECK (id = (SELECT current_organisation()));
CREATE POLICY worker_reads ON organisations FOR SELECT TO keyrack_worker USING (true);
ALTER TABLE hotels ENABLE ROW LEVEL SECURITY;
CREATE POLICY app_own ON hotels TO keyrack_app
    USING (organisation_id = (SELECT current_organisation())) WITH CHECK (organisation_id = (SELECT current_organisation()));
-- Who signs in is told the names of the hotels they work in.
CREATE POLICY identity_reads ON hotels FOR SELECT TO keyrack_identity USING (true);
CREATE POLICY worker_reads ON hotels FOR SELECT TO keyrack_worker USING (true);

GRANT SELECT, INSERT, UPDATE ON organisations, hotels TO keyrack_app;
GRANT SELECT ON hotels TO keyrack_identity;
GRANT SELECT ON organisations, hotels TO keyrack_worker;
