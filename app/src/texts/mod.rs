//! Every word a page shows. One structure for each part of the product with a constant for each language: a text that is
//! missing in a language does not compile, and a test finds words outside of here.

mod account;
mod admin;
mod desk;
mod entry;
mod messages;

pub use admin::AdminTexts;
pub use messages::{
    action_text, error_text, fact_text, history_text, notice_text, problem_text, rating_text, role_text,
    status_text,
};

pub(crate) use domain::catalogue;
pub use domain::words::fill;

/// The whole catalogue in one language.
#[derive(Debug)]
pub struct Texts {
    /// Words that are everywhere.
    pub common: Common,
    /// The ways around.
    pub nav: desk::Nav,
    /// The live state.
    pub live: desk::LiveTexts,
    /// A subscription that has lapsed.
    pub lapsed: desk::Lapsed,
    /// Keys.
    pub keys: desk::Keys,
    /// Before one is signed in.
    pub entry: entry::Entry,
    /// Registration of a hotel.
    pub register: entry::Register,
    /// Today.
    pub today: desk::Today,
    /// Availability and new booking.
    pub new_booking: desk::NewBooking,
    /// Bookings.
    pub booking: desk::Booking,
    /// The registration card.
    pub card: desk::Card,
    /// Rooms.
    pub rooms: desk::Rooms,
    /// Guests.
    pub guests: desk::Guests,
    /// Staff.
    pub staff: desk::Staff,
    /// Hotel settings.
    pub settings: desk::Settings,
    /// Who did what.
    pub audit: desk::Audit,
    /// Profile and sessions.
    pub profile: desk::Profile,
    /// The account's shell.
    pub account: account::AccountNav,
    /// The account's first page.
    pub overview: account::Overview,
    /// Plans and the checkout.
    pub plans: account::Plans,
    /// Invoices.
    pub invoices: account::Invoices,
    /// Tokens.
    pub tokens: account::Tokens,
    /// The billing address.
    pub billing_address: account::BillingAddress,
    /// The module store.
    pub store: account::Store,
    /// The platform's administration.
    pub admin: AdminTexts,
    /// States and periods of what is bought.
    pub billing_words: account::BillingWords,
    /// States, actions, roles.
    pub words: messages::Words,
    /// What is wrong with a field.
    pub problems: messages::ProblemTexts,
    /// What went wrong.
    pub errors: messages::Errors,
    /// Pages that cannot be made.
    pub error_pages: messages::ErrorPages,
    /// Why a subscription does not do what was asked.
    pub subscription_refusals: messages::SubscriptionRefusals,
    /// What was done.
    pub notices: messages::Notices,
    /// What happened.
    pub history: messages::History,
    /// Facts of what happened.
    pub facts: messages::Facts,
}

catalogue! {
    /// Words that are everywhere.
    Common {
        loading: "Loading",
        skip_to_content: "Skip to content",
        save: "Save",
        close: "Close",
        cancel: "Cancel",
        undo: "Undo",
        remove: "Remove",
        change: "Change",
        optional: "optional",
        back_to_today: "Back to Today",
        back_to_overview: "Back to the overview",
        back_to_figures: "Back to the figures",
        more: "More",
        try_again: "Try again",
        night_one: "1 night",
        nights: "{n} nights",
        guest_one: "1 guest",
        guests: "{n} guests",
        search: "Search",
        none: "–",
    }
}

static EN: Texts = Texts {
    common: Common::EN,
    nav: desk::Nav::EN,
    live: desk::LiveTexts::EN,
    lapsed: desk::Lapsed::EN,
    keys: desk::Keys::EN,
    entry: entry::Entry::EN,
    register: entry::Register::EN,
    today: desk::Today::EN,
    new_booking: desk::NewBooking::EN,
    booking: desk::Booking::EN,
    card: desk::Card::EN,
    rooms: desk::Rooms::EN,
    guests: desk::Guests::EN,
    staff: desk::Staff::EN,
    settings: desk::Settings::EN,
    audit: desk::Audit::EN,
    profile: desk::Profile::EN,
    account: account::AccountNav::EN,
    overview: account::Overview::EN,
    plans: account::Plans::EN,
    invoices: account::Invoices::EN,
    tokens: account::Tokens::EN,
    billing_address: account::BillingAddress::EN,
    store: account::Store::EN,
    admin: AdminTexts::EN,
    billing_words: account::BillingWords::EN,
    words: messages::Words::EN,
    problems: messages::ProblemTexts::EN,
    errors: messages::Errors::EN,
    error_pages: messages::ErrorPages::EN,
    subscription_refusals: messages::SubscriptionRefusals::EN,
    notices: messages::Notices::EN,
    history: messages::History::EN,
    facts: messages::Facts::EN,
};

/// The catalogue in the reader's language.
pub fn texts() -> &'static Texts {
    &EN
}
