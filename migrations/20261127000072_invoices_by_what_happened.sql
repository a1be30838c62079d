-- The admin's lists of invoices that are overdue, disputed, or went back in part, among very many: the first walks the open
-- ones by age; the others begin with the few payments of which that is true.
CREATE INDEX invoices_open_by_age ON invoices (created_at DESC, id DESC) WHERE status IN ('pending', 'failed');
DROP INDEX payments_to_look_at;
CREATE INDEX payments_to_look_at ON payments (invoice_id)
    WHERE disputed_at IS NOT NULL OR (refunded_minor > 0 AND refunded_minor < amount_minor);
