-- How many are there (plug-in `analytics`), without reading the sessions of three days.
CREATE INDEX sessions_by_last_seen ON sessions (last_seen_at);
