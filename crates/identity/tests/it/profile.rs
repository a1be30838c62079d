use domain::problem::ProblemCode;
use identity::Error;
use sqlx::PgPool;

use crate::support::{HERE, PASSWORD, World, client, problem};

const NEW: &str = "A new password 1";

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn another_password_ends_everything_but_the_session_that_changed_it(pool: PgPool) {
    let world = World::new(pool).await;
    let owner = &world.harbour.owner;
    let (current, other) = (world.sign_in(owner).await, world.sign_in(owner).await);
    let colleague = world.sign_in(&world.harbour.manager).await;
    let pair = world.identity.issue_tokens(&owner.username, PASSWORD, &client(HERE)).await.unwrap();
    world.identity.change_password(owner, Some(current.session.id.into()), PASSWORD, NEW).await.unwrap();
    assert!(
        !world.has_ended(&current).await
            && world.has_ended(&other).await
            && !world.has_ended(&colleague).await
    );
    assert!(matches!(world.identity.bearer(&pair.access_token).await, Err(Error::BadToken)));
    assert!(!world.can_sign_in(owner, PASSWORD).await && world.can_sign_in(owner, NEW).await);
    assert_eq!(world.deeds("password.changed").await, 1);
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn who_changes_it_with_a_token_goes_on_with_that_one_alone(pool: PgPool) {
    let world = World::new(pool).await;
    let owner = &world.harbour.owner;
    let session = world.sign_in(owner).await;
    let tokens =
        async || world.identity.issue_tokens(&owner.username, PASSWORD, &client(HERE)).await.unwrap();
    let (mine, other) = (tokens().await, tokens().await);
    let current = world.identity.current(&mine.access_token).unwrap();
    world.identity.change_password(owner, Some(current), PASSWORD, NEW).await.unwrap();
    assert!(world.has_ended(&session).await);
    assert!(matches!(world.identity.bearer(&other.access_token).await, Err(Error::BadToken)));
    assert!(matches!(world.identity.refresh(&other.refresh_token).await, Err(Error::BadToken)));
    world.identity.bearer(&mine.access_token).await.unwrap();
    world.identity.refresh(&mine.refresh_token).await.unwrap();
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn the_present_password_is_asked_for_and_cannot_be_guessed(pool: PgPool) {
    let world = World::with(pool, |settings| settings.sign_in_limits.per_account = 3).await;
    let owner = &world.harbour.owner;
    let session = world.sign_in(owner).await;
    let change = async |old, new| world.identity.change_password(owner, None, old, new).await;
    assert_eq!(
        problem(change(PASSWORD, "short").await),
        ("new_password".into(), ProblemCode::TooShort { min: 8 })
    );
    for _ in 0..3 {
        assert_eq!(problem(change("guess", NEW).await), ("old_password".into(), ProblemCode::Wrong));
    }
    assert!(matches!(change(PASSWORD, NEW).await, Err(Error::TooManyAttempts { retry_after_seconds: 900 })));
    assert!(!world.has_ended(&session).await);
    assert!(world.can_sign_in(owner, PASSWORD).await, "signing in is counted apart");
    world.minutes_pass(15);
    change(PASSWORD, NEW).await.unwrap();
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn who_signs_in_by_address_signs_in_with_the_new_one(pool: PgPool) {
    let world = World::new(pool).await;
    let owner = &world.harbour.owner;
    let session = world.sign_in(owner).await;
    world.identity.change_profile(owner, " Olga Ω ", "Olga@Harbour.example").await.unwrap();
    let found = world.identity.session(&session.token).await.unwrap().unwrap();
    assert_eq!(
        (found.actor.full_name.as_str(), found.actor.username.as_str()),
        ("Olga Ω", "olga@harbour.example")
    );
    assert!(!world.can_sign_in(owner, PASSWORD).await, "the old address");
    world.identity.sign_in("olga@harbour.example", PASSWORD, &client(HERE)).await.unwrap();
    let nameless = world.identity.change_profile(owner, "Olga", "").await;
    assert_eq!(problem(nameless), ("email".into(), ProblemCode::Required));
    assert_eq!(world.deeds("profile.changed").await, 1);
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_user_name_stays_whatever_the_address(pool: PgPool) {
    let world = World::new(pool).await;
    let reception = &world.harbour.reception;
    world.identity.change_profile(reception, "Rita", "rita@harbour.example").await.unwrap();
    for login in ["reception-harbour", "rita@harbour.example"] {
        world.identity.sign_in(login, PASSWORD, &client(HERE)).await.unwrap();
    }
    world.identity.change_profile(reception, "Rita", "").await.unwrap();
    assert_eq!(world.count("SELECT count(*) FROM users WHERE full_name = 'Rita' AND email IS NULL").await, 1);
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_profile_that_cannot_be_accepted_changes_nothing(pool: PgPool) {
    let world = World::new(pool).await;
    let before = world.fingerprint().await;
    let change =
        async |name, email| world.identity.change_profile(&world.harbour.reception, name, email).await;
    assert_eq!(
        problem(change("Rita", "owner@mill.example").await),
        ("email".into(), ProblemCode::AlreadyInUse)
    );
    assert_eq!(problem(change("Rita", "rita").await), ("email".into(), ProblemCode::NotAnEmail));
    assert_eq!(problem(change("a\0b", "").await), ("full_name".into(), ProblemCode::BadCharacters));
    assert_eq!(world.fingerprint().await, before);
}
