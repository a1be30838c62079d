-- An upgrade moves the end by as much as it did when it was asked for, whatever was paid or given until it is paid: so the end that
-- there was then is kept from the beginning, not only once it is paid.
UPDATE invoices i
SET from_expires_at = s.expires_at
FROM subscriptions s
WHERE s.account_id = i.account_id AND s.id = i.subscription_id
  AND i.status = 'pending' AND i.reason = 'upgrade' AND i.period_until IS NOT NULL AND i.from_expires_at IS NULL;
COMMENT ON COLUMN invoices.period_until IS 'of an upgrade: the end of the period that it pays for, as it was when it was asked for';
COMMENT ON COLUMN invoices.from_expires_at IS 'of an upgrade: the end that there was when it was asked for';
