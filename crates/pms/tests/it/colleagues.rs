//! Two colleagues who have the same form open: neither takes back unseen what the other wrote.

use domain::booking::{BookingForm, NoteForm, StayChangeForm, StayFeedbackForm};
use domain::guest::GuestForm;
use domain::hotel::HotelForm;
use domain::ids::StayId;
use domain::merge::merge;
use domain::problem::{FieldProblem, ProblemCode};
use domain::room::{RoomForm, RoomTypeForm};
use domain::stay::StayAction;
use pms::{Error, Result};
use serde::Serialize;
use sqlx::PgPool;

use crate::support::{World, request};

fn json(form: &impl Serialize) -> String {
    serde_json::to_string(form).unwrap()
}

/// What a refusal says about the field that both changed: its name, and what it is now.
fn changed(refused: Result<()>) -> (String, String) {
    match refused {
        Err(Error::Invalid(problems)) => match &problems[..] {
            [FieldProblem { field, code: ProblemCode::ChangedMeanwhile { now } }] => {
                (field.clone(), now.clone())
            }
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

async fn stay_of_ada(world: &World) -> StayId {
    let wanted = request(world.harbour.rooms[0], world.dates(0, 2), "Ada");
    world.pms.make_booking(world.harbour.permit(), wanted).await.unwrap().id
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn of_a_stay(superuser: PgPool) {
    let world = World::new(superuser).await;
    let (house, pms) = (&world.harbour, &world.pms);
    let stay = stay_of_ada(&world).await;
    let row = pms.stay(house.permit(), stay).await.unwrap().row;
    let shown = StayChangeForm::of(row.dates, row.times, row.room_choice(), row.party);
    let sent = |form: StayChangeForm| StayChangeForm { shown: json(&shown), ..form };

    // One moves the guest, the other knows when they come: both are done.
    let room_id = house.rooms[1].to_string();
    let moves = sent(StayChangeForm { room_id: room_id.clone(), ..shown.clone() });
    pms.change(house.permit(), stay, &moves).await.unwrap();
    let hears = sent(StayChangeForm { arrival_time: "18:30".into(), ..shown.clone() });
    pms.change(house.permit(), stay, &hears).await.unwrap();
    let now = pms.stay(house.permit(), stay).await.unwrap().row;
    let known = StayChangeForm::of(now.dates, now.times, now.room_choice(), now.party);
    assert_eq!((&known.room_id, known.arrival_time.as_str()), (&room_id, "18:30"));

    // Who moves the guest elsewhere is told first, and means it when they send it again.
    let third = house.rooms[2].to_string();
    let elsewhere = sent(StayChangeForm { room_id: third.clone(), ..shown.clone() });
    let told = changed(pms.change(house.permit(), stay, &elsewhere).await);
    assert_eq!(told, ("room_id".to_owned(), room_id.clone()));
    let seen = json(&StayChangeForm { room_id, ..shown.clone() });
    pms.change(house.permit(), stay, &StayChangeForm { shown: seen, ..elsewhere }).await.unwrap();
    assert_eq!(pms.stay(house.permit(), stay).await.unwrap().row.room_id, Some(house.rooms[2]));
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn of_a_stay_that_is_another_by_now(superuser: PgPool) {
    let world = World::new(superuser).await;
    let (house, pms) = (&world.harbour, &world.pms);
    let stay = stay_of_ada(&world).await;
    let details = pms.stay(house.permit(), stay).await.unwrap();
    let row = details.row;
    let shown = StayChangeForm::of(row.dates, row.times, row.room_choice(), row.party);
    let sent = |form: StayChangeForm, version| StayChangeForm { shown: json(&shown), version, ..form };
    let price = |price: &str| StayChangeForm { price: price.into(), ..shown.clone() };
    let first = details.version;

    // Two agree on prices: the second one hears of the first.
    pms.change(house.permit(), stay, &sent(price("100"), first)).await.unwrap();
    let told = changed(pms.change(house.permit(), stay, &sent(price("80"), first)).await);
    assert_eq!(told, ("price".to_owned(), String::new()));
    pms.change(house.permit(), stay, &sent(price("80"), first + 1)).await.unwrap();

    // Who has the key by now is not moved as somebody who was still to come. What they were told is what they saw then.
    pms.act(house.permit(), stay, StayAction::CheckIn).await.unwrap();
    let elsewhere = StayChangeForm { room_id: house.rooms[1].to_string(), ..shown.clone() };
    let told = changed(pms.change(house.permit(), stay, &sent(elsewhere.clone(), first + 2)).await);
    assert_eq!(told, ("room_id".to_owned(), shown.room_id.clone()));
    pms.change(house.permit(), stay, &sent(elsewhere, first + 3)).await.unwrap();
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn of_notes(superuser: PgPool) {
    let world = World::new(superuser).await;
    let (house, pms) = (&world.harbour, &world.pms);
    let stay = stay_of_ada(&world).await;
    let guest = pms.stay(house.permit(), stay).await.unwrap().row.guest_id;
    let shown = pms.guest(house.permit(), guest).await.unwrap().0.details;
    let note = |note: &str| GuestForm { note: note.into(), ..shown.clone() };
    let save = async |typed: GuestForm, shown: &GuestForm| {
        let shown = json(shown);
        pms.change_guest(house.permit(), guest, |known| merge(typed, &shown, &known)).await
    };
    save(note("VIP"), &shown).await.unwrap();
    assert_eq!(changed(save(note("nuts"), &shown).await), ("note".to_owned(), "VIP".to_owned()));
    save(note("VIP, nuts"), &note("VIP")).await.unwrap();
    assert_eq!(pms.guest(house.permit(), guest).await.unwrap().0.details.note, "VIP, nuts");

    let empty = json(&NoteForm::default());
    pms.change_note(house.permit(), stay, &empty, "Late").await.unwrap();
    let told = changed(pms.change_note(house.permit(), stay, &empty, "Quiet").await);
    assert_eq!(told, ("note".to_owned(), "Late".to_owned()));

    pms.act(house.permit(), stay, StayAction::CheckIn).await.unwrap();
    pms.act(house.permit(), stay, StayAction::CheckOut).await.unwrap();
    let empty = json(&StayFeedbackForm::default());
    let went = |rating: &str, feedback: &str| StayFeedbackForm {
        rating: rating.into(),
        feedback: feedback.into(),
        shown: empty.clone(),
    };
    pms.change_feedback(house.permit(), stay, &went("", "Left a scarf")).await.unwrap();
    pms.change_feedback(house.permit(), stay, &went("4", "")).await.unwrap();
    let told = changed(pms.change_feedback(house.permit(), stay, &went("4", "Came late")).await);
    assert_eq!(told, ("feedback".to_owned(), "Left a scarf".to_owned()));
    let noted = pms.stay(house.permit(), stay).await.unwrap().feedback;
    assert_eq!((noted.rating, noted.note.as_deref()), (Some(4), Some("Left a scarf")));
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn of_a_returning_guest(superuser: PgPool) {
    let world = World::new(superuser).await;
    let (house, pms) = (&world.harbour, &world.pms);
    let shown = GuestForm { first_name: "Ada".into(), phone: "+44 20 1".into(), ..GuestForm::default() };
    let guest = pms.create_guest(house.permit(), &shown).await.unwrap();
    pms.change_guest(house.permit(), guest, |known| Ok(GuestForm { phone: "+44 20 2".into(), ..known }))
        .await
        .unwrap();
    let dates = world.dates(0, 1);
    let mut form = BookingForm {
        room_id: house.rooms[0].to_string(),
        arrival: dates.arrival().to_string(),
        departure: dates.departure().to_string(),
        party: "1".into(),
        guest_id: guest.to_string(),
        guest: GuestForm { phone: "+44 20 3".into(), ..shown.clone() },
        guest_shown: json(&shown),
        ..BookingForm::default()
    };
    let told = changed(pms.book(house.permit(), &form).await.map(drop));
    assert_eq!(told, ("phone".to_owned(), "+44 20 2".to_owned()));
    assert_eq!(world.count("SELECT count(*) FROM stays").await, 0, "nothing was booked");

    form.guest = GuestForm { city: "Porto".into(), ..shown };
    pms.book(house.permit(), &form).await.unwrap();
    let now = pms.guest(house.permit(), guest).await.unwrap().0.details;
    assert_eq!((now.phone.as_str(), now.city.as_str()), ("+44 20 2", "Porto"));
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn of_the_house(superuser: PgPool) {
    let world = World::new(superuser).await;
    let (house, pms) = (&world.harbour, &world.pms);
    let shown = HotelForm::from(&pms.hotel(house.permit()).await.unwrap());
    let save = async |typed: HotelForm| {
        let shown = json(&shown);
        pms.change_hotel(house.permit(), |known| merge(typed, &shown, &known)).await
    };
    save(HotelForm { phone: "+1 555".into(), ..shown.clone() }).await.unwrap();
    save(HotelForm { terms: "No smoking.".into(), ..shown.clone() }).await.unwrap();
    let hotel = pms.hotel(house.permit()).await.unwrap();
    assert_eq!((hotel.phone.as_deref(), hotel.terms.as_str()), (Some("+1 555"), "No smoking."));

    let one = &pms.room_types(house.permit()).await.unwrap()[0];
    let shown = RoomTypeForm::from(one);
    let save = async |typed: RoomTypeForm| {
        let shown = json(&shown);
        pms.change_room_type(house.permit(), one.id, |known| merge(typed, &shown, &known)).await
    };
    save(RoomTypeForm { rate: "99".into(), ..shown.clone() }).await.unwrap();
    save(RoomTypeForm { overbooking: "1".into(), ..shown.clone() }).await.unwrap();
    let told = changed(save(RoomTypeForm { rate: "98".into(), ..shown.clone() }).await);
    assert_eq!(told, ("rate".to_owned(), "99.00".to_owned()));

    let room = pms.find_room(house.permit(), "101").await.unwrap().unwrap();
    let shown = RoomForm::from(&room);
    let save = async |typed: RoomForm| {
        let shown = json(&shown);
        pms.change_room(house.permit(), room.id, None, |known| merge(typed.clone(), &shown, &known)).await
    };
    save(RoomForm { rate: "150".into(), ..shown.clone() }).await.unwrap();
    save(RoomForm { floor: "Attic".into(), ..shown.clone() }).await.unwrap();
    let now = pms.find_room(house.permit(), "101").await.unwrap().unwrap();
    assert_eq!((now.rate.minor, now.floor.as_deref()), (15_000, Some("Attic")));
}
