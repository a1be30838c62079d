use sqlx::PgPool;

use crate::support::{World, order_of};

/// What costs nothing makes nobody a paying customer, and what was given back of an invoice is no revenue.
#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn figures_count_what_was_paid_and_not_given_back(superuser: PgPool) {
    let world = World::new(superuser).await;
    let admin = world.admin.admin().unwrap();
    sqlx::query("UPDATE users SET created_at = '2027-01-30T12:00:00Z'")
        .execute(&world.superuser)
        .await
        .unwrap();
    sqlx::query("UPDATE plans SET price_minor = 0, trial_days = 0 WHERE slug = 'yearly'")
        .execute(&world.superuser)
        .await
        .unwrap();
    let (_, invoice) = world.subscribe(&world.ada, world.pro).await;
    assert!(world.order(&world.bob, order_of(world.yearly)).await.is_complete);
    let note = async |number: &'static str, cancels: Option<uuid::Uuid>| {
        sqlx::query_scalar::<_, uuid::Uuid>(
            "INSERT INTO credit_notes (account_id, id, number, invoice_id, cancels, currency, subtotal_minor, tax_minor, issued_at)
             SELECT account_id, gen_random_uuid(), $2, id, $3, currency, 1000, 0, paid_at FROM invoices WHERE id = $1 RETURNING id",
        )
        .bind(invoice)
        .bind(number)
        .bind(cancels)
        .fetch_one(&world.superuser)
        .await
        .unwrap()
    };
    let part = note("CN-2027-000001", None).await;
    let shown = async || {
        let dashboard = world.billing.dashboard(admin).await.unwrap();
        let month = world.billing.months(admin).await.unwrap().pop().unwrap();
        assert_eq!((month.revenue, month.arpu), (dashboard.revenue.total, dashboard.arpu.total));
        assert_eq!((dashboard.conversion.total.to_string().as_str(), month.conversion), ("50.00", 5_000));
        (month.revenue.minor, month.arpu.minor)
    };
    assert_eq!(shown().await, (1999, 1999));
    note("CN-2027-000002", Some(part)).await;
    assert_eq!(shown().await, (2999, 2999), "the refund was taken back");
}

/// A trial brings nothing, neither while it runs nor afterwards: that it is over is no loss.
#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_trial_that_was_left_is_no_loss(superuser: PgPool) {
    let world = World::new(superuser).await;
    let admin = world.admin.admin().unwrap();
    world.subscribe(&world.bob, world.pro).await;
    world.order(&world.ada, order_of(world.yearly)).await;
    let tried = world.billing.dashboard(admin).await.unwrap();
    assert_eq!((tried.mrr.total.minor, tried.active_subscriptions.total), (2999, 2));
    // Thirty days later the trial is over, and Bob goes on.
    world.later(25);
    world.billing.tick().await.unwrap();
    let renewal = world.open_invoice(world.bob.own_account()).await;
    world.pay(renewal.id).await;
    world.later(6);
    world.billing.tick().await.unwrap();
    let later = world.billing.dashboard(admin).await.unwrap();
    assert_eq!((later.mrr.total.minor, later.mrr.change_percent.to_string().as_str()), (2999, "0.00"));
    assert_eq!(later.churn.total.to_string(), "0.00");
    assert_eq!(
        (later.active_subscriptions.total, later.active_subscriptions.change_hundredths()),
        (1, -5000)
    );
}
