-- A region may have a rate of its own (spec 5.11), and is a line of the address.
ALTER TABLE billing_profiles ADD COLUMN region text;

CREATE OR REPLACE FUNCTION billing_buyer(account uuid) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT jsonb_build_object(
        'name', coalesce(nullif(concat_ws(' ', p.first_name, p.last_name), ''), u.full_name, ''),
        'email', coalesce(u.email, ''),
        'is_active', coalesce(u.is_active, false),
        'company', coalesce(p.company, o.name, ''),
        'address', to_jsonb(array_remove(
            ARRAY[p.address_line_1, p.address_line_2, nullif(concat_ws(' ', p.postal_code, p.city), ''), p.region], NULL)),
        'country', coalesce(c.name, p.country, ''),
        'tax_number', coalesce(p.tax_number, ''))
    FROM billing_accounts a
    LEFT JOIN billing_profiles p ON p.account_id = a.id
    LEFT JOIN countries c ON c.code = p.country
    LEFT JOIN organisations o ON o.id = a.organisation_id
    LEFT JOIN LATERAL (
        SELECT full_name, email, is_active FROM users
        WHERE users.id = a.user_id OR users.organisation_id = a.organisation_id
        ORDER BY is_active DESC, created_at, id LIMIT 1
    ) u ON true
    WHERE a.id = account
$$;
