//! The admin's pages as a browser without JavaScript sees them.

use http::StatusCode;
use sqlx::PgPool;

use crate::support::{Site, cookie, header, text};
use crate::v1::shop;

pub async fn signed_in(site: &Site, email: &str, password: &str) -> String {
    let body = format!("login={}&password={}&next=", email.replace('@', "%40"), password.replace('@', "%40"));
    let answer = site.post_form("/actions/sign-in", "/sign-in", "", &body).await;
    cookie(&answer, "keyrack_session").unwrap_or_else(|| panic!("{email} is not let in"))
}

async fn admin(site: &Site) -> String {
    signed_in(site, "admin@example.com", "AdminPass123@").await
}

const SUBJECTS: [&str; 20] = [
    "users",
    "roles",
    "companies",
    "subscriptions",
    "invoices",
    "plans",
    "categories",
    "addons",
    "token-bundles",
    "payment-methods",
    "countries",
    "taxes",
    "currencies",
    "provider-events",
    "webhooks",
    "deliveries",
    "client-events",
    "jobs",
    "plugins",
    "tokens",
];

/// The addresses of things that a list leads to.
fn links(page: &str, subject: &str) -> Vec<String> {
    let start = format!("href=\"/admin/{subject}/");
    let found = page.match_indices(&start).map(|(at, _)| {
        let rest = &page[at + "href=\"".len()..];
        rest[..rest.find('"').unwrap()].to_owned()
    });
    found.filter(|path| !path.ends_with("/new")).collect()
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn every_list_and_the_first_thing_on_it_are_shown_to_the_admin_alone(pool: PgPool) {
    let site = shop(&pool).await;
    let admin = admin(&site).await;
    let customer = signed_in(&site, "test@example.com", "TestPass123@").await;
    let owner = signed_in(&site, "owner@harbour.example", "HarbourDesk1!").await;
    for path in ["/admin", "/admin/mails", "/admin/settings/seller"] {
        assert_eq!(site.get(path, &admin).await.status(), StatusCode::OK, "{path}");
        assert_eq!(site.get(path, &customer).await.status(), StatusCode::FORBIDDEN, "{path}");
    }
    for subject in SUBJECTS {
        let (list, file) = (format!("/admin/{subject}"), format!("/admin/export/{subject}"));
        for stranger in [&customer, &owner] {
            assert_eq!(site.get(&list, stranger).await.status(), StatusCode::FORBIDDEN, "{list}");
            assert_eq!(site.get(&file, stranger).await.status(), StatusCode::FORBIDDEN, "{file}");
        }
        let nobody = site.get(&list, "").await;
        assert_eq!(header(&nobody, "location"), format!("/sign-in?next={list}"));
        let shown = site.get(&list, &admin).await;
        assert_eq!(shown.status(), StatusCode::OK, "{list}");
        let page = text(shown).await;
        let csv = site.get(&file, &admin).await;
        assert_eq!(header(&csv, "content-type"), "text/csv; charset=utf-8");
        let lines = text(csv).await.lines().count();
        if let Some(first) = links(&page, subject).first() {
            assert!(lines > 1, "{file}");
            let item = site.get(first, &admin).await;
            assert_eq!(item.status(), StatusCode::OK, "{first}");
            assert_eq!(site.get(first, &owner).await.status(), StatusCode::FORBIDDEN, "{first}");
        } else {
            let may_be_empty =
                ["tokens", "provider-events", "webhooks", "deliveries", "client-events", "jobs"];
            assert!(may_be_empty.contains(&subject), "{subject} is empty");
        }
    }
    for path in
        ["/admin/nonsense", "/admin/plans/nonsense", "/admin/invoices/new", "/admin/invoices?state=nonsense"]
    {
        assert_eq!(site.get(path, &admin).await.status(), StatusCode::NOT_FOUND, "{path}");
    }
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_plan_is_made_changed_and_refused_with_what_was_typed(pool: PgPool) {
    let site = shop(&pool).await;
    let admin = admin(&site).await;
    let save = async |id: &str, version: &str, fields: &str| {
        let body = format!("subject=plans&id={id}&version={version}&{fields}");
        site.post_form("/actions/admin-save", &format!("/admin/plans/{id}"), &admin, &body).await
    };
    let field = |name: &str, value: &str| format!("fields%5B{name}%5D={value}");
    let all = |name: &str, price: &str| {
        [
            field("name", name),
            field("price", price),
            field("currency", "EUR"),
            field("prices", "USD+12.00"),
            field("billing_period", "monthly"),
            field("features", "%7B%7D"),
            field("is_active", "on"),
        ]
        .join("&")
    };
    let refused = save("new", "0", &all("Pier", "cheap")).await;
    assert_eq!(header(&refused, "location"), "/admin/plans/new");
    let flash = cookie(&refused, "form").or_else(|| cookie(&refused, "flash"));
    let page =
        text(site.get("/admin/plans/new", &format!("{admin}; {}", flash.unwrap_or_default())).await).await;
    assert!(page.contains("Invalid price") && page.contains("value=\"Pier\""), "{page}");

    let made = save("new", "0", &all("Pier", "10.00")).await;
    let path = header(&made, "location").to_owned();
    let id = path.strip_prefix("/admin/plans/").unwrap().to_owned();
    let page = text(site.get(&path, &admin).await).await;
    assert!(page.contains("USD 12.00"));
    // What is not ticked is not on offer; the second change with the same version is refused.
    let changed = save(&id, "1", &all("Pier", "11.00").replace("&fields%5Bis_active%5D=on", "")).await;
    assert_eq!(header(&changed, "location"), path);
    let (price, is_active): (i64, bool) =
        sqlx::query_as("SELECT price_minor, is_active FROM plans WHERE id = $1::uuid")
            .bind(&id)
            .fetch_one(&pool)
            .await
            .unwrap();
    assert_eq!((price, is_active), (1100, false));
    save(&id, "1", &all("Pier", "12.00")).await;
    let price: i64 = sqlx::query_scalar("SELECT price_minor FROM plans WHERE id = $1::uuid")
        .bind(&id)
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!(price, 1100);
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn an_invoice_is_found_and_refunded(pool: PgPool) {
    let site = shop(&pool).await;
    let admin = admin(&site).await;
    let (id, number): (uuid::Uuid, String) =
        sqlx::query_as("SELECT id, number FROM invoices WHERE status = 'paid' LIMIT 1")
            .fetch_one(&pool)
            .await
            .unwrap();
    let digits = &number[number.len() - 6..];
    for search in [number.as_str(), digits.trim_start_matches('0'), "test%40example.com", &number[..8]] {
        let page = text(site.get(&format!("/admin/invoices?search={search}&state=paid"), &admin).await).await;
        assert!(page.contains(&number), "{search}");
    }
    for search in ["INV-1999", "999999", "nobody%40example.com", "100%25", "%00"] {
        let shown = site.get(&format!("/admin/invoices?search={search}&state=refunded"), &admin).await;
        assert_eq!(shown.status(), StatusCode::OK, "{search}");
        assert!(!text(shown).await.contains(&number), "{search}");
    }
    let pdf = site.get(&format!("/admin/export/invoices/{id}"), &admin).await;
    assert_eq!(header(&pdf, "content-type"), "application/pdf");
    let act = format!("subject=invoices&id={id}&action=refund&said=");
    let customer = signed_in(&site, "test@example.com", "TestPass123@").await;
    let state = async || -> String {
        sqlx::query_scalar("SELECT status FROM invoices WHERE id = $1")
            .bind(id)
            .fetch_one(&pool)
            .await
            .unwrap()
    };
    site.post_form("/actions/admin-act", "/admin", &customer, &act).await;
    assert_eq!(state().await, "paid");
    let done = site.post_form("/actions/admin-act", "/admin", &admin, &act).await;
    assert_eq!(header(&done, "location"), format!("/admin/invoices/{id}"));
    assert_eq!(state().await, "refunded");
    // The file has every row of the filter, and another's invoice is not the customer's to fetch.
    let csv = text(site.get("/admin/export/invoices?state=refunded", &admin).await).await;
    assert!(csv.contains(&number));
    let owner = signed_in(&site, "owner@harbour.example", "HarbourDesk1!").await;
    let path = format!("/account/files/invoices/{id}");
    assert_eq!(site.get(&path, &owner).await.status(), StatusCode::NOT_FOUND);
    assert_eq!(header(&site.get(&path, &customer).await, "content-type"), "application/pdf");
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_file_has_every_message_also_of_one_instant(pool: PgPool) {
    let site = shop(&pool).await;
    let admin = admin(&site).await;
    sqlx::query(
        "INSERT INTO provider_events (provider, event_id, kind, body, status, received_at)
         SELECT 'stripe', 'evt_' || n, 'invoice.paid', '\x7b7d', 'received', '2026-11-20T12:00:00Z'::timestamptz - interval '1 second' * (n / 700)
         FROM generate_series(1, 2100) AS n",
    )
    .execute(&pool)
    .await
    .unwrap();
    let csv = text(site.get("/admin/export/provider-events?state=received", &admin).await).await;
    assert_eq!(csv.lines().count(), 1 + 2100);
    let page = text(site.get("/admin/provider-events", &admin).await).await;
    assert_eq!(links(&page, "provider-events").len(), 50);
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_company_is_found_changed_and_given_a_module(pool: PgPool) {
    let site = shop(&pool).await;
    let admin = admin(&site).await;
    let id: uuid::Uuid =
        sqlx::query_scalar("SELECT u.organisation_id FROM users u WHERE u.email = 'owner@harbour.example'")
            .fetch_one(&pool)
            .await
            .unwrap();
    let (code, name): (String, String) = sqlx::query_as("SELECT code, name FROM organisations WHERE id = $1")
        .bind(id)
        .fetch_one(&pool)
        .await
        .unwrap();
    for search in [code.as_str(), &name[1..4].to_uppercase()] {
        let page = text(site.get(&format!("/admin/companies?search={search}"), &admin).await).await;
        assert!(links(&page, "companies").contains(&format!("/admin/companies/{id}")), "{search}");
    }
    let path = format!("/admin/companies/{id}");
    let save = async |fields: &str| {
        let body = format!("subject=companies&id={id}&version=0&{fields}");
        site.post_form("/actions/admin-save", &path, &admin, &body).await
    };
    let name = name.replace(' ', "+");
    let refused =
        save(&format!("fields%5Bcompany_name%5D={name}&fields%5Bcontact_email%5D=no-address")).await;
    let flash = cookie(&refused, "flash").unwrap();
    let page = text(site.get(&path, &format!("{admin}; {flash}")).await).await;
    assert!(page.contains("value=\"no-address\"") && page.contains("-problem"), "{page}");
    let fields = "fields%5Bcontact_phone%5D=040+1&fields%5Bpackage_end_date%5D=2027-01-31&fields%5Bmodules-hotel%5D=on";
    let done = save(&format!("fields%5Bcompany_name%5D={name}&{fields}")).await;
    assert_eq!(header(&done, "location"), path);
    let (phone, end): (String, String) =
        sqlx::query_as("SELECT contact_phone, package_end_date::text FROM organisations WHERE id = $1")
            .bind(id)
            .fetch_one(&pool)
            .await
            .unwrap();
    assert_eq!((phone.as_str(), end.as_str()), ("040 1", "2027-01-31"));
    let grants: Vec<(String, bool)> = sqlx::query_as(
        "SELECT module, is_granted FROM module_grants WHERE organisation_id = $1 ORDER BY module",
    )
    .bind(id)
    .fetch_all(&pool)
    .await
    .unwrap();
    assert!(grants.contains(&("tour".to_owned(), false)), "what is not ticked is taken away: {grants:?}");
}

async fn count(pool: &PgPool, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql).fetch_one(pool).await.unwrap()
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_form_is_of_whom_its_page_was_made_for(pool: PgPool) {
    let site = shop(&pool).await;
    let owner = signed_in(&site, "owner@harbour.example", "HarbourDesk1!").await;
    let page = text(site.get("/desk/profile", &owner).await).await;
    let at = page.find("name=\"form_token\" value=\"").unwrap() + "name=\"form_token\" value=\"".len();
    let token = &page[at..at + page[at..].find('"').unwrap()];
    assert!(token.contains('_'), "{token}");
    let customer = signed_in(&site, "test@example.com", "TestPass123@").await;
    let body = format!("form%5Bfirst_name%5D=Eve&form_token={token}");
    let path = "/account/profile";
    let refused = site.post_form("/actions/change-billing-address", path, &customer, &body).await;
    assert_eq!(header(&refused, "location"), path);
    assert!(cookie(&refused, "flash").is_some());
    assert_eq!(count(&pool, "SELECT count(*) FROM billing_profiles WHERE first_name = 'Eve'").await, 0);
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn the_admin_acts_for_somebody_in_plain_sight_and_comes_back(pool: PgPool) {
    let site = shop(&pool).await;
    let admin = admin(&site).await;
    let of = async |email: &str| -> uuid::Uuid {
        sqlx::query_scalar("SELECT id FROM users WHERE email = $1")
            .bind(email)
            .fetch_one(&pool)
            .await
            .unwrap()
    };
    let (owner, customer) = (of("owner@harbour.example").await, of("test@example.com").await);
    let act = async |cookies: &str, id: uuid::Uuid| {
        let body = format!("subject=users&id={id}&action=act_as&said=");
        site.post_form("/actions/admin-act", &format!("/admin/users/{id}"), cookies, &body).await
    };
    let stranger = signed_in(&site, "owner@harbour.example", "HarbourDesk1!").await;
    act(&stranger, owner).await;
    act(&admin, customer).await;
    assert_eq!(
        site.get("/admin", &admin).await.status(),
        StatusCode::OK,
        "who works nowhere is nobody's name"
    );

    let done = act(&admin, owner).await;
    assert_eq!(header(&done, "location"), "/desk");
    let desk = text(site.get("/desk", &admin).await).await;
    assert!(desk.contains("You act in the name of"), "{desk}");
    assert!(text(site.get("/account", &admin).await).await.contains("You act in the name of"));
    assert_eq!(
        site.get("/admin", &admin).await.status(),
        StatusCode::FORBIDDEN,
        "the admin's pages are the admin's"
    );
    // How somebody signs in is theirs.
    let body = "full_name=Nobody&email=nobody%40example.com";
    site.post_form("/actions/change-profile", "/desk/profile", &admin, body).await;
    assert_eq!(of("owner@harbour.example").await, owner);
    assert!(!text(site.get("/desk", &stranger).await).await.contains("You act in the name of"));
    // Nor is anybody made, or let in with another password, who would not be the admin in the log.
    let colleague = of("reception@harbour.example").await;
    let before: i64 = count(&pool, "SELECT count(*) FROM users").await;
    let new = "form%5Busername%5D=mole&form%5Bfull_name%5D=Mole&form%5Bemail%5D=&form%5Bpassword%5D=MoleDesk1!&form%5Brole%5D=owner";
    site.post_form("/actions/create-staff", "/desk/staff", &admin, new).await;
    let password = format!("user_id={colleague}&password=MoleDesk1!");
    site.post_form("/actions/set-staff-password", "/desk/staff", &admin, &password).await;
    assert_eq!(count(&pool, "SELECT count(*) FROM users").await, before);
    let of_mole = "SELECT count(*) FROM audit_log WHERE action IN ('staff.created', 'password.changed') AND impersonated_by IS NOT NULL";
    assert_eq!(count(&pool, of_mole).await, 0);
    site.post_form("/actions/create-staff", "/desk/staff", &stranger, new).await;
    assert_eq!(count(&pool, "SELECT count(*) FROM users").await, before + 1, "the owner may");
    let noted: Vec<(String, Option<String>)> = sqlx::query_as(
        "SELECT action, facts ->> 'path' FROM audit_log WHERE impersonated_by IS NOT NULL AND user_id = $1 ORDER BY id",
    )
    .bind(owner)
    .fetch_all(&pool)
    .await
    .unwrap();
    assert_eq!(noted[0], ("user.impersonated".to_owned(), None));
    for path in ["/desk", "/account", "/actions/change-profile"] {
        assert!(
            noted.contains(&("impersonation.request".to_owned(), Some(path.to_owned()))),
            "{path}: {noted:?}"
        );
    }

    let back = site.post_form("/actions/stop-acting", "/desk", &admin, "").await;
    assert!(header(&back, "location").starts_with("/admin/companies/"));
    assert_eq!(site.get("/admin", &admin).await.status(), StatusCode::OK);
    // It also ends after an hour, and with who may not sign in any more.
    act(&admin, owner).await;
    site.clock.advance(chrono::TimeDelta::minutes(59));
    assert_eq!(site.get("/admin", &admin).await.status(), StatusCode::FORBIDDEN);
    site.clock.advance(chrono::TimeDelta::minutes(1));
    assert_eq!(site.get("/admin", &admin).await.status(), StatusCode::OK);
    act(&admin, owner).await;
    // For good: who is let in again is not acted for again by itself.
    for is_active in [false, true] {
        let set = sqlx::query("UPDATE users SET is_active = $2 WHERE id = $1").bind(owner).bind(is_active);
        set.execute(&pool).await.unwrap();
        assert_eq!(site.get("/admin", &admin).await.status(), StatusCode::OK);
    }
    act(&admin, owner).await;
    let set = sqlx::query("UPDATE users SET password_hash = 'another' WHERE id = $1").bind(owner);
    set.execute(&pool).await.unwrap();
    assert_eq!(site.get("/admin", &admin).await.status(), StatusCode::OK);
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_webhook_is_made_tested_and_deleted(pool: PgPool) {
    let site = shop(&pool).await;
    let admin = admin(&site).await;
    let form = text(site.get("/admin/webhooks/new", &admin).await).await;
    assert!(form.contains("value=\"whsec_"), "a secret is on offer");
    let save = async |url: &str, events: &str| {
        let fields = format!(
            "fields%5Burl%5D={url}&fields%5Bevents%5D={events}&fields%5Bsecret%5D=whsec_0123456789abcdef&fields%5Bis_active%5D=on"
        );
        let body = format!("subject=webhooks&id=new&version=0&{fields}");
        site.post_form("/actions/admin-save", "/admin/webhooks/new", &admin, &body).await
    };
    for (url, events) in [("ftp%3A%2F%2Fhooks.example", "*"), ("https%3A%2F%2Fhooks.example%2Fa", "no.such")]
    {
        assert_eq!(header(&save(url, events).await, "location"), "/admin/webhooks/new", "{url} {events}");
    }
    let made = save("https%3A%2F%2Fhooks.example%2Fa", "payment.captured%0Auser.created").await;
    let path = header(&made, "location").to_owned();
    let id = path.strip_prefix("/admin/webhooks/").unwrap_or_else(|| panic!("{path}")).to_owned();
    let page = text(site.get(&path, &admin).await).await;
    assert!(page.contains("https://hooks.example/a") && !page.contains("0123456789abcdef"), "{page}");
    let act = async |subject: &str, id: &str, action: &str| {
        let body = format!("subject={subject}&id={id}&action={action}&said=");
        let answer = site.post_form("/actions/admin-act", &path, &admin, &body).await;
        header(&answer, "location").to_owned()
    };
    let delivery = act("webhooks", &id, "test").await;
    let shown = text(site.get(&delivery, &admin).await).await;
    assert!(shown.contains("webhook.test") && shown.contains("Waiting"), "{shown}");
    let of_it = text(site.get(&format!("/admin/deliveries?account={id}"), &admin).await).await;
    assert_eq!(links(&of_it, "deliveries"), [delivery.as_str()]);
    let again = act("deliveries", delivery.strip_prefix("/admin/deliveries/").unwrap(), "retry").await;
    assert_eq!(again, delivery);
    assert_eq!(act("webhooks", &id, "delete").await, "/admin/webhooks");
    assert_eq!(site.get(&path, &admin).await.status(), StatusCode::NOT_FOUND);
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_customers_address_is_changed_and_every_token_is_accounted_for(pool: PgPool) {
    let site = shop(&pool).await;
    let admin = admin(&site).await;
    let user_of = async |email: &str| -> (String, i32) {
        let id: uuid::Uuid = sqlx::query_scalar("SELECT id FROM users WHERE email = $1")
            .bind(email)
            .fetch_one(&pool)
            .await
            .unwrap();
        let version =
            sqlx::query_scalar("SELECT version FROM users WHERE id = $1").bind(id).fetch_one(&pool).await;
        (id.to_string(), version.unwrap())
    };
    let save = async |fields: &[(&str, &str)]| {
        let (id, version) = user_of("test@example.com").await;
        let fields: Vec<String> =
            fields.iter().map(|(name, value)| format!("fields%5B{name}%5D={value}")).collect();
        let body = format!("subject=users&id={id}&version={version}&{}", fields.join("&"));
        site.post_form("/actions/admin-save", &format!("/admin/users/{id}"), &admin, &body).await;
        text(site.get(&format!("/admin/users/{id}"), &admin).await).await
    };
    let page =
        save(&[("company", "Wave+GmbH"), ("city", "Bremen"), ("country", "DE"), ("token_balance", "1500")])
            .await;
    assert!(page.contains("Wave GmbH") && page.contains("Bremen"), "{page}");
    assert!(page.contains(">1,500<"), "the number of tokens leads to the ledger: {page}");
    // What is wrong is said at its field, and nothing of the form is kept.
    let refused =
        save(&[("city", "Kiel"), ("country", "DE"), ("tax_number", "DE1"), ("token_balance", "9")]).await;
    assert!(!refused.contains("Kiel") && refused.contains("Bremen"), "{refused}");
    let page = save(&[("city", "")]).await;
    assert!(!page.contains("Bremen"), "what is cleared is gone: {page}");

    // Whoever read an older address does not bring it back.
    let stale = save(&[("city", "Kiel"), ("address_as_of", "2020-01-01T00:00:00%2B00:00")]).await;
    assert!(!stale.contains("Kiel"), "{stale}");

    save(&[("token_balance", "20")]).await;
    let (id, _) = user_of("test@example.com").await;
    let export = text(site.get(&format!("/admin/export/tokens?account={id}"), &admin).await).await;
    assert!(export.contains(",1400\n") && export.contains(",-1480\n"), "{export}");
    assert!(!export.contains("'-"), "a number is no formula: {export}");
    for path in [format!("/admin/tokens?account={id}"), "/admin/tokens".to_owned()] {
        let ledger = text(site.get(&path, &admin).await).await;
        assert!(
            ledger.contains("Adjustment by the admin") && ledger.contains("test@example.com"),
            "{ledger}"
        );
        assert!(!ledger.contains(">9<"), "{ledger}");
    }
    let (owner, _) = user_of("owner@harbour.example").await;
    let staff = text(site.get(&format!("/admin/users/{owner}"), &admin).await).await;
    assert!(!staff.contains("fields[address_line_1]"), "staff have no address of their own");
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_subscription_is_made_for_the_address_that_was_typed_and_no_longer_one(pool: PgPool) {
    let site = shop(&pool).await;
    let admin = admin(&site).await;
    for email in ["ada@x.co", "ada@x.com"] {
        site.state.services.identity.register_customer(email, "TestPass123@").await.unwrap();
        site.clock.advance(chrono::TimeDelta::minutes(1));
    }
    let plan: uuid::Uuid =
        sqlx::query_scalar("SELECT id FROM plans WHERE slug = 'basic'").fetch_one(&pool).await.unwrap();
    let save = async |email: &str| {
        let fields = format!("fields%5Bemail%5D={email}&fields%5Bplan_id%5D={plan}");
        let body = format!("subject=subscriptions&id=new&version=0&{fields}");
        let answer = site.post_form("/actions/admin-save", "/admin/subscriptions/new", &admin, &body).await;
        header(&answer, "location").to_owned()
    };
    for nobody in ["ada%40x", "ada%40x.c"] {
        assert_eq!(save(nobody).await, "/admin/subscriptions/new", "{nobody}");
    }
    let made = save("Ada%40X.co").await;
    let id = made.strip_prefix("/admin/subscriptions/").unwrap_or_else(|| panic!("{made}"));
    let owner: String = sqlx::query_scalar(
        "SELECT u.email FROM subscriptions s JOIN users u ON u.id = s.account_id WHERE s.id = $1::uuid",
    )
    .bind(id)
    .fetch_one(&pool)
    .await
    .unwrap();
    assert_eq!(owner, "ada@x.co");
}
