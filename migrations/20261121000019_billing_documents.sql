-- What documents and mail need: who sells, who buys, credit notes, and what was told already.

-- The seller, as documents name it.
ALTER TABLE seller_settings ADD COLUMN tax_number text NOT NULL DEFAULT '';
CREATE FUNCTION billing_seller() RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT to_jsonb(s) - ARRAY['is_only', 'other_links', 'terms_title', 'terms_content', 'version', 'updated_at'] FROM seller_settings s
$$;

-- Who an account is, as documents name it and mail reaches it: the one place where billing looks at people. The mail of
-- an organisation goes to whoever registered it; nobody is written to who may no longer sign in.
CREATE FUNCTION billing_buyer(account uuid) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT jsonb_build_object(
        'name', coalesce(nullif(concat_ws(' ', p.first_name, p.last_name), ''), u.full_name, ''),
        'email', coalesce(u.email, ''),
        'is_active', coalesce(u.is_active, false),
        'company', coalesce(p.company, o.name, ''),
        'address', to_jsonb(array_remove(
            ARRAY[p.address_line_1, p.address_line_2, nullif(concat_ws(' ', p.postal_code, p.city), '')], NULL)),
        'country', coalesce(c.name, p.country, ''),
        'tax_number', coalesce(p.tax_number, ''))
    FROM billing_accounts a
    LEFT JOIN billing_profiles p ON p.account_id = a.id
    LEFT JOIN countries c ON c.code = p.country
    LEFT JOIN organisations o ON o.id = a.organisation_id
    LEFT JOIN LATERAL (
        SELECT full_name, email, is_active FROM users
        WHERE users.id = a.user_id OR users.organisation_id = a.organisation_id
        ORDER BY is_active DESC, created_at, id LIMIT 1
    ) u ON true
    WHERE a.id = account
$$;

-- Seller and buyer as they were when the invoice was no longer open. While it is open it follows them, so that an address
-- can be put right before it is paid; afterwards it never changes.
ALTER TABLE invoices ADD COLUMN parties jsonb;
CREATE FUNCTION invoices_keep_parties() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.parties := jsonb_build_object('seller', billing_seller(), 'buyer', billing_buyer(NEW.account_id));
    RETURN NEW;
END $$;
CREATE TRIGGER invoices_keep_parties BEFORE UPDATE OF status ON invoices
    FOR EACH ROW WHEN (OLD.status = 'pending' AND NEW.status <> 'pending' AND NEW.parties IS NULL)
    EXECUTE FUNCTION invoices_keep_parties();

-- Credit notes are numbered like invoices, in a series of their own.
CREATE TABLE credit_note_numbers (
    year int PRIMARY KEY,
    last int NOT NULL
);

-- A refund, or with `cancels` the document that takes it back. Neither is ever changed: what an invoice comes to is its
-- total, less its credit notes, plus those that cancel one.
CREATE TABLE credit_notes (
    account_id uuid NOT NULL,
    id uuid NOT NULL CONSTRAINT credit_notes_id_key UNIQUE,
    number text NOT NULL CONSTRAINT credit_notes_number_key UNIQUE,
    invoice_id uuid NOT NULL,
    cancels uuid,
    currency char(3) NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    subtotal_minor bigint NOT NULL CHECK (subtotal_minor >= 0),
    tax_minor bigint NOT NULL CHECK (tax_minor >= 0),
    total_minor bigint NOT NULL GENERATED ALWAYS AS (subtotal_minor + tax_minor) STORED,
    -- Why: the refund's reference.
    reference text NOT NULL DEFAULT '',
    issued_at timestamptz NOT NULL,
    PRIMARY KEY (account_id, id),
    FOREIGN KEY (account_id, invoice_id) REFERENCES invoices (account_id, id),
    FOREIGN KEY (account_id, cancels) REFERENCES credit_notes (account_id, id),
    CONSTRAINT credit_notes_cancelled_once UNIQUE (account_id, cancels)
);
CREATE INDEX credit_notes_by_invoice ON credit_notes (account_id, invoice_id, issued_at, id);

-- What an account was told, so that it is told once however often it is looked at: a kind of reminder or mail, about a
-- subscription or invoice, at an instant (the end of a period, a due date, when it happened).
CREATE TABLE billing_notices (
    account_id uuid NOT NULL REFERENCES billing_accounts (id),
    kind text NOT NULL,
    subject uuid NOT NULL,
    about timestamptz NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT billing_notices_once PRIMARY KEY (account_id, subject, kind, about)
);
CREATE INDEX billing_notices_by_age ON billing_notices (created_at);

DO $$
DECLARE table_name text;
BEGIN
    FOREACH table_name IN ARRAY ARRAY['credit_notes', 'billing_notices'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', table_name);
        EXECUTE format('CREATE POLICY app_own ON %I TO keyrack_app
            USING (account_id IN ((SELECT current_actor()), (SELECT current_organisation())))
            WITH CHECK (account_id IN ((SELECT current_actor()), (SELECT current_organisation())))', table_name);
        EXECUTE format('CREATE POLICY worker_all ON %I TO keyrack_worker USING (true) WITH CHECK (true)', table_name);
        EXECUTE format('CREATE POLICY admin_all ON %I TO keyrack_admin USING (true) WITH CHECK (true)', table_name);
        EXECUTE format('GRANT SELECT ON %I TO keyrack_app', table_name);
        EXECUTE format('GRANT SELECT, INSERT ON %I TO keyrack_worker, keyrack_admin', table_name);
    END LOOP;
END $$;

GRANT DELETE ON billing_notices TO keyrack_worker;

-- Who refunds takes the next number.
ALTER TABLE credit_note_numbers ENABLE ROW LEVEL SECURITY;
CREATE POLICY takes_next ON credit_note_numbers TO keyrack_worker, keyrack_admin USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE ON credit_note_numbers TO keyrack_worker, keyrack_admin;

-- Files that came with a kept mail: name, content type and content in base64.
ALTER TABLE kept_mails ADD COLUMN attachments jsonb NOT NULL DEFAULT '[]';
