use domain::booking::StayDetails;
use domain::guest::Guest;
use domain::hotel::Hotel;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;

use super::api::load_card;
use crate::routes;
use crate::shared::loaded::{Loaded, load};
use crate::shared::show;
use crate::texts::{fill, texts};

/// The registration card of a stay: what is known, lines for what is not, and a signature. One page of A4 or Letter.
#[component]
pub fn CardPage() -> impl IntoView {
    let params = use_params_map();
    let id = move || params.with(|params| params.get("id").unwrap_or_default());
    let data = load(id, load_card);
    view! {
        <Title text=texts().card.title/>
        <Loaded data children={|(hotel, guest, details): (Hotel, Guest, StayDetails)| view! { <Card hotel guest details/> }}/>
    }
}

#[component]
fn Card(hotel: Hotel, guest: Guest, details: StayDetails) -> impl IntoView {
    let (t, stay) = (&texts().card, details.row);
    let guest = guest.details;
    let city = format!("{} {}", guest.zip_code, guest.city).trim().to_owned();
    let country = [guest.state.clone(), guest.country.clone()]
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>();
    let contact = [hotel.phone, hotel.email].into_iter().flatten().collect::<Vec<_>>().join(" · ");
    let room = match &stay.room_number {
        Some(number) => format!("{number} · {}", stay.room_type),
        None => stay.room_type.clone(),
    };
    let nights = format!("{} · {}", show::nights(stay.dates), show::guests(stay.party));
    let price =
        fill(t.price_of_stay, &[("total", &show::money(stay.total)), ("paid", &show::money(stay.paid))]);
    view! {
        <div class="title-row">
            <h1>{t.title}</h1>
            <p class="title-facts">{fill(texts().booking.title, &[("reference", &stay.reference)])}</p>
            <div class="button-row">
                <a class="button" href=routes::booking(stay.id)>{t.back}</a>
                <button type="button" class="button button-primary" data-print>{t.print}</button>
            </div>
        </div>
        <article class="paper">
            <header>
                <div><h2>{hotel.name}</h2><p>{hotel.address}</p><p>{contact}</p></div>
                <div class="paper-side"><p>{t.title}</p><p>{stay.reference.clone()}</p></div>
            </header>
            <h3>{t.guest}</h3>
            <p class="paper-help">{t.guest_help}</p>
            <dl>
                {line(t.name, guest.full_name())}
                {line(t.birth_date, String::new())}
                {line(t.nationality, String::new())}
                {line(t.gov_id, guest.gov_id.clone())}
                {line(t.address, guest.address.clone())}
                {line(t.city, city)}
                {line(t.country, country.join(", "))}
                {line(t.phone, guest.phone.clone())}
                {line(t.email, guest.email.clone())}
            </dl>
            <h3>{t.stay}</h3>
            <dl>
                {line(t.arrival, show::full_date(stay.dates.arrival()))}
                {line(t.departure, show::full_date(stay.dates.departure()))}
                {line(t.length, nights)}
                {line(t.room, room)}
                {line(t.price, price)}
            </dl>
            {(!hotel.terms.is_empty()).then(|| view! { <p class="paper-terms">{hotel.terms}</p> })}
            <dl class="paper-signature">
                {line(t.date, String::new())}
                {line(t.signature, String::new())}
            </dl>
        </article>
    }
}

/// What is known, on a line to write on where nothing is.
fn line(label: &'static str, value: String) -> impl IntoView {
    view! { <div><dt>{label}</dt><dd>{value}</dd></div> }
}
