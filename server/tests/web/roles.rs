//! Roles of those who help to run the platform: what a role permits, and that it is no way to more.

use http::StatusCode;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::admin::signed_in as in_browser;
use crate::rest::Client;
use crate::support::Site;
use crate::v1::{admin, shop, signed_in};
use crate::v1_admin::{no, text};

const ROLES: &str = "/api/v1/admin/roles";
const EMAIL: &str = "sam@support.example";
const PASSWORD: &str = "Support123@";

/// A role with these permissions, and somebody who has it.
async fn helper<'a>(site: &'a Site, boss: &Client<'_>, permissions: &[&str]) -> (Client<'a>, Value) {
    let role = json!({ "name": "Support desk", "permissions": permissions });
    let role = boss.expect(201, "POST", ROLES, Some(role)).await["role"].clone();
    let user = json!({ "email": EMAIL, "password": PASSWORD, "role": "support-desk" });
    let made = boss.expect(201, "POST", "/api/v1/admin/users", Some(user)).await;
    assert_eq!(
        (&made["user"]["role"], &made["user"]["roles"]),
        (&json!("SUPPORT-DESK"), &json!(["SUPPORT-DESK"]))
    );
    let (helper, answer) = signed_in(site, EMAIL, PASSWORD).await;
    assert_eq!(answer["user"]["roles"], json!(["SUPPORT-DESK"]));
    (helper, role)
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_role_opens_what_it_permits_over_rest_and_on_pages_and_nothing_else(pool: PgPool) {
    let site = shop(&pool).await;
    let boss = admin(&site).await;
    let (sam, role) = helper(&site, &boss, &["invoices.view", "catalogue.manage"]).await;

    sam.expect(200, "GET", "/api/v1/admin/invoices", None).await;
    sam.expect(200, "GET", "/api/v1/admin/token-bundles", None).await;
    let plan = json!({ "name": "Small", "price": "1.00" });
    sam.expect(201, "POST", "/api/v1/admin/tarif-plans", Some(plan)).await;
    let nothing = crate::v1_admin::NOTHING;
    for (method, path) in [
        ("POST", format!("/api/v1/admin/invoices/{nothing}/mark-paid")),
        ("POST", format!("/api/v1/admin/invoices/{nothing}/refund")),
        ("POST", format!("/api/v1/admin/invoices/{nothing}/void")),
        ("POST", "/api/v1/webhooks/payment".to_owned()),
        ("GET", "/api/v1/admin/users".to_owned()),
        ("GET", "/api/v1/admin/analytics".to_owned()),
        ("GET", "/api/admin/customers".to_owned()),
        ("GET", ROLES.to_owned()),
        ("POST", ROLES.to_owned()),
    ] {
        no(&sam, 403, method, &path, json!({ "invoice_id": nothing, "payment_reference": "p", "amount": 1 }))
            .await;
    }

    let session = in_browser(&site, EMAIL, PASSWORD).await;
    for (path, status) in [
        ("/admin", StatusCode::OK),
        ("/admin/invoices", StatusCode::OK),
        ("/admin/export/invoices", StatusCode::OK),
        ("/admin/plans", StatusCode::OK),
        ("/admin/users", StatusCode::FORBIDDEN),
        ("/admin/export/users", StatusCode::FORBIDDEN),
        ("/admin/export/nonsense", StatusCode::FORBIDDEN),
        ("/admin/roles", StatusCode::FORBIDDEN),
        ("/admin/mails", StatusCode::FORBIDDEN),
    ] {
        assert_eq!(site.get(path, &session).await.status(), status, "{path}");
    }
    let page = crate::support::text(site.get("/admin", &session).await).await;
    assert!(
        page.contains("/admin/invoices") && !page.contains("/admin/users"),
        "the menu shows what is permitted"
    );

    // What the role permits changes for who has it, from the next request on.
    let change = json!({ "permissions": ["users.view"], "version": role["version"] });
    let path = format!("{ROLES}/{}", text(&role["id"]));
    boss.expect(200, "PUT", &path, Some(change.clone())).await;
    no(&boss, 409, "PUT", &path, change).await;
    no(&sam, 403, "GET", "/api/v1/admin/invoices", Value::Null).await;
    sam.expect(200, "GET", "/api/v1/admin/users", None).await;

    assert_eq!(no(&boss, 409, "DELETE", &path, Value::Null).await, "Role is in use");
    let id =
        crate::v1_admin::count(&pool, "SELECT count(*) FROM users WHERE platform_role_id IS NOT NULL").await;
    assert_eq!(id, 1);
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_role_is_no_way_to_more(pool: PgPool) {
    let site = shop(&pool).await;
    let boss = admin(&site).await;
    let all: Vec<String> = domain::access::PlatformPermission::all().map(|it| it.to_string()).collect();
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    let (sam, _) = helper(&site, &boss, &all).await;
    let users = sam.expect(200, "GET", "/api/v1/admin/users?limit=100", None).await;
    let id = |email: &str| {
        let users = users["users"].as_array().unwrap();
        text(&users.iter().find(|user| user["email"] == email).unwrap()["id"])
    };
    let (own, root, customer) = (id(EMAIL), id("admin@example.com"), id("test@example.com"));
    let owner = id("owner@harbour.example");

    for (path, body) in [
        (format!("/api/v1/admin/users/{own}/roles"), json!({ "roles": ["ADMIN"] })),
        (format!("/api/v1/admin/users/{own}"), json!({ "role": "ADMIN" })),
        (format!("/api/v1/admin/users/{customer}"), json!({ "role": "SUPPORT-DESK" })),
        (format!("/api/v1/admin/users/{root}"), json!({ "password": "Mine12345@" })),
        (format!("/api/v1/admin/users/{root}"), json!({ "is_active": false })),
        (format!("/api/v1/admin/users/{owner}"), json!({ "password": "Mine12345@" })),
    ] {
        no(&sam, 403, "PUT", &path, body).await;
    }
    no(&sam, 403, "DELETE", &format!("/api/v1/admin/users/{root}"), json!({ "force": true })).await;
    let another = json!({ "email": "other@support.example", "password": PASSWORD, "role": "ADMIN" });
    no(&sam, 403, "POST", "/api/v1/admin/users", another).await;
    no(&sam, 403, "PUT", &format!("{ROLES}/00000000-0000-0000-0000-000000000011"), json!({})).await;
    // What is permitted goes on.
    sam.expect(200, "PUT", &format!("/api/v1/admin/users/{customer}"), Some(json!({ "name": "Ada Byron" })))
        .await;

    let companies = sam.expect(200, "GET", "/api/admin/customers", None).await;
    let company =
        text(&companies["customers"].as_array().unwrap_or_else(|| companies.as_array().unwrap())[0]["id"]);
    let order = json!({ "company_id": company, "user_id": owner });
    no(&sam, 403, "POST", "/api/admin/impersonate", order).await;
    let session = in_browser(&site, EMAIL, PASSWORD).await;
    let body = format!("subject=users&id={owner}&action=act_as");
    site.post_form("/actions/admin-act", &format!("/admin/users/{owner}"), &session, &body).await;
    assert_eq!(
        crate::v1_admin::count(&pool, "SELECT count(*) FROM sessions WHERE acting_as IS NOT NULL").await,
        0
    );
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn the_systems_roles_stay_and_bad_ones_are_refused(pool: PgPool) {
    let site = shop(&pool).await;
    let boss = admin(&site).await;
    let roles = boss.expect(200, "GET", ROLES, None).await;
    let system = &roles["roles"].as_array().unwrap()[0];
    assert_eq!((&system["slug"], &system["is_system"]), (&json!("admin"), &json!(true)));
    let path = format!("{ROLES}/{}", text(&system["id"]));
    let stays = "System roles cannot be changed or deleted";
    assert_eq!(no(&boss, 409, "DELETE", &path, Value::Null).await, stays);
    assert_eq!(no(&boss, 409, "PUT", &path, json!({ "name": "Root" })).await, stays);

    for bad in [
        json!({}),
        json!({ "name": "  " }),
        json!({ "name": "Fax", "permissions": ["fax.manage"] }),
        json!({ "name": "Roles", "permissions": ["roles.manage"] }),
        json!({ "name": "x".repeat(10_000) }),
        json!({ "name": "🙂" }),
    ] {
        no(&boss, 400, "POST", ROLES, bad).await;
    }
    boss.expect(201, "POST", ROLES, Some(json!({ "name": "Support", "permissions": [] }))).await;
    no(&boss, 409, "POST", ROLES, json!({ "name": "support" })).await;
    no(&boss, 404, "GET", &format!("{ROLES}/{}", crate::v1_admin::NOTHING), Value::Null).await;
    let unknown = json!({ "email": "a@b.example", "password": PASSWORD, "role": "fax" });
    assert_eq!(no(&boss, 400, "POST", "/api/v1/admin/users", unknown).await, "Invalid role");
}
