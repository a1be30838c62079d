-- A unit of a type is a room that can be given: one that is out of order for a night is not, unless somebody has it that
-- night, who is counted already. Closing a room stays free (ADR 6); what is sold from then on is sold of what is left.

-- The rooms of each type and night that are out of order and nobody's, of one hotel, from one night to before another.
CREATE FUNCTION closed_units(of_hotel uuid, from_night date, to_night date)
RETURNS TABLE (room_type_id uuid, night date, units bigint) LANGUAGE sql STABLE AS $$
    SELECT r.room_type_id, day::date, count(*)
    FROM room_closures c
    JOIN rooms r ON r.organisation_id = c.organisation_id AND r.id = c.room_id
    CROSS JOIN generate_series(greatest(c.starts_on, from_night), least(c.ends_on, to_night) - 1, interval '1 day') AS day
    WHERE c.hotel_id = of_hotel AND c.ends_on > from_night AND c.starts_on < to_night
      AND NOT EXISTS (SELECT FROM stays s
                      WHERE s.organisation_id = c.organisation_id AND s.room_id = c.room_id
                        AND s.status IN ('reserved', 'checked_in') AND s.departure > day AND s.arrival <= day)
    GROUP BY 1, 2
$$;

-- As before, and then: whoever takes a unit of a night holds the lock on that night, so what is compared here stays true
-- until the stay is there for all to see.
CREATE OR REPLACE FUNCTION stays_take_units() RETURNS trigger LANGUAGE plpgsql AS $$
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
    -- Bulk loads bring closures of their own.
    IF current_setting('session_replication_role') <> 'replica' AND EXISTS (
        SELECT FROM (SELECT m.organisation_id, m.room_type_id, night::date AS night
                     FROM unnest(moves) m CROSS JOIN generate_series(m.arrival, m.departure - 1, interval '1 day') AS night
                     GROUP BY 1, 2, 3 HAVING sum(m.units) > 0) gained
        JOIN room_types t ON t.organisation_id = gained.organisation_id AND t.id = gained.room_type_id
        JOIN room_type_nights n ON n.organisation_id = gained.organisation_id AND n.room_type_id = gained.room_type_id
                               AND n.night = gained.night
        CROSS JOIN LATERAL closed_units(t.hotel_id, gained.night, gained.night + 1) c
        WHERE c.room_type_id = gained.room_type_id AND n.taken + c.units > n.capacity
    ) THEN
        RAISE check_violation USING MESSAGE = 'no unit of the room type is left',
            TABLE = 'room_type_nights', CONSTRAINT = 'room_type_nights_sold_out';
    END IF;
    RETURN NULL;
END $$;

-- What points to a room or a type, whatever became of the stay: for a room that gets another type or is taken away.
CREATE INDEX stays_by_room ON stays (organisation_id, room_type_id, room_id);
