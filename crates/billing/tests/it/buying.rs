use billing::Error;
use billing::accounts::Profile;
use billing::catalogue::{PlanList, PlanQuery, TaxPlace};
use billing::checkout::Order;
use billing::payments::Payment;
use domain::billing::{InvoiceStatus, SubscriptionStatus};
use domain::ids::{AddonId, TokenBundleId};
use domain::money::{Currency, Money};
use sqlx::PgPool;
use uuid::Uuid;

use crate::support::{World, empty, order_of, payment};

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_plan_an_add_on_and_bundles_are_one_invoice_and_run_once_paid(superuser: PgPool) {
    let world = World::new(superuser).await;
    world.set_tax(&world.ada, "DE", 1900).await;
    let account = world.ada.own_account();
    let order = Order {
        plan_id: Some(world.basic),
        bundle_ids: vec![world.tokens, world.tokens],
        addon_ids: vec![world.support],
        ..empty()
    };
    let quote = world.billing.quote(account, &order).await.unwrap();
    let ordered = world.order(&world.ada, order).await;
    let invoice = world.billing.invoice(account, ordered.invoice_id).await.unwrap();
    assert_eq!(invoice.totals, quote.totals, "the preview is the charge");
    assert_eq!(invoice.number, "INV-2027-000001");
    let totals = invoice.totals;
    assert_eq!((totals.subtotal.minor, totals.tax.minor, totals.total.minor), (3499, 665, 4164));
    assert_eq!(invoice.lines.iter().map(|line| line.total_minor).collect::<Vec<_>>(), [999, 500, 500, 1500]);
    assert_eq!(world.balance(&world.ada).await, 0);
    let subscription = world.billing.subscriptions(account).await.unwrap().remove(0);
    assert_eq!(subscription.state.status(), SubscriptionStatus::Pending);

    let settled = world.pay(ordered.invoice_id).await;
    assert_eq!(
        (settled.tokens, settled.bundle_purchases.len(), settled.addon_subscriptions.len()),
        (1100, 2, 1)
    );
    let subscription = world.billing.subscriptions(account).await.unwrap().remove(0);
    assert_eq!(subscription.state.status(), SubscriptionStatus::Active);
    assert_eq!(subscription.state.expires_at().unwrap().to_rfc3339(), "2027-03-02T12:00:00+00:00");
    let addon = world.billing.addon_subscriptions(account).await.unwrap().remove(0);
    assert_eq!(addon.expires_at.unwrap().to_rfc3339(), "2027-03-02T12:00:00+00:00");

    // Told again, it changes nothing.
    assert_eq!(world.pay(ordered.invoice_id).await, billing::payments::Settled::default());
    assert_eq!(world.balance(&world.ada).await, 1100);
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_cart_with_one_bad_item_leaves_nothing(superuser: PgPool) {
    let world = World::new(superuser).await;
    let unknown: Uuid = platform::ids::new();
    let good = Order { plan_id: Some(world.basic), bundle_ids: vec![world.tokens], ..empty() };
    let carts = [
        (empty(), "At least one item required (plan_id, token_bundle_ids, or add_on_ids)".to_owned()),
        (Order { bundle_ids: vec![world.tokens; 51], ..empty() }, "Too many items".to_owned()),
        (Order { addon_ids: vec![AddonId(unknown)], ..good.clone() }, format!("Add-on {unknown} not found")),
        (
            Order { bundle_ids: vec![world.tokens, TokenBundleId(unknown)], ..good.clone() },
            format!("Token bundle {unknown} not found"),
        ),
        (
            Order { addon_ids: vec![world.analytics], ..good.clone() },
            "Add-on Analytics is not available for your plan".to_owned(),
        ),
        (Order { currency: "XXX".into(), ..good.clone() }, "Unknown currency: XXX".to_owned()),
        (Order { currency: "nul\0".into(), ..good.clone() }, "Unknown currency: nul\0".to_owned()),
        (Order { country: Some("XX".into()), ..good.clone() }, "Country 'XX' not found".to_owned()),
        (
            Order { payment_method: Some("gold".into()), ..good.clone() },
            "Payment method gold not found".to_owned(),
        ),
    ];
    for (cart, text) in carts {
        let refused = world.billing.checkout(world.ada.own_account(), &cart).await.unwrap_err();
        assert_eq!(refused.to_string(), text);
    }
    sqlx::query("UPDATE plans SET is_active = false WHERE slug = 'pro'")
        .execute(&world.superuser)
        .await
        .unwrap();
    let refused = world.billing.checkout(world.ada.own_account(), &order_of(world.pro)).await.unwrap_err();
    assert_eq!(refused.to_string(), "Plan is not active");
    for table in [
        "SELECT count(*) FROM invoices",
        "SELECT count(*) FROM subscriptions",
        "SELECT count(*) FROM bundle_purchases",
        "SELECT count(*) FROM events WHERE kind NOT IN ('checkout.requested', 'checkout.failed')",
        "SELECT count(*) FROM invoice_numbers",
    ] {
        assert_eq!(world.count(table).await, 0, "{table}");
    }
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn of_a_single_category_the_plan_paid_last_has_the_place(superuser: PgPool) {
    let world = World::new(superuser).await;
    let account = world.ada.own_account();
    let first = world.order(&world.ada, order_of(world.basic)).await;
    let second = world.order(&world.ada, order_of(world.pro)).await;
    world.pay(first.invoice_id).await;
    let refused = world.billing.checkout(account, &order_of(world.pro)).await.unwrap_err();
    assert_eq!(
        refused.to_string(),
        "User already has an active subscription in category 'Hosting'. Please upgrade or downgrade instead."
    );
    world.later(3);
    world.pay(second.invoice_id).await;
    let states: Vec<_> = world.billing.subscriptions(account).await.unwrap();
    let of = |id| states.iter().find(|subscription| Some(subscription.id) == id).unwrap().state;
    assert_eq!(of(second.subscription_id).status(), SubscriptionStatus::Active);
    assert_eq!(of(first.subscription_id).status(), SubscriptionStatus::Cancelled);
    assert_eq!(world.count("SELECT count(*) FROM single_subscriptions").await, 1);
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_renewal_of_what_was_replaced_or_paid_back_is_void(superuser: PgPool) {
    let world = World::new(superuser).await;
    let first = world.order(&world.ada, order_of(world.basic)).await;
    let second = world.order(&world.ada, order_of(world.pro)).await;
    let open = async || {
        world.count("SELECT count(*) FROM invoices WHERE reason = 'renewal' AND status = 'pending'").await
    };
    world.pay(first.invoice_id).await;
    world.later(25);
    world.billing.tick().await.unwrap();
    assert_eq!(open().await, 1);
    world.pay(second.invoice_id).await;
    assert_eq!(open().await, 0, "replaced");
    world.later(25);
    world.billing.tick().await.unwrap();
    assert_eq!(open().await, 1);
    world.billing.refund(world.admin.admin().unwrap(), second.invoice_id, "r").await.unwrap();
    assert_eq!(open().await, 0, "paid back");
    world.billing.tick().await.unwrap();
    assert_eq!(open().await, 0);
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_plan_is_tried_out_once(superuser: PgPool) {
    let world = World::new(superuser).await;
    let account = world.ada.own_account();
    let tried = world.order(&world.ada, order_of(world.yearly)).await;
    let state =
        async || world.billing.subscription(account, tried.subscription_id.unwrap()).await.unwrap().state;
    assert_eq!(state().await.status(), SubscriptionStatus::Trialing);
    let invoice = world.billing.invoice(account, tried.invoice_id).await.unwrap();
    assert_eq!((invoice.status, invoice.totals.total.minor), (InvoiceStatus::Pending, 4900));
    world.later(14);
    world.billing.tick().await.unwrap();
    assert_eq!(state().await.status(), SubscriptionStatus::Cancelled);
    let again = world.order(&world.ada, order_of(world.yearly)).await;
    let again = world.billing.subscription(account, again.subscription_id.unwrap()).await.unwrap();
    assert_eq!(
        again.state.status(),
        SubscriptionStatus::Pending,
        "the second time it is to be paid for first"
    );
    // The invoice of the trial still buys it.
    world.later(5);
    world.pay(tried.invoice_id).await;
    assert_eq!(state().await.status(), SubscriptionStatus::Active);
    assert_eq!(state().await.days_remaining(billing_now(&world)), 365);
    // Somebody else has not tried it yet.
    let other = world.order(&world.bob, order_of(world.yearly)).await;
    let other =
        world.billing.subscription(world.bob.own_account(), other.subscription_id.unwrap()).await.unwrap();
    assert_eq!(other.state.status(), SubscriptionStatus::Trialing);
}

fn billing_now(world: &World) -> chrono::DateTime<chrono::Utc> {
    use platform::clock::Clock;
    world.clock.now()
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn what_costs_nothing_runs_at_once(superuser: PgPool) {
    let world = World::new(superuser).await;
    sqlx::query("UPDATE plans SET price_minor = 0 WHERE slug = 'basic'")
        .execute(&world.superuser)
        .await
        .unwrap();
    let ordered = world.order(&world.ada, order_of(world.basic)).await;
    assert!(ordered.is_complete);
    let invoice = world.billing.invoice(world.ada.own_account(), ordered.invoice_id).await.unwrap();
    assert_eq!(
        (invoice.status, invoice.payment_reference.as_deref()),
        (InvoiceStatus::Paid, Some("zero-price"))
    );
    assert_eq!(world.balance(&world.ada).await, 100);
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn another_amount_or_currency_settles_nothing(superuser: PgPool) {
    let world = World::new(superuser).await;
    let ordered = world.order(&world.ada, order_of(world.basic)).await;
    for paid in
        [Money::new(998, Currency::EUR), Money::new(1000, Currency::EUR), Money::new(999, Currency::USD)]
    {
        let payment = Payment { paid: Some(paid), ..payment() };
        let refused = world.billing.capture(ordered.invoice_id, &payment).await;
        assert!(matches!(refused, Err(Error::WrongAmount)), "{refused:?}");
    }
    let invoice = world.billing.invoice(world.ada.own_account(), ordered.invoice_id).await.unwrap();
    assert_eq!(invoice.status, InvoiceStatus::Pending);
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_strangers_invoice_and_subscription_are_not_there(superuser: PgPool) {
    let world = World::new(superuser).await;
    let (subscription, invoice) = world.subscribe(&world.ada, world.basic).await;
    let bob = world.bob.own_account();
    let billing = &world.billing;
    assert!(matches!(billing.invoice(bob, invoice).await, Err(Error::NoInvoice)));
    assert!(matches!(billing.subscription(bob, subscription).await, Err(Error::NoSubscription)));
    assert!(matches!(billing.cancel(bob, subscription).await, Err(Error::NoSubscription)));
    assert!(matches!(billing.upgrade(bob, subscription, world.pro).await, Err(Error::NoSubscription)));
    assert_eq!(billing.subscriptions(bob).await.unwrap(), []);
    assert_eq!(billing.token_entries(bob, 50, 0).await.unwrap(), []);
    assert!(world.bob.admin().is_err());
    assert_eq!(world.ada.own_account().account_id().0, world.ada.user_id.0);
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn prices_are_in_the_readers_currency_with_their_countrys_tax(superuser: PgPool) {
    let world = World::new(superuser).await;
    world.set_tax(&world.ada, "DE", 1900).await;
    sqlx::query("INSERT INTO plan_prices VALUES ($1, 'USD', 1200)")
        .bind(world.pro)
        .execute(&world.superuser)
        .await
        .unwrap();
    let query = PlanQuery {
        currency: Some("usd".into()),
        place: TaxPlace::named(Some("de"), None),
        category: Some("hosting".into()),
    };
    let PlanList::Priced(plans) = world.billing.plans(&query).await.unwrap().unwrap() else { panic!() };
    let found: Vec<_> =
        plans.iter().map(|plan| (plan.slug.as_str(), plan.net.minor, plan.gross().unwrap().minor)).collect();
    assert_eq!(found, [("basic", 1079, 1284), ("pro", 1200, 1428)]);
    assert!(
        world
            .billing
            .plans(&PlanQuery { category: Some("none".into()), ..query.clone() })
            .await
            .unwrap()
            .is_none()
    );
    let unknown = PlanQuery { currency: Some("XXX".into()), ..PlanQuery::default() };
    let found = world.billing.plans(&unknown).await.unwrap().unwrap();
    assert!(matches!(&found, PlanList::Unpriced(plans) if plans.len() == 3), "{found:?}");
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_region_with_a_rate_of_its_own_is_taxed_at_it(superuser: PgPool) {
    let world = World::new(superuser).await;
    world.set_tax(&world.ada, "ES", 2100).await;
    sqlx::query("INSERT INTO tax_rates VALUES ($1, 'ES', 'Canarias', 'IGIC', 700, '[2020-01-01,)', now())")
        .bind(platform::ids::new::<Uuid>())
        .execute(&world.superuser)
        .await
        .unwrap();
    let account = world.ada.own_account();
    let live_in = async |region: Option<&str>| {
        let (country, region) = (Some("ES".to_owned()), region.map(str::to_owned));
        let profile = Profile { country, region, ..Profile::default() };
        world.billing.change_profile(account, None, |_| Ok(profile)).await.unwrap();
    };
    for (region, tax, gross) in
        [(None, 210, 1209), (Some("Madrid"), 210, 1209), (Some(" canarias "), 70, 1069)]
    {
        live_in(region).await;
        let quote = world.billing.quote(account, &order_of(world.basic)).await.unwrap();
        assert_eq!((quote.totals.tax.minor, quote.totals.total.minor), (tax, gross), "{region:?}");
        let shop = world.billing.shop(account, None).await.unwrap();
        let basic = shop.plans.iter().find(|it| it.plan.id == world.basic).unwrap();
        assert_eq!(shop.tax_rate.gross_of(basic.plan.price).unwrap().minor, gross, "{region:?}");
        let query = PlanQuery { place: TaxPlace::named(Some("ES"), region), ..PlanQuery::default() };
        let PlanList::Priced(plans) = world.billing.plans(&query).await.unwrap().unwrap() else { panic!() };
        let basic = plans.iter().find(|plan| plan.slug == "basic").unwrap();
        assert_eq!(basic.gross().unwrap().minor, gross, "{region:?}");
    }
    let (id, invoice) = world.subscribe(&world.ada, world.basic).await;
    assert_eq!(world.billing.invoice(account, invoice).await.unwrap().totals.total.minor, 1069);
    let upgrade = world.billing.preview_change(account, id, world.pro).await.unwrap();
    assert_eq!(upgrade.totals.tax.minor, (upgrade.totals.subtotal.minor * 7 + 50) / 100);
    live_in(Some("Madrid")).await;
    let upgrade = world.billing.preview_change(account, id, world.pro).await.unwrap();
    assert_eq!(upgrade.totals.tax.minor, (upgrade.totals.subtotal.minor * 21 + 50) / 100);
}

/// Every table that has an account, asked as somebody else: no row of the first one's.
#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn no_table_shows_a_stranger_anything(superuser: PgPool) {
    let world = World::new(superuser).await;
    world.set_tax(&world.ada, "DE", 1900).await;
    let order = Order {
        plan_id: Some(world.yearly),
        bundle_ids: vec![world.tokens],
        addon_ids: vec![world.support],
        ..empty()
    };
    let ordered = world.order(&world.ada, order).await;
    world.pay(ordered.invoice_id).await;
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT table_name::text FROM information_schema.columns WHERE table_schema = 'public' AND column_name = 'account_id'",
    )
    .fetch_all(&world.superuser)
    .await
    .unwrap();
    assert!(tables.len() >= 12, "{tables:?}");
    let database = platform::database::for_test(&world.superuser);
    let mut filled = 0;
    for table in tables {
        let sql = format!("SELECT count(*) FROM {table} WHERE account_id = $1");
        let all: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(sql.clone()))
            .bind(world.ada.user_id)
            .fetch_one(&world.superuser)
            .await
            .unwrap();
        filled += usize::from(all > 0);
        for (reader, seen) in [(&world.bob, 0), (&world.ada, all)] {
            let mut transaction = database.begin_as(reader).await.unwrap();
            let rows: Result<i64, sqlx::Error> = sqlx::query_scalar(sqlx::AssertSqlSafe(sql.clone()))
                .bind(world.ada.user_id)
                .fetch_one(&mut *transaction)
                .await;
            // What providers send is for workers and the admin: nobody else may ask at all.
            if table == "provider_events" {
                assert!(rows.unwrap_err().to_string().contains("permission denied"));
                continue;
            }
            let rows = rows.unwrap();
            assert_eq!(rows, seen, "{table} to {}", reader.full_name);
        }
    }
    assert!(filled >= 8, "{filled} tables had a row to hide");
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn what_a_way_to_pay_costs_the_customer_is_on_the_invoice(superuser: PgPool) {
    let world = World::new(superuser).await;
    world.set_tax(&world.ada, "DE", 1900).await;
    let account = world.ada.own_account();
    let order = Order { payment_method: Some("invoice".into()), ..crate::support::order_of(world.pro) };
    for (kind, amount, who, lines, total) in [
        ("percentage", "2.5", "customer", 2, 3658),
        ("fixed", "1.5", "customer", 2, 3747),
        ("fixed", "1.5", "merchant", 1, 3569),
        ("none", "1.5", "customer", 1, 3569),
    ] {
        sqlx::query("UPDATE payment_methods SET fee_kind = $1, fee_amount = $2::numeric, fee_charged_to = $3 WHERE code = 'invoice'")
            .bind(kind)
            .bind(amount)
            .bind(who)
            .execute(&world.superuser)
            .await
            .unwrap();
        let quote = world.billing.quote(account, &order).await.unwrap();
        let ordered = world.order(&world.ada, order.clone()).await;
        let invoice = world.billing.invoice(account, ordered.invoice_id).await.unwrap();
        assert_eq!(invoice.totals, quote.totals, "{kind}");
        assert_eq!((invoice.lines.len(), invoice.totals.total.minor), (lines, total), "{kind} {who}");
    }
}
