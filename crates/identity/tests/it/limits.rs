use chrono::TimeDelta;
use identity::{Error, Identity};
use sqlx::PgPool;
use tokio::task::JoinSet;

use crate::support::{ELSEWHERE, HERE, PASSWORD, World, client};

/// Small numbers, so that tests need few hashes: three for a login in a network, eight for an address, and fifteen for
/// a login from anywhere.
async fn world(pool: PgPool) -> World {
    World::with(pool, |settings| {
        let limits = &mut settings.sign_in_limits;
        (limits.per_account, limits.per_address) = (3, 8);
    })
    .await
}

async fn fails(identity: &Identity, login: &str, address: &str) {
    let result = identity.sign_in(login, "guess", &client(address)).await;
    assert!(matches!(result, Err(Error::WrongCredentials)), "{login} from {address}: {result:?}");
}

/// How long the right password has to wait.
async fn wait(identity: &Identity, login: &str, address: &str) -> i64 {
    match identity.sign_in(login, PASSWORD, &client(address)).await {
        Ok(_) => 0,
        Err(Error::TooManyAttempts { retry_after_seconds }) => retry_after_seconds,
        Err(other) => panic!("{other}"),
    }
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn after_too_many_failures_even_the_right_password_waits_and_a_restart_forgets_nothing(pool: PgPool) {
    let world = world(pool).await;
    let login = "reception-harbour";
    for _ in 0..3 {
        fails(&world.identity, login, ELSEWHERE).await;
        world.minutes_pass(1);
    }
    assert_eq!(wait(&world.identity, login, ELSEWHERE).await, 12 * 60);
    assert_eq!(
        wait(&world.restarted(), "Reception-Harbour", "198.51.100.99").await,
        12 * 60,
        "a neighbour, another case"
    );
    let tokens = world.identity.issue_tokens(login, PASSWORD, &client(ELSEWHERE)).await;
    assert!(matches!(tokens, Err(Error::TooManyAttempts { retry_after_seconds: 720 })));
    // Waiting as long as told is enough; what was refused on the way did not count.
    world.clock.advance(TimeDelta::seconds(719));
    assert_eq!(wait(&world.identity, login, ELSEWHERE).await, 1);
    world.clock.advance(TimeDelta::seconds(1));
    assert_eq!(wait(&world.identity, login, ELSEWHERE).await, 0);
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn other_people_and_other_networks_are_not_affected(pool: PgPool) {
    let world = world(pool).await;
    for _ in 0..3 {
        fails(&world.identity, "reception-harbour", ELSEWHERE).await;
    }
    assert_eq!(
        wait(&world.identity, "reception-harbour", HERE).await,
        0,
        "the real user, who was never here before"
    );
    assert_eq!(wait(&world.identity, "manager-harbour", ELSEWHERE).await, 0, "another user there");
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn successes_are_never_counted_and_forget_the_failures_before_them(pool: PgPool) {
    let world = world(pool).await;
    let login = "reception-harbour";
    for _ in 0..5 {
        fails(&world.identity, login, HERE).await;
        fails(&world.identity, login, HERE).await;
        assert_eq!(wait(&world.identity, login, HERE).await, 0);
    }
    // Thirty people who sign in at once, at one address, with a limit of eight.
    let mut shift = JoinSet::new();
    for _ in 0..30 {
        let identity = world.identity.clone();
        shift.spawn(async move {
            identity.sign_in("manager-harbour", PASSWORD, &client("203.0.113.7")).await.is_ok()
        });
    }
    assert!(shift.join_all().await.into_iter().all(|is_in| is_in));
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn an_address_that_tries_many_logins_waits_but_not_for_who_is_known_there(pool: PgPool) {
    let world = world(pool).await;
    world.sign_in(&world.harbour.reception).await;
    for number in 0..8 {
        fails(&world.identity, &format!("guest{number}"), HERE).await;
    }
    assert_eq!(wait(&world.identity, "manager-harbour", HERE).await, 15 * 60);
    assert_eq!(
        wait(&world.identity, "manager-harbour", "192.0.2.11").await,
        0,
        "the address, not its network"
    );
    assert_eq!(wait(&world.identity, "reception-harbour", HERE).await, 0, "known here");
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn an_attack_from_everywhere_slows_strangers_and_not_the_real_user(pool: PgPool) {
    let world = world(pool).await;
    let login = "owner@harbour.example";
    let session = world.sign_in(&world.harbour.owner).await;
    world.identity.sign_out(session.session.id).await.unwrap();
    for number in 0..15 {
        fails(&world.identity, login, &format!("10.0.{number}.1")).await;
    }
    for expected in [1, 2, 4, 8] {
        assert_eq!(wait(&world.identity, login, ELSEWHERE).await, expected, "a new network");
        assert_eq!(
            wait(&world.identity, login, "192.0.2.77").await,
            0,
            "a network the user was signed in from"
        );
        world.clock.advance(TimeDelta::seconds(expected));
        fails(&world.identity, login, &format!("10.1.{expected}.1")).await;
    }
    // In the user's own network the attack is limited as everywhere.
    for _ in 0..3 {
        fails(&world.identity, login, HERE).await;
    }
    assert!(wait(&world.identity, login, HERE).await > 800);
    assert_eq!(wait(&world.identity, "manager-harbour", ELSEWHERE).await, 0, "nobody else is affected");
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_hundred_parallel_guesses_get_ten_answers(pool: PgPool) {
    let world = World::new(pool).await;
    let mut burst = JoinSet::new();
    for number in 0..100 {
        let identity = world.identity.clone();
        burst.spawn(async move {
            identity
                .sign_in("reception-harbour", &format!("guess {number}"), &client(ELSEWHERE))
                .await
                .map(|_| ())
        });
    }
    let results = burst.join_all().await;
    let answered = results.iter().filter(|result| matches!(result, Err(Error::WrongCredentials))).count();
    let refused =
        results.iter().filter(|result| matches!(result, Err(Error::TooManyAttempts { .. }))).count();
    assert_eq!((answered, refused), (10, 90));
    assert_eq!(wait(&world.identity, "reception-harbour", ELSEWHERE).await, 15 * 60);
}
