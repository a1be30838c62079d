-- Company accounts (spec `hotel-modules.md` 2.1 to 2.3), and hotels whose subscription follows their organisation's.

ALTER TABLE organisations
    ADD COLUMN logo_url text,
    ADD COLUMN contact_email text,
    ADD COLUMN contact_phone text,
    ADD COLUMN website text,
    ADD COLUMN address text,
    ADD COLUMN tax_office text,
    ADD COLUMN tax_number text,
    -- What was agreed with the company. It opens and closes nothing.
    ADD COLUMN package_start_date date,
    ADD COLUMN package_end_date date;
CREATE INDEX organisations_by_age ON organisations (created_at DESC, id DESC);

-- The company of those who run the platform. They are users with a flag and employed by nobody; it has no staff.
INSERT INTO organisations (id, code, name, created_at)
VALUES ('00000000-0000-0000-0000-000000001000', '1000', 'Keyrack', now()) ON CONFLICT DO NOTHING;

-- Company codes are numbers, one after the other: who takes the next one holds the row until the company is there, so
-- that no number is given twice and none is left out. Older codes, which are words, stay what they are.
CREATE TABLE company_codes (
    is_only boolean PRIMARY KEY DEFAULT true CHECK (is_only),
    last bigint NOT NULL
);
INSERT INTO company_codes (last) VALUES (1000);
CREATE INDEX organisations_by_number ON organisations ((code::bigint)) WHERE code ~ '^[0-9]{1,15}$';
-- Those who register see no company but their own, so the function looks for them: a number that somebody wrote by hand
-- counts, too.
CREATE FUNCTION next_company_code() RETURNS text LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    UPDATE public.company_codes
    SET last = greatest(last, (SELECT max(code::bigint) FROM public.organisations WHERE code ~ '^[0-9]{1,15}$')) + 1
    RETURNING last::text
$$;
REVOKE ALL ON FUNCTION next_company_code FROM PUBLIC;
GRANT EXECUTE ON FUNCTION next_company_code TO keyrack_app;
ALTER TABLE company_codes ENABLE ROW LEVEL SECURITY;

-- Who signs in names their company by its code, and is told its name.
CREATE POLICY identity_reads ON organisations FOR SELECT TO keyrack_identity USING (true);
GRANT SELECT (id, code, name) ON organisations TO keyrack_identity;

-- Whoever registered a company runs it, also while it has no hotel.
ALTER TABLE users
    ADD COLUMN is_company_admin boolean NOT NULL DEFAULT false,
    ADD CONSTRAINT users_company_admin_has_company CHECK (organisation_id IS NOT NULL OR NOT is_company_admin);

-- What the platform's admin changes about a company and its owner.
CREATE POLICY admin_reads ON memberships FOR SELECT TO keyrack_admin USING (true);
GRANT SELECT ON memberships TO keyrack_admin;
GRANT SELECT (id, user_id, expires_at), DELETE ON sessions TO keyrack_admin;
GRANT SELECT (user_id, revoked_at), UPDATE (revoked_at) ON refresh_tokens TO keyrack_admin;
GRANT SELECT (user_id, used_at), UPDATE (used_at) ON password_resets TO keyrack_admin;
DO $$
DECLARE table_name text;
BEGIN
    FOREACH table_name IN ARRAY ARRAY['sessions', 'refresh_tokens', 'password_resets'] LOOP
        EXECUTE format('CREATE POLICY admin_ends ON %I TO keyrack_admin USING (true)', table_name);
    END LOOP;
END $$;

-- The admin who acts in somebody's name. A transaction says so when it is opened, and every row of `audit_log` that is
-- written in it has it, whoever writes the row.
CREATE FUNCTION current_impersonator() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
    RETURN nullif(current_setting('keyrack.impersonator', true), '')::uuid;
ALTER TABLE audit_log ADD COLUMN impersonated_by uuid;
ALTER TABLE audit_log ALTER COLUMN impersonated_by SET DEFAULT current_impersonator();
-- A company may know who acted in the name of its people; of users it sees its own.
CREATE FUNCTION impersonator_name(admin uuid) RETURNS text LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT coalesce((SELECT full_name FROM public.users WHERE id = admin AND is_platform_admin), admin::text)
$$;
REVOKE ALL ON FUNCTION impersonator_name FROM PUBLIC;
GRANT EXECUTE ON FUNCTION impersonator_name TO keyrack_app;

-- Modules that a company has, or has not, without buying them. Where there is no row the module's own default holds.
CREATE TABLE module_grants (
    organisation_id uuid NOT NULL REFERENCES organisations (id),
    module text NOT NULL,
    is_granted boolean NOT NULL,
    changed_at timestamptz NOT NULL,
    PRIMARY KEY (organisation_id, module)
);
ALTER TABLE module_grants ENABLE ROW LEVEL SECURITY;
CREATE POLICY app_own ON module_grants FOR SELECT TO keyrack_app USING (organisation_id = (SELECT current_organisation()));
CREATE POLICY worker_reads ON module_grants FOR SELECT TO keyrack_worker USING (true);
CREATE POLICY admin_all ON module_grants TO keyrack_admin USING (true) WITH CHECK (true);
GRANT SELECT ON module_grants TO keyrack_app, keyrack_worker;
GRANT SELECT, INSERT, UPDATE ON module_grants TO keyrack_admin;

-- Hotels whose time runs out.
CREATE INDEX hotels_by_end ON hotels (valid_to) WHERE subscription_valid AND valid_to IS NOT NULL;
