use chrono::NaiveDate;
use domain::room::{AvailableRoom, AvailableType, RoomChoice, RoomCondition};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;
use ui::{Badge, EmptyState, FormState, SelectField, SelectOption, TextField, Tone};

use super::api::{Panel, Wanted, load_panel};
use super::guest::GuestStep;
use crate::routes;
use crate::shared::live::LiveVersion;
use crate::shared::loaded::{Loaded, load};
use crate::shared::show;
use crate::texts::{fill, problem_text, texts};

/// Availability, guest and price in one panel.
#[component]
pub fn NewBookingPage() -> impl IntoView {
    let t = &texts().new_booking;
    let query = use_query_map();
    let wanted = move || {
        query.with(|query| {
            let get = |name: &str| query.get(name).unwrap_or_default();
            Wanted {
                arrival: get("arrival"),
                departure: get("departure"),
                party: get("party"),
                room_type: get("room_type"),
                room: get("room"),
                find: get("find"),
                guest: get("guest"),
                booking: get("booking"),
            }
        })
    };
    let data = load(move || (wanted(), LiveVersion::get()), |(wanted, _)| load_panel(wanted));
    view! {
        <Title text=t.title/>
        <div class="title-row"><h1>{t.title}</h1></div>
        <Loaded data children={|panel: Panel| view! { <Steps panel/> }}/>
    }
}

#[component]
fn Steps(panel: Panel) -> impl IntoView {
    let room = panel.free.iter().flatten().find(|free| free.room.id.to_string() == panel.wanted.room);
    let any = panel.types.iter().find(|any| any_of(any) == panel.wanted.room);
    let chosen = room.map(|free| free.total).or(any.map(|any| any.total));
    // A room that was just taken by somebody else stays chosen, so that the refusal has a place to be shown.
    let has_choice = !panel.wanted.room.is_empty();
    view! {
        <div class="steps">
            <When panel=panel.clone()/>
            <Which panel=panel.clone()/>
            {has_choice.then(|| view! { <GuestStep panel chosen/> })}
        </div>
    }
}

#[component]
fn When(panel: Panel) -> impl IntoView {
    let t = &texts().new_booking;
    let wanted = panel.wanted;
    let problems =
        panel.problems.iter().map(|problem| (problem.field.clone(), problem_text(&problem.code))).collect();
    let form = FormState { problems, ..FormState::default() };
    let mut types = vec![SelectOption::new("", t.any_type)];
    types.extend(
        panel
            .room_types
            .into_iter()
            .map(|room_type| SelectOption::new(room_type.id.to_string(), room_type.name)),
    );
    view! {
        <section class="panel" aria-labelledby="when-title">
            <h2 id="when-title">{t.step_when}</h2>
            <form method="get" action=routes::NEW_BOOKING class="when-row">
                <ui::DateField form=form.clone() name="arrival" label=t.arrival value=wanted.arrival min=panel.today.to_string() required=true autofocus=wanted.room.is_empty()/>
                <ui::DateField form=form.clone() name="departure" label=t.departure value=wanted.departure min=panel.today.to_string() required=true/>
                <TextField form=form.clone() name="party" label=t.party value=wanted.party inputmode="numeric" required=true/>
                <SelectField form name="room_type" label=t.room_type value=wanted.room_type options=types/>
                <input type="hidden" name="guest" value=wanted.guest/>
                <input type="hidden" name="booking" value=wanted.booking/>
                <button type="submit" class="button">{t.show_rooms}</button>
            </form>
        </section>
    }
}

#[component]
fn Which(panel: Panel) -> impl IntoView {
    let t = &texts().new_booking;
    let (wanted, today) = (panel.wanted, panel.today);
    panel.free.map(|free| {
        let count = free.len();
        let title = match count {
            1 => t.free_one.to_owned(),
            _ => fill(t.free, &[("n", &count.to_string())]),
        };
        let body = if free.is_empty() && panel.types.is_empty() {
            view! { <EmptyState icon="bed" title=t.none_free text=t.none_free_text/> }.into_any()
        } else {
            let any = panel.types.into_iter().map(|any| any_choice(&any, &wanted)).collect_view();
            let rooms = free.into_iter().map(|free| choice(free, &wanted, today)).collect_view();
            view! { <ul class="choices choices-any">{any}</ul> <h3>{t.by_room}</h3> <ul class="choices">{rooms}</ul> }.into_any()
        };
        view! {
            <section class="panel" aria-labelledby="which-title" id="rooms">
                <h2 id="which-title">{t.step_room} <span class="count">{title}</span></h2>
                {body}
            </section>
        }
    })
}

/// How the address names any room of a type.
fn any_of(any: &AvailableType) -> String {
    RoomChoice::AnyOf(any.room_type_id).to_string()
}

/// The address of this page with another room.
fn with_room(wanted: &Wanted, room: &str) -> String {
    format!(
        "{}?arrival={}&departure={}&party={}&room_type={}&room={room}&guest={}&booking={}#guest",
        routes::NEW_BOOKING,
        wanted.arrival,
        wanted.departure,
        wanted.party,
        wanted.room_type,
        wanted.guest,
        wanted.booking,
    )
}

/// Any room of a type, as a link that chooses it.
fn any_choice(any: &AvailableType, wanted: &Wanted) -> impl IntoView + use<> {
    let t = &texts().new_booking;
    let room = any_of(any);
    let is_chosen = wanted.room == room;
    view! {
        <li><a href=with_room(wanted, &room) class="choice" aria-current=is_chosen.then_some("true")>
            <span class="choice-name"><strong>{fill(t.any_of, &[("type", &any.name)])}</strong>
                <span class="sub">{t.any_of_help} " · " {fill(t.left, &[("n", &any.units_left.to_string())])}</span></span>
            <span class="choice-price"><strong>{show::money(any.total)}</strong>
                <span class="sub">{fill(t.per_night, &[("price", &show::money(any.rate))])}</span></span>
        </a></li>
    }
}

/// A free room as a link that chooses it.
fn choice(free: AvailableRoom, wanted: &Wanted, today: NaiveDate) -> impl IntoView + use<> {
    let t = &texts().new_booking;
    let room = free.room;
    let is_chosen = wanted.room == room.id.to_string();
    let href = with_room(wanted, &room.id.to_string());
    // How the room is now matters to somebody who arrives today.
    let is_today = wanted.arrival == today.to_string();
    let hint = if free.occupied_now && is_today {
        Some(view! { <Badge tone=Tone::DueOut icon="key" text=t.occupied_now/> })
    } else {
        (is_today && room.condition == RoomCondition::Dirty)
            .then(|| view! { <Badge tone=Tone::Quiet icon="sparkles" text=t.not_clean/> })
    };
    view! {
        <li><a href=href class="choice" aria-current=is_chosen.then_some("true")>
            <span class="choice-name"><strong>{fill(t.room, &[("number", &room.number)])}</strong>
                <span class="sub">{room.room_type} " · " {fill(t.sleeps, &[("n", &room.sleeps.to_string())])}</span></span>
            {hint}
            <span class="choice-price"><strong>{show::money(free.total)}</strong>
                <span class="sub">{fill(t.per_night, &[("price", &show::money(room.rate))])}</span></span>
        </a></li>
    }
}
