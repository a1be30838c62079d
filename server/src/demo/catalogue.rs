//! What the demo sells (spec `subscription-billing.md` 5.14), and a customer who bought some of it.

use billing::Billing;
use billing::checkout::Order;
use billing::payments::Payment;
use chrono::{DateTime, Utc};
use domain::access::Actor;
use domain::ids::{PlanId, UserId};
use platform::clock::SharedClock;
use platform::database::Database;
use sqlx::PgConnection;

/// Plans by the month: name, price in cents, features, place, days to try out.
const PLANS: &[(&str, i64, &str, i32, i16)] = &[
    ("Basic", 999, r#"{"default_tokens": 100, "limits": {"projects": 3}}"#, 1, 0),
    ("Pro", 2_999, r#"{"default_tokens": 500, "limits": {"projects": 20}}"#, 2, 14),
    ("Enterprise", 9_999, r#"{"default_tokens": 2000, "limits": {"projects": null}}"#, 3, 0),
];

const ADDONS: &[(&str, i64, i32)] = &[("Priority Support", 1_500, 1), ("Premium Analytics", 2_500, 2)];

const BUNDLES: &[(i32, i64, i32)] = &[(500, 500, 1), (1_000, 1_000, 2), (5_000, 4_500, 3)];

/// Standard rates of the countries that are enabled, in hundredths of a percent.
const TAXES: &[(&str, &str, i32)] = &[("DE", "MwSt", 1_900), ("AT", "USt", 2_000), ("CH", "MWST", 810)];

/// Who sells: an invented company.
const SELLER: &[(&str, &str)] = &[
    ("provider_name", "Nordlicht Hosting GmbH"),
    ("contact_email", "billing@nordlicht.example"),
    ("website_url", "https://nordlicht.example"),
    ("address_street", "Fischmarkt 12"),
    ("address_city", "Hamburg"),
    ("address_postal_code", "20459"),
    ("address_country", "Germany"),
    ("bank_name", "Elbbank"),
    ("bank_iban", "DE02 1203 0000 0000 2020 51"),
    ("bank_bic", "BYLADEM1001"),
    ("tax_number", "DE123456789"),
];

/// Makes what is missing of the catalogue.
pub(super) async fn ensure(connection: &mut PgConnection, now: DateTime<Utc>) -> Result<(), sqlx::Error> {
    for (name, price, features, place, trial_days) in PLANS {
        sqlx::query(
            "WITH plan AS (
                 INSERT INTO plans (id, name, slug, price_minor, currency, billing_period, features, sort_order, trial_days, created_at,
                                    updated_at)
                 VALUES ($1, $2, lower($2), $3, 'EUR', 'monthly', $4::jsonb, $5, $7, $6, $6)
                 ON CONFLICT (slug) DO NOTHING RETURNING id
             )
             INSERT INTO plans_in_categories (plan_id, category_id) SELECT plan.id, c.id FROM plan, plan_categories c WHERE c.slug = 'root'",
        )
        .bind(platform::ids::new::<uuid::Uuid>())
        .bind(name)
        .bind(price)
        .bind(features)
        .bind(place)
        .bind(now)
        .bind(trial_days)
        .execute(&mut *connection)
        .await?;
    }
    for (name, price, place) in ADDONS {
        sqlx::query(
            "INSERT INTO addons (id, name, slug, price_minor, currency, billing_period, sort_order, created_at, updated_at)
             VALUES ($1, $2, replace(lower($2), ' ', '-'), $3, 'EUR', 'monthly', $4, $5, $5) ON CONFLICT (slug) DO NOTHING",
        )
        .bind(platform::ids::new::<uuid::Uuid>())
        .bind(name)
        .bind(price)
        .bind(place)
        .bind(now)
        .execute(&mut *connection)
        .await?;
    }
    for (tokens, price, place) in BUNDLES {
        sqlx::query(
            "INSERT INTO token_bundles (id, name, token_amount, price_minor, currency, sort_order, created_at, updated_at)
             SELECT $1, $2, $3, $4, 'EUR', $5, $6, $6 WHERE NOT EXISTS (SELECT FROM token_bundles WHERE token_amount = $3)",
        )
        .bind(platform::ids::new::<uuid::Uuid>())
        .bind(format!("{tokens} tokens"))
        .bind(tokens)
        .bind(price)
        .bind(place)
        .bind(now)
        .execute(&mut *connection)
        .await?;
    }
    // Each fact under its column's name; what somebody wrote stays.
    let facts: serde_json::Map<_, _> =
        SELLER.iter().map(|(column, value)| ((*column).to_owned(), (*value).into())).collect();
    sqlx::query(
        "UPDATE seller_settings s SET (provider_name, contact_email, website_url, address_street, address_city, address_postal_code,
                                       address_country, bank_name, bank_iban, bank_bic, tax_number)
             = (SELECT n.provider_name, n.contact_email, n.website_url, n.address_street, n.address_city, n.address_postal_code,
                       n.address_country, n.bank_name, n.bank_iban, n.bank_bic, n.tax_number
                FROM jsonb_populate_record(s, $1) n)
         WHERE s.provider_name = ''",
    )
    .bind(serde_json::Value::from(facts))
    .execute(&mut *connection)
    .await?;
    for (country, name, rate) in TAXES {
        sqlx::query(
            "INSERT INTO tax_rates (id, country, name, rate, valid, created_at) VALUES ($1, $2, $3, $4, '[2021-01-01,)', $5)
             ON CONFLICT DO NOTHING",
        )
        .bind(platform::ids::new::<uuid::Uuid>())
        .bind(country)
        .bind(name)
        .bind(rate)
        .bind(now)
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

/// Lets the demo customer buy the Basic plan, as anybody would, unless they have bought something.
pub(super) async fn subscribe(
    database: &Database,
    clock: SharedClock,
    customer: UserId,
) -> anyhow::Result<()> {
    let billing = Billing::new(database.clone(), clock);
    let actor = Actor { user_id: customer, ..Actor::nobody() };
    if !billing.subscriptions(actor.own_account()).await?.is_empty() {
        return Ok(());
    }
    let (plan, _) = billing.plan("basic", &billing::catalogue::PlanQuery::default()).await?;
    let order = Order {
        plan_id: Some(PlanId(plan.id.into())),
        bundle_ids: Vec::new(),
        addon_ids: Vec::new(),
        currency: "EUR".to_owned(),
        country: Some("DE".to_owned()),
        payment_method: Some("invoice".to_owned()),
    };
    let ordered = billing.checkout(actor.own_account(), &order).await?;
    let payment = Payment { reference: "DEMO".to_owned(), method: None, paid: None };
    billing.capture(ordered.invoice_id, &payment).await?;
    Ok(())
}
