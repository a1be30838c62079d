//! The 78 cards: 22 of the major arcana, and four suits of 14.

use serde::{Deserialize, Serialize};

/// How many cards there are.
pub const COUNT: u8 = 78;

/// How many of them are of the major arcana; they come first.
const MAJOR: usize = 22;

/// How many a suit has.
const IN_A_SUIT: usize = 14;

/// The suits, in the order in which their cards follow.
const SUITS: [&str; 4] = ["Wands", "Cups", "Swords", "Pentacles"];

/// A card and what it means, in a few words.
#[derive(Debug, PartialEq, Eq)]
pub struct Card {
    /// Its name.
    pub name: &'static str,
    /// What it means upright.
    pub upright: &'static str,
    /// What it means reversed.
    pub reversed: &'static str,
}

/// A card by its place among all, from 0 to 77: there is no number without a card.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct CardNumber(u8);

impl CardNumber {
    /// All of them.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..COUNT).map(Self)
    }

    /// The card with this name in addresses, such as `ace-of-cups`.
    pub fn of_slug(slug: &str) -> Option<Self> {
        Self::all().find(|it| it.slug() == slug)
    }

    /// The card.
    pub fn card(self) -> &'static Card {
        &CARDS[usize::from(self.0)]
    }

    /// Its name in addresses.
    pub fn slug(self) -> String {
        self.card().name.to_lowercase().replace(' ', "-")
    }

    /// The name of its suit; none for the major arcana.
    pub fn suit(self) -> Option<&'static str> {
        let place = usize::from(self.0).checked_sub(MAJOR)?;
        SUITS.get(place / IN_A_SUIT).copied()
    }
}

impl TryFrom<u8> for CardNumber {
    type Error = String;

    fn try_from(number: u8) -> Result<Self, String> {
        if number < COUNT { Ok(Self(number)) } else { Err(format!("there is no card {number}")) }
    }
}

impl From<CardNumber> for u8 {
    fn from(card: CardNumber) -> Self {
        card.0
    }
}

const fn card(name: &'static str, upright: &'static str, reversed: &'static str) -> Card {
    Card { name, upright, reversed }
}

static CARDS: [Card; COUNT as usize] = [
    card("The Fool", "a beginning, trust, a leap", "haste, a risk that was not seen"),
    card("The Magician", "skill, will, means at hand", "talent unused, a trick"),
    card("The High Priestess", "intuition, silence, what is hidden", "secrets, not listening to oneself"),
    card("The Empress", "abundance, care, growth", "dependence, growth held back"),
    card("The Emperor", "order, authority, a firm hand", "rigidity, power misused"),
    card("The Hierophant", "tradition, teaching, belonging", "one's own way, empty rules"),
    card("The Lovers", "love, a choice of the heart", "disharmony, a choice put off"),
    card("The Chariot", "resolve, victory, direction", "no direction, force without aim"),
    card("Strength", "courage, patience, gentle power", "self-doubt, raw impulse"),
    card("The Hermit", "reflection, solitude, an inner light", "isolation, withdrawal too long"),
    card("Wheel of Fortune", "a turn, luck, cycles", "a setback, resisting change"),
    card("Justice", "fairness, truth, consequence", "injustice, avoiding the account"),
    card("The Hanged Man", "a pause, letting go, another view", "delay, a needless sacrifice"),
    card("Death", "an ending, change, making room", "clinging, change refused"),
    card("Temperance", "balance, moderation, patience", "excess, parts that do not fit"),
    card("The Devil", "bondage, temptation, habit", "release, seeing the chain"),
    card("The Tower", "sudden change, truth breaking in", "disaster delayed, fear of change"),
    card("The Star", "hope, healing, calm", "doubt, hope out of sight"),
    card("The Moon", "dreams, uncertainty, illusion", "confusion clearing, fear released"),
    card("The Sun", "joy, success, clarity", "joy clouded, success delayed"),
    card("Judgement", "awakening, a call, reckoning", "self-reproach, a call not heard"),
    card("The World", "completion, wholeness, arrival", "a loose end, nearly there"),
    card("Ace of Wands", "a spark, drive, an idea", "a false start, energy without outlet"),
    card("Two of Wands", "planning, a wider view", "fear of the unknown, no plan"),
    card("Three of Wands", "expansion, waiting for ships", "delay, plans too small"),
    card("Four of Wands", "celebration, home, a milestone", "tension at home, a feast put off"),
    card("Five of Wands", "rivalry, a lively dispute", "conflict avoided, a truce"),
    card("Six of Wands", "recognition, a win", "pride, praise withheld"),
    card("Seven of Wands", "standing one's ground", "exhaustion, giving way"),
    card("Eight of Wands", "speed, news, things in motion", "delay, haste that scatters"),
    card("Nine of Wands", "resilience, the last effort", "weariness, guard kept too long"),
    card("Ten of Wands", "a burden, responsibility", "putting down a load, too much to carry"),
    card("Page of Wands", "curiosity, an eager start", "a plan without follow-through"),
    card("Knight of Wands", "adventure, passion, action", "recklessness, a fire soon out"),
    card("Queen of Wands", "confidence, warmth, charm", "jealousy, confidence shaken"),
    card("King of Wands", "vision, leadership, boldness", "impatience, a hard master"),
    card("Ace of Cups", "new feeling, compassion", "feeling held back, emptiness"),
    card("Two of Cups", "a bond, mutual regard", "imbalance, a bond broken"),
    card("Three of Cups", "friendship, shared joy", "gossip, one too many"),
    card("Four of Cups", "apathy, an offer not seen", "waking up, a new look"),
    card("Five of Cups", "loss, regret", "acceptance, what still stands"),
    card("Six of Cups", "memory, kindness, childhood", "living in the past, moving on"),
    card("Seven of Cups", "many choices, fantasy", "clarity, a choice made"),
    card("Eight of Cups", "walking away, seeking more", "staying from fear, aimless drift"),
    card("Nine of Cups", "contentment, a wish granted", "smugness, a wish that disappoints"),
    card("Ten of Cups", "harmony, a happy home", "discord, an ideal out of reach"),
    card("Page of Cups", "a tender message, imagination", "moodiness, a dream unspoken"),
    card("Knight of Cups", "romance, an invitation", "disillusion, promises of air"),
    card("Queen of Cups", "empathy, inner calm", "giving too much, moods in command"),
    card("King of Cups", "balanced feeling, diplomacy", "coldness, feeling used as a tool"),
    card("Ace of Swords", "clarity, a breakthrough", "confusion, a blunt word"),
    card("Two of Swords", "a stalemate, a choice avoided", "the choice made, too much at once"),
    card("Three of Swords", "heartbreak, a painful truth", "recovery, forgiving"),
    card("Four of Swords", "rest, recovery", "restlessness, a rest too short"),
    card("Five of Swords", "a hollow win, conflict", "making peace, old resentment"),
    card("Six of Swords", "passage, leaving trouble behind", "unfinished business, stuck on shore"),
    card("Seven of Swords", "cunning, a secret plan", "coming clean, being found out"),
    card("Eight of Swords", "feeling trapped", "release, seeing the way out"),
    card("Nine of Swords", "worry, sleepless nights", "hope returning, worry at its worst"),
    card("Ten of Swords", "a painful end, rock bottom", "the worst is over, refusing an end"),
    card("Page of Swords", "curiosity, a sharp eye", "gossip, words without thought"),
    card("Knight of Swords", "haste, ambition, directness", "recklessness, words that wound"),
    card("Queen of Swords", "honesty, independence", "coldness, a bitter tongue"),
    card("King of Swords", "reason, authority, truth", "tyranny, reason without heart"),
    card("Ace of Pentacles", "an opportunity, prosperity", "a chance missed, poor planning"),
    card("Two of Pentacles", "juggling, adapting", "overload, a dropped ball"),
    card("Three of Pentacles", "teamwork, craft", "work at odds, careless craft"),
    card("Four of Pentacles", "saving, holding on", "greed, or letting go"),
    card("Five of Pentacles", "hardship, being left out", "recovery, help accepted"),
    card("Six of Pentacles", "generosity, giving and taking", "strings attached, debt"),
    card("Seven of Pentacles", "patience, taking stock", "impatience, effort without return"),
    card("Eight of Pentacles", "diligence, learning a craft", "routine, perfection for its own sake"),
    card("Nine of Pentacles", "independence, earned comfort", "living beyond means, hollow show"),
    card("Ten of Pentacles", "legacy, lasting security", "family quarrels, a fragile fortune"),
    card("Page of Pentacles", "study, a solid start", "distraction, a lesson not learned"),
    card("Knight of Pentacles", "reliability, steady work", "stagnation, dull routine"),
    card("Queen of Pentacles", "care, practical sense", "neglect of oneself, worry over means"),
    card("King of Pentacles", "wealth, discipline, security", "stubbornness, wealth as a measure"),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_card_is_there_once_with_both_meanings() {
        let names: BTreeSet<&str> = CARDS.iter().map(|card| card.name).collect();
        assert_eq!(names.len(), usize::from(COUNT));
        assert!(CARDS.iter().all(|card| !card.upright.is_empty() && card.upright != card.reversed));
        for number in CardNumber::all() {
            assert_eq!(CardNumber::of_slug(&number.slug()), Some(number));
        }
        assert_eq!(CardNumber::of_slug("ace-of-coins"), None);
    }

    #[test]
    fn a_suit_has_fourteen_cards_that_bear_its_name() {
        for suit in SUITS {
            let of_suit: Vec<_> = CardNumber::all().filter(|it| it.suit() == Some(suit)).collect();
            assert_eq!(of_suit.len(), IN_A_SUIT);
            assert!(of_suit.iter().all(|it| it.card().name.ends_with(&format!(" of {suit}"))));
        }
        assert_eq!(CardNumber::all().filter(|it| it.suit().is_none()).count(), MAJOR);
    }

    #[test]
    fn a_number_without_a_card_is_refused() {
        assert_eq!(CardNumber::try_from(77).unwrap().card().name, "King of Pentacles");
        assert!(CardNumber::try_from(COUNT).is_err());
    }
}
