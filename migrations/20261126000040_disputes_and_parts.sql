-- A payment that its payer's bank contests, and one that it took back for good, are two things: so far `disputed_at` said
-- the second.
ALTER TABLE payments ADD COLUMN lost_at timestamptz;
UPDATE payments SET lost_at = disputed_at WHERE disputed_at IS NOT NULL;

-- Where the period that the provider could not collect is paid, or the payment confirmed.
ALTER TABLE subscriptions ADD COLUMN provider_pay_url text;
