-- What is sold: plans, categories, add-ons, token bundles; and what surrounds a price: currencies, countries, taxes,
-- payment methods. All of it is public; the platform admin alone changes it.

-- The platform admin's role: across organisations and customers, on the tables named here and below.
DO $$
BEGIN
    BEGIN
        CREATE ROLE keyrack_admin NOLOGIN NOINHERIT NOBYPASSRLS;
    EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
    END;
    BEGIN
        GRANT keyrack_admin TO CURRENT_USER;
    EXCEPTION WHEN duplicate_object OR unique_violation OR internal_error THEN NULL;
    END;
END $$;
GRANT USAGE ON SCHEMA public TO keyrack_admin;

-- Every change makes a newer version: who changes an older one is told so.
CREATE FUNCTION bump_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.version := OLD.version + 1;
    RETURN NEW;
END $$;

CREATE TABLE currencies (
    code char(3) PRIMARY KEY CHECK (code ~ '^[A-Z]{3}$'),
    name text NOT NULL,
    -- How many of it one of the default currency is.
    rate numeric(18, 8) NOT NULL CHECK (rate > 0),
    is_default boolean NOT NULL DEFAULT false,
    is_active boolean NOT NULL DEFAULT true,
    version int NOT NULL DEFAULT 1,
    CONSTRAINT currencies_default_rate CHECK (NOT is_default OR rate = 1)
);
CREATE UNIQUE INDEX currencies_one_default ON currencies (is_default) WHERE is_default;

CREATE TABLE countries (
    code char(2) PRIMARY KEY CHECK (code ~ '^[A-Z]{2}$'),
    name text NOT NULL,
    is_enabled boolean NOT NULL DEFAULT false,
    position int NOT NULL DEFAULT 999
);

-- The tax of a country, or of a region of it, with its history.
CREATE TABLE tax_rates (
    id uuid PRIMARY KEY,
    country char(2) NOT NULL REFERENCES countries (code),
    -- Empty for the whole country.
    region text NOT NULL DEFAULT '',
    name text NOT NULL,
    -- Hundredths of a percent: 19 % is 1900.
    rate int NOT NULL CHECK (rate BETWEEN 0 AND 10000),
    valid daterange NOT NULL CHECK (NOT isempty(valid)),
    created_at timestamptz NOT NULL,
    CONSTRAINT tax_rates_one_at_a_time EXCLUDE USING gist (country WITH =, region WITH =, valid WITH &&)
);

CREATE TABLE payment_methods (
    id uuid PRIMARY KEY,
    code text NOT NULL CONSTRAINT payment_methods_code_key UNIQUE,
    name text NOT NULL,
    description text NOT NULL DEFAULT '',
    instructions text NOT NULL DEFAULT '',
    is_active boolean NOT NULL DEFAULT true,
    is_default boolean NOT NULL DEFAULT false,
    position int NOT NULL DEFAULT 0,
    -- In the default currency; none is open.
    min_minor bigint,
    max_minor bigint,
    -- Empty means all.
    currencies text[] NOT NULL DEFAULT '{}',
    countries text[] NOT NULL DEFAULT '{}',
    fee_kind text NOT NULL DEFAULT 'none' CHECK (fee_kind IN ('none', 'fixed', 'percentage')),
    fee_amount numeric(12, 4) NOT NULL DEFAULT 0 CHECK (fee_amount >= 0),
    fee_charged_to text NOT NULL DEFAULT 'customer' CHECK (fee_charged_to IN ('customer', 'merchant')),
    config jsonb NOT NULL DEFAULT '{}',
    version int NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT payment_methods_default_is_active CHECK (is_active OR NOT is_default)
);
CREATE UNIQUE INDEX payment_methods_one_default ON payment_methods (is_default) WHERE is_default;

CREATE TABLE payment_method_translations (
    payment_method_id uuid NOT NULL REFERENCES payment_methods (id) ON DELETE CASCADE,
    locale text NOT NULL,
    name text NOT NULL,
    description text NOT NULL DEFAULT '',
    instructions text NOT NULL DEFAULT '',
    PRIMARY KEY (payment_method_id, locale)
);

CREATE TABLE plan_categories (
    id uuid PRIMARY KEY,
    name text NOT NULL,
    slug text NOT NULL CONSTRAINT plan_categories_slug_key UNIQUE,
    description text NOT NULL DEFAULT '',
    parent_id uuid REFERENCES plan_categories (id) ON DELETE SET NULL,
    -- Whether an account can have one subscription of its plans at most.
    is_single boolean NOT NULL DEFAULT true,
    sort_order int NOT NULL DEFAULT 0,
    version int NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
CREATE INDEX plan_categories_by_parent ON plan_categories (parent_id);

CREATE TABLE plans (
    id uuid PRIMARY KEY,
    name text NOT NULL,
    slug text NOT NULL CONSTRAINT plans_slug_key UNIQUE,
    description text NOT NULL DEFAULT '',
    -- Net, as are all prices.
    price_minor bigint NOT NULL CHECK (price_minor >= 0),
    currency char(3) NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    billing_period text NOT NULL CHECK (billing_period IN ('weekly', 'monthly', 'quarterly', 'yearly', 'one_time')),
    features jsonb NOT NULL DEFAULT '{}',
    trial_days smallint NOT NULL DEFAULT 0 CHECK (trial_days BETWEEN 0 AND 365),
    -- The module that it opens; then organisations buy it and not customers.
    module text,
    is_active boolean NOT NULL DEFAULT true,
    sort_order int NOT NULL DEFAULT 0,
    version int NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
CREATE INDEX plans_in_order ON plans (sort_order, id);

-- A price of its own in a currency; else the plan's price is converted.
CREATE TABLE plan_prices (
    plan_id uuid NOT NULL REFERENCES plans (id) ON DELETE CASCADE,
    currency char(3) NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    price_minor bigint NOT NULL CHECK (price_minor >= 0),
    PRIMARY KEY (plan_id, currency)
);

CREATE TABLE plans_in_categories (
    plan_id uuid NOT NULL REFERENCES plans (id) ON DELETE CASCADE,
    category_id uuid NOT NULL REFERENCES plan_categories (id) ON DELETE CASCADE,
    PRIMARY KEY (plan_id, category_id)
);
CREATE INDEX plans_in_categories_by_category ON plans_in_categories (category_id);

CREATE TABLE addons (
    id uuid PRIMARY KEY,
    name text NOT NULL,
    slug text NOT NULL CONSTRAINT addons_slug_key UNIQUE,
    description text NOT NULL DEFAULT '',
    price_minor bigint NOT NULL CHECK (price_minor >= 0),
    currency char(3) NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    billing_period text NOT NULL CHECK (billing_period IN ('weekly', 'monthly', 'quarterly', 'yearly', 'one_time')),
    config jsonb NOT NULL DEFAULT '{}',
    is_active boolean NOT NULL DEFAULT true,
    sort_order int NOT NULL DEFAULT 0,
    version int NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
CREATE INDEX addons_in_order ON addons (sort_order, id);

-- The plans an add-on goes with; without any it goes with all, and with none.
CREATE TABLE addons_for_plans (
    addon_id uuid NOT NULL REFERENCES addons (id) ON DELETE CASCADE,
    plan_id uuid NOT NULL REFERENCES plans (id) ON DELETE CASCADE,
    PRIMARY KEY (addon_id, plan_id)
);
CREATE INDEX addons_for_plans_by_plan ON addons_for_plans (plan_id);

CREATE TABLE token_bundles (
    id uuid PRIMARY KEY,
    name text NOT NULL,
    description text NOT NULL DEFAULT '',
    token_amount int NOT NULL CHECK (token_amount > 0),
    price_minor bigint NOT NULL CHECK (price_minor >= 0),
    currency char(3) NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    is_active boolean NOT NULL DEFAULT true,
    sort_order int NOT NULL DEFAULT 0,
    version int NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
CREATE INDEX token_bundles_in_order ON token_bundles (sort_order, id);

DO $$
DECLARE table_name text;
BEGIN
    FOREACH table_name IN ARRAY ARRAY['currencies', 'payment_methods', 'plan_categories', 'plans', 'addons', 'token_bundles'] LOOP
        EXECUTE format('CREATE TRIGGER %1$s_version BEFORE UPDATE ON %1$I FOR EACH ROW EXECUTE FUNCTION bump_version()', table_name);
    END LOOP;
    FOREACH table_name IN ARRAY ARRAY[
        'currencies', 'countries', 'tax_rates', 'payment_methods', 'payment_method_translations', 'plan_categories', 'plans',
        'plan_prices', 'plans_in_categories', 'addons', 'addons_for_plans', 'token_bundles'
    ] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', table_name);
        EXECUTE format('CREATE POLICY everybody_reads ON %I FOR SELECT TO keyrack_app, keyrack_worker USING (true)', table_name);
        EXECUTE format('CREATE POLICY admin_all ON %I TO keyrack_admin USING (true) WITH CHECK (true)', table_name);
        EXECUTE format('GRANT SELECT ON %I TO keyrack_app, keyrack_worker', table_name);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO keyrack_admin', table_name);
    END LOOP;
END $$;

-- Spec 5.1: the category that stands above all.
INSERT INTO plan_categories (id, name, slug, is_single, created_at, updated_at)
VALUES ('00000000-0000-0000-0000-000000000001', 'Root', 'root', true, now(), now());

-- Spec 5.14.
INSERT INTO currencies (code, name, rate, is_default) VALUES ('EUR', 'Euro', 1, true), ('USD', 'US dollar', 1.08, false);
INSERT INTO payment_methods (id, code, name, is_default, created_at, updated_at)
VALUES ('00000000-0000-0000-0000-000000000002', 'invoice', 'Invoice', true, now(), now());
INSERT INTO countries (code, name, is_enabled, position)
SELECT code, name, place <= 3, CASE WHEN place <= 3 THEN place ELSE 999 END
FROM unnest(
    ARRAY['DE','AT','CH','BE','BG','CY','CZ','DK','EE','ES','FI','FR','GB','GR','HR','HU','IE','IS','IT','LI','LT','LU','LV','MT','NL','NO','PL',
          'PT','RO','SE','SI','SK','TR','UA','US','CA'],
    ARRAY['Germany','Austria','Switzerland','Belgium','Bulgaria','Cyprus','Czechia','Denmark','Estonia','Spain','Finland','France',
          'United Kingdom','Greece','Croatia','Hungary','Ireland','Iceland','Italy','Liechtenstein','Lithuania','Luxembourg','Latvia','Malta',
          'Netherlands','Norway','Poland','Portugal','Romania','Sweden','Slovenia','Slovakia','Türkiye','Ukraine','United States','Canada']
) WITH ORDINALITY AS country (code, name, place);
