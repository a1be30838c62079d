-- The admin's ledger of everybody, of one kind alone: most entries are what was used, and another kind is far between them.
CREATE INDEX token_entries_of_kind_by_age ON token_entries (kind, id DESC);
