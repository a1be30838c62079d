//! What the database itself refuses, whatever the code asks for.

use sqlx::PgPool;

use crate::support::{HERE, PASSWORD, World, client};

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn an_organisation_sees_and_ends_its_own_peoples_access_alone(pool: PgPool) {
    let world = World::new(pool).await;
    for house in [&world.harbour, &world.mill] {
        world.sign_in(&house.reception).await;
        world.identity.issue_tokens(&house.owner.username, PASSWORD, &client(HERE)).await.unwrap();
        world
            .identity
            .forgot_password(&house.owner.username, &crate::support::client("192.0.2.10"))
            .await
            .unwrap();
    }
    let mut transaction = world.database.begin_as(&world.mill.owner).await.unwrap();
    for (sql, expected) in [
        ("SELECT user_id FROM sessions", 1),
        ("SELECT user_id FROM refresh_tokens", 1),
        ("SELECT user_id FROM password_resets", 1),
        ("SELECT id FROM users", 3),
        ("SELECT user_id FROM memberships", 3),
        ("SELECT id FROM organisations", 1),
        ("SELECT id FROM audit_log WHERE organisation_id <> current_organisation()", 0),
        ("UPDATE refresh_tokens SET revoked_at = now() WHERE true RETURNING 1", 1),
        ("UPDATE password_resets SET used_at = now() WHERE true RETURNING 1", 1),
        ("DELETE FROM sessions WHERE true RETURNING 1", 1),
    ] {
        let rows = sqlx::query(sql).fetch_all(&mut *transaction).await.unwrap();
        assert_eq!(rows.len(), expected, "{sql}");
    }
    transaction.commit().await.unwrap();
    assert_eq!(world.count("SELECT count(*) FROM sessions").await, 1);
    assert_eq!(world.count("SELECT count(*) FROM refresh_tokens WHERE revoked_at IS NULL").await, 1);
    assert_eq!(world.count("SELECT count(*) FROM password_resets WHERE used_at IS NULL").await, 1);
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn the_application_reads_no_token_and_identity_no_hotels_business(pool: PgPool) {
    let world = World::new(pool).await;
    world.sign_in(&world.harbour.owner).await;
    for sql in [
        "SELECT token_hash FROM sessions",
        "SELECT token_hash FROM refresh_tokens",
        "SELECT token_hash FROM password_resets",
        "SELECT subject FROM sign_in_failures",
        "UPDATE sessions SET expires_at = now()",
        "UPDATE refresh_tokens SET expires_at = now()",
        "INSERT INTO sessions SELECT",
        "UPDATE audit_log SET action = 'nothing'",
        "DELETE FROM audit_log",
    ] {
        let mut transaction = world.database.begin_as(&world.harbour.owner).await.unwrap();
        assert!(sqlx::query(sql).execute(&mut *transaction).await.is_err(), "{sql}");
    }
    for sql in [
        "SELECT id FROM guests",
        "SELECT id FROM stays",
        "SELECT id FROM rooms",
        "SELECT tax_number FROM organisations",
        "SELECT last FROM company_codes",
        "SELECT id FROM audit_log",
        "UPDATE memberships SET role = 'owner'",
        "DELETE FROM users",
        "DELETE FROM audit_log",
    ] {
        assert!(sqlx::query(sql).execute(world.database.identity()).await.is_err(), "{sql}");
    }
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_user_name_that_looks_like_an_address_is_ones_own(pool: PgPool) {
    let world = World::new(pool).await;
    let sql = "UPDATE users SET username = 'victim@harbour.example' WHERE username = 'reception-mill'";
    let error = sqlx::query(sql).execute(&world.superuser).await.unwrap_err();
    assert_eq!(platform::database::violated_constraint(&error), Some("users_username_is_no_other_email"));
}
