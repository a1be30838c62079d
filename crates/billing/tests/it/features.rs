//! What an account may use, and how often.

use billing::Error;
use billing::features::Feature;
use chrono::TimeDelta;
use futures::future::join_all;
use sqlx::PgPool;
use uuid::Uuid;

use crate::support::World;

/// A world in which Basic gives five calls a period and Pro as many as one likes.
async fn world(superuser: PgPool) -> World {
    let world = World::new(superuser).await;
    for (plan, features) in [
        (world.basic, r#"{ "export": true, "limits": { "calls": 5 } }"#),
        (world.pro, r#"{ "limits": { "calls": null } }"#),
    ] {
        sqlx::query("UPDATE plans SET features = $2::jsonb WHERE id = $1")
            .bind(plan)
            .bind(features)
            .execute(&world.superuser)
            .await
            .unwrap();
    }
    world
}

async fn feature(world: &World, name: &str) -> Option<Feature> {
    let features = world.billing.features(world.ada.own_account()).await.unwrap();
    features.into_iter().find(|feature| feature.name == name)
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn uses_are_counted_up_to_the_limit_and_anew_in_the_next_period(superuser: PgPool) {
    let world = world(superuser).await;
    let account = world.ada.own_account();
    let used = async |amount| world.billing.use_feature(account, "calls", amount).await;
    assert!(matches!(used(1).await, Err(Error::NoFeature)));
    assert!(!world.billing.may_use(account, "calls").await.unwrap());
    assert!(world.billing.may_use(account, "basic_access").await.unwrap());
    // What everybody has is counted, too, although it has no limit.
    let free = world.billing.use_feature(account, "standard_support", 3).await.unwrap();
    assert_eq!((free.is_allowed, free.feature.used, free.feature.remaining), (true, 3, None));

    let (id, _) = world.subscribe(&world.ada, world.basic).await;
    assert!(world.billing.may_use(account, "export").await.unwrap());
    let first = used(3).await.unwrap();
    assert_eq!((first.is_allowed, first.feature.remaining), (true, Some(2)));
    assert_eq!(first.feature.resets_at.to_rfc3339(), "2027-03-02T12:00:00+00:00");
    let refused = used(3).await.unwrap();
    assert_eq!((refused.is_allowed, refused.feature.used, refused.feature.remaining), (false, 3, Some(2)));
    let exact = used(2).await.unwrap();
    assert_eq!((exact.is_allowed, exact.feature.remaining), (true, Some(0)));
    for bad in [0, -1, 1_000_001, i64::MAX] {
        assert!(matches!(used(bad).await, Err(Error::Invalid(text)) if text.starts_with("amount ")));
    }
    let others = world.billing.features(world.bob.own_account()).await.unwrap();
    assert!(others.iter().all(|feature| feature.used == 0), "{others:?}");

    // The next period: it was paid for before it began, and nothing is counted anew until then.
    world.later(25);
    world.billing.tick().await.unwrap();
    let invoice = world.open_invoice(account).await.id;
    world.pay(invoice).await;
    assert_eq!(feature(&world, "calls").await.unwrap().used, 5);
    world.later(5);
    let anew = feature(&world, "calls").await.unwrap();
    assert_eq!((anew.used, anew.remaining), (0, Some(5)));
    assert_eq!(anew.resets_at.to_rfc3339(), "2027-04-01T12:00:00+00:00");

    // Cancelled lasts to its end; then there is what everybody has.
    world.billing.cancel(account, id).await.unwrap();
    assert!(used(1).await.unwrap().is_allowed);
    world.later(31);
    assert!(matches!(used(1).await, Err(Error::NoFeature)));
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_better_plan_takes_the_limit_away(superuser: PgPool) {
    let world = world(superuser).await;
    let account = world.ada.own_account();
    let (id, _) = world.subscribe(&world.ada, world.basic).await;
    assert!(world.billing.use_feature(account, "calls", 5).await.unwrap().is_allowed);
    assert!(!world.billing.use_feature(account, "calls", 1).await.unwrap().is_allowed);
    let changed = world.billing.upgrade(account, id, world.pro).await.unwrap();
    world.pay(changed.invoice_id).await;
    let used = world.billing.use_feature(account, "calls", 100).await.unwrap();
    assert_eq!((used.is_allowed, used.feature.limit, used.feature.used), (true, None, 105));
    assert_eq!(used.feature.remaining, None);
    world.billing.pause(account, id).await.unwrap();
    assert!(feature(&world, "calls").await.is_none(), "what is paused gives nothing");
}

/// Both move the end of what was paid: what was used stays used, and counting begins anew when it was said to.
#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn neither_a_pause_nor_a_gift_of_days_brings_more_uses(superuser: PgPool) {
    let world = world(superuser).await;
    let account = world.ada.own_account();
    let (id, _) = world.subscribe(&world.ada, world.basic).await;
    let used = async || {
        let used = world.billing.use_feature(account, "calls", 1).await.unwrap();
        (used.is_allowed, used.feature.used, used.feature.resets_at.to_rfc3339())
    };
    let refused = || (false, 5, "2027-03-02T12:00:00+00:00".to_owned());
    assert!(world.billing.use_feature(account, "calls", 5).await.unwrap().is_allowed);
    assert_eq!(used().await, refused());
    world.clock.advance(TimeDelta::hours(1));
    world.billing.pause(account, id).await.unwrap();
    world.clock.advance(TimeDelta::hours(12));
    world.billing.resume(account, id).await.unwrap();
    assert_eq!(used().await, refused());
    world.billing.extend_subscription(world.admin.admin().unwrap(), id, 3).await.unwrap();
    assert_eq!(used().await, refused());
    assert_eq!(feature(&world, "calls").await.unwrap().remaining, Some(0));

    world.later(30);
    assert_eq!(feature(&world, "calls").await.unwrap().used, 0);
    assert_eq!(used().await, (true, 1, "2027-04-01T12:00:00+00:00".to_owned()));
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn of_64_uses_at_once_as_many_are_allowed_as_the_limit_says(superuser: PgPool) {
    let world = world(superuser).await;
    let account = world.ada.own_account();
    world.subscribe(&world.ada, world.basic).await;
    let uses = join_all((0..64).map(|_| world.billing.use_feature(account, "calls", 1))).await;
    let allowed = uses.iter().filter(|used| used.as_ref().unwrap().is_allowed).count();
    assert_eq!((allowed, feature(&world, "calls").await.unwrap().used), (5, 5));
}

/// The same as the original does it, who reads, decides and then writes: more is used than the limit allows, so the test
/// above proves something.
#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn without_the_guard_more_is_used_than_the_limit_allows(superuser: PgPool) {
    let world = world(superuser).await;
    world.subscribe(&world.ada, world.basic).await;
    let id = Uuid::from(world.ada.user_id);
    sqlx::query("INSERT INTO feature_usage VALUES ($1, 'calls', '2027-01-31', 0)")
        .bind(id)
        .execute(&world.superuser)
        .await
        .unwrap();
    let all_have_read = tokio::sync::Barrier::new(8);
    let uses = join_all((0..8).map(|_| async {
        let used: i64 = sqlx::query_scalar("SELECT used FROM feature_usage WHERE account_id = $1")
            .bind(id)
            .fetch_one(&world.superuser)
            .await
            .unwrap();
        all_have_read.wait().await;
        if used >= 5 {
            return false;
        }
        sqlx::query("UPDATE feature_usage SET used = used + 1 WHERE account_id = $1")
            .bind(id)
            .execute(&world.superuser)
            .await
            .unwrap();
        true
    }))
    .await;
    assert_eq!(uses.into_iter().filter(|allowed| *allowed).count(), 8);
    assert_eq!(feature(&world, "calls").await.unwrap().used, 8);
}
