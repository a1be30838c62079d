use std::sync::Arc;

use platform::settings::LONGEST_WINDOW_MINUTES;
use proptest::prelude::*;
use sqlx::PgPool;
use tokio::sync::Barrier;
use tokio::task::JoinSet;

use super::*;

fn limits() -> Limits {
    Limits::new(&SignInLimits { per_account: 10, per_address: 50, window_minutes: 15 }, &Secret::new("key"))
}

fn now() -> DateTime<Utc> {
    "2027-03-10T12:00:00Z".parse().unwrap()
}

fn attempt() -> Attempt {
    limits().sign_in("ada", "192.0.2.1".parse().unwrap())
}

fn wait(tally: &Tally, attempt: &Attempt) -> i64 {
    match limits().decide(tally, attempt, now()) {
        Ok(()) => 0,
        Err(Error::TooManyAttempts { retry_after_seconds }) => retry_after_seconds,
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn who_waits_is_told_for_how_long_exactly() {
    let since = |seconds| Some(now() - TimeDelta::seconds(seconds));
    assert_eq!(wait(&Tally::default(), &attempt()), 0);
    assert_eq!(wait(&Tally { own_since: since(60), ..Tally::default() }, &attempt()), 14 * 60);
    assert_eq!(wait(&Tally { address_since: since(15 * 60 - 1), ..Tally::default() }, &attempt()), 1);
    assert_eq!(wait(&Tally { address_since: since(15 * 60), ..Tally::default() }, &attempt()), 0);
    let both = Tally { own_since: since(60), address_since: since(30), ..Tally::default() };
    assert_eq!(wait(&both, &attempt()), 14 * 60 + 30, "the longer one");
    let attacked = |login_failures| Tally { login_failures, login_latest: since(0), ..Tally::default() };
    let waits: Vec<i64> = (49..58).map(|failures| wait(&attacked(failures), &attempt())).collect();
    assert_eq!(waits, [0, 1, 2, 4, 8, 16, 32, 60, 60]);
}

#[test]
fn in_a_known_network_only_its_own_failures_with_the_login_count() {
    let known = attempt().known_here(true);
    let others = Tally {
        own_since: None,
        address_since: Some(now()),
        login_failures: 10_000,
        login_latest: Some(now()),
    };
    assert!(wait(&others, &attempt()) > 0);
    assert_eq!(wait(&others, &known), 0);
    assert_eq!(wait(&Tally { own_since: Some(now()), ..others }, &known), 15 * 60);
}

#[test]
fn what_is_counted_together_shares_a_key_and_nothing_can_be_read_from_it() {
    let (limits, other) = (
        limits(),
        Limits::new(
            &SignInLimits { per_account: 10, per_address: 50, window_minutes: 15 },
            &Secret::new("another key"),
        ),
    );
    let attempt = |login: &str, address: &str| limits.sign_in(login, address.parse().unwrap());
    let (here, neighbour) = (attempt("ada", "192.0.2.1"), attempt("ada", "192.0.2.200"));
    assert_eq!((&here.own, &here.login), (&neighbour.own, &neighbour.login));
    assert_ne!(here.address, neighbour.address);
    assert_ne!(here.own, attempt("bob", "192.0.2.1").own);
    assert_ne!(here.own, attempt("ada", "198.51.100.1").own);
    assert_ne!(here.own, other.sign_in("ada", "192.0.2.1".parse().unwrap()).own, "keyed");
}

#[test]
fn the_least_and_the_most_that_can_be_set_do_no_harm() {
    for (number, window_minutes) in [(1, 1), (1_000_000, LONGEST_WINDOW_MINUTES)] {
        let settings = SignInLimits { per_account: number, per_address: number, window_minutes };
        let limits = Limits::new(&settings, &Secret::new("key"));
        assert!(limits.per_account >= 1 && limits.window >= TimeDelta::minutes(1));
        assert!(limits.delay(i64::MAX) <= TimeDelta::seconds(LONGEST_DELAY_SECONDS));
    }
}

proptest! {
    #[test]
    fn the_delay_never_shrinks_and_never_exceeds_a_minute(failures in 0i64..1_000_000) {
        let limits = limits();
        prop_assert!(limits.delay(failures) <= limits.delay(failures + 1));
        prop_assert!(limits.delay(failures) <= TimeDelta::seconds(LONGEST_DELAY_SECONDS));
    }

    #[test]
    fn waiting_as_long_as_told_is_enough_and_a_second_less_is_not(age_micros in 0i64..15 * 60 * 1_000_000) {
        let tally = Tally { own_since: Some(now() - TimeDelta::microseconds(age_micros)), ..Tally::default() };
        let told = TimeDelta::seconds(wait(&tally, &attempt()));
        prop_assert!(limits().decide(&tally, &attempt(), now() + told).is_ok());
        prop_assert!(limits().decide(&tally, &attempt(), now() + told - TimeDelta::seconds(1)).is_err());
    }
}

const BURST_LIMIT: usize = 10;

fn burst_limits() -> Arc<Limits> {
    let settings = SignInLimits { per_account: 10, per_address: 1000, window_minutes: 15 };
    Arc::new(Limits::new(&settings, &Secret::new("key")))
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn without_the_lock_a_burst_gets_more_tries_than_the_limit(pool: PgPool) {
    let database = platform::database::for_test(&pool);
    let (limits, here) = (burst_limits(), attempt());
    for _ in 1..BURST_LIMIT {
        let mut transaction = database.begin_identity().await.unwrap();
        limits.settle(&mut transaction, &here, false, now()).await.unwrap();
        transaction.commit().await.unwrap();
    }
    // One try is left, and four take it: each has counted before any has written.
    let ready = Arc::new(Barrier::new(4));
    let mut burst = JoinSet::new();
    for _ in 0..4 {
        let (database, limits, here, ready) = (database.clone(), limits.clone(), here.clone(), ready.clone());
        burst.spawn(async move {
            let mut transaction = database.begin_identity().await.unwrap();
            let result = limits.count(&mut transaction, &here, false, now()).await;
            ready.wait().await;
            transaction.commit().await.unwrap();
            result.is_ok()
        });
    }
    assert_eq!(burst.join_all().await, [true; 4]);
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn with_the_lock_a_hundred_at_once_get_as_many_tries_as_the_limit(pool: PgPool) {
    let database = platform::database::for_test(&pool);
    let mut burst = JoinSet::new();
    for _ in 0..100 {
        let (database, limits) = (database.clone(), burst_limits());
        burst.spawn(async move {
            let mut transaction = database.begin_identity().await.unwrap();
            let result = limits.settle(&mut transaction, &attempt(), false, now()).await;
            transaction.commit().await.unwrap();
            result.is_ok()
        });
    }
    let answered = burst.join_all().await.into_iter().filter(|was_answered| *was_answered);
    assert_eq!(answered.count(), BURST_LIMIT);
}
