//! The account's pages as a browser without JavaScript sees them.

use http::StatusCode;
use serde_json::json;
use sqlx::PgPool;
use uuid::Uuid;

use crate::admin::signed_in as browser;
use crate::support::{Site, cookie, header, text};
use crate::v1::{admin, shop, signed_in, signed_up};

pub const ADDRESS: &str = "form%5Bfirst_name%5D=Ada&form%5Blast_name%5D=Byron&form%5Baddress_line_1%5D=Am+Wall+1&\
                       form%5Bpostal_code%5D=28195&form%5Bcity%5D=Bremen&form%5Bregion%5D=Freie+Hansestadt&form%5Bcountry%5D=DE";

async fn plan(pool: &PgPool, slug: &str) -> Uuid {
    sqlx::query_scalar("SELECT id FROM plans WHERE slug = $1").bind(slug).fetch_one(pool).await.unwrap()
}

async fn count(pool: &PgPool, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql).fetch_one(pool).await.unwrap()
}

/// A new customer, signed in to the pages.
async fn customer(site: &Site, name: &str) -> String {
    signed_up(site, name).await;
    browser(site, &format!("{name}@customer.example"), "TestPass123@").await
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn an_order_asks_for_the_address_and_begins_a_trial_without_a_payment(pool: PgPool) {
    let site = shop(&pool).await;
    let ada = customer(&site, "ada").await;
    let pro = plan(&pool, "pro").await;
    let page = format!("/account/checkout?plan={pro}&currency=EUR");
    let asked = text(site.get(&page, &ada).await).await;
    assert!(asked.contains("Go on to the total") && !asked.contains("Begin 14 days free"), "{asked}");

    // Nobody orders past the question.
    let chosen = format!("chosen%5Bplan%5D={pro}&chosen%5Bcurrency%5D=EUR");
    let early = site.post_form("/actions/order", &page, &ada, &chosen).await;
    // The way there is made anew, with the letters of an address.
    assert_eq!(header(&early, "location").replace("%2D", "-"), page);
    let of_ada = "SELECT count(*) FROM invoices i JOIN users u ON u.id = i.account_id WHERE u.email = 'ada@customer.example'";
    assert_eq!(count(&pool, of_ada).await, 0);

    let body = format!("{chosen}&form%5Bfirst_name%5D=Ada&form%5Btax_number%5D=DE1");
    let refused = site.post_form("/actions/order-address", &page, &ada, &body).await;
    assert_eq!(header(&refused, "location").replace("%2D", "-"), page);
    let flash = cookie(&refused, "flash").unwrap();
    let shown = text(site.get(&page, &format!("{ada}; {flash}")).await).await;
    for field in ["address_line_1", "city", "country"] {
        assert!(shown.contains(&format!("order-address-{field}-problem")), "{field}: {shown}");
    }
    assert!(shown.contains("value=\"Ada\""), "what was typed is still there");

    let kept = site.post_form("/actions/order-address", &page, &ada, &format!("{chosen}&{ADDRESS}")).await;
    assert_eq!(header(&kept, "location").replace("%2D", "-"), page);
    let quoted = text(site.get(&page, &ada).await).await;
    for words in [
        "14 days free, then € 35.69 each month",
        "Begin 14 days free",
        "28195 Bremen",
        "Freie Hansestadt",
        "Germany",
    ] {
        assert!(quoted.replace('\u{a0}', " ").contains(words), "{words}: {quoted}");
    }

    let begun = site.post_form("/actions/order", &page, &ada, &chosen).await;
    assert_eq!(header(&begun, "location"), "/account");
    let overview = text(site.get("/account", &ada).await).await;
    assert!(overview.contains("Free trial until") && overview.contains("Cancel subscription"), "{overview}");
    assert!(!overview.contains("Give it up"), "a trial is cancelled");
    let plans = text(site.get("/account/plans", &ada).await).await;
    assert!(!plans.contains("days free"), "the trial was used");

    let id: Uuid = sqlx::query_scalar("SELECT id FROM subscriptions WHERE status = 'trialing'")
        .fetch_one(&pool)
        .await
        .unwrap();
    let act = async |act: &str| {
        let body = format!("id={id}&act={act}");
        site.post_form("/actions/change-subscription", "/account", &ada, &body).await;
        text(site.get("/account", &ada).await).await
    };
    assert!(act("cancel").await.contains("Keep it after all"));
    assert!(act("resume").await.contains("Free trial until"));
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn an_order_is_paid_by_transfer_or_given_up(pool: PgPool) {
    let site = shop(&pool).await;
    let ada = customer(&site, "ada").await;
    site.post_form("/actions/change-billing-address", "/account/profile", &ada, ADDRESS).await;
    let basic = plan(&pool, "basic").await;
    let page = format!("/account/checkout?plan={basic}&currency=EUR");
    let quoted = text(site.get(&page, &ada).await).await;
    assert!(quoted.replace('\u{a0}', " ").contains("Order for € 11.89"), "{quoted}");
    let chosen = format!("chosen%5Bplan%5D={basic}&chosen%5Bcurrency%5D=EUR&chosen%5Bmethod%5D=invoice");
    let unknown = chosen.replace("invoice", "shells");
    site.post_form("/actions/order", &page, &ada, &unknown).await;
    assert_eq!(count(&pool, "SELECT count(*) FROM invoices WHERE status = 'pending'").await, 0);

    let ordered = site.post_form("/actions/order", &page, &ada, &chosen).await;
    let path = header(&ordered, "location").to_owned();
    let id = path.strip_prefix("/account/invoices/").unwrap_or_else(|| panic!("{path}"));
    let number: String = sqlx::query_scalar("SELECT number FROM invoices WHERE id = $1::uuid")
        .bind(id)
        .fetch_one(&pool)
        .await
        .unwrap();
    let invoice = text(site.get(&path, &ada).await).await;
    for words in ["IBAN", "DE02 1203 0000 0000 2020 51", "Reference", &number] {
        assert!(invoice.contains(words), "{words}: {invoice}");
    }
    site.clock.advance(chrono::TimeDelta::days(29));
    let ada = browser(&site, "ada@customer.example", "TestPass123@").await;
    assert!(!text(site.get("/account/invoices", &ada).await).await.contains("Overdue"));
    site.clock.advance(chrono::TimeDelta::days(2));
    let ada = browser(&site, "ada@customer.example", "TestPass123@").await;
    assert!(text(site.get("/account/invoices", &ada).await).await.contains("Overdue"));
    let admin = browser(&site, "admin@example.com", "AdminPass123@").await;
    assert!(text(site.get("/admin/invoices?state=overdue", &admin).await).await.contains(&number));

    assert!(text(site.get("/account", &ada).await).await.contains("Give it up"));
    let given_up = site.post_form("/actions/give-up-order", "/account", &ada, &format!("id={id}")).await;
    assert_eq!(header(&given_up, "location"), "/account");
    assert_eq!(count(&pool, "SELECT count(*) FROM subscriptions WHERE status = 'pending'").await, 0);
    assert!(!text(site.get("/admin/invoices?state=overdue", &admin).await).await.contains(&number));
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_refunded_invoice_shows_its_credit_note_to_its_owner_alone(pool: PgPool) {
    let site = shop(&pool).await;
    let id: Uuid =
        sqlx::query_scalar("SELECT id FROM invoices WHERE status = 'paid'").fetch_one(&pool).await.unwrap();
    let rest = admin(&site).await;
    let restore = format!("/api/v1/admin/invoices/{id}/restore");
    rest.expect(400, "POST", &restore, Some(json!({}))).await;
    let admin = browser(&site, "admin@example.com", "AdminPass123@").await;
    let act = async |action: &str| {
        let body = format!("subject=invoices&id={id}&action={action}&said=");
        site.post_form("/actions/admin-act", &format!("/admin/invoices/{id}"), &admin, &body).await;
    };
    act("refund").await;
    let note: Uuid = sqlx::query_scalar("SELECT id FROM credit_notes").fetch_one(&pool).await.unwrap();
    let file = format!("/account/files/invoices/{id}/credit-notes/{note}");
    let customer = browser(&site, "test@example.com", "TestPass123@").await;
    let shown = text(site.get(&format!("/account/invoices/{id}"), &customer).await).await;
    assert!(shown.contains("Credit note CN-") && shown.contains(&file), "{shown}");
    assert_eq!(header(&site.get(&file, &customer).await, "content-type"), "application/pdf");
    let stranger = self::customer(&site, "eve").await;
    assert_eq!(site.get(&file, &stranger).await.status(), StatusCode::NOT_FOUND);
    assert!(header(&site.get(&file, "").await, "location").starts_with("/sign-in"));

    let file = format!("/admin/export/invoices/{id}/credit-notes/{note}");
    assert!(text(site.get(&format!("/admin/invoices/{id}"), &admin).await).await.contains(&file));
    assert_eq!(header(&site.get(&file, &admin).await, "content-type"), "application/pdf");
    assert_eq!(site.get(&file, &customer).await.status(), StatusCode::FORBIDDEN);
    act("restore").await;
    assert_eq!(count(&pool, "SELECT count(*) FROM invoices WHERE status = 'paid'").await, 1);
    assert_eq!(count(&pool, "SELECT count(*) FROM audit_log WHERE action = 'invoice.restored'").await, 1);
    act("refund").await;
    let restored = rest.expect(200, "POST", &restore, Some(json!({}))).await;
    assert_eq!(restored["invoice"]["status"], "PAID");
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn clients_keep_their_plan_and_what_they_cancelled(pool: PgPool) {
    let site = shop(&pool).await;
    let (ada, _) = signed_in(&site, "test@example.com", "TestPass123@").await;
    let active = ada.expect(200, "GET", "/api/v1/user/subscriptions/active", None).await;
    let id = active["subscription"]["id"].as_str().unwrap().to_owned();
    let of = |action: &str| format!("/api/v1/user/subscriptions/{id}/{action}");
    let lesser: Uuid = sqlx::query_scalar(
        "INSERT INTO plans (id, name, slug, price_minor, currency, billing_period, created_at, updated_at)
         VALUES (gen_random_uuid(), 'Mini', 'mini', 100, 'EUR', 'monthly', now(), now()) RETURNING id",
    )
    .fetch_one(&pool)
    .await
    .unwrap();
    let none = ada.expect(400, "POST", &of("keep-plan"), None).await;
    assert_eq!(none["error"], "No plan change is scheduled");
    ada.expect(200, "POST", &of("downgrade"), Some(json!({ "plan_id": lesser }))).await;
    let customer = browser(&site, "test@example.com", "TestPass123@").await;
    let page = text(site.get("/account", &customer).await).await;
    assert!(page.contains("Becomes Mini") && page.contains("Stay with Basic"), "{page}");
    let kept = ada.expect(200, "POST", &of("keep-plan"), None).await;
    assert_eq!(kept["subscription"]["pending_plan_id"], json!(null));
    // What a lesser plan would cost is said before it is chosen.
    let changes = text(site.get(&format!("/account/subscriptions/{id}"), &customer).await).await;
    assert!(changes.contains("From ") && changes.replace('\u{a0}', " ").contains("€ 1.00"), "{changes}");

    // In the currency in which it was bought, as the renewal will be.
    sqlx::query("UPDATE subscriptions SET currency = 'USD'").execute(&pool).await.unwrap();
    sqlx::query("INSERT INTO plan_prices SELECT id, 'USD', 1234 FROM plans WHERE slug = 'basic'")
        .execute(&pool)
        .await
        .unwrap();
    sqlx::query("UPDATE currencies SET is_active = false WHERE code = 'USD'").execute(&pool).await.unwrap();
    assert!(text(site.get("/account", &customer).await).await.contains("12.34"));
    let changes = text(site.get(&format!("/account/subscriptions/{id}"), &customer).await).await;
    assert!(changes.contains("1.08") && !changes.contains('€'), "{changes}");

    ada.expect(200, "POST", &of("cancel"), None).await;
    let resumed = ada.expect(200, "POST", &of("resume"), None).await;
    assert_eq!(resumed["subscription"]["status"], "ACTIVE");
    ada.expect(400, "POST", &of("resume"), None).await;
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_plan_that_is_paid_once_is_paid_at_once_and_waits_for_no_renewal(pool: PgPool) {
    let site = shop(&pool).await;
    let (ada, _) = signed_in(&site, "test@example.com", "TestPass123@").await;
    let active = ada.expect(200, "GET", "/api/v1/user/subscriptions/active", None).await;
    let id = active["subscription"]["id"].as_str().unwrap().to_owned();
    let lifetime: Uuid = sqlx::query_scalar(
        "INSERT INTO plans (id, name, slug, price_minor, currency, billing_period, created_at, updated_at)
         VALUES (gen_random_uuid(), 'Lifetime', 'lifetime', 50000, 'EUR', 'one_time', now(), now()) RETURNING id",
    )
    .fetch_one(&pool)
    .await
    .unwrap();
    let downgrade = format!("/api/v1/user/subscriptions/{id}/downgrade");
    let refused = ada.expect(400, "POST", &downgrade, Some(json!({ "plan_id": lifetime }))).await;
    assert_eq!(refused["error"], "Cannot downgrade to a one-time plan");

    let customer = browser(&site, "test@example.com", "TestPass123@").await;
    let changes = text(site.get(&format!("/account/subscriptions/{id}"), &customer).await).await;
    let choice = changes.split("<h2>Lifetime</h2>").nth(1).unwrap().split("</section>").next().unwrap();
    assert!(choice.contains("/actions/upgrade") && !choice.contains("/actions/downgrade"), "{choice}");

    let upgrade = format!("/api/v1/user/subscriptions/{id}/upgrade");
    let asked = ada.expect(200, "POST", &upgrade, Some(json!({ "plan_id": lifetime }))).await;
    let paid = format!("/api/v1/admin/invoices/{}/mark-paid", asked["invoice"]["id"].as_str().unwrap());
    admin(&site).await.expect(200, "POST", &paid, Some(json!({}))).await;
    let page = text(site.get("/account", &customer).await).await;
    assert!(page.contains("Not renewed; access until"), "{page}");
}

/// Without an address the tax is that of the country that the order named, also of a lesser plan.
#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_lesser_plan_is_shown_with_the_tax_of_its_renewal(pool: PgPool) {
    let site = shop(&pool).await;
    let (ada, _) = signed_in(&site, "test@example.com", "TestPass123@").await;
    let active = ada.expect(200, "GET", "/api/v1/user/subscriptions/active", None).await;
    let id = active["subscription"]["id"].as_str().unwrap().to_owned();
    let lesser: Uuid = sqlx::query_scalar(
        "INSERT INTO plans (id, name, slug, price_minor, currency, billing_period, created_at, updated_at)
         VALUES (gen_random_uuid(), 'Mini', 'mini', 100, 'EUR', 'monthly', now(), now()) RETURNING id",
    )
    .fetch_one(&pool)
    .await
    .unwrap();
    let customer = browser(&site, "test@example.com", "TestPass123@").await;
    let changes = text(site.get(&format!("/account/subscriptions/{id}"), &customer).await).await;
    let choice = changes.split("<h2>Mini</h2>").nth(1).unwrap().split("</section>").next().unwrap();
    assert!(choice.contains("/actions/downgrade"), "{choice}");
    assert!(choice.replace('\u{a0}', " ").contains("€ 1.19"), "{choice}");

    let downgrade = format!("/api/v1/user/subscriptions/{id}/downgrade");
    ada.expect(200, "POST", &downgrade, Some(json!({ "plan_id": lesser }))).await;
    site.clock.advance(chrono::TimeDelta::days(24));
    site.state.services.billing.tick().await.unwrap();
    assert_eq!(count(&pool, "SELECT total_minor FROM invoices WHERE reason = 'renewal'").await, 119);
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_customers_new_password_is_strong_and_another_address_takes_the_present_one(pool: PgPool) {
    let site = shop(&pool).await;
    let ada = customer(&site, "ada").await;
    let page = "/account/security";
    let said = "with a small and a capital letter, a digit and a sign such as !";
    let shown = text(site.get(page, &ada).await).await;
    assert!(shown.contains(said), "{shown}");
    // Sends a form, and shows the page that it was on.
    let send = async |action: &str, page: &str, cookies: &str, body: &str| {
        let answer = site.post_form(&format!("/actions/{action}"), page, cookies, body).await;
        let flash = cookie(&answer, "flash").unwrap_or_default();
        text(site.get(page, &format!("{cookies}; {flash}")).await).await
    };
    let weak = "old_password=TestPass123@&new_password=a+long+sentence";
    let shown = send("change-password", page, &ada, weak).await;
    assert!(shown.contains("change-password-new_password-problem"), "{shown}");

    site.post_form("/actions/forgot-password", "/forgot-password", "", "email=ada@customer.example").await;
    let mail: String = sqlx::query_scalar(
        "SELECT payload ->> 'text' FROM jobs WHERE payload ->> 'text' LIKE '%reset-password?token=%'",
    )
    .fetch_one(&pool)
    .await
    .unwrap();
    let token = mail.split("token=").nth(1).unwrap().lines().next().unwrap();
    let link = format!("/reset-password?token={token}");
    let weak = format!("token={token}&password=a+long+sentence");
    let shown = send("reset-password", &link, "rail=slim", &weak).await;
    assert!(shown.contains("reset-password-password-problem") && shown.contains(said), "{shown}");

    let body = |password: &str| format!("full_name=Ada&email=eve@customer.example&old_password={password}");
    for password in ["", "guess"] {
        let shown = send("change-profile", page, &ada, &body(password)).await;
        assert!(shown.contains("change-profile-old_password-problem"), "{password}: {shown}");
    }
    // Who sends the form without the field is asked for it, too.
    let shown = send("change-profile", page, &ada, "full_name=Ada&email=eve@customer.example").await;
    assert!(shown.contains("change-profile-old_password-problem"), "{shown}");
    let told = "SELECT count(*) FROM jobs WHERE payload ->> 'to' = 'ada@customer.example'
                  AND payload ->> 'subject' = 'Your Keyrack e-mail address was changed'";
    assert_eq!(count(&pool, told).await, 0);
    send("change-profile", page, &ada, &body("TestPass123@")).await;
    assert_eq!(count(&pool, told).await, 1);
    assert_eq!(count(&pool, "SELECT count(*) FROM users WHERE username = 'eve@customer.example'").await, 1);
    // A name alone takes no password.
    send("change-profile", page, &ada, "full_name=Eve&email=eve@customer.example&old_password=").await;
    assert_eq!(count(&pool, "SELECT count(*) FROM users WHERE full_name = 'Eve'").await, 1);
}
