-- What was bought: accounts with their subscriptions, add-ons, invoices and tokens.
--
-- An account is a customer or an organisation, and has its id: who is signed in reads the rows of their own account and
-- of the organisation they work in, and nothing else.

CREATE TABLE billing_accounts (
    id uuid PRIMARY KEY,
    user_id uuid CONSTRAINT billing_accounts_user_key UNIQUE REFERENCES users (id),
    organisation_id uuid CONSTRAINT billing_accounts_organisation_key UNIQUE REFERENCES organisations (id),
    -- The customer's id at the payment provider.
    provider_customer_id text CONSTRAINT billing_accounts_provider_customer_key UNIQUE,
    created_at timestamptz NOT NULL,
    CONSTRAINT billing_accounts_one_owner CHECK (id = coalesce(user_id, organisation_id) AND num_nonnulls(user_id, organisation_id) = 1)
);

-- Name and address for invoices, apart from the account for the sake of data protection.
CREATE TABLE billing_profiles (
    account_id uuid PRIMARY KEY REFERENCES billing_accounts (id),
    first_name text,
    last_name text,
    address_line_1 text,
    address_line_2 text,
    city text,
    postal_code text,
    country char(2),
    phone text,
    company text,
    tax_number text,
    config jsonb NOT NULL DEFAULT '{}',
    version int NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);

CREATE TABLE subscriptions (
    account_id uuid NOT NULL REFERENCES billing_accounts (id),
    id uuid NOT NULL CONSTRAINT subscriptions_id_key UNIQUE,
    plan_id uuid NOT NULL REFERENCES plans (id),
    -- The plan from the next renewal on.
    pending_plan_id uuid REFERENCES plans (id),
    status text NOT NULL CHECK (status IN ('pending', 'trialing', 'active', 'paused', 'cancelled', 'expired')),
    started_at timestamptz,
    expires_at timestamptz,
    trial_end_at timestamptz,
    cancelled_at timestamptz,
    paused_at timestamptz,
    provider_subscription_id text CONSTRAINT subscriptions_provider_key UNIQUE,
    version int NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (account_id, id),
    CONSTRAINT subscriptions_state CHECK (CASE status
        WHEN 'pending' THEN started_at IS NULL AND expires_at IS NULL
        WHEN 'trialing' THEN started_at IS NOT NULL AND expires_at = trial_end_at
        WHEN 'paused' THEN started_at IS NOT NULL AND expires_at IS NOT NULL AND paused_at IS NOT NULL
        WHEN 'cancelled' THEN cancelled_at IS NOT NULL
        ELSE started_at IS NOT NULL AND expires_at IS NOT NULL
    END)
);
CREATE INDEX subscriptions_by_age ON subscriptions (account_id, created_at DESC, id DESC);
CREATE INDEX subscriptions_by_plan ON subscriptions (plan_id, status);
CREATE INDEX subscriptions_by_end ON subscriptions (expires_at) WHERE status IN ('active', 'trialing');

-- Which subscription an account has of a category that allows one: the key is the rule. Kept by triggers.
CREATE TABLE single_subscriptions (
    account_id uuid NOT NULL,
    category_id uuid NOT NULL REFERENCES plan_categories (id) ON DELETE CASCADE,
    subscription_id uuid NOT NULL,
    CONSTRAINT single_subscriptions_one PRIMARY KEY (account_id, category_id),
    FOREIGN KEY (account_id, subscription_id) REFERENCES subscriptions (account_id, id) ON DELETE CASCADE
);
CREATE INDEX single_subscriptions_by_subscription ON single_subscriptions (account_id, subscription_id);

CREATE FUNCTION subscriptions_keep_single() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        DELETE FROM single_subscriptions WHERE account_id = OLD.account_id AND subscription_id = OLD.id;
    END IF;
    IF NEW.status IN ('trialing', 'active', 'paused') THEN
        INSERT INTO single_subscriptions (account_id, category_id, subscription_id)
        SELECT NEW.account_id, c.id, NEW.id
        FROM plans_in_categories m JOIN plan_categories c ON c.id = m.category_id
        WHERE m.plan_id = NEW.plan_id AND c.is_single
        ORDER BY c.id;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER subscriptions_keep_single_insert AFTER INSERT ON subscriptions
    FOR EACH ROW EXECUTE FUNCTION subscriptions_keep_single();
CREATE TRIGGER subscriptions_keep_single_update AFTER UPDATE OF status, plan_id ON subscriptions
    FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status OR OLD.plan_id <> NEW.plan_id)
    EXECUTE FUNCTION subscriptions_keep_single();

-- Trials are given once for each account and family of plans: a single category, or the plan where it is in none.
CREATE TABLE trials (
    account_id uuid NOT NULL REFERENCES billing_accounts (id),
    family_id uuid NOT NULL,
    began_at timestamptz NOT NULL,
    CONSTRAINT trials_once PRIMARY KEY (account_id, family_id)
);

-- Invoice numbers run without a gap within a year: the row is locked until the invoice is there.
CREATE TABLE invoice_numbers (
    year int PRIMARY KEY,
    last int NOT NULL
);

CREATE TABLE invoices (
    account_id uuid NOT NULL REFERENCES billing_accounts (id),
    id uuid NOT NULL CONSTRAINT invoices_id_key UNIQUE,
    number text NOT NULL CONSTRAINT invoices_number_key UNIQUE,
    -- Why it was made: what paying it does to the subscription on it.
    reason text NOT NULL CHECK (reason IN ('purchase', 'renewal', 'upgrade')),
    plan_id uuid REFERENCES plans (id),
    subscription_id uuid,
    -- The plan before an upgrade: what a refund goes back to.
    from_plan_id uuid REFERENCES plans (id),
    status text NOT NULL CHECK (status IN ('pending', 'paid', 'failed', 'cancelled', 'refunded')),
    currency char(3) NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    -- The sum of the lines; the tax on it; what is to be paid.
    subtotal_minor bigint NOT NULL,
    tax_minor bigint NOT NULL CHECK (tax_minor >= 0),
    total_minor bigint NOT NULL GENERATED ALWAYS AS (subtotal_minor + tax_minor) STORED,
    -- Hundredths of a percent.
    tax_rate int NOT NULL DEFAULT 0 CHECK (tax_rate BETWEEN 0 AND 10000),
    tax_country char(2),
    payment_method text,
    payment_reference text,
    provider text,
    provider_session_id text CONSTRAINT invoices_provider_session_key UNIQUE,
    provider_invoice_id text CONSTRAINT invoices_provider_invoice_key UNIQUE,
    invoiced_at timestamptz NOT NULL,
    due_at timestamptz,
    paid_at timestamptz,
    refunded_at timestamptz,
    refund_reference text,
    version int NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (account_id, id),
    FOREIGN KEY (account_id, subscription_id) REFERENCES subscriptions (account_id, id),
    CONSTRAINT invoices_subtotal CHECK (subtotal_minor >= 0),
    CONSTRAINT invoices_paid_at CHECK (status NOT IN ('paid', 'refunded') OR paid_at IS NOT NULL)
);
CREATE INDEX invoices_by_age ON invoices (account_id, invoiced_at DESC, id DESC);
CREATE INDEX invoices_all_by_age ON invoices (created_at DESC, id DESC);
CREATE INDEX invoices_by_status ON invoices (status, created_at DESC, id DESC);
CREATE INDEX invoices_by_subscription ON invoices (account_id, subscription_id);
-- A period, and a change of plan, is asked for once.
CREATE UNIQUE INDEX invoices_one_open ON invoices (account_id, subscription_id, reason)
    WHERE status = 'pending' AND reason IN ('renewal', 'upgrade');
CREATE INDEX invoices_open_by_due ON invoices (due_at) WHERE status = 'pending';

CREATE TABLE invoice_lines (
    account_id uuid NOT NULL,
    invoice_id uuid NOT NULL,
    id uuid NOT NULL,
    position int NOT NULL,
    item_type text NOT NULL CHECK (item_type IN ('subscription', 'token_bundle', 'add_on')),
    -- The purchase: a subscription, a bundle's purchase or an add-on's subscription.
    item_id uuid NOT NULL,
    -- What was bought of the catalogue. On an upgrade it is the plan that the subscription gets when this is paid.
    catalog_item_id uuid NOT NULL,
    description text NOT NULL,
    quantity int NOT NULL CHECK (quantity > 0),
    unit_price_minor bigint NOT NULL CHECK (unit_price_minor >= 0),
    total_minor bigint NOT NULL GENERATED ALWAYS AS (quantity * unit_price_minor) STORED,
    PRIMARY KEY (account_id, invoice_id, id),
    FOREIGN KEY (account_id, invoice_id) REFERENCES invoices (account_id, id) ON DELETE CASCADE
);
CREATE INDEX invoice_lines_by_item ON invoice_lines (account_id, item_id);

-- An invoice is the sum of its lines: looked at when the transaction ends.
CREATE FUNCTION invoices_add_up() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    account uuid := coalesce(NEW.account_id, OLD.account_id);
    invoice uuid;
    stated bigint;
    summed bigint;
BEGIN
    IF TG_TABLE_NAME = 'invoices' THEN invoice := NEW.id; ELSE invoice := coalesce(NEW.invoice_id, OLD.invoice_id); END IF;
    SELECT subtotal_minor INTO stated FROM invoices WHERE account_id = account AND id = invoice;
    IF NOT FOUND THEN RETURN NULL; END IF;
    SELECT coalesce(sum(total_minor), 0) INTO summed FROM invoice_lines WHERE account_id = account AND invoice_id = invoice;
    IF stated <> summed THEN
        RAISE EXCEPTION 'invoice % says % and its lines %', invoice, stated, summed
            USING ERRCODE = 'check_violation', CONSTRAINT = 'invoices_add_up';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER invoices_add_up AFTER INSERT OR UPDATE OF subtotal_minor ON invoices
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION invoices_add_up();
CREATE CONSTRAINT TRIGGER invoice_lines_add_up AFTER INSERT OR UPDATE OR DELETE ON invoice_lines
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION invoices_add_up();

CREATE TABLE addon_subscriptions (
    account_id uuid NOT NULL REFERENCES billing_accounts (id),
    id uuid NOT NULL CONSTRAINT addon_subscriptions_id_key UNIQUE,
    addon_id uuid NOT NULL REFERENCES addons (id),
    subscription_id uuid,
    invoice_id uuid,
    status text NOT NULL CHECK (status IN ('pending', 'active', 'cancelled', 'expired')),
    starts_at timestamptz,
    expires_at timestamptz,
    cancelled_at timestamptz,
    version int NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (account_id, id),
    FOREIGN KEY (account_id, subscription_id) REFERENCES subscriptions (account_id, id),
    FOREIGN KEY (account_id, invoice_id) REFERENCES invoices (account_id, id),
    CONSTRAINT addon_subscriptions_state CHECK (status NOT IN ('active', 'expired') OR (starts_at IS NOT NULL AND expires_at IS NOT NULL))
);
CREATE INDEX addon_subscriptions_by_age ON addon_subscriptions (account_id, created_at DESC, id DESC);
CREATE INDEX addon_subscriptions_by_end ON addon_subscriptions (expires_at) WHERE status = 'active';

CREATE TABLE bundle_purchases (
    account_id uuid NOT NULL REFERENCES billing_accounts (id),
    id uuid NOT NULL CONSTRAINT bundle_purchases_id_key UNIQUE,
    bundle_id uuid NOT NULL REFERENCES token_bundles (id),
    invoice_id uuid NOT NULL,
    status text NOT NULL CHECK (status IN ('pending', 'completed', 'refunded', 'cancelled')),
    token_amount int NOT NULL CHECK (token_amount > 0),
    price_minor bigint NOT NULL,
    completed_at timestamptz,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (account_id, id),
    FOREIGN KEY (account_id, invoice_id) REFERENCES invoices (account_id, id)
);
CREATE INDEX bundle_purchases_by_invoice ON bundle_purchases (account_id, invoice_id);

-- Tokens: entries are never changed; the balance is their sum and never below zero.
CREATE TABLE token_balances (
    account_id uuid PRIMARY KEY REFERENCES billing_accounts (id),
    balance bigint NOT NULL CONSTRAINT token_balances_not_negative CHECK (balance >= 0)
);
CREATE TABLE token_entries (
    account_id uuid NOT NULL REFERENCES billing_accounts (id),
    id uuid NOT NULL,
    amount bigint NOT NULL CHECK (amount <> 0),
    kind text NOT NULL CHECK (kind IN ('purchase', 'usage', 'refund', 'bonus', 'adjustment', 'subscription')),
    -- What it was for. Purchases, plans and refunds are entered once for each.
    reference_id uuid,
    description text NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (account_id, id)
);
CREATE INDEX token_entries_by_reference ON token_entries (account_id, reference_id) WHERE reference_id IS NOT NULL;
CREATE INDEX token_entries_by_age ON token_entries (account_id, created_at DESC, id DESC);

CREATE FUNCTION token_entries_make_balance() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE token_balances SET balance = balance + NEW.amount WHERE account_id = NEW.account_id;
    IF NOT FOUND THEN
        INSERT INTO token_balances AS known (account_id, balance) VALUES (NEW.account_id, NEW.amount)
        ON CONFLICT (account_id) DO UPDATE SET balance = known.balance + excluded.balance;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER token_entries_make_balance AFTER INSERT ON token_entries
    FOR EACH ROW EXECUTE FUNCTION token_entries_make_balance();

-- What was used of a feature with a limit, for each period.
CREATE TABLE feature_usage (
    account_id uuid NOT NULL REFERENCES billing_accounts (id),
    feature text NOT NULL,
    period_start date NOT NULL,
    used bigint NOT NULL CHECK (used >= 0),
    PRIMARY KEY (account_id, feature, period_start)
);

-- What a payment provider told: claimed by its id in the transaction that handles it, with the body as it came.
CREATE TABLE provider_events (
    provider text NOT NULL,
    event_id text NOT NULL,
    kind text NOT NULL,
    body bytea NOT NULL,
    status text NOT NULL DEFAULT 'received' CHECK (status IN ('received', 'handled', 'ignored', 'failed')),
    attempts int NOT NULL DEFAULT 0,
    last_error text,
    received_at timestamptz NOT NULL,
    handled_at timestamptz,
    PRIMARY KEY (provider, event_id)
);
CREATE INDEX provider_events_by_time ON provider_events (received_at DESC, event_id);

-- The money that a provider moved, by its own reference: facts that only grow, so that the order in which they are told
-- does not matter.
CREATE TABLE payments (
    provider text NOT NULL,
    reference text NOT NULL,
    account_id uuid,
    invoice_id uuid,
    amount_minor bigint NOT NULL DEFAULT 0 CHECK (amount_minor >= 0),
    refunded_minor bigint NOT NULL DEFAULT 0 CHECK (refunded_minor >= 0),
    currency char(3),
    captured_at timestamptz,
    failed_at timestamptz,
    disputed_at timestamptz,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (provider, reference),
    FOREIGN KEY (account_id, invoice_id) REFERENCES invoices (account_id, id)
);
CREATE INDEX payments_by_invoice ON payments (account_id, invoice_id);

DO $$
DECLARE table_name text;
BEGIN
    FOREACH table_name IN ARRAY ARRAY['billing_profiles', 'subscriptions', 'invoices', 'addon_subscriptions'] LOOP
        EXECUTE format('CREATE TRIGGER %1$s_version BEFORE UPDATE ON %1$I FOR EACH ROW EXECUTE FUNCTION bump_version()', table_name);
    END LOOP;
    FOREACH table_name IN ARRAY ARRAY[
        'billing_profiles', 'subscriptions', 'single_subscriptions', 'trials', 'invoices', 'invoice_lines', 'addon_subscriptions',
        'bundle_purchases', 'token_balances', 'token_entries', 'feature_usage', 'payments'
    ] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', table_name);
        EXECUTE format('CREATE POLICY app_own ON %I TO keyrack_app
            USING (account_id IN ((SELECT current_actor()), (SELECT current_organisation())))
            WITH CHECK (account_id IN ((SELECT current_actor()), (SELECT current_organisation())))', table_name);
        EXECUTE format('CREATE POLICY worker_all ON %I TO keyrack_worker USING (true) WITH CHECK (true)', table_name);
        EXECUTE format('CREATE POLICY admin_all ON %I TO keyrack_admin USING (true) WITH CHECK (true)', table_name);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE ON %I TO keyrack_app, keyrack_worker, keyrack_admin', table_name);
    END LOOP;
END $$;
-- Append-only.
REVOKE UPDATE ON token_entries, trials, invoice_lines FROM keyrack_app, keyrack_worker, keyrack_admin;
GRANT DELETE ON single_subscriptions TO keyrack_app, keyrack_worker, keyrack_admin;
GRANT DELETE ON invoices, invoice_lines TO keyrack_admin;

ALTER TABLE billing_accounts ENABLE ROW LEVEL SECURITY;
CREATE POLICY app_own ON billing_accounts TO keyrack_app
    USING (id IN ((SELECT current_actor()), (SELECT current_organisation())))
    WITH CHECK (id IN ((SELECT current_actor()), (SELECT current_organisation())));
CREATE POLICY worker_all ON billing_accounts TO keyrack_worker USING (true) WITH CHECK (true);
CREATE POLICY admin_all ON billing_accounts TO keyrack_admin USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE ON billing_accounts TO keyrack_app, keyrack_worker, keyrack_admin;

-- Numbers say nothing about anybody; whoever makes an invoice takes the next one.
ALTER TABLE invoice_numbers ENABLE ROW LEVEL SECURITY;
CREATE POLICY takes_next ON invoice_numbers TO keyrack_app, keyrack_worker, keyrack_admin USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE ON invoice_numbers TO keyrack_app, keyrack_worker, keyrack_admin;

ALTER TABLE provider_events ENABLE ROW LEVEL SECURITY;
CREATE POLICY worker_all ON provider_events TO keyrack_worker USING (true) WITH CHECK (true);
CREATE POLICY admin_all ON provider_events TO keyrack_admin USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE ON provider_events TO keyrack_worker, keyrack_admin;

-- The platform admin's people, events and deeds.
CREATE POLICY admin_all ON users TO keyrack_admin USING (true) WITH CHECK (true);
CREATE POLICY admin_all ON organisations TO keyrack_admin USING (true) WITH CHECK (true);
CREATE POLICY admin_reads ON hotels FOR SELECT TO keyrack_admin USING (true);
CREATE POLICY admin_writes ON audit_log TO keyrack_admin USING (true) WITH CHECK (true);
CREATE POLICY admin_publishes ON events FOR INSERT TO keyrack_admin WITH CHECK (true);
CREATE POLICY admin_enqueues ON jobs FOR INSERT TO keyrack_admin WITH CHECK (status = 'waiting');
GRANT SELECT, INSERT, UPDATE ON users, organisations TO keyrack_admin;
GRANT SELECT ON hotels TO keyrack_admin;
GRANT SELECT, INSERT ON audit_log TO keyrack_admin;
GRANT INSERT ON events, jobs TO keyrack_admin;
GRANT EXECUTE ON FUNCTION enqueue_once TO keyrack_admin;
CREATE POLICY admin_own ON idempotency_keys TO keyrack_admin
    USING (user_id = (SELECT current_actor())) WITH CHECK (user_id = (SELECT current_actor()));
GRANT SELECT, INSERT, UPDATE, DELETE ON idempotency_keys TO keyrack_admin;

-- A customer's events and deeds belong to no organisation.
CREATE POLICY app_publishes_own ON events FOR INSERT TO keyrack_app
    WITH CHECK (organisation_id IS NULL AND current_organisation() IS NULL);
CREATE POLICY app_own_deeds ON audit_log TO keyrack_app
    USING (organisation_id IS NULL AND user_id = (SELECT current_actor()))
    WITH CHECK (organisation_id IS NULL AND user_id = (SELECT current_actor()));

-- A hotel's subscription follows its organisation's.
CREATE POLICY worker_writes ON hotels FOR UPDATE TO keyrack_worker USING (true) WITH CHECK (true);
GRANT UPDATE (subscription_valid, valid_from, valid_to) ON hotels TO keyrack_worker;
