//! Money at Stripe that does not simply arrive: pages that nobody pays or that cannot be made, refunds in part, disputes,
//! renewals that fail or have to be confirmed, and more periods than fit into one answer.

use std::sync::Arc;

use billing::mails::Mails;
use billing::providers::{Outcome, Providers, Received};
use domain::access::Actor;
use http::{Request, StatusCode};
use platform::clock::Clock as _;
use platform::outbox::Outbox;
use plugin_api::payment::{PaymentProvider, Subject};
use plugin_stripe::{Config, Stripe};
use serde_json::{Value, json};
use sqlx::PgPool;
use stripe_sandbox::Payment;
use tower::ServiceExt;

use crate::stripe::{CARD, Late, SECRET, Slow, Till, customer, order, owner, subscription};
use crate::support::{Site, json as body_of, text};
use crate::v1::{admin, shop, signed_up};

/// A shop whose customers pay through a till of its own.
pub async fn shop_with_till(pool: &PgPool) -> (Site, Till) {
    let mut site = shop(pool).await;
    let till = Till::new(&site).await;
    site.state.services.billing = till.billing.clone();
    site.router = server::web::router(site.state.clone());
    (site, till)
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn who_asks_to_pay_is_led_to_the_page_until_the_money_is_there(pool: PgPool) {
    let (site, till) = shop_with_till(&pool).await;
    let (ada, bob, admin) =
        (signed_up(&site, "ada").await, signed_up(&site, "bob").await, admin(&site).await);
    let plan = ada.expect(200, "GET", "/api/v1/tarif-plans/basic", None).await["id"].clone();
    let cart = json!({ "plan_id": plan, "currency": "EUR" });
    let bought = ada.expect(201, "POST", "/api/v1/user/checkout", Some(cart)).await;
    let id = bought["invoice"]["id"].as_str().unwrap();
    let (own, pay) = (format!("/api/v1/user/invoices/{id}"), format!("/api/v1/user/invoices/{id}/pay"));
    assert_eq!(bob.expect(404, "POST", &pay, None).await["error"], "Invoice not found");
    let answer = ada.send("POST", &pay, None).await;
    assert_eq!(answer.status(), StatusCode::PAYMENT_REQUIRED);
    assert_eq!(answer.headers()["content-type"], "application/problem+json");
    let first = body_of(answer).await;
    let again = ada.expect(402, "POST", &pay, None).await;
    assert_eq!((&first["session_url"], &first["error"]), (&again["session_url"], &first["detail"]));
    assert_eq!(ada.expect(200, "GET", &own, None).await["invoice"]["status"], "PENDING");

    // No message comes: asking is enough.
    assert_eq!(till.sandbox.pay(first["session_id"].as_str().unwrap(), CARD), Payment::Paid);
    let paid = ada.expect(200, "POST", &pay, None).await;
    assert_eq!(
        (&paid["message"], &paid["invoice"]["status"]),
        (&json!("Payment successful"), &json!("PAID"))
    );
    assert_eq!(ada.expect(400, "POST", &pay, None).await["error"], "Invoice already paid");

    // Nothing is owed for what costs nothing.
    let free = json!({ "name": "Free", "price": "0.00" });
    let free = admin.expect(201, "POST", "/api/v1/admin/tarif-plans", Some(free)).await;
    let new = json!({ "user_id": bought["invoice"]["user_id"], "plan_id": free["plan"]["id"] });
    let made = admin.expect(201, "POST", "/api/v1/admin/subscriptions", Some(new)).await;
    let pay = format!("/api/v1/user/invoices/{}/pay", made["invoice"]["id"].as_str().unwrap());
    assert_eq!(ada.expect(200, "POST", &pay, None).await["invoice"]["status"], "PAID");
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn an_order_without_a_page_to_pay_on_was_not_made(pool: PgPool) {
    let mut site = shop(&pool).await;
    let away = Stripe::new(Config {
        secret_key: "sk_test_x".to_owned(),
        webhook_secret: SECRET.to_owned(),
        base_url: Some("http://127.0.0.1:9".to_owned()),
    });
    let providers = Providers::new([Arc::new(away.unwrap()) as Arc<dyn PaymentProvider>]);
    site.state.services.billing = site.state.services.billing.clone().with_providers(providers);
    site.router = server::web::router(site.state.clone());
    let boss = owner(&site).await;
    for _ in 0..2 {
        let order = json!({ "module": "hotel", "plan_id": "basic" });
        let refused = boss.expect(503, "POST", "/api/store/create-checkout-session", Some(order)).await;
        assert_eq!(refused["error"], "Failed to create checkout session");
    }
    let left: Vec<(String, String)> = sqlx::query_as(
        "SELECT i.status, s.status FROM invoices i JOIN subscriptions s ON s.account_id = i.account_id AND s.id = i.subscription_id
         JOIN organisations o ON o.id = i.account_id",
    )
    .fetch_all(&pool)
    .await
    .unwrap();
    let cancelled = || ("cancelled".to_owned(), "cancelled".to_owned());
    assert_eq!(left, [cancelled(), cancelled()]);
    let company = boss.expect(200, "GET", "/api/companies/me", None).await;
    assert_eq!(company["company"]["modules_enabled"]["hotel"], false);
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_module_that_costs_nothing_opens_without_a_page_to_pay_on(pool: PgPool) {
    let (site, till) = shop_with_till(&pool).await;
    sqlx::query("UPDATE plans SET price_minor = 0 WHERE slug IN ('hotel-basic', 'tour-basic')")
        .execute(&pool)
        .await
        .unwrap();
    let boss = owner(&site).await;
    let store = format!("{}/store", site.state.settings.base_url);
    for (module, success_url, expected) in [
        ("hotel", Value::Null, store.clone()),
        ("tour", json!(format!("{store}?a=1&id={{CHECKOUT_SESSION_ID}}")), format!("{store}?a=1")),
    ] {
        let order = json!({ "module": module, "plan_id": "basic", "success_url": success_url });
        let done = boss.expect(200, "POST", "/api/store/create-checkout-session", Some(order)).await;
        assert_eq!(done["url"], expected);
        let status: String = sqlx::query_scalar("SELECT status FROM invoices WHERE id = $1::uuid")
            .bind(done["session_id"].as_str().unwrap())
            .fetch_one(&pool)
            .await
            .unwrap();
        assert_eq!(status, "paid", "{module}");
    }
    let modules = boss.expect(200, "GET", "/api/store/modules", None).await;
    assert_eq!(modules["modules"][0]["enabled"], true, "{modules}");
    assert!(till.messages().is_empty(), "Stripe knows nothing of it");
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_company_is_shown_with_what_it_bought(pool: PgPool) {
    let (site, till) = shop_with_till(&pool).await;
    let (boss, admin) = (owner(&site).await, admin(&site).await);
    let none = boss.expect(200, "GET", "/api/companies/me", None).await;
    assert_eq!(none["company"]["billing"], Value::Null);
    let order = json!({ "module": "hotel", "plan_id": "basic" });
    let page = boss.expect(200, "POST", "/api/store/create-checkout-session", Some(order)).await;
    assert_eq!(till.sandbox.pay(page["session_id"].as_str().unwrap(), CARD), Payment::Paid);
    till.deliver_all().await;
    let own = boss.expect(200, "GET", "/api/companies/me", None).await["company"].clone();
    let billing = &own["billing"];
    assert!(billing["stripe_customer_id"].as_str().unwrap().starts_with("cus_"), "{billing}");
    let bought = &billing["subscriptions"][0];
    assert_eq!(
        (&bought["module"], &bought["plan_id"], &bought["status"], &bought["stripe_price_id"]),
        (&json!("hotel"), &json!("basic"), &json!("active"), &Value::Null)
    );
    let id = own["id"].as_str().unwrap();
    let one = admin.expect(200, "GET", &format!("/api/admin/customers/{id}"), None).await;
    assert_eq!(&one["billing"], billing);
    let all = admin.expect(200, "GET", "/api/admin/customers", None).await;
    let all = all.as_array().unwrap();
    assert_eq!(&all.iter().find(|it| it["id"] == id).unwrap()["billing"], billing);
    assert!(all.iter().any(|it| it["billing"].is_null()));
}

/// Two years of weeks: the first period is the purchase for ever, also when it is no longer among the newest hundred.
#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_subscription_goes_on_after_a_hundred_periods(pool: PgPool) {
    let site = shop(&pool).await;
    let (till, buyer) = (Till::new(&site).await, customer(&site).await);
    sqlx::query("UPDATE plans SET billing_period = 'weekly' WHERE slug = 'basic'")
        .execute(&pool)
        .await
        .unwrap();
    let page = till.page(&buyer, order(&till, &pool, &buyer).await).await;
    till.pay(&page);
    till.deliver_all().await;
    let paid = async || -> i64 {
        sqlx::query_scalar("SELECT count(*) FROM invoices WHERE account_id = $1 AND status = 'paid'")
            .bind(buyer.user_id)
            .fetch_one(&pool)
            .await
            .unwrap()
    };
    assert_eq!(paid().await, 1);
    for _ in 0..103 {
        till.sandbox.advance_to_next_renewal().unwrap();
    }
    // The messages in between were lost.
    let newest = |till: &Till| till.messages().into_iter().rfind(|it| it.kind == "invoice.paid").unwrap();
    let received = till.deliver(&newest(&till)).await;
    assert!(matches!(received, Received::Done { outcome: Outcome::Handled { .. }, .. }), "{received:?}");
    assert_eq!(paid().await, 104);
    let before = subscription(&till, &buyer).await.state.expires_at().unwrap();
    till.sandbox.advance_to_next_renewal().unwrap();
    let received = till.deliver(&newest(&till)).await;
    assert!(matches!(received, Received::Done { outcome: Outcome::Handled { .. }, .. }), "{received:?}");
    assert_eq!(paid().await, 105);
    let after = subscription(&till, &buyer).await.state.expires_at().unwrap();
    assert_eq!(after - before, chrono::TimeDelta::weeks(1));
}

/// The credit notes of the only invoice that has any: what each comes to, and whether it cancels one.
async fn credit_notes(pool: &PgPool) -> Vec<(i64, i64, bool)> {
    sqlx::query_as("SELECT total_minor, tax_minor, cancels IS NOT NULL FROM credit_notes ORDER BY number")
        .fetch_all(pool)
        .await
        .unwrap()
}

async fn told(pool: &PgPool, kind: &str) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM events WHERE kind = $1")
        .bind(kind)
        .fetch_one(pool)
        .await
        .unwrap()
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_part_that_went_back_is_credited_and_the_rest_with_the_whole(pool: PgPool) {
    let site = shop(&pool).await;
    let (till, buyer) = (Till::new(&site).await, customer(&site).await);
    let invoice_id = order(&till, &pool, &buyer).await;
    let page = till.page(&buyer, invoice_id).await;
    till.pay(&page);
    till.deliver_all().await;
    let (payment, tokens): (String, i64) = sqlx::query_as(
        "SELECT reference, (SELECT balance FROM token_balances WHERE account_id = p.account_id) FROM payments p",
    )
    .fetch_one(&pool)
    .await
    .unwrap();
    let invoice = async || till.billing.invoice(buyer.own_account(), invoice_id).await.unwrap();
    let totals = invoice().await.totals;
    let refund = async |form: &str| {
        let (status, body) = till.at_stripe("/v1/refunds", &format!("payment_intent={payment}{form}")).await;
        assert_eq!(status, StatusCode::OK, "{body}");
        till.deliver_all().await;
    };
    refund("&amount=500").await;
    assert_eq!(credit_notes(&pool).await, [(500, 80, false)]);
    assert_eq!(invoice().await.status.as_str(), "paid");
    assert!(subscription(&till, &buyer).await.state.gives_access(till.clock.now()), "what was bought stays");
    assert_eq!(till.billing.token_balance(buyer.own_account()).await.unwrap(), tokens);
    assert_eq!(told(&pool, "payment.refunded").await, 1);
    // Read again, nothing is credited again.
    sqlx::query("UPDATE provider_events SET status = 'received'").execute(&pool).await.unwrap();
    till.deliver_all().await;
    assert_eq!(credit_notes(&pool).await.len(), 1);

    refund("").await;
    let rest = (totals.total.minor - 500, totals.tax.minor - 80, false);
    assert_eq!(credit_notes(&pool).await, [(500, 80, false), rest]);
    assert_eq!(invoice().await.status.as_str(), "refunded");
    let note = invoice().await.credit_notes[0].id;
    let pdf = till.billing.credit_note_pdf(buyer.own_account(), invoice_id, note).await.unwrap();
    assert_eq!(pdf.file_name, "credit-note-CN-2026-000001.pdf");
    assert!(!subscription(&till, &buyer).await.state.gives_access(till.clock.now()));
}

/// The card whose holder contests each payment.
#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_disputed_payment_is_told_and_kept_and_refunded_once_it_is_lost(pool: PgPool) {
    let site = shop(&pool).await;
    let (till, buyer) = (Till::new(&site).await, customer(&site).await);
    let invoice_id = order(&till, &pool, &buyer).await;
    let page = till.page(&buyer, invoice_id).await;
    assert_eq!(till.sandbox.pay(&page.session_id, "4000000000000259"), Payment::Paid);
    till.deliver_all().await;
    let invoice = async || till.billing.invoice(buyer.own_account(), invoice_id).await.unwrap();
    let kept = async || -> (bool, bool) {
        sqlx::query_as("SELECT disputed_at IS NOT NULL, lost_at IS NOT NULL FROM payments")
            .fetch_one(&pool)
            .await
            .unwrap()
    };
    assert_eq!((invoice().await.status.as_str(), kept().await), ("paid", (true, false)));
    assert!(
        subscription(&till, &buyer).await.state.gives_access(till.clock.now()),
        "nobody knows who is right"
    );
    assert_eq!(told(&pool, "payment.disputed").await, 1);

    let created = till.messages().into_iter().find(|it| it.kind == "charge.dispute.created").unwrap();
    let dispute: Value = serde_json::from_str(&created.payload).unwrap();
    let id = dispute["data"]["object"]["id"].as_str().unwrap();
    assert_eq!(till.at_stripe(&format!("/v1/disputes/{id}/close"), "").await.0, StatusCode::OK);
    till.deliver_all().await;
    assert_eq!((invoice().await.status.as_str(), kept().await), ("refunded", (true, true)));
    assert!(!subscription(&till, &buyer).await.state.gives_access(till.clock.now()));
    assert_eq!((told(&pool, "payment.disputed").await, credit_notes(&pool).await.len()), (1, 1));
}

/// The mails that were written since the last call: the subject, and the text.
async fn mails(site: &Site, pool: &PgPool) -> Vec<(String, String)> {
    let outbox = Outbox::new(site.state.database.clone(), site.state.services.clock.clone());
    outbox.with_consumer(Mails::new("https://keyrack.example")).deliver_all().await.unwrap();
    sqlx::query_as(
        "WITH gone AS (DELETE FROM jobs WHERE queue = 'mail.send' RETURNING id, payload)
         SELECT payload ->> 'subject', payload ->> 'text' FROM gone ORDER BY id",
    )
    .fetch_all(pool)
    .await
    .unwrap()
}

/// Buys a plan, and comes to the end of what was paid: the renewal fails. Gives the mail about it.
async fn renewal_fails(site: &Site, pool: &PgPool, till: &Till, buyer: &Actor) -> String {
    till.deliver_all().await;
    assert!(!subscription(till, buyer).await.is_past_due);
    mails(site, pool).await;
    till.sandbox.advance_to_next_renewal().unwrap();
    till.deliver_all().await;
    assert!(subscription(till, buyer).await.is_past_due);
    let written = mails(site, pool).await;
    let [(subject, text)] = &written[..] else { panic!("one mail: {written:?}") };
    assert!(subject.starts_with("Your payment for Basic failed"), "{subject}");
    text.clone()
}

/// Pays the period that could not be collected on the page that the mail leads to. Gives where the bank wants to be asked.
async fn pay_from_mail(till: &Till, mail: &str, card: &str) -> Option<String> {
    let page = mail.lines().skip_while(|line| *line != "Confirm or pay:").nth(1).unwrap();
    let path = page.parse::<http::Uri>().unwrap().path().to_owned();
    let form = format!("card_number={card}&expiry=12%2F40&cvc=123&name=Ada&email=ada%40customer.example");
    let request = Request::post(format!("{path}/pay"))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(axum::body::Body::from(form));
    let answer = till.sandbox.router().oneshot(request.unwrap()).await.unwrap();
    let to = answer.headers().get("location").map(|to| to.to_str().unwrap().to_owned());
    let Some(to) = to else { panic!("{}: {}", answer.status(), text(answer).await) };
    to.contains("/authenticate/").then_some(to)
}

/// The card whose renewals fail: written about with a page to pay on, paid there, it goes on; never paid, it is over.
#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_renewal_that_fails_can_be_paid_and_else_ends(pool: PgPool) {
    let site = shop(&pool).await;
    let (till, buyer) = (Till::new(&site).await, customer(&site).await);
    let page = till.page(&buyer, order(&till, &pool, &buyer).await).await;
    assert_eq!(till.sandbox.pay(&page.session_id, "4000000000000341"), Payment::Paid);
    let mail = renewal_fails(&site, &pool, &till, &buyer).await;
    let before = subscription(&till, &buyer).await.state.expires_at().unwrap();
    assert_eq!(pay_from_mail(&till, &mail, CARD).await, None);
    till.deliver_all().await;
    let after = subscription(&till, &buyer).await;
    assert!(!after.is_past_due && after.state.expires_at().unwrap() > before, "{after:?}");
    let url: Option<String> =
        sqlx::query_scalar("SELECT provider_pay_url FROM subscriptions").fetch_one(&pool).await.unwrap();
    assert_eq!(url, None, "nothing is open any more");

    // Somebody else never pays: the provider gives up, and so do we.
    let other = customer(&site).await;
    let page = till.page(&other, order(&till, &pool, &other).await).await;
    assert_eq!(till.sandbox.pay(&page.session_id, "4000000000000341"), Payment::Paid);
    till.deliver_all().await;
    till.sandbox.advance_to_next_renewal().unwrap();
    till.sandbox.advance(std::time::Duration::from_hours(24 * 40));
    till.deliver_all().await;
    let ended = subscription(&till, &other).await;
    let paid_until = ended.state.expires_at().unwrap();
    assert_eq!(ended.state.status().as_str(), "cancelled", "{ended:?}");
    assert!(!ended.state.gives_access(paid_until), "access lasts as long as what was paid");
}

/// The card whose bank wants to be asked each time: at the purchase on the page, at a renewal by the link in the mail.
#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_renewal_that_has_to_be_confirmed_is_confirmed_from_the_mail(pool: PgPool) {
    let site = shop(&pool).await;
    let (till, buyer) = (Till::new(&site).await, customer(&site).await);
    let invoice_id = order(&till, &pool, &buyer).await;
    let page = till.page(&buyer, invoice_id).await;
    let Payment::NeedsAuthentication(bank) = till.sandbox.pay(&page.session_id, "4000002760003184") else {
        panic!("the bank is asked")
    };
    let status = async || till.billing.invoice(buyer.own_account(), invoice_id).await.unwrap().status;
    till.deliver_all().await;
    assert_eq!(status().await.as_str(), "pending", "not confirmed yet");
    let confirm = async |url: &str| {
        let path = url.parse::<http::Uri>().unwrap().path().to_owned();
        let (status, body) = till.at_stripe(&path, "result=complete").await;
        assert!(status.is_redirection(), "{status}: {body}");
        till.deliver_all().await;
    };
    confirm(&bank).await;
    assert_eq!(status().await.as_str(), "paid");

    let mail = renewal_fails(&site, &pool, &till, &buyer).await;
    let before = subscription(&till, &buyer).await.state.expires_at().unwrap();
    let bank = pay_from_mail(&till, &mail, "4000002760003184").await.expect("the bank is asked again");
    confirm(&bank).await;
    let after = subscription(&till, &buyer).await;
    assert!(!after.is_past_due && after.state.expires_at().unwrap() > before, "{after:?}");
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn what_a_provider_does_not_give_back_is_not_refunded(pool: PgPool) {
    let (site, till) = shop_with_till(&pool).await;
    let buyer = customer(&site).await;
    let invoice_id = order(&till, &pool, &buyer).await;
    let page = till.page(&buyer, invoice_id).await;
    till.pay(&page);
    till.billing.session_status(buyer.own_account(), "stripe", &page.session_id).await.unwrap();
    // A payment that Stripe knows nothing of.
    sqlx::query("UPDATE payments SET reference = 'pi_gone'").execute(&pool).await.unwrap();
    sqlx::query("UPDATE invoices SET payment_reference = 'pi_gone' WHERE id = $1")
        .bind(invoice_id)
        .execute(&pool)
        .await
        .unwrap();
    let path = format!("/api/v1/admin/invoices/{invoice_id}/refund");
    let refused = admin(&site).await.expect(400, "POST", &path, None).await;
    assert!(refused["error"].as_str().unwrap().starts_with("Provider refund failed: "), "{refused}");
    let invoice = till.billing.invoice(buyer.own_account(), invoice_id).await.unwrap();
    assert_eq!((invoice.status.as_str(), invoice.credit_notes.len()), ("paid", 0));
}

/// The money is on its way back when tokens that came with it are spent: the refund takes those that are left.
#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn tokens_that_are_spent_while_the_money_goes_back_do_not_undo_the_refund(pool: PgPool) {
    let (mut site, till) = shop_with_till(&pool).await;
    let buyer = customer(&site).await;
    let own = buyer.own_account();
    let invoice_id = order(&till, &pool, &buyer).await;
    till.pay(&till.page(&buyer, invoice_id).await);
    till.deliver_all().await;
    let late = Late::new(till.stripe.clone(), Slow::Refunds);
    let providers = Providers::new([late.clone() as Arc<dyn PaymentProvider>]);
    site.state.services.billing = till.billing.clone().with_providers(providers);
    site.router = server::web::router(site.state.clone());

    let tokens = till.billing.token_balance(own).await.unwrap();
    let meanwhile = async {
        let _ = late.asked.acquire().await.unwrap();
        till.billing.debit_tokens(own, 1, None, "chat").await.unwrap();
        late.may_answer.notify_one();
    };
    let path = format!("/api/v1/admin/invoices/{invoice_id}/refund");
    let admin = admin(&site).await;
    let (refunded, ()) = futures::join!(admin.expect(200, "POST", &path, None), meanwhile);
    assert_eq!(
        (&refunded["invoice"]["status"], &refunded["items_reversed"]["tokens_debited"]),
        (&json!("REFUNDED"), &json!(tokens - 1))
    );
    assert_eq!(till.billing.token_balance(own).await.unwrap(), 0);
    // What Stripe says of it is known by then.
    till.deliver_all().await;
    assert_eq!(credit_notes(&pool).await.len(), 1);
}

/// Stripe took a refund back; asked for again, the money goes back in truth.
#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn what_came_back_from_a_refund_is_refunded_again(pool: PgPool) {
    let (site, till) = shop_with_till(&pool).await;
    let buyer = customer(&site).await;
    let invoice_id = order(&till, &pool, &buyer).await;
    till.pay(&till.page(&buyer, invoice_id).await);
    till.deliver_all().await;
    let path = format!("/api/v1/admin/invoices/{invoice_id}/refund");
    let invoice = async || till.billing.invoice(buyer.own_account(), invoice_id).await.unwrap();
    admin(&site).await.expect(200, "POST", &path, None).await;
    till.deliver_all().await;
    assert_eq!(invoice().await.status.as_str(), "refunded");
    let made = till.messages().into_iter().find(|it| it.kind == "refund.created").unwrap();
    let made: Value = serde_json::from_str(&made.payload).unwrap();
    let refund = made["data"]["object"]["id"].as_str().unwrap();
    let (answer, body) = till.at_stripe(&format!("/v1/refunds/{refund}/cancel"), "").await;
    assert_eq!(answer, 200, "{body}");
    till.deliver_all().await;
    assert_eq!(invoice().await.status.as_str(), "paid");

    admin(&site).await.expect(200, "POST", &path, None).await;
    assert_eq!(invoice().await.status.as_str(), "refunded");
    let payment: String =
        sqlx::query_scalar("SELECT reference FROM payments").fetch_one(&pool).await.unwrap();
    let at_stripe = till.stripe.read(&Subject::Payment(payment)).await.unwrap().unwrap().payment.unwrap();
    assert_eq!(at_stripe.returned.unwrap().refunded_minor, at_stripe.amount.minor, "the money went back");
}
