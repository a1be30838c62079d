//! A guest who is in the house moves to another room, and what a desk undoes.

use chrono::{DateTime, TimeDelta, Utc};
use domain::booking::{BookingForm, StayChangeForm, StayFeedback, StayFeedbackForm};
use domain::guest::GuestForm;
use domain::hotel::HotelForm;
use domain::ids::StayId;
use domain::money::Currency;
use domain::problem::ProblemCode;
use domain::room::{ClosureForm, RoomChoice, RoomCondition, RoomForm, RoomTypeForm};
use domain::stay::StayAction;
use platform::clock::Clock;
use pms::Error;
use pms::bookings::{CheckOut, Price};
use sqlx::PgPool;

use crate::support::{World, request, request_for};

/// A stay in room 104 from today for four nights at 80 a night, where the rate is 120: checked in, two nights slept.
async fn in_the_house(world: &World) -> StayId {
    let (house, pms) = (&world.harbour, &world.pms);
    let mut wanted = request(house.rooms[3], world.dates(0, 4), "Ada");
    wanted.price = Some(Price::Nightly(8_000));
    let stay = pms.make_booking(house.permit(), wanted).await.unwrap().id;
    pms.act(house.permit(), stay, StayAction::CheckIn).await.unwrap();
    world.tomorrow();
    world.tomorrow();
    stay
}

fn to_room(world: &World, room: usize, version: i32) -> StayChangeForm {
    StayChangeForm { room_id: world.harbour.rooms[room].to_string(), version, ..StayChangeForm::default() }
}

async fn nights(world: &World, stay: StayId) -> Vec<i64> {
    let details = world.pms.stay(world.harbour.permit(), stay).await.unwrap();
    assert_eq!(details.row.total.currency, Currency::EUR);
    details.nights.iter().map(|night| night.price.minor).collect()
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_room_that_is_left_is_dirty_and_nights_that_were_slept_keep_their_price(superuser: PgPool) {
    let world = World::new(superuser).await;
    let (house, pms) = (&world.harbour, &world.pms);
    let stay = in_the_house(&world).await;
    let condition = async |room: usize| {
        let id = house.rooms[room].to_string();
        pms.find_room(house.permit(), &id).await.unwrap().unwrap().condition
    };
    // Of the same type: what was agreed on stays.
    pms.change(house.permit(), stay, &to_room(&world, 4, 2)).await.unwrap();
    assert_eq!(nights(&world, stay).await, [8_000; 4]);
    assert_eq!(condition(3).await, RoomCondition::Dirty);
    assert_eq!(condition(4).await, RoomCondition::Clean);
    // Of another type: the nights to come cost what they cost there.
    pms.change(house.permit(), stay, &to_room(&world, 0, 3)).await.unwrap();
    assert_eq!(nights(&world, stay).await, [8_000, 8_000, 9_000, 9_000]);
    assert_eq!(condition(4).await, RoomCondition::Dirty);
    // Who has not come yet leaves nothing behind.
    let later =
        pms.make_booking(house.permit(), request(house.rooms[1], world.dates(1, 2), "Ben")).await.unwrap().id;
    pms.change(house.permit(), later, &to_room(&world, 2, 1)).await.unwrap();
    assert_eq!(condition(1).await, RoomCondition::Clean);
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_room_that_was_out_of_order_takes_a_guest_from_another(superuser: PgPool) {
    let world = World::new(superuser).await;
    let (house, pms) = (&world.harbour, &world.pms);
    close(&world, 4, 0, 2).await;
    close(&world, 5, 0, 3).await;
    let stay = in_the_house(&world).await;
    let refused = pms.change(house.permit(), stay, &to_room(&world, 5, 2)).await;
    assert!(matches!(refused, Err(Error::RoomOutOfOrder)), "{refused:?}");
    pms.change(house.permit(), stay, &to_room(&world, 4, 2)).await.unwrap();
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_check_in_is_not_undone_when_nobody_could_check_in_again(superuser: PgPool) {
    let world = World::new(superuser).await;
    let (house, pms) = (&world.harbour, &world.pms);
    let stay = in_the_house(&world).await;
    pms.act(house.permit(), stay, StayAction::UndoCheckIn).await.unwrap();
    pms.act(house.permit(), stay, StayAction::CheckIn).await.unwrap();
    world.tomorrow();
    world.tomorrow();
    let actions = pms.stay(house.permit(), stay).await.unwrap().actions;
    assert!(actions.contains(&StayAction::CheckOut) && !actions.contains(&StayAction::UndoCheckIn));
    assert!(matches!(
        pms.act(house.permit(), stay, StayAction::UndoCheckIn).await,
        Err(Error::Refused(domain::stay::StayRefusal::Over { .. }))
    ));
    pms.act(house.permit(), stay, StayAction::CheckOut).await.unwrap();
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn undoing_a_check_out_gives_back_what_was_agreed_before_and_keeps_what_was_said(superuser: PgPool) {
    let world = World::new(superuser).await;
    let (house, pms) = (&world.harbour, &world.pms);
    let stay = in_the_house(&world).await;
    world.tomorrow();
    world.tomorrow();
    let said = CheckOut { rating: Some(5), total_minor: Some(100), ..CheckOut::default() };
    pms.check_out(house.permit(), stay, &said).await.unwrap();
    assert_eq!(nights(&world, stay).await, [25; 4]);
    pms.act(house.permit(), stay, StayAction::UndoCheckOut).await.unwrap();
    assert_eq!(nights(&world, stay).await, [8_000; 4]);
    let said = CheckOut { note: Some("Left an umbrella".into()), ..CheckOut::default() };
    pms.check_out(house.permit(), stay, &said).await.unwrap();
    let kept: (Option<i16>, Option<String>) =
        sqlx::query_as("SELECT rating, note FROM feedbacks").fetch_one(&world.superuser).await.unwrap();
    assert_eq!(kept, (Some(5), Some("Left an umbrella".into())));
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn what_is_typed_about_a_returning_guest_is_written_or_refused_at_its_field(superuser: PgPool) {
    let world = World::new(superuser).await;
    let (house, pms) = (&world.harbour, &world.pms);
    let known = GuestForm {
        first_name: "Ada".into(),
        last_name: "Byron".into(),
        phone: "+44 20 1".into(),
        gov_id: "P1".into(),
        note: "Feathers".into(),
        ..GuestForm::default()
    };
    let guest = pms.create_guest(house.permit(), &known).await.unwrap();
    let book = async |night: i64, guest_form: GuestForm| {
        let form = BookingForm {
            room_id: house.rooms[0].to_string(),
            arrival: world.dates(night, night + 1).arrival().to_string(),
            departure: world.dates(night, night + 1).departure().to_string(),
            party: "1".into(),
            guest_id: guest.to_string(),
            guest: guest_form,
            ..BookingForm::default()
        };
        pms.book(house.permit(), &form).await
    };
    let details = async || pms.guest(house.permit(), guest).await.unwrap().0.details;
    let changes = async || world.count("SELECT count(*) FROM audit_log WHERE action = 'guest.changed'").await;
    // Nothing sent, nothing changed; nor where what is sent is what is known.
    book(0, GuestForm::default()).await.unwrap();
    book(1, GuestForm { note: String::new(), ..known.clone() }).await.unwrap();
    assert_eq!((details().await, changes().await), (known.clone(), 0));
    let wrong = GuestForm { email: "no address".into(), phone: "+44 20 2".into(), ..known.clone() };
    match book(2, wrong).await {
        Err(Error::Invalid(problems)) => {
            assert_eq!((problems.len(), problems[0].field.as_str()), (1, "email"));
        }
        other => panic!("{other:?}"),
    }
    let married = GuestForm {
        last_name: "Lovelace".into(),
        phone: String::new(),
        gov_id: "p2".into(),
        ..known.clone()
    };
    book(2, married).await.unwrap();
    let now = details().await;
    assert_eq!((now.last_name.as_str(), now.phone.as_str(), now.gov_id.as_str()), ("Lovelace", "", "P2"));
    assert_eq!((now.note.as_str(), changes().await), ("Feathers", 1));
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_note_on_another_room_is_added_to_the_bookings(superuser: PgPool) {
    let world = World::new(superuser).await;
    let (house, pms) = (&world.harbour, &world.pms);
    let mut wanted = request(house.rooms[0], world.dates(0, 1), "Ada");
    wanted.note = Some("Late".into());
    let first = pms.make_booking(house.permit(), wanted.clone()).await.unwrap().id;
    let another = |room: usize, note: &str| {
        let mut wanted = request(house.rooms[room], world.dates(0, 1), "Ada");
        (wanted.booking_of, wanted.note) = (Some(first), Some(note.to_owned()));
        wanted
    };
    pms.make_booking(house.permit(), another(1, "No feathers")).await.unwrap();
    let note = async || pms.stay(house.permit(), first).await.unwrap().note.unwrap();
    assert_eq!(note().await, "Late\nNo feathers");
    match pms.make_booking(house.permit(), another(2, &"x".repeat(1999))).await {
        Err(Error::Invalid(problems)) => {
            assert_eq!(problems[0].field, "booking_note");
            assert_eq!(problems[0].code, ProblemCode::TooLong { max: 2000 });
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(note().await, "Late\nNo feathers");
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn two_who_change_a_guest_at_once_undo_nothing(superuser: PgPool) {
    let world = World::new(superuser).await;
    let (house, pms) = (&world.harbour, &world.pms);
    let form = GuestForm { first_name: "Ada".into(), ..GuestForm::default() };
    for round in 0..20 {
        let guest = pms.create_guest(house.permit(), &form).await.unwrap();
        let phone = pms
            .change_guest(house.permit(), guest, |known| Ok(GuestForm { phone: "+1 555".into(), ..known }));
        let city =
            pms.change_guest(house.permit(), guest, |known| Ok(GuestForm { city: "Porto".into(), ..known }));
        let (phone, city) = futures::future::join(phone, city).await;
        phone.unwrap();
        city.unwrap();
        let (known, _) = pms.guest(house.permit(), guest).await.unwrap();
        assert_eq!(
            (known.details.phone.as_str(), known.details.city.as_str()),
            ("+1 555", "Porto"),
            "round {round}"
        );
    }
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn two_who_change_the_house_at_once_undo_nothing(superuser: PgPool) {
    let world = World::new(superuser).await;
    let (house, pms) = (&world.harbour, &world.pms);
    for round in 0..20 {
        let phone = format!("+1 555 {round}");
        let terms = format!("Terms {round}");
        let calls = pms.change_hotel(house.permit(), |known| Ok(HotelForm { phone: phone.clone(), ..known }));
        let writes =
            pms.change_hotel(house.permit(), |known| Ok(HotelForm { terms: terms.clone(), ..known }));
        futures::future::try_join(calls, writes).await.unwrap();
        let hotel = pms.hotel(house.permit()).await.unwrap();
        assert_eq!((hotel.phone.as_ref(), &hotel.terms), (Some(&phone), &terms), "round {round}");

        let type_id = pms.rooms(house.permit()).await.unwrap()[0].room_type_id;
        let (sleeps, rate) = (3 + round % 4, 100 + round);
        let larger = pms.change_room_type(house.permit(), type_id, |known| {
            Ok(RoomTypeForm { sleeps: sleeps.to_string(), ..known })
        });
        let dearer = pms.change_room_type(house.permit(), type_id, |known| {
            Ok(RoomTypeForm { rate: rate.to_string(), ..known })
        });
        futures::future::try_join(larger, dearer).await.unwrap();
        let types = pms.room_types(house.permit()).await.unwrap();
        let changed = types.iter().find(|known| known.id == type_id).unwrap();
        assert_eq!((i64::from(changed.sleeps), changed.rate.minor), (sleeps, rate * 100), "round {round}");

        // To another type and back, while somebody else changes the room.
        let kind = if round % 2 == 0 { format!("Kind {round}") } else { "Single".to_owned() };
        let other_kind = pms.change_room(house.permit(), house.rooms[1], None, |known| {
            Ok(RoomForm { room_type_id: String::new(), room_type: kind.clone(), ..known })
        });
        let floor = format!("{round}");
        let higher = pms.change_room(house.permit(), house.rooms[1], None, |known| {
            Ok(RoomForm { floor: floor.clone(), ..known })
        });
        futures::future::try_join(other_kind, higher).await.unwrap();
        let room = pms.find_room(house.permit(), &house.rooms[1].to_string()).await.unwrap().unwrap();
        assert_eq!((room.room_type, room.floor), (kind, Some(floor)), "round {round}");

        let (floor, own_rate) = (format!("{round}"), 200 + round);
        let higher = pms.change_room(house.permit(), house.rooms[0], Some(RoomCondition::Dirty), |known| {
            Ok(RoomForm { floor: floor.clone(), ..known })
        });
        let dearer = pms.change_room(house.permit(), house.rooms[0], None, |known| {
            Ok(RoomForm { rate: own_rate.to_string(), ..known })
        });
        futures::future::try_join(higher, dearer).await.unwrap();
        let room = pms.find_room(house.permit(), &house.rooms[0].to_string()).await.unwrap().unwrap();
        assert_eq!(
            (room.floor.as_ref(), room.rate.minor, room.condition),
            (Some(&floor), own_rate * 100, RoomCondition::Dirty),
            "round {round}"
        );
    }
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_room_whose_number_is_taken_keeps_its_condition(superuser: PgPool) {
    let world = World::new(superuser).await;
    let (house, pms) = (&world.harbour, &world.pms);
    let taken = |known| Ok(RoomForm { number: "102".into(), ..known });
    let refused = pms.change_room(house.permit(), house.rooms[0], Some(RoomCondition::Dirty), taken).await;
    assert!(matches!(refused, Err(Error::Invalid(problems)) if problems[0].field == "number"));
    let room = pms.find_room(house.permit(), "101").await.unwrap().unwrap();
    assert_eq!((room.id, room.condition), (house.rooms[0], RoomCondition::Clean));
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn how_a_stay_went_is_noted_when_the_guest_has_left(superuser: PgPool) {
    let world = World::new(superuser).await;
    let (house, pms) = (&world.harbour, &world.pms);
    let stay = in_the_house(&world).await;
    let form = |rating: &str, feedback: &str| StayFeedbackForm {
        rating: rating.into(),
        feedback: feedback.into(),
        shown: String::new(),
    };
    let said = form("2", "The shower was cold");
    assert!(matches!(
        pms.change_feedback(house.permit(), stay, &said).await,
        Err(Error::Refused(domain::stay::StayRefusal::NotCheckedOut))
    ));
    pms.act(house.permit(), stay, StayAction::CheckOut).await.unwrap();
    for (wrong, field) in
        [(form("6", ""), "rating"), (form("good", ""), "rating"), (form("", &"x".repeat(2001)), "feedback")]
    {
        match pms.change_feedback(house.permit(), stay, &wrong).await {
            Err(Error::Invalid(problems)) => assert_eq!(problems[0].field, field),
            other => panic!("{other:?}"),
        }
    }
    assert!(matches!(pms.change_feedback(world.mill.permit(), stay, &said).await, Err(Error::NotFound)));
    pms.change_feedback(house.permit(), stay, &said).await.unwrap();
    let details = pms.stay(house.permit(), stay).await.unwrap();
    assert_eq!(details.feedback, StayFeedback { rating: Some(2), note: Some("The shower was cold".into()) });
    let seen_by_guest = pms.feedback_of_guest(house.permit(), details.row.guest_id).await.unwrap();
    assert_eq!(seen_by_guest.len(), 1);
    assert_eq!((seen_by_guest[0].stay_id, &seen_by_guest[0].feedback), (stay, &details.feedback));

    pms.change_feedback(house.permit(), stay, &form("", "")).await.unwrap();
    assert_eq!(pms.stay(house.permit(), stay).await.unwrap().feedback, StayFeedback::default());
    assert!(pms.feedback_of_guest(house.permit(), details.row.guest_id).await.unwrap().is_empty());
}

async fn close(world: &World, room: usize, from: i64, to: i64) {
    let dates = world.dates(from, to);
    let form = ClosureForm {
        room_id: world.harbour.rooms[room].to_string(),
        starts_on: dates.arrival().to_string(),
        ends_on: dates.departure().to_string(),
        reason: "Paint".into(),
    };
    world.pms.close_room(world.harbour.permit(), &form).await.unwrap();
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_closure_excuses_the_nights_a_stay_has_and_no_others(superuser: PgPool) {
    let world = World::new(superuser).await;
    let (house, pms) = (&world.harbour, &world.pms);
    let stay =
        pms.make_booking(house.permit(), request(house.rooms[3], world.dates(0, 3), "Ada")).await.unwrap();
    close(&world, 3, 1, 9).await;
    let to = async |from: i64, until: i64, version: i32| {
        let dates = world.dates(from, until);
        let form = StayChangeForm {
            arrival: dates.arrival().to_string(),
            departure: dates.departure().to_string(),
            version,
            ..StayChangeForm::default()
        };
        pms.change(house.permit(), stay.id, &form).await
    };
    for (from, until) in [(4, 7), (0, 8), (2, 4)] {
        let refused = to(from, until, 1).await;
        assert!(matches!(refused, Err(Error::RoomOutOfOrder)), "{from} to {until}: {refused:?}");
    }
    to(0, 2, 1).await.unwrap();
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_mistaken_check_out_is_undone_although_a_room_was_closed(superuser: PgPool) {
    let world = World::new(superuser).await;
    let (house, pms) = (&world.harbour, &world.pms);
    let mut wanted = request(house.rooms[0], world.dates(0, 1), "Ada");
    wanted.check_in = true;
    let ada = pms.make_booking(house.permit(), wanted).await.unwrap();
    // Single rooms: 101 to 103. Two are promised, so with one closed none is left.
    for name in ["Bea", "Cleo"] {
        let any = RoomChoice::AnyOf(ada.room_type_id);
        pms.make_booking(house.permit(), request_for(any, world.dates(0, 1), name)).await.unwrap();
    }
    close(&world, 1, 0, 1).await;
    pms.act(house.permit(), ada.id, StayAction::CheckOut).await.unwrap();
    pms.act(house.permit(), ada.id, StayAction::UndoCheckOut).await.unwrap();
    // What is sold is another matter.
    pms.act(house.permit(), ada.id, StayAction::CheckOut).await.unwrap();
    let any = RoomChoice::AnyOf(ada.room_type_id);
    let refused = pms.make_booking(house.permit(), request_for(any, world.dates(0, 1), "Dora")).await;
    assert!(matches!(refused, Err(Error::SoldOut)), "{refused:?}");
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn who_has_been_here_for_days_moves_into_a_type_that_was_full_then(superuser: PgPool) {
    let world = World::new(superuser).await;
    let (house, pms) = (&world.harbour, &world.pms);
    // Postgres knows what is over by a clock of its own.
    let now: DateTime<Utc> = sqlx::query_scalar("SELECT now()").fetch_one(&world.superuser).await.unwrap();
    world.clock.advance(now - world.clock.now() - TimeDelta::days(5));
    let room = RoomForm {
        number: "201".into(),
        room_type: "Suite".into(),
        rate: "300".into(),
        ..RoomForm::default()
    };
    let suite = pms.create_room(house.permit(), &room, RoomCondition::Clean).await.unwrap();
    let guests =
        [(suite.id, "Ada"), (house.rooms[0], "Bea"), (house.rooms[1], "Cleo"), (house.rooms[3], "Dora")];
    for (room_id, name) in guests {
        let mut wanted = request(room_id, world.dates(0, 8), name);
        wanted.check_in = true;
        pms.make_booking(house.permit(), wanted).await.unwrap();
    }
    let single =
        pms.find_room(house.permit(), &house.rooms[0].to_string()).await.unwrap().unwrap().room_type_id;
    let any = request_for(RoomChoice::AnyOf(single), world.dates(0, 1), "Nobody");
    pms.make_booking(house.permit(), any).await.unwrap();
    for _ in 0..5 {
        world.tomorrow();
    }
    // All single rooms were taken on the first night, one by somebody who never came. The third is free by now.
    let dora = pms.current_stay(house.permit(), house.rooms[3]).await.unwrap().unwrap().id;
    let form = StayChangeForm {
        room_id: house.rooms[2].to_string(),
        version: pms.stay(house.permit(), dora).await.unwrap().version,
        ..StayChangeForm::default()
    };
    pms.change(house.permit(), dora, &form).await.unwrap();
    let second = RoomForm { number: "202".into(), ..room };
    let second = pms.create_room(house.permit(), &second, RoomCondition::Clean).await.unwrap();
    let bea = pms.current_stay(house.permit(), house.rooms[0]).await.unwrap().unwrap().id;
    let version = pms.stay(house.permit(), bea).await.unwrap().version;
    let form = StayChangeForm { room_id: second.id.to_string(), version, ..StayChangeForm::default() };
    pms.change(house.permit(), bea, &form).await.unwrap();
    // A room with somebody in it becomes a suite.
    let as_suite = |known| Ok(RoomForm { room_type_id: suite.room_type_id.to_string(), ..known });
    pms.change_room(house.permit(), house.rooms[1], None, as_suite).await.unwrap();
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn an_overdue_guest_moves_and_pays_the_old_price_for_what_was_slept(superuser: PgPool) {
    let world = World::new(superuser).await;
    let (house, pms) = (&world.harbour, &world.pms);
    let stay = in_the_house(&world).await;
    // Room 106 was out of order while the guest slept elsewhere.
    close(&world, 5, 0, 3).await;
    for _ in 0..3 {
        world.tomorrow();
    }
    // Four nights were booked, and the guest is there for the fifth.
    let moved =
        StayChangeForm { departure: world.dates(0, 1).departure().to_string(), ..to_room(&world, 0, 2) };
    pms.change(house.permit(), stay, &moved).await.unwrap();
    assert_eq!(nights(&world, stay).await, [8_000, 8_000, 8_000, 8_000, 12_000, 9_000]);
    world.tomorrow();
    pms.change(house.permit(), stay, &to_room(&world, 5, 3)).await.unwrap();
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn an_overdue_guest_stays_although_the_room_was_to_be_closed_when_they_left(superuser: PgPool) {
    let world = World::new(superuser).await;
    let (house, pms) = (&world.harbour, &world.pms);
    let stay = in_the_house(&world).await;
    // Four nights were booked, two of them slept; the room was to be painted from the last night on.
    close(&world, 3, 1, 3).await;
    for _ in 0..4 {
        world.tomorrow();
    }
    let until = |day: i64, version: i32| StayChangeForm {
        departure: world.dates(day - 1, day).departure().to_string(),
        version,
        ..StayChangeForm::default()
    };
    // What they slept beyond is agreed on when they leave.
    pms.change(house.permit(), stay, &until(0, 2)).await.unwrap();
    assert_eq!(nights(&world, stay).await.len(), 6);
    pms.change(house.permit(), stay, &until(2, 3)).await.unwrap();
    close(&world, 3, 3, 4).await;
    let refused = pms.change(house.permit(), stay, &until(5, 4)).await;
    assert!(matches!(refused, Err(Error::RoomOutOfOrder)), "{refused:?}");
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn who_comes_after_midnight_gets_a_room_that_was_closed_until_then(superuser: PgPool) {
    let world = World::new(superuser).await;
    let (house, pms) = (&world.harbour, &world.pms);
    let stay =
        pms.make_booking(house.permit(), request(house.rooms[3], world.dates(0, 3), "Ada")).await.unwrap().id;
    close(&world, 4, 0, 1).await;
    let refused = pms.change(house.permit(), stay, &to_room(&world, 4, 1)).await;
    assert!(matches!(refused, Err(Error::RoomOutOfOrder)), "{refused:?}");
    world.tomorrow();
    pms.change(house.permit(), stay, &to_room(&world, 4, 1)).await.unwrap();
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn who_acts_while_the_guest_is_moved_to_another_type_finds_the_stay(superuser: PgPool) {
    let world = World::new(superuser).await;
    let (house, pms) = (&world.harbour, &world.pms);
    for round in 0..20 {
        let mut wanted = request(house.rooms[3], world.dates(0, 2), "Ada");
        wanted.check_in = true;
        let stay = pms.make_booking(house.permit(), wanted).await.unwrap().id;
        let form = to_room(&world, 0, 1);
        let moved = pms.change(house.permit(), stay, &form);
        let left = pms.act(house.permit(), stay, StayAction::CheckOut);
        let (moved, left) = futures::future::join(moved, left).await;
        assert!(!matches!(moved, Err(Error::NotFound)), "round {round}: {moved:?}");
        left.unwrap();
    }
}
