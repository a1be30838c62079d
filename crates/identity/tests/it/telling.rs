//! What happens to people is told to others: by ids, and never with a name, an address or a token.

use std::collections::BTreeMap;

use identity::managed::UserChange;
use serde_json::Value;
use sqlx::PgPool;

use crate::support::World;

async fn told(world: &World) -> Vec<(String, Value)> {
    sqlx::query_as("WITH told AS (DELETE FROM events RETURNING position, kind, payload) SELECT kind, payload FROM told ORDER BY position")
        .fetch_all(&world.superuser)
        .await
        .unwrap()
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn what_happens_to_people_is_told_without_naming_them(pool: PgPool) {
    let world = World::new(pool).await;
    let registered = told(&world).await;
    assert_eq!(registered.len(), 6, "two companies with three people each");
    assert!(registered.iter().all(|(kind, _)| kind == "user.created"));

    let id = world.identity.register_customer("ada@customer.example", "TestPass123@").await.unwrap();
    world
        .identity
        .forgot_password("ada@customer.example", &crate::support::client("192.0.2.10"))
        .await
        .unwrap();
    let mail: String = sqlx::query_scalar(
        "SELECT payload->>'text' FROM jobs WHERE payload->>'text' LIKE '%reset-password?token=%'",
    )
    .fetch_one(&world.superuser)
    .await
    .unwrap();
    let token = mail.split("token=").nth(1).unwrap().lines().next().unwrap().to_owned();
    world.identity.reset_password(&token, "Another pass 1!").await.unwrap();
    let boss = domain::access::Actor { is_platform_admin: true, ..world.harbour.owner.clone() };
    let admin = boss.admin().unwrap();
    let set = async |is_active| {
        let change = UserChange { is_active: Some(is_active), ..UserChange::default() };
        world.identity.change_user(admin, id, &change).await.unwrap();
    };
    set(false).await;
    set(false).await;
    set(true).await;
    world.identity.delete_user(admin, id).await.unwrap();
    let told = told(&world).await;
    let kinds: Vec<&str> = told.iter().map(|(kind, _)| kind.as_str()).collect();
    assert_eq!(
        kinds,
        [
            "user.created",
            "security.password_reset.request",
            "security.password_reset.execute",
            "user.status.updated",
            "user.status.updated",
            "user.deleted"
        ]
    );
    assert_eq!((&told[3].1["status"], &told[4].1["status"]), (&"SUSPENDED".into(), &"ACTIVE".into()));
    for (kind, payload) in &told {
        let members: BTreeMap<String, Value> = serde_json::from_value(payload.clone()).unwrap();
        assert_eq!(members["user_id"], serde_json::json!(id), "{kind}");
        assert!(
            members.keys().all(|name| ["user_id", "status", "status_before"].contains(&name.as_str())),
            "{kind}: {payload}"
        );
    }
}
