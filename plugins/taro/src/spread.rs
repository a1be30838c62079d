//! Which cards lie on the table.

use std::fmt;
use std::str::FromStr;

use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use serde::{Deserialize, Serialize};

use crate::cards::CardNumber;

/// What a card tells of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Position {
    /// What was.
    Past,
    /// What is.
    Present,
    /// What comes.
    Future,
    /// Whatever a further card was drawn for.
    Additional,
}

impl Position {
    /// Those of a spread, in order.
    pub const SPREAD: [Self; 3] = [Self::Past, Self::Present, Self::Future];

    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Past => "PAST",
            Self::Present => "PRESENT",
            Self::Future => "FUTURE",
            Self::Additional => "ADDITIONAL",
        }
    }
}

/// A card on the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Drawn {
    /// What it tells of.
    pub position: Position,
    /// Which it is.
    pub card: CardNumber,
    /// Whether it lies upside down.
    pub is_reversed: bool,
}

impl Drawn {
    /// What it means as it lies.
    pub fn meaning(self) -> &'static str {
        let card = self.card.card();
        if self.is_reversed { card.reversed } else { card.upright }
    }

    /// `UPRIGHT` or `REVERSED`.
    pub fn orientation(self) -> &'static str {
        if self.is_reversed { "REVERSED" } else { "UPRIGHT" }
    }
}

impl fmt::Display for Drawn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (position, name) = (self.position.as_str(), self.card.card().name);
        write!(f, "{position}: {name}, {} ({})", self.orientation(), self.meaning())
    }
}

/// How a reading goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FollowUpKind {
    /// With the cards that lie there.
    SameCards,
    /// With one more.
    Additional,
    /// With three new ones in place of those that lie there.
    NewSpread,
}

impl FollowUpKind {
    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SameCards => "SAME_CARDS",
            Self::Additional => "ADDITIONAL",
            Self::NewSpread => "NEW_SPREAD",
        }
    }
}

impl FromStr for FollowUpKind {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let all = [Self::SameCards, Self::Additional, Self::NewSpread];
        all.into_iter().find(|it| it.as_str() == text).ok_or(())
    }
}

/// Three cards of all, no card twice.
pub fn spread(seed: [u8; 32]) -> Vec<Drawn> {
    draw(seed, &Position::SPREAD, &[])
}

/// The cards that a follow-up adds to those on the table, none of which is drawn again: none with the same cards, and none
/// either where all cards lie there.
pub fn follow_up(seed: [u8; 32], kind: FollowUpKind, table: &[Drawn]) -> Vec<Drawn> {
    match kind {
        FollowUpKind::SameCards => Vec::new(),
        FollowUpKind::Additional => draw(seed, &[Position::Additional], table),
        FollowUpKind::NewSpread => spread(seed),
    }
}

/// What lies on the table after a spread and the follow-ups to it, in order.
pub fn table<'a>(
    first: &[Drawn],
    follow_ups: impl IntoIterator<Item = (FollowUpKind, &'a [Drawn])>,
) -> Vec<Drawn> {
    let mut table = first.to_vec();
    for (kind, cards) in follow_ups {
        if kind == FollowUpKind::NewSpread {
            table.clear();
        }
        table.extend_from_slice(cards);
    }
    table
}

fn draw(seed: [u8; 32], positions: &[Position], without: &[Drawn]) -> Vec<Drawn> {
    let mut chance = StdRng::from_seed(seed);
    let mut deck: Vec<CardNumber> =
        CardNumber::all().filter(|card| without.iter().all(|it| it.card != *card)).collect();
    let (drawn, _) = deck.partial_shuffle(&mut chance, positions.len());
    let drawn = positions.iter().zip(drawn.iter());
    drawn
        .map(|(position, card)| Drawn { position: *position, card: *card, is_reversed: chance.random() })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;
    use crate::cards::COUNT;

    fn cards(drawn: &[Drawn]) -> BTreeSet<CardNumber> {
        drawn.iter().map(|it| it.card).collect()
    }

    #[test]
    fn every_card_comes_both_ways() {
        let mut seen = BTreeSet::new();
        for number in 0..=u8::MAX {
            for other in 0..20 {
                let mut seed = [number; 32];
                seed[0] = other;
                seen.extend(spread(seed).iter().map(|it| (it.card, it.is_reversed)));
            }
        }
        assert_eq!(seen.len(), 2 * usize::from(COUNT));
    }

    #[test]
    fn where_all_cards_lie_there_is_none_to_draw() {
        let on_table = |card| Drawn { position: Position::Additional, card, is_reversed: false };
        let all: Vec<Drawn> = CardNumber::all().map(on_table).collect();
        assert_eq!(follow_up([1; 32], FollowUpKind::Additional, &all), []);
        let last = follow_up([1; 32], FollowUpKind::Additional, &all[1..]);
        assert_eq!(cards(&last), cards(&all[..1]));
    }

    #[test]
    fn names_are_read_as_they_are_written() {
        for kind in [FollowUpKind::SameCards, FollowUpKind::Additional, FollowUpKind::NewSpread] {
            assert_eq!(kind.as_str().parse(), Ok(kind));
        }
        assert_eq!("same_cards".parse::<FollowUpKind>(), Err(()));
    }

    proptest! {
        #[test]
        fn a_spread_is_three_cards_and_the_same_for_the_same_seed(seed in any::<[u8; 32]>()) {
            let drawn = spread(seed);
            prop_assert_eq!(cards(&drawn).len(), 3);
            prop_assert_eq!(drawn.iter().map(|it| it.position).collect::<Vec<_>>(), Position::SPREAD);
            prop_assert_eq!(spread(seed), drawn);
        }

        #[test]
        fn no_card_lies_on_the_table_twice(seeds in prop::collection::vec((any::<[u8; 32]>(), 0u8..3), 0..100)) {
            let first = spread([7; 32]);
            let mut made: Vec<(FollowUpKind, Vec<Drawn>)> = Vec::new();
            for (seed, kind) in seeds {
                let kind = [FollowUpKind::SameCards, FollowUpKind::Additional, FollowUpKind::NewSpread][usize::from(kind)];
                let before = table(&first, made.iter().map(|(kind, cards)| (*kind, &cards[..])));
                made.push((kind, follow_up(seed, kind, &before)));
                let after = table(&first, made.iter().map(|(kind, cards)| (*kind, &cards[..])));
                prop_assert_eq!(cards(&after).len(), after.len());
            }
        }
    }
}
