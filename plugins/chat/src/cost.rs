//! What a text costs (spec `subscription-billing.md` 5.12).

use std::str::FromStr;

/// The words in one token.
const WORDS: usize = 10;

/// The bytes in one token: a thousandth of a megabyte, of which one is 1,000,000 bytes.
const BYTES: usize = 1_000;

/// The characters that a model takes for one token of its own, and how many of those are one of ours.
const CHARACTERS: usize = 4;
const MODEL_TOKENS: usize = 100;

/// How a text is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Ten words are a token.
    Words,
    /// A thousand bytes of UTF-8 are a token.
    DataVolume,
    /// A hundred tokens of a model are one, each of which is taken for four characters.
    Tokenizer,
}

impl Mode {
    /// Its name in the configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Words => "words",
            Self::DataVolume => "data_volume",
            Self::Tokenizer => "tokenizer",
        }
    }

    /// What a text costs, in tokens; 1 at least.
    pub fn cost(self, text: &str) -> i64 {
        match self {
            Self::Words => tokens(text.split_whitespace().count(), WORDS),
            Self::DataVolume => tokens(text.len(), BYTES),
            Self::Tokenizer => tokens(text.chars().count() / CHARACTERS, MODEL_TOKENS),
        }
    }

    /// The most that a text of so many characters can cost, in tokens: every other character may be a space between two
    /// words, and every character four bytes.
    pub fn most(self, characters: usize) -> i64 {
        match self {
            Self::Words => tokens(characters.div_ceil(2), WORDS),
            Self::DataVolume => tokens(characters.saturating_mul(4), BYTES),
            Self::Tokenizer => tokens(characters / CHARACTERS, MODEL_TOKENS),
        }
    }
}

impl FromStr for Mode {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        [Self::Words, Self::DataVolume, Self::Tokenizer].into_iter().find(|it| it.as_str() == text).ok_or(())
    }
}

fn tokens(units: usize, in_a_token: usize) -> i64 {
    i64::try_from(units.max(1).div_ceil(in_a_token)).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ALL: [Mode; 3] = [Mode::Words, Mode::DataVolume, Mode::Tokenizer];

    #[test]
    fn each_mode_counts_what_it_says() {
        let words = |count: usize| vec!["room"; count].join(" ");
        for (mode, text, cost) in [
            (Mode::Words, String::new(), 1),
            (Mode::Words, words(1), 1),
            (Mode::Words, words(10), 1),
            (Mode::Words, words(11), 2),
            (Mode::Words, format!("  {}\n ", words(20)), 2),
            (Mode::DataVolume, String::new(), 1),
            (Mode::DataVolume, "x".repeat(1_000), 1),
            (Mode::DataVolume, "x".repeat(1_001), 2),
            (Mode::DataVolume, "ä".repeat(501), 2),
            (Mode::Tokenizer, String::new(), 1),
            (Mode::Tokenizer, "x".repeat(3), 1),
            (Mode::Tokenizer, "x".repeat(403), 1),
            (Mode::Tokenizer, "x".repeat(404), 2),
            (Mode::Tokenizer, "ä".repeat(404), 2),
        ] {
            assert_eq!(mode.cost(&text), cost, "{mode:?} of {} characters", text.chars().count());
        }
    }

    #[test]
    fn modes_are_read_as_they_are_written() {
        for mode in ALL {
            assert_eq!(mode.as_str().parse(), Ok(mode));
        }
        assert_eq!("letters".parse::<Mode>(), Err(()));
    }

    proptest! {
        #[test]
        fn no_text_costs_nothing_or_more_than_the_most_of_its_length(text in any::<String>()) {
            for mode in ALL {
                let cost = mode.cost(&text);
                prop_assert!(cost >= 1);
                prop_assert!(cost <= mode.most(text.chars().count()));
            }
        }

        #[test]
        fn a_longer_text_never_costs_less(text in any::<String>(), more in any::<String>()) {
            let longer = text.clone() + &more;
            for mode in ALL {
                prop_assert!(mode.cost(&text) <= mode.cost(&longer));
            }
        }

        #[test]
        fn a_longer_answer_may_never_cost_less_at_most(length in 0usize..10_000) {
            for mode in ALL {
                prop_assert!(mode.most(length) <= mode.most(length + 1));
            }
        }

        /// The worst case is one that happens: words of one letter.
        #[test]
        fn the_most_is_reached(length in 1usize..2_000) {
            let text: String = "a ".chars().cycle().take(length).collect();
            prop_assert_eq!(Mode::Words.cost(&text), Mode::Words.most(length));
            prop_assert_eq!(Mode::DataVolume.cost(&"🔑".repeat(length)), Mode::DataVolume.most(length));
            prop_assert_eq!(Mode::Tokenizer.cost(&text), Mode::Tokenizer.most(length));
        }
    }
}
