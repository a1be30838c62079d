-- What payment providers say about purchases.

-- Each reading of a provider takes a number before it asks: of two readings of one thing, the one with the higher number
-- is the newer, whoever writes first.
CREATE SEQUENCE provider_readings;
GRANT USAGE ON SEQUENCE provider_readings TO keyrack_app, keyrack_worker, keyrack_admin;

ALTER TABLE payments ADD COLUMN reading_no bigint NOT NULL DEFAULT 0;

ALTER TABLE subscriptions
    ADD COLUMN provider text,
    -- Whether the provider goes on at the end of the period, and whether a payment failed, as it said last.
    ADD COLUMN provider_renews boolean,
    ADD COLUMN is_past_due boolean NOT NULL DEFAULT false,
    ADD COLUMN reading_no bigint NOT NULL DEFAULT 0;

-- How many pages to pay it on were made that nobody can pay any more: part of the next one's key.
ALTER TABLE invoices ADD COLUMN expired_sessions int NOT NULL DEFAULT 0;

ALTER TABLE provider_events
    ADD COLUMN subject_kind text CHECK (subject_kind IN ('session', 'subscription', 'payment')),
    ADD COLUMN subject_id text,
    ADD COLUMN occurred_at timestamptz,
    -- What was found, for who looks at it later.
    ADD COLUMN account_id uuid,
    ADD COLUMN outcome text,
    ADD CONSTRAINT provider_events_subject CHECK ((subject_kind IS NULL) = (subject_id IS NULL));
CREATE INDEX provider_events_by_account ON provider_events (account_id, received_at DESC) WHERE account_id IS NOT NULL;
CREATE INDEX provider_events_by_status ON provider_events (status, received_at DESC, event_id);

-- The plans that open modules (spec `hotel-modules.md` 2.4): one of each module at a time.
INSERT INTO plan_categories (id, name, slug, is_single, created_at, updated_at)
VALUES ('00000000-0000-0000-0000-000000000101', 'Module: hotel', 'module-hotel', true, now(), now()),
       ('00000000-0000-0000-0000-000000000102', 'Module: tour', 'module-tour', true, now(), now())
ON CONFLICT DO NOTHING;
INSERT INTO plans (id, name, slug, description, price_minor, currency, billing_period, module, sort_order, created_at, updated_at)
VALUES ('00000000-0000-0000-0000-000000000111', 'Hotel Basic', 'hotel-basic', 'The front desk of one house.', 2999, 'USD', 'monthly', 'hotel', 1, now(), now()),
       ('00000000-0000-0000-0000-000000000112', 'Hotel Pro', 'hotel-pro', 'Several houses, calendars and reports.', 4999, 'USD', 'monthly', 'hotel', 2, now(), now()),
       ('00000000-0000-0000-0000-000000000121', 'Tour Basic', 'tour-basic', 'Excursions and their participants.', 1999, 'USD', 'monthly', 'tour', 1, now(), now())
ON CONFLICT DO NOTHING;
INSERT INTO plans_in_categories (plan_id, category_id)
VALUES ('00000000-0000-0000-0000-000000000111', '00000000-0000-0000-0000-000000000101'),
       ('00000000-0000-0000-0000-000000000112', '00000000-0000-0000-0000-000000000101'),
       ('00000000-0000-0000-0000-000000000121', '00000000-0000-0000-0000-000000000102')
ON CONFLICT DO NOTHING;
