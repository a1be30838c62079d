//! What happens to a stay after it was booked.

use chrono::NaiveDate;
use domain::access::{Permit, right};
use domain::booking::{StayChangeForm, StayRow};
use domain::ids::{RoomId, StayId};
use domain::money::Money;
use domain::problem::{ProblemCode, Problems};
use domain::room::{rate, whole_number};
use domain::stay::{NightlyPrices, StayAction, StayDates, StayState};
use platform::audit::{self, Deed};
use platform::clock::business_date;
use platform::database::Transaction;
use serde_json::json;
use uuid::Uuid;

use super::book::read_date;
use super::record::{LockedStay, StayRecord, dates, select_stays};
use crate::error::one_row;
use crate::{Error, Pms, Result};

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
    /// [`Error::RoomTaken`] when one of them has been sold since.
    pub async fn act(
        &self,
        permit: Permit<'_, right::ManageBookings>,
        id: StayId,
        action: StayAction,
    ) -> Result<StayRow> {
        let mut transaction = self.database.begin(&permit).await?;
        self.apply(&mut transaction, permit, id, action).await?;
        let row = stay_row(&mut transaction, permit, id).await?;
        transaction.commit().await?;
        Ok(row)
    }

    /// Checks out with what the desk has to say about the guest (spec `reception.md` 3.4); `rating` is 1 to 5.
    pub async fn check_out(
        &self,
        permit: Permit<'_, right::ManageBookings>,
        id: StayId,
        note: Option<String>,
        rating: Option<i16>,
    ) -> Result<StayRow> {
        if rating.is_some_and(|rating| !(1..=5).contains(&rating)) {
            return Err(Error::at("rating", ProblemCode::OutOfRange { min: 1, max: 5 }));
        }
        let mut transaction = self.database.begin(&permit).await?;
        self.apply(&mut transaction, permit, id, StayAction::CheckOut).await?;
        if note.is_some() || rating.is_some() {
            sqlx::query!(
                "INSERT INTO feedbacks (organisation_id, id, hotel_id, stay_id, guest_id, rating, note, created_at)
                 SELECT organisation_id, $2, hotel_id, id, guest_id, $3, $4, $5 FROM stays WHERE id = $1
                 ON CONFLICT ON CONSTRAINT feedbacks_stay_key
                     DO UPDATE SET rating = excluded.rating, note = excluded.note, created_at = excluded.created_at",
                Uuid::from(id),
                platform::ids::new::<Uuid>(),
                rating,
                note,
                self.clock.now(),
            )
            .execute(&mut *transaction)
            .await?;
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
    ) -> Result<()> {
        let now = self.clock.now();
        let stay = LockedStay::load(transaction, permit.hotel_id().into(), id).await?;
        let today = business_date(&stay.time_zone, now);
        let state = stay.state.apply(action, stay.dates, today, now)?;
        let mut saved =
            Saved { state, dates: stay.dates, nightly_minor: stay.nightly_minor.clone(), given_back: None };
        match action {
            StayAction::CheckOut => saved.give_back_nights(&stay, today),
            StayAction::UndoCheckOut => saved.take_nights_again(&stay)?,
            _ => {}
        }
        saved.write(transaction, &stay).await?;
        if action == StayAction::CheckOut {
            sqlx::query!("UPDATE rooms SET condition = 'dirty' WHERE id = $1", Uuid::from(stay.room_id))
                .execute(&mut **transaction)
                .await?;
        }
        let mut facts = json!({});
        if saved.dates != stay.dates {
            facts =
                json!({ "departure": saved.dates.departure(), "departure_before": stay.dates.departure() });
        }
        audit::record(&mut **transaction, Deed::of(&permit, deed(action), id, facts), now).await?;
        Ok(())
    }

    /// Changes dates, room, party or price. A night that stays keeps its price, a new one costs the room's rate.
    pub async fn change(
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
        if form.version != stay.version {
            return Err(Error::ChangedMeanwhile);
        }
        let wanted = Wanted::read(form, &stay, today)?;
        let room_rate = check_room(&mut transaction, permit, &wanted, &stay).await?;
        let prices = NightlyPrices { currency: stay.currency, minor: stay.nightly_minor.clone() };
        let prices = match wanted.price {
            Some(price) => {
                permit.also::<right::OverridePrice>()?;
                NightlyPrices::flat(wanted.dates, price)
            }
            // Another room is another price for every night; other dates keep the nights that stay.
            None if wanted.room_id != stay.room_id => NightlyPrices::flat(wanted.dates, room_rate),
            None => prices.moved(stay.dates, wanted.dates, room_rate),
        };
        let result = sqlx::query!(
            "UPDATE stays SET arrival = $3, departure = $4, room_id = $5, party = $6, nightly_minor = $7, version = version + 1
             WHERE hotel_id = $1 AND id = $2",
            Uuid::from(permit.hotel_id()),
            Uuid::from(id),
            wanted.dates.arrival(),
            wanted.dates.departure(),
            Uuid::from(wanted.room_id),
            wanted.party,
            &prices.minor,
        )
        .execute(&mut *transaction)
        .await?;
        one_row(&result)?;
        let facts = json!({
            "arrival_before": stay.dates.arrival(), "departure_before": stay.dates.departure(),
            "arrival": wanted.dates.arrival(), "departure": wanted.dates.departure(),
            "room_changed": wanted.room_id != stay.room_id, "total_minor": prices.total().minor,
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
    /// What was booked, when nights were given back.
    given_back: Option<(NaiveDate, Vec<i64>)>,
}

impl Saved {
    fn give_back_nights(&mut self, stay: &LockedStay, today: NaiveDate) {
        let ended = stay.dates.ended_on(today);
        if ended != stay.dates {
            self.given_back = Some((stay.dates.departure(), stay.nightly_minor.clone()));
            self.nightly_minor.truncate(usize::try_from(ended.nights()).unwrap_or(0));
            self.dates = ended;
        }
    }

    fn take_nights_again(&mut self, stay: &LockedStay) -> Result<()> {
        if let (Some(departure), Some(prices)) = (stay.booked_departure, &stay.booked_nightly_minor) {
            self.dates = dates(stay.id.0, stay.dates.arrival(), departure)?;
            self.nightly_minor.clone_from(prices);
        }
        Ok(())
    }

    async fn write(&self, transaction: &mut Transaction, stay: &LockedStay) -> Result<()> {
        let (checked_in_at, checked_out_at, ended_at) = match self.state {
            StayState::Reserved => (None, None, None),
            StayState::CheckedIn { at } => (Some(at), None, None),
            StayState::CheckedOut { checked_in_at, at } => (Some(checked_in_at), Some(at), None),
            StayState::Cancelled { at } | StayState::NoShow { at } => (None, None, Some(at)),
        };
        let (booked_departure, booked_prices) = self.given_back.clone().unzip();
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

/// A [`StayChangeForm`] that was read; empty fields mean "as it was".
struct Wanted {
    dates: StayDates,
    room_id: RoomId,
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
        let room_id = match form.room_id.trim() {
            "" => Some(stay.room_id),
            text => problems.take("room_id", text.parse().map_err(|_| ProblemCode::NotFound)),
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
        match (dates, room_id, party) {
            (Some(dates), Some(room_id), Some(party)) => {
                problems.or(Self { dates, room_id, party, price }).map_err(Error::from)
            }
            _ => Err(problems.into_vec().into()),
        }
    }
}

/// The rate of the wanted room, which must be in the hotel, sleep the party, and be in order on nights that are new.
async fn check_room(
    transaction: &mut Transaction,
    permit: Permit<'_, right::ManageBookings>,
    wanted: &Wanted,
    stay: &LockedStay,
) -> Result<Money> {
    let row = sqlx::query!(
        r#"SELECT coalesce(r.rate_minor, t.rate_minor) AS "rate_minor!", t.sleeps,
                  EXISTS (SELECT FROM room_closures c
                          WHERE c.organisation_id = r.organisation_id AND c.room_id = r.id
                            AND c.starts_on < $4 AND c.ends_on > $3
                            AND NOT ($5 AND c.starts_on < $7 AND c.ends_on > $6)) AS "is_closed!"
           FROM rooms r
           JOIN room_types t ON t.organisation_id = r.organisation_id AND t.id = r.room_type_id
           WHERE r.hotel_id = $1 AND r.id = $2"#,
        Uuid::from(permit.hotel_id()),
        Uuid::from(wanted.room_id),
        wanted.dates.arrival(),
        wanted.dates.departure(),
        wanted.room_id == stay.room_id,
        stay.dates.arrival(),
        stay.dates.departure(),
    )
    .fetch_optional(&mut **transaction)
    .await?
    .ok_or_else(|| Error::at("room_id", ProblemCode::NotFound))?;
    if row.is_closed {
        return Err(Error::RoomOutOfOrder);
    }
    if wanted.party > row.sleeps {
        return Err(Error::at("party", ProblemCode::TooManyGuests { max: i64::from(row.sleeps) }));
    }
    Ok(Money::new(row.rate_minor, stay.currency))
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
