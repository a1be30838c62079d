-- What a deed of the log was done to, in words. Read and not written: a name that is changed or erased is so here too. The
-- rows are those that the asking role may read.
CREATE FUNCTION deed_about(of_organisation uuid, action text, subject uuid) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT CASE split_part(action, '.', 1)
        WHEN 'stay' THEN (
            SELECT concat_ws(' · ', b.reference, nullif(btrim(g.first_name || ' ' || g.last_name), ''))
            FROM stays s
            JOIN bookings b ON b.organisation_id = s.organisation_id AND b.id = s.booking_id
            JOIN guests g ON g.organisation_id = s.organisation_id AND g.id = s.guest_id
            WHERE s.organisation_id = of_organisation AND s.id = subject)
        WHEN 'guest' THEN (
            SELECT btrim(g.first_name || ' ' || g.last_name) FROM guests g WHERE g.organisation_id = of_organisation AND g.id = subject)
        WHEN 'room' THEN (SELECT r.number FROM rooms r WHERE r.organisation_id = of_organisation AND r.id = subject)
        WHEN 'room_type' THEN (SELECT t.name FROM room_types t WHERE t.organisation_id = of_organisation AND t.id = subject)
        WHEN 'staff' THEN (SELECT u.full_name FROM users u WHERE u.id = subject)
        WHEN 'password' THEN (SELECT u.full_name FROM users u WHERE u.id = subject)
    END
$$;
