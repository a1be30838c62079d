//! Ways to pay, countries, taxes, currencies and who sells (spec 5.11).

use serde_json::{Value, json};
use sqlx::PgPool;

use crate::rest::Client;
use crate::v1::{admin, shop};
use crate::v1_admin::{NOTHING, count, no, text};

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn there_is_always_one_default_way_to_pay(pool: PgPool) {
    let site = shop(&pool).await;
    let admin = admin(&site).await;
    let nobody = Client { site: &site, bearer: String::new() };
    let all = "/api/v1/admin/payment-methods";
    assert_eq!(no(&admin, 400, "POST", all, json!({ "name": "x" })).await, "Code is required");
    assert_eq!(no(&admin, 400, "POST", all, json!({ "code": "x" })).await, "Name is required");
    for bad in [
        json!({ "code": "a b", "name": "x" }),
        json!({ "code": "x", "name": "x", "min_amount": "abc" }),
        json!({ "code": "x", "name": "x", "min_amount": 5, "max_amount": 4 }),
        json!({ "code": "x", "name": "x", "currencies": ["XXX"] }),
        json!({ "code": "x", "name": "x", "countries": ["Germany"] }),
        json!({ "code": "x", "name": "x", "fee_type": "odd" }),
        json!({ "code": "x", "name": "x", "fee_type": "PERCENTAGE", "fee_amount": 101 }),
        json!({ "code": "x", "name": "x", "fee_amount": "0.00001" }),
        json!({ "code": "x", "name": "x", "config": [] }),
        json!({ "code": "x", "name": "x\u{0}" }),
        json!({ "code": "invoice", "name": "Invoice" }),
    ] {
        admin.expect(400, "POST", all, Some(bad)).await;
    }
    let body = json!({
        "code": "card", "name": "Card", "min_amount": "1.00", "max_amount": 500, "currencies": ["eur"], "countries": ["de"],
        "fee_type": "PERCENTAGE", "fee_amount": "1.5", "config": { "secret": "s" },
    });
    let made = admin.expect(201, "POST", all, Some(body)).await["method"].clone();
    assert_eq!(
        (
            &made["fee_amount"],
            &made["min_amount"],
            &made["currencies"],
            &made["is_default"],
            &made["position"]
        ),
        (&json!("1.5000"), &json!("1.00"), &json!(["EUR"]), &json!(false), &json!(1))
    );
    let one = format!("{all}/{}", text(&made["id"]));
    assert_eq!(
        no(&admin, 400, "PUT", &one, json!({ "code": "cards" })).await,
        "Code is immutable and cannot be changed"
    );
    let open = json!({ "code": "card", "max_amount": null, "version": 1 });
    let changed = admin.expect(200, "PUT", &one, Some(open.clone())).await;
    assert_eq!(
        (&changed["method"]["max_amount"], &changed["method"]["min_amount"]),
        (&Value::Null, &json!("1.00"))
    );
    no(&admin, 409, "PUT", &one, open).await;

    let invoice = admin.expect(200, "GET", &format!("{all}/code/invoice"), None).await["method"].clone();
    let default = format!("{all}/{}", text(&invoice["id"]));
    for (method, body) in [("DELETE", Value::Null), ("PUT", json!({ "is_active": false }))] {
        assert!(no(&admin, 400, method, &default, body).await.contains("default"));
    }
    admin.expect(200, "POST", &format!("{one}/set-default"), None).await;
    assert_eq!(
        count(&pool, "SELECT count(*) FROM payment_methods WHERE is_default AND code = 'card'").await,
        1
    );
    let order =
        json!({ "order": [{ "id": made["id"], "position": 0 }, { "id": invoice["id"], "position": 1 }] });
    let ordered = admin.expect(200, "PUT", &format!("{all}/reorder"), Some(order.clone())).await;
    assert_eq!(ordered["methods"][0]["code"], "card");
    admin.expect(200, "POST", &format!("{all}/reorder"), Some(order)).await;
    let unknown = json!({ "order": [{ "id": NOTHING, "position": 0 }] });
    no(&admin, 404, "PUT", &format!("{all}/reorder"), unknown).await;
    no(&admin, 400, "PUT", &format!("{all}/reorder"), json!({})).await;

    let translations = format!("{one}/translations");
    assert_eq!(
        no(&admin, 400, "POST", &translations, json!({ "name": "Karte" })).await,
        "Locale is required"
    );
    for name in ["Carte", "Karte"] {
        admin.expect(200, "POST", &translations, Some(json!({ "locale": "de", "name": name }))).await;
    }
    let known = admin.expect(200, "GET", &translations, None).await;
    assert_eq!(known["translations"].as_array().unwrap().len(), 1);

    let offered = "/api/v1/settings/payment-methods";
    let found =
        nobody.expect(200, "GET", &format!("{offered}?locale=de-AT&currency=EUR&country=DE"), None).await;
    assert_eq!(
        (
            &found["methods"][0]["name"],
            &found["methods"][0]["config"],
            found["methods"].as_array().unwrap().len()
        ),
        (&json!("Karte"), &Value::Null, 2)
    );
    let elsewhere = nobody.expect(200, "GET", &format!("{offered}?country=FR"), None).await;
    assert_eq!(elsewhere["methods"].as_array().unwrap().len(), 1);
    assert_eq!(nobody.expect(200, "GET", &format!("{offered}/card"), None).await["method"]["name"], "Card");
    no(&nobody, 404, "GET", &format!("{offered}/none%00"), Value::Null).await;
    admin.expect(200, "DELETE", &default, None).await;
    no(&admin, 404, "GET", &default, Value::Null).await;
    no(&admin, 400, "GET", &format!("{all}/x"), Value::Null).await;
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn countries_are_enabled_and_ordered(pool: PgPool) {
    let site = shop(&pool).await;
    let admin = admin(&site).await;
    let nobody = Client { site: &site, bearer: String::new() };
    let all = "/api/v1/admin/countries";
    let enabled = admin.expect(200, "POST", &format!("{all}/fr/enable"), None).await;
    assert_eq!(
        enabled["country"],
        json!({ "code": "FR", "name": "France", "is_enabled": true, "position": 4 })
    );
    admin.expect(200, "POST", &format!("{all}/FR/enable"), None).await;
    assert_eq!(
        no(&admin, 404, "POST", &format!("{all}/XX/enable"), Value::Null).await,
        "Country 'XX' not found"
    );
    no(&admin, 404, "POST", &format!("{all}/%00/disable"), Value::Null).await;
    let disabled = admin.expect(200, "POST", &format!("{all}/AT/disable"), None).await;
    assert_eq!(disabled["country"]["position"], 999);
    let order = json!({ "codes": ["FR", "AT", "XX"] });
    admin.expect(200, "PUT", &format!("{all}/reorder"), Some(order)).await;
    for bad in [json!({}), json!({ "codes": [] }), json!({ "codes": "FR" })] {
        no(&admin, 400, "PUT", &format!("{all}/reorder"), bad).await;
    }
    let offered = nobody.expect(200, "GET", "/api/v1/settings/countries", None).await;
    let codes: Vec<_> = offered.as_array().unwrap().iter().map(|country| text(&country["code"])).collect();
    assert_eq!(codes, ["FR", "DE", "CH"]);
    let known = admin.expect(200, "GET", all, None).await["countries"].as_array().unwrap().len();
    let parts = async |part: &str| {
        let found = admin.expect(200, "GET", &format!("{all}/{part}"), None).await;
        found["countries"].as_array().unwrap().len()
    };
    assert_eq!((parts("enabled").await, parts("disabled").await, known), (3, 33, 36));
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_new_rate_of_tax_ends_the_one_before(pool: PgPool) {
    let site = shop(&pool).await;
    let admin = admin(&site).await;
    let all = "/api/v1/admin/taxes";
    for (bad, status) in [
        (json!({ "name": "VAT", "rate": 20 }), 400),
        (json!({ "country": "FR", "rate": 20 }), 400),
        (json!({ "country": "FR", "name": "TVA" }), 400),
        (json!({ "country": "FR", "name": "TVA", "rate": 101 }), 400),
        (json!({ "country": "FR", "name": "TVA", "rate": 20, "valid_from": "0001-01-01" }), 400),
        (json!({ "country": "FR", "name": "TVA", "rate": 20, "valid_from": "soon" }), 400),
        (json!({ "country": "XX", "name": "TVA", "rate": 20 }), 404),
    ] {
        admin.expect(status, "POST", all, Some(bad)).await;
    }
    let body = json!({ "country": "de", "name": "MwSt", "rate": "16", "valid_from": "2027-01-01" });
    let made = admin.expect(201, "POST", all, Some(body.clone())).await["tax"].clone();
    no(&admin, 409, "POST", all, body).await;
    let history = admin.expect(200, "GET", &format!("{all}?country=de"), None).await["taxes"].clone();
    assert_eq!(
        (&history[0]["rate"], &history[0]["valid_until"], &history[1]["rate"], &history[1]["valid_until"]),
        (&json!("16.00"), &Value::Null, &json!("19.00"), &json!("2027-01-01"))
    );
    let one = format!("{all}/{}", text(&made["id"]));
    let past = format!("{all}/{}", text(&history[1]["id"]));
    let second = json!({ "rate": 17, "version": made["version"] });
    let changed = admin.expect(200, "PUT", &one, Some(second.clone())).await["tax"].clone();
    assert_eq!((&changed["rate"], &changed["version"]), (&json!("17.00"), &json!(2)));
    no(&admin, 409, "PUT", &one, second).await;
    no(&admin, 409, "PUT", &past, json!({ "rate": 18 })).await;
    no(&admin, 400, "PUT", &past, json!({ "country": "AT" })).await;
    assert_eq!(admin.expect(200, "PUT", &past, Some(json!({ "name": "USt" }))).await["tax"]["name"], "USt");
    no(&admin, 409, "DELETE", &past, Value::Null).await;
    admin.expect(200, "DELETE", &one, None).await;
    assert_eq!(admin.expect(200, "GET", &past, None).await["tax"]["valid_until"], Value::Null);
    no(&admin, 404, "GET", &one, Value::Null).await;
    no(&admin, 400, "GET", &format!("{all}/x"), Value::Null).await;
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_region_is_the_same_one_in_other_capitals(pool: PgPool) {
    let site = shop(&pool).await;
    let admin = admin(&site).await;
    let all = "/api/v1/admin/taxes";
    let rate = |region: &str, rate: u32, from: &str| json!({ "country": "DE", "region": region, "name": "MwSt", "rate": rate, "valid_from": from });
    let history = async || -> Vec<String> {
        let taxes = admin.expect(200, "GET", &format!("{all}?country=DE"), None).await["taxes"].clone();
        let of_regions = taxes.as_array().unwrap().iter().filter(|tax| tax["region"] != "");
        let until = |tax: &Value| tax["valid_until"].as_str().unwrap_or("now").to_owned();
        of_regions
            .map(|tax| format!("{} {} until {}", text(&tax["region"]), text(&tax["rate"]), until(tax)))
            .collect()
    };
    admin.expect(201, "POST", all, Some(rate("bayern", 7, "2026-01-01"))).await;
    let made = admin.expect(201, "POST", all, Some(rate("Bayern", 8, "2027-01-01"))).await;
    no(&admin, 409, "POST", all, rate("BAYERN", 9, "2026-12-01")).await;
    assert_eq!(history().await, ["Bayern 8.00 until now", "bayern 7.00 until 2027-01-01"]);
    // The one before goes on where the new one is taken back.
    admin.expect(200, "DELETE", &format!("{all}/{}", text(&made["tax"]["id"])), None).await;
    assert_eq!(history().await, ["bayern 7.00 until now"]);
    let twice =
        "INSERT INTO tax_rates VALUES (gen_random_uuid(), 'DE', 'BAYERN', 'x', 900, '[2026-06-01,)', now())";
    let refused = sqlx::query(twice).execute(&pool).await.unwrap_err();
    assert!(refused.to_string().contains("tax_rates_one_at_a_time"), "{refused}");
}

/// What was there before regions were the same in whatever capitals.
#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn rates_that_overlapped_end_where_the_next_one_begins(pool: PgPool) {
    let before = "
        ALTER TABLE tax_rates DROP CONSTRAINT tax_rates_one_at_a_time;
        ALTER TABLE tax_rates ADD CONSTRAINT tax_rates_one_at_a_time
            EXCLUDE USING gist (country WITH =, region WITH =, valid WITH &&);
        INSERT INTO tax_rates (id, country, region, name, rate, valid, created_at) VALUES
            (gen_random_uuid(), 'DE', 'bayern', 'a', 100, '[2020-01-01,2022-01-01)', '2020-01-01'),
            (gen_random_uuid(), 'DE', 'bayern', 'b', 200, '[2022-01-01,)', '2022-01-01'),
            (gen_random_uuid(), 'DE', 'Bayern', 'c', 300, '[2021-01-01,)', '2021-01-01'),
            (gen_random_uuid(), 'DE', 'BAYERN', 'd', 400, '[2021-01-01,)', '2021-02-01'),
            (gen_random_uuid(), 'DE', 'Hessen', 'e', 500, '[2020-01-01,)', '2020-01-01')";
    sqlx::raw_sql(before).execute(&pool).await.unwrap();
    let migration = include_str!("../../../migrations/20261128000075_tax_regions.sql");
    sqlx::raw_sql(migration).execute(&pool).await.unwrap();
    let left: Vec<String> =
        sqlx::query_scalar("SELECT name || ' ' || valid::text FROM tax_rates ORDER BY name")
            .fetch_all(&pool)
            .await
            .unwrap();
    let expected =
        ["a [2020-01-01,2021-01-01)", "b [2022-01-01,)", "d [2021-01-01,2022-01-01)", "e [2020-01-01,)"];
    assert_eq!(left, expected);
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn the_default_currency_is_what_others_are_compared_with(pool: PgPool) {
    let site = shop(&pool).await;
    let admin = admin(&site).await;
    let all = "/api/v1/admin/currencies";
    for bad in [
        json!({ "name": "Franc", "exchange_rate": 1 }),
        json!({ "code": "XXX", "name": "x", "exchange_rate": 1 }),
        json!({ "code": "CHF", "exchange_rate": 1 }),
        json!({ "code": "CHF", "name": "x" }),
        json!({ "code": "CHF", "name": "x", "exchange_rate": 0 }),
        json!({ "code": "CHF", "name": "x", "exchange_rate": "abc" }),
        json!({ "code": "USD", "name": "x", "exchange_rate": 1 }),
    ] {
        admin.expect(400, "POST", all, Some(bad)).await;
    }
    let body = json!({ "code": "chf", "name": "Swiss franc", "exchange_rate": "0.93" });
    assert_eq!(admin.expect(201, "POST", all, Some(body)).await["currency"]["exchange_rate"], "0.93");
    let dollar = json!({ "exchange_rate": 1.1, "version": 1 });
    admin.expect(200, "PUT", &format!("{all}/usd"), Some(dollar.clone())).await;
    no(&admin, 409, "PUT", &format!("{all}/USD"), dollar).await;
    let euro = format!("{all}/EUR");
    assert_eq!(
        no(&admin, 400, "PUT", &euro, json!({ "exchange_rate": 2 })).await,
        "Cannot change the rate of the default currency"
    );
    no(&admin, 400, "PUT", &euro, json!({ "is_active": false })).await;
    admin.expect(200, "PUT", &euro, Some(json!({ "name": "Euro", "exchange_rate": "1.0" }))).await;
    no(&admin, 404, "PUT", &format!("{all}/XXX"), json!({})).await;
    let franc = json!({ "name": "x", "price": 1, "currency": "CHF" });
    admin.expect(201, "POST", "/api/v1/admin/plans", Some(franc)).await;
    no(&admin, 409, "PUT", &format!("{all}/CHF"), json!({ "is_active": false })).await;
    let known = admin.expect(200, "GET", all, None).await;
    assert_eq!(
        (&known["currencies"][0]["code"], known["currencies"].as_array().unwrap().len()),
        (&json!("EUR"), 3)
    );
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn settings_are_kept_and_terms_are_public(pool: PgPool) {
    let site = shop(&pool).await;
    let admin = admin(&site).await;
    let nobody = Client { site: &site, bearer: String::new() };
    let path = "/api/v1/admin/settings";
    let version = admin.expect(200, "GET", path, None).await["settings"]["version"].clone();
    let body = json!({ "provider_name": "Keyrack GmbH", "bank_iban": "DE02", "unknown": 5, "terms_content": "Be kind.", "version": version });
    let kept = admin.expect(200, "PUT", path, Some(body.clone())).await;
    assert_eq!(kept["settings"]["provider_name"], "Keyrack GmbH");
    no(&admin, 409, "PUT", path, body).await;
    for bad in [
        json!({ "contact_email": "x" }),
        json!({ "bank_bic": "x".repeat(12) }),
        json!({ "bank_name": "\u{0}" }),
    ] {
        admin.expect(400, "PUT", path, Some(bad)).await;
    }
    assert_eq!(admin.expect(200, "GET", path, None).await, kept);
    let terms = nobody.expect(200, "GET", "/api/v1/settings/terms/", None).await;
    assert_eq!(terms["content"], "Be kind.");
    let languages = nobody.expect(200, "GET", "/api/v1/config/languages", None).await;
    assert_eq!((&languages["default"], languages["languages"].as_array().unwrap().len()), (&json!("en"), 8));
    assert_eq!(count(&pool, "SELECT count(*) FROM audit_log WHERE action = 'settings.changed'").await, 1);

    let own = json!({ "first_name": "Ann", "theme": "dark" });
    let profile = admin.expect(200, "PUT", "/api/v1/admin/profile", Some(own)).await;
    assert_eq!(
        (&profile["profile"]["first_name"], &profile["profile"]["theme"]),
        (&json!("Ann"), &json!("dark"))
    );
    admin.expect(400, "PUT", "/api/v1/admin/profile", Some(json!({ "theme": "\u{0}" }))).await;
    admin.expect(400, "PUT", "/api/v1/admin/profile", Some(json!({ "city": "x".repeat(101) }))).await;
    assert_eq!(admin.expect(200, "GET", "/api/v1/admin/profile", None).await, profile);
    // A version that is not the newest any more is refused.
    let seen = &profile["profile"]["version"];
    let light = json!({ "theme": "light", "city": "Bonn", "version": seen });
    let changed = admin.expect(200, "PUT", "/api/v1/admin/profile", Some(light)).await;
    let late = json!({ "theme": "dark", "city": "Ulm", "version": seen });
    assert_eq!(no(&admin, 409, "PUT", "/api/v1/admin/profile", late).await, "It was changed in the meantime");
    no(&admin, 400, "PUT", "/api/v1/admin/profile", json!({ "theme": "dark", "version": "two" })).await;
    assert_eq!(
        (&changed["profile"]["theme"], &changed["profile"]["city"], &changed["profile"]["first_name"]),
        (&json!("light"), &json!("Bonn"), &json!("Ann"))
    );
    assert_eq!(admin.expect(200, "GET", "/api/v1/admin/profile", None).await, changed);
}
