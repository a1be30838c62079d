-- Deactivating somebody and setting their password end what they are signed in with in the same transaction. Of
-- sessions and tokens the application sees no more than that takes, and of its own organisation's people alone: the
-- policies ask `users`, whose own policy applies inside them.

GRANT SELECT (id, user_id, expires_at), DELETE ON sessions TO keyrack_app;
GRANT SELECT (user_id, revoked_at), UPDATE (revoked_at) ON refresh_tokens TO keyrack_app;
GRANT SELECT (user_id, used_at), UPDATE (used_at) ON password_resets TO keyrack_app;

DO $$
DECLARE table_name text;
BEGIN
    FOREACH table_name IN ARRAY ARRAY['sessions', 'refresh_tokens', 'password_resets'] LOOP
        EXECUTE format('CREATE POLICY app_ends ON %1$I TO keyrack_app
            USING (EXISTS (SELECT FROM users u WHERE u.id = %1$I.user_id))', table_name);
    END LOOP;
END $$;

-- A family of refresh tokens has one that can be used, at most; a bearer token lives as long as that one.
CREATE UNIQUE INDEX refresh_tokens_live_key ON refresh_tokens (family_id) WHERE used_at IS NULL AND revoked_at IS NULL;

-- One login, one person: a user name that looks like an address is the person's own, so nobody can take somebody
-- else's address for a user name.
ALTER TABLE users ADD CONSTRAINT users_username_is_no_other_email
    CHECK (position('@' IN username) = 0 OR (email IS NOT NULL AND username = email));
