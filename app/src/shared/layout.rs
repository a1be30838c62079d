//! The desk's shell: rail, top bar, content; on a phone a bar at the bottom with the four things done standing up, and
//! the other places in the reader's menu.

use domain::access::Permission;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use leptos_router::components::A;
use ui::{Icon, Notice, NoticeKind};

use super::audit::Audit;
use super::form::FormToken;
use super::live::{LiveState, LiveVersion, each_minute, listen};
use super::loaded::{Loading, at_once_on_server, load};
use super::notice::{DoneNotice, RefusedAbove};
use super::page::PageFacts;
use super::show;
use crate::desk::shell::{ChooseHotel, ChooseRail, Day, load_day};
use crate::entry::sign_in::SignOut;
use crate::routes;
use crate::texts::{fill, texts};

/// The shell around every desk page. Whoever is not signed in is sent to sign in first.
#[component]
pub fn Desk(
    /// The page.
    children: Children,
) -> impl IntoView {
    let facts = PageFacts::get();
    if facts.actor.is_none() {
        #[cfg(feature = "ssr")]
        crate::entry::sign_in::send_to_sign_in();
        return view! { <main class="entry"><a href=routes::SIGN_IN>{texts().entry.sign_in}</a></main> }
            .into_any();
    }
    let state = listen();
    let minute = each_minute();
    let day = load(move || (LiveVersion::get(), minute.get()), |_| load_day());
    let t = texts();
    view! {
        <a class="skip" href="#content">{t.common.skip_to_content}</a>
        <div class="desk" data-rail=facts.is_rail_slim.then_some("slim")>
            <Rail is_slim=facts.is_rail_slim/>
            <div class="desk-column">
                <TopBar state day/>
                <main id="content" class="content">
                    <Lapsed day/>
                    <DoneNotice/>
                    <RefusedAbove/>
                    {children()}
                </main>
            </div>
            <PhoneBar/>
        </div>
        <Commands/>
        <Keys/>
    }
    .into_any()
}

/// A place of the desk: its path, icon and name, and whether only the path itself is the place.
type Place = (&'static str, &'static str, &'static str, bool);

/// The places the reader may go to.
fn places() -> impl Iterator<Item = Place> {
    let (t, facts) = (&texts().nav, PageFacts::get());
    [
        (None, (routes::TODAY, "sun", t.today, true)),
        (Some(Permission::ManageBookings), (routes::NEW_BOOKING, "plus", t.new_booking, true)),
        (None, (routes::BOOKINGS, "calendar", t.bookings, true)),
        (None, (routes::ROOMS, "bed", t.rooms, false)),
        (Some(Permission::ManageGuests), (routes::GUESTS, "users", t.guests, false)),
        (Some(Permission::ManageStaff), (routes::STAFF, "badge", t.staff, false)),
        (Some(Permission::ManageHotel), (routes::SETTINGS, "settings", t.settings, false)),
        (Some(Permission::ViewAudit), (routes::AUDIT, "info", t.audit, false)),
    ]
    .into_iter()
    .filter(move |(needed, _)| needed.is_none_or(|permission| facts.may(permission)))
    .map(|(_, place)| place)
}

#[component]
fn Rail(is_slim: bool) -> impl IntoView {
    let t = texts();
    let links: Vec<_> = places()
        .map(|(href, icon, text, exact)| {
            view! { <li><A href=href exact=exact><Icon name=icon/><span>{text}</span></A></li> }.into_any()
        })
        .collect();
    view! {
        <nav class="rail" aria-label=t.nav.label>
            <a class="brand" href=routes::TODAY><Icon name="key"/><span>"Keyrack"</span></a>
            <ul>{links}</ul>
            <form method="post" action=ChooseRail::PATH class="rail-size"><FormToken/>
                <button type="submit" name="size" value=if is_slim { "wide" } else { "slim" } aria-expanded=(!is_slim).to_string() title=t.nav.rail_size>
                    <Icon name="chevron"/><span>{t.nav.rail_size}</span>
                </button>
            </form>
        </nav>
    }
    .into_any()
}

#[component]
fn PhoneBar() -> impl IntoView {
    let t = texts();
    let may_book = PageFacts::get().may(Permission::ManageBookings);
    let link = |href: &'static str, icon: &'static str, text: &'static str| {
        view! { <li><A href=href exact=true><Icon name=icon/><span>{text}</span></A></li> }.into_any()
    };
    view! {
        <nav class="phone-bar" aria-label=t.nav.phone_label>
            <ul>
                {link(routes::TODAY, "sun", t.nav.today)}
                {link(routes::ROOMS, "bed", t.nav.rooms)}
                {link(routes::BOOKINGS, "search", t.nav.search)}
                {may_book.then(|| link(routes::NEW_BOOKING, "plus", t.nav.new))}
            </ul>
        </nav>
    }
    .into_any()
}

#[component]
fn TopBar(state: RwSignal<LiveState>, day: Loading<Day>) -> impl IntoView {
    let t = texts();
    view! {
        <header class="top-bar">
            <HotelName/>
            <Transition>
                {at_once_on_server(move || Suspend::new(async move {
                    day.await.ok().map(|day| view! {
                        <span class="business-date">{show::full_date(day.date)}</span> <Audit audit=day.audit/>
                    })
                }))}
            </Transition>
            <span class="live" class:is-lost=move || matches!(state.get(), LiveState::Lost(_)) role="status">
                {move || match state.get() {
                    LiveState::Waiting => String::new(),
                    LiveState::Live => t.live.live.to_owned(),
                    LiveState::Lost(since) => fill(t.live.reconnecting, &[("at", &show::clock(since))]),
                }}
            </span>
            <form class="top-search" role="search" method="get" action=routes::BOOKINGS>
                <label class="visually-hidden" for="search">{t.nav.search_label}</label>
                <Icon name="search"/>
                <input type="search" id="search" name="text" placeholder=t.nav.search_label autocomplete="off"/>
            </form>
            <UserMenu/>
        </header>
    }
    .into_any()
}

/// Says that the hotel's subscription has lapsed, and leads whoever may buy to where it is renewed.
#[component]
fn Lapsed(day: Loading<Day>) -> impl IntoView {
    view! {
        <Transition>
            {at_once_on_server(move || Suspend::new(async move {
                day.await.is_ok_and(|day| day.has_lapsed).then(|| view! { <LapsedNotice/> })
            }))}
        </Transition>
    }
    .into_any()
}

#[component]
fn LapsedNotice() -> impl IntoView {
    let t = &texts().lapsed;
    let may_buy = PageFacts::get().may(Permission::ManageBilling);
    let what_to_do = if may_buy { t.renew_text } else { t.ask_text };
    view! {
        <Notice kind=NoticeKind::Problem text=format!("{} {what_to_do}", t.text)>
            {may_buy.then(|| view! { <a class="button" href=routes::STORE>{t.renew}</a> })}
        </Notice>
    }
}

/// The hotel in use, and the way to the reader's others.
#[component]
fn HotelName() -> impl IntoView {
    let facts = PageFacts::get();
    let name = facts.membership().map(|membership| membership.hotel_name.clone()).unwrap_or_default();
    let others: Vec<_> = facts
        .actor
        .map(|actor| actor.memberships)
        .unwrap_or_default()
        .into_iter()
        .filter(|membership| Some(membership.hotel_id) != facts.hotel_id)
        .collect();
    if others.is_empty() {
        view! { <strong class="hotel-name">{name}</strong> }.into_any()
    } else {
        let choices = others
            .into_iter()
            .map(|membership| {
                view! {
                    <form method="post" action=ChooseHotel::PATH><FormToken/>
                        <input type="hidden" name="hotel_id" value=membership.hotel_id.to_string()/>
                        <button type="submit" class="menu-item">{membership.hotel_name}</button>
                    </form>
                }
            })
            .collect_view();
        view! {
            <details class="menu"><summary class="hotel-name">{name} <Icon name="chevron"/></summary>
                <div class="menu-list">{choices}</div></details>
        }
        .into_any()
    }
}

#[component]
fn UserMenu() -> impl IntoView {
    let t = texts();
    let name = PageFacts::get().actor.map(|actor| actor.full_name).unwrap_or_default();
    // What the bar at the bottom has no room for.
    let in_bar = [routes::TODAY, routes::ROOMS, routes::BOOKINGS, routes::NEW_BOOKING];
    let more = places().filter(|(href, ..)| !in_bar.contains(href));
    let more = more
        .map(|(href, _, text, _)| view! { <A href=href attr:class="menu-item">{text}</A> })
        .collect_view();
    let initials: String = name.split_whitespace().filter_map(|word| word.chars().next()).take(2).collect();
    view! {
        <details class="menu menu-right">
            <summary class="avatar" aria-label=fill(t.nav.user_menu, &[("name", &name)])>{initials}</summary>
            <div class="menu-list">
                <p class="menu-title">{name}</p>
                <nav class="menu-places" aria-label=t.nav.label>{more}</nav>
                <a class="menu-item" href=routes::PROFILE>{t.nav.profile}</a>
                {PageFacts::get().may(Permission::ManageBilling).then(|| view! {
                    <a class="menu-item" href=routes::STORE>{t.nav.billing}</a>
                })}
                <button type="button" class="menu-item keys-item" data-opens="keys">{t.keys.title}</button>
                <div class="theme-choice" role="group" aria-label=t.nav.theme>
                    <button type="button" data-theme-choice="light">{t.nav.light}</button>
                    <button type="button" data-theme-choice="dark">{t.nav.dark}</button>
                    <button type="button" data-theme-choice="system">{t.nav.system}</button>
                </div>
                <form method="post" action=SignOut::PATH><FormToken/>
                    <button type="submit" class="menu-item">{t.nav.sign_out}</button>
                </form>
            </div>
        </details>
    }
    .into_any()
}

/// Where one can go and what one can search, by typing; opened by Ctrl K. What happens in it is in `public/keys.js`.
#[component]
fn Commands() -> impl IntoView {
    let t = texts();
    let more = [
        (routes::NEW_GUEST, "users", t.guests.new, PageFacts::get().may(Permission::ManageGuests)),
        (routes::PROFILE, "badge", t.nav.profile, true),
    ];
    let more =
        more.into_iter().filter(|(.., may)| *may).map(|(href, icon, text, _)| (href, icon, text, true));
    let commands: Vec<_> = places()
        .chain(more)
        .map(|(href, icon, text, _)| {
            view! { <li><a href=href tabindex="-1"><Icon name=icon/><span>{text}</span></a></li> }.into_any()
        })
        .collect();
    let search = |path: &'static str, icon: &'static str, text: &'static str| {
        view! { <li hidden><a href=path data-search tabindex="-1"><Icon name=icon/><span>{text} " “"<b></b>"”"</span></a></li> }
            .into_any()
    };
    view! {
        <dialog id="commands" aria-label=t.keys.commands>
            <input type="search" id="command" placeholder=t.keys.commands_help aria-label=t.keys.commands_help autocomplete="off"/>
            <ul>
                {commands}
                {search(routes::BOOKINGS, "search", t.keys.find_booking)}
                {search(routes::GUESTS, "search", t.keys.find_guest)}
            </ul>
        </dialog>
    }
    .into_any()
}

/// The list of keys, opened by `?`; the keys themselves are in `public/keys.js`.
#[component]
fn Keys() -> impl IntoView {
    let t = texts();
    let row = |key: &'static str, text: &'static str| {
        view! { <tr><td><kbd>{key}</kbd></td><td>{text}</td></tr> }.into_any()
    };
    view! {
        <dialog id="keys" aria-labelledby="keys-title">
            <h2 id="keys-title">{t.keys.title}</h2>
            <table class="keys"><tbody>
                {row("Ctrl K", t.keys.commands)}
                {row("/", t.keys.search)}
                {row("n", t.keys.new_booking)}
                {row("t", t.keys.today)}
                {row("r", t.keys.rooms)}
                {row("g", t.keys.guests)}
                {row("?", t.keys.this_list)}
                {row("Esc", t.keys.back)}
            </tbody></table>
            <label class="check"><input type="checkbox" id="single-keys" checked/> {t.keys.single}</label>
            <form method="dialog"><button type="submit" class="button">{t.common.close}</button></form>
        </dialog>
    }
    .into_any()
}
