-- Who works for a company has an account of their own as well, whose events belong to no organisation: what is settled at once,
-- as a free plan or a change that costs nothing, was refused to them.
DROP POLICY app_publishes_own ON events;
CREATE POLICY app_publishes_own ON events FOR INSERT TO keyrack_app
    WITH CHECK (organisation_id IS NULL AND (current_organisation() IS NULL OR payload ->> 'account_id' = current_actor()::text));
