use chrono::NaiveDate;
use domain::access::Permission;
use domain::room::{BoardRoom, RoomCondition};
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use leptos_meta::Title;
use ui::{Badge, ButtonKind, EmptyState, LinkButton, Tone};

use super::api::{SetCondition, load_board};
use crate::routes;
use crate::shared::form::{Form, FormToken};
use crate::shared::live::LiveVersion;
use crate::shared::loaded::{Loaded, load};
use crate::shared::notice::Refused;
use crate::shared::page::PageFacts;
use crate::shared::show;
use crate::texts::{error_text, fill, texts};

/// Every room: who is in it, who is coming, and what it needs.
#[component]
pub fn RoomsPage() -> impl IntoView {
    let data = load(LiveVersion::get, |_| load_board());
    let t = &texts().rooms;
    view! {
        <Title text=t.title/>
        <Loaded data children={|(rooms, today): (Vec<BoardRoom>, NaiveDate)| view! { <Board rooms today/> }}/>
    }
}

#[component]
fn Board(rooms: Vec<BoardRoom>, today: NaiveDate) -> impl IntoView {
    let t = &texts().rooms;
    let may_mark = PageFacts::get().may(Permission::SetRoomStatus);
    let count = |test: fn(&BoardRoom) -> bool| {
        show::number(i64::try_from(rooms.iter().filter(|room| test(room)).count()).unwrap_or(0))
    };
    let summary = fill(
        t.summary,
        &[
            ("free", &count(|room| room.in_house.is_none() && room.closure.is_none())),
            ("occupied", &count(|room| room.in_house.is_some())),
            ("dirty", &count(|room| room.room.condition == RoomCondition::Dirty)),
        ],
    );
    let is_empty = rooms.is_empty();
    let mut floors: Vec<(String, Vec<BoardRoom>)> = Vec::new();
    for room in rooms {
        let floor = room.room.floor.clone().unwrap_or_else(|| t.other_floor.to_owned());
        match floors.iter_mut().find(|(name, _)| *name == floor) {
            Some((_, rooms)) => rooms.push(room),
            None => floors.push((floor, vec![room])),
        }
    }
    let floors = floors
        .into_iter()
        .map(|(floor, rooms)| {
            let cards = rooms.into_iter().map(|room| card(room, today, may_mark)).collect_view();
            view! { <section class="floor"><h2>{floor}</h2><ul class="board">{cards}</ul></section> }
        })
        .collect_view();
    view! {
        <div class="title-row"><h1>{t.title}</h1><p class="title-facts">{summary}</p></div>
        {is_empty.then(|| view! {
            <EmptyState icon="bed" title=t.empty text=t.empty_text>
                <LinkButton kind=ButtonKind::Primary href=routes::SETTINGS text=t.to_settings/>
            </EmptyState>
        })}
        {floors}
    }
}

fn card(board: BoardRoom, today: NaiveDate, may_mark: bool) -> impl IntoView {
    let t = &texts().rooms;
    let room = board.room;
    let to_be_moved = board.closure.is_some() && (board.in_house.is_some() || board.arriving.is_some());
    let state = match (&board.closure, &board.in_house) {
        (Some(closure), _) => {
            let text = fill(
                t.until_reason,
                &[("date", &show::date(closure.ends_on, today)), ("reason", &closure.reason)],
            );
            view! { <Badge tone=Tone::OutOfOrder icon="wrench" text=t.out_of_order/> <p class="sub">{text}</p> }
                .into_any()
        }
        (None, Some(stay)) => {
            let tone = if stay.departure <= today { Tone::DueOut } else { Tone::InHouse };
            let until = fill(t.until, &[("date", &show::date(stay.departure, today))]);
            view! { <Badge tone icon="key" text=until/> }.into_any()
        }
        (None, None) => view! { <Badge tone=Tone::Quiet icon="door" text=t.free/> }.into_any(),
    };
    let guest = board
        .in_house
        .map(|stay| view! { <p><a href=routes::booking(stay.stay_id)>{stay.guest_name}</a></p> });
    let arriving = board.arriving.map(|stay| {
        view! { <p class="sub"><a href=routes::booking(stay.stay_id)>{fill(t.arrives, &[("name", &stay.guest_name)])}</a></p> }
    });
    let class = match room.condition {
        RoomCondition::Dirty => "room-card is-dirty",
        RoomCondition::Clean => "room-card is-clean",
        RoomCondition::Inspected => "room-card is-inspected",
    };
    let refused = Form::about::<SetCondition>("", Some(("room_id", &room.id.to_string())));
    let why = refused.error.as_ref().map(error_text);
    let marks = may_mark.then(|| marks(room.id.to_string(), &room.number, room.condition));
    view! {
        <li class=class>
            <div class="room-head"><strong>{room.number}</strong> <span class="sub">{room.room_type}</span></div>
            {state} {guest} {arriving}
            {to_be_moved.then(|| view! { <Badge tone=Tone::Alarm icon="alert" text=t.to_be_moved/> })}
            <Refused why/>
            {marks}
        </li>
    }
}

/// Three small marks; the one that holds is pressed.
fn marks(room_id: String, number: &str, present: RoomCondition) -> impl IntoView + use<> {
    let t = &texts().rooms;
    let label = fill(t.mark, &[("number", number)]);
    let mark = |condition: RoomCondition, text: &'static str| {
        let is_pressed = condition == present;
        view! {
            <button type="submit" name="condition" value=condition.as_str() aria-pressed=is_pressed.to_string()>{text}</button>
        }
    };
    view! {
        <form method="post" action=SetCondition::PATH class="marks"><FormToken/>
            <input type="hidden" name="room_id" value=room_id/>
            <div class="mark-group" role="group" aria-label=label>
                {mark(RoomCondition::Dirty, t.dirty)}
                {mark(RoomCondition::Clean, t.clean)}
                {mark(RoomCondition::Inspected, t.inspected)}
            </div>
        </form>
    }
}
