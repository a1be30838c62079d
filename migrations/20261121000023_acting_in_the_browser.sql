-- The platform's admin acts in the name of somebody who works for a company, in a browser: the session stays the admin's.
ALTER TABLE sessions
    ADD acting_as uuid REFERENCES users (id),
    ADD acting_until timestamptz,
    ADD CONSTRAINT sessions_acting CHECK ((acting_as IS NULL) = (acting_until IS NULL));
CREATE INDEX sessions_by_acting ON sessions (acting_as) WHERE acting_as IS NOT NULL;

-- It ends with another password of the person, and when they may not sign in any more, or run the platform.
CREATE FUNCTION end_acting() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    UPDATE public.sessions SET acting_as = NULL, acting_until = NULL WHERE acting_as = NEW.id;
    RETURN NULL;
END
$$;
CREATE TRIGGER users_end_acting AFTER UPDATE OF password_hash, is_active, is_platform_admin ON users
    FOR EACH ROW WHEN (OLD.password_hash <> NEW.password_hash OR NOT NEW.is_active OR NEW.is_platform_admin)
    EXECUTE FUNCTION end_acting();
