//! What is sold, as the admin changes it (spec 5.7, 5.11).

use serde_json::{Value, json};
use sqlx::PgPool;

use crate::v1::{admin, ids, shop, signed_up};
use crate::v1_admin::{NOTHING, count, no, text};

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn categories_are_a_tree(pool: PgPool) {
    let site = shop(&pool).await;
    let (admin, ada) = (admin(&site).await, signed_up(&site, "ada").await);
    let all = "/api/v1/admin/tarif-plan-categories";
    let make = async |body: Value| admin.expect(201, "POST", all, Some(body)).await["category"].clone();
    let upper = make(json!({ "name": "Web Hosting & more" })).await;
    assert_eq!(
        (&upper["slug"], &upper["is_single"], &upper["plan_count"]),
        (&json!("web-hosting-more"), &json!(true), &json!(0))
    );
    let lower = make(json!({ "name": "Small", "parent_id": upper["id"] })).await;
    let lowest = make(json!({ "name": "Smallest", "parent_id": lower["id"], "is_single": false })).await;
    assert_eq!(no(&admin, 400, "POST", all, json!({ "slug": "x" })).await, "Name is required");
    assert_eq!(
        no(&admin, 400, "POST", all, json!({ "name": "small" })).await,
        "Category with slug 'small' already exists"
    );
    assert_eq!(
        no(&admin, 400, "POST", all, json!({ "name": "x", "parent_id": NOTHING })).await,
        format!("Parent category {NOTHING} not found")
    );
    let of = |category: &Value| format!("{all}/{}", category["id"].as_str().unwrap());
    let itself = json!({ "parent_id": upper["id"] });
    assert_eq!(no(&admin, 400, "PUT", &of(&upper), itself).await, "Category cannot be its own parent");
    let below = json!({ "parent_id": lowest["id"] });
    assert_eq!(no(&admin, 400, "PUT", &of(&upper), below).await, "Category cannot be below itself");
    assert_eq!(
        no(&admin, 400, "DELETE", &of(&upper), Value::Null).await,
        "Cannot delete category with children. Delete children first."
    );
    let root = format!("{all}/00000000-0000-0000-0000-000000000001");
    assert_eq!(no(&admin, 400, "DELETE", &root, Value::Null).await, "Cannot delete root category");
    admin.expect(400, "PUT", &root, Some(json!({ "slug": "other" }))).await;
    no(&admin, 400, "GET", &format!("{all}/x"), Value::Null).await;
    no(&admin, 404, "GET", &format!("{all}/{NOTHING}"), Value::Null).await;
    no(&admin, 400, "GET", &format!("{all}?format=odd"), Value::Null).await;
    no(&admin, 400, "POST", all, json!({ "name": "a\u{0}b" })).await;

    let tree = admin.expect(200, "GET", &format!("{all}?format=tree"), None).await;
    let roots = tree["categories"].as_array().unwrap();
    let found = roots.iter().find(|category| category["id"] == upper["id"]).unwrap();
    assert_eq!(found["children"][0]["children"][0]["name"], "Smallest");
    let flat = admin.expect(200, "GET", &format!("{all}/"), None).await;
    // With the root and those of the two modules.
    assert_eq!(flat["categories"].as_array().unwrap().len(), 6);

    // A change of an older version changes nothing.
    let renamed = admin.expect(200, "PUT", &of(&lower), Some(json!({ "name": "Tiny", "version": 1 }))).await;
    assert_eq!((&renamed["category"]["name"], &renamed["category"]["version"]), (&json!("Tiny"), &json!(2)));
    admin.expect(409, "PUT", &of(&lower), Some(json!({ "name": "Late", "version": 1 }))).await;
    assert_eq!(admin.expect(200, "GET", &of(&lower), None).await["category"]["name"], "Tiny");

    let (basic, ..) = ids(&ada).await;
    let attach = format!("{}/attach-plans", of(&lowest));
    assert_eq!(no(&admin, 400, "POST", &attach, json!({})).await, "plan_ids is required");
    assert_eq!(
        no(&admin, 400, "POST", &attach, json!({ "plan_ids": [NOTHING] })).await,
        format!("Plan {NOTHING} not found")
    );
    for _ in 0..2 {
        let answer = admin.expect(200, "POST", &attach, Some(json!({ "plan_ids": [basic, basic] }))).await;
        assert_eq!(answer["category"]["plan_count"], 1);
    }
    let detach = format!("{}/detach-plans", of(&lowest));
    let answer = admin.expect(200, "POST", &detach, Some(json!({ "plan_ids": [basic] }))).await;
    assert_eq!(answer["category"]["plan_count"], 0);
    admin.expect(200, "DELETE", &of(&lowest), None).await;
    admin.expect(404, "DELETE", &of(&lowest), None).await;
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn plans_are_made_changed_copied_and_deleted(pool: PgPool) {
    let site = shop(&pool).await;
    let (admin, ada) = (admin(&site).await, signed_up(&site, "ada").await);
    for all in ["/api/v1/admin/tarif-plans", "/api/v1/admin/plans/"] {
        let plans = admin.expect(200, "GET", all, None).await;
        let plans = plans["plans"].as_array().unwrap();
        let basic = plans.iter().find(|plan| plan["slug"] == "basic").unwrap();
        assert_eq!(basic["subscriber_count"], 1, "the demo's customer has Basic");
    }
    let all = "/api/v1/admin/plans";
    assert_eq!(no(&admin, 400, "POST", all, json!({ "price": 1 })).await, "Name is required");
    assert_eq!(no(&admin, 400, "POST", all, json!({ "name": "x" })).await, "Price is required");
    assert_eq!(
        no(&admin, 400, "POST", all, json!({ "name": "x", "price": -1 })).await,
        "Price cannot be negative"
    );
    assert_eq!(no(&admin, 400, "POST", all, json!({ "name": "x", "price": "1e9" })).await, "Invalid price");
    for bad in [
        json!({ "name": "x", "price": 1, "currency": "XXX" }),
        json!({ "name": "x", "price": 1, "billing_period": "DAILY" }),
        json!({ "name": "x", "price": 1, "trial_days": 400 }),
        json!({ "name": "x", "price": 1, "features": "all" }),
        json!({ "name": "x", "price": 1, "features": { "a": "\u{0}" } }),
        json!({ "name": "x", "price": 1, "features": { "default_tokens": -5 } }),
        json!({ "name": "x", "price": 1, "prices": [{ "currency_code": "EUR", "price_decimal": "1" }] }),
        json!({ "name": "x".repeat(256), "price": 1 }),
        json!({ "name": "Basic", "price": 1 }),
        json!({ "name": "x", "price": 1, "sort_order": 5_000_000_000_i64 }),
    ] {
        admin.expect(400, "POST", all, Some(bad)).await;
    }
    let made = admin
        .expect(
            201,
            "POST",
            all,
            Some(json!({
                "name": "Team", "price": "49.5", "billing_period": "yearly", "features": { "seats": 5 },
                "prices": [{ "currency_code": "USD", "price_decimal": 59 }],
            })),
        )
        .await["plan"]
        .clone();
    assert_eq!(
        (
            &made["slug"],
            &made["price"]["price_decimal"],
            &made["billing_period"],
            &made["features"]["default_tokens"]
        ),
        (&json!("team"), &json!("49.50"), &json!("YEARLY"), &json!(0))
    );
    assert_eq!(made["prices"], json!([{ "price_decimal": "59.00", "currency_code": "USD" }]));
    let shown = ada.expect(200, "GET", "/api/v1/tarif-plans/team?currency=USD", None).await;
    assert_eq!(shown["display_price"], "59.00");

    let one = format!("{all}/{}", text(&made["id"]));
    let changed =
        json!({ "price": { "price_decimal": "60.00", "currency_code": "EUR" }, "version": made["version"] });
    let changed_plan = admin.expect(200, "PUT", &one, Some(changed.clone())).await;
    assert_eq!(changed_plan["plan"]["price"]["price_decimal"], "60.00");
    assert_eq!(changed_plan["plan"]["prices"][0]["price_decimal"], "59.00", "what is not named stays");
    assert_eq!(no(&admin, 409, "PUT", &one, changed).await, "It was changed in the meantime");
    // A plan that is priced in dollars from now on has no second price in dollars.
    let dollars = admin.expect(200, "PUT", &one, Some(json!({ "price": 61, "currency": "usd" }))).await;
    assert_eq!(dollars["plan"]["prices"], json!([]));
    for (action, is_active) in [("deactivate", false), ("activate", true), ("archive", false)] {
        let answer = admin.expect(200, "POST", &format!("{one}/{action}"), None).await;
        assert_eq!(answer["plan"]["is_active"], is_active, "{action}");
    }
    let root = json!({ "plan_ids": [made["id"]] });
    let attach = "/api/v1/admin/tarif-plan-categories/00000000-0000-0000-0000-000000000001/attach-plans";
    admin.expect(200, "POST", attach, Some(root)).await;
    for slug in ["team-copy", "team-copy-2"] {
        let copy = admin.expect(201, "POST", &format!("{one}/copy"), None).await["plan"].clone();
        assert_eq!(
            (&copy["name"], &copy["slug"], &copy["is_active"], &copy["categories"][0]["slug"]),
            (&json!("Team (copy)"), &json!(slug), &json!(true), &json!("root"))
        );
    }
    admin.expect(200, "DELETE", &one, None).await;
    no(&admin, 404, "GET", &one, Value::Null).await;
    no(&admin, 400, "GET", &format!("{all}/x"), Value::Null).await;
    let (basic, ..) = ids(&ada).await;
    assert_eq!(
        no(&admin, 400, "DELETE", &format!("{all}/{basic}"), Value::Null).await,
        "Cannot delete plan with existing subscriptions. Deactivate instead."
    );
    assert_eq!(count(&pool, "SELECT count(*) FROM audit_log WHERE action LIKE 'plan.%'").await, 9);
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn addons_and_bundles_come_in_pages(pool: PgPool) {
    let site = shop(&pool).await;
    let (admin, ada) = (admin(&site).await, signed_up(&site, "ada").await);
    let (basic, ..) = ids(&ada).await;
    let all = "/api/v1/admin/addons";
    assert_eq!(no(&admin, 400, "POST", all, json!({ "price": 1 })).await, "Name is required");
    assert_eq!(no(&admin, 400, "POST", all, json!({ "name": "x" })).await, "Price is required");
    assert_eq!(
        no(&admin, 400, "POST", all, json!({ "name": "x", "price": "-1" })).await,
        "Price cannot be negative"
    );
    assert_eq!(no(&admin, 400, "POST", all, json!({ "name": "x", "price": "abc" })).await, "Invalid price");
    for bad in [json!(["x"]), json!([NOTHING])] {
        assert_eq!(
            no(&admin, 400, "POST", all, json!({ "name": "x", "price": 1, "tarif_plan_ids": bad })).await,
            "One or more tariff plan IDs are invalid"
        );
    }
    let body = json!({ "name": "Backup", "price": 3.5, "tarif_plan_ids": [basic] });
    let made = admin.expect(201, "POST", all, Some(body.clone())).await["addon"].clone();
    assert_eq!((&made["price"], &made["tarif_plan_ids"]), (&json!("3.50"), &json!([basic])));
    assert_eq!(no(&admin, 400, "POST", all, body).await, "Slug already exists");
    let one = format!("{all}/{}", text(&made["id"]));
    assert_eq!(
        admin.expect(200, "GET", &format!("{all}/slug/backup"), None).await["addon"]["id"],
        made["id"]
    );
    no(&admin, 404, "GET", &format!("{all}/slug/none%00"), Value::Null).await;
    admin.expect(200, "POST", &format!("{one}/deactivate"), None).await;
    let page = admin.expect(200, "GET", &format!("{all}?per_page=2&page=2"), None).await;
    assert_eq!(
        (page["items"].as_array().unwrap().len(), &page["total"], &page["pages"]),
        (1, &json!(3), &json!(2))
    );
    let active = admin.expect(200, "GET", &format!("{all}?include_inactive=false&per_page=0"), None).await;
    assert_eq!((&active["total"], &active["per_page"]), (&json!(2), &json!(1)));
    admin.expect(200, "GET", &format!("{all}?page=9223372036854775807&per_page=5000"), None).await;
    let everybody = json!({ "tarif_plan_ids": [], "version": 2 });
    let changed = admin.expect(200, "PUT", &one, Some(everybody.clone())).await;
    assert_eq!(changed["addon"]["tarif_plan_ids"], json!([]));
    no(&admin, 409, "PUT", &one, everybody).await;
    // The plan that is all that an add-on goes with is kept, for the add-on would be for everybody.
    let lonely = json!({ "name": "Lonely", "price": 1 });
    let lonely = admin.expect(201, "POST", "/api/v1/admin/plans", Some(lonely)).await["plan"]["id"].clone();
    admin.expect(200, "PUT", &one, Some(json!({ "tarif_plan_ids": [lonely] }))).await;
    no(&admin, 400, "DELETE", &format!("/api/v1/admin/plans/{}", text(&lonely)), Value::Null).await;
    admin.expect(200, "DELETE", &one, None).await;
    no(&admin, 404, "PUT", &one, json!({})).await;

    let all = "/api/v1/admin/token-bundles";
    assert_eq!(
        no(&admin, 400, "POST", all, json!({ "name": "x", "price": 1 })).await,
        "Token amount is required"
    );
    for tokens in [0, -5] {
        assert_eq!(
            no(&admin, 400, "POST", all, json!({ "name": "x", "price": 1, "token_amount": tokens })).await,
            "Token amount must be positive"
        );
    }
    admin
        .expect(400, "POST", all, Some(json!({ "name": "x", "price": 1, "token_amount": 5_000_000_000_i64 })))
        .await;
    let body = json!({ "name": "Ten", "price": "0.10", "token_amount": 10 });
    let made = admin.expect(201, "POST", all, Some(body)).await["bundle"].clone();
    let one = format!("{all}/{}", text(&made["id"]));
    assert_eq!(no(&admin, 400, "PUT", &one, json!({ "name": " " })).await, "Name cannot be empty");
    let off = admin.expect(200, "POST", &format!("{one}/deactivate"), None).await;
    assert_eq!(off["bundle"]["is_active"], false);
    no(&admin, 409, "PUT", &one, json!({ "name": "Late", "version": 1 })).await;
    assert_eq!(admin.expect(200, "GET", all, None).await["total"], 4);
    admin.expect(200, "DELETE", &one, None).await;
    no(&admin, 404, "GET", &one, Value::Null).await;
    no(&admin, 400, "GET", &format!("{all}/x"), Value::Null).await;
}

/// Amounts of a currency without decimals are shown with two, and taken like that.
#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn amounts_in_yen_are_taken_as_they_are_shown(pool: PgPool) {
    let site = shop(&pool).await;
    let (admin, ada) = (admin(&site).await, signed_up(&site, "ada").await);
    let yen = json!({ "code": "JPY", "name": "Yen", "exchange_rate": 160 });
    admin.expect(201, "POST", "/api/v1/admin/currencies", Some(yen)).await;
    let plan = json!({ "name": "Onsen", "price": 500, "currency": "JPY" });
    let made = admin.expect(201, "POST", "/api/v1/admin/plans", Some(plan)).await["plan"].clone();
    assert_eq!(made["price"], json!({ "price_decimal": "500.00", "currency_code": "JPY" }));
    let one = format!("/api/v1/admin/plans/{}", text(&made["id"]));
    let read = admin.expect(200, "GET", &one, None).await["plan"].clone();
    let back = json!({ "name": read["name"], "price": read["price"], "version": read["version"] });
    let changed = admin.expect(200, "PUT", &one, Some(back)).await;
    assert_eq!(changed["plan"]["price"], made["price"]);
    no(&admin, 400, "PUT", &one, json!({ "price": "500.50" })).await;

    let cart = json!({ "plan_id": made["id"], "currency": "JPY" });
    let invoice = ada.expect(201, "POST", "/api/v1/user/checkout", Some(cart)).await["invoice"].clone();
    assert_eq!(invoice["total_amount"], "500.00");
    let arrived =
        json!({ "invoice_id": invoice["id"], "payment_reference": "p-1", "amount": invoice["total_amount"] });
    let paid = admin.expect(200, "POST", "/api/v1/webhooks/payment", Some(arrived)).await;
    assert_eq!(paid["status"], "paid");
}
