//! Plausible stays of a room: one after the other, with gaps, in the state their dates ask for.

use chrono::{Days, NaiveDate};
use domain::stay::StayStatus;
use rand::Rng;

/// A stay to be written.
#[derive(Debug, Clone)]
pub(super) struct Planned {
    pub arrival: NaiveDate,
    pub departure: NaiveDate,
    pub party: i16,
    pub status: StayStatus,
    pub nightly_minor: i64,
}

impl Planned {
    /// The number of nights.
    pub fn nights(&self) -> usize {
        usize::try_from((self.departure - self.arrival).num_days()).unwrap_or(1)
    }
}

/// The stays of one room from `from` until about `until`, about three nights in four taken.
pub(super) fn plan(
    random: &mut impl Rng,
    from: NaiveDate,
    until: NaiveDate,
    today: NaiveDate,
    sleeps: i16,
    rate_minor: i64,
) -> Vec<Planned> {
    let mut stays = Vec::new();
    let mut date = from + Days::new(random.random_range(0..3));
    while date < until {
        let nights = match random.random_range(0..100) {
            0..25 => 1,
            25..55 => 2,
            55..75 => 3,
            75..92 => random.random_range(4..6),
            _ => random.random_range(7..12),
        };
        let departure = date + Days::new(nights);
        let status = match status(random, date, departure, today) {
            // The guest before is still in the room.
            StayStatus::CheckedIn if stays.last().is_some_and(is_in_house) => StayStatus::Reserved,
            status => status,
        };
        stays.push(Planned {
            arrival: date,
            departure,
            party: random.random_range(1..=sleeps),
            status,
            // Some guests have a price of their own.
            nightly_minor: if random.random_ratio(1, 9) { rate_minor * 9 / 10 } else { rate_minor },
        });
        let gap = if random.random_ratio(1, 2) { 0 } else { random.random_range(1..3) };
        date = departure + Days::new(gap);
    }
    stays
}

fn is_in_house(stay: &Planned) -> bool {
    stay.status == StayStatus::CheckedIn
}

fn status(random: &mut impl Rng, arrival: NaiveDate, departure: NaiveDate, today: NaiveDate) -> StayStatus {
    let dice = random.random_range(0..100);
    if departure < today {
        match dice {
            0..5 => StayStatus::Cancelled,
            5..8 => StayStatus::NoShow,
            _ => StayStatus::CheckedOut,
        }
    } else if departure == today {
        if dice < 45 { StayStatus::CheckedOut } else { StayStatus::CheckedIn }
    } else if arrival < today {
        // One guest in a while is late, so that the desk has something to look after.
        if dice < 4 { StayStatus::Reserved } else { StayStatus::CheckedIn }
    } else if arrival == today {
        if dice < 30 { StayStatus::CheckedIn } else { StayStatus::Reserved }
    } else if dice < 4 {
        StayStatus::Cancelled
    } else {
        StayStatus::Reserved
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand::rngs::StdRng;

    use super::*;

    #[test]
    fn the_stays_of_a_room_never_overlap() {
        let day = |offset: u64| NaiveDate::from_ymd_opt(2027, 1, 1).unwrap() + Days::new(offset);
        for seed in 0..200 {
            let mut random = StdRng::seed_from_u64(seed);
            let stays = plan(&mut random, day(0), day(400), day(200), 2, 10_000);
            assert!(stays.len() > 60, "{}", stays.len());
            assert!(stays.iter().filter(|stay| is_in_house(stay)).count() <= 1);
            assert!(stays.windows(2).all(|pair| pair[0].departure <= pair[1].arrival));
        }
    }
}
