use domain::room::RoomCondition;
use domain::stay::StayStatus;
use leptos::prelude::*;

use crate::{Icon, Text};

/// What a colour means; each means one thing only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// Nothing to do.
    Quiet,
    /// Booked.
    Reserved,
    /// Booked, and the guest comes today.
    DueIn,
    /// In the house.
    InHouse,
    /// Leaves today.
    DueOut,
    /// Something is wrong.
    Alarm,
    /// Out of order.
    OutOfOrder,
}

impl Tone {
    /// The classes that give the colour.
    fn class(self) -> &'static str {
        match self {
            Self::Quiet => "badge",
            Self::Reserved => "badge badge-reserved",
            Self::DueIn => "badge badge-due-in",
            Self::InHouse => "badge badge-in-house",
            Self::DueOut => "badge badge-due-out",
            Self::Alarm => "badge badge-alarm",
            Self::OutOfOrder => "badge badge-out-of-order",
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
    text: Text,
) -> impl IntoView {
    view! { <span class=tone.class()><Icon name=icon/>{text}</span> }
}

/// The state of a stay.
#[component]
pub fn StatusBadge(
    /// The state.
    status: StayStatus,
    /// Its name in the reader's language.
    #[prop(into)]
    text: Text,
) -> impl IntoView {
    let (tone, icon) = match status {
        StayStatus::Reserved => (Tone::Reserved, "calendar"),
        StayStatus::CheckedIn => (Tone::InHouse, "key"),
        StayStatus::CheckedOut => (Tone::Quiet, "log-out"),
        StayStatus::Cancelled => (Tone::Quiet, "ban"),
        StayStatus::NoShow => (Tone::Alarm, "user-x"),
    };
    view! { <Badge tone icon text/> }
}

/// How clean a room is: a small mark and a word, so that it does not fight with the state of the stay.
#[component]
pub fn ConditionMark(
    /// How clean it is.
    condition: RoomCondition,
    /// The word for it.
    #[prop(into)]
    text: Text,
) -> impl IntoView {
    let (class, icon) = match condition {
        RoomCondition::Inspected => ("mark mark-inspected", "check-check"),
        RoomCondition::Clean => ("mark mark-clean", "check"),
        RoomCondition::Dirty => ("mark mark-dirty", "brush"),
    };
    view! { <span class=class><Icon name=icon/>{text}</span> }
}
