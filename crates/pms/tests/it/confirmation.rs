//! What a guest is written about a booking.

use domain::access::{Role, right};
use domain::guest::GuestDraft;
use domain::problem::ProblemCode;
use domain::stay::{StayAction, StayRefusal};
use pms::Error;
use pms::bookings::{BookingRequest, GuestChoice};
use sqlx::PgPool;

use crate::support::{World, request};

/// To whom, and the text, of each mail that waits to be sent.
async fn mails(world: &World) -> Vec<(String, String)> {
    let waiting = "SELECT payload->>'to', payload->>'text' FROM jobs WHERE queue = 'mail.send' ORDER BY id";
    sqlx::query_as(waiting).fetch_all(&world.superuser).await.unwrap()
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_guest_is_written_what_was_booked(superuser: PgPool) {
    let world = World::new(superuser).await;
    let (house, pms) = (&world.harbour, &world.pms);
    let desk = house.reception.permit::<right::ManageBookings>(house.hotel_id).unwrap();
    let draft = GuestDraft {
        first_name: "Ada".into(),
        email: Some("ada@customer.example".into()),
        ..GuestDraft::default()
    };
    let wanted = BookingRequest {
        guest: GuestChoice::New(draft),
        paid_card_minor: 5_000,
        ..request(house.rooms[0], world.dates(1, 3), "")
    };
    let first = pms.make_booking(desk, wanted.clone()).await.unwrap();
    let more = BookingRequest { booking_of: Some(first.id), paid_card_minor: 0, ..wanted };
    let second = pms
        .make_booking(desk, BookingRequest { room: domain::room::RoomChoice::Room(house.rooms[3]), ..more })
        .await
        .unwrap();

    assert_eq!(pms.send_confirmation(desk, first.id, " ").await.unwrap(), "ada@customer.example");
    assert_eq!(
        pms.stay(desk.also().unwrap(), first.id).await.unwrap().email.unwrap(),
        "ada@customer.example"
    );
    let mut housekeeper = house.reception.clone();
    housekeeper.memberships[0].role = Role::Housekeeping;
    let seen = pms.stay(housekeeper.permit(house.hotel_id).unwrap(), first.id).await.unwrap();
    assert_eq!(seen.email, None, "for those who may write to guests");
    let (to, text) = mails(&world).await.remove(0);
    assert_eq!(to, "ada@customer.example");
    let text = text.replace('\u{a0}', " ");
    for part in [
        first.reference.as_str(),
        "Room: Single\nArrival: Thu 11 Mar 2106\nDeparture: Sat 13 Mar 2106\nNights: 2\nGuests: 1\nPrice: € 180.00",
        "Room: Double",
        "Total: € 420.00\nPaid: € 50.00\nTo be paid: € 370.00",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }

    // What was called off is not confirmed, neither alone nor with the rest.
    pms.act(desk, second.id, StayAction::Cancel).await.unwrap();
    assert_eq!(
        pms.send_confirmation(desk, first.id, "Bea@Customer.example").await.unwrap(),
        "bea@customer.example"
    );
    let (to, text) = mails(&world).await.remove(1);
    assert_eq!(to, "bea@customer.example");
    assert!(!text.contains("Double") && text.replace('\u{a0}', " ").contains("Total: € 180.00"), "{text}");
    let refused = pms.send_confirmation(desk, second.id, "").await;
    assert!(matches!(refused, Err(Error::Refused(StayRefusal::NotLive))), "{refused:?}");
    assert_eq!(mails(&world).await.len(), 2);

    let history = pms.stay(desk.also().unwrap(), first.id).await.unwrap().history;
    let sent: Vec<_> = history.iter().filter(|entry| entry.action == "stay.confirmation_sent").collect();
    assert_eq!(sent.len(), 2);
    assert_eq!(sent[0].facts, [("sent_to".to_owned(), "bea@customer.example".to_owned())]);
    let seen = pms.stay(housekeeper.permit(house.hotel_id).unwrap(), first.id).await.unwrap();
    let mut sent = seen.history.iter().filter(|entry| entry.action == "stay.confirmation_sent");
    assert!(sent.all(|entry| entry.facts.is_empty()), "whom we wrote to is for those who may write");
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_confirmation_without_an_address_and_one_of_another_hotel_are_refused(superuser: PgPool) {
    let world = World::new(superuser).await;
    let (house, pms) = (&world.harbour, &world.pms);
    let stay =
        pms.make_booking(house.permit(), request(house.rooms[0], world.dates(0, 1), "Ada")).await.unwrap();
    for (email, code) in [("", ProblemCode::Required), ("nobody", ProblemCode::NotAnEmail)] {
        let refused = pms.send_confirmation(house.permit(), stay.id, email).await;
        let Err(Error::Invalid(problems)) = refused else { panic!("{refused:?}") };
        assert_eq!((problems[0].field.as_str(), problems[0].code.clone()), ("email", code));
    }
    let other = world.mill.permit::<right::ManageBookings>();
    let refused = pms.send_confirmation(other, stay.id, "ada@customer.example").await;
    assert!(matches!(refused, Err(Error::NotFound)), "{refused:?}");
    assert!(mails(&world).await.is_empty());
}
