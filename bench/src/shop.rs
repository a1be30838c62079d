//! The budgets of billing: lists of plans, checkouts, the admin's lists over a million invoices, and PDFs.

use std::fmt::Write;
use std::time::Duration;

use anyhow::Context;
use futures::future::try_join_all;
use sqlx::PgPool;
use uuid::Uuid;

use crate::house::Server;
use crate::http::{Connection, get, load, post};
use crate::table::Table;
use crate::{CLIENTS, floor, house, millis};

/// How many plans are on offer.
const PLANS: i32 = 50;

/// How many customers buy; more than there are clients, since one account's purchases come one after the other.
const CUSTOMERS: i32 = 200;

/// How many invoices there are.
const INVOICES: i32 = 1_000_000;

/// Customers who have these invoices.
const ACCOUNTS: i32 = 20_000;

/// What is bought.
struct Cart {
    plan: (Uuid, i64),
    addon: (Uuid, i64),
    bundle: (Uuid, i64),
}

/// The shop under test.
pub struct Shop<'a> {
    pub pool: &'a PgPool,
    pub database: &'a str,
    pub time: Duration,
    pub table: &'a mut Table,
}

impl Shop<'_> {
    /// Measures everything; fills the database on the way.
    pub async fn run(&mut self, server: &Server) -> anyhow::Result<()> {
        let cart = self.fill_catalogue().await?;
        let customers = self.customers(server).await?;
        self.plans(server).await?;
        self.checkouts(server, &cart, &customers).await?;
        self.fill_invoices().await?;
        self.lists(server).await
    }

    /// Plans, the first of which anybody can have any number of, and what goes with it.
    async fn fill_catalogue(&self) -> anyhow::Result<Cart> {
        sqlx::query(
            "INSERT INTO plans (id, name, slug, description, price_minor, currency, billing_period, features, sort_order, created_at, updated_at)
             SELECT gen_random_uuid(), 'Bench ' || n, 'bench-' || n, repeat('What there is in it. ', 5), 100 * n, 'EUR', 'monthly',
                    '{\"default_tokens\": 100, \"limits\": {\"projects\": 3}}', 100 + n, now(), now()
             FROM generate_series(1, $1 - (SELECT count(*)::int FROM plans WHERE is_active AND module IS NULL)) AS n",
        )
        .bind(PLANS)
        .execute(self.pool)
        .await?;
        sqlx::query(
            "INSERT INTO plans_in_categories (plan_id, category_id)
             SELECT p.id, c.id FROM plans p, plan_categories c WHERE c.slug = 'root' AND p.slug LIKE 'bench-%' AND p.slug <> 'bench-1'",
        )
        .execute(self.pool)
        .await?;
        let one = async |sql: &'static str| sqlx::query_as::<_, (Uuid, i64)>(sql).fetch_one(self.pool).await;
        Ok(Cart {
            plan: one("SELECT id, price_minor FROM plans WHERE slug = 'bench-1'").await?,
            addon: one("SELECT id, price_minor FROM addons WHERE is_active ORDER BY sort_order LIMIT 1")
                .await?,
            bundle: one(
                "SELECT id, price_minor FROM token_bundles WHERE is_active ORDER BY sort_order LIMIT 1",
            )
            .await?,
        })
    }

    /// Customers who are signed in: ids and headers.
    async fn customers(&self, server: &Server) -> anyhow::Result<Vec<(Uuid, String)>> {
        sqlx::query(
            "INSERT INTO users (id, email, username, full_name, password_hash, created_at)
             SELECT gen_random_uuid(), 'buyer-' || n || '@bench.example', 'buyer-' || n || '@bench.example', 'Buyer ' || n, u.password_hash, now()
             FROM generate_series(1, $1) AS n, users u WHERE u.email = 'test@example.com'",
        )
        .bind(CUSTOMERS)
        .execute(self.pool)
        .await?;
        let buyers: Vec<(Uuid, String)> = sqlx::query_as(
            "SELECT id, email FROM users WHERE email LIKE 'buyer-%@bench.example' ORDER BY id",
        )
        .fetch_all(self.pool)
        .await?;
        // A few at once: each is the work of a password hash.
        let mut signed_in = Vec::with_capacity(buyers.len());
        for some in buyers.chunks(4) {
            let headers = some.iter().map(|(_, email)| bearer(server, email, "TestPass123@"));
            let headers = try_join_all(headers).await?;
            signed_in.extend(some.iter().map(|(id, _)| *id).zip(headers));
        }
        Ok(signed_in)
    }

    async fn plans(&mut self, server: &Server) -> anyhow::Result<()> {
        let request = |_| get("/api/v1/tarif-plans?country=DE", "");
        let answer = Connection::open(&server.address).await?.send(&request(0), true).await?;
        let list: serde_json::Value = serde_json::from_slice(&answer.body)?;
        let plans = list["plans"].as_array().map_or(0, Vec::len);
        anyhow::ensure!(plans == usize::try_from(PLANS)?, "{plans} plans are on offer");
        load(&server.address, CLIENTS, Duration::from_secs(2), None, 200, request).await?;
        let full = load(&server.address, CLIENTS, self.time, None, 200, request).await?;
        let floor =
            floor::pgbench(self.database, "keyrack_app", &plans_script()?, CLIENTS, self.time.as_secs())?;
        let ratio = full.rate / floor * 100.0;
        self.table.add(
            "GET /api/v1/tarif-plans?country=DE, 50 plans",
            "≥ 50 % of pgbench",
            format!("{:.0}/s of {floor:.0}/s = {ratio:.0} %", full.rate),
            ratio >= 50.0 && full.failed == 0,
        );
        Ok(())
    }

    async fn checkouts(
        &mut self,
        server: &Server,
        cart: &Cart,
        customers: &[(Uuid, String)],
    ) -> anyhow::Result<()> {
        let body = format!(
            r#"{{"plan_id":"{}","add_on_ids":["{}"],"token_bundle_ids":["{}"],"currency":"EUR"}}"#,
            cart.plan.0, cart.addon.0, cart.bundle.0
        );
        let headers: Vec<String> = customers.iter().map(|(_, headers)| headers.clone()).collect();
        let count = u64::try_from(headers.len())?;
        let request = move |number: u64| {
            let buyer = &headers[usize::try_from(number % count).unwrap_or(0)];
            post("/api/v1/user/checkout", buyer, &body)
        };
        let answer = Connection::open(&server.address).await?.send(&request(0), true).await?;
        anyhow::ensure!(
            answer.status == 201,
            "a checkout answers {}: {}",
            answer.status,
            String::from_utf8_lossy(&answer.body)
        );
        load(&server.address, CLIENTS, Duration::from_secs(1), None, 201, request.clone()).await?;
        let full = load(&server.address, CLIENTS, self.time, None, 201, request.clone()).await?;
        self.settle_down().await?;
        let half = load(&server.address, CLIENTS, self.time, Some(full.rate / 2.0), 201, request).await?;
        self.settle_down().await?;
        let script = checkout_script(cart, customers)?;
        let seconds = self.time.as_secs();
        let floor = floor::pgbench(self.database, "keyrack_app", &script, CLIENTS, seconds)?;
        // At the very pace that the server had.
        let floor_p99 =
            floor::pgbench_p99(self.database, "keyrack_app", &script, CLIENTS, seconds, full.rate / 2.0)?;
        let ratio = full.rate / floor * 100.0;
        self.table.add(
            "POST /api/v1/user/checkout, plan, add-on and bundle",
            "≥ 40 % of pgbench",
            format!(
                "{:.0}/s of {floor:.0}/s = {ratio:.0} %, {} refused",
                full.rate,
                full.failed + half.failed
            ),
            ratio >= 40.0 && full.failed + half.failed == 0,
        );
        let p99 = millis(half.p99);
        self.table.add(
            "checkout, p99 at half load",
            "≤ 40 ms",
            format!("{p99:.1} ms; pgbench at the same pace {:.1} ms", millis(floor_p99)),
            p99 <= 40.0,
        );
        Ok(())
    }

    /// Waits until what the load left behind is done: events that were not told yet, mail that was not written.
    async fn settle_down(&self) -> anyhow::Result<()> {
        for _ in 0..1500 {
            let is_done: bool = sqlx::query_scalar(
                "SELECT NOT EXISTS (SELECT FROM jobs WHERE status = 'running' OR status = 'waiting' AND run_at <= now())
                    AND NOT EXISTS (SELECT FROM event_cursors c, events e WHERE (e.transaction, e.position) > (c.transaction, c.position))",
            )
            .fetch_one(self.pool)
            .await?;
            if is_done {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        anyhow::bail!("five minutes after the load there is still work to do")
    }

    /// A million invoices of three years, of twenty thousand customers, in every state.
    #[expect(clippy::disallowed_methods, reason = "the bench fills the database as its owner")]
    async fn fill_invoices(&self) -> anyhow::Result<()> {
        println!("  {INVOICES} invoices are being made");
        let mut transaction = self.pool.begin().await?;
        // Their sums are right; looking at each of them takes minutes.
        sqlx::query("SET LOCAL session_replication_role = replica").execute(&mut *transaction).await?;
        sqlx::query(
            "INSERT INTO users (id, email, username, full_name, password_hash, created_at)
             SELECT md5('payer' || n)::uuid, 'payer-' || n || '@bench.example', 'payer-' || n || '@bench.example', 'Payer ' || n, '', now()
             FROM generate_series(1, $1) AS n",
        )
        .bind(ACCOUNTS)
        .execute(&mut *transaction)
        .await?;
        sqlx::query(
            "INSERT INTO billing_accounts (id, user_id, created_at)
             SELECT md5('payer' || n)::uuid, md5('payer' || n)::uuid, now() FROM generate_series(1, $1) AS n",
        )
        .bind(ACCOUNTS)
        .execute(&mut *transaction)
        .await?;
        sqlx::query(
            "INSERT INTO invoices (account_id, id, number, reason, status, currency, subtotal_minor, tax_minor, tax_rate, invoiced_at, due_at,
                                   paid_at, created_at, updated_at)
             SELECT md5('payer' || 1 + n % $2)::uuid, md5('invoice' || n)::uuid, 'INV-' || 2001 + n % 20 || '-' || lpad((n / 20)::text, 6, '0'),
                    'purchase', CASE WHEN n % 100 < 90 THEN 'paid' WHEN n % 100 < 94 THEN 'pending' WHEN n % 100 < 96 THEN 'failed'
                                     WHEN n % 100 < 98 THEN 'cancelled' ELSE 'refunded' END,
                    'EUR', 1000 + n % 5000, 190, 1900, at, at + interval '30 days', at, at, at
             FROM (SELECT n, now() - interval '1 minute' * (1.5 * n) AS at FROM generate_series(1, $1) AS n) AS numbers",
        )
        .bind(INVOICES)
        .bind(ACCOUNTS)
        .execute(&mut *transaction)
        .await?;
        sqlx::query(
            "INSERT INTO invoice_lines (account_id, invoice_id, id, position, item_type, item_id, catalog_item_id, description, quantity, unit_price_minor)
             SELECT account_id, id, gen_random_uuid(), 1, 'token_bundle', id, (SELECT id FROM token_bundles LIMIT 1), 'Tokens', 1, subtotal_minor
             FROM invoices WHERE number LIKE 'INV-20__-______' AND payment_method IS NULL AND plan_id IS NULL AND created_at < now() - interval '1 minute'
             ORDER BY created_at DESC LIMIT 1000",
        )
        .execute(&mut *transaction)
        .await?;
        // One in 500 is disputed, of as many a part went back.
        sqlx::query(
            "INSERT INTO payments (provider, reference, account_id, invoice_id, amount_minor, refunded_minor, currency, captured_at, disputed_at,
                                   created_at)
             SELECT 'stripe', 'bench-' || id, account_id, id, total_minor,
                    CASE WHEN status = 'refunded' THEN total_minor WHEN part = 1 THEN total_minor / 2 ELSE 0 END, currency, paid_at,
                    CASE WHEN part = 2 THEN paid_at END, created_at
             FROM (SELECT *, abs(hashtext(id::text)) % 500 AS part FROM invoices WHERE status IN ('paid', 'refunded')) AS paid",
        )
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        sqlx::query("VACUUM (ANALYZE) invoices, payments, users, billing_accounts")
            .execute(self.pool)
            .await?;
        Ok(())
    }

    /// The admin's list of invoices by every filter; a PDF.
    async fn lists(&mut self, server: &Server) -> anyhow::Result<()> {
        let admin: Uuid = sqlx::query_scalar("SELECT id FROM users WHERE email = 'admin@example.com'")
            .fetch_one(self.pool)
            .await?;
        let cookie = house::browser(self.pool, admin, None).await?;
        let (account, deep, invoice): (Uuid, Uuid, Uuid) = sqlx::query_as(
            "SELECT md5('payer7')::uuid, (SELECT id FROM invoices ORDER BY created_at, id OFFSET 1000 LIMIT 1),
                    (SELECT l.invoice_id FROM invoice_lines l JOIN invoices i ON i.id = l.invoice_id
                     WHERE l.description = 'Tokens' AND i.number LIKE 'INV-%' LIMIT 1)",
        )
        .fetch_one(self.pool)
        .await?;
        let filters = [
            String::new(),
            format!("after={deep}"),
            "state=paid".to_owned(),
            "state=refunded".to_owned(),
            "state=overdue".to_owned(),
            "state=disputed".to_owned(),
            "state=partly_refunded".to_owned(),
            format!("state=overdue&after={deep}"),
            "state=disputed&search=payer-77%40bench.example".to_owned(),
            format!("state=pending&after={deep}"),
            "search=INV-2014-0123".to_owned(),
            "search=INV-20&state=failed".to_owned(),
            "search=31234".to_owned(),
            "search=999999".to_owned(),
            "search=payer-77%40bench.example".to_owned(),
            "search=payer-77%40bench.example&state=cancelled".to_owned(),
            format!("account={account}&state=paid"),
        ];
        let (p99, worst) =
            slowest(server, &cookie, filters.iter().map(|filter| format!("/admin/invoices?{filter}")))
                .await?;
        let named = if worst.is_empty() { "no filter" } else { &worst };
        self.table.add(
            &format!("admin's list of a million invoices, p99 of the slowest of {} filters", filters.len()),
            "≤ 100 ms",
            format!("{:.1} ms ({named})", millis(p99)),
            millis(p99) <= 100.0,
        );
        let (p99, _) =
            slowest(server, &cookie, [format!("/admin/export/invoices/{invoice}")].into_iter()).await?;
        self.table.add(
            "an invoice as PDF, p99",
            "≤ 50 ms",
            format!("{:.1} ms", millis(p99)),
            millis(p99) <= 50.0,
        );
        Ok(())
    }
}

/// The p99 of the slowest of some pages, asked for one after the other, and which one that was: what follows its `?`.
async fn slowest(
    server: &Server,
    headers: &str,
    paths: impl Iterator<Item = String>,
) -> anyhow::Result<(Duration, String)> {
    let mut slowest = (Duration::ZERO, String::new());
    for path in paths {
        let request = get(&path, headers);
        let answer = Connection::open(&server.address).await?.send(&request, true).await?;
        anyhow::ensure!(answer.status == 200, "{path} answers {}", answer.status);
        let load =
            load(&server.address, 1, Duration::from_secs(2), None, 200, move |_| request.clone()).await?;
        anyhow::ensure!(load.failed == 0, "{path} failed");
        if load.p99 > slowest.0 {
            slowest = (load.p99, path.split_once('?').map(|(_, query)| query.to_owned()).unwrap_or_default());
        }
    }
    Ok(slowest)
}

/// The header of somebody who signs in.
async fn bearer(server: &Server, email: &str, password: &str) -> anyhow::Result<String> {
    let body = serde_json::json!({ "email": email, "password": password }).to_string();
    let answer =
        Connection::open(&server.address).await?.send(&post("/api/v1/auth/login", "", &body), true).await?;
    let answer: serde_json::Value = serde_json::from_slice(&answer.body).context("no token was given")?;
    let token = answer["token"].as_str().context("nobody is signed in")?;
    Ok(format!("Authorization: Bearer {token}\r\n"))
}

/// The statements of a list of plans.
fn plans_script() -> anyhow::Result<String> {
    let statements = [
        floor::statement("ORDER BY (t.region <> '') DESC LIMIT 1", &["'DE'", "NULL", "current_date"])?,
        floor::statement("SELECT p.id, p.name, p.slug, p.price_minor, p.currency AS", &["'EUR'", "NULL"])?,
    ];
    Ok(floor::transaction("", "00000000-0000-0000-0000-000000000000", "", &statements))
}

/// The statements of a checkout's transaction.
fn checkout_script(cart: &Cart, customers: &[(Uuid, String)]) -> anyhow::Result<String> {
    let ids = customers.iter().map(|(id, _)| id.to_string()).collect::<Vec<_>>().join(",");
    // Each client has buyers of its own, as the server's clients have: one account's purchases wait for each other.
    let last = customers.len() / usize::try_from(CLIENTS)? - 1;
    let uuid = |id: Uuid| format!("'{id}'::uuid");
    let (plan, addon, bundle) = (uuid(cart.plan.0), uuid(cart.addon.0), uuid(cart.bundle.0));
    let (plan_price, addon_price, bundle_price) = (cart.plan.1, cart.addon.1, cart.bundle.1);
    let total = (plan_price + addon_price + bundle_price).to_string();
    let array = |id: &str| format!("ARRAY[{id}]");
    let (account, subscription, invoice) = (":account::uuid", ":subscription::uuid", ":invoice::uuid");
    let (purchase, extra) = (":purchase::uuid", ":extra::uuid");
    let statements = [
        floor::statement(
            "INSERT INTO billing_accounts (id, user_id, organisation_id",
            &[account, account, "NULL", "now()"],
        )?,
        floor::statement("SELECT FROM billing_accounts WHERE id = $1 FOR NO KEY UPDATE", &[account])?,
        floor::statement("rate FROM currencies WHERE is_active", &[])?,
        floor::statement("WHERE p.id = $2 OR ($2 IS NULL AND p.slug = $3)", &["'EUR'", &plan, "''"])?,
        floor::statement("WHERE s.account_id = $1 ORDER BY c.sort_order, c.name LIMIT 1", &[account, &plan])?,
        floor::statement("FROM token_bundles WHERE id = ANY ($1)", &[&array(&bundle)])?,
        floor::statement("FROM addons a WHERE a.id = ANY ($1)", &[&array(&addon)])?,
        floor::statement(
            "SELECT plan_id FROM subscriptions WHERE account_id = $1 AND status IN",
            &[account, "now()", "3"],
        )?,
        floor::statement("SELECT country AS \"country: String\", region FROM billing_profiles", &[account])?,
        floor::statement(
            "INSERT INTO subscriptions (account_id, id, plan_id, status, started_at",
            &[
                account,
                subscription,
                &plan,
                "'pending'",
                "NULL",
                "NULL",
                "NULL",
                "NULL",
                "NULL",
                "now()",
                "'EUR'",
            ],
        )?,
        floor::statement(
            "SELECT $1, id, bundle_id, $2, 'pending', tokens, price, $3",
            &[
                account,
                invoice,
                "now()",
                &array(purchase),
                &array(&bundle),
                "ARRAY[500]",
                &array(&bundle_price.to_string()),
            ],
        )?,
        floor::statement(
            "SELECT $1, id, addon_id, $2, $3, 'pending', $4, $4",
            &[account, subscription, invoice, "now()", &array(extra), &array(&addon)],
        )?,
        floor::statement(
            "AS t (organisation_id, kind, subject, payload)",
            &[
                "ARRAY[NULL, NULL, NULL]",
                "ARRAY['bench.floor', 'bench.floor', 'bench.floor']",
                &format!("ARRAY[{account}, {subscription}, {invoice}]"),
                "ARRAY['{}', '{}', '{}']",
                "now()",
                "'outbox'",
            ],
        )?,
        floor::statement(
            "INSERT INTO invoice_lines (account_id, invoice_id, id, position",
            &[
                account,
                invoice,
                "ARRAY[gen_random_uuid(), gen_random_uuid(), gen_random_uuid()]",
                "ARRAY['subscription', 'token_bundle', 'add_on']",
                &format!("ARRAY[{subscription}, {purchase}, {extra}]"),
                &format!("ARRAY[{plan}, {bundle}, {addon}]"),
                "ARRAY['Bench 1', 'Tokens', 'Support']",
                &format!("ARRAY[{plan_price}, {bundle_price}, {addon_price}]"),
            ],
        )?,
        floor::statement(
            "INSERT INTO invoice_numbers AS known",
            &[
                account,
                invoice,
                "2099",
                "'purchase'",
                &plan,
                subscription,
                "NULL",
                "'EUR'",
                &total,
                "0",
                "0",
                "NULL",
                "NULL",
                "now()",
                "now() + interval '30 days'",
                "NULL",
                "NULL",
            ],
        )?,
    ];
    let mut script = format!(
        "\\set buyer random(0, {last}) * {CLIENTS} + :client_id\nSELECT ('{{{ids}}}'::uuid[])[:buyer::int + 1] AS account, gen_random_uuid() AS subscription, gen_random_uuid() AS invoice, gen_random_uuid() AS purchase, gen_random_uuid() AS extra \\gset\nBEGIN;\nSELECT set_config('keyrack.organisation', '', true), set_config('keyrack.actor', :account::text, true);\n"
    );
    for statement in statements {
        writeln!(script, "{statement};")?;
    }
    script.push_str("COMMIT;\n");
    Ok(script)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn the_statements_of_a_checkout_are_those_of_the_server() {
        let item = (Uuid::nil(), 1);
        let cart = Cart { plan: item, addon: item, bundle: item };
        checkout_script(&cart, &vec![(Uuid::nil(), String::new()); CLIENTS as usize]).unwrap();
        plans_script().unwrap();
    }
}
