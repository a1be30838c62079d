//! What happens to a stay after it was booked.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use domain::access::{Permit, right};
use domain::booking::{Occupant, StayChangeForm, StayFeedback, StayRow, StayTimes};
use domain::ids::{RoomId, StayId};
use domain::merge::merge;
use domain::money::{Currency, Money};
use domain::problem::{ProblemCode, Problems};
use domain::room::{RoomChoice, rate, whole_number};
use domain::stay::{
    NightlyPrices, StayAction, StayDates, StayRefusal, StayState, StayStatus, read_date, read_time,
};
use platform::audit::{self, Deed};
use platform::clock::business_date;
use platform::database::Transaction;
use serde_json::json;
use uuid::Uuid;

use super::book::{Bookable, bookable, lock_rooms};
use super::feedback;
use super::record::{LockedStay, StayRecord, select_stays};
use crate::error::{one_row, retried};
use crate::{Error, Pms, Result};

/// What is said at a check-out.
#[derive(Debug, Clone, Default)]
pub struct CheckOut {
    /// What the desk has to say about the guest.
    pub note: Option<String>,
    /// 1 to 5.
    pub rating: Option<i16>,
    /// What all nights cost in the end, in minor units; needs [`right::OverridePrice`] where it differs.
    pub total_minor: Option<i64>,
    /// When the guest left: between the check-in and now, which it is where nothing is said.
    pub at: Option<DateTime<Utc>>,
}

/// By how much the clocks of clients may be ahead of ours.
const CLOCKS_DIFFER: TimeDelta = TimeDelta::minutes(5);

/// The name under which an action is kept in the history.
fn deed(action: StayAction) -> &'static str {
    match action {
        StayAction::CheckIn => "stay.checked_in",
        StayAction::CheckOut => "stay.checked_out",
        StayAction::Cancel => "stay.cancelled",
        StayAction::NoShow => "stay.no_show",
        StayAction::UndoCheckIn => "stay.check_in_undone",
        StayAction::UndoCheckOut => "stay.check_out_undone",
        StayAction::Reinstate => "stay.reinstated",
        StayAction::Change => "stay.changed",
    }
}

impl Pms {
    /// Checks in, checks out, cancels, records a no-show, or undoes one of these.
    ///
    /// A check-out before the booked departure gives the nights back; undoing it takes them again, or fails with
    /// [`Error::RoomTaken`] when one of them has been sold since. Nobody comes, or comes back, into a room that somebody
    /// else is in ([`Error::RoomOccupied`]).
    pub async fn act(
        &self,
        permit: Permit<'_, right::ManageBookings>,
        id: StayId,
        action: StayAction,
    ) -> Result<StayRow> {
        let done = retried!(self.act_once(permit, id, action));
        self.naming_occupant(permit, None, Some(id), done).await
    }

    async fn act_once(
        &self,
        permit: Permit<'_, right::ManageBookings>,
        id: StayId,
        action: StayAction,
    ) -> Result<StayRow> {
        let mut transaction = self.database.begin(&permit).await?;
        self.apply(&mut transaction, permit, id, action, &CheckOut::default()).await?;
        let row = stay_row(&mut transaction, permit, id).await?;
        transaction.commit().await?;
        Ok(row)
    }

    /// Checks out with what is said about it (spec `reception.md` 3.4 and 3.5). An instant that cannot be is a problem at
    /// `actual_check_out_at`.
    pub async fn check_out(
        &self,
        permit: Permit<'_, right::ManageBookings>,
        id: StayId,
        said: &CheckOut,
    ) -> Result<StayRow> {
        if said.rating.is_some_and(|rating| !(1..=5).contains(&rating)) {
            return Err(Error::at("rating", ProblemCode::OutOfRange { min: 1, max: 5 }));
        }
        retried!(self.check_out_once(permit, id, said))
    }

    async fn check_out_once(
        &self,
        permit: Permit<'_, right::ManageBookings>,
        id: StayId,
        said: &CheckOut,
    ) -> Result<StayRow> {
        let mut transaction = self.database.begin(&permit).await?;
        self.apply(&mut transaction, permit, id, StayAction::CheckOut, said).await?;
        if said.note.is_some() || said.rating.is_some() {
            let known = feedback::of_stay(&mut transaction, id).await?;
            let rating = said.rating.or(known.rating);
            let note = said.note.clone().or(known.note);
            feedback::keep(&mut transaction, id, &StayFeedback { rating, note }, self.clock.now()).await?;
        }
        let row = stay_row(&mut transaction, permit, id).await?;
        transaction.commit().await?;
        Ok(row)
    }

    async fn apply(
        &self,
        transaction: &mut Transaction,
        permit: Permit<'_, right::ManageBookings>,
        id: StayId,
        action: StayAction,
        said: &CheckOut,
    ) -> Result<()> {
        let now = self.clock.now();
        let stay = LockedStay::load(transaction, permit.hotel_id().into(), id).await?;
        let at = match (said.at, stay.state) {
            (None, _) => now,
            (Some(at), StayState::CheckedIn { at: came }) if at < came || at > now + CLOCKS_DIFFER => {
                return Err(Error::at("actual_check_out_at", ProblemCode::Wrong));
            }
            (Some(at), _) => at.min(now),
        };
        let today = business_date(&stay.time_zone, at);
        let state = stay.state.apply(action, stay.booked_dates()?, today, at)?;
        lock_rooms(transaction, permit.hotel_id(), [stay.room]).await?;
        let room_id = stay.room.room_id();
        // Whoever was checked out by mistake is in the room, whatever it needs.
        if action == StayAction::CheckIn {
            let room_id = room_id.ok_or(StayRefusal::NoRoom)?;
            if is_closed(transaction, room_id, today).await? {
                return Err(Error::RoomOutOfOrder);
            }
        }
        let mut saved =
            Saved { state, dates: stay.dates, nightly_minor: stay.nightly_minor.clone(), booked: None };
        match action {
            StayAction::CheckOut => {
                saved.give_back_nights(today);
                saved.agree_on(said.total_minor, stay.currency, permit)?;
                if saved.nightly_minor != stay.nightly_minor {
                    saved.booked = Some((stay.dates.departure(), stay.nightly_minor.clone()));
                }
            }
            StayAction::UndoCheckOut => saved.take_nights_again(&stay)?,
            _ => {}
        }
        saved.write(transaction, &stay).await?;
        if let (StayAction::CheckOut, Some(room_id)) = (action, room_id) {
            mark_dirty(transaction, room_id).await?;
        }
        let mut facts = json!({});
        if saved.dates != stay.dates {
            facts =
                json!({ "departure": saved.dates.departure(), "departure_before": stay.dates.departure() });
        }
        if let Some(total) = said.total_minor {
            facts["total_minor"] = total.into();
        }
        if let Some(rating) = said.rating {
            facts["rating"] = rating.into();
        }
        audit::record(&mut **transaction, Deed::of(&permit, deed(action), id, facts), now).await?;
        Ok(())
    }

    /// Changes dates, room, party or price. A night that stays keeps its price, a new one costs the room's rate. Another
    /// room is another price for every night that was not slept yet, unless it is of the same type and neither room has a
    /// price of its own. A room that somebody in the house leaves is dirty.
    pub async fn change(
        &self,
        permit: Permit<'_, right::ManageBookings>,
        id: StayId,
        form: &StayChangeForm,
    ) -> Result<()> {
        let done = retried!(self.change_once(permit, id, form));
        let room_id = form.room_id.trim().parse().ok().and_then(RoomChoice::room_id);
        self.naming_occupant(permit, room_id, Some(id), done).await
    }

    /// Says who is in the room when that is why it was refused: `room_id`, or else the one that the stay has.
    pub(super) async fn naming_occupant<T>(
        &self,
        permit: Permit<'_, right::ManageBookings>,
        room_id: Option<RoomId>,
        stay_id: Option<StayId>,
        done: Result<T>,
    ) -> Result<T> {
        let Err(Error::RoomOccupied(None)) = done else { return done };
        let mut transaction = self.database.begin(&permit).await?;
        let record = select_stays!(
            "AND s.status = 'checked_in'
             AND s.room_id = coalesce($2, (SELECT o.room_id FROM stays o WHERE o.hotel_id = $1 AND o.id = $3))",
            Uuid::from(permit.hotel_id()),
            room_id.map(Uuid::from),
            stay_id.map(Uuid::from),
        )
        .fetch_optional(&mut *transaction)
        .await?;
        transaction.commit().await?;
        let row = record.map(StayRecord::into_row).transpose()?;
        Err(Error::RoomOccupied(row.map(|row| Occupant {
            room_number: row.room_number.unwrap_or_default(),
            guest_name: row.guest_name,
            reference: row.reference,
        })))
    }

    async fn change_once(
        &self,
        permit: Permit<'_, right::ManageBookings>,
        id: StayId,
        form: &StayChangeForm,
    ) -> Result<()> {
        let now = self.clock.now();
        let mut transaction = self.database.begin(&permit).await?;
        let stay = LockedStay::load(&mut transaction, permit.hotel_id().into(), id).await?;
        let today = business_date(&stay.time_zone, now);
        stay.state.apply(StayAction::Change, stay.dates, today, now)?;
        if form.shown.is_empty() && form.version != stay.version {
            return Err(Error::ChangedMeanwhile);
        }
        let known = StayChangeForm::of(stay.dates, stay.times, stay.room, stay.party);
        let wanted = Wanted::read(&merge(form.clone(), &form.shown, &known)?, &stay, today)?;
        lock_rooms(&mut transaction, permit.hotel_id(), [stay.room, wanted.room]).await?;
        let is_moved = wanted.room != stay.room;
        let is_in_house = stay.state.status() == StayStatus::CheckedIn;
        if form.version != stay.version {
            // A price was meant for what the stay was then; who has come since has the key.
            if wanted.price.is_some() {
                return Err(Error::at("price", ProblemCode::ChangedMeanwhile { now: known.price }));
            }
            if is_moved && is_in_house {
                return Err(Error::at("room_id", ProblemCode::ChangedMeanwhile { now: known.room_id }));
            }
        }
        // What was out of order on nights that are over does not matter to who is here, or comes after midnight.
        let nights = wanted.dates.from_day(today);
        let kept = (!is_moved).then_some(stay.dates);
        let room = bookable(&mut transaction, permit, wanted.room, nights, kept).await?;
        let is_over = !is_moved && wanted.dates.departure() <= today;
        if room.is_closed && !is_over {
            return Err(Error::RoomOutOfOrder);
        }
        if wanted.party > room.sleeps {
            return Err(Error::at("party", ProblemCode::TooManyGuests { max: i64::from(room.sleeps) }));
        }
        if wanted.room.room_id().is_none() && stay.state.status() != StayStatus::Reserved {
            return Err(StayRefusal::NoRoom.into());
        }
        let room_rate = Money::new(room.rate_minor, stay.currency);
        let mut prices = NightlyPrices { currency: stay.currency, minor: stay.nightly_minor.clone() };
        let prices = if let Some(price) = wanted.price {
            permit.also::<right::OverridePrice>()?;
            NightlyPrices::flat(wanted.dates, price)
        } else {
            if is_moved && !is_same_offer(&stay, &wanted, &room) {
                let slept = if is_in_house { (today - stay.dates.arrival()).num_days() } else { 0 };
                let slept = usize::try_from(slept).unwrap_or(0);
                if slept > prices.minor.len() {
                    // Who is overdue slept longer than was agreed on, in the room that they leave.
                    let left = bookable(&mut transaction, permit, stay.room, stay.dates, None).await?;
                    prices.minor.resize(slept, left.rate_minor);
                }
                prices.minor.truncate(slept);
            }
            prices.moved(stay.dates, wanted.dates, room_rate)
        };
        let result = sqlx::query!(
            "UPDATE stays SET arrival = $3, departure = $4, room_id = $5, party = $6, nightly_minor = $7,
                              room_type_id = $8, arrival_time = $9, departure_time = $10, version = version + 1
             WHERE hotel_id = $1 AND id = $2",
            Uuid::from(permit.hotel_id()),
            Uuid::from(id),
            wanted.dates.arrival(),
            wanted.dates.departure(),
            wanted.room.room_id().map(Uuid::from),
            wanted.party,
            &prices.minor,
            Uuid::from(room.room_type_id),
            wanted.times.arrival,
            wanted.times.departure,
        )
        .execute(&mut *transaction)
        .await?;
        one_row(&result)?;
        if let (true, true, Some(left)) = (is_moved, is_in_house, stay.room.room_id()) {
            mark_dirty(&mut transaction, left).await?;
        }
        let facts = json!({
            "arrival_before": stay.dates.arrival(), "departure_before": stay.dates.departure(),
            "arrival": wanted.dates.arrival(), "departure": wanted.dates.departure(),
            "room": room.name, "room_changed": is_moved, "total_minor": prices.total().minor,
        });
        audit::record(&mut *transaction, Deed::of(&permit, "stay.changed", id, facts), now).await?;
        transaction.commit().await?;
        Ok(())
    }
}

/// What an action leaves behind.
struct Saved {
    state: StayState,
    dates: StayDates,
    nightly_minor: Vec<i64>,
    /// What was booked, when nights were given back or another price was agreed on.
    booked: Option<(NaiveDate, Vec<i64>)>,
}

impl Saved {
    fn give_back_nights(&mut self, today: NaiveDate) {
        self.dates = self.dates.ended_on(today);
        self.nightly_minor.truncate(usize::try_from(self.dates.nights()).unwrap_or(0));
    }

    /// Spreads a total that was agreed on over the nights, if it is another one.
    fn agree_on(
        &mut self,
        total_minor: Option<i64>,
        currency: Currency,
        permit: Permit<'_, right::ManageBookings>,
    ) -> Result<()> {
        let present: i64 = self.nightly_minor.iter().sum();
        if let Some(total) = total_minor.filter(|total| *total != present) {
            permit.also::<right::OverridePrice>()?;
            self.nightly_minor = NightlyPrices::spread(self.dates, Money::new(total, currency)).minor;
        }
        Ok(())
    }

    fn take_nights_again(&mut self, stay: &LockedStay) -> Result<()> {
        if let Some(prices) = &stay.booked_nightly_minor {
            self.dates = stay.booked_dates()?;
            self.nightly_minor.clone_from(prices);
        }
        Ok(())
    }

    async fn write(&self, transaction: &mut Transaction, stay: &LockedStay) -> Result<()> {
        let (checked_in_at, checked_out_at, ended_at) = match self.state {
            StayState::Reserved => (None, None, None),
            StayState::CheckedIn { at } => (Some(at), None, None),
            StayState::CheckedOut { checked_in_at, at, .. } => (Some(checked_in_at), Some(at), None),
            StayState::Cancelled { at } | StayState::NoShow { at } => (None, None, Some(at)),
        };
        let (booked_departure, booked_prices) = self.booked.clone().unzip();
        let result = sqlx::query!(
            "UPDATE stays SET status = $2, departure = $3, nightly_minor = $4, checked_in_at = $5, checked_out_at = $6,
                              ended_at = $7, booked_departure = $8, booked_nightly_minor = $9, version = version + 1
             WHERE id = $1",
            Uuid::from(stay.id),
            self.state.status().as_str(),
            self.dates.departure(),
            &self.nightly_minor,
            checked_in_at,
            checked_out_at,
            ended_at,
            booked_departure,
            booked_prices.as_deref(),
        )
        .execute(&mut **transaction)
        .await?;
        one_row(&result)
    }
}

/// A [`StayChangeForm`] that was read; empty fields, times aside, mean "as it was".
struct Wanted {
    dates: StayDates,
    times: StayTimes,
    room: RoomChoice,
    party: i16,
    price: Option<Money>,
}

impl Wanted {
    fn read(form: &StayChangeForm, stay: &LockedStay, today: NaiveDate) -> Result<Self> {
        let mut problems = Problems::new();
        let or_kept =
            |text: &str, kept: NaiveDate| if text.trim().is_empty() { Ok(kept) } else { read_date(text) };
        let arrival = problems.take("arrival", or_kept(&form.arrival, stay.dates.arrival()));
        let departure = problems.take("departure", or_kept(&form.departure, stay.dates.departure()));
        let dates = arrival
            .zip(departure)
            .and_then(|(from, to)| problems.take("departure", StayDates::new(from, to)));
        let times = StayTimes {
            arrival: problems.take("arrival_time", read_time(&form.arrival_time)).flatten(),
            departure: problems.take("departure_time", read_time(&form.departure_time)).flatten(),
        };
        let room = match form.room_id.trim() {
            "" => Some(stay.room),
            text => problems.take("room_id", text.parse()),
        };
        let party = match form.party.trim() {
            "" => Some(stay.party),
            text => problems.take("party", whole_number(text, 1, 20)),
        };
        let price = match form.price.trim() {
            "" => None,
            text => problems.take("price", rate(text, stay.currency)),
        };
        if let Some(dates) = dates {
            let in_house = matches!(stay.state, StayState::CheckedIn { .. });
            // Whoever is in the house has arrived; everybody else arrives today at the earliest.
            if dates.arrival() != stay.dates.arrival() && (in_house || dates.arrival() < today) {
                problems.add("arrival", ProblemCode::InThePast);
            }
            if dates.departure() != stay.dates.departure() && dates.departure() < today {
                problems.add("departure", ProblemCode::InThePast);
            }
        }
        match (dates, room, party) {
            (Some(dates), Some(room), Some(party)) => {
                problems.or(Self { dates, times, room, party, price }).map_err(Error::from)
            }
            _ => Err(problems.into_vec().into()),
        }
    }
}

/// Whether the price stays: a room of the same type is no other room, unless one of the two has a price of its own, and no
/// room yet is none.
fn is_same_offer(stay: &LockedStay, wanted: &Wanted, room: &Bookable) -> bool {
    let costs_the_same = wanted.room.room_id().is_none() || !(room.has_own_rate || stay.room_has_own_rate);
    room.room_type_id == stay.room_type_id && costs_the_same
}

/// A room that somebody has left.
async fn mark_dirty(transaction: &mut Transaction, room_id: RoomId) -> Result<()> {
    sqlx::query!("UPDATE rooms SET condition = 'dirty' WHERE id = $1", Uuid::from(room_id))
        .execute(&mut **transaction)
        .await?;
    Ok(())
}

/// Whether a room is out of order today.
async fn is_closed(transaction: &mut Transaction, room_id: RoomId, today: NaiveDate) -> Result<bool> {
    let closed = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM room_closures WHERE room_id = $1 AND starts_on <= $2 AND ends_on > $2) AS "closed!""#,
        Uuid::from(room_id),
        today,
    );
    Ok(closed.fetch_one(&mut **transaction).await?)
}

/// How a stay reads in lists.
pub(super) async fn stay_row(
    transaction: &mut Transaction,
    permit: Permit<'_, right::ManageBookings>,
    id: StayId,
) -> Result<StayRow> {
    select_stays!("AND s.id = $2", Uuid::from(permit.hotel_id()), Uuid::from(id))
        .fetch_one(&mut **transaction)
        .await
        .map_err(Error::from)
        .and_then(StayRecord::into_row)
}
