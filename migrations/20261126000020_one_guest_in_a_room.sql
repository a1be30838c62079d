-- A room is one guest's at a time. `stays_room_taken` keeps nights apart, but a guest who leaves today, or is late, shares no
-- night with the one who comes today.

-- Where both were checked in, the one before has left: nobody hands out a key that somebody else has.
UPDATE stays s SET status = 'checked_out', checked_out_at = greatest(s.checked_in_at, n.checked_in_at), version = s.version + 1
FROM stays n
WHERE s.status = 'checked_in' AND n.status = 'checked_in' AND n.organisation_id = s.organisation_id AND n.room_id = s.room_id
  AND n.arrival > s.arrival;

CREATE UNIQUE INDEX stays_room_occupied ON stays (organisation_id, room_id) WHERE status = 'checked_in';
