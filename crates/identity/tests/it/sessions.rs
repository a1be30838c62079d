use std::time::Duration;

use chrono::TimeDelta;
use domain::access::Role;
use identity::{Error, NewSession};
use sqlx::PgPool;

use crate::support::{ELSEWHERE, HERE, PASSWORD, World, client, unknown_session};

async fn last_seen(world: &World, session: &NewSession) -> chrono::DateTime<chrono::Utc> {
    let sql = "SELECT last_seen_at FROM sessions WHERE id = $1";
    sqlx::query_scalar(sql).bind(session.session.id).fetch_one(&world.superuser).await.unwrap()
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_session_lasts_three_days_unused_and_thirty_in_all(pool: PgPool) {
    let world = World::new(pool).await;
    let unused = world.sign_in(&world.harbour.owner).await;
    let used = world.sign_in(&world.harbour.reception).await;
    world.clock.advance(TimeDelta::days(3) - TimeDelta::seconds(1));
    assert!(!world.has_ended(&used).await);
    world.clock.advance(TimeDelta::seconds(1));
    assert!(world.has_ended(&unused).await);
    for _ in 0..13 {
        assert!(!world.has_ended(&used).await);
        world.clock.advance(TimeDelta::days(2));
    }
    world.clock.advance(TimeDelta::days(1) - TimeDelta::seconds(1));
    assert!(!world.has_ended(&used).await, "a second before thirty days");
    world.clock.advance(TimeDelta::seconds(1));
    assert!(world.has_ended(&used).await);
    assert!(world.identity.session("no token of ours").await.unwrap().is_none());
    assert!(world.identity.session("").await.unwrap().is_none());
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn that_a_session_is_used_is_noted_once_a_minute_and_no_page_waits_for_it(pool: PgPool) {
    let world = World::new(pool).await;
    let session = world.sign_in(&world.harbour.owner).await;
    let begin = last_seen(&world, &session).await;
    world.clock.advance(TimeDelta::seconds(59));
    assert!(!world.has_ended(&session).await);
    assert_eq!(last_seen(&world, &session).await, begin);
    world.clock.advance(TimeDelta::seconds(1));
    assert!(!world.has_ended(&session).await);
    assert_eq!(last_seen(&world, &session).await, begin + TimeDelta::seconds(60));

    world.minutes_pass(5);
    let mut other_page = world.superuser.acquire().await.unwrap();
    sqlx::raw_sql("BEGIN; SELECT FROM sessions FOR UPDATE").execute(&mut *other_page).await.unwrap();
    let page = tokio::time::timeout(Duration::from_secs(5), world.identity.session(&session.token)).await;
    assert!(page.expect("the page waited for another one").unwrap().is_some());
    sqlx::raw_sql("ROLLBACK").execute(&mut *other_page).await.unwrap();
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn only_the_tokens_hash_is_stored(pool: PgPool) {
    let world = World::new(pool).await;
    let session = world.sign_in(&world.harbour.owner).await;
    let rows: Vec<String> =
        sqlx::query_scalar("SELECT s::text FROM sessions s").fetch_all(&world.superuser).await.unwrap();
    assert!(rows.iter().all(|row| !row.contains(&session.token)));
    assert!(!format!("{session:?}").contains(&session.token));
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_deactivated_users_session_is_none(pool: PgPool) {
    let world = World::new(pool).await;
    let session = world.sign_in(&world.harbour.reception).await;
    world.deactivate(&world.harbour.reception).await;
    assert!(world.has_ended(&session).await);
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn signing_out_ends_the_session_and_can_be_repeated(pool: PgPool) {
    let world = World::new(pool).await;
    let (session, other) =
        (world.sign_in(&world.harbour.owner).await, world.sign_in(&world.harbour.owner).await);
    for _ in 0..2 {
        world.identity.sign_out(session.session.id).await.unwrap();
    }
    world.identity.sign_out(unknown_session()).await.unwrap();
    assert!(world.has_ended(&session).await && !world.has_ended(&other).await);
    assert_eq!(world.deeds("session.signed_out").await, 1);
    // Even a page that was loading when it ended does not bring it back.
    world.minutes_pass(2);
    assert!(world.has_ended(&session).await);
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn one_lists_and_ends_ones_own_sessions(pool: PgPool) {
    let world = World::new(pool).await;
    let owner = &world.harbour.owner;
    let old = world.sign_in(owner).await;
    world.minutes_pass(10);
    let lost = world.identity.sign_in(&owner.username, PASSWORD, &client(ELSEWHERE)).await.unwrap();
    world.minutes_pass(10);
    let current = world.sign_in(owner).await;
    let rows = world.identity.sessions(owner, current.session.id).await.unwrap();
    assert_eq!(
        rows.iter().map(|row| row.id).collect::<Vec<_>>(),
        [&current, &lost, &old].map(|new| new.session.id)
    );
    assert_eq!(rows.iter().map(|row| row.is_current).collect::<Vec<_>>(), [true, false, false]);
    assert_eq!((rows[1].address.as_str(), rows[0].address.as_str()), (ELSEWHERE, HERE));

    world.identity.end_session(owner, lost.session.id).await.unwrap();
    assert!(world.has_ended(&lost).await);
    assert!(matches!(world.identity.end_session(owner, lost.session.id).await, Err(Error::NotFound)));
    let third = world.sign_in(owner).await;
    assert_eq!(world.identity.end_other_sessions(owner, current.session.id).await.unwrap(), 2);
    assert!(world.has_ended(&old).await && world.has_ended(&third).await && !world.has_ended(&current).await);
    assert_eq!(world.deeds("sessions.ended").await, 2);
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn somebody_elses_session_cannot_be_ended_seen_or_changed(pool: PgPool) {
    let world = World::new(pool).await;
    let victim = world.sign_in(&world.harbour.owner).await.session.id;
    let stranger = world.sign_in(&world.mill.owner).await;
    let before = world.fingerprint().await;
    let actor = &world.mill.owner;
    assert!(matches!(world.identity.end_session(actor, victim).await, Err(Error::NotFound)));
    assert!(matches!(
        world.identity.choose_hotel(actor, victim, world.mill.hotel_id).await,
        Err(Error::NotFound)
    ));
    let own = stranger.session.id;
    assert!(matches!(
        world.identity.choose_hotel(actor, own, world.harbour.hotel_id).await,
        Err(Error::NotFound)
    ));
    assert_eq!(world.identity.sessions(actor, own).await.unwrap().len(), 1);
    assert_eq!(world.fingerprint().await, before);
    assert_eq!(world.identity.end_other_sessions(actor, own).await.unwrap(), 0);
    assert_eq!(world.count("SELECT count(*) FROM sessions").await, 2);
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn the_hotel_in_use_is_the_chosen_one_while_one_works_there(pool: PgPool) {
    let world = World::new(pool).await;
    let annex = world.second_hotel("Annex", &world.harbour.owner, Role::Owner).await;
    let session = world.sign_in(&world.harbour.owner).await;
    let names = |session: &identity::Session| {
        session.actor.memberships.iter().map(|membership| membership.hotel_name.clone()).collect::<Vec<_>>()
    };
    assert_eq!(names(&session.session), ["Annex", "Harbour House"], "by name");
    assert_eq!(session.session.hotel_id, Some(annex));
    let actor = &session.session.actor;
    world.identity.choose_hotel(actor, session.session.id, world.harbour.hotel_id).await.unwrap();
    let found = world.identity.session(&session.token).await.unwrap().unwrap();
    assert_eq!(found.hotel_id, Some(world.harbour.hotel_id));
    assert_eq!(names(&found), ["Annex", "Harbour House"]);
    let sql = "DELETE FROM memberships WHERE hotel_id = $1 AND user_id = $2";
    let delete = sqlx::query(sql).bind(world.harbour.hotel_id).bind(world.harbour.owner.user_id);
    delete.execute(&world.superuser).await.unwrap();
    let found = world.identity.session(&session.token).await.unwrap().unwrap();
    assert_eq!(found.hotel_id, Some(annex));
}
