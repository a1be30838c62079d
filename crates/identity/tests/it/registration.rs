use domain::access::Role;
use domain::ids::{HotelId, OrganisationId, UserId};
use domain::problem::ProblemCode;
use identity::Error;
use sqlx::PgPool;

use crate::support::{HERE, PASSWORD, World, client, problem, registration};

async fn register(world: &World, form: &domain::hotel::Registration, commit: bool) -> Result<(), Error> {
    let (organisation_id, hotel_id): (OrganisationId, HotelId) = (platform::ids::new(), platform::ids::new());
    let owner_id: UserId = platform::ids::new();
    let mut transaction = world.database.begin_in(organisation_id, owner_id).await.unwrap();
    world.identity.register(&mut transaction, organisation_id, hotel_id, owner_id, form).await?;
    if commit {
        transaction.commit().await?;
    }
    Ok(())
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_new_company_has_a_hotel_and_an_owner_who_can_sign_in(pool: PgPool) {
    let world = World::new(pool).await;
    register(&world, &registration("Grand Hôtel", "grand@hotel.example"), true).await.unwrap();
    let session =
        world.identity.sign_in("grand@hotel.example", PASSWORD, &client(HERE)).await.unwrap().session;
    let membership = &session.actor.memberships[0];
    assert_eq!((membership.hotel_name.as_str(), membership.role), ("Grand Hôtel", Role::Owner));
    let code: String = sqlx::query_scalar("SELECT code FROM organisations WHERE name = 'Grand Hôtel'")
        .fetch_one(&world.superuser)
        .await
        .unwrap();
    assert_eq!(code, "1003", "the next number");
    let valid =
        "SELECT count(*) FROM hotels WHERE subscription_valid AND valid_to IS NULL AND currency = 'EUR'";
    assert_eq!(world.count(valid).await, 3);
    assert_eq!(world.deeds("hotel.registered").await, 3);
    // The same name again is another company.
    register(&world, &registration("Grand Hôtel", "other@hotel.example"), true).await.unwrap();
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_registration_that_is_refused_or_not_finished_leaves_nothing(pool: PgPool) {
    let world = World::new(pool).await;
    let before = world.fingerprint().await;
    let taken = register(&world, &registration("Copy", "owner@mill.example"), true).await;
    assert_eq!(problem(taken), ("owner_email".into(), ProblemCode::AlreadyInUse));
    let mut nowhere = registration("Nowhere", "nowhere@hotel.example");
    nowhere.hotel.time_zone = "Mars/Olympus".into();
    assert_eq!(
        problem(register(&world, &nowhere, true).await),
        ("time_zone".into(), ProblemCode::NotOnOffer)
    );
    register(&world, &registration("Unfinished", "un@finished.example"), false).await.unwrap();
    assert_eq!(world.fingerprint().await, before);
    assert_eq!(world.count("SELECT count(*) FROM organisations WHERE code <> '1000'").await, 2);
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_second_click_lets_in_whom_the_first_registered_and_nobody_else(pool: PgPool) {
    let world = World::new(pool).await;
    let form = registration("Grand Hôtel", "grand@hotel.example");
    register(&world, &form, true).await.unwrap();
    let again = async |hotel: Option<&str>, password: &str| {
        let refused = register(&world, &form, true).await.unwrap_err();
        world.identity.second_click(refused, "Grand@hotel.example", password, hotel, &client(HERE)).await
    };
    let session = again(Some("Grand Hôtel "), PASSWORD).await.unwrap().session;
    assert_eq!(session.actor.memberships[0].hotel_name, "Grand Hôtel");
    let taken = ("owner_email".to_owned(), ProblemCode::AlreadyInUse);
    assert_eq!(problem(again(Some("Grand Hôtel"), "another Password1").await), taken);
    assert_eq!(problem(again(Some("A second hotel"), PASSWORD).await), taken);
    assert_eq!(problem(again(None, PASSWORD).await), taken);
    world.minutes_pass(10);
    assert_eq!(problem(again(Some("Grand Hôtel"), PASSWORD).await), taken);
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn an_owner_adds_a_hotel_that_is_subscribed_as_the_first_is(pool: PgPool) {
    let world = World::new(pool).await;
    let (owner, manager) = (&world.harbour.owner, &world.harbour.manager);
    assert!(manager.owner().is_err() && world.harbour.reception.owner().is_err());
    let ended =
        "UPDATE hotels SET subscription_valid = false, valid_to = '2027-01-01' WHERE name = 'Harbour House'";
    sqlx::query(ended).execute(&world.superuser).await.unwrap();
    let registration = registration("Harbour Annex", "unused@hotel.example");
    let new = domain::hotel::NewHotel {
        hotel: registration.hotel,
        currency: registration.currency,
        rooms: Vec::new(),
    };
    let hotel_id: HotelId = platform::ids::new();
    let mut transaction = world.database.begin_as(owner).await.unwrap();
    world.identity.add_hotel(&mut transaction, owner.owner().unwrap(), hotel_id, &new).await.unwrap();
    transaction.commit().await.unwrap();
    let session = world.sign_in(owner).await.session;
    let membership = session.actor.membership(hotel_id).unwrap();
    assert_eq!((membership.hotel_name.as_str(), membership.role), ("Harbour Annex", Role::Owner));
    let same = "SELECT count(*) FROM hotels WHERE NOT subscription_valid AND valid_to = '2027-01-01'";
    assert_eq!(world.count(same).await, 2);
    // The platform's admin adds one for its owners.
    let admin = domain::access::Actor { is_platform_admin: true, ..domain::access::Actor::nobody() };
    let third: HotelId = platform::ids::new();
    let mut transaction =
        world.database.begin_in(world.harbour.organisation_id, admin.user_id).await.unwrap();
    let permit = admin.admin().unwrap();
    world
        .identity
        .add_hotel_for(&mut transaction, permit, world.harbour.organisation_id, third, &new)
        .await
        .unwrap();
    transaction.commit().await.unwrap();
    let owners: i64 =
        sqlx::query_scalar("SELECT count(*) FROM memberships WHERE hotel_id = $1 AND role = 'owner'")
            .bind(third)
            .fetch_one(&world.superuser)
            .await
            .unwrap();
    assert_eq!(owners, 1);
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn nobody_is_registered_into_another_company(pool: PgPool) {
    let world = World::new(pool).await;
    let (own, owner_id): (OrganisationId, UserId) = (platform::ids::new(), platform::ids::new());
    let mut transaction = world.database.begin_in(own, owner_id).await.unwrap();
    let form = registration("Intruder", "in@truder.example");
    let result = world
        .identity
        .register(&mut transaction, world.mill.organisation_id, platform::ids::new(), owner_id, &form)
        .await;
    assert!(matches!(result, Err(Error::Database(_))), "{result:?}");
}
