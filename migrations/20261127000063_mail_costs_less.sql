-- Documents are packed already: trying to pack them once more took longer than everything else about a mail.
ALTER TABLE jobs ALTER COLUMN payload SET STORAGE EXTERNAL;
ALTER TABLE kept_mails ALTER COLUMN attachments SET STORAGE EXTERNAL;

-- Postgres plans what is in an SQL function anew at each call, which took ten times as long as finding the buyer.
CREATE OR REPLACE FUNCTION billing_buyer(account uuid) RETURNS jsonb LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (
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
    );
END $$;

CREATE OR REPLACE FUNCTION billing_seller() RETURNS jsonb LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (
        SELECT to_jsonb(s) - ARRAY['is_only', 'other_links', 'terms_title', 'terms_content', 'version', 'updated_at']
        FROM seller_settings s
    );
END $$;
