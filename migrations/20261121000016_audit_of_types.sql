-- The self-audit also looks for nights for which more stays of a type were sold than allowed.
CREATE POLICY worker_reads ON room_types FOR SELECT TO keyrack_worker USING (true);
CREATE POLICY worker_reads ON room_type_nights FOR SELECT TO keyrack_worker USING (true);
GRANT SELECT ON room_types, room_type_nights TO keyrack_worker;
