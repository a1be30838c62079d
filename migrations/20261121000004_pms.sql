-- Rooms, guests, bookings and stays.

CREATE TABLE room_types (
    organisation_id uuid NOT NULL,
    id uuid NOT NULL,
    hotel_id uuid NOT NULL,
    name text NOT NULL,
    sleeps smallint NOT NULL CHECK (sleeps BETWEEN 1 AND 20),
    rate_minor bigint NOT NULL CHECK (rate_minor >= 0),
    created_at timestamptz NOT NULL,
    PRIMARY KEY (organisation_id, id),
    FOREIGN KEY (organisation_id, hotel_id) REFERENCES hotels (organisation_id, id),
    -- What a room's foreign key points at, so that a room and its type are of one hotel.
    CONSTRAINT room_types_in_hotel_key UNIQUE (organisation_id, hotel_id, id)
);
CREATE UNIQUE INDEX room_types_name_key ON room_types (organisation_id, hotel_id, lower(name));

CREATE TABLE rooms (
    organisation_id uuid NOT NULL,
    id uuid NOT NULL,
    hotel_id uuid NOT NULL,
    room_type_id uuid NOT NULL,
    number text NOT NULL,
    floor text,
    -- A price of its own; else the type's.
    rate_minor bigint CHECK (rate_minor >= 0),
    condition text NOT NULL DEFAULT 'clean' CHECK (condition IN ('inspected', 'clean', 'dirty')),
    created_at timestamptz NOT NULL,
    PRIMARY KEY (organisation_id, id),
    FOREIGN KEY (organisation_id, hotel_id, room_type_id) REFERENCES room_types (organisation_id, hotel_id, id),
    CONSTRAINT rooms_in_hotel_key UNIQUE (organisation_id, hotel_id, id),
    CONSTRAINT rooms_number_key UNIQUE (organisation_id, hotel_id, number)
);

-- Out of order. A burst pipe does not ask whether the room is booked, so a closure may cover stays that were there
-- first; the desk shows them as guests to be moved. New stays are refused while it lasts.
CREATE TABLE room_closures (
    organisation_id uuid NOT NULL,
    id uuid NOT NULL,
    hotel_id uuid NOT NULL,
    room_id uuid NOT NULL,
    starts_on date NOT NULL,
    ends_on date NOT NULL,
    reason text NOT NULL,
    created_by uuid REFERENCES users (id),
    created_at timestamptz NOT NULL,
    PRIMARY KEY (organisation_id, id),
    FOREIGN KEY (organisation_id, hotel_id, room_id) REFERENCES rooms (organisation_id, hotel_id, id),
    CONSTRAINT room_closures_dates CHECK (ends_on > starts_on),
    CONSTRAINT room_closures_overlap EXCLUDE USING gist
        (organisation_id WITH =, room_id WITH =, daterange(starts_on, ends_on) WITH &&)
);
CREATE INDEX room_closures_by_room ON room_closures (organisation_id, room_id, ends_on, starts_on);
CREATE INDEX room_closures_by_hotel ON room_closures (organisation_id, hotel_id, ends_on);

-- Guests belong to the organisation (DESIGN 5.10). Unknown facts are null; a person with one name has no last name.
CREATE TABLE guests (
    organisation_id uuid NOT NULL REFERENCES organisations (id),
    id uuid NOT NULL,
    first_name text NOT NULL,
    last_name text NOT NULL DEFAULT '',
    email text,
    phone text,
    phone_digits text COLLATE "C" NOT NULL DEFAULT '',
    gov_id text CHECK (gov_id = upper(gov_id)),
    address text,
    city text,
    state text,
    zip_code text,
    country text,
    note text,
    created_at timestamptz NOT NULL,
    -- Lowered by the rules of Unicode, whatever the locale of the database knows.
    first_name_key text COLLATE "C" NOT NULL GENERATED ALWAYS AS (lower(first_name COLLATE "und-x-icu")) STORED,
    last_name_key text COLLATE "C" NOT NULL GENERATED ALWAYS AS (lower(last_name COLLATE "und-x-icu")) STORED,
    email_key text COLLATE "C" GENERATED ALWAYS AS (lower(email COLLATE "und-x-icu")) STORED,
    PRIMARY KEY (organisation_id, id),
    CONSTRAINT guests_gov_id_key UNIQUE (organisation_id, gov_id)
);
-- Searches are by the beginning of a word, as ranges in the "C" collation over stored columns: row-level security lets
-- only leakproof operators use an index, which comparisons of text are, and LIKE and lower() are not.
CREATE INDEX guests_by_first_name ON guests (organisation_id, first_name_key);
CREATE INDEX guests_by_last_name ON guests (organisation_id, last_name_key);
CREATE INDEX guests_by_email ON guests (organisation_id, email_key);
CREATE INDEX guests_by_phone ON guests (organisation_id, phone_digits);
CREATE INDEX guests_by_time ON guests (organisation_id, id);

CREATE TABLE bookings (
    organisation_id uuid NOT NULL,
    id uuid NOT NULL,
    hotel_id uuid NOT NULL,
    guest_id uuid NOT NULL,
    reference text NOT NULL,
    note text,
    created_by uuid REFERENCES users (id),
    created_at timestamptz NOT NULL,
    PRIMARY KEY (organisation_id, id),
    FOREIGN KEY (organisation_id, hotel_id) REFERENCES hotels (organisation_id, id),
    FOREIGN KEY (organisation_id, guest_id) REFERENCES guests (organisation_id, id),
    CONSTRAINT bookings_in_hotel_key UNIQUE (organisation_id, hotel_id, id),
    CONSTRAINT bookings_reference_key UNIQUE (organisation_id, hotel_id, reference)
);
CREATE INDEX bookings_by_guest ON bookings (organisation_id, guest_id);

CREATE FUNCTION total_of(prices bigint[]) RETURNS bigint LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN (SELECT coalesce(sum(price), 0)::bigint FROM unnest(prices) AS price);

CREATE TABLE stays (
    organisation_id uuid NOT NULL,
    id uuid NOT NULL,
    hotel_id uuid NOT NULL,
    booking_id uuid NOT NULL,
    guest_id uuid NOT NULL,
    room_id uuid NOT NULL,
    arrival date NOT NULL,
    departure date NOT NULL,
    party smallint NOT NULL CHECK (party BETWEEN 1 AND 20),
    status text NOT NULL CHECK (status IN ('reserved', 'checked_in', 'checked_out', 'cancelled', 'no_show')),
    currency char(3) NOT NULL,
    -- One price a night, in order: they always add up to the total.
    nightly_minor bigint[] NOT NULL,
    total_minor bigint NOT NULL GENERATED ALWAYS AS (total_of(nightly_minor)) STORED,
    paid_cash_minor bigint NOT NULL DEFAULT 0,
    paid_card_minor bigint NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL,
    checked_in_at timestamptz,
    checked_out_at timestamptz,
    -- When it was cancelled or recorded as a no-show.
    ended_at timestamptz,
    -- What was booked before an early departure gave nights back, so that undoing the check-out can take them again.
    booked_departure date,
    booked_nightly_minor bigint[],
    version int NOT NULL DEFAULT 1,
    PRIMARY KEY (organisation_id, id),
    FOREIGN KEY (organisation_id, hotel_id, booking_id) REFERENCES bookings (organisation_id, hotel_id, id),
    FOREIGN KEY (organisation_id, hotel_id, room_id) REFERENCES rooms (organisation_id, hotel_id, id),
    FOREIGN KEY (organisation_id, guest_id) REFERENCES guests (organisation_id, id),
    CONSTRAINT stays_dates CHECK (departure > arrival AND departure - arrival <= 365),
    CONSTRAINT stays_price_for_each_night CHECK (cardinality(nightly_minor) = departure - arrival),
    CONSTRAINT stays_state CHECK (CASE status
        WHEN 'reserved' THEN checked_in_at IS NULL AND checked_out_at IS NULL AND ended_at IS NULL
        WHEN 'checked_in' THEN checked_in_at IS NOT NULL AND checked_out_at IS NULL AND ended_at IS NULL
        WHEN 'checked_out' THEN checked_in_at IS NOT NULL AND checked_out_at IS NOT NULL AND ended_at IS NULL
        ELSE checked_in_at IS NULL AND checked_out_at IS NULL AND ended_at IS NOT NULL
    END),
    -- No double booking, by construction: two live stays never share a room and a night (DESIGN 2).
    CONSTRAINT stays_room_taken EXCLUDE USING gist
        (organisation_id WITH =, room_id WITH =, daterange(arrival, departure) WITH &&)
        WHERE (status IN ('reserved', 'checked_in'))
);
-- Live stays of a room do not overlap, so the first one that departs after a date is also the first to arrive: whether
-- a room is free takes one step down this index.
CREATE INDEX stays_live_by_room ON stays (organisation_id, room_id, departure, arrival)
    WHERE status IN ('reserved', 'checked_in');
CREATE INDEX stays_live_by_hotel ON stays (organisation_id, hotel_id, status, arrival)
    WHERE status IN ('reserved', 'checked_in');
CREATE INDEX stays_by_arrival ON stays (organisation_id, hotel_id, arrival, id);
CREATE INDEX stays_by_guest ON stays (organisation_id, guest_id, arrival DESC);
CREATE INDEX stays_by_booking ON stays (organisation_id, booking_id);

CREATE TABLE feedbacks (
    organisation_id uuid NOT NULL,
    id uuid NOT NULL,
    hotel_id uuid NOT NULL,
    stay_id uuid NOT NULL,
    guest_id uuid NOT NULL,
    rating smallint CHECK (rating BETWEEN 1 AND 5),
    note text,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (organisation_id, id),
    FOREIGN KEY (organisation_id, stay_id) REFERENCES stays (organisation_id, id),
    FOREIGN KEY (organisation_id, guest_id) REFERENCES guests (organisation_id, id),
    CONSTRAINT feedbacks_stay_key UNIQUE (organisation_id, stay_id)
);
CREATE INDEX feedbacks_by_guest ON feedbacks (organisation_id, guest_id, created_at DESC);

DO $$
DECLARE table_name text;
BEGIN
    FOREACH table_name IN ARRAY ARRAY['room_types', 'rooms', 'room_closures', 'guests', 'bookings', 'stays', 'feedbacks'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', table_name);
        EXECUTE format('CREATE POLICY app_own ON %I TO keyrack_app
            USING (organisation_id = (SELECT current_organisation()))
            WITH CHECK (organisation_id = (SELECT current_organisation()))', table_name);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE ON %I TO keyrack_app', table_name);
    END LOOP;
END $$;
GRANT DELETE ON room_types, rooms, room_closures TO keyrack_app;

-- The self-audit counts pairs of stays that share a room and a night, over all hotels.
CREATE POLICY worker_audits ON stays FOR SELECT TO keyrack_worker USING (true);
GRANT SELECT ON stays TO keyrack_worker;
CREATE TABLE self_audits (
    organisation_id uuid NOT NULL,
    hotel_id uuid NOT NULL,
    conflicts bigint NOT NULL,
    checked_at timestamptz NOT NULL,
    PRIMARY KEY (organisation_id, hotel_id),
    FOREIGN KEY (organisation_id, hotel_id) REFERENCES hotels (organisation_id, id)
);
ALTER TABLE self_audits ENABLE ROW LEVEL SECURITY;
CREATE POLICY app_own ON self_audits TO keyrack_app
    USING (organisation_id = (SELECT current_organisation())) WITH CHECK (organisation_id = (SELECT current_organisation()));
CREATE POLICY worker_all ON self_audits TO keyrack_worker USING (true) WITH CHECK (true);
GRANT SELECT ON self_audits TO keyrack_app;
GRANT SELECT, INSERT, UPDATE ON self_audits TO keyrack_worker;
