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
