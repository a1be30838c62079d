use chrono::NaiveDate;
use domain::access::Permission;
use domain::booking::{StayRow, Today};
use domain::stay::{StayAction, StayStatus};
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use leptos_meta::Title;
use ui::{ButtonKind, LinkButton, StatusBadge};

use super::api::load_today;
use crate::desk::booking::ActOnStay;
use crate::routes;
use crate::shared::form::FormToken;
use crate::shared::live::LiveVersion;
use crate::shared::loaded::Loaded;
use crate::shared::page::PageFacts;
use crate::shared::show;
use crate::texts::{fill, status_text, texts};

/// The desk's first page.
#[component]
pub fn TodayPage() -> impl IntoView {
    let data = Resource::new(LiveVersion::get, |_| load_today());
    view! {
        <Title text=texts().today.title/>
        <Loaded data children={|today: Today| view! { <Lists today/> }}/>
    }
}

#[component]
fn Lists(today: Today) -> impl IntoView {
    let t = &texts().today;
    let facts = PageFacts::get();
    let may_act = facts.may(Permission::ManageBookings);
    let date = today.date;
    let occupancy = fill(
        t.occupancy,
        &[("taken", &show::number(today.rooms_taken)), ("rooms", &show::number(today.rooms))],
    );
    let out_of_order = (today.rooms_out_of_order > 0)
        .then(|| fill(t.out_of_order, &[("n", &show::number(today.rooms_out_of_order))]));
    let late =
        (!today.late.is_empty()).then(|| section("late", t.late, t.late_empty, today.late, date, may_act));
    view! {
        <div class="title-row">
            <h1>{t.title}</h1>
            <p class="title-facts">{occupancy} {out_of_order.map(|text| view! { <span>{text}</span> })}</p>
            {may_act.then(|| view! {
                <LinkButton kind=ButtonKind::Primary icon="plus" href=routes::NEW_BOOKING text=texts().nav.new_booking/>
            })}
        </div>
        {late}
        {section("arrivals", t.arrivals, t.arrivals_empty, today.arrivals, date, may_act)}
        {section("departures", t.departures, t.departures_empty, today.departures, date, may_act)}
        {section("in-house", t.in_house, t.in_house_empty, today.in_house, date, may_act)}
    }
}

/// One list of stays.
fn section(
    id: &'static str,
    title: &'static str,
    empty: &'static str,
    stays: Vec<StayRow>,
    today: NaiveDate,
    may_act: bool,
) -> AnyView {
    let t = &texts().today;
    let heading = format!("{id}-title");
    let heading_id = heading.clone();
    let count = stays.len();
    let body = if stays.is_empty() {
        view! { <p class="list-empty">{empty}</p> }.into_any()
    } else {
        let rows = stays.into_iter().map(|stay| row(stay, today, may_act)).collect_view();
        view! {
            <table class="table">
                <thead><tr>
                    <th scope="col" class="col-room">{t.room}</th>
                    <th scope="col">{t.guest}</th>
                    <th scope="col" class="col-stay">{t.stay}</th>
                    <th scope="col" class="col-money">{t.balance}</th>
                    <th scope="col" class="col-status">{t.status}</th>
                    <th scope="col" class="col-action"><span class="visually-hidden">{t.action}</span></th>
                </tr></thead>
                <tbody>{rows}</tbody>
            </table>
        }
        .into_any()
    };
    view! {
        <section class="list" id=id aria-labelledby=heading>
            <h2 id=heading_id>{title} <span class="count">{count}</span></h2>
            {body}
        </section>
    }
    .into_any()
}

/// One stay.
fn row(stay: StayRow, today: NaiveDate, may_act: bool) -> impl IntoView {
    let t = &texts().today;
    let balance = domain::money::Money::new(stay.total.minor - stay.paid.minor, stay.total.currency);
    let is_paid = balance.minor == 0;
    let not_ready = (stay.status == StayStatus::Reserved && !stay.room_ready)
        .then(|| view! { <span class="mark mark-dirty">{t.not_ready}</span> });
    let actions = may_act.then(|| actions(&stay, today));
    view! {
        <tr>
            <td class="col-room"><strong>{stay.room_number}</strong> <span class="sub">{stay.room_type}</span></td>
            <td class="col-guest">
                <a href=routes::booking(stay.id)>{stay.guest_name}</a>
                <span class="sub">{stay.reference} " · " {show::guests(stay.party)}</span>
            </td>
            <td class="col-stay">{show::stay(stay.dates, today)} <span class="sub">{show::nights(stay.dates)}</span></td>
            <td class="col-money">{if is_paid { t.paid.to_owned() } else { show::money(balance) }}</td>
            <td class="col-status"><StatusBadge status=stay.status text=status_text(stay.status)/> {not_ready}</td>
            <td class="col-action">{actions}</td>
        </tr>
    }
}

/// What can be done to a stay from the list: one click, or Enter on the button.
fn actions(stay: &StayRow, today: NaiveDate) -> AnyView {
    let t = &texts().today;
    let label = |text: &str| fill(text, &[("name", &stay.guest_name), ("room", &stay.room_number)]);
    let button = |action: StayAction, text: &'static str, label: String, class: &'static str| {
        view! {
            <form method="post" action=ActOnStay::PATH><FormToken/>
                <input type="hidden" name="id" value=stay.id.to_string()/>
                <input type="hidden" name="action" value=action.as_str()/>
                <button type="submit" class=class aria-label=label>{text}</button>
            </form>
        }
    };
    match stay.status {
        StayStatus::Reserved if stay.dates.departure() > today => {
            let no_show = (stay.dates.arrival() < today).then(|| {
                button(StayAction::NoShow, t.no_show, label(t.no_show_label), "button button-quiet")
            });
            view! { {no_show} {button(StayAction::CheckIn, t.check_in, label(t.check_in_label), "button")} }
                .into_any()
        }
        StayStatus::Reserved => {
            button(StayAction::NoShow, t.no_show, label(t.no_show_label), "button").into_any()
        }
        StayStatus::CheckedIn => button(
            StayAction::CheckOut,
            t.check_out,
            label(t.check_out_label),
            if stay.dates.departure() > today { "button button-quiet" } else { "button" },
        )
        .into_any(),
        _ => ().into_any(),
    }
}
