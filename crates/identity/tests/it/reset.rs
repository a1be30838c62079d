use std::time::{Duration, Instant};

use chrono::TimeDelta;
use domain::problem::ProblemCode;
use identity::Error;
use sqlx::PgPool;
use tokio::task::JoinSet;

use crate::support::{ELSEWHERE, HERE, PASSWORD, World, client, problem};

const OWNER: &str = "owner@harbour.example";
const NEW: &str = "A new password 1";

/// The texts of all mails to the owner that wait to be sent, oldest first.
async fn mails(world: &World) -> Vec<String> {
    mails_to(world, OWNER).await
}

async fn mails_to(world: &World, email: &str) -> Vec<String> {
    let sql = "SELECT payload->>'text' FROM jobs WHERE payload->>'to' = $1 ORDER BY id";
    sqlx::query_scalar(sql).bind(email).fetch_all(&world.superuser).await.unwrap()
}

/// Asks for a link, and reads its token from the mail.
async fn token(world: &World) -> String {
    world.identity.forgot_password(" Owner@Harbour.example ", &client(HERE)).await.unwrap();
    last_token(world, OWNER).await
}

/// The token of the link in the last mail to somebody.
async fn last_token(world: &World, email: &str) -> String {
    let mail = mails_to(world, email).await.pop().unwrap();
    let (_, rest) =
        mail.split_once("http://localhost:3000/reset-password?token=").expect("a link to our page");
    rest.lines().next().unwrap().to_owned()
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_link_sets_another_password_once_and_ends_everything(pool: PgPool) {
    let world = World::new(pool).await;
    let session = world.sign_in(&world.harbour.owner).await;
    let pair = world.identity.issue_tokens(OWNER, PASSWORD, &client(HERE)).await.unwrap();
    let (unused, token) = (token(&world).await, token(&world).await);
    let stored: Vec<String> = sqlx::query_scalar("SELECT p::text FROM password_resets p")
        .fetch_all(&world.superuser)
        .await
        .unwrap();
    assert!(stored.iter().all(|row| !row.contains(&token)), "only the hash is stored");

    assert_eq!(problem(world.identity.reset_password(&token, "short").await).0, "password");
    world.identity.reset_password(&token, NEW).await.unwrap();
    assert!(world.has_ended(&session).await);
    assert!(matches!(world.identity.bearer(&pair.access_token).await, Err(Error::BadToken)));
    assert!(matches!(world.identity.refresh(&pair.refresh_token).await, Err(Error::BadToken)));
    assert!(!world.can_sign_in(&world.harbour.owner, PASSWORD).await);
    assert!(world.can_sign_in(&world.harbour.owner, NEW).await);
    for spent in [&token, &unused] {
        assert!(matches!(world.identity.reset_password(spent, NEW).await, Err(Error::UsedToken)));
    }
    assert_eq!(world.deeds("password.reset").await, 1);
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_customers_link_sets_a_strong_password_alone(pool: PgPool) {
    let world = World::new(pool).await;
    let email = "ada@customer.example";
    world.identity.register_customer(email, PASSWORD).await.unwrap();
    world.identity.forgot_password(email, &client(HERE)).await.unwrap();
    let token = last_token(&world, email).await;
    for weak in ["short", NEW] {
        let refused = world.identity.reset_password(&token, weak).await;
        assert_eq!(problem(refused), ("password".into(), ProblemCode::WeakPassword), "{weak}");
    }
    world.identity.reset_password(&token, "Another pass 1!").await.unwrap();
    world.identity.sign_in(email, "Another pass 1!", &client(HERE)).await.unwrap();
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_link_is_good_for_an_hour(pool: PgPool) {
    let world = World::new(pool).await;
    let (earlier, early) = (token(&world).await, token(&world).await);
    world.clock.advance(TimeDelta::minutes(60) - TimeDelta::seconds(1));
    world.identity.reset_password(&early, NEW).await.unwrap();
    let expiring = token(&world).await;
    world.minutes_pass(60);
    assert!(matches!(world.identity.reset_password(&expiring, NEW).await, Err(Error::ExpiredToken)));
    assert!(
        matches!(world.identity.reset_password(&earlier, NEW).await, Err(Error::UsedToken)),
        "ended by the next"
    );
    assert!(matches!(world.identity.reset_password("never issued", NEW).await, Err(Error::BadToken)));
    assert!(matches!(world.identity.reset_password("", NEW).await, Err(Error::BadToken)));
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_new_link_ends_the_one_before(pool: PgPool) {
    let world = World::new(pool).await;
    let (first, second) = (token(&world).await, token(&world).await);
    assert!(matches!(world.identity.reset_password(&first, NEW).await, Err(Error::UsedToken)));
    world.identity.reset_password(&second, NEW).await.unwrap();
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn an_address_asks_for_so_many_links_and_no_more(pool: PgPool) {
    let world = World::with(pool, |settings| settings.sign_in_limits.per_address = 3).await;
    let ask =
        async |from: &str| world.identity.forgot_password("nobody@harbour.example", &client(from)).await;
    for _ in 0..3 {
        ask(ELSEWHERE).await.unwrap();
    }
    assert!(matches!(ask(ELSEWHERE).await, Err(Error::TooManyAttempts { retry_after_seconds: 900 })));
    ask(HERE).await.unwrap();
    world.identity.count_wish(identity::Wish::Account, &client(ELSEWHERE)).await.unwrap();
    world.sign_in(&world.harbour.owner).await;
    world.minutes_pass(15);
    ask(ELSEWHERE).await.unwrap();
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn who_is_not_known_gets_the_same_answer_in_the_same_time_and_no_mail(pool: PgPool) {
    let world = World::new(pool).await;
    world.deactivate(&world.mill.owner).await;
    let ask = async |email: &str| {
        let begin = Instant::now();
        world.identity.forgot_password(email, &client(HERE)).await.unwrap();
        begin.elapsed()
    };
    for unknown in ["nobody@harbour.example", "owner@mill.example", "reception-harbour", "\0", "🌿", ""] {
        assert!(ask(unknown).await >= Duration::from_millis(150), "{unknown}");
    }
    assert_eq!(world.count("SELECT count(*) FROM jobs").await, 0);
    assert!(ask(OWNER).await >= Duration::from_millis(150));
    assert_eq!(mails(&world).await.len(), 1);
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn nobodys_mailbox_is_filled(pool: PgPool) {
    let world = World::new(pool).await;
    let mut burst = JoinSet::new();
    for _ in 0..20 {
        let identity = world.identity.clone();
        burst.spawn(async move { identity.forgot_password(OWNER, &client(HERE)).await.unwrap() });
    }
    burst.join_all().await;
    assert_eq!(mails(&world).await.len(), 5);
    world.minutes_pass(60);
    token(&world).await;
    assert_eq!(mails(&world).await.len(), 6);
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn of_parallel_uses_of_a_link_one_sets_the_password(pool: PgPool) {
    let world = World::new(pool).await;
    let token = token(&world).await;
    let mut uses = JoinSet::new();
    for number in 0..8 {
        let (identity, token) = (world.identity.clone(), token.clone());
        uses.spawn(async move { identity.reset_password(&token, &format!("{NEW}{number}")).await });
    }
    let results = uses.join_all().await;
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1, "{results:?}");
    assert_eq!(results.iter().filter(|result| matches!(result, Err(Error::UsedToken))).count(), 7);
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_deactivated_users_link_is_bad(pool: PgPool) {
    let world = World::new(pool).await;
    let token = token(&world).await;
    world.deactivate(&world.harbour.owner).await;
    assert!(matches!(world.identity.reset_password(&token, NEW).await, Err(Error::BadToken)));
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_new_password_by_mail_forgets_the_failures_of_the_login(pool: PgPool) {
    let world = World::with(pool, |settings| settings.sign_in_limits.per_account = 1).await;
    for number in 0..9 {
        world.clock.advance(TimeDelta::minutes(1));
        let guess = world.identity.sign_in(OWNER, "guess", &client(&format!("10.0.{number}.1"))).await;
        assert!(matches!(guess, Err(Error::WrongCredentials)), "{guess:?}");
    }
    let attempt = async |password| world.identity.sign_in(OWNER, password, &client(ELSEWHERE)).await;
    assert!(matches!(attempt(PASSWORD).await, Err(Error::TooManyAttempts { .. })));
    world.identity.reset_password(&token(&world).await, NEW).await.unwrap();
    attempt(NEW).await.unwrap();
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn links_end_when_the_address_or_the_password_changes(pool: PgPool) {
    let world = World::new(pool).await;
    let owner = &world.harbour.owner;
    let first = token(&world).await;
    world.identity.change_password(owner, None, PASSWORD, NEW).await.unwrap();
    assert!(matches!(world.identity.reset_password(&first, NEW).await, Err(Error::UsedToken)));
    let second = token(&world).await;
    world.identity.change_profile(owner, "Olga", "olga@harbour.example", NEW).await.unwrap();
    assert!(matches!(world.identity.reset_password(&second, NEW).await, Err(Error::UsedToken)));
}
