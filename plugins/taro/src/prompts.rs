//! What the model is told first: words that are built in, or the admin's.

use std::str::FromStr;

use chrono::{DateTime, Utc};
use platform::database::Transaction;

use crate::Result;

/// The most characters of a prompt.
pub const LONGEST_PROMPT: usize = 4_000;

/// What a prompt is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// What the cards say of a situation.
    Situation,
    /// What one card means.
    CardExplanation,
    /// A question to the cards.
    FollowUp,
}

impl Purpose {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Situation, Self::CardExplanation, Self::FollowUp];

    /// Its name in addresses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Situation => "situation",
            Self::CardExplanation => "card-explanation",
            Self::FollowUp => "follow-up",
        }
    }

    /// What the model is told where the admin says nothing.
    pub fn built_in(self) -> &'static str {
        match self {
            Self::Situation => {
                "You read tarot cards. Say in a few friendly paragraphs what the cards on the table say of the situation. \
                 Speak of possibilities, not of certainties; give no medical, legal or financial advice."
            }
            Self::CardExplanation => {
                "You read tarot cards. Explain in one friendly paragraph what the card to explain means where it lies, \
                 beside the others. Speak of possibilities, not of certainties."
            }
            Self::FollowUp => {
                "You read tarot cards. Answer the question in a few friendly paragraphs by the cards on the table. \
                 Speak of possibilities, not of certainties; give no medical, legal or financial advice."
            }
        }
    }
}

impl FromStr for Purpose {
    type Err = ();

    fn from_str(text: &str) -> std::result::Result<Self, ()> {
        Self::ALL.into_iter().find(|it| it.as_str() == text).ok_or(())
    }
}

/// What the model is told first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prompt {
    /// What for.
    pub purpose: Purpose,
    /// The words.
    pub content: String,
    /// Of the admin's words, how often they were written, and when last; none for those that are built in.
    pub written: Option<(i32, DateTime<Utc>)>,
}

/// The words in use.
pub(crate) async fn prompt(transaction: &mut Transaction, purpose: Purpose) -> Result<String> {
    let written = sqlx::query_scalar!("SELECT content FROM taro_prompts WHERE slug = $1", purpose.as_str())
        .fetch_optional(&mut **transaction)
        .await?;
    Ok(written.unwrap_or_else(|| purpose.built_in().to_owned()))
}
