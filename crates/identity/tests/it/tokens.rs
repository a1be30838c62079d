use std::sync::Arc;

use chrono::TimeDelta;
use identity::{Error, TokenPair};
use sqlx::PgPool;
use tokio::sync::Barrier;
use tokio::task::JoinSet;

use crate::support::{HERE, PASSWORD, World, client};

async fn issue(world: &World) -> TokenPair {
    world.identity.issue_tokens("reception-harbour", PASSWORD, &client(HERE)).await.unwrap()
}

async fn live_tokens(world: &World) -> i64 {
    world.count("SELECT count(*) FROM refresh_tokens WHERE used_at IS NULL AND revoked_at IS NULL").await
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_bearer_token_names_its_user_for_thirty_minutes(pool: PgPool) {
    let world = World::new(pool).await;
    let pair = issue(&world).await;
    assert_eq!(pair.expires_in_seconds, 1800);
    let actor = world.identity.bearer(&pair.access_token).await.unwrap();
    assert_eq!(&actor, pair.actor.as_ref());
    assert_eq!(actor.memberships[0].hotel_name, "Harbour House");
    world.minutes_pass(30);
    assert!(matches!(world.identity.bearer(&pair.access_token).await, Err(Error::ExpiredToken)));
    for bad in ["", "x", "a.b.c", pair.refresh_token.as_str()] {
        assert!(matches!(world.identity.bearer(bad).await, Err(Error::BadToken)), "{bad}");
    }
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_refresh_token_is_used_once_and_using_it_again_ends_its_family(pool: PgPool) {
    let world = World::new(pool).await;
    let first = issue(&world).await;
    let other = issue(&world).await;
    world.minutes_pass(29);
    let second = world.identity.refresh(&first.refresh_token).await.unwrap();
    assert_ne!(second.refresh_token, first.refresh_token);
    world.identity.bearer(&first.access_token).await.unwrap();
    world.identity.bearer(&second.access_token).await.unwrap();

    assert!(matches!(world.identity.refresh(&first.refresh_token).await, Err(Error::BadToken)));
    assert!(matches!(world.identity.refresh(&second.refresh_token).await, Err(Error::BadToken)));
    for ended in [&first.access_token, &second.access_token] {
        assert!(matches!(world.identity.bearer(ended).await, Err(Error::BadToken)));
    }
    world.identity.bearer(&other.access_token).await.expect("another family goes on");
    assert_eq!(world.deeds("tokens.reused").await, 1);
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn refresh_tokens_expire_after_thirty_days_and_revoked_ones_are_bad(pool: PgPool) {
    let world = World::new(pool).await;
    let (expired, revoked) = (issue(&world).await, issue(&world).await);
    world.identity.revoke(&revoked.refresh_token).await.unwrap();
    world.identity.revoke(&revoked.refresh_token).await.unwrap();
    world.identity.revoke("never issued").await.unwrap();
    assert!(matches!(world.identity.bearer(&revoked.access_token).await, Err(Error::BadToken)));
    assert!(matches!(world.identity.refresh(&revoked.refresh_token).await, Err(Error::BadToken)));
    assert!(matches!(world.identity.refresh("never issued").await, Err(Error::BadToken)));
    world.clock.advance(TimeDelta::days(30));
    assert!(matches!(world.identity.refresh(&expired.refresh_token).await, Err(Error::ExpiredToken)));
    assert_eq!(world.deeds("tokens.revoked").await, 1);
    let rows: Vec<String> =
        sqlx::query_scalar("SELECT t::text FROM refresh_tokens t").fetch_all(&world.superuser).await.unwrap();
    assert!(rows.iter().all(|row| !row.contains(&expired.refresh_token)));
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_deactivated_user_is_told_so_and_gets_no_more_tokens(pool: PgPool) {
    let world = World::new(pool).await;
    let pair = issue(&world).await;
    world.deactivate(&world.harbour.reception).await;
    assert!(matches!(world.identity.bearer(&pair.access_token).await, Err(Error::Inactive)));
    assert!(matches!(world.identity.refresh(&pair.refresh_token).await, Err(Error::Inactive)));
}

/// What `refresh` would do without its guards: look, then write.
async fn careless_refresh(world: &World, token: &str, ready: &Barrier) -> bool {
    let hash = platform::secret::hash(token);
    let mut transaction = world.database.begin_identity().await.unwrap();
    let is_unused: bool =
        sqlx::query_scalar("SELECT used_at IS NULL FROM refresh_tokens WHERE token_hash = $1")
            .bind(&hash)
            .fetch_one(&mut *transaction)
            .await
            .unwrap();
    ready.wait().await;
    let update = sqlx::query("UPDATE refresh_tokens SET used_at = now() WHERE token_hash = $1").bind(&hash);
    update.execute(&mut *transaction).await.unwrap();
    transaction.commit().await.unwrap();
    is_unused
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn without_the_guard_several_would_get_the_next_token(pool: PgPool) {
    let world = Arc::new(World::new(pool).await);
    let (token, ready) = (issue(&world).await.refresh_token, Arc::new(Barrier::new(4)));
    let mut uses = JoinSet::new();
    for _ in 0..4 {
        let (world, token, ready) = (world.clone(), token.clone(), ready.clone());
        uses.spawn(async move { careless_refresh(&world, &token, &ready).await });
    }
    assert_eq!(uses.join_all().await, [true; 4]);
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn of_32_parallel_uses_exactly_one_gets_the_next_token(pool: PgPool) {
    let world = World::new(pool).await;
    for _ in 0..5 {
        let token = issue(&world).await.refresh_token;
        let mut uses = JoinSet::new();
        for _ in 0..32 {
            let (identity, token) = (world.identity.clone(), token.clone());
            uses.spawn(async move { identity.refresh(&token).await });
        }
        let results = uses.join_all().await;
        assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
        assert_eq!(results.iter().filter(|result| matches!(result, Err(Error::BadToken))).count(), 31);
        assert_eq!(live_tokens(&world).await, 0, "the other uses ended the family");
    }
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn no_successor_escapes_the_end_of_its_family(pool: PgPool) {
    let world = World::new(pool).await;
    for _ in 0..20 {
        let first = issue(&world).await;
        let second = world.identity.refresh(&first.refresh_token).await.unwrap();
        // The thief uses the old one while the client uses the new one.
        let replay = world.identity.refresh(&first.refresh_token);
        let (_, replayed) = tokio::join!(world.identity.refresh(&second.refresh_token), replay);
        assert!(matches!(replayed, Err(Error::BadToken)));
        assert_eq!(live_tokens(&world).await, 0);
    }
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn nothing_issued_meanwhile_survives_another_password(pool: PgPool) {
    let world = World::new(pool).await;
    let mut password = PASSWORD.to_owned();
    let actor = &world.harbour.reception;
    for round in 0..8 {
        let pair = world.identity.issue_tokens("reception-harbour", &password, &client(HERE)).await.unwrap();
        let (next, here) = (format!("{PASSWORD} {round}"), client(HERE));
        let (changed, _, _) = tokio::join!(
            world.identity.change_password(actor, None, &password, &next),
            world.identity.refresh(&pair.refresh_token),
            world.identity.sign_in("reception-harbour", &password, &here),
        );
        changed.unwrap();
        assert_eq!(live_tokens(&world).await, 0);
        assert_eq!(world.count("SELECT count(*) FROM sessions").await, 0);
        password = next;
    }
}
