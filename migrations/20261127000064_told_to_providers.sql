-- What a provider says about renewals counts once it knows of what changed here. Before that it repeats an older wish, and a
-- subscription that was kept after all would be cancelled by the echo of its cancellation. Both numbers are in the order of
-- readings.
ALTER TABLE subscriptions
    ADD COLUMN changed_no bigint NOT NULL DEFAULT 0,
    ADD COLUMN told_no bigint NOT NULL DEFAULT 0;
COMMENT ON COLUMN subscriptions.changed_no IS 'when it last changed here in a way that its provider is told of';
COMMENT ON COLUMN subscriptions.told_no IS 'when its provider had been told of that';
