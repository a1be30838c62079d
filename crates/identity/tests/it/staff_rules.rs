//! Who may do what to whom.

use domain::access::Role;
use domain::ids::UserId;
use identity::Error;
use sqlx::PgPool;

use crate::support::{PASSWORD, World, actor, form};

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_stranger_is_not_found_and_nothing_changes(pool: PgPool) {
    let world = World::new(pool).await;
    world.sign_in(&world.harbour.reception).await;
    let before = world.fingerprint().await;
    for id in [world.harbour.reception.user_id, world.harbour.owner.user_id, platform::ids::new()] {
        let permit = || world.mill.permit();
        let change = world.identity.change_staff(permit(), id, Some(Role::Housekeeping), Some(false)).await;
        assert!(matches!(change, Err(Error::NotFound)), "{change:?}");
        let password = world.identity.set_staff_password(permit(), id, "A new password 1").await;
        assert!(matches!(password, Err(Error::NotFound)), "{password:?}");
        assert!(matches!(world.identity.colleague(&world.mill.owner, id).await, Err(Error::NotFound)));
    }
    assert_eq!(world.fingerprint().await, before);
    assert!(world.can_sign_in(&world.harbour.reception, PASSWORD).await);
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_manager_neither_makes_nor_touches_an_owner(pool: PgPool) {
    let world = World::new(pool).await;
    let permit = || world.harbour.managers_permit();
    let before = world.fingerprint().await;
    let create = world.identity.create_staff(permit(), &form("usurper", Role::Owner), true).await;
    assert!(matches!(create, Err(Error::Forbidden)));
    let (owner, reception) = (world.harbour.owner.user_id, world.harbour.reception.user_id);
    for (id, role, is_active) in
        [(owner, Role::Reception, true), (owner, Role::Owner, false), (reception, Role::Owner, true)]
    {
        let change = world.identity.change_staff(permit(), id, Some(role), Some(is_active)).await;
        assert!(matches!(change, Err(Error::Forbidden)), "{change:?}");
    }
    let password = world.identity.set_staff_password(permit(), owner, "A new password 1").await;
    assert!(matches!(password, Err(Error::Forbidden)));
    assert_eq!(world.fingerprint().await, before);
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn an_owner_of_another_hotel_is_not_within_a_managers_reach(pool: PgPool) {
    let world = World::new(pool).await;
    let reception = &world.harbour.reception;
    world.second_hotel("Annex", reception, Role::Owner).await;
    let permit = || world.harbour.managers_permit();
    let deactivate =
        world.identity.change_staff(permit(), reception.user_id, Some(Role::Reception), Some(false)).await;
    assert!(matches!(deactivate, Err(Error::Forbidden)));
    let password = world.identity.set_staff_password(permit(), reception.user_id, "A new password 1").await;
    assert!(matches!(password, Err(Error::Forbidden)));
    // The role in this hotel is the manager's affair.
    world
        .identity
        .change_staff(permit(), reception.user_id, Some(Role::Housekeeping), Some(true))
        .await
        .unwrap();
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn nobody_deactivates_demotes_or_promotes_themselves(pool: PgPool) {
    let world = World::new(pool).await;
    let before = world.fingerprint().await;
    let (owner, manager) = (world.harbour.owner.user_id, world.harbour.manager.user_id);
    let change = async |permit, id, role, is_active| {
        let result = world.identity.change_staff(permit, id, Some(role), Some(is_active)).await;
        assert!(matches!(result, Err(Error::Forbidden)), "{result:?}");
    };
    change(world.harbour.permit(), owner, Role::Owner, false).await;
    change(world.harbour.permit(), owner, Role::Manager, true).await;
    change(world.harbour.managers_permit(), manager, Role::Manager, false).await;
    change(world.harbour.managers_permit(), manager, Role::Reception, true).await;
    change(world.harbour.managers_permit(), manager, Role::Owner, true).await;
    let password = world.identity.set_staff_password(world.harbour.permit(), owner, "A new password 1").await;
    assert!(matches!(password, Err(Error::Forbidden)));
    assert_eq!(world.fingerprint().await, before);
}

async fn active_owners(world: &World) -> i64 {
    world
        .count(
            "SELECT count(*) FROM memberships m JOIN users u ON u.id = m.user_id JOIN hotels h ON h.id = m.hotel_id
             WHERE m.role = 'owner' AND u.is_active AND h.name = 'Harbour House'",
        )
        .await
}

/// What `change_staff` would do without its lock: see that another owner is left, then write.
async fn careless_demotion(world: &World, user_id: UserId, ready: &tokio::sync::Barrier) {
    let mut transaction =
        world.database.begin_in(world.harbour.organisation_id, world.harbour.owner.user_id).await.unwrap();
    let others: i64 =
        sqlx::query_scalar("SELECT count(*) FROM memberships WHERE role = 'owner' AND user_id <> $1")
            .bind(user_id)
            .fetch_one(&mut *transaction)
            .await
            .unwrap();
    ready.wait().await;
    if others > 0 {
        let sql = "UPDATE memberships SET role = 'manager' WHERE user_id = $1";
        sqlx::query(sql).bind(user_id).execute(&mut *transaction).await.unwrap();
    }
    transaction.commit().await.unwrap();
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn two_owners_who_demote_each_other_at_once_leave_one(pool: PgPool) {
    let world = World::new(pool).await;
    let first = &world.harbour.owner;
    let id = world
        .identity
        .create_staff(world.harbour.permit(), &form("second", Role::Owner), true)
        .await
        .unwrap()
        .id;
    let at = (world.harbour.hotel_id, "Harbour House");
    let second = actor(world.harbour.organisation_id, id, "second", at, Role::Owner);

    let ready = tokio::sync::Barrier::new(2);
    tokio::join!(careless_demotion(&world, first.user_id, &ready), careless_demotion(&world, id, &ready));
    assert_eq!(active_owners(&world).await, 0, "without the lock");

    for is_active in [true, false, true, false] {
        for sql in [
            "UPDATE memberships SET role = 'owner' WHERE role = 'manager' AND user_id IN (SELECT id FROM users WHERE username IN ('second', 'owner@harbour.example'))",
            "UPDATE users SET is_active = true",
        ] {
            sqlx::query(sql).execute(&world.superuser).await.unwrap();
        }
        let role = if is_active { Role::Manager } else { Role::Owner };
        let demote = |by: &domain::access::Actor, whom| {
            let (identity, by, hotel_id) = (world.identity.clone(), by.clone(), world.harbour.hotel_id);
            async move {
                identity.change_staff(by.permit(hotel_id).unwrap(), whom, Some(role), Some(is_active)).await
            }
        };
        let results = tokio::join!(demote(first, id), demote(&second, first.user_id));
        let results = [results.0, results.1];
        assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1, "{results:?}");
        assert_eq!(
            results.iter().filter(|result| matches!(result, Err(Error::Forbidden))).count(),
            1,
            "{results:?}"
        );
        assert_eq!(active_owners(&world).await, 1);
    }
}
