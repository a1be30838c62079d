-- When the admin voided an invoice: a renewal of which that is true is not asked for again in its period. What was withdrawn
-- otherwise, as for another plan, has none.
ALTER TABLE invoices ADD COLUMN voided_at timestamptz;
