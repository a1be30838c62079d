-- Stays without a room yet. Every live stay takes a unit of its room type for each night; a stay that has a room takes
-- one of the room's type. What is taken never exceeds the rooms of the type and what may be overbooked (DESIGN 2).

ALTER TABLE room_types
    -- How many rooms there are of the type; the triggers below keep it.
    ADD COLUMN units int NOT NULL DEFAULT 0,
    -- How many stays without a room may be sold beyond the rooms there are.
    ADD COLUMN overbooking smallint NOT NULL DEFAULT 0 CHECK (overbooking BETWEEN 0 AND 50);
UPDATE room_types t SET units =
    (SELECT count(*) FROM rooms r WHERE r.organisation_id = t.organisation_id AND r.room_type_id = t.id);

ALTER TABLE rooms ADD CONSTRAINT rooms_of_type_key UNIQUE (organisation_id, hotel_id, room_type_id, id);
ALTER TABLE stays ADD COLUMN room_type_id uuid;
UPDATE stays s SET room_type_id = r.room_type_id FROM rooms r WHERE r.organisation_id = s.organisation_id AND r.id = s.room_id;
ALTER TABLE stays
    ALTER COLUMN room_type_id SET NOT NULL,
    ALTER COLUMN room_id DROP NOT NULL,
    DROP CONSTRAINT stays_organisation_id_hotel_id_room_id_fkey,
    ADD CONSTRAINT stays_room_type_fkey FOREIGN KEY (organisation_id, hotel_id, room_type_id)
        REFERENCES room_types (organisation_id, hotel_id, id),
    -- The type is the room's, also when the room gets another one.
    ADD CONSTRAINT stays_room_fkey FOREIGN KEY (organisation_id, hotel_id, room_type_id, room_id)
        REFERENCES rooms (organisation_id, hotel_id, room_type_id, id) ON UPDATE CASCADE,
    ADD CONSTRAINT stays_in_house_has_room CHECK (room_id IS NOT NULL OR status NOT IN ('checked_in', 'checked_out'));
CREATE INDEX stays_without_room ON stays (organisation_id, hotel_id, arrival)
    WHERE room_id IS NULL AND status IN ('reserved', 'checked_in');

CREATE TABLE room_type_nights (
    organisation_id uuid NOT NULL,
    room_type_id uuid NOT NULL,
    night date NOT NULL,
    -- Live stays of the type.
    taken int NOT NULL,
    -- Rooms of the type and the overbooking allowance.
    capacity int NOT NULL,
    PRIMARY KEY (organisation_id, room_type_id, night),
    FOREIGN KEY (organisation_id, room_type_id) REFERENCES room_types (organisation_id, id) ON DELETE CASCADE,
    CONSTRAINT room_type_nights_sold_out CHECK (taken <= capacity)
);
ALTER TABLE room_type_nights ENABLE ROW LEVEL SECURITY;
CREATE POLICY app_own ON room_type_nights TO keyrack_app
    USING (organisation_id = (SELECT current_organisation())) WITH CHECK (organisation_id = (SELECT current_organisation()));
GRANT SELECT, INSERT, UPDATE ON room_type_nights TO keyrack_app;

INSERT INTO room_type_nights (organisation_id, room_type_id, night, taken, capacity)
SELECT s.organisation_id, s.room_type_id, night::date, count(*), max(t.units)
FROM stays s
JOIN room_types t ON t.organisation_id = s.organisation_id AND t.id = s.room_type_id
CROSS JOIN generate_series(s.arrival, s.departure - 1, interval '1 day') AS night
WHERE s.status IN ('reserved', 'checked_in')
GROUP BY 1, 2, 3;

CREATE TYPE unit_move AS (organisation_id uuid, room_type_id uuid, arrival date, departure date, units int);

-- Nights are locked in one order, so that two bookings never wait for each other. The share lock on the type keeps its
-- number of rooms from changing between reading it and writing the night.
CREATE FUNCTION stays_take_units() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE moves unit_move[];
BEGIN
    IF TG_OP = 'INSERT' THEN
        SELECT array_agg(ROW(organisation_id, room_type_id, arrival, departure, 1)::unit_move) INTO moves
        FROM new_stays WHERE status IN ('reserved', 'checked_in');
    ELSIF TG_OP = 'DELETE' THEN
        SELECT array_agg(ROW(organisation_id, room_type_id, arrival, departure, -1)::unit_move) INTO moves
        FROM old_stays WHERE status IN ('reserved', 'checked_in');
    ELSE
        SELECT array_agg(ROW(organisation_id, room_type_id, arrival, departure, units)::unit_move) INTO moves
        FROM (SELECT *, 1 AS units FROM new_stays UNION ALL SELECT *, -1 FROM old_stays) s
        WHERE status IN ('reserved', 'checked_in');
    END IF;
    INSERT INTO room_type_nights AS n (organisation_id, room_type_id, night, taken, capacity)
    SELECT c.organisation_id, c.room_type_id, c.night, c.units, t.units + t.overbooking
    FROM (SELECT m.organisation_id, m.room_type_id, night::date, sum(m.units) AS units
          FROM unnest(moves) m CROSS JOIN generate_series(m.arrival, m.departure - 1, interval '1 day') AS night
          GROUP BY 1, 2, 3 HAVING sum(m.units) <> 0) c
    JOIN room_types t ON t.organisation_id = c.organisation_id AND t.id = c.room_type_id
    ORDER BY 1, 2, 3 FOR SHARE OF t
    ON CONFLICT (organisation_id, room_type_id, night) DO UPDATE SET taken = n.taken + excluded.taken;
    RETURN NULL;
END $$;
CREATE TRIGGER stays_take_units_insert AFTER INSERT ON stays
    REFERENCING NEW TABLE AS new_stays FOR EACH STATEMENT EXECUTE FUNCTION stays_take_units();
CREATE TRIGGER stays_take_units_update AFTER UPDATE ON stays
    REFERENCING OLD TABLE AS old_stays NEW TABLE AS new_stays FOR EACH STATEMENT EXECUTE FUNCTION stays_take_units();
CREATE TRIGGER stays_take_units_delete AFTER DELETE ON stays
    REFERENCING OLD TABLE AS old_stays FOR EACH STATEMENT EXECUTE FUNCTION stays_take_units();

CREATE FUNCTION rooms_count_units() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        UPDATE room_types t SET units = t.units + c.units
        FROM (SELECT organisation_id, room_type_id, count(*) AS units FROM new_rooms GROUP BY 1, 2) c
        WHERE t.organisation_id = c.organisation_id AND t.id = c.room_type_id;
    ELSIF TG_OP = 'DELETE' THEN
        UPDATE room_types t SET units = t.units - c.units
        FROM (SELECT organisation_id, room_type_id, count(*) AS units FROM old_rooms GROUP BY 1, 2) c
        WHERE t.organisation_id = c.organisation_id AND t.id = c.room_type_id;
    ELSIF TG_WHEN = 'BEFORE' THEN
        -- Both types in one order: two rooms that change places do not wait for each other.
        PERFORM FROM room_types WHERE organisation_id = NEW.organisation_id AND id IN (OLD.room_type_id, NEW.room_type_id)
            ORDER BY id FOR NO KEY UPDATE;
        UPDATE room_types SET units = units + 1 WHERE organisation_id = NEW.organisation_id AND id = NEW.room_type_id;
        RETURN NEW;
    ELSE
        UPDATE room_types SET units = units - 1 WHERE organisation_id = OLD.organisation_id AND id = OLD.room_type_id;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER rooms_count_units_insert AFTER INSERT ON rooms
    REFERENCING NEW TABLE AS new_rooms FOR EACH STATEMENT EXECUTE FUNCTION rooms_count_units();
CREATE TRIGGER rooms_count_units_delete AFTER DELETE ON rooms
    REFERENCING OLD TABLE AS old_rooms FOR EACH STATEMENT EXECUTE FUNCTION rooms_count_units();
-- A room that gets another type takes its stays with it (stays_room_fkey): the new type has the room before they come,
-- the old one loses it after they went. The second depends on its name, which comes after that of the foreign key's own.
CREATE TRIGGER rooms_count_units_before BEFORE UPDATE OF room_type_id ON rooms
    FOR EACH ROW WHEN (OLD.room_type_id <> NEW.room_type_id) EXECUTE FUNCTION rooms_count_units();
CREATE TRIGGER rooms_count_units_update AFTER UPDATE OF room_type_id ON rooms
    FOR EACH ROW WHEN (OLD.room_type_id <> NEW.room_type_id) EXECUTE FUNCTION rooms_count_units();

CREATE FUNCTION room_types_change_capacity() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE room_type_nights SET capacity = NEW.units + NEW.overbooking
    WHERE organisation_id = NEW.organisation_id AND room_type_id = NEW.id
      -- What is over needs no room; a day of grace, since it is still yesterday somewhere.
      AND night >= current_date - 1;
    RETURN NULL;
END $$;
CREATE TRIGGER room_types_change_capacity AFTER UPDATE OF units, overbooking ON room_types
    FOR EACH ROW WHEN (OLD.units + OLD.overbooking <> NEW.units + NEW.overbooking)
    EXECUTE FUNCTION room_types_change_capacity();

-- Bulk loads skip the checks of foreign keys (`session_replication_role`), but never the count.
ALTER TABLE stays
    ENABLE ALWAYS TRIGGER stays_take_units_insert,
    ENABLE ALWAYS TRIGGER stays_take_units_update,
    ENABLE ALWAYS TRIGGER stays_take_units_delete;
ALTER TABLE rooms
    ENABLE ALWAYS TRIGGER rooms_count_units_insert,
    ENABLE ALWAYS TRIGGER rooms_count_units_delete,
    ENABLE ALWAYS TRIGGER rooms_count_units_before,
    ENABLE ALWAYS TRIGGER rooms_count_units_update;
ALTER TABLE room_types ENABLE ALWAYS TRIGGER room_types_change_capacity;
