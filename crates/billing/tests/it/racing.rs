//! Many at once on one account; and each race with its guard off, so that these tests are known to see it.

use std::time::Duration;

use billing::Error;
use billing::accounts::{Profile, ProfileError};
use billing::catalogue::plans::PlanChange;
use billing::checkout::Order;
use domain::ids::AccountId;
use futures::future::join_all;
use platform::database::for_test;
use serde_json::Value;
use sqlx::PgPool;
use uuid::Uuid;

use crate::support::{World, empty, order_of, payment};

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn of_64_captures_one_credits(superuser: PgPool) {
    let world = World::new(superuser).await;
    let order = Order { plan_id: Some(world.basic), bundle_ids: vec![world.tokens], ..empty() };
    let ordered = world.order(&world.ada, order).await;
    let payment = payment();
    let answers = join_all((0..64).map(|_| world.billing.capture(ordered.invoice_id, &payment))).await;
    let credited = answers.into_iter().filter(|answer| answer.as_ref().unwrap().tokens > 0).count();
    assert_eq!((credited, world.balance(&world.ada).await), (1, 600));
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn captures_refunds_and_debits_at_once_leave_an_exact_balance(superuser: PgPool) {
    let world = World::new(superuser).await;
    let account = world.ada.own_account();
    let mut invoices = Vec::new();
    for _ in 0..16 {
        invoices.push(
            world.order(&world.ada, Order { bundle_ids: vec![world.tokens], ..empty() }).await.invoice_id,
        );
    }
    let (payment, admin) = (payment(), world.admin.admin().unwrap());
    let captures = join_all(invoices.iter().map(|id| world.billing.capture(*id, &payment)));
    let refunds = join_all(invoices.iter().take(8).map(|id| world.billing.refund(admin, *id, "r")));
    let debits = join_all((0..40).map(|_| world.billing.debit_tokens(account, 150, None, "chat")));
    let (captures, refunds, debits) = futures::join!(captures, refunds, debits);
    assert!(captures.iter().all(Result::is_ok), "{captures:?}");
    assert!(
        refunds
            .iter()
            .all(|answer| matches!(answer, Ok(_) | Err(Error::InvoiceState(_) | Error::TokensSpent { .. }))),
        "{refunds:?}"
    );
    assert!(
        debits.iter().all(|answer| matches!(answer, Ok(_) | Err(Error::InsufficientTokens))),
        "{debits:?}"
    );
    let refunded = i64::try_from(refunds.iter().filter(|answer| answer.is_ok()).count()).unwrap();
    let spent = i64::try_from(debits.iter().filter(|answer| answer.is_ok()).count()).unwrap();
    let balance = world.balance(&world.ada).await;
    assert_eq!(balance, 16 * 500 - refunded * 500 - spent * 150);
    assert!(balance >= 0);
    assert_eq!(world.count("SELECT sum(amount)::bigint FROM token_entries").await, balance);
}

/// How often 16 captures and then 16 refunds of one invoice at once were told, how many credit notes there are, and the sum of
/// the ledger.
async fn captured_and_refunded(world: &World) -> (i64, i64, i64, i64) {
    let order = Order { plan_id: Some(world.basic), bundle_ids: vec![world.tokens], ..empty() };
    let id = world.order(&world.ada, order).await.invoice_id;
    let (payment, admin) = (payment(), world.admin.admin().unwrap());
    join_all((0..16).map(|_| world.billing.capture(id, &payment))).await;
    join_all((0..16).map(|_| world.billing.refund(admin, id, "r"))).await;
    (
        world.count("SELECT count(*) FROM events WHERE kind = 'payment.captured'").await,
        world.count("SELECT count(*) FROM events WHERE kind = 'payment.refunded'").await,
        world.count("SELECT count(*) FROM credit_notes").await,
        world.count("SELECT coalesce(sum(amount), 0)::bigint FROM token_entries").await,
    )
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn captures_and_refunds_of_one_invoice_at_once_happen_once(superuser: PgPool) {
    let world = World::new(superuser).await;
    assert_eq!(captured_and_refunded(&world).await, (1, 1, 1, 0));
}

/// The same without the lock of the account's row, which nobody may take: money that came once is told of more than once.
#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn without_the_lock_a_capture_happens_more_than_once(superuser: PgPool) {
    let world = World::new(superuser).await;
    for (role, policy) in [("keyrack_worker", "worker_all"), ("keyrack_admin", "admin_all")] {
        for sql in [
            format!("DROP POLICY {policy} ON billing_accounts"),
            format!("CREATE POLICY {policy} ON billing_accounts FOR SELECT TO {role} USING (true)"),
        ] {
            sqlx::query(sqlx::AssertSqlSafe(sql)).execute(&world.superuser).await.unwrap();
        }
    }
    // Whether two meet is luck, so there are some rounds; with the lock each of them adds one.
    for round in 1..=40 {
        if captured_and_refunded(&world).await.0 > round {
            return;
        }
    }
    panic!("each capture happened once");
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn of_64_debits_as_many_succeed_as_there_are_tokens(superuser: PgPool) {
    let world = World::new(superuser).await;
    assert_eq!(spend(&world).await, (5, 0));
}

/// The same without the constraint: the account is overdrawn, so the test above proves something.
#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn without_the_constraint_an_account_is_overdrawn(superuser: PgPool) {
    let world = World::new(superuser).await;
    sqlx::query("ALTER TABLE token_balances DROP CONSTRAINT token_balances_not_negative")
        .execute(&world.superuser)
        .await
        .unwrap();
    assert_eq!(spend(&world).await, (64, -5900));
}

/// How many of 64 debits of 100 succeed on 500 tokens, and what is left.
async fn spend(world: &World) -> (usize, i64) {
    let ordered = world.order(&world.ada, Order { bundle_ids: vec![world.tokens], ..empty() }).await;
    world.pay(ordered.invoice_id).await;
    let debits =
        join_all((0..64).map(|_| world.billing.debit_tokens(world.ada.own_account(), 100, None, "chat")))
            .await;
    (debits.iter().filter(|answer| answer.is_ok()).count(), world.balance(&world.ada).await)
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn of_32_checkouts_of_a_plan_with_a_trial_one_is_tried_out(superuser: PgPool) {
    let world = World::new(superuser).await;
    let order = order_of(world.yearly);
    let answers = join_all((0..32).map(|_| world.billing.checkout(world.ada.own_account(), &order))).await;
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    assert_eq!(world.count("SELECT count(*) FROM subscriptions WHERE status = 'trialing'").await, 1);
    assert_eq!(world.count("SELECT max(last)::bigint FROM invoice_numbers").await, 32);
}

/// Payments of two plans of one single category at once: whichever is last has the place, and one of them does.
#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn two_plans_paid_at_once_leave_one(superuser: PgPool) {
    let world = World::new(superuser).await;
    for _ in 0..10 {
        let basic = world.order(&world.ada, order_of(world.basic)).await.invoice_id;
        let pro = world.order(&world.ada, order_of(world.pro)).await.invoice_id;
        let payment = payment();
        let (first, second) =
            futures::join!(world.billing.capture(basic, &payment), world.billing.capture(pro, &payment));
        assert!(first.is_ok() && second.is_ok(), "{first:?} {second:?}");
        let live = "SELECT count(*) FROM subscriptions WHERE status = 'active'";
        assert_eq!(world.count(live).await, 1);
        let id = world.billing.subscriptions(world.ada.own_account()).await.unwrap();
        let id = id.iter().find(|subscription| subscription.state.is_current()).unwrap().id;
        world.billing.cancel(world.ada.own_account(), id).await.unwrap();
    }
}

/// Another price of a plan waits for nobody who has it: whoever holds a subscription may be about to write an invoice over its
/// plan, and would wait for the plan. Providers are told of what they collect of it afterwards.
#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn another_price_waits_for_nobody_who_has_the_plan(superuser: PgPool) {
    let world = World::new(superuser).await;
    let (held, _) = world.subscribe(&world.ada, world.basic).await;
    let (left, _) = world.subscribe(&world.bob, world.basic).await;
    world.billing.cancel(world.bob.own_account(), left).await.unwrap();
    let (coming, _) = world.subscribe(&world.bob, world.pro).await;
    world.billing.downgrade(world.bob.own_account(), coming, world.basic).await.unwrap();
    sqlx::query("UPDATE subscriptions SET provider = 'stripe', provider_subscription_id = 'sub_' || id")
        .execute(&world.superuser)
        .await
        .unwrap();
    let mut payment = for_test(&world.superuser).begin_worker().await.unwrap();
    sqlx::query("SELECT FROM subscriptions WHERE id = $1 FOR NO KEY UPDATE")
        .bind(held)
        .execute(&mut *payment)
        .await
        .unwrap();
    let price = PlanChange { price: Some("20.00".to_owned()), ..PlanChange::default() };
    let change = world.billing.change_plan(world.admin.admin().unwrap(), world.basic, &price);
    tokio::time::timeout(Duration::from_secs(10), change).await.expect("waits for the payment").unwrap();
    sqlx::query(
        "INSERT INTO invoices (account_id, id, number, reason, plan_id, subscription_id, status, currency, subtotal_minor, tax_minor,
                               invoiced_at, created_at, updated_at)
         SELECT account_id, gen_random_uuid(), 'R-1', 'renewal', plan_id, id, 'pending', currency, 0, 0, now(), now(), now()
         FROM subscriptions WHERE id = $1",
    )
    .bind(held)
    .execute(&mut *payment)
    .await
    .unwrap();
    payment.commit().await.unwrap();

    let jobs = "SELECT payload FROM jobs WHERE queue = 'billing.follow_plan'";
    let jobs: Vec<Value> = sqlx::query_scalar(jobs).fetch_all(&world.superuser).await.unwrap();
    assert_eq!(jobs.len(), 1);
    let job = serde_json::from_value(jobs[0].clone()).unwrap();
    for _ in 0..2 {
        assert_eq!(world.billing.follow_plan(&job).await.unwrap(), 2, "not who cancelled");
        let told = "SELECT count(*) FROM jobs WHERE queue = 'billing.follow_subscription'";
        assert_eq!(world.count(told).await, 2);
    }
    let noted: Vec<Uuid> =
        sqlx::query_scalar("SELECT id FROM subscriptions WHERE tell_at IS NOT NULL ORDER BY created_at, id")
            .fetch_all(&world.superuser)
            .await
            .unwrap();
    assert_eq!(noted, [held, coming].map(Uuid::from));
}

/// A part of a name and address.
type Part = fn(&mut Profile) -> &mut Option<String>;

const PARTS: [Part; 8] = [
    |it| &mut it.first_name,
    |it| &mut it.last_name,
    |it| &mut it.address_line_1,
    |it| &mut it.city,
    |it| &mut it.postal_code,
    |it| &mut it.region,
    |it| &mut it.phone,
    |it| &mut it.company,
];

/// How many parts of a name and address are known after each of them was given at once, where nothing was known.
async fn given_at_once(world: &World) -> usize {
    sqlx::query("DELETE FROM billing_profiles").execute(&world.superuser).await.unwrap();
    let account = world.ada.own_account();
    let changes = PARTS.map(|part| {
        world.billing.change_profile(account, None, move |mut known| {
            *part(&mut known) = Some("x".to_owned());
            Ok(known)
        })
    });
    for answer in join_all(changes).await {
        answer.unwrap();
    }
    let mut known = world.billing.profile(account).await.unwrap().unwrap().profile;
    PARTS.into_iter().filter(|part| part(&mut known).is_some()).count()
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn changes_of_a_profile_at_once_lose_nothing(superuser: PgPool) {
    let world = World::new(superuser).await;
    for _ in 0..10 {
        assert_eq!(given_at_once(&world).await, PARTS.len());
    }
}

/// The same without the lock of the account's row, which nobody may take: one change takes back what another gave.
#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn without_the_lock_a_change_of_a_profile_is_lost(superuser: PgPool) {
    let world = World::new(superuser).await;
    for sql in [
        "DROP POLICY app_own ON billing_accounts",
        "CREATE POLICY app_sees ON billing_accounts FOR SELECT TO keyrack_app USING (true)",
        "CREATE POLICY app_makes ON billing_accounts FOR INSERT TO keyrack_app WITH CHECK (true)",
    ] {
        sqlx::query(sql).execute(&world.superuser).await.unwrap();
    }
    for _ in 0..40 {
        if given_at_once(&world).await < PARTS.len() {
            return;
        }
    }
    panic!("nothing was lost");
}

/// Who saw that nothing was known overwrites nothing that was given since, nor does who saw an older version.
#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_profile_is_changed_in_the_version_that_was_seen(superuser: PgPool) {
    let world = World::new(superuser).await;
    let (account, admin) = (world.ada.own_account(), world.admin.admin().unwrap());
    let id = AccountId(world.ada.user_id.into());
    let live_in = async |city: &str, version: i32| {
        let city = Some(city.to_owned());
        let change = |known: Profile| Ok(Profile { city, ..known });
        world.billing.change_profile_of(admin, id, Some(version), change).await
    };
    let is_stale = |answer: Result<(), ProfileError>| {
        matches!(answer, Err(ProfileError::Other(Error::ChangedMeanwhile)))
    };
    live_in("Bonn", 0).await.unwrap();
    assert!(is_stale(live_in("Ulm", 0).await));
    live_in("Kiel", 1).await.unwrap();
    assert!(is_stale(live_in("Ulm", 1).await));
    let known = world.billing.profile(account).await.unwrap().unwrap();
    assert_eq!((known.profile.city.as_deref(), known.version), (Some("Kiel"), 2));
}
