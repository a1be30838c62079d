-- A night that is over (by this clock, with a day of grace, since it is still yesterday somewhere) needs no unit any more:
-- a guest who moves, whose room becomes one of another type, or whose check-out is undone, takes the nights they slept along,
-- whatever was sold or out of order then. Nor is anything sold when a check-out by mistake is undone.

CREATE OR REPLACE FUNCTION stays_take_units() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    moves unit_move[];
    -- Those of the moves that ask for a unit which must not be out of order.
    asked unit_move[];
BEGIN
    IF TG_OP = 'INSERT' THEN
        SELECT array_agg(ROW(organisation_id, room_type_id, arrival, departure, 1)::unit_move) INTO moves
        FROM new_stays WHERE status IN ('reserved', 'checked_in');
        asked := moves;
    ELSIF TG_OP = 'DELETE' THEN
        SELECT array_agg(ROW(organisation_id, room_type_id, arrival, departure, -1)::unit_move) INTO moves
        FROM old_stays WHERE status IN ('reserved', 'checked_in');
    ELSE
        SELECT array_agg(ROW(organisation_id, room_type_id, arrival, departure, units)::unit_move) INTO moves
        FROM (SELECT *, 1 AS units FROM new_stays UNION ALL SELECT *, -1 FROM old_stays) s
        WHERE status IN ('reserved', 'checked_in');
        -- Whoever was checked out by mistake is in the room: nothing is sold by saying so.
        asked := moves;
        IF EXISTS (SELECT FROM old_stays WHERE status = 'checked_out') THEN
            SELECT array_agg(ROW(organisation_id, room_type_id, arrival, departure, units)::unit_move) INTO asked
            FROM (SELECT n.*, 1 AS units FROM new_stays n JOIN old_stays o USING (organisation_id, id)
                  WHERE o.status <> 'checked_out'
                  UNION ALL SELECT *, -1 FROM old_stays) s
            WHERE status IN ('reserved', 'checked_in');
        END IF;
    END IF;
    INSERT INTO room_type_nights AS n (organisation_id, room_type_id, night, taken, capacity)
    SELECT c.organisation_id, c.room_type_id, c.night, c.units,
           CASE WHEN c.night < current_date - 1 THEN greatest(t.units + t.overbooking, c.units) ELSE t.units + t.overbooking END
    FROM (SELECT m.organisation_id, m.room_type_id, night::date, sum(m.units) AS units
          FROM unnest(moves) m CROSS JOIN generate_series(m.arrival, m.departure - 1, interval '1 day') AS night
          GROUP BY 1, 2, 3 HAVING sum(m.units) <> 0) c
    JOIN room_types t ON t.organisation_id = c.organisation_id AND t.id = c.room_type_id
    ORDER BY 1, 2, 3 FOR SHARE OF t
    ON CONFLICT (organisation_id, room_type_id, night) DO UPDATE
        SET taken = n.taken + excluded.taken,
            capacity = CASE WHEN n.night < current_date - 1 THEN greatest(n.capacity, n.taken + excluded.taken) ELSE n.capacity END;
    -- Bulk loads bring closures of their own.
    IF current_setting('session_replication_role') <> 'replica' AND EXISTS (
        SELECT FROM (SELECT m.organisation_id, m.room_type_id, night::date AS night
                     FROM unnest(asked) m
                     CROSS JOIN generate_series(greatest(m.arrival, current_date - 1), m.departure - 1, interval '1 day') AS night
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
