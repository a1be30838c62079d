use domain::access::Actor;
use domain::problem::ProblemCode;
use identity::Error;
use identity::managed::UserChange;
use sqlx::PgPool;

use crate::support::{HERE, PASSWORD, World, client, problem};

const NEW: &str = "A new password 1";

/// To whom it was written that their address is another one.
async fn told(world: &World) -> Vec<String> {
    let sql = "SELECT payload->>'to' FROM jobs WHERE payload->>'subject' = 'Your Keyrack e-mail address was changed' ORDER BY id";
    sqlx::query_scalar(sql).fetch_all(&world.superuser).await.unwrap()
}

/// A customer, who works for nobody.
async fn customer(world: &World) -> Actor {
    let email = "ada@customer.example";
    let user_id = world.identity.register_customer(email, PASSWORD).await.unwrap();
    Actor { user_id, username: email.to_owned(), ..Actor::nobody() }
}

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
async fn a_customers_new_password_is_as_strong_as_the_first(pool: PgPool) {
    let world = World::new(pool).await;
    let ada = customer(&world).await;
    for weak in ["short", NEW, "another long sentence"] {
        let refused = world.identity.change_password(&ada, None, PASSWORD, weak).await;
        assert_eq!(problem(refused), ("new_password".into(), ProblemCode::WeakPassword), "{weak}");
    }
    assert!(world.can_sign_in(&ada, PASSWORD).await);
    world.identity.change_password(&ada, None, PASSWORD, "Another pass 1!").await.unwrap();
    assert!(world.can_sign_in(&ada, "Another pass 1!").await);
    // Who works for a hotel may have a sentence.
    world.identity.change_password(&world.harbour.owner, None, PASSWORD, NEW).await.unwrap();
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn another_address_takes_the_present_password_which_cannot_be_guessed(pool: PgPool) {
    let world = World::with(pool, |settings| settings.sign_in_limits.per_account = 3).await;
    let ada = customer(&world).await;
    let before = world.fingerprint().await;
    let change =
        async |email, password| world.identity.change_profile(&ada, "Ada Byron", email, password).await;
    let at_password = |code| ("old_password".to_owned(), code);
    assert_eq!(problem(change("eve@customer.example", "").await), at_password(ProblemCode::Required));
    for _ in 0..3 {
        assert_eq!(problem(change("eve@customer.example", "guess").await), at_password(ProblemCode::Wrong));
    }
    let late = change("eve@customer.example", PASSWORD).await;
    assert!(matches!(late, Err(Error::TooManyAttempts { retry_after_seconds: 900 })), "{late:?}");
    let other = world.identity.change_password(&ada, None, PASSWORD, "Another pass 1!").await;
    assert!(matches!(other, Err(Error::TooManyAttempts { .. })), "both are counted together: {other:?}");
    assert_eq!(world.fingerprint().await, before);
    assert_eq!(told(&world).await, Vec::<String>::new());
    // The name alone takes none, also while guesses are over the limit.
    change("Ada@customer.example", "").await.unwrap();
    world.minutes_pass(15);
    change("eve@customer.example", PASSWORD).await.unwrap();
    assert_eq!(told(&world).await, ["ada@customer.example"], "the old address, and not the new one");
    world.identity.sign_in("eve@customer.example", PASSWORD, &client(HERE)).await.unwrap();
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn the_admin_changes_no_address_in_silence(pool: PgPool) {
    let world = World::new(pool).await;
    let ada = customer(&world).await;
    let root = Actor { is_platform_admin: true, ..world.harbour.owner.clone() };
    let set = async |email: &str| {
        let change = UserChange { email: Some(email.to_owned()), ..UserChange::default() };
        world.identity.change_user(root.admin().unwrap(), ada.user_id, &change).await.unwrap();
    };
    set("ada@customer.example").await;
    assert_eq!(told(&world).await, Vec::<String>::new(), "it is the same");
    set("eve@customer.example").await;
    assert_eq!(told(&world).await, ["ada@customer.example"]);
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn who_signs_in_by_address_signs_in_with_the_new_one(pool: PgPool) {
    let world = World::new(pool).await;
    let owner = &world.harbour.owner;
    let session = world.sign_in(owner).await;
    world.identity.change_profile(owner, " Olga Ω ", "Olga@Harbour.example", PASSWORD).await.unwrap();
    let found = world.identity.session(&session.token).await.unwrap().unwrap();
    assert_eq!(
        (found.actor.full_name.as_str(), found.actor.username.as_str()),
        ("Olga Ω", "olga@harbour.example")
    );
    assert!(!world.can_sign_in(owner, PASSWORD).await, "the old address");
    world.identity.sign_in("olga@harbour.example", PASSWORD, &client(HERE)).await.unwrap();
    let nameless = world.identity.change_profile(owner, "Olga", "", "").await;
    assert_eq!(problem(nameless), ("email".into(), ProblemCode::Required));
    assert_eq!(world.deeds("profile.changed").await, 1);
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_user_name_stays_whatever_the_address(pool: PgPool) {
    let world = World::new(pool).await;
    let reception = &world.harbour.reception;
    world.identity.change_profile(reception, "Rita", "rita@harbour.example", PASSWORD).await.unwrap();
    for login in ["reception-harbour", "rita@harbour.example"] {
        world.identity.sign_in(login, PASSWORD, &client(HERE)).await.unwrap();
    }
    assert_eq!(told(&world).await, Vec::<String>::new(), "there was no address");
    world.identity.change_profile(reception, "Rita", "", PASSWORD).await.unwrap();
    assert_eq!(told(&world).await, ["rita@harbour.example"]);
    assert_eq!(world.count("SELECT count(*) FROM users WHERE full_name = 'Rita' AND email IS NULL").await, 1);
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_profile_that_cannot_be_accepted_changes_nothing(pool: PgPool) {
    let world = World::new(pool).await;
    let before = world.fingerprint().await;
    let reception = &world.harbour.reception;
    let change = async |name, email| world.identity.change_profile(reception, name, email, PASSWORD).await;
    assert_eq!(
        problem(change("Rita", "owner@mill.example").await),
        ("email".into(), ProblemCode::AlreadyInUse)
    );
    assert_eq!(problem(change("Rita", "rita").await), ("email".into(), ProblemCode::NotAnEmail));
    assert_eq!(problem(change("a\0b", "").await), ("full_name".into(), ProblemCode::BadCharacters));
    assert_eq!(world.fingerprint().await, before);
}
