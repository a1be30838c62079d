-- What invoices and pages say about who sells: one row, which is always there.

CREATE TABLE seller_settings (
    is_only boolean PRIMARY KEY DEFAULT true CHECK (is_only),
    provider_name text NOT NULL DEFAULT '',
    contact_email text NOT NULL DEFAULT '',
    website_url text NOT NULL DEFAULT '',
    other_links text NOT NULL DEFAULT '',
    address_street text NOT NULL DEFAULT '',
    address_city text NOT NULL DEFAULT '',
    address_postal_code text NOT NULL DEFAULT '',
    address_country text NOT NULL DEFAULT '',
    bank_name text NOT NULL DEFAULT '',
    bank_iban text NOT NULL DEFAULT '',
    bank_bic text NOT NULL DEFAULT '',
    -- What customers agree to.
    terms_title text NOT NULL DEFAULT 'Terms and conditions',
    terms_content text NOT NULL DEFAULT '',
    version int NOT NULL DEFAULT 1,
    updated_at timestamptz NOT NULL
);
INSERT INTO seller_settings (updated_at) VALUES (now());

CREATE TRIGGER seller_settings_version BEFORE UPDATE ON seller_settings FOR EACH ROW EXECUTE FUNCTION bump_version();
ALTER TABLE seller_settings ENABLE ROW LEVEL SECURITY;
CREATE POLICY everybody_reads ON seller_settings FOR SELECT TO keyrack_app, keyrack_worker USING (true);
CREATE POLICY admin_all ON seller_settings TO keyrack_admin USING (true) WITH CHECK (true);
GRANT SELECT ON seller_settings TO keyrack_app, keyrack_worker;
GRANT SELECT, UPDATE ON seller_settings TO keyrack_admin;

-- Lists of the admin: by address, by age, by plan and status.
CREATE INDEX users_by_age ON users (created_at DESC, id DESC);
CREATE INDEX subscriptions_all_by_age ON subscriptions (created_at DESC, id DESC);
-- Figures of the last weeks.
CREATE INDEX invoices_by_payment ON invoices (paid_at) WHERE status = 'paid';
CREATE INDEX subscriptions_by_start ON subscriptions (started_at) WHERE started_at IS NOT NULL;
CREATE INDEX subscriptions_by_cancellation ON subscriptions (cancelled_at) WHERE cancelled_at IS NOT NULL;

-- Who is deleted stays as a row without a name, because invoices refer to it.
ALTER TABLE users ADD COLUMN deleted_at timestamptz;
ALTER TABLE users ADD COLUMN updated_at timestamptz;
ALTER TABLE users ADD COLUMN version int NOT NULL DEFAULT 1;
ALTER TABLE users ADD CONSTRAINT users_deleted_is_inactive CHECK (deleted_at IS NULL OR NOT is_active);
CREATE TRIGGER users_version BEFORE UPDATE OF email, username, full_name, is_platform_admin, is_active, deleted_at ON users
    FOR EACH ROW EXECUTE FUNCTION bump_version();
