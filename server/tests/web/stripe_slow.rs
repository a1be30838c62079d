//! While Stripe does not answer, the others have connections.

use std::sync::Arc;
use std::time::Duration;

use billing::providers::Providers;
use platform::database::Database;
use platform::mail::Mailer;
use platform::settings::Settings;
use plugin_api::payment::PaymentProvider;
use sqlx::PgPool;
use tokio_util::task::TaskTracker;

use crate::stripe::{Late, Slow, Till, customer, subscription};
use crate::stripe_follows::{bought, ordered};
use crate::support::Site;

/// Everything that listens for good in a process that does all.
const LISTENERS: i64 = 7;

/// How many there are of what is asked for.
async fn count(pool: &PgPool, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql).fetch_one(pool).await.unwrap()
}

/// A process with as many connections as it has by default tells Stripe of many subscriptions, and hears nothing: messages are
/// received, and pages made and looked at, as ever.
#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn what_is_told_to_stripe_leaves_connections_for_the_rest(pool: PgPool) {
    let connections = Settings::read(&|_| None).unwrap().database_connections;
    let mut site = Site::with(Database::new(&pool.connect_options(), connections), &[]);
    let clock = site.state.services.clock.clone();
    server::demo::for_test(&pool.connect_options(), &clock).await.unwrap();
    let till = Till::new(&site).await;
    for _ in 0..4 {
        bought(&till, &pool, &customer(&site).await, "basic").await;
    }
    // Not before everybody listens.
    let now = clock.now();
    let hold = "UPDATE jobs SET run_at = $1 WHERE queue = 'billing.follow_subscription'";
    sqlx::query(hold).bind(now + chrono::TimeDelta::days(1)).execute(&pool).await.unwrap();
    let slow = Late::new(till.stripe.clone(), Slow::Following);
    let providers = Providers::new([slow.clone() as Arc<dyn PaymentProvider>]);
    site.state.services.billing = till.billing.clone().with_providers(providers);
    let (state, work) = (&site.state, TaskTracker::new());
    work.spawn(state.services.plugins.clone().follow(state.stop.clone()));
    work.spawn(Arc::clone(&state.live).run(state.database.worker().clone(), state.stop.clone()));
    server::serve::worker::start(state, Mailer::new(None).unwrap(), &work);
    let listening =
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'";
    while count(&pool, listening).await < LISTENERS {}
    sqlx::query(hold).bind(now).execute(&pool).await.unwrap();
    let _ = slow.asked.acquire_many(2).await.unwrap();

    let buyer = customer(&site).await;
    let invoice = ordered(&till, &pool, &buyer, "basic").await;
    let pages = futures::future::join_all((0..16).map(|_| till.page(&buyer, invoice))).await;
    till.pay(&pages[0]);
    let messages = till.messages();
    futures::future::join_all(messages.iter().map(|message| till.deliver(message))).await;
    assert_eq!(subscription(&till, &buyer).await.state.status().as_str(), "active");
    let looks =
        pages.iter().map(|page| till.billing.session_status(buyer.own_account(), "stripe", &page.session_id));
    for paying in futures::future::join_all(looks).await {
        assert_eq!(paying.unwrap().invoice_id, invoice);
    }
    // What happened meanwhile is told to whoever listens, as to webhooks: an event waits for each transaction that has an id.
    let behind = "SELECT count(*) FROM events JOIN event_cursors AS cursor
                  ON (events.transaction, events.position) > (cursor.transaction, cursor.position)";
    let told = async { while count(&pool, behind).await > 0 {} };
    tokio::time::timeout(Duration::from_mins(1), told).await.expect("events do not wait for Stripe");
    assert_eq!(
        slow.asked.available_permits(),
        2,
        "all this while Stripe is told of two, and the others wait"
    );
    state.stop.cancel();
    slow.may_answer.notify_waiters();
    work.close();
    work.wait().await;
}
