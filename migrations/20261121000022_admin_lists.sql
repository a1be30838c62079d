-- Lists of the admin's pages: by the beginning of an invoice's number or its last digits, and by the beginning of an address.
CREATE INDEX invoices_by_number_beginning ON invoices (number text_pattern_ops);
CREATE INDEX invoices_by_number_end ON invoices (right(number, 6), created_at DESC, id DESC);
CREATE INDEX users_by_address_beginning ON users ((coalesce(email, username)) text_pattern_ops);
