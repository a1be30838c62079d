use std::sync::Arc;

use platform::clock::MovableClock;
use platform::settings::{PasswordCost, Settings};
use sqlx::PgPool;

use super::*;

/// What makes the two take the same time: both compare, and the decoy costs what a real hash costs (see `passwords`).
#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn an_unknown_user_costs_a_comparison_like_a_wrong_password(pool: PgPool) {
    let settings = Settings { password_cost: PasswordCost::LEAST, ..Settings::read(&|_| None).unwrap() };
    let clock = MovableClock::at("2027-03-10T12:00:00Z".parse().unwrap());
    let identity = Identity::new(platform::database::for_test(&pool), Arc::new(clock), &settings);
    identity.register_customer("ada@harbour.example", "HarbourDesk1!").await.unwrap();
    let client = Client { address: "192.0.2.1".parse().unwrap(), user_agent: String::new() };
    let attempt = async |login: &str| identity.sign_in(login, "not the password", &client).await;
    for login in ["ada@harbour.example", "nobody@harbour.example"] {
        assert!(matches!(attempt(login).await, Err(Error::WrongCredentials)), "{login}");
    }
    // Who needs a comparison is the one who is stopped where none can be had.
    identity.passwords.close();
    for login in ["ada@harbour.example", "nobody@harbour.example"] {
        assert!(matches!(attempt(login).await, Err(Error::Internal(_))), "{login}");
    }
}
