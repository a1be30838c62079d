//! Finding guests and their stays where many have the same name.

use domain::access::right;
use domain::problem::ProblemCode;
use domain::stay::StayStatus;
use pms::bookings::StayFilter;
use sqlx::PgPool;

use crate::support::{World, request};

/// Six hundred guests of one name, none of whom ever stayed.
async fn many_marias(world: &World) {
    sqlx::query(
        "INSERT INTO guests (organisation_id, id, first_name, last_name, created_at)
         SELECT $1, gen_random_uuid(), 'Maria', 'Silva ' || lpad(n::text, 4, '0'), now() FROM generate_series(1, 600) AS n",
    )
    .bind(uuid::Uuid::from(world.harbour.organisation_id))
    .execute(&world.superuser)
    .await
    .unwrap();
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_stay_is_found_by_name_however_many_guests_share_it(superuser: PgPool) {
    let world = World::new(superuser).await;
    let (house, pms) = (&world.harbour, &world.pms);
    many_marias(&world).await;
    // Sorts behind all the others.
    let wanted = request(house.rooms[0], world.dates(0, 1), "Mariana");
    let stay = pms.make_booking(house.permit(), wanted).await.unwrap().id;
    let found = async |text: &str, status: Option<StayStatus>| {
        let filter = StayFilter { text: text.to_owned(), status, before: None };
        let rows = pms.stays(house.permit(), &filter).await.unwrap();
        rows.into_iter().map(|row| row.id).collect::<Vec<_>>()
    };
    for text in ["mari", "Maria", "mariana"] {
        assert_eq!(found(text, None).await, [stay], "{text}");
    }
    assert_eq!(found("maria", Some(StayStatus::Reserved)).await, [stay]);
    assert!(found("maria", Some(StayStatus::CheckedIn)).await.is_empty());
    let after = StayFilter { text: "maria".to_owned(), status: None, before: Some(stay) };
    assert!(pms.stays(house.permit(), &after).await.unwrap().is_empty());
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_search_for_guests_goes_on_page_by_page(superuser: PgPool) {
    let world = World::new(superuser).await;
    many_marias(&world).await;
    let (house, pms) = (&world.harbour, &world.pms);
    let first = pms.guests(house.permit(), "maria", None).await.unwrap();
    let second = pms.guests(house.permit(), "maria", first.last().map(|guest| guest.id)).await.unwrap();
    assert_eq!((first.len(), second.len()), (50, 50));
    let names: Vec<_> = first.iter().chain(&second).map(|guest| guest.name.clone()).collect();
    assert!(names.is_sorted() && names.windows(2).all(|pair| pair[0] != pair[1]), "{names:?}");
    let narrow = pms.guests(house.permit(), "maria silva 003", None).await.unwrap();
    assert_eq!(narrow.len(), 10);
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn the_note_of_a_booking_is_changed_and_removed(superuser: PgPool) {
    let world = World::new(superuser).await;
    let (house, pms) = (&world.harbour, &world.pms);
    let wanted = request(house.rooms[0], world.dates(0, 1), "Ada");
    let stay = pms.make_booking(house.permit(), wanted).await.unwrap().id;
    let shown = |note: &str| format!("{{\"note\":\"{note}\"}}");
    let note = async || pms.stay(house.permit(), stay).await.unwrap().note;
    pms.change_note(house.permit(), stay, &shown(""), " Late, about 23:00 ").await.unwrap();
    assert_eq!(note().await.as_deref(), Some("Late, about 23:00"));
    let long = pms
        .change_note(house.permit(), stay, &shown("Late, about 23:00"), &"x".repeat(2001))
        .await
        .unwrap_err();
    assert!(
        matches!(long, pms::Error::Invalid(problems) if problems[0].code == ProblemCode::TooLong { max: 2000 })
    );
    let other = world.mill.permit::<right::ManageBookings>();
    assert!(matches!(pms.change_note(other, stay, &shown(""), "x").await, Err(pms::Error::NotFound)));
    pms.change_note(house.permit(), stay, &shown("Late, about 23:00"), "").await.unwrap();
    assert_eq!(note().await, None);
    let history = pms.stay(house.permit(), stay).await.unwrap().history;
    assert_eq!(history.iter().filter(|entry| entry.action == "stay.note_changed").count(), 2);
}
