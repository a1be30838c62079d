use chrono::NaiveDate;
use domain::access::Permission;
use domain::booking::{DayList, StayRow, Today};
use domain::stay::{StayAction, StayStatus};
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;
use ui::{ButtonKind, LinkButton, Notice, NoticeKind};

use super::api::load_today;
use crate::desk::booking::ActOnStay;
use crate::routes;
use crate::shared::form::{Form, FormToken};
use crate::shared::live::LiveVersion;
use crate::shared::loaded::{Loaded, load};
use crate::shared::notice::IN_LIST;
use crate::shared::page::PageFacts;
use crate::shared::show;
use crate::texts::{error_text, fill, texts};

/// The one form of the page, which every button of the lists belongs to.
const FORM: &str = "act-on-stay";

/// The desk's first page.
#[component]
pub fn TodayPage() -> impl IntoView {
    let query = use_query_map();
    let whole = move || query.with(|query| query.get("whole").unwrap_or_default());
    let data = load(move || (whole(), LiveVersion::get()), |(whole, _)| load_today(whole));
    view! {
        <Title text=texts().today.title/>
        <Loaded data children={|today: Today| view! { <Lists today/> }}/>
    }
}

#[component]
fn Lists(today: Today) -> impl IntoView {
    let t = &texts().today;
    let may_act = PageFacts::get().may(Permission::ManageBookings);
    let occupancy = fill(
        t.occupancy,
        &[("taken", &show::number(today.rooms_taken)), ("rooms", &show::number(today.rooms))],
    );
    let out_of_order = (today.rooms_out_of_order > 0)
        .then(|| fill(t.out_of_order, &[("n", &show::number(today.rooms_out_of_order))]));
    let refused = Refused::of_this_page();
    let is_listed = |refused: &Refused| today.stays.iter().any(|(_, stay)| refused.is_about(stay));
    let above = refused.as_ref().filter(|refused| !is_listed(refused)).map(|refused| refused.notice(None));
    let late =
        (today.count(DayList::Late) > 0).then(|| section(&today, DayList::Late, may_act, refused.as_ref()));
    view! {
        <div class="title-row">
            <h1>{t.title}</h1>
            <p class="title-facts">{occupancy} {out_of_order.map(|text| view! { <span>{text}</span> })}</p>
            {may_act.then(|| view! {
                <LinkButton kind=ButtonKind::Primary icon="plus" href=routes::NEW_BOOKING text=texts().nav.new_booking/>
            })}
        </div>
        {may_act.then(|| view! { <form method="post" action=ActOnStay::PATH id=FORM><FormToken/><input type="hidden" name=IN_LIST value="1"/></form> })}
        {above}
        {late}
        {section(&today, DayList::Arrivals, may_act, refused.as_ref())}
        {section(&today, DayList::Departures, may_act, refused.as_ref())}
        {section(&today, DayList::InHouse, may_act, refused.as_ref())}
    }
}

/// A button in a list that did nothing, and why.
struct Refused {
    stay_id: String,
    why: String,
}

impl Refused {
    fn of_this_page() -> Option<Self> {
        let form = Form::about::<ActOnStay>("", Some((IN_LIST, "1")));
        let stay_id = form.state.values.get("act")?.split_once('.')?.1.to_owned();
        Some(Self { stay_id, why: error_text(form.error.as_ref()?) })
    }

    fn is_about(&self, stay: &StayRow) -> bool {
        stay.id.to_string() == self.stay_id
    }

    /// Says it, with the guest's name where the stay is in a list.
    fn notice(&self, stay: Option<&StayRow>) -> AnyView {
        let text = match stay {
            Some(stay) => fill(texts().today.refused, &[("name", &stay.guest_name), ("why", &self.why)]),
            None => fill(texts().errors.refused, &[("why", &self.why)]),
        };
        view! { <Notice kind=NoticeKind::Problem text/> }.into_any()
    }
}

/// One list of stays.
fn section(today: &Today, list: DayList, may_act: bool, refused: Option<&Refused>) -> AnyView {
    let t = &texts().today;
    let (title, empty) = match list {
        DayList::Late => (t.late, t.late_empty),
        DayList::Arrivals => (t.arrivals, t.arrivals_empty),
        DayList::Departures => (t.departures, t.departures_empty),
        DayList::InHouse => (t.in_house, t.in_house_empty),
    };
    let id = list.as_str();
    let heading = format!("{id}-title");
    let heading_id = heading.clone();
    let count = today.count(list);
    let refused = refused.and_then(|refused| {
        today.of(list).find(|stay| refused.is_about(stay)).map(|stay| refused.notice(Some(stay)))
    });
    let rows: Vec<_> = today.of(list).map(|stay| row(stay, today.date, may_act)).collect();
    let is_cut = i64::try_from(rows.len()).is_ok_and(|shown| shown < count);
    let more = is_cut.then(|| {
        let href = format!("{}?whole={id}#{id}", routes::TODAY);
        view! { <p class="pager"><a class="button" href=href>{fill(t.show_all, &[("n", &show::number(count))])}</a></p> }
    });
    let body = if rows.is_empty() {
        view! { <p class="list-empty">{empty}</p> }.into_any()
    } else {
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
            <h2 id=heading_id>{title} <span class="count">{show::number(count)}</span></h2>
            {refused}
            {body}
            {more}
        </section>
    }
    .into_any()
}

/// One stay.
fn row(stay: &StayRow, today: NaiveDate, may_act: bool) -> AnyView {
    let t = &texts().today;
    let balance = domain::money::Money::new(stay.total.minor - stay.paid.minor, stay.total.currency);
    let balance = if balance.minor == 0 { t.paid.to_owned() } else { show::money(balance) };
    let hint = match (stay.status, stay.room_id) {
        (StayStatus::Reserved, Some(_)) if !stay.room_ready => {
            Some(view! { <span class="mark mark-dirty">{t.not_ready}</span> })
        }
        _ => None,
    };
    let about = format!("{} · {}", stay.reference, show::guests(stay.party));
    let time = match stay.status {
        StayStatus::Reserved => stay.times.arrival,
        StayStatus::CheckedIn if stay.dates.departure() <= today => stay.times.departure,
        _ => None,
    };
    let time = time.map(|time| {
        view! { <span class="sub">{fill(t.at_time, &[("time", &show::clock(time))])}</span> }
    });
    view! {
        <tr>
            <td class="col-room"><strong>{show::room(stay)}</strong> <span class="sub">{stay.room_type.clone()}</span></td>
            <td class="col-guest"><a href=routes::booking(stay.id)>{stay.guest_name.clone()}</a><span class="sub">{about}</span></td>
            <td class="col-stay">{show::stay(stay.dates, today)} <span class="sub">{show::nights(stay.dates)}</span></td>
            <td class="col-money">{balance}</td>
            <td class="col-status">{show::status(stay, today)} {time} {hint}</td>
            <td class="col-action">{may_act.then(|| actions(stay, today))}</td>
        </tr>
    }
    .into_any()
}

/// What can be done to a stay from the list: one click, or Enter on the button.
fn actions(stay: &StayRow, today: NaiveDate) -> AnyView {
    let t = &texts().today;
    let room = show::room(stay);
    let label = |text: &str| fill(text, &[("name", &stay.guest_name), ("room", &room)]);
    let button = |action: StayAction, text: &'static str, label: String, class: &'static str| {
        let act = format!("{}.{}", action.as_str(), stay.id);
        view! { <button type="submit" form=FORM name="act" value=act class=class aria-label=label>{text}</button> }
    };
    match stay.status {
        StayStatus::Reserved if stay.dates.departure() > today => {
            let no_show = (stay.dates.arrival() < today).then(|| {
                button(StayAction::NoShow, t.no_show, label(t.no_show_label), "button button-quiet")
            });
            let first = if stay.room_id.is_some() {
                button(StayAction::CheckIn, t.check_in, label(t.check_in_label), "button").into_any()
            } else {
                let href = format!("{}#change", routes::booking(stay.id));
                view! { <a class="button" href=href aria-label=label(t.give_room_label)>{t.give_room}</a> }
                    .into_any()
            };
            view! { {no_show} {first} }.into_any()
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
