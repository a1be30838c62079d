use domain::access::Role;
use domain::problem::ProblemCode;
use domain::staff::StaffForm;
use identity::Error;
use sqlx::PgPool;

use crate::support::{HERE, PASSWORD, World, client, form, problem};

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_new_member_of_staff_is_listed_and_can_sign_in(pool: PgPool) {
    let world = World::new(pool).await;
    let created = world
        .identity
        .create_staff(world.harbour.managers_permit(), &form("Hugo", Role::Housekeeping), true)
        .await
        .unwrap();
    assert_eq!(
        (created.username.as_str(), created.role, created.is_active),
        ("hugo", Role::Housekeeping, true)
    );
    let staff = world.identity.staff(world.harbour.permit()).await.unwrap();
    assert!(staff.contains(&created));
    assert_eq!(staff.len(), 4);
    world.identity.sign_in("HUGO", PASSWORD, &client(HERE)).await.unwrap();
    assert_eq!(world.identity.staff(world.mill.permit()).await.unwrap().len(), 3);
    assert_eq!(world.deeds("staff.created").await, 5);
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn who_has_a_name_or_an_address_already_is_said_at_the_field(pool: PgPool) {
    let world = World::new(pool).await;
    let before = world.fingerprint().await;
    let create = async |form: StaffForm| {
        problem(world.identity.create_staff(world.harbour.permit(), &form, true).await)
    };
    let in_use = |field: &str| (field.to_owned(), ProblemCode::AlreadyInUse);
    let with_email =
        |name: &str, email: &str| StaffForm { email: email.into(), ..form(name, Role::Reception) };
    assert_eq!(create(form("Reception-Harbour", Role::Reception)).await, in_use("username"));
    assert_eq!(
        create(form("reception-mill", Role::Reception)).await,
        in_use("username"),
        "in another company"
    );
    assert_eq!(create(with_email("new-name", "Owner@Mill.example")).await, in_use("email"));
    assert_eq!(create(form("owner@mill.example", Role::Reception)).await, in_use("username"));
    // Somebody else's address as a user name would be a trap for them.
    let trap = create(with_email("future@mill.example", "own@harbour.example")).await;
    assert_eq!(trap, ("email".into(), ProblemCode::Wrong));
    assert_eq!(create(form("x", Role::Reception)).await.0, "username");
    assert_eq!(world.fingerprint().await, before);
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn deactivation_ends_all_access_for_good(pool: PgPool) {
    let world = World::new(pool).await;
    let reception = &world.harbour.reception;
    let session = world.sign_in(reception).await;
    let colleague = world.sign_in(&world.harbour.manager).await;
    let pair = world.identity.issue_tokens(&reception.username, PASSWORD, &client(HERE)).await.unwrap();
    let change = async |is_active| {
        let permit = world.harbour.managers_permit();
        world
            .identity
            .change_staff(permit, reception.user_id, Some(Role::Reception), Some(is_active))
            .await
            .unwrap();
    };
    change(false).await;
    assert!(world.has_ended(&session).await && !world.has_ended(&colleague).await);
    assert!(matches!(world.identity.bearer(&pair.access_token).await, Err(Error::Inactive)));
    assert!(!world.can_sign_in(reception, PASSWORD).await);
    change(true).await;
    assert!(world.can_sign_in(reception, PASSWORD).await);
    assert!(world.has_ended(&session).await, "what has ended does not come back");
    assert!(matches!(world.identity.bearer(&pair.access_token).await, Err(Error::BadToken)));
    assert_eq!(world.deeds("staff.changed").await, 2);
    change(true).await;
    assert_eq!(world.deeds("staff.changed").await, 2, "no change, no row");
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn no_session_that_begins_meanwhile_survives_deactivation(pool: PgPool) {
    let world = World::new(pool).await;
    let reception = &world.harbour.reception;
    for _ in 0..10 {
        let change = async |is_active| {
            let permit = world.harbour.permit();
            world
                .identity
                .change_staff(permit, reception.user_id, Some(Role::Reception), Some(is_active))
                .await
                .unwrap();
        };
        // Signing in compares the password for some time; the change comes in between, or after it.
        let deactivate = async {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            change(false).await;
        };
        let here = client(HERE);
        let _ = tokio::join!(world.identity.sign_in(&reception.username, PASSWORD, &here), deactivate);
        assert_eq!(world.count("SELECT count(*) FROM sessions").await, 0);
        change(true).await;
    }
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_role_counts_from_the_next_request(pool: PgPool) {
    let world = World::new(pool).await;
    let session = world.sign_in(&world.harbour.reception).await;
    let id = world.harbour.reception.user_id;
    world
        .identity
        .change_staff(world.harbour.permit(), id, Some(Role::Housekeeping), Some(true))
        .await
        .unwrap();
    let found = world.identity.session(&session.token).await.unwrap().unwrap();
    assert_eq!(found.actor.memberships[0].role, Role::Housekeeping);
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_password_that_is_set_ends_all_access(pool: PgPool) {
    let world = World::new(pool).await;
    let reception = &world.harbour.reception;
    let session = world.sign_in(reception).await;
    let set = async |new| {
        world.identity.set_staff_password(world.harbour.managers_permit(), reception.user_id, new).await
    };
    assert_eq!(problem(set("short").await), ("password".into(), ProblemCode::TooShort { min: 8 }));
    assert!(!world.has_ended(&session).await);
    set("A new password 1").await.unwrap();
    assert!(world.has_ended(&session).await);
    assert!(
        world.can_sign_in(reception, "A new password 1").await
            && !world.can_sign_in(reception, PASSWORD).await
    );
    assert_eq!(world.deeds("password.changed").await, 1);
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_colleague_is_given_a_role_in_another_hotel(pool: PgPool) {
    let world = World::new(pool).await;
    let annex = world.second_hotel("Annex", &world.harbour.owner, Role::Owner).await;
    world.sign_in(&world.harbour.owner).await;
    let owner = world.identity.sign_in("owner@harbour.example", PASSWORD, &client(HERE)).await.unwrap();
    let permit = || owner.session.actor.permit(annex).unwrap();
    let reception = world.harbour.reception.user_id;
    let elsewhere = world.identity.staff_elsewhere(permit()).await.unwrap();
    assert_eq!(elsewhere.iter().filter(|person| person.id == reception).count(), 1);
    world.identity.give_role(permit(), reception, Role::Manager).await.unwrap();
    let again = world.identity.give_role(permit(), reception, Role::Owner).await;
    assert!(matches!(again, Err(Error::Conflict(_))));
    let session = world.sign_in(&world.harbour.reception).await.session;
    let roles: Vec<_> = session.actor.memberships.iter().map(|membership| membership.role).collect();
    assert_eq!(roles.len(), 2);
    assert!(roles.contains(&Role::Manager) && roles.contains(&Role::Reception));
    // Who manages there gives no role above their own, and nobody brings somebody of another company.
    let managers = || session.actor.permit::<domain::access::right::ManageStaff>(annex).unwrap();
    let manager = world.harbour.manager.user_id;
    assert!(matches!(
        world.identity.give_role(managers(), manager, Role::Owner).await,
        Err(Error::Forbidden)
    ));
    for stranger in [world.mill.reception.user_id, platform::ids::new()] {
        let answer = world.identity.give_role(permit(), stranger, Role::Reception).await;
        assert!(matches!(answer, Err(Error::NotFound)));
    }
    assert_eq!(world.identity.staff(permit()).await.unwrap().len(), 2);
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn colleagues_are_found_and_strangers_are_not(pool: PgPool) {
    let world = World::new(pool).await;
    let reception = &world.harbour.reception;
    let (hotel, found) = world.identity.colleague(reception, world.harbour.manager.user_id).await.unwrap();
    assert_eq!(hotel, world.harbour.hotel_id);
    assert_eq!((found.username.as_str(), found.role), ("manager-harbour", Role::Manager));
    let own = world.identity.colleague(reception, reception.user_id).await.unwrap().1;
    assert_eq!(own.role, Role::Reception);
    let elsewhere = world
        .identity
        .create_staff(world.harbour.permit(), &form("annex-only", Role::Reception), true)
        .await
        .unwrap();
    sqlx::query("DELETE FROM memberships WHERE user_id = $1")
        .bind(elsewhere.id)
        .execute(&world.superuser)
        .await
        .unwrap();
    for unknown in [world.mill.reception.user_id, elsewhere.id, platform::ids::new()] {
        assert!(matches!(world.identity.colleague(reception, unknown).await, Err(Error::NotFound)));
    }
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_role_is_taken_away_in_one_hotel_and_stays_in_the_other(pool: PgPool) {
    let world = World::new(pool).await;
    let (identity, reception) = (&world.identity, &world.harbour.reception);
    let annex = world.second_hotel("Annex", &world.harbour.owner, Role::Owner).await;
    let owner = world.sign_in(&world.harbour.owner).await.session.actor;
    let elsewhere = async || {
        let staff = identity.staff(owner.permit(world.harbour.hotel_id).unwrap()).await.unwrap();
        staff.into_iter().find(|member| member.id == reception.user_id).map(|member| member.works_elsewhere)
    };
    let remove =
        async |hotel_id| identity.remove_role(owner.permit(hotel_id).unwrap(), reception.user_id).await;
    assert_eq!(elsewhere().await, Some(false));
    assert!(matches!(remove(world.harbour.hotel_id).await, Err(Error::Conflict(_))), "the only one");
    assert!(matches!(remove(annex).await, Err(Error::NotFound)));
    identity.give_role(owner.permit(annex).unwrap(), reception.user_id, Role::Reception).await.unwrap();
    assert_eq!(elsewhere().await, Some(true));
    let session = world.sign_in(reception).await;
    remove(world.harbour.hotel_id).await.unwrap();
    assert_eq!(elsewhere().await, None);
    let found = identity.session(&session.token).await.unwrap().unwrap();
    let hotels: Vec<_> = found.actor.memberships.iter().map(|membership| membership.hotel_id).collect();
    assert_eq!((hotels, found.hotel_id), (vec![annex], Some(annex)), "signed in, and in the other hotel");
    assert_eq!(world.deeds("staff.removed").await, 1);
    // Not one's own, not of somebody above, not of another company.
    let own = identity.remove_role(owner.permit(annex).unwrap(), owner.user_id).await;
    assert!(matches!(own, Err(Error::Forbidden)));
    let above = identity.remove_role(world.harbour.managers_permit(), owner.user_id).await;
    assert!(matches!(above, Err(Error::Forbidden)));
    let stranger = identity.remove_role(world.mill.permit(), reception.user_id).await;
    assert!(matches!(stranger, Err(Error::NotFound)));
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn of_two_who_take_away_the_last_two_roles_one_succeeds(pool: PgPool) {
    let world = World::new(pool).await;
    let (identity, reception) = (&world.identity, &world.harbour.reception);
    let annex = world.second_hotel("Annex", &world.harbour.owner, Role::Owner).await;
    let owner = world.sign_in(&world.harbour.owner).await.session.actor;
    for _ in 0..10 {
        let permit = |hotel_id| owner.permit(hotel_id).unwrap();
        identity.give_role(permit(annex), reception.user_id, Role::Reception).await.unwrap();
        let both = tokio::join!(
            identity.remove_role(permit(annex), reception.user_id),
            identity.remove_role(permit(world.harbour.hotel_id), reception.user_id),
        );
        assert!(both.0.is_ok() != both.1.is_ok(), "{both:?}");
        if both.1.is_ok() {
            identity
                .give_role(permit(world.harbour.hotel_id), reception.user_id, Role::Reception)
                .await
                .unwrap();
            identity.remove_role(permit(annex), reception.user_id).await.unwrap();
        }
    }
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_role_that_is_set_leaves_alone_who_may_sign_in_and_the_other_way_round(pool: PgPool) {
    let world = World::new(pool).await;
    let (identity, reception) = (&world.identity, &world.harbour.reception);
    let permit = || world.harbour.permit();
    let known = async || {
        let staff = identity.staff(permit()).await.unwrap();
        let person = staff.into_iter().find(|person| person.id == reception.user_id).unwrap();
        (person.role, person.is_active)
    };
    identity.change_staff(permit(), reception.user_id, None, Some(false)).await.unwrap();
    identity.change_staff(permit(), reception.user_id, Some(Role::Housekeeping), None).await.unwrap();
    assert_eq!(known().await, (Role::Housekeeping, false));
    identity.change_staff(permit(), reception.user_id, None, Some(true)).await.unwrap();
    assert_eq!(known().await, (Role::Housekeeping, true));
    // Two at once.
    let role = identity.change_staff(permit(), reception.user_id, Some(Role::Manager), None);
    let access = identity.change_staff(permit(), reception.user_id, None, Some(false));
    let (role, access) = tokio::join!(role, access);
    role.unwrap();
    access.unwrap();
    assert_eq!(known().await, (Role::Manager, false));
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_role_is_taken_away_while_the_only_owner_is_suspended(pool: PgPool) {
    let world = World::new(pool).await;
    let (identity, reception) = (&world.identity, &world.harbour.reception);
    world.second_hotel("Annex", reception, Role::Reception).await;
    sqlx::query("UPDATE users SET is_active = false WHERE id = $1")
        .bind(world.harbour.owner.user_id)
        .execute(&world.superuser)
        .await
        .unwrap();
    identity.remove_role(world.harbour.managers_permit(), reception.user_id).await.unwrap();
}
