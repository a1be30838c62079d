//! The admin's lists: search and filter in each, the tree of plans, jobs in every state, and payments to look at.

use http::StatusCode;
use sqlx::PgPool;
use uuid::Uuid;

use crate::admin::signed_in;
use crate::support::{Site, header, text};
use crate::v1::shop;

async fn admin(site: &Site) -> String {
    signed_in(site, "admin@example.com", "AdminPass123@").await
}

async fn page(site: &Site, path: &str, cookies: &str) -> String {
    let answer = site.get(path, cookies).await;
    assert_eq!(answer.status(), StatusCode::OK, "{path}");
    text(answer).await
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn short_lists_are_searched_filtered_and_paged(pool: PgPool) {
    let site = shop(&pool).await;
    let admin = admin(&site).await;
    sqlx::query(
        "INSERT INTO addons (id, name, slug, price_minor, currency, billing_period, is_active, created_at, updated_at)
         SELECT gen_random_uuid(), 'Extra ' || n, 'extra-' || n, 100, 'EUR', 'monthly', n % 2 = 0, now(), now()
         FROM generate_series(1, 120) AS n",
    )
    .execute(&pool)
    .await
    .unwrap();
    let found = page(&site, "/admin/addons?search=EXTRA+7&state=active", &admin).await;
    assert!(
        found.contains("Extra 78") && !found.contains("Extra 77") && !found.contains("Premium Analytics")
    );
    let rows = |page: &str| page.matches("href=\"/admin/addons/").count() - 1;
    let first = page(&site, "/admin/addons?search=extra", &admin).await;
    assert_eq!(rows(&first), 50);
    assert!(first.replace("&amp;", "&").contains("search=extra&after=50"), "{first}");
    assert_eq!(rows(&page(&site, "/admin/addons?search=extra&after=100", &admin).await), 20);
    let csv = page(&site, "/admin/export/addons?search=extra&state=not_active", &admin).await;
    assert_eq!(csv.lines().count(), 1 + 60);
    for (list, search, wanted, other) in [
        ("plans", "enterprise", "Enterprise", "Basic"),
        ("token-bundles", "5000", "5000 tokens", "1000 tokens"),
        ("payment-methods", "INVOICE", "Invoice", "Cash"),
        ("countries", "austria", "Austria", "Germany"),
        ("taxes", "mwst", "MwSt", "USt"),
        ("currencies", "dollar", "US dollar", "Euro"),
    ] {
        let found = page(&site, &format!("/admin/{list}?search={search}"), &admin).await;
        assert!(found.contains(&format!(">{wanted}<")), "{list}: {found}");
        assert!(!found.contains(&format!(">{other}<")), "{list}: {found}");
    }
    assert_eq!(site.get("/admin/plans?state=nonsense", &admin).await.status(), StatusCode::NOT_FOUND);
    let taxes = page(&site, "/admin/taxes?state=past", &admin).await;
    assert!(!taxes.contains(">MwSt<"), "what is in force is not past");
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn plans_hang_in_the_tree_of_categories_and_open_modules(pool: PgPool) {
    let site = shop(&pool).await;
    let admin = admin(&site).await;
    let tree = page(&site, "/admin/categories", &admin).await;
    let place = |name: &str| tree.find(name).unwrap_or_else(|| panic!("{name}: {tree}"));
    assert!(place("Root") < place("└ Basic") && place("└ Basic") < place("└ Pro"));
    assert!(tree.contains("Hotel Basic"), "a plan without a category is on it, too");

    let form = page(&site, "/admin/plans/new", &admin).await;
    assert!(form.contains("None: for customers"), "{form}");
    let made = async |module: &str| {
        let fields = [
            ("name", "Tours"),
            ("price", "5.00"),
            ("currency", "USD"),
            ("billing_period", "monthly"),
            ("module", module),
        ];
        let fields: Vec<_> =
            fields.iter().map(|(name, value)| format!("fields%5B{name}%5D={value}")).collect();
        let body = format!("subject=plans&id=new&version=0&{}", fields.join("&"));
        let answer = site.post_form("/actions/admin-save", "/admin/plans/new", &admin, &body).await;
        header(&answer, "location").to_owned()
    };
    assert_eq!(made("golf").await, "/admin/plans/new", "there is no such module");
    assert_ne!(made("tour").await, "/admin/plans/new");
    let module: Option<String> =
        sqlx::query_scalar("SELECT module FROM plans WHERE name = 'Tours'").fetch_one(&pool).await.unwrap();
    assert_eq!(module.as_deref(), Some("tour"));
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn jobs_are_seen_in_every_state_and_what_is_done_to_them_is_written_down(pool: PgPool) {
    let site = shop(&pool).await;
    let admin = admin(&site).await;
    sqlx::query("DELETE FROM jobs").execute(&pool).await.unwrap();
    let ids: Vec<Uuid> = sqlx::query_scalar(
        "INSERT INTO jobs (id, queue, payload, status, attempts, run_at, last_error, created_at, finished_at)
         SELECT gen_random_uuid(), 'test.' || status, '{}', status, 3, now(), 'broken pipe', now(), CASE WHEN status <> 'waiting' THEN now() END
         FROM unnest(ARRAY['waiting', 'done', 'dead', 'dead']) AS status RETURNING id",
    )
    .fetch_all(&pool)
    .await
    .unwrap();
    sqlx::query("INSERT INTO cron_runs VALUES ('test.sweep', now())").execute(&pool).await.unwrap();
    let all = page(&site, "/admin/jobs", &admin).await;
    assert!(all.contains("test.waiting") && all.contains("test.done") && all.contains("test.dead"));
    let dead = page(&site, "/admin/jobs?state=dead&search=DEAD", &admin).await;
    assert!(!dead.contains("test.waiting") && dead.contains("test.dead"));
    assert!(page(&site, "/admin/jobs?state=cron", &admin).await.contains("test.sweep"));
    // Who cannot take an event holds up what follows it, and is seen.
    assert!(!page(&site, "/admin", &admin).await.contains("listeners to events are held up"));
    let refused =
        "INSERT INTO event_cursors (consumer, transaction, position, failures, last_error, retry_at)
                   VALUES ('test.reader', '0', 0, 7, 'no such address', now())";
    sqlx::query(refused).execute(&pool).await.unwrap();
    let events = page(&site, "/admin/jobs?state=events", &admin).await;
    assert!(
        events.contains("test.reader") && events.contains("Held up") && events.contains("no such address")
    );
    assert!(page(&site, "/admin", &admin).await.contains("listeners to events are held up"));

    let act = async |id: Uuid, action: &str| {
        let body = format!("subject=jobs&id={id}&action={action}&said=");
        site.post_form("/actions/admin-act", &format!("/admin/jobs/{id}"), &admin, &body).await;
    };
    let state = async |id: Uuid| -> Option<String> {
        sqlx::query_scalar("SELECT status FROM jobs WHERE id = $1")
            .bind(id)
            .fetch_optional(&pool)
            .await
            .unwrap()
    };
    for action in ["retry", "discard"] {
        act(ids[0], action).await;
        assert_eq!(state(ids[0]).await.as_deref(), Some("waiting"), "only what is given up is {action}");
    }
    act(ids[2], "retry").await;
    act(ids[3], "discard").await;
    assert_eq!((state(ids[2]).await.as_deref(), state(ids[3]).await), (Some("waiting"), None));
    let deeds: Vec<(String, Uuid)> =
        sqlx::query_as("SELECT action, subject FROM audit_log WHERE action LIKE 'job.%' ORDER BY id")
            .fetch_all(&pool)
            .await
            .unwrap();
    assert_eq!(deeds, [("job.retried".to_owned(), ids[2]), ("job.discarded".to_owned(), ids[3])]);
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn disputes_and_partial_refunds_are_found_and_companies_named(pool: PgPool) {
    let site = shop(&pool).await;
    let admin = admin(&site).await;
    let (id, number): (Uuid, String) =
        sqlx::query_as("SELECT id, number FROM invoices WHERE status = 'paid'")
            .fetch_one(&pool)
            .await
            .unwrap();
    let quiet = page(&site, "/admin", &admin).await;
    assert!(!quiet.contains("asked back by the bank"));
    for heading in [
        "Monthly recurring revenue at the end",
        "Subscriptions that ended by month",
        "who paid",
        "each paying customer by month",
    ] {
        assert!(quiet.contains(heading), "{heading}");
    }
    sqlx::query(
        "INSERT INTO payments (provider, reference, account_id, invoice_id, amount_minor, refunded_minor, currency, captured_at, disputed_at, created_at)
         SELECT 'stripe', 'pi_1', account_id, id, total_minor, 100, 'EUR', now(), now(), now() FROM invoices WHERE id = $1",
    )
    .bind(id)
    .execute(&pool)
    .await
    .unwrap();
    let loud = page(&site, "/admin", &admin).await;
    assert!(loud.contains("1: payments are asked back by the bank"), "{loud}");
    assert!(loud.contains("1: paid invoices of which a part went back"));
    for state in ["disputed", "partly_refunded"] {
        assert!(
            page(&site, &format!("/admin/invoices?state={state}"), &admin).await.contains(&number),
            "{state}"
        );
    }
    let shown = page(&site, &format!("/admin/invoices/{id}"), &admin).await;
    assert!(shown.contains("pi_1") && shown.contains("Disputed"), "{shown}");

    // The same invoice as a company's.
    let company: (Uuid, String) =
        sqlx::query_as("SELECT id, name FROM organisations WHERE code <> '1000' LIMIT 1")
            .fetch_one(&pool)
            .await
            .unwrap();
    let subscription: Uuid = sqlx::query_scalar(
        "WITH account AS (
             INSERT INTO billing_accounts (id, organisation_id, created_at) VALUES ($1, $1, now()) ON CONFLICT DO NOTHING
         ), made AS (
             INSERT INTO subscriptions (account_id, id, plan_id, status, started_at, expires_at, trial_end_at, created_at, updated_at, currency)
             SELECT $1, gen_random_uuid(), id, 'trialing', now(), now() + interval '9 days', now() + interval '9 days', now(), now(), 'EUR'
             FROM plans WHERE slug = 'hotel-basic' RETURNING id
         ) SELECT id FROM made",
    )
    .bind(company.0)
    .fetch_one(&pool)
    .await
    .unwrap();
    let shown = page(&site, &format!("/admin/subscriptions/{subscription}"), &admin).await;
    assert!(
        shown.contains(&company.1) && shown.contains(&format!("/admin/companies/{}", company.0)),
        "{shown}"
    );
    assert!(!shown.contains("Activate"), "a trial is not activated but paid");
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_translation_is_removed_and_a_way_to_pay_moved(pool: PgPool) {
    let site = shop(&pool).await;
    let admin = admin(&site).await;
    let id: Uuid = sqlx::query_scalar(
        "INSERT INTO payment_methods (id, code, name, position, created_at, updated_at)
         VALUES (gen_random_uuid(), 'cash', 'Cash', 9, now(), now()) RETURNING id",
    )
    .fetch_one(&pool)
    .await
    .unwrap();
    sqlx::query("INSERT INTO payment_method_translations VALUES ($1, 'de', 'Bar', '', '')")
        .bind(id)
        .execute(&pool)
        .await
        .unwrap();
    let act = async |action: &str, said: &str| {
        let body = format!("subject=payment-methods&id={id}&action={action}&said={said}");
        site.post_form("/actions/admin-act", &format!("/admin/payment-methods/{id}"), &admin, &body).await;
    };
    act("untranslate", "fr").await;
    let left = async || -> i64 {
        sqlx::query_scalar("SELECT count(*) FROM payment_method_translations").fetch_one(&pool).await.unwrap()
    };
    assert_eq!(left().await, 1, "there is none in French");
    act("untranslate", "de").await;
    assert_eq!(left().await, 0);
    act("first", "").await;
    let first: String = sqlx::query_scalar("SELECT code FROM payment_methods ORDER BY position LIMIT 1")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!(first, "cash");
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn the_ledger_of_tokens_is_narrowed_to_a_kind_and_a_customer(pool: PgPool) {
    let site = shop(&pool).await;
    let admin = admin(&site).await;
    for email in ["ada@customer.example", "bob@customer.example"] {
        site.state.services.identity.register_customer(email, "TestPass123@").await.unwrap();
    }
    for sql in [
        "INSERT INTO billing_accounts (id, user_id, created_at)
         SELECT id, id, now() FROM users WHERE email LIKE '%@customer.example' ON CONFLICT DO NOTHING",
        "INSERT INTO token_entries (account_id, id, amount, kind, description, created_at)
         SELECT u.id, gen_random_uuid(), 10, k.kind, k.kind || ' of ' || u.email || ' no. ' || n || '.', now()
         FROM users u, unnest(ARRAY['bonus', 'purchase']) AS k (kind), generate_series(1, 60) AS n
         WHERE u.email LIKE '%@customer.example'",
    ] {
        sqlx::query(sql).execute(&pool).await.unwrap();
    }
    let newest_first: Vec<(Uuid, String)> = sqlx::query_as(
        "SELECT id, description FROM token_entries WHERE description LIKE 'bonus of ada@%' ORDER BY id DESC",
    )
    .fetch_all(&pool)
    .await
    .unwrap();
    let shows = |page: &str, entry: usize| page.contains(&newest_first[entry].1);

    let narrowed = "search=ADA%40customer.example&state=bonus";
    let first = page(&site, &format!("/admin/tokens?{narrowed}"), &admin).await;
    assert!(shows(&first, 0) && shows(&first, 49) && !shows(&first, 50), "{first}");
    assert!(!first.contains("purchase of") && !first.contains("of bob@"), "{first}");
    assert!(first.contains("after="), "the page leads to the next: {first}");
    let after = newest_first[49].0;
    let next = page(&site, &format!("/admin/tokens?{narrowed}&after={after}"), &admin).await;
    assert!(!shows(&next, 49) && shows(&next, 50) && shows(&next, 59), "{next}");
    let file = async |query: &str| page(&site, &format!("/admin/export/tokens?{query}"), &admin).await;
    assert_eq!(file(narrowed).await.lines().count(), 1 + 60);
    assert_eq!(file("search=bob%40customer.example").await.lines().count(), 1 + 120);
    for nobody in ["search=nobody%40customer.example", "search=ada", "search=customer.example"] {
        assert_eq!(file(nobody).await.lines().count(), 1, "{nobody}");
    }
    let strange = site.get("/admin/tokens?state=nonsense", &admin).await;
    assert_eq!(strange.status(), StatusCode::NOT_FOUND);
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn what_refuses_a_part_of_a_form_refuses_all_of_it(pool: PgPool) {
    let site = shop(&pool).await;
    let admin = admin(&site).await;
    let save = async |subject: &str, id: Uuid, version: i32, fields: &[(&str, &str)]| {
        let fields: Vec<_> =
            fields.iter().map(|(name, value)| format!("fields%5B{name}%5D={value}")).collect();
        let body = format!("subject={subject}&id={id}&version={version}&{}", fields.join("&"));
        site.post_form("/actions/admin-save", &format!("/admin/{subject}/{id}"), &admin, &body).await;
    };
    let plan = async || -> (Uuid, i32, String) {
        sqlx::query_as("SELECT id, version, name FROM plans WHERE slug = 'pro'")
            .fetch_one(&pool)
            .await
            .unwrap()
    };
    let categories = async |id: Uuid| -> Vec<Uuid> {
        sqlx::query_scalar("SELECT category_id FROM plans_in_categories WHERE plan_id = $1")
            .bind(id)
            .fetch_all(&pool)
            .await
            .unwrap()
    };
    let (id, version, name) = plan().await;
    let before = categories(id).await;
    let nowhere = format!("categories-{}", Uuid::from_u128(7));
    save("plans", id, version, &[("name", "Renamed"), ("is_active", "on"), (nowhere.as_str(), "on")]).await;
    assert_eq!((plan().await.2, categories(id).await), (name, before), "there is no such category");
    let made: Uuid = sqlx::query_scalar(
        "INSERT INTO plan_categories (id, name, slug, created_at, updated_at)
         VALUES (gen_random_uuid(), 'Other', 'other', now(), now()) RETURNING id",
    )
    .fetch_one(&pool)
    .await
    .unwrap();
    let there = format!("categories-{made}");
    save("plans", id, version, &[("name", "Renamed"), ("is_active", "on"), (there.as_str(), "on")]).await;
    assert_eq!((plan().await.2.as_str(), categories(id).await), ("Renamed", vec![made]));

    let method = async || -> (Uuid, i32, String) {
        sqlx::query_as("SELECT id, version, name FROM payment_methods WHERE code = 'invoice'")
            .fetch_one(&pool)
            .await
            .unwrap()
    };
    let (id, version, name) = method().await;
    let translated = async |locale: &str| {
        let fields = [
            ("name", "Transfer"),
            ("is_active", "on"),
            ("translation_locale", locale),
            ("translation_name", "Rechnung"),
        ];
        save("payment-methods", id, version, &fields).await;
    };
    translated("no+language").await;
    assert_eq!(method().await.2, name, "there is no such language");
    translated("de").await;
    assert_eq!(method().await.2, "Transfer");
    let german: String = sqlx::query_scalar(
        "SELECT name FROM payment_method_translations WHERE payment_method_id = $1 AND locale = 'de'",
    )
    .bind(id)
    .fetch_one(&pool)
    .await
    .unwrap();
    assert_eq!(german, "Rechnung");
}
