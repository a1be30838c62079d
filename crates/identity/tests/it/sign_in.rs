use identity::Error;
use sqlx::PgPool;

use crate::support::{HERE, PASSWORD, World, client};

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn one_signs_in_by_address_or_user_name_in_any_case(pool: PgPool) {
    let world = World::new(pool).await;
    for login in
        ["owner@harbour.example", " Owner@Harbour.Example ", "reception-harbour", "RECEPTION-harbour"]
    {
        let new = world.identity.sign_in(login, PASSWORD, &client(HERE)).await.unwrap();
        assert_eq!(new.session.hotel_id, Some(world.harbour.hotel_id));
        assert_eq!(new.session.actor.memberships[0].hotel_name, "Harbour House");
        let found = world.identity.session(&new.token).await.unwrap().unwrap();
        assert_eq!(found.actor, new.session.actor);
    }
    assert_eq!(world.deeds("session.signed_in").await, 4);
    assert_eq!(
        world.count("SELECT count(*) FROM users WHERE last_signed_in_at = '2027-03-10T12:00:00Z'").await,
        2
    );
    assert_eq!(world.count("SELECT count(*) FROM sign_in_failures").await, 0);
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn an_unknown_user_and_a_wrong_password_look_the_same(pool: PgPool) {
    let world = World::new(pool).await;
    for login in ["owner@harbour.example", "nobody@harbour.example"] {
        let result = world.identity.sign_in(login, "not the password", &client(HERE)).await;
        assert!(matches!(result, Err(Error::WrongCredentials)), "{login}: {result:?}");
    }
    assert_eq!(world.deeds("session.sign_in_failed").await, 1, "only for users there are");
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn only_who_knows_the_password_is_told_that_the_user_is_inactive(pool: PgPool) {
    let world = World::new(pool).await;
    world.deactivate(&world.harbour.reception).await;
    let attempt = async |password| world.identity.sign_in("reception-harbour", password, &client(HERE)).await;
    assert!(matches!(attempt(PASSWORD).await, Err(Error::Inactive)));
    assert!(matches!(attempt("wrong").await, Err(Error::WrongCredentials)));
    let tokens = world.identity.issue_tokens("reception-harbour", PASSWORD, &client(HERE)).await;
    assert!(matches!(tokens, Err(Error::Inactive)));
    assert_eq!(world.count("SELECT count(*) FROM sessions").await, 0);
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn whatever_is_typed_is_refused_and_not_an_error(pool: PgPool) {
    let world = World::new(pool).await;
    let long = "x".repeat(10_000);
    for login in ["", "\0", "owner@harbour.example\0x", "' OR true --", "🌿", "محمد", long.as_str()] {
        let result = world.identity.sign_in(login, PASSWORD, &client(HERE)).await;
        assert!(matches!(result, Err(Error::WrongCredentials)), "{login:?}: {result:?}");
    }
    for password in ["", "\0", long.as_str()] {
        let result = world.identity.sign_in("owner@harbour.example", password, &client("2001:db8::1")).await;
        assert!(matches!(result, Err(Error::WrongCredentials)), "{password:?}: {result:?}");
    }
    let odd = identity::Client { address: HERE.parse().unwrap(), user_agent: format!("a\0b{long}") };
    world.identity.sign_in("owner@harbour.example", PASSWORD, &odd).await.unwrap();
}
