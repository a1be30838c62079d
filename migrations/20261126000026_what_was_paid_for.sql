-- A subscription goes on in the currency in which it was bought.
ALTER TABLE subscriptions ADD currency char(3) CHECK (currency ~ '^[A-Z]{3}$');
UPDATE subscriptions s
SET currency = coalesce((SELECT i.currency FROM invoices i WHERE i.account_id = s.account_id AND i.subscription_id = s.id
                         ORDER BY i.invoiced_at DESC, i.id DESC LIMIT 1),
                        (SELECT p.currency FROM plans p WHERE p.id = s.plan_id));
ALTER TABLE subscriptions ALTER currency SET NOT NULL;

-- An upgrade pays for a period of its own: its end, as the preview said; and the end that a refund goes back to.
ALTER TABLE invoices
    ADD period_until timestamptz,
    ADD from_expires_at timestamptz;

-- What a way to pay costs the customer is a line of the invoice.
ALTER TABLE invoice_lines
    DROP CONSTRAINT invoice_lines_item_type_check,
    ADD CONSTRAINT invoice_lines_item_type_check CHECK (item_type IN ('subscription', 'token_bundle', 'add_on', 'fee'));
