//! Stays: half-open civil date ranges, the states a stay passes through, and what each state allows.

use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveTime, Utc};
use serde::{Deserialize, Serialize};

use crate::money::{Currency, Money};
use crate::problem::ProblemCode;
use crate::text_enum::text_enum;

/// The longest stay in nights. A longer one is a typing mistake more often than a guest.
pub const MAX_NIGHTS: i64 = 365;

/// The years that a hotel's calendar can hold; Postgres knows fewer dates than could be parsed.
const YEARS: std::ops::RangeInclusive<i32> = 1900..=2200;

/// Whether a date is one that a hotel can mean.
pub fn is_in_reach(date: NaiveDate) -> bool {
    YEARS.contains(&date.year())
}

/// Reads a date as a form sends it, `YYYY-MM-DD`.
pub fn read_date(text: &str) -> Result<NaiveDate, ProblemCode> {
    match text.trim() {
        "" => Err(ProblemCode::Required),
        text => text.parse().ok().filter(|date| is_in_reach(*date)).ok_or(ProblemCode::NotADate),
    }
}

/// Reads a time of day as a form sends it, `HH:MM` or `HH:MM:SS`; nothing where nobody said when.
pub fn read_time(text: &str) -> Result<Option<NaiveTime>, ProblemCode> {
    match text.trim() {
        "" => Ok(None),
        text => ["%H:%M", "%H:%M:%S"]
            .iter()
            .find_map(|format| NaiveTime::parse_from_str(text, format).ok())
            .map_or(Err(ProblemCode::NotATime), |time| Ok(Some(time))),
    }
}

/// The nights `[arrival, departure)` in the hotel's time zone: at least one, at most [`MAX_NIGHTS`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct StayDates {
    arrival: NaiveDate,
    departure: NaiveDate,
}

impl StayDates {
    /// The range, or the problem at the departure.
    pub fn new(arrival: NaiveDate, departure: NaiveDate) -> Result<Self, ProblemCode> {
        match (departure - arrival).num_days() {
            ..=0 => Err(ProblemCode::NotAfterArrival),
            nights if nights > MAX_NIGHTS => Err(ProblemCode::TooManyNights { max: MAX_NIGHTS }),
            _ => Ok(Self { arrival, departure }),
        }
    }

    /// What is left of the nights from `day` on: that one night where they are over.
    #[must_use]
    pub fn from_day(self, day: NaiveDate) -> Self {
        let arrival = self.arrival.max(day);
        Self { arrival, departure: self.departure.max(arrival + Days::new(1)) }
    }

    /// The first night's date.
    pub fn arrival(self) -> NaiveDate {
        self.arrival
    }

    /// The day the guest leaves; its night is not part of the stay.
    pub fn departure(self) -> NaiveDate {
        self.departure
    }

    /// The number of nights.
    pub fn nights(self) -> i64 {
        (self.departure - self.arrival).num_days()
    }

    /// Each night's date, in order.
    pub fn each_night(self) -> impl Iterator<Item = NaiveDate> {
        self.arrival.iter_days().take_while(move |night| *night < self.departure)
    }

    /// Whether two ranges share a night; back-to-back stays do not (spec `reception.md` 3.3).
    pub fn overlaps(self, other: Self) -> bool {
        self.arrival < other.departure && other.arrival < self.departure
    }

    /// The range that remains when the guest leaves on `date`: the nights from then on are given back, but a stay
    /// that was begun keeps at least one night.
    #[must_use]
    pub fn ended_on(self, date: NaiveDate) -> Self {
        let earliest = self.arrival.checked_add_days(Days::new(1)).unwrap_or(self.departure);
        Self { arrival: self.arrival, departure: date.clamp(earliest, self.departure.max(earliest)) }
    }
}

/// The price of each night of a stay, in order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NightlyPrices {
    /// The currency of all nights.
    pub currency: Currency,
    /// Minor units, one entry a night.
    pub minor: Vec<i64>,
}

impl NightlyPrices {
    /// The same price for each night of `dates`.
    pub fn flat(dates: StayDates, price: Money) -> Self {
        Self { currency: price.currency, minor: dates.each_night().map(|_| price.minor).collect() }
    }

    /// The sum of all nights.
    pub fn total(&self) -> Money {
        Money::new(self.minor.iter().sum(), self.currency)
    }

    /// Spreads an agreed total over the nights so that they add up to it.
    pub fn spread(dates: StayDates, total: Money) -> Self {
        let weights: Vec<u32> = dates.each_night().map(|_| 1).collect();
        Self {
            currency: total.currency,
            minor: total.allocate(&weights).into_iter().map(|part| part.minor).collect(),
        }
    }

    /// The prices after a change of dates: a night that stays keeps its price, a new one costs `price`.
    #[must_use]
    pub fn moved(&self, from: StayDates, to: StayDates, price: Money) -> Self {
        let kept = |night: NaiveDate| {
            let index = usize::try_from((night - from.arrival()).num_days()).ok()?;
            self.minor.get(index).copied()
        };
        Self {
            currency: self.currency,
            minor: to.each_night().map(|night| kept(night).unwrap_or(price.minor)).collect(),
        }
    }
}

text_enum! {
    /// The name of a stay's state, as stored and as REST shows it.
    StayStatus {
        /// Booked; the guest has not come yet.
        Reserved => "reserved",
        /// The guest is in the room.
        CheckedIn => "checked_in",
        /// The guest has left.
        CheckedOut => "checked_out",
        /// Called off before arrival.
        Cancelled => "cancelled",
        /// The guest never came.
        NoShow => "no_show",
    }
}

impl StayStatus {
    /// Whether a stay in this state holds its room.
    pub fn is_live(self) -> bool {
        matches!(self, Self::Reserved | Self::CheckedIn)
    }

    /// The word that clients of the reception family know (spec `reception.md` 3.4 and 3.5).
    pub fn reception_word(self) -> &'static str {
        match self {
            Self::Reserved => "Active",
            Self::CheckedIn => "CheckedIn",
            Self::CheckedOut => "Completed",
            Self::Cancelled => "Cancelled",
            Self::NoShow => "NoShow",
        }
    }
}

/// A stay's state with the facts that exist in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StayState {
    /// Booked.
    Reserved,
    /// In the room.
    CheckedIn {
        /// When the guest was checked in.
        at: DateTime<Utc>,
    },
    /// Left.
    CheckedOut {
        /// When the guest was checked in.
        checked_in_at: DateTime<Utc>,
        /// When the guest was checked out.
        at: DateTime<Utc>,
        /// The hotel's date at that time.
        on: NaiveDate,
    },
    /// Called off.
    Cancelled {
        /// When it was called off.
        at: DateTime<Utc>,
    },
    /// Never came.
    NoShow {
        /// When the desk recorded it.
        at: DateTime<Utc>,
    },
}

text_enum! {
    /// What a desk can do to a stay.
    StayAction {
        /// Give the guest the key.
        CheckIn => "check_in",
        /// Take the key back.
        CheckOut => "check_out",
        /// Call the stay off.
        Cancel => "cancel",
        /// Record that the guest never came.
        NoShow => "no_show",
        /// Undo a check-in made by mistake.
        UndoCheckIn => "undo_check_in",
        /// Undo a check-out made by mistake.
        UndoCheckOut => "undo_check_out",
        /// Bring a cancelled or no-show stay back.
        Reinstate => "reinstate",
        /// Change arrival, departure or room.
        Change => "change",
    }
}

/// Why a stay cannot do what was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum StayRefusal {
    /// The state does not allow it.
    #[error("a stay that is {status} cannot {action}")]
    WrongState {
        /// The state the stay is in.
        status: StayStatus,
        /// What was asked.
        action: StayAction,
    },
    /// The arrival is still to come.
    #[error("the stay begins on {arrival}")]
    NotYet {
        /// The day of arrival.
        arrival: NaiveDate,
    },
    /// All nights are over.
    #[error("the stay ended on {departure}")]
    Over {
        /// The day of departure.
        departure: NaiveDate,
    },
    /// No room was chosen for it yet.
    #[error("the stay has no room yet")]
    NoRoom,
    /// It is over, or was called off.
    #[error("the stay is over or was called off")]
    NotLive,
    /// The guest has not left.
    #[error("the guest has not checked out")]
    NotCheckedOut,
}

impl StayState {
    /// The state's name.
    pub fn status(self) -> StayStatus {
        match self {
            Self::Reserved => StayStatus::Reserved,
            Self::CheckedIn { .. } => StayStatus::CheckedIn,
            Self::CheckedOut { .. } => StayStatus::CheckedOut,
            Self::Cancelled { .. } => StayStatus::Cancelled,
            Self::NoShow { .. } => StayStatus::NoShow,
        }
    }

    /// The state after `action` at the instant `at`, when the hotel's business date is `today`. `dates` are the nights as
    /// booked, also of a guest who left earlier.
    ///
    /// The state machine of spec `reception.md` 3.5, with the undo a desk needs: a check-in, a cancellation or a no-show
    /// until the booked nights are over (nobody could check in again afterwards), a check-out on the day the guest left too.
    pub fn apply(
        self,
        action: StayAction,
        dates: StayDates,
        today: NaiveDate,
        at: DateTime<Utc>,
    ) -> Result<Self, StayRefusal> {
        let not_over = if today < dates.departure() {
            Ok(())
        } else {
            Err(StayRefusal::Over { departure: dates.departure() })
        };
        let begun = if today >= dates.arrival() {
            Ok(())
        } else {
            Err(StayRefusal::NotYet { arrival: dates.arrival() })
        };
        match (self, action) {
            (Self::Reserved, StayAction::CheckIn) => begun.and(not_over).map(|()| Self::CheckedIn { at }),
            (Self::Reserved, StayAction::Cancel) => Ok(Self::Cancelled { at }),
            (Self::Reserved, StayAction::NoShow) => begun.map(|()| Self::NoShow { at }),
            (Self::CheckedIn { at: checked_in_at }, StayAction::CheckOut) => {
                Ok(Self::CheckedOut { checked_in_at, at, on: today })
            }
            (Self::CheckedIn { .. }, StayAction::UndoCheckIn) => not_over.map(|()| Self::Reserved),
            (Self::CheckedOut { checked_in_at, on, .. }, StayAction::UndoCheckOut) => {
                let made_today = if today <= on { Ok(()) } else { not_over };
                made_today.map(|()| Self::CheckedIn { at: checked_in_at })
            }
            (Self::Cancelled { .. } | Self::NoShow { .. }, StayAction::Reinstate) => {
                not_over.map(|()| Self::Reserved)
            }
            (Self::Reserved | Self::CheckedIn { .. }, StayAction::Change) => Ok(self),
            (state, action) => Err(StayRefusal::WrongState { status: state.status(), action }),
        }
    }

    /// The actions that are allowed today, in the order a desk shows them.
    pub fn allowed(self, dates: StayDates, today: NaiveDate) -> Vec<StayAction> {
        let any_instant = DateTime::<Utc>::UNIX_EPOCH;
        StayAction::ALL
            .iter()
            .copied()
            .filter(|action| self.apply(*action, dates, today, any_instant).is_ok())
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn day(offset: i64) -> NaiveDate {
        NaiveDate::from_ymd_opt(2028, 2, 20).unwrap() + chrono::Duration::days(offset)
    }

    fn dates(arrival: i64, departure: i64) -> StayDates {
        StayDates::new(day(arrival), day(departure)).unwrap()
    }

    #[test]
    fn a_time_of_day_is_read_as_browsers_and_machines_write_it() {
        let half_past_six = NaiveTime::from_hms_opt(18, 30, 0);
        for text in ["18:30", " 18:30 ", "18:30:00"] {
            assert_eq!(read_time(text), Ok(half_past_six), "{text}");
        }
        assert_eq!(read_time(" "), Ok(None));
        for text in ["24:00", "six", "18:30:00.5", "-1:00"] {
            assert_eq!(read_time(text), Err(ProblemCode::NotATime), "{text}");
        }
    }

    #[test]
    fn zero_negative_and_endless_stays_are_refused() {
        assert_eq!(StayDates::new(day(0), day(0)), Err(ProblemCode::NotAfterArrival));
        assert_eq!(StayDates::new(day(0), day(-1)), Err(ProblemCode::NotAfterArrival));
        assert_eq!(StayDates::new(day(0), day(400)), Err(ProblemCode::TooManyNights { max: MAX_NIGHTS }));
        assert_eq!(dates(0, 365).nights(), 365);
    }

    proptest! {
        #[test]
        fn overlap_is_sharing_a_night(a in 0i64..60, an in 1i64..30, b in 0i64..60, bn in 1i64..30) {
            let (first, second) = (dates(a, a + an), dates(b, b + bn));
            let shared = first.each_night().any(|night| second.each_night().any(|other| other == night));
            prop_assert_eq!(first.overlaps(second), shared);
            prop_assert_eq!(second.overlaps(first), shared);
        }

        #[test]
        fn leaving_early_gives_back_exactly_the_nights_not_slept(nights in 1i64..40, left in -5i64..60) {
            let stay = dates(0, nights);
            let ended = stay.ended_on(day(left));
            prop_assert_eq!(ended.arrival(), stay.arrival());
            prop_assert_eq!(ended.nights(), left.clamp(1, nights));
        }

        #[test]
        fn a_change_of_dates_keeps_the_price_of_nights_that_stay(start in 0i64..20, nights in 1i64..15, new_start in 0i64..20, new_nights in 1i64..15) {
            let (from, to) = (dates(start, start + nights), dates(new_start, new_start + new_nights));
            let prices = NightlyPrices { currency: Currency::EUR, minor: (0..nights).map(|n| 10_000 + n).collect() };
            let moved = prices.moved(from, to, Money::new(7, Currency::EUR));
            prop_assert_eq!(i64::try_from(moved.minor.len()).unwrap(), to.nights());
            for (night, price) in to.each_night().zip(&moved.minor) {
                let old = from.each_night().zip(&prices.minor).find(|(n, _)| *n == night).map(|(_, p)| *p);
                prop_assert_eq!(*price, old.unwrap_or(7));
            }
        }

        #[test]
        fn a_spread_total_adds_up(total in 0i64..10_000_000, nights in 1i64..365) {
            let prices = NightlyPrices::spread(dates(0, nights), Money::new(total, Currency::EUR));
            prop_assert_eq!(prices.total().minor, total);
        }

        #[test]
        fn whatever_is_done_to_a_stay_every_state_can_be_explained(actions in prop::collection::vec(0usize..StayAction::ALL.len(), 0..20), today in -2i64..6) {
            let stay = dates(0, 3);
            let mut state = StayState::Reserved;
            for action in actions.into_iter().map(|index| StayAction::ALL[index]) {
                let allowed = state.allowed(stay, day(today)).contains(&action);
                match state.apply(action, stay, day(today), DateTime::<Utc>::UNIX_EPOCH) {
                    Ok(next) => { prop_assert!(allowed); state = next; }
                    Err(_) => prop_assert!(!allowed),
                }
            }
        }
    }

    #[test]
    fn a_guest_is_checked_in_from_the_day_of_arrival_on() {
        let stay = dates(2, 5);
        let check_in = |today| {
            StayState::Reserved.apply(StayAction::CheckIn, stay, day(today), DateTime::<Utc>::UNIX_EPOCH)
        };
        assert_eq!(check_in(1), Err(StayRefusal::NotYet { arrival: day(2) }));
        assert!(check_in(2).is_ok());
        assert!(check_in(4).is_ok());
        assert_eq!(check_in(5), Err(StayRefusal::Over { departure: day(5) }));
    }

    #[test]
    fn a_check_out_can_be_undone_until_the_nights_are_over_or_on_its_day() {
        let undo = |left: i64, today| {
            let at = DateTime::<Utc>::UNIX_EPOCH;
            let gone = StayState::CheckedOut { checked_in_at: at, at, on: day(left) };
            gone.apply(StayAction::UndoCheckOut, dates(0, 3), day(today), at)
        };
        assert!(undo(1, 2).is_ok(), "left early");
        assert!(undo(3, 3).is_ok(), "a wrong click on the day of departure");
        assert!(undo(5, 5).is_ok(), "a wrong click on somebody who left late");
        for (left, today) in [(1, 3), (3, 4), (3, 400)] {
            assert_eq!(undo(left, today), Err(StayRefusal::Over { departure: day(3) }));
        }
    }

    #[test]
    fn only_a_checked_in_guest_checks_out() {
        let error =
            StayState::Reserved.apply(StayAction::CheckOut, dates(0, 1), day(0), DateTime::<Utc>::UNIX_EPOCH);
        assert_eq!(
            error,
            Err(StayRefusal::WrongState { status: StayStatus::Reserved, action: StayAction::CheckOut })
        );
    }
}
