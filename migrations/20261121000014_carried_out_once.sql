-- A request with an Idempotency-Key is marked in the transaction that carries it out: if the process dies before the
-- answer is kept, the same request is not carried out again.
ALTER TABLE idempotency_keys
    -- What the request changed or made; none until something was committed.
    ADD COLUMN subject uuid;
CREATE POLICY identity_marks ON idempotency_keys TO keyrack_identity USING (true);
GRANT SELECT, UPDATE (subject) ON idempotency_keys TO keyrack_identity;
