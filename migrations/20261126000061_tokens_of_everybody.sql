-- The admin's ledger of everybody, newest first: ids tell their age.
CREATE INDEX token_entries_all_by_age ON token_entries (id DESC);
