//! Finding guests and their stays where many have the same name.

use domain::access::right;
use domain::guest::GuestForm;
use domain::problem::ProblemCode;
use domain::stay::StayStatus;
use pms::bookings::{BookingRequest, GuestChoice, StayFilter};
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
async fn a_guest_is_found_by_the_last_family_name_and_the_number_as_it_is_dialled(superuser: PgPool) {
    let world = World::new(superuser).await;
    let (house, pms) = (&world.harbour, &world.pms);
    let form = GuestForm {
        first_name: "John".to_owned(),
        last_name: "Peter Mariano".to_owned(),
        phone: "+49 30 901820".to_owned(),
        ..GuestForm::default()
    };
    let john = pms.create_guest(house.permit(), &form).await.unwrap();
    let found = async |text: &str| {
        let rows = pms.guests(house.permit(), text, None).await.unwrap();
        rows.into_iter().map(|row| row.id).collect::<Vec<_>>()
    };
    let told = [
        "Mariano",
        "mariano john",
        "John Mariano",
        "peter mariano",
        "030 901820",
        "901820",
        "0049 30 901820",
        "+49 30",
    ];
    for text in told {
        assert_eq!(found(text).await, [john], "{text}");
    }
    for text in ["Marianos", "01820", "Ann Mariano", "ohn"] {
        assert!(found(text).await.is_empty(), "{text}");
    }
    let stay = request(house.rooms[0], world.dates(0, 1), "Ada");
    let stay = BookingRequest { guest: GuestChoice::Existing(john, None), ..stay };
    let stay = pms.make_booking(house.permit(), stay).await.unwrap().id;
    many_marias(&world).await;
    for text in ["mari", "901820"] {
        let filter = StayFilter { text: text.to_owned(), status: None, before: None };
        let rows = pms.stays(house.permit(), &filter).await.unwrap();
        assert_eq!(rows.into_iter().map(|row| row.id).collect::<Vec<_>>(), [stay], "{text}");
    }
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_booking_that_changes_a_known_guest_is_in_the_log(superuser: PgPool) {
    let world = World::new(superuser).await;
    let (house, pms) = (&world.harbour, &world.pms);
    let form =
        GuestForm { first_name: "Ada".to_owned(), gov_id: "P1234567".to_owned(), ..GuestForm::default() };
    let ada = pms.create_guest(house.permit(), &form).await.unwrap();
    let changes = async || {
        let query = "SELECT count(*) FROM audit_log WHERE action = 'guest.changed' AND subject = $1";
        let query = sqlx::query_scalar::<_, i64>(query).bind(uuid::Uuid::from(ada));
        query.fetch_one(&world.superuser).await.unwrap()
    };
    let phone = GuestForm { phone: "555 0101".to_owned(), ..form.clone() }.check("").unwrap();
    let book = async |day: i64, guest: GuestChoice| {
        let wanted = request(house.rooms[0], world.dates(day, day + 1), "Ada");
        pms.make_booking(house.permit(), BookingRequest { guest, ..wanted }).await.unwrap();
    };
    book(0, GuestChoice::Existing(ada, None)).await;
    assert_eq!(changes().await, 0);
    book(1, GuestChoice::Existing(ada, Some(phone.clone()))).await;
    assert_eq!(changes().await, 1);
    book(2, GuestChoice::Existing(ada, Some(phone.clone()))).await;
    assert_eq!(changes().await, 1, "what is known already is no change");
    book(3, GuestChoice::New(phone)).await;
    assert_eq!(changes().await, 2, "the identity number is Ada's");
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
