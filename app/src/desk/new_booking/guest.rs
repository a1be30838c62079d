use domain::access::Permission;
use domain::guest::GuestForm;
use domain::money::Money;
use leptos::prelude::*;
use ui::{Button, ButtonKind, FormState, HiddenField, TextArea, TextField};

use super::api::{Book, Panel, Wanted};
use crate::error::AppError;
use crate::routes;
use crate::shared::form::{Form, PostForm};
use crate::shared::page::PageFacts;
use crate::shared::show;
use crate::texts::{fill, texts};

/// The last step: who stays, and book.
#[component]
pub fn GuestStep(
    /// What the panel shows.
    panel: Panel,
    /// The price of what is chosen, while it is free.
    chosen: Option<Money>,
) -> impl IntoView {
    let t = &texts().new_booking;
    let guest_id = panel.guest.as_ref().map(|guest| guest.id.to_string()).unwrap_or_default();
    let form = Form::about::<Book>("form", Some(("form[guest_id]", &guest_id)));
    let wanted = panel.wanted.clone();
    let guest = panel.guest.clone();
    let is_new = guest.is_none();
    let who = match &guest {
        Some(guest) => {
            let name = guest.details.full_name();
            view! {
                <p class="chosen">{fill(t.chosen_guest, &[("name", &name)])}
                    <a href=address(&wanted, "", "") rel="external">{t.other_guest}</a></p>
            }
            .into_any()
        }
        None => view! { <FindGuest panel=panel.clone()/> }.into_any(),
    };
    let (form, shown) = match &guest {
        Some(guest) => {
            let known = GuestForm { note: String::new(), ..guest.details.clone() };
            form.showing("form[guest_shown]", &known)
        }
        None => (form, ().into_any()),
    };
    let was_refused = form.was_refused();
    let form = if is_elsewhere(&form, &wanted) { Form { error: None, ..form } } else { form };
    let state = form.state.clone();
    let details = guest.map(|guest| guest.details).unwrap_or_default();
    let may_price = PageFacts::get().may(Permission::OverridePrice);
    let button = chosen.map_or_else(
        || fill(t.book, &[("price", "")]),
        |total| fill(t.book, &[("price", &show::money(total))]),
    );
    let answers = [
        ("room_id", wanted.room.clone()),
        ("arrival", wanted.arrival.clone()),
        ("departure", wanted.departure.clone()),
        ("party", wanted.party.clone()),
        ("guest_id", guest_id),
        ("booking_of", wanted.booking.clone()),
    ];
    let answers = answers
        .into_iter()
        .map(|(name, value)| view! { <HiddenField form=state.clone() name value/> })
        .collect_view();
    let optional = texts().common.optional;
    view! {
        <section class="panel" aria-labelledby="guest-title" id="guest">
            <h2 id="guest-title">{t.step_guest}</h2>
            {who}
            <PostForm form=form.clone() hidden=&["room_id", "arrival", "departure", "party", "guest_id", "booking_of"]>
                {answers}
                {shown}
                <div class="field-pair">
                    <TextField form=state.clone() name="first_name" label=t.first_name value=details.first_name required=true autofocus=is_new/>
                    <TextField form=state.clone() name="last_name" label=t.last_name value=details.last_name/>
                </div>
                <div class="field-pair">
                    <TextField form=state.clone() name="phone" label=t.phone kind="tel" value=details.phone optional=optional/>
                    <TextField form=state.clone() name="email" label=t.email kind="email" value=details.email optional=optional/>
                </div>
                <details class="more" open=was_refused>
                    <summary>{t.details}</summary>
                    <TextField form=state.clone() name="gov_id" label=t.gov_id value=details.gov_id optional=optional/>
                    <Address form=state.clone() guest=GuestAddress {
                        address: details.address, zip_code: details.zip_code, city: details.city, state: details.state, country: details.country,
                    }/>
                    <TextField form=state.clone() name="arrival_time" label=t.arrival_time kind="time" optional=optional/>
                    <TextArea form=state.clone() name="booking_note" label=t.note optional=optional/>
                    {may_price.then(|| view! {
                        <TextField form=state.clone() name="price" label=t.price help=t.price_help inputmode="decimal"/>
                    })}
                </details>
                <Button kind=ButtonKind::Primary text=button/>
            </PostForm>
        </section>
    }
}

/// Whether a room was refused and another room, or other nights, are chosen now: that it was taken is no longer true.
fn is_elsewhere(form: &Form, wanted: &Wanted) -> bool {
    let refused = |field: &str| form.state.value(field, String::new());
    let is_room = matches!(form.error, Some(AppError::Conflict(_) | AppError::RoomOccupied(_)));
    is_room
        && (refused("room_id") != wanted.room
            || refused("arrival") != wanted.arrival
            || refused("departure") != wanted.departure)
}

/// An address, in the order it is written.
#[derive(Debug, Clone, Default)]
pub struct GuestAddress {
    /// Street and house number.
    pub address: String,
    /// Postal code.
    pub zip_code: String,
    /// City.
    pub city: String,
    /// State or region.
    pub state: String,
    /// Country.
    pub country: String,
}

/// The fields of an address.
#[component]
pub fn Address(
    /// The form.
    form: FormState,
    /// What is known.
    guest: GuestAddress,
) -> impl IntoView {
    let t = &texts().guests;
    view! {
        <TextField form=form.clone() name="address" label=t.address value=guest.address/>
        <div class="field-pair">
            <TextField form=form.clone() name="zip_code" label=t.zip_code value=guest.zip_code/>
            <TextField form=form.clone() name="city" label=t.city value=guest.city/>
        </div>
        <div class="field-pair">
            <TextField form=form.clone() name="state" label=t.state value=guest.state/>
            <TextField form=form name="country" label=t.country value=guest.country/>
        </div>
    }
}

/// The address of this page with another search or guest.
fn address(wanted: &Wanted, find: &str, guest: &str) -> String {
    format!(
        "{}?arrival={}&departure={}&party={}&room_type={}&room={}&find={find}&guest={guest}&booking={}#guest",
        routes::NEW_BOOKING,
        wanted.arrival,
        wanted.departure,
        wanted.party,
        wanted.room_type,
        wanted.room,
        wanted.booking,
    )
}

#[component]
fn FindGuest(panel: Panel) -> impl IntoView {
    let t = &texts().new_booking;
    let wanted = panel.wanted;
    let kept = [
        ("arrival", wanted.arrival.clone()),
        ("departure", wanted.departure.clone()),
        ("party", wanted.party.clone()),
        ("room_type", wanted.room_type.clone()),
        ("room", wanted.room.clone()),
        ("booking", wanted.booking.clone()),
    ];
    let kept = kept
        .into_iter()
        .map(|(name, value)| view! { <input type="hidden" name=name value=value/> })
        .collect_view();
    let found = panel.found.map(|found| {
        if found.is_empty() {
            return view! { <p class="field-help" role="status">{t.no_guest_found}</p> }.into_any();
        }
        let lines = found
            .into_iter()
            .map(|guest| {
                // By the server: what was typed for somebody else must not become this guest's.
                let href = address(&wanted, "", &guest.id.to_string());
                let facts = [guest.phone, guest.email, guest.city].into_iter().flatten().collect::<Vec<_>>().join(" · ");
                view! { <li><a class="choice" href=href rel="external"><strong>{guest.name}</strong> <span class="sub">{facts}</span></a></li> }
            })
            .collect_view();
        view! { <ul class="choices">{lines}</ul> }.into_any()
    });
    let form = FormState::default();
    view! {
        <form method="get" action=format!("{}#guest", routes::NEW_BOOKING) class="find-row" role="search" aria-label=t.find_guest>
            {kept}
            <TextField form name="find" label=t.returning kind="search" value=wanted.find.clone() help=t.find_guest_help/>
            <button type="submit" class="button">{t.find}</button>
        </form>
        {found}
        <h3>{t.new_guest}</h3>
    }
}
