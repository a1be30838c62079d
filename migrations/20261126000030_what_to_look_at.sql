-- What the admin's dashboard and lists look for among very many: payments that a bank asks for back, or of which something
-- went back.
CREATE INDEX payments_to_look_at ON payments (account_id, invoice_id) WHERE disputed_at IS NOT NULL OR refunded_minor > 0;
