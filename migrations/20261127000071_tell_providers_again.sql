-- What changed here and could not be told to the provider is told again, until it was: a job that was given up left a customer
-- charged who had cancelled. Whether a subscription is renewed is told apart from what its next period costs, since only what
-- changed here may overrule what the customer did on the provider's page.
ALTER TABLE subscriptions
    ADD COLUMN tell_no bigint NOT NULL DEFAULT 0,
    ADD COLUMN tell_at timestamptz,
    ADD COLUMN provider_ended boolean NOT NULL DEFAULT false;
-- What is over at the provider is not collected any more: it is renewed here, by an invoice.
ALTER TABLE subscriptions
    ADD COLUMN is_collected boolean NOT NULL GENERATED ALWAYS AS (provider_subscription_id IS NOT NULL AND NOT provider_ended) STORED;
COMMENT ON COLUMN subscriptions.changed_no IS 'when it last changed here whether it is renewed, in the order of readings';
COMMENT ON COLUMN subscriptions.told_no IS 'when its provider had been told of that';
COMMENT ON COLUMN subscriptions.tell_no IS 'counts what its provider is told of: the last change, in the order of readings';
COMMENT ON COLUMN subscriptions.tell_at IS 'when its provider is told how it stands, unless it was before; none where it knows';
COMMENT ON COLUMN subscriptions.provider_ended IS 'whether it is over at the provider, for good';
COMMENT ON COLUMN subscriptions.is_collected IS 'whether a provider collects it';
CREATE INDEX subscriptions_to_tell ON subscriptions (tell_at) WHERE tell_at IS NOT NULL;

-- Whatever was given up before, and what is over there without anybody here knowing: asked once, in the course of a day.
UPDATE subscriptions SET tell_at = now() + random() * interval '1 day' WHERE provider_subscription_id IS NOT NULL;
