//! Invoices and subscriptions, as the admin sees and changes them (spec 5.6, 5.8).

use serde_json::{Value, json};
use sqlx::PgPool;

use crate::v1::{admin, ids, shop, signed_up};
use crate::v1_admin::{NOTHING, bought, count, no, text};

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn invoices_are_found_duplicated_and_voided(pool: PgPool) {
    let site = shop(&pool).await;
    let admin = admin(&site).await;
    let (ada, order) = bought(&site, "ada").await;
    let all = "/api/v1/admin/invoices";
    let invoice = text(&order["invoice"]["id"]);
    let one = format!("{all}/{invoice}");
    let listed =
        admin.expect(200, "GET", &format!("{all}?user_id={ada}&status=pending&limit=500"), None).await;
    assert_eq!(
        (&listed["total"], &listed["limit"], &listed["invoices"][0]["user_email"]),
        (&json!(1), &json!(100), &json!("ada@customer.example"))
    );
    let number = text(&order["invoice"]["invoice_number"]);
    let found = admin.expect(200, "GET", &format!("{all}?search={}", number.to_lowercase()), None).await;
    assert_eq!((&found["total"], &found["invoices"][0]["id"]), (&json!(1), &json!(invoice)));
    assert_eq!(admin.expect(200, "GET", &format!("{all}?search=%00"), None).await["total"], 0);
    no(&admin, 400, "GET", &format!("{all}?status=odd"), Value::Null).await;
    no(&admin, 400, "GET", &format!("{all}?user_id=x"), Value::Null).await;
    let detail = admin.expect(200, "GET", &one, None).await["invoice"].clone();
    assert_eq!(
        (
            &detail["user"]["email"],
            &detail["plan"]["slug"],
            &detail["subscription"]["status"],
            &detail["due_date"]
        ),
        (&json!("ada@customer.example"), &json!("basic"), &json!("PENDING"), &detail["expires_at"])
    );

    // The duplicate is the same order once more: paying it gives all of it.
    admin.expect(200, "POST", &format!("{one}/mark-paid"), Some(json!({}))).await;
    let copy = admin.expect(201, "POST", &format!("{one}/duplicate"), None).await["invoice"].clone();
    assert_eq!((&copy["status"], &copy["total_amount"]), (&json!("PENDING"), &detail["total_amount"]));
    assert_eq!(copy["line_items"].as_array().unwrap().len(), 3);
    assert_ne!(copy["invoice_number"], detail["invoice_number"]);
    let paid = format!("{all}/{}/mark-paid", text(&copy["id"]));
    let activated = admin.expect(200, "POST", &paid, Some(json!({}))).await["items_activated"].clone();
    assert_eq!(
        (&activated["tokens_credited"], activated["add_ons"].as_array().unwrap().len()),
        (&json!(600), 1)
    );

    assert_eq!(
        no(&admin, 400, "POST", &format!("{one}/void"), Value::Null).await,
        "Cannot void: invoice status is PAID"
    );
    let again = admin.expect(201, "POST", &format!("{one}/duplicate"), None).await["invoice"].clone();
    let void = format!("{all}/{}/void", text(&again["id"]));
    assert_eq!(admin.expect(200, "POST", &void, None).await["invoice"]["status"], "CANCELLED");
    no(&admin, 400, "POST", &void, Value::Null).await;
    assert_eq!(
        count(
            &pool,
            "SELECT (SELECT count(*) FROM subscriptions WHERE status = 'pending')
            + (SELECT count(*) FROM bundle_purchases WHERE status = 'pending')
            + (SELECT count(*) FROM addon_subscriptions WHERE status = 'pending')"
        )
        .await,
        0,
        "what was ordered with it is given up"
    );
    let deleted = no(&admin, 409, "DELETE", &format!("{all}/{}", text(&again["id"])), Value::Null).await;
    assert!(deleted.ends_with("Void it instead."), "{deleted}");
    for path in
        [format!("{all}/{NOTHING}"), format!("{all}/{NOTHING}/duplicate"), format!("{all}/{NOTHING}/void")]
    {
        let method = if path.ends_with(NOTHING) { "DELETE" } else { "POST" };
        assert_eq!(no(&admin, 404, method, &path, Value::Null).await, "Invoice not found");
    }
    no(&admin, 400, "GET", &format!("{all}/x"), Value::Null).await;
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn subscriptions_are_made_extended_activated_and_cancelled(pool: PgPool) {
    let site = shop(&pool).await;
    let (admin, ada) = (admin(&site).await, signed_up(&site, "ada").await);
    let (plan, ..) = ids(&ada).await;
    let user = text(&ada.expect(200, "GET", "/api/v1/user/profile", None).await["user"]["id"]);
    let all = "/api/v1/admin/subscriptions";
    assert_eq!(no(&admin, 400, "POST", all, json!({})).await, "user_id is required");
    assert_eq!(no(&admin, 400, "POST", all, json!({ "user_id": user })).await, "plan_id is required");
    assert_eq!(
        no(&admin, 404, "POST", all, json!({ "user_id": NOTHING, "plan_id": plan })).await,
        "User not found"
    );
    assert_eq!(
        no(&admin, 404, "POST", all, json!({ "user_id": user, "plan_id": NOTHING })).await,
        "Plan not found"
    );
    for bad in [
        json!({ "user_id": "x", "plan_id": plan }),
        json!({ "user_id": user, "plan_id": plan, "started_at": "soon" }),
        json!({ "user_id": user, "plan_id": plan, "started_at": "99999-01-01" }),
        json!({ "user_id": user, "plan_id": plan, "status": "paused" }),
        json!({ "user_id": user, "plan_id": plan, "billing_period_months": 0 }),
        json!({ "user_id": user, "plan_id": plan, "status": "trialing" }),
    ] {
        admin.expect(400, "POST", all, Some(bad)).await;
    }
    let body = json!({ "user_id": user, "tarif_plan_id": plan, "started_at": "2026-11-10T00:00:00" });
    let made = admin.expect(201, "POST", all, Some(body.clone())).await;
    let subscription = &made["subscription"];
    assert_eq!(
        (
            &subscription["status"],
            &subscription["expires_at"],
            &subscription["user_email"],
            &made["invoice"]["status"]
        ),
        (
            &json!("ACTIVE"),
            &json!("2026-12-10T00:00:00.000000"),
            &json!("ada@customer.example"),
            &json!("PENDING")
        )
    );
    assert_eq!(made["invoice"]["expires_at"], "2026-12-20T12:00:00.000000");
    assert_eq!(no(&admin, 409, "POST", all, body).await, "User already has an active subscription");

    let one = format!("{all}/{}", text(&subscription["id"]));
    let longer = admin.expect(200, "POST", &format!("{one}/extend"), Some(json!({ "days": 5 }))).await;
    assert_eq!(longer["subscription"]["expires_at"], "2026-12-15T00:00:00.000000");
    for days in [0, -1, 5_000_000_000_i64] {
        no(&admin, 400, "POST", &format!("{one}/extend"), json!({ "days": days })).await;
    }
    assert_eq!(
        no(&admin, 400, "POST", &format!("{one}/activate"), Value::Null).await,
        "Subscription is already active"
    );
    let cancelled = admin.expect(200, "POST", &format!("{one}/cancel"), None).await;
    assert_eq!(cancelled["subscription"]["status"], "CANCELLED");
    assert_eq!(
        no(&admin, 400, "POST", &format!("{one}/extend"), json!({})).await,
        "Only active subscriptions can be extended"
    );
    let reason = json!({ "reason": "gone" });
    admin.expect(200, "POST", &format!("{one}/refund"), Some(reason)).await;

    // Its tokens come once: with the activation, and not again with the payment.
    admin.expect(200, "POST", &format!("{one}/activate"), None).await;
    let balance =
        async || ada.expect(200, "GET", "/api/v1/user/tokens/balance", None).await["balance"].clone();
    assert_eq!(balance().await, 100);
    let paid = format!("/api/v1/admin/invoices/{}/mark-paid", text(&made["invoice"]["id"]));
    admin.expect(200, "POST", &paid, Some(json!({}))).await;
    assert_eq!(balance().await, 100);

    let detail = admin.expect(200, "GET", &one, None).await;
    assert_eq!(detail["subscription"]["payment_history"][0]["status"], "PAID");
    for (filter, total) in [
        (format!("user_id={user}"), 1),
        (format!("plan_id={plan}"), 2),
        ("plan=BAS".to_owned(), 2),
        ("status=canceled".to_owned(), 0),
        (format!("user_id={NOTHING}"), 0),
    ] {
        let found = admin.expect(200, "GET", &format!("{all}?{filter}"), None).await;
        assert_eq!(found["total"], total, "{filter}");
    }
    assert_eq!(
        no(&admin, 400, "POST", &format!("{all}/x/cancel"), Value::Null).await,
        "Invalid subscription ID format"
    );
    no(&admin, 404, "POST", &format!("{all}/{NOTHING}/cancel"), Value::Null).await;
}
