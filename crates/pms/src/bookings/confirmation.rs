//! What a guest is written about a booking.

use chrono::{NaiveDate, NaiveTime};
use domain::access::{Permit, right};
use domain::booking::{StayRow, StayTimes};
use domain::format::Locale;
use domain::guest::GuestForm;
use domain::ids::StayId;
use domain::money::{Currency, Money};
use domain::problem::{ProblemCode, optional_email};
use domain::stay::{StayDates, StayRefusal};
use domain::words::fill;
use platform::audit::{self, Deed};
use platform::mail::{self, Letter, Message, Part};
use serde_json::json;
use uuid::Uuid;

use super::record::{StayRecord, select_stays};
use crate::{Error, Pms, Result};

domain::catalogue! {
    /// The words of a confirmation.
    Texts {
        subject: "Your booking at {hotel}",
        thanks: "Thank you for your booking. We have noted it as {reference}, and look forward to your stay.",
        about: "{date}, about {time}",
        fact_room: "Room",
        fact_arrival: "Arrival",
        fact_departure: "Departure",
        fact_nights: "Nights",
        fact_guests: "Guests",
        fact_price: "Price",
        fact_total: "Total",
        fact_paid: "Paid",
        fact_to_pay: "To be paid",
        or: " or ",
        tell_us: "If something is not as you expect it, please tell us: {ways}.",
    }
}

/// What a letter says about a stay.
struct Booked {
    room_type: String,
    dates: StayDates,
    times: StayTimes,
    party: i16,
    total: Money,
    paid: Money,
}

impl From<StayRow> for Booked {
    fn from(row: StayRow) -> Self {
        let StayRow { room_type, dates, times, party, total, paid, .. } = row;
        Self { room_type, dates, times, party, total, paid }
    }
}

/// The hotel as it signs a letter.
struct Hotel {
    name: String,
    address: String,
    phone: Option<String>,
    email: Option<String>,
}

impl Pms {
    /// Writes to a guest what was booked: the stays of the booking that are still to come or under way, what they cost and
    /// what is paid. It goes to `email`, or where that is empty to the guest's own address; tells to which.
    ///
    /// An address that is none, or none at all, is a problem at `email`; a booking of which the stay is over or was called
    /// off is not confirmed ([`StayRefusal::NotLive`]).
    pub async fn send_confirmation(
        &self,
        permit: Permit<'_, right::ManageBookings>,
        id: StayId,
        email: &str,
    ) -> Result<String> {
        let email = optional_email(email).map_err(|problem| Error::at("email", problem))?;
        let hotel_id = Uuid::from(permit.hotel_id());
        let now = self.clock.now();
        let mut transaction = self.database.begin(&permit).await?;
        let facts = sqlx::query!(
            r#"SELECT s.booking_id, b.reference, g.first_name, g.last_name, g.email,
                      h.name, h.address, h.phone, h.email AS hotel_email
               FROM stays s
               JOIN bookings b ON b.organisation_id = s.organisation_id AND b.id = s.booking_id
               JOIN guests g ON g.organisation_id = b.organisation_id AND g.id = b.guest_id
               JOIN hotels h ON h.organisation_id = s.organisation_id AND h.id = s.hotel_id
               WHERE s.hotel_id = $1 AND s.id = $2"#,
            hotel_id,
            Uuid::from(id),
        )
        .fetch_optional(&mut *transaction)
        .await?
        .ok_or(Error::NotFound)?;
        let to = email.or(facts.email).ok_or_else(|| Error::at("email", ProblemCode::Required))?;
        let stays = select_stays!(
            "AND s.booking_id = $2 AND s.status IN ('reserved', 'checked_in') ORDER BY s.arrival, s.id",
            hotel_id,
            facts.booking_id,
        )
        .fetch_all(&mut *transaction)
        .await?;
        let stays: Vec<StayRow> = stays.into_iter().map(StayRecord::into_row).collect::<Result<_>>()?;
        if !stays.iter().any(|stay| stay.id == id) {
            return Err(StayRefusal::NotLive.into());
        }
        let guest =
            GuestForm { first_name: facts.first_name, last_name: facts.last_name, ..GuestForm::default() };
        let hotel =
            Hotel { name: facts.name, address: facts.address, phone: facts.phone, email: facts.hotel_email };
        let stays: Vec<Booked> = stays.into_iter().map(Booked::from).collect();
        let letter = confirmation(&to, &guest.full_name(), &facts.reference, &stays, hotel);
        mail::enqueue(&mut transaction, letter, now).await?;
        let deed = Deed::of(&permit, "stay.confirmation_sent", id, json!({ "sent_to": to }));
        audit::record(&mut *transaction, deed, now).await?;
        transaction.commit().await?;
        Ok(to)
    }
}

/// A confirmation with invented facts.
pub fn confirmation_preview() -> Message {
    let day = |day| NaiveDate::from_ymd_opt(2027, 5, day);
    let stays =
        [("Double, sea view", 33_000), ("Single", 19_000)].into_iter().filter_map(|(room_type, total)| {
            Some(Booked {
                room_type: room_type.to_owned(),
                dates: StayDates::new(day(14)?, day(16)?).ok()?,
                times: StayTimes { arrival: NaiveTime::from_hms_opt(18, 30, 0), departure: None },
                party: 2,
                total: Money::new(total, Currency::EUR),
                paid: Money::new(total / 4, Currency::EUR),
            })
        });
    let hotel = Hotel {
        name: "Harbour House".to_owned(),
        address: "Quay 7, Galway".to_owned(),
        phone: Some("+353 91 555 0100".to_owned()),
        email: Some("desk@harbour.example".to_owned()),
    };
    confirmation("ada@customer.example", "Ada Byron", "KR-7QW2MX", &stays.collect::<Vec<_>>(), hotel)
}

fn confirmation(to: &str, name: &str, reference: &str, stays: &[Booked], hotel: Hotel) -> Message {
    let (write, texts) = (Locale::English, Texts::EN);
    let mut parts = vec![Part::Text(fill(texts.thanks, &[("reference", reference)]))];
    for stay in stays {
        let on = |date: NaiveDate, time: Option<NaiveTime>| {
            let date = write.full_date(date);
            match time {
                Some(time) => {
                    fill(texts.about, &[("date", &date), ("time", &time.format("%H:%M").to_string())])
                }
                None => date,
            }
        };
        parts.push(Part::Facts(vec![
            (texts.fact_room, stay.room_type.clone()),
            (texts.fact_arrival, on(stay.dates.arrival(), stay.times.arrival)),
            (texts.fact_departure, on(stay.dates.departure(), stay.times.departure)),
            (texts.fact_nights, stay.dates.nights().to_string()),
            (texts.fact_guests, stay.party.to_string()),
            (texts.fact_price, write.money(stay.total)),
        ]));
    }
    if let Some(first) = stays.first() {
        let sum = |amount: fn(&Booked) -> Money| {
            Money::new(stays.iter().map(|stay| amount(stay).minor).sum(), first.total.currency)
        };
        let (total, paid) = (sum(|stay| stay.total), sum(|stay| stay.paid));
        let mut money = vec![(texts.fact_total, write.money(total))];
        if paid.minor != 0 {
            let left = Money::new(total.minor - paid.minor, total.currency);
            money.extend([(texts.fact_paid, write.money(paid)), (texts.fact_to_pay, write.money(left))]);
        }
        parts.push(Part::Facts(money));
    }
    let reached: Vec<String> = [hotel.phone, hotel.email].into_iter().flatten().collect();
    if !reached.is_empty() {
        parts.push(Part::Text(fill(texts.tell_us, &[("ways", &reached.join(texts.or))])));
    }
    let subject = fill(texts.subject, &[("hotel", &hotel.name)]);
    let sender =
        [hotel.name, hotel.address].into_iter().filter(|line| !line.is_empty()).chain(reached).collect();
    Letter { to: to.to_owned(), name: name.to_owned(), subject, parts, sender, attachments: Vec::new() }
        .into_message()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_confirmation_says_what_was_booked_and_what_is_left_to_pay() {
        let mail = confirmation_preview();
        assert_eq!(mail.subject, "Your booking at Harbour House");
        let read = mail.text.replace('\u{a0}', " ");
        for part in [
            "Hello Ada Byron,",
            "KR-7QW2MX",
            "Room: Double, sea view\nArrival: Fri 14 May 2027, about 18:30\nDeparture: Sun 16 May 2027\nNights: 2",
            "Room: Single",
            "Total: € 520.00\nPaid: € 130.00\nTo be paid: € 390.00",
            "+353 91 555 0100 or desk@harbour.example",
        ] {
            assert!(read.contains(part), "{part} in {read}");
        }
    }
}
