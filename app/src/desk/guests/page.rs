use chrono::NaiveDate;
use domain::booking::{PastStayFeedback, StayRow};
use domain::guest::{Guest, GuestRow};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;
use ui::{Button, ButtonKind, EmptyState, FormState, LinkButton, TextArea, TextField};

use super::api::{GuestRecord, SaveGuest, load_guest, load_guests};
use crate::desk::booking::StayTable;
use crate::desk::new_booking::{Address, GuestAddress};
use crate::routes;
use crate::shared::form::{Form, PostForm};
use crate::shared::live::LiveVersion;
use crate::shared::loaded::{ById, Loaded, load};
use crate::shared::show;
use crate::texts::{fill, rating_text, texts};

/// How many guests one page holds.
const PAGE: usize = 50;

/// All guests: search while somebody is on the phone.
#[component]
pub fn GuestsPage() -> impl IntoView {
    let t = &texts().guests;
    let query = use_query_map();
    let parameter = move |name: &str| query.with(|query| query.get(name).unwrap_or_default());
    let data = load(
        move || (parameter("text"), parameter("after"), LiveVersion::get()),
        |(text, after, _)| load_guests(text, after),
    );
    let text = query.with_untracked(|query| query.get("text").unwrap_or_default());
    view! {
        <Title text=t.title/>
        <div class="title-row"><h1>{t.title}</h1><LinkButton icon="plus" href=routes::NEW_GUEST text=t.new/></div>
        <form method="get" action=routes::GUESTS class="filter-row" role="search" aria-label=t.title>
            <TextField form=FormState::default() name="text" label=t.search kind="search" value=text help=t.search_help/>
            <button type="submit" class="button">{texts().common.search}</button>
        </form>
        <Loaded data children={move |(rows, today): (Vec<GuestRow>, NaiveDate)| {
            if rows.is_empty() {
                view! { <EmptyState icon="users" title=t.empty text=t.empty_text/> }.into_any()
            } else {
                view! { <Rows rows today text=parameter("text")/> }.into_any()
            }
        }}/>
    }
}

#[component]
fn Rows(rows: Vec<GuestRow>, today: NaiveDate, text: String) -> impl IntoView {
    let t = &texts().guests;
    let next = rows.last().filter(|_| rows.len() == PAGE).map(|guest| {
        routes::with_query(routes::GUESTS, &[("text", &text), ("after", &guest.id.to_string())])
    });
    let rows = rows
        .into_iter()
        .map(|guest| {
            let contact = [guest.phone, guest.email].into_iter().flatten().collect::<Vec<_>>().join(" · ");
            let last = guest.last_departure.map_or_else(|| texts().common.none.to_owned(), |date| show::date(date, today));
            view! {
                <tr>
                    <td class="col-guest"><a href=routes::guest(guest.id)>{guest.name}</a> <span class="sub">{guest.city}</span></td>
                    <td>{contact}</td>
                    <td class="col-money col-minor">{show::number(guest.stays)}</td>
                    <td class="col-stay col-minor">{last}</td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <table class="table">
            <thead><tr>
                <th scope="col">{t.name}</th><th scope="col">{t.contact}</th>
                <th scope="col" class="col-money col-minor">{t.stays}</th><th scope="col" class="col-stay col-minor">{t.last_stay}</th>
            </tr></thead>
            <tbody>{rows}</tbody>
        </table>
        {next.map(|href| view! { <p class="pager"><a class="button" href=href>{texts().booking.next_page}</a></p> })}
    }
}

/// One guest, or a new one.
#[component]
pub fn GuestPage() -> impl IntoView {
    let page = |id: String| {
        let data = load(move || (id.clone(), LiveVersion::get()), |(id, _)| load_guest(id));
        view! {
            <Loaded data children={|(guest, stays, feedback, today): GuestRecord| {
                view! { <OneGuest guest stays feedback today/> }
            }}/>
        }
    };
    view! { <ById page/> }
}

#[component]
fn OneGuest(
    guest: Option<Guest>,
    stays: Vec<StayRow>,
    feedback: Vec<PastStayFeedback>,
    today: NaiveDate,
) -> impl IntoView {
    let t = &texts().guests;
    let is_new = guest.is_none();
    let id = guest.as_ref().map(|guest| guest.id.to_string()).unwrap_or_default();
    let form = Form::about::<SaveGuest>("form", Some(("id", &id)));
    let details = guest.map(|guest| guest.details).unwrap_or_default();
    let (form, shown) = form.showing("shown", &details);
    let state = form.state.clone();
    let title = if is_new { t.new.to_owned() } else { details.full_name() };
    let history = (!is_new).then(|| {
        let body = if stays.is_empty() {
            view! { <p class="list-empty">{t.no_stays}</p> }.into_any()
        } else {
            view! { <StayTable rows=stays today/> }.into_any()
        };
        view! { <section class="list"><h2>{t.history}</h2>{body}</section> }
    });
    let feedback = (!feedback.is_empty()).then(|| {
        let entries = feedback.into_iter().map(|past| feedback_line(past, today)).collect_view();
        view! { <section class="panel panel-form"><h2>{t.feedback}</h2><ol class="history">{entries}</ol></section> }
    });
    let address = GuestAddress {
        address: details.address,
        zip_code: details.zip_code,
        city: details.city,
        state: details.state,
        country: details.country,
    };
    view! {
        <Title text=title.clone()/>
        <div class="title-row"><h1>{title}</h1></div>
        <section class="panel panel-form">
            <h2>{t.details}</h2>
            <PostForm form>
                <input type="hidden" name="id" value=id/>
                {shown}
                <div class="field-pair">
                    <TextField form=state.clone() name="first_name" label=t.first_name value=details.first_name required=true autofocus=is_new/>
                    <TextField form=state.clone() name="last_name" label=t.last_name value=details.last_name/>
                </div>
                <div class="field-pair">
                    <TextField form=state.clone() name="phone" label=t.phone kind="tel" value=details.phone/>
                    <TextField form=state.clone() name="email" label=t.email kind="email" value=details.email/>
                </div>
                <TextField form=state.clone() name="gov_id" label=t.gov_id value=details.gov_id/>
                <Address form=state.clone() guest=address/>
                <TextArea form=state name="note" label=t.note value=details.note/>
                <Button kind=ButtonKind::Primary text=if is_new { t.create } else { texts().common.save }/>
            </PostForm>
        </section>
        {feedback}
        {history}
    }
}

/// What was noted about a stay, with the way to it.
fn feedback_line(past: PastStayFeedback, today: NaiveDate) -> impl IntoView + use<> {
    let until = fill(texts().guests.until, &[("date", &show::date(past.departure, today))]);
    let rating = past.feedback.rating.map(|rating| view! { <strong>{rating_text(rating)}</strong> });
    let note = past.feedback.note.map(|note| view! { <span>{note}</span> });
    view! { <li>{rating} {note} <span class="sub"><a href=routes::booking(past.stay_id)>{until}</a></span></li> }
}
