-- What the admin's dashboard and lists look for among very many: payments that a bank asks for back or of which something
-- went back, and invoices that wait for money.
CREATE INDEX payments_to_look_at ON payments (account_id, invoice_id) WHERE disputed_at IS NOT NULL OR refunded_minor > 0;
CREATE INDEX invoices_open_by_due ON invoices (due_at) WHERE status IN ('pending', 'failed');
