//! A catalogue, two customers and the admin.

use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::Arc;

use billing::Billing;
use billing::checkout::{Order, Ordered};
use billing::mails::Mails;
use billing::payments::{Payment, Settled};
use chrono::{TimeDelta, Utc};
use domain::access::{AccountPermit, Actor};
use domain::ids::{AddonId, InvoiceId, PlanId, SubscriptionId, TokenBundleId, UserId};
use platform::clock::{Clock, MovableClock};
use platform::database::for_test;
use platform::mail::Message;
use platform::outbox::Outbox;
use sqlx::PgPool;
use uuid::Uuid;

pub struct World {
    /// The owner of all tables, who sees every row.
    pub superuser: PgPool,
    pub clock: MovableClock,
    pub billing: Billing,
    pub ada: Actor,
    pub bob: Actor,
    pub admin: Actor,
    /// 9.99 a month with 100 tokens, and 29.99; both in the single category "Hosting".
    pub basic: PlanId,
    pub pro: PlanId,
    /// 49.00 a year, in no category, 14 days to try out.
    pub yearly: PlanId,
    /// 15.00 a month, for everybody; 25.00 for those who have Pro.
    pub support: AddonId,
    pub analytics: AddonId,
    /// 500 tokens at 5.00.
    pub tokens: TokenBundleId,
}

impl World {
    pub async fn new(superuser: PgPool) -> Self {
        let clock = MovableClock::at("2027-01-31T12:00:00Z".parse().unwrap());
        let billing = Billing::new(for_test(&superuser), Arc::new(clock.clone()));
        let ada = person(&superuser, "ada", false).await;
        let bob = person(&superuser, "bob", false).await;
        let admin = person(&superuser, "admin", true).await;
        let basic = plan(&superuser, "Basic", 999, "monthly", r#"{"default_tokens": 100}"#, 0).await;
        let pro = plan(&superuser, "Pro", 2999, "monthly", "{}", 0).await;
        let yearly = plan(&superuser, "Yearly", 4900, "yearly", "[]", 14).await;
        let hosting = insert(
            &superuser,
            "INSERT INTO plan_categories (id, name, slug, created_at, updated_at) VALUES ($1, 'Hosting', 'hosting', now(), now())",
        )
        .await;
        for plan in [basic, pro] {
            sqlx::query("INSERT INTO plans_in_categories VALUES ($1, $2)")
                .bind(plan)
                .bind(hosting)
                .execute(&superuser)
                .await
                .unwrap();
        }
        let addon = |name: &'static str, price: i64| {
            let sql = format!(
                "INSERT INTO addons (id, name, slug, price_minor, currency, billing_period, created_at, updated_at)
                 VALUES ($1, '{name}', lower('{name}'), {price}, 'EUR', 'monthly', now(), now())"
            );
            let superuser = superuser.clone();
            async move { AddonId(insert(&superuser, &sql).await) }
        };
        let support = addon("Support", 1500).await;
        let analytics = addon("Analytics", 2500).await;
        sqlx::query("INSERT INTO addons_for_plans VALUES ($1, $2)")
            .bind(analytics)
            .bind(pro)
            .execute(&superuser)
            .await
            .unwrap();
        let tokens = TokenBundleId(
            insert(
                &superuser,
                "INSERT INTO token_bundles (id, name, token_amount, price_minor, currency, created_at, updated_at)
                 VALUES ($1, '500 tokens', 500, 500, 'EUR', now(), now())",
            )
            .await,
        );
        Self { superuser, clock, billing, ada, bob, admin, basic, pro, yearly, support, analytics, tokens }
    }

    pub fn later(&self, days: i64) {
        self.clock.advance(TimeDelta::days(days));
    }

    pub async fn order(&self, who: &Actor, order: Order) -> Ordered {
        self.billing.checkout(who.own_account(), &order).await.unwrap()
    }

    /// Orders a plan and pays for it.
    pub async fn subscribe(&self, who: &Actor, plan: PlanId) -> (SubscriptionId, InvoiceId) {
        let ordered = self.order(who, order_of(plan)).await;
        self.pay(ordered.invoice_id).await;
        (ordered.subscription_id.unwrap(), ordered.invoice_id)
    }

    pub async fn pay(&self, id: InvoiceId) -> Settled {
        self.billing.capture(id, &payment()).await.unwrap()
    }

    pub async fn balance(&self, who: &Actor) -> i64 {
        self.billing.token_balance(who.own_account()).await.unwrap()
    }

    /// The open invoice of an account.
    pub async fn open_invoice(&self, permit: AccountPermit<'_>) -> billing::invoices::Invoice {
        let invoices = self.billing.invoices(permit, None).await.unwrap();
        invoices.into_iter().find(billing::invoices::Invoice::is_payable).unwrap()
    }

    pub async fn count(&self, sql: &'static str) -> i64 {
        sqlx::query_scalar(sql).fetch_one(&self.superuser).await.unwrap()
    }

    /// Tells the events that happened, and gives the mails that were written since the last call: to whom, the subject, and
    /// the names of files.
    pub async fn mails(&self) -> Vec<(String, String, Vec<String>)> {
        let mails = self.messages().await.into_iter();
        mails
            .map(|mail| (mail.to, mail.subject, mail.attachments.into_iter().map(|file| file.name).collect()))
            .collect()
    }

    /// [`World::mails`], whole.
    pub async fn messages(&self) -> Vec<Message> {
        let outbox = Outbox::new(for_test(&self.superuser), Arc::new(self.clock.clone()))
            .with_consumer(Mails::new("https://keyrack.example"));
        outbox.deliver_all().await.unwrap();
        let written: Vec<serde_json::Value> = sqlx::query_scalar(
            "WITH gone AS (DELETE FROM jobs WHERE queue = 'mail.send' RETURNING id, payload) SELECT payload FROM gone ORDER BY id",
        )
        .fetch_all(&self.superuser)
        .await
        .unwrap();
        written.into_iter().map(|mail| serde_json::from_value(mail).unwrap()).collect()
    }

    /// The subjects of [`World::mails`].
    pub async fn subjects(&self) -> Vec<String> {
        self.mails().await.into_iter().map(|(_, subject, _)| subject).collect()
    }

    /// Says who sells.
    pub async fn set_seller(&self) {
        sqlx::query(
            "UPDATE seller_settings SET provider_name = 'Nordlicht Hosting GmbH', bank_iban = 'DE02 1203 0000 0000 2020 51',
                                        contact_email = 'billing@nordlicht.example'",
        )
        .execute(&self.superuser)
        .await
        .unwrap();
    }

    /// A further plan by the month, in no category.
    pub async fn other_plan(&self, name: &str, price: i64) -> PlanId {
        plan(&self.superuser, name, price, "monthly", "{}", 0).await
    }

    pub async fn set_tax(&self, who: &Actor, country: &str, rate: i32) {
        sqlx::query("INSERT INTO tax_rates VALUES ($1, $2, '', 'VAT', $3, '[2020-01-01,)', now())")
            .bind(platform::ids::new::<Uuid>())
            .bind(country)
            .bind(rate)
            .execute(&self.superuser)
            .await
            .unwrap();
        sqlx::query("INSERT INTO billing_accounts (id, user_id, created_at) VALUES ($1, $1, now()) ON CONFLICT DO NOTHING")
            .bind(who.user_id)
            .execute(&self.superuser)
            .await
            .unwrap();
        sqlx::query("INSERT INTO billing_profiles (account_id, country, created_at, updated_at) VALUES ($1, $2, now(), now())")
            .bind(who.user_id)
            .bind(country)
            .execute(&self.superuser)
            .await
            .unwrap();
    }
}

/// The text of a PDF, with the same spaces everywhere. Where `pdftotext` is not installed the test fails: `./dev` installs it.
pub fn pdf_text(file: &[u8]) -> String {
    assert!(file.starts_with(b"%PDF-"));
    let mut child = Command::new("pdftotext")
        .args(["-layout", "-", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("pdftotext, which ./dev installs");
    // Small enough for the pipe and the program's buffer: it reads everything before it writes.
    child.stdin.take().unwrap().write_all(file).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap().replace('\u{a0}', " ")
}

pub fn payment() -> Payment {
    Payment { reference: "pay-1".to_owned(), method: Some("manual".to_owned()), paid: None }
}

pub fn order_of(plan: PlanId) -> Order {
    Order { plan_id: Some(plan), ..empty() }
}

pub fn empty() -> Order {
    Order {
        plan_id: None,
        bundle_ids: Vec::new(),
        addon_ids: Vec::new(),
        currency: "EUR".to_owned(),
        country: None,
        payment_method: None,
    }
}

async fn insert(superuser: &PgPool, sql: &str) -> Uuid {
    let id: Uuid = platform::ids::new();
    sqlx::query(sqlx::AssertSqlSafe(sql.to_owned())).bind(id).execute(superuser).await.unwrap();
    id
}

async fn plan(
    superuser: &PgPool,
    name: &str,
    price: i64,
    period: &str,
    features: &str,
    trial_days: i16,
) -> PlanId {
    let sql = format!(
        "INSERT INTO plans (id, name, slug, price_minor, currency, billing_period, features, trial_days, created_at, updated_at)
         VALUES ($1, '{name}', lower('{name}'), {price}, 'EUR', '{period}', '{features}', {trial_days}, now(), now())"
    );
    PlanId(insert(superuser, &sql).await)
}

async fn person(superuser: &PgPool, name: &str, is_platform_admin: bool) -> Actor {
    let user_id: UserId = platform::ids::new();
    sqlx::query(
        "INSERT INTO users (id, email, username, full_name, password_hash, is_platform_admin, created_at)
         VALUES ($1, $2, $2, $3, '', $4, $5)",
    )
    .bind(user_id)
    .bind(format!("{name}@customer.example"))
    .bind(name)
    .bind(is_platform_admin)
    .bind(MovableClock::at(chrono::DateTime::<Utc>::UNIX_EPOCH).now())
    .execute(superuser)
    .await
    .unwrap();
    Actor {
        user_id,
        full_name: name.to_owned(),
        username: format!("{name}@customer.example"),
        is_platform_admin,
        ..Actor::nobody()
    }
}
