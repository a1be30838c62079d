use chrono::NaiveDate;
use domain::access::Permission;
use domain::booking::{HistoryEntry, StayDetails};
use domain::money::{Currency, Money};
use domain::room::Room;
use domain::stay::{StayAction, StayStatus};
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use leptos_meta::Title;

use super::api::{ActOnStay, ChangeStay, SendConfirmation, load_stay};
use super::change::ChangeStayForm;
use super::confirmation::ConfirmationForm;
use super::feedback::FeedbackForm;
use super::list::StayTable;
use super::note::NoteForm;
use crate::routes;
use crate::shared::form::FormToken;
use crate::shared::live::LiveVersion;
use crate::shared::loaded::{ById, Loaded, load};
use crate::shared::notice::{Refused, refusal};
use crate::shared::page::PageFacts;
use crate::shared::show;
use crate::texts::{action_text, fill, history_text, rating_text, texts};

/// One stay: all facts, history, and what may be done now; nothing that may not.
#[component]
pub fn BookingPage() -> impl IntoView {
    let page = |id: String| {
        let data = load(move || (id.clone(), LiveVersion::get()), |(id, _)| load_stay(id));
        view! {
            <Loaded data children={|(details, rooms, today): (StayDetails, Vec<Room>, NaiveDate)| {
                view! { <Facts details rooms today/> }
            }}/>
        }
    };
    view! { <ById page/> }
}

#[component]
fn Facts(details: StayDetails, rooms: Vec<Room>, today: NaiveDate) -> impl IntoView {
    let t = &texts().booking;
    let title = fill(t.title, &[("reference", &details.row.reference)]);
    let can_change = details.actions.contains(&StayAction::Change);
    let actions = actions(&details);
    let may_book = PageFacts::get().may(Permission::ManageBookings);
    let card = PageFacts::get().may(Permission::ManageGuests).then(|| {
        view! { <a class="button" href=routes::registration_card(details.row.id)>{t.card}</a> }
    });
    let add_room = may_book.then(|| {
        let row = &details.row;
        let href = format!(
            "{}?arrival={}&departure={}&guest={}&booking={}",
            routes::NEW_BOOKING,
            row.dates.arrival().max(today),
            row.dates.departure().max(today + chrono::Days::new(1)),
            row.guest_id,
            row.id,
        );
        view! { <a class="button" href=href>{t.add_room}</a> }
    });
    let siblings = (!details.siblings.is_empty()).then(|| {
        view! { <section class="list"><h2>{t.siblings}</h2><StayTable rows=details.siblings.clone() today/></section> }
    });
    // Where there is no form any more the reason is told why it did nothing.
    let change = if can_change {
        view! { <ChangeStayForm details=details.clone() rooms/> }.into_any()
    } else {
        view! { <Refused why={refusal::<ChangeStay>()}/> }.into_any()
    };
    let confirmation = if may_book && details.row.status.is_live() {
        view! { <ConfirmationForm id=details.row.id.to_string() email=details.email.clone().unwrap_or_default()/> }
            .into_any()
    } else {
        view! { <Refused why={refusal::<SendConfirmation>()}/> }.into_any()
    };
    let feedback = may_book.then(|| {
        let has_left = details.row.status == StayStatus::CheckedOut;
        view! { <FeedbackForm id=details.row.id.to_string() has_left feedback=details.feedback.clone()/> }
    });
    let nights = details.nights.iter().map(|night| {
        view! { <tr><td>{show::date(night.date, today)}</td><td class="col-money">{show::money(night.price)}</td></tr> }
    });
    let nights = nights.collect_view();
    let has_history = !details.history.is_empty();
    let history = details
        .history
        .iter()
        .map(|entry| history_line(entry, today, details.row.total.currency))
        .collect_view();
    let row = &details.row;
    let balance = Money::new(row.total.minor - row.paid.minor, row.total.currency);
    let room = match &row.room_number {
        Some(number) => format!("{number} · {}", row.room_type),
        None => fill(t.any_of, &[("type", &row.room_type)]),
    };
    let fact =
        |label: &'static str, value: String| view! { <div><dt>{label}</dt><dd>{value}</dd></div> }.into_any();
    let booked_by =
        details.booked_by.as_ref().map(|name| fill(t.booked_by, &[("name", name)])).unwrap_or_default();
    view! {
        <Title text=title.clone()/>
        <div class="title-row">
            <h1>{row.guest_name.clone()}</h1>
            <p class="title-facts">
                <span>{title}</span>
                {show::status(row, today)}
            </p>
            <div class="button-row">{actions} {card} {add_room}</div>
        </div>
        <div class="columns">
            <div>
                <section class="panel">
                    <h2>{t.facts}</h2>
                    <dl class="facts">
                        {fact(t.room, room)}
                        {fact(t.stay, format!("{} · {}", show::stay(row.dates, today), show::nights(row.dates)))}
                        {row.times.arrival.map(|time| fact(t.arrival_time, show::clock(time)))}
                        {row.times.departure.map(|time| fact(t.departure_time, show::clock(time)))}
                        {fact(t.party, show::guests(row.party))}
                        <div><dt>{t.guest}</dt><dd><a href=routes::guest(row.guest_id)>{row.guest_name.clone()}</a></dd></div>
                        {row.guest_phone.clone().map(|phone| fact(t.telephone, phone))}
                        {details.note.clone().map(|note| fact(t.note, note))}
                        {fact(t.booked, format!("{} {booked_by}", show::instant(details.booked_at)))}
                        {details.checked_in_at.map(|at| fact(t.checked_in, show::instant(at)))}
                        {details.left_at.map(|at| fact(t.checked_out, show::instant(at)))}
                        {details.feedback.rating.map(|rating| fact(t.rating, rating_text(rating).to_owned()))}
                        {details.feedback.note.clone().map(|note| fact(t.feedback, note))}
                    </dl>
                </section>
                {change}
                {confirmation}
                {feedback}
                {may_book.then(|| view! { <NoteForm id=row.id.to_string() note=details.note.clone().unwrap_or_default()/> })}
            </div>
            <div>
                <section class="panel">
                    <h2>{t.prices}</h2>
                    <table class="prices">
                        <tbody>{nights}</tbody>
                        <tfoot>
                            <tr class="sum"><th scope="row">{t.total}</th><td class="col-money">{show::money(row.total)}</td></tr>
                            <tr><th scope="row">{t.paid}</th><td class="col-money">{show::money(row.paid)}</td></tr>
                            <tr class="sum"><th scope="row">{t.balance}</th><td class="col-money">{show::money(balance)}</td></tr>
                        </tfoot>
                    </table>
                </section>
                {has_history.then(|| view! {
                    <section class="panel">
                        <h2>{t.history}</h2>
                        <ol class="history">{history}</ol>
                    </section>
                })}
            </div>
        </div>
        {siblings}
    }
}

/// What may be done now, most likely first.
fn actions(details: &StayDetails) -> impl IntoView + use<> {
    let id = details.row.id;
    let button = move |(index, action): (usize, StayAction)| {
        let class = match action {
            StayAction::Cancel | StayAction::NoShow => "button button-quiet",
            _ if index == 0 => "button button-primary",
            _ => "button",
        };
        view! {
            <form method="post" action=ActOnStay::PATH><FormToken/>
                <button type="submit" name="act" value=format!("{}.{id}", action.as_str()) class=class>{action_text(action)}</button>
            </form>
        }
    };
    details
        .actions
        .iter()
        .copied()
        .filter(|action| *action != StayAction::Change)
        .enumerate()
        .map(button)
        .collect_view()
}

fn history_line(entry: &HistoryEntry, today: NaiveDate, currency: Currency) -> impl IntoView + use<> {
    let facts = show::facts(entry, today, Some(currency));
    let by = entry.by.clone().unwrap_or_else(|| texts().booking.history_machine.to_owned());
    view! {
        <li><strong>{history_text(&entry.action)}</strong>
            {(!facts.is_empty()).then(|| view! { <span>{facts}</span> })}
            <span class="sub">{by} " · " {show::instant(entry.at)}</span></li>
    }
}
