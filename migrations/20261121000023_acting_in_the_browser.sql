-- The platform's admin acts in the name of somebody who works for a company, in a browser: the session stays the admin's.
ALTER TABLE sessions
    ADD acting_as uuid REFERENCES users (id),
    ADD acting_until timestamptz,
    ADD CONSTRAINT sessions_acting CHECK ((acting_as IS NULL) = (acting_until IS NULL));
CREATE INDEX sessions_by_acting ON sessions (acting_as) WHERE acting_as IS NOT NULL;
