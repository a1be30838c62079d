use chrono::TimeDelta;
use identity::delete_expired;
use platform::clock::Clock;
use sqlx::PgPool;

use crate::support::{HERE, PASSWORD, World, client};

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn what_no_longer_matters_is_deleted_and_nothing_else(pool: PgPool) {
    let world = World::new(pool).await;
    let write = async || {
        world.sign_in(&world.harbour.owner).await;
        world.identity.issue_tokens("owner@harbour.example", PASSWORD, &client(HERE)).await.unwrap();
        world
            .identity
            .forgot_password("owner@harbour.example", &crate::support::client("192.0.2.10"))
            .await
            .unwrap();
        world.identity.sign_in("owner@harbour.example", "wrong", &client(HERE)).await.unwrap_err();
    };
    let left = async || {
        let sql = "SELECT ARRAY[(SELECT count(*) FROM sessions), (SELECT count(*) FROM refresh_tokens),
                                (SELECT count(*) FROM password_resets), (SELECT count(*) FROM sign_in_failures)]";
        sqlx::query_scalar::<_, Vec<i64>>(sql).fetch_one(&world.superuser).await.unwrap()
    };
    let now = || world.clock.now();
    write().await;
    assert_eq!(delete_expired(&world.database, now()).await.unwrap(), 0);
    world.clock.advance(TimeDelta::days(7) + TimeDelta::hours(2));
    write().await;
    // The link and that it was asked for, and two failures: signing in forgot the third.
    assert_eq!(delete_expired(&world.database, now()).await.unwrap(), 4);
    assert_eq!(left().await, [2, 2, 1, 4]);
    world.clock.advance(TimeDelta::days(26));
    assert_eq!(delete_expired(&world.database, now()).await.unwrap(), 7);
    assert_eq!(left().await, [1, 1, 0, 0]);
    world.clock.advance(TimeDelta::days(8));
    delete_expired(&world.database, now()).await.unwrap();
    assert_eq!(left().await, [0, 0, 0, 0]);
}
