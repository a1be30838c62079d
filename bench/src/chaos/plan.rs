//! What the clients want: the lives of bookings, each told by the seed and its number alone.

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

/// Few rooms and nights, so that many want the same ones.
pub const ROOMS: usize = 20;
const NIGHTS: u64 = 60;

/// One thing a client does to a booking. Rooms are places in the hotel's list, nights are counted from today.
#[derive(Debug, Clone, Copy)]
pub enum Deed {
    /// Books a room; at the desk the guest gets the key at once.
    Book { room: usize, arrival: u64, nights: u64, at_desk: bool },
    /// Other dates in the same room.
    Move { arrival: u64, nights: u64 },
    /// Another room for the same dates.
    ChangeRoom { room: usize },
    /// The guest has come.
    CheckIn,
    /// The guest leaves, on the day of arrival.
    CheckOut,
    /// The guest will not come.
    Cancel,
}

impl Deed {
    /// Its name in the summary.
    pub fn name(self) -> &'static str {
        match self {
            Self::Book { at_desk: false, .. } => "booked",
            Self::Book { at_desk: true, .. } => "booked at the desk",
            Self::Move { .. } => "dates changed",
            Self::ChangeRoom { .. } => "room changed",
            Self::CheckIn => "checked in",
            Self::CheckOut => "checked out",
            Self::Cancel => "cancelled",
        }
    }

    /// Its name in the history of a stay.
    pub fn in_history(self) -> &'static str {
        match self {
            Self::Book { .. } => "stay.booked",
            Self::Move { .. } | Self::ChangeRoom { .. } => "stay.changed",
            Self::CheckIn => "stay.checked_in",
            Self::CheckOut => "stay.checked_out",
            Self::Cancel => "stay.cancelled",
        }
    }
}

/// What happens to the `number`th booking, and whether its client hangs up on each request before the answer.
pub fn life(seed: u64, number: u32) -> Vec<(Deed, bool)> {
    let mut random = StdRng::seed_from_u64(seed.rotate_left(32) ^ u64::from(number));
    let random = &mut random;
    let nights = |random: &mut StdRng| random.random_range(1..=4);
    let room = |random: &mut StdRng| random.random_range(0..ROOMS);
    // One in five comes today: only they can be checked in. Most of them leave again, or today would soon be full.
    let comes_today = random.random_ratio(1, 5);
    let at_desk = comes_today && random.random();
    let arrival = if comes_today { 0 } else { random.random_range(1..NIGHTS) };
    let mut deeds = vec![Deed::Book { room: room(random), arrival, nights: nights(random), at_desk }];
    for _ in 0..random.random_range(0..=2) {
        if random.random() {
            deeds.push(Deed::ChangeRoom { room: room(random) });
        } else {
            // Whoever comes today may stay for longer or leave earlier, but has come today.
            let arrival = if comes_today { 0 } else { random.random_range(1..NIGHTS) };
            deeds.push(Deed::Move { arrival, nights: nights(random) });
        }
    }
    if comes_today {
        if !at_desk {
            deeds.push(Deed::CheckIn);
        }
        if random.random_ratio(9, 10) {
            deeds.push(Deed::CheckOut);
        }
    } else if random.random_ratio(7, 8) {
        deeds.push(Deed::Cancel);
    }
    deeds.into_iter().map(|deed| (deed, random.random_ratio(1, 25))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_is_a_plan() {
        let plan = |seed| (0..500).map(|number| format!("{:?}", life(seed, number))).collect::<Vec<_>>();
        assert_eq!(plan(1), plan(1));
        assert_ne!(plan(1), plan(2));
    }

    #[test]
    fn only_who_comes_today_is_checked_in_and_only_who_is_in_leaves() {
        for number in 0..2000 {
            let deeds: Vec<Deed> = life(3, number).into_iter().map(|(deed, _)| deed).collect();
            let Some(Deed::Book { arrival, at_desk, .. }) = deeds.first() else { panic!("{deeds:?}") };
            let comes = *at_desk || deeds.iter().any(|deed| matches!(deed, Deed::CheckIn));
            let leaves = deeds.iter().any(|deed| matches!(deed, Deed::CheckOut));
            assert_eq!(comes, *arrival == 0, "{deeds:?}");
            assert!(comes || !leaves, "{deeds:?}");
        }
    }
}
