-- Pages on which void invoices could still be paid.
CREATE INDEX invoices_pages_to_close ON invoices (updated_at) WHERE status = 'cancelled' AND provider_session_id IS NOT NULL;
