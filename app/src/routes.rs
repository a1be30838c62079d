//! All paths as typed functions, and the table that leads them to pages.

use domain::ids::{GuestId, InvoiceId, StayId, SubscriptionId};
use leptos::prelude::*;
use leptos::wasm_split::wasm_split;
use leptos_router::components::{Outlet, ParentRoute, Route, Router, Routes};
use leptos_router::{Lazy, LazyRoute, SsrMode, path};

use crate::account::invoices::{InvoicePage, InvoicesPage};
use crate::account::overview::{ChangePlanPage, OverviewPage};
use crate::account::plans::{CheckoutPage, PlansPage};
use crate::account::profile::AddressPage;
use crate::account::shell::AccountShell;
use crate::account::sign_up::SignUpPage;
use crate::account::tokens::TokensPage;
use crate::admin::model::{Subject, Wanted};
use crate::admin::{AdminShell, DashboardPage, ItemPage, ListPage, MailsPage};
use crate::desk::audit::AuditPage;
use crate::desk::booking::{BookingPage, BookingsPage, CardPage};
use crate::desk::guests::{GuestPage, GuestsPage};
use crate::desk::new_booking::NewBookingPage;
use crate::desk::profile::ProfilePage;
use crate::desk::rooms::RoomsPage;
use crate::desk::settings::{NewHotelPage, SettingsPage};
use crate::desk::staff::StaffPage;
use crate::desk::today::TodayPage;
use crate::entry::forgot::ForgotPage;
use crate::entry::register::RegisterPage;
use crate::entry::reset::ResetPage;
use crate::entry::sign_in::SignInPage;
use crate::entry::welcome::WelcomePage;
use crate::shared::layout::Desk;
use crate::shared::loaded::NotFoundPage;
use crate::shared::page::Visit;
use crate::shared::turn::next_task;
use crate::store::StorePage;

/// The desk's first page.
pub const TODAY: &str = "/desk";
/// Where somebody signs in.
pub const SIGN_IN: &str = "/sign-in";
/// Where somebody asks for a new password.
pub const FORGOT: &str = "/forgot-password";
/// Where the link of the mail leads.
pub const RESET: &str = "/reset-password";
/// Where a hotel is registered.
pub const REGISTER: &str = "/register";
/// Availability and the new booking.
pub const NEW_BOOKING: &str = "/desk/bookings/new";
/// All bookings.
pub const BOOKINGS: &str = "/desk/bookings";
/// The bookings as a file; answered by the server itself.
pub const REPORT: &str = "/desk/bookings/report";
/// The board.
pub const ROOMS: &str = "/desk/rooms";
/// All guests.
pub const GUESTS: &str = "/desk/guests";
/// The hotel's people.
pub const STAFF: &str = "/desk/staff";
/// The hotel, its rooms and types.
pub const SETTINGS: &str = "/desk/settings";
/// Where an owner adds another hotel.
pub const NEW_HOTEL: &str = "/desk/settings/new-hotel";
/// Who did what.
pub const AUDIT: &str = "/desk/audit";
/// The reader's own data and sessions.
pub const PROFILE: &str = "/desk/profile";

/// What somebody subscribes to and owes.
pub const ACCOUNT: &str = "/account";
/// Plans, and what goes with them.
pub const ACCOUNT_PLANS: &str = "/account/plans";
/// The order before it is paid.
pub const ACCOUNT_CHECKOUT: &str = "/account/checkout";
/// Password, e-mail and sessions of somebody without a desk.
pub const ACCOUNT_SECURITY: &str = "/account/security";
/// Where a customer makes an account.
pub const SIGN_UP: &str = "/sign-up";
/// All invoices.
pub const ACCOUNT_INVOICES: &str = "/account/invoices";
/// Tokens and what became of them.
pub const ACCOUNT_TOKENS: &str = "/account/tokens";
/// Name, address and password.
pub const ACCOUNT_PROFILE: &str = "/account/profile";
/// The modules that a company can buy.
pub const STORE: &str = "/store";

/// The platform's figures.
pub const ADMIN: &str = "/admin";
/// Every kind of mail.
pub const ADMIN_MAILS: &str = "/admin/mails";

/// A list of the admin's.
pub fn admin_list(subject: Subject) -> String {
    format!("{ADMIN}/{}", subject.slug())
}

/// One thing of the admin's.
pub fn admin_item(subject: Subject, id: &str) -> String {
    format!("{ADMIN}/{}/{id}", subject.slug())
}

/// A part of a list of the admin's.
pub fn admin_wanted(subject: Subject, wanted: &Wanted) -> String {
    format!("{}?{}", admin_list(subject), query_of(wanted))
}

/// A list of the admin's as a file; answered by the server itself.
pub fn admin_export(subject: Subject, wanted: &Wanted) -> String {
    format!(
        "{ADMIN}/export/{}?{}",
        subject.slug(),
        query_of(&Wanted { after: String::new(), ..wanted.clone() })
    )
}

/// An invoice as PDF; answered by the server itself.
pub fn admin_invoice_pdf(id: InvoiceId) -> String {
    format!("{ADMIN}/export/invoices/{id}")
}

/// A credit note of an invoice as PDF; answered by the server itself.
pub fn admin_credit_note_pdf(id: InvoiceId, note: impl std::fmt::Display) -> String {
    format!("{}/credit-notes/{note}", admin_invoice_pdf(id))
}

/// A mail as HTML; answered by the server itself.
pub fn admin_mail(kind: &str) -> String {
    format!("{ADMIN}/export/mails/{kind}")
}

fn query_of(wanted: &Wanted) -> String {
    let pairs = [
        ("search", &wanted.search),
        ("state", &wanted.state),
        ("account", &wanted.account),
        ("after", &wanted.after),
    ];
    query(&pairs.map(|(name, value)| (name, value.as_str())))
}

/// A query of the parameters that have a value.
fn query(pairs: &[(&str, &str)]) -> String {
    let given = pairs.iter().filter(|(_, value)| !value.is_empty());
    given
        .map(|(name, value)| format!("{name}={}", leptos_router::location::Url::escape(value)))
        .collect::<Vec<_>>()
        .join("&")
}

/// A path with the parameters that have a value.
pub fn with_query(path: &str, pairs: &[(&str, &str)]) -> String {
    format!("{path}?{}", query(pairs))
}

/// Whether a path, with its query, is one of the pages for people who are signed in.
pub fn asks_to_sign_in(path: &str) -> bool {
    [TODAY, ACCOUNT, STORE, ADMIN].iter().any(|place| is_within(path, place))
}

/// Whether a path is that of a place or of something in it.
pub fn is_within(path: &str, place: &str) -> bool {
    path.strip_prefix(place).is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?']))
}

/// One invoice.
pub fn account_invoice(id: InvoiceId) -> String {
    format!("{ACCOUNT_INVOICES}/{id}")
}

/// One invoice as PDF; answered by the server itself.
pub fn account_invoice_pdf(id: InvoiceId) -> String {
    format!("{ACCOUNT}/files/invoices/{id}")
}

/// A credit note of an invoice as PDF; answered by the server itself.
pub fn account_credit_note_pdf(id: InvoiceId, note: impl std::fmt::Display) -> String {
    format!("{}/credit-notes/{note}", account_invoice_pdf(id))
}

/// The plans that a subscription can change to.
pub fn account_change(id: SubscriptionId) -> String {
    format!("{ACCOUNT}/subscriptions/{id}")
}

/// One stay.
pub fn booking(id: StayId) -> String {
    format!("/desk/bookings/{id}")
}

/// The registration card of a stay, for paper.
pub fn registration_card(id: StayId) -> String {
    format!("/desk/bookings/{id}/card")
}

/// One guest.
pub fn guest(id: GuestId) -> String {
    format!("/desk/guests/{id}")
}

/// A new guest.
pub const NEW_GUEST: &str = "/desk/guests/new";

#[component]
fn DeskShell() -> impl IntoView {
    view! { <Desk><Outlet/></Desk> }.into_any()
}

/// Pages whose code the browser loads when it first comes to one of them; what everybody sees first is in the main file. The
/// pages of an area are in one file: each set of files that share something makes one more, so that a file for every page made
/// three hundred, of which a page asked for up to a hundred. Fewer areas would make files that are too large (150 kB). What
/// `#[lazy_route]` writes is written here, since it names a file after each route.
macro_rules! lazy_pages {
    ($($file:ident { $($route:ident => $page:ident),+ $(,)? })+) => {$($(
        #[derive(Debug)]
        struct $route;

        #[expect(non_snake_case, reason = "a route and the function that shows it have one name")]
        const _: () = {
            #[wasm_split($file, wasm_split_path = leptos::wasm_split, preload(load))]
            fn $route() -> AnyView {
                view! { <$page/> }.into_any()
            }

            impl LazyRoute for $route {
                fn data() -> Self {
                    Self
                }

                async fn view(_this: Self) -> AnyView {
                    #[cfg(feature = "ssr")]
                    leptos::prefetch_lazy_fn_on_server(stringify!($file));
                    $route().await
                }

                async fn preload() {
                    load().await;
                    next_task().await;
                }
            }
        };
    )+)+};
}

lazy_pages! {
    entry {
        ForgotRoute => ForgotPage,
        ResetRoute => ResetPage,
        RegisterRoute => RegisterPage,
        SignUpRoute => SignUpPage,
    }
    bookings {
        NewBookingRoute => NewBookingPage,
        BookingsRoute => BookingsPage,
        BookingRoute => BookingPage,
        CardRoute => CardPage,
    }
    house {
        RoomsRoute => RoomsPage,
        GuestsRoute => GuestsPage,
        GuestRoute => GuestPage,
    }
    office {
        StaffRoute => StaffPage,
        SettingsRoute => SettingsPage,
        NewHotelRoute => NewHotelPage,
        AuditRoute => AuditPage,
        ProfileRoute => ProfilePage,
        SecurityRoute => ProfilePage,
    }
    account {
        OverviewRoute => OverviewPage,
        InvoicesRoute => InvoicesPage,
        InvoiceRoute => InvoicePage,
        AddressRoute => AddressPage,
    }
    shop {
        PlansRoute => PlansPage,
        ChangePlanRoute => ChangePlanPage,
        CheckoutRoute => CheckoutPage,
        TokensRoute => TokensPage,
        StoreRoute => StorePage,
    }
    admin {
        DashboardRoute => DashboardPage,
        MailsRoute => MailsPage,
        ListRoute => ListPage,
        ItemRoute => ItemPage,
    }
}

/// The first page's code is everybody's, so there is nothing to load. A page is asked for by the router before it comes alive,
/// which is the one place where the browser can be given a turn between the two.
#[derive(Debug)]
struct TodayRoute;

impl LazyRoute for TodayRoute {
    fn data() -> Self {
        Self
    }

    async fn view(_this: Self) -> AnyView {
        view! { <TodayPage/> }.into_any()
    }

    async fn preload() {
        next_task().await;
    }
}

/// The table of routes. Every page is rendered whole before it is sent, so that it works without JavaScript.
#[component]
pub fn AppRoutes() -> impl IntoView {
    view! {
        <Router><Visit>
            <Routes fallback=|| view! { <NotFoundPage/> }>
                <Route path=path!("/") view=WelcomePage ssr=SsrMode::Async/>
                <Route path=path!("/sign-in") view=SignInPage ssr=SsrMode::Async/>
                <Route path=path!("/forgot-password") view={Lazy::<ForgotRoute>::new()} ssr=SsrMode::Async/>
                <Route path=path!("/reset-password") view={Lazy::<ResetRoute>::new()} ssr=SsrMode::Async/>
                <Route path=path!("/register") view={Lazy::<RegisterRoute>::new()} ssr=SsrMode::Async/>
                <ParentRoute path=path!("/desk") view=DeskShell ssr=SsrMode::Async>
                    <Route path=path!("") view={Lazy::<TodayRoute>::new()} ssr=SsrMode::Async/>
                    <Route path=path!("/bookings") view={Lazy::<BookingsRoute>::new()} ssr=SsrMode::Async/>
                    <Route path=path!("/bookings/new") view={Lazy::<NewBookingRoute>::new()} ssr=SsrMode::Async/>
                    <Route path=path!("/bookings/:id") view={Lazy::<BookingRoute>::new()} ssr=SsrMode::Async/>
                    <Route path=path!("/bookings/:id/card") view={Lazy::<CardRoute>::new()} ssr=SsrMode::Async/>
                    <Route path=path!("/rooms") view={Lazy::<RoomsRoute>::new()} ssr=SsrMode::Async/>
                    <Route path=path!("/guests") view={Lazy::<GuestsRoute>::new()} ssr=SsrMode::Async/>
                    <Route path=path!("/guests/:id") view={Lazy::<GuestRoute>::new()} ssr=SsrMode::Async/>
                    <Route path=path!("/staff") view={Lazy::<StaffRoute>::new()} ssr=SsrMode::Async/>
                    <Route path=path!("/settings") view={Lazy::<SettingsRoute>::new()} ssr=SsrMode::Async/>
                    <Route path=path!("/settings/new-hotel") view={Lazy::<NewHotelRoute>::new()} ssr=SsrMode::Async/>
                    <Route path=path!("/audit") view={Lazy::<AuditRoute>::new()} ssr=SsrMode::Async/>
                    <Route path=path!("/profile") view={Lazy::<ProfileRoute>::new()} ssr=SsrMode::Async/>
                </ParentRoute>
                <Route path=path!("/sign-up") view={Lazy::<SignUpRoute>::new()} ssr=SsrMode::Async/>
                <ParentRoute path=path!("/account") view=AccountShell ssr=SsrMode::Async>
                    <Route path=path!("") view={Lazy::<OverviewRoute>::new()} ssr=SsrMode::Async/>
                    <Route path=path!("/subscriptions/:id") view={Lazy::<ChangePlanRoute>::new()} ssr=SsrMode::Async/>
                    <Route path=path!("/plans") view={Lazy::<PlansRoute>::new()} ssr=SsrMode::Async/>
                    <Route path=path!("/checkout") view={Lazy::<CheckoutRoute>::new()} ssr=SsrMode::Async/>
                    <Route path=path!("/invoices") view={Lazy::<InvoicesRoute>::new()} ssr=SsrMode::Async/>
                    <Route path=path!("/invoices/:id") view={Lazy::<InvoiceRoute>::new()} ssr=SsrMode::Async/>
                    <Route path=path!("/tokens") view={Lazy::<TokensRoute>::new()} ssr=SsrMode::Async/>
                    <Route path=path!("/profile") view={Lazy::<AddressRoute>::new()} ssr=SsrMode::Async/>
                    <Route path=path!("/security") view={Lazy::<SecurityRoute>::new()} ssr=SsrMode::Async/>
                </ParentRoute>
                <ParentRoute path=path!("/admin") view=AdminShell ssr=SsrMode::Async>
                    <Route path=path!("") view={Lazy::<DashboardRoute>::new()} ssr=SsrMode::Async/>
                    <Route path=path!("/mails") view={Lazy::<MailsRoute>::new()} ssr=SsrMode::Async/>
                    <Route path=path!("/:subject") view={Lazy::<ListRoute>::new()} ssr=SsrMode::Async/>
                    <Route path=path!("/:subject/:id") view={Lazy::<ItemRoute>::new()} ssr=SsrMode::Async/>
                </ParentRoute>
                <ParentRoute path=path!("/store") view=AccountShell ssr=SsrMode::Async>
                    <Route path=path!("") view={Lazy::<StoreRoute>::new()} ssr=SsrMode::Async/>
                </ParentRoute>
            </Routes>
        </Visit></Router>
    }
    .into_any()
}
