-- Invoices take their number as the last thing that a transaction does, since all others wait for it: what is on them is
-- there before.
ALTER TABLE invoice_lines ALTER CONSTRAINT invoice_lines_account_id_invoice_id_fkey DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE addon_subscriptions ALTER CONSTRAINT addon_subscriptions_account_id_invoice_id_fkey DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE bundle_purchases ALTER CONSTRAINT bundle_purchases_account_id_invoice_id_fkey DEFERRABLE INITIALLY DEFERRED;
