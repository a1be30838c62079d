use domain::stay::StayStatus;
use leptos::prelude::*;

use crate::Icon;

/// What a colour means; each means one thing only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// Nothing to do.
    Quiet,
    /// Booked.
    Reserved,
    /// Comes today.
    DueIn,
    /// In the house.
    InHouse,
    /// Leaves today.
    DueOut,
    /// A room that nobody can stay in.
    OutOfOrder,
    /// Something is wrong.
    Alarm,
    /// Clean, paid, all right.
    Good,
}

impl Tone {
    /// The class that gives the colour.
    pub fn class(self) -> &'static str {
        match self {
            Self::Quiet => "badge badge-quiet",
            Self::Reserved => "badge badge-reserved",
            Self::DueIn => "badge badge-due-in",
            Self::InHouse => "badge badge-in-house",
            Self::DueOut => "badge badge-due-out",
            Self::OutOfOrder => "badge badge-out-of-order",
            Self::Alarm => "badge badge-alarm",
            Self::Good => "badge badge-good",
        }
    }
}

/// A short fact with its colour, an icon and a word.
#[component]
pub fn Badge(
    /// What the colour means.
    tone: Tone,
    /// The symbol.
    icon: &'static str,
    /// The word.
    #[prop(into)]
    text: String,
) -> impl IntoView {
    view! {
        <span class=tone.class()>
            <Icon name=icon/>
            {text}
        </span>
    }
}

/// The state of a stay.
#[component]
pub fn StatusBadge(
    /// The state.
    status: StayStatus,
    /// Whether the guest is to come or to go by today.
    #[prop(optional)]
    is_due: bool,
    /// Its name in the reader's language.
    #[prop(into)]
    text: String,
) -> impl IntoView {
    let (tone, icon) = match status {
        StayStatus::Reserved if is_due => (Tone::DueIn, "calendar"),
        StayStatus::CheckedIn if is_due => (Tone::DueOut, "key"),
        StayStatus::Reserved => (Tone::Reserved, "calendar"),
        StayStatus::CheckedIn => (Tone::InHouse, "key"),
        StayStatus::CheckedOut => (Tone::Quiet, "log-out"),
        StayStatus::Cancelled => (Tone::Quiet, "ban"),
        StayStatus::NoShow => (Tone::Alarm, "user-x"),
    };
    view! { <Badge tone icon text/> }
}
