//! Users, as the admin sees and changes them (spec 5.11).

use serde_json::{Value, json};
use sqlx::PgPool;

use crate::rest::Client;
use crate::v1::{admin, shop, signed_up};
use crate::v1_admin::{NOTHING, bought, count, no, text};

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn users_are_made_found_and_changed(pool: PgPool) {
    let site = shop(&pool).await;
    let admin = admin(&site).await;
    let nobody = Client { site: &site, bearer: String::new() };
    let all = "/api/v1/admin/users";
    assert_eq!(no(&admin, 400, "POST", all, json!({ "password": "12345678" })).await, "Email is required");
    assert_eq!(
        no(&admin, 400, "POST", all, json!({ "email": "eve@customer.example" })).await,
        "Password is required"
    );
    let with = |name: &str, value: Value| {
        let mut body = json!({ "email": "eve@customer.example", "password": "12345678" });
        body[name] = value;
        body
    };
    for bad in [
        with("email", json!("eve")),
        with("password", json!("1234567")),
        with("status", json!("odd")),
        with("status", json!("DELETED")),
        with("role", json!("KING")),
        with("token_balance", json!(-1)),
        with("balance", json!(5.5)),
        with("details", json!({ "city": "x".repeat(101) })),
        with("details", json!({ "shoe_size": "9" })),
        with("details", json!({ "config": { "a": "\u{0}" } })),
    ] {
        admin.expect(400, "POST", all, Some(bad.clone())).await;
    }
    let body = json!({
        "email": "Eve@Customer.Example", "password": "TestPass123@", "role": "USER", "token_balance": 5,
        "details": { "first_name": "Eve", "last_name": "Moneypenny", "country": "gb" },
    });
    let made = admin.expect(201, "POST", all, Some(body.clone())).await["user"].clone();
    assert_eq!(
        (&made["email"], &made["name"], &made["status"], &made["token_balance"], &made["details"]["country"]),
        (&json!("eve@customer.example"), &json!("Eve Moneypenny"), &json!("ACTIVE"), &json!(5), &json!("GB"))
    );
    assert_eq!(no(&admin, 409, "POST", all, body).await, "User with this email already exists");
    let one = format!("{all}/{}", text(&made["id"]));
    let credentials = json!({ "email": "eve@customer.example", "password": "TestPass123@" });
    let signed_in = nobody.expect(200, "POST", "/api/v1/auth/login", Some(credentials.clone())).await;
    let eve = Client { site: &site, bearer: format!("Bearer {}", text(&signed_in["token"])) };

    // Tokens are given through the ledger.
    let changed = json!({ "token_balance": 2, "name": "Evelyn Moneypenny", "city": "London", "version": made["version"] });
    let user = admin.expect(200, "PUT", &one, Some(changed.clone())).await["user"].clone();
    assert_eq!(
        (&user["name"], &user["details"]["city"], &user["token_balance"]),
        (&json!("Evelyn Moneypenny"), &json!("London"), &json!(2))
    );
    let entries =
        eve.expect(200, "GET", "/api/v1/user/tokens/transactions", None).await["transactions"].clone();
    let entries: Vec<_> = entries
        .as_array()
        .unwrap()
        .iter()
        .map(|e| (e["amount"].clone(), e["transaction_type"].clone()))
        .collect();
    assert_eq!(entries, [(json!(-3), json!("ADJUSTMENT")), (json!(5), json!("ADJUSTMENT"))]);
    let late = json!({ "token_balance": 100, "name": "Late", "version": made["version"] });
    no(&admin, 409, "PUT", &one, late).await;
    let user = admin.expect(200, "GET", &one, None).await["user"].clone();
    assert_eq!(
        (&user["name"], &user["token_balance"]),
        (&json!("Evelyn Moneypenny"), &json!(2)),
        "nothing changed"
    );

    // Who is suspended is signed out.
    admin.expect(200, "POST", &format!("{one}/suspend"), None).await;
    let gone = no(&eve, 401, "GET", "/api/v1/user/profile", Value::Null).await;
    assert_eq!(gone, "User account is not active");
    let suspended = admin.expect(200, "GET", &format!("{all}?status=SUSPENDED&search=EVE@"), None).await;
    assert_eq!((&suspended["total"], &suspended["users"][0]["status"]), (&json!(1), &json!("SUSPENDED")));
    admin.expect(200, "POST", &format!("{one}/activate"), None).await;
    nobody.expect(200, "POST", "/api/v1/auth/login", Some(credentials)).await;

    for (roles, role) in [(json!(["ADMIN", "USER"]), "ADMIN"), (json!(["VENDOR"]), "USER")] {
        let answer = admin.expect(200, "PUT", &format!("{one}/roles"), Some(json!({ "roles": roles }))).await;
        assert_eq!(answer["user"]["role"], role);
    }
    no(&admin, 400, "PUT", &format!("{one}/roles"), json!({})).await;
    no(&admin, 400, "PUT", &format!("{one}/roles"), json!({ "roles": ["KING"] })).await;
    let own = admin.expect(200, "GET", "/api/v1/admin/profile", None).await["user"]["id"].clone();
    let own = format!("{all}/{}", text(&own));
    for (method, path, body) in [
        ("POST", format!("{own}/suspend"), Value::Null),
        ("PUT", format!("{own}/roles"), json!({ "roles": ["USER"] })),
        ("DELETE", own.clone(), json!({ "force": true })),
    ] {
        no(&admin, 409, method, &path, body).await;
    }
    assert_eq!(admin.expect(200, "GET", &format!("{all}?search=%00"), None).await["total"], 0);
    no(&admin, 400, "GET", &format!("{all}?status=odd"), Value::Null).await;
    assert_eq!(no(&admin, 404, "GET", &format!("{all}/{NOTHING}"), Value::Null).await, "User not found");
    assert_eq!(no(&admin, 400, "GET", &format!("{all}/x"), Value::Null).await, "Invalid user ID format");
    assert!(count(&pool, "SELECT count(*) FROM audit_log WHERE action IN ('user.created', 'user.changed', 'tokens.adjusted')").await >= 7);
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn who_is_deleted_leaves_invoices_and_nothing_else(pool: PgPool) {
    let site = shop(&pool).await;
    let admin = admin(&site).await;
    signed_up(&site, "bob").await;
    let (ada, order) = bought(&site, "ada").await;
    let paid = format!("/api/v1/admin/invoices/{}/mark-paid", text(&order["invoice"]["id"]));
    admin.expect(200, "POST", &paid, Some(json!({}))).await;
    let all = "/api/v1/admin/users";
    let one = format!("{all}/{ada}");
    let addons = admin.expect(200, "GET", &format!("{one}/addons"), None).await;
    assert_eq!(addons["addon_subscriptions"][0]["status"], "ACTIVE");
    let info = admin.expect(200, "GET", &format!("{one}/deletion-info"), None).await;
    assert_eq!((&info["invoice_count"], &info["subscription_count"]), (&json!(1), &json!(1)));
    for body in [None, Some(json!({})), Some(json!({ "force": false }))] {
        let refused = admin.expect(409, "DELETE", &one, body).await;
        assert_eq!((&refused["invoice_count"], &refused["subscription_count"]), (&json!(1), &json!(1)));
    }
    no(&admin, 400, "DELETE", &one, json!("force")).await;
    admin.expect(200, "DELETE", &one, Some(json!({ "force": true }))).await;
    no(&admin, 404, "DELETE", &one, json!({ "force": true })).await;
    let gone = admin.expect(200, "GET", &one, None).await["user"].clone();
    assert_eq!((&gone["status"], &gone["name"]), (&json!("DELETED"), &json!("Deleted user")));
    let invoice = admin.expect(200, "GET", &format!("/api/v1/admin/invoices?user_id={ada}"), None).await;
    assert_eq!(invoice["invoices"][0]["status"], "PAID");
    assert_eq!(
        count(
            &pool,
            "SELECT count(*) FROM subscriptions s JOIN users u ON u.id = s.account_id
            WHERE u.deleted_at IS NOT NULL AND s.status <> 'cancelled'"
        )
        .await,
        0
    );
    // The address is free for somebody else.
    signed_up(&site, "ada").await;
    let bob = admin.expect(200, "GET", &format!("{all}?search=bob@"), None).await["users"][0]["id"].clone();
    admin.expect(200, "DELETE", &format!("{all}/{}", text(&bob)), None).await;
    assert_eq!(admin.expect(200, "GET", &format!("{all}?status=DELETED"), None).await["total"], 2);
}
