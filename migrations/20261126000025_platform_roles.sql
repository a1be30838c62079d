-- Roles of those who help to run the platform (spec 5.11, "RBAC"). The roles of the system are what the flag of the admin
-- says; they are listed here so that they have a name, and they stay as they are.
CREATE TABLE platform_roles (
    id uuid PRIMARY KEY,
    slug text NOT NULL CONSTRAINT platform_roles_slug_key UNIQUE,
    name text NOT NULL,
    description text NOT NULL DEFAULT '',
    -- Such as invoices.manage. Those of the admin are all that there are, and are not written down.
    permissions text[] NOT NULL DEFAULT '{}',
    is_system boolean NOT NULL DEFAULT false,
    version int NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
CREATE TRIGGER platform_roles_version BEFORE UPDATE ON platform_roles FOR EACH ROW EXECUTE FUNCTION bump_version();

INSERT INTO platform_roles (id, slug, name, description, is_system, created_at, updated_at) VALUES
    ('00000000-0000-0000-0000-000000000011', 'admin', 'Administrator', 'Runs the platform and may do everything.', true, now(), now()),
    ('00000000-0000-0000-0000-000000000012', 'user', 'User', 'Has an account and nothing to do with running the platform.', true, now(), now()),
    ('00000000-0000-0000-0000-000000000013', 'vendor', 'Vendor', 'The same as a user.', true, now(), now());

-- Whoever works for a hotel has no part in running the platform, and the admin needs no other role.
ALTER TABLE users
    ADD platform_role_id uuid CONSTRAINT users_platform_role_fkey REFERENCES platform_roles (id),
    ADD CONSTRAINT users_platform_role CHECK (platform_role_id IS NULL OR organisation_id IS NULL AND NOT is_platform_admin);
CREATE INDEX users_by_platform_role ON users (platform_role_id) WHERE platform_role_id IS NOT NULL;

-- The roles of the system stay.
CREATE FUNCTION platform_roles_stay() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the role % is the system''s', OLD.slug USING ERRCODE = 'check_violation', CONSTRAINT = 'platform_roles_system';
END $$;
CREATE TRIGGER platform_roles_stay BEFORE UPDATE OR DELETE ON platform_roles
    FOR EACH ROW WHEN (OLD.is_system) EXECUTE FUNCTION platform_roles_stay();

ALTER TABLE platform_roles ENABLE ROW LEVEL SECURITY;
CREATE POLICY identity_reads ON platform_roles FOR SELECT TO keyrack_identity USING (true);
CREATE POLICY admin_all ON platform_roles TO keyrack_admin USING (true) WITH CHECK (true);
GRANT SELECT ON platform_roles TO keyrack_identity;
GRANT SELECT, INSERT, UPDATE, DELETE ON platform_roles TO keyrack_admin;
