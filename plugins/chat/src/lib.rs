//! A chat with a language model that is paid for with tokens (spec `subscription-billing.md` 5.12).
//!
//! * [`Chat::send`]: asks the model and charges what the message and the answer cost
//! * [`Mode`]: how a text is counted
//!
//! The model is asked only when the tokens would do for the longest answer there can be; what is charged afterwards is the
//! answer as it is. No transaction is open while the model answers.

mod cost;
mod error;

use billing::Billing;
use domain::access::AccountPermit;
use plugin_api::language::{Message, Role, SharedModel, ask};
use plugin_api::{Choice, Manifest, Setting, SettingKind};

pub use cost::Mode;
pub use error::{Error, Result};

/// What the plug-in says about itself.
pub static MANIFEST: Manifest = Manifest {
    name: "chat",
    version: env!("CARGO_PKG_VERSION"),
    author: "Keyrack",
    description: "Answers customers with a language model, for tokens.",
    dependencies: &[],
    is_on_at_first: false,
    settings: &[
        Setting {
            key: MODE,
            label: "What one token buys",
            description: "How messages and answers are counted.",
            kind: SettingKind::Choice {
                default: "words",
                of: &[
                    Choice { value: "words", label: "10 words" },
                    Choice { value: "data_volume", label: "1,000 bytes" },
                    Choice { value: "tokenizer", label: "100 tokens of the model, of 4 characters each" },
                ],
            },
        },
        Setting {
            key: SYSTEM_PROMPT,
            label: "What the model is told first",
            description: "How the model is to behave; customers do not see it.",
            kind: SettingKind::Text { default: "You are a helpful assistant. Answer briefly.", max: 2_000 },
        },
        Setting {
            key: LONGEST_ANSWER,
            label: "Longest answer, in characters",
            description: "Answers are cut there, and the balance has to do for one of this length.",
            kind: SettingKind::Integer { default: 2_000, min: 100, max: 4_000 },
        },
    ],
};

/// The setting that says how texts are counted.
pub const MODE: &str = "chat_mode";

/// The setting that says what the model is told first.
pub const SYSTEM_PROMPT: &str = "chat_system_prompt";

/// The setting that says how many characters an answer has at most.
pub const LONGEST_ANSWER: &str = "chat_longest_answer";

/// The most characters of a message.
pub const LONGEST_MESSAGE: usize = 4_000;

/// How many messages of before the model is told.
pub const MOST_HISTORY: usize = 20;

/// How the admin set it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// How texts are counted.
    pub mode: Mode,
    /// What the model is told first.
    pub system_prompt: String,
    /// The most characters of an answer.
    pub longest_answer: usize,
}

impl Config {
    /// The most that sending a message can cost, in tokens.
    pub fn most(&self, message: &str) -> i64 {
        self.mode.cost(message).saturating_add(self.mode.most(self.longest_answer))
    }
}

/// An answer that was paid for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The model's.
    pub text: String,
    /// What message and answer cost, in tokens.
    pub cost: i64,
    /// How many tokens are left.
    pub balance: i64,
}

/// The chat. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Chat {
    billing: Billing,
    model: Option<SharedModel>,
}

impl Chat {
    /// The chat with a model; without one every message is refused.
    pub fn new(billing: Billing, model: Option<SharedModel>) -> Self {
        Self { billing, model }
    }

    /// Whether there is a model.
    pub fn is_configured(&self) -> bool {
        self.model.is_some()
    }

    /// Sends a message to the model, with the last [`MOST_HISTORY`] of those before it, and charges the account for it and
    /// the answer. [`Error::NotEnough`] before the model is asked if the tokens would not do for the longest answer, and
    /// after it if somebody spent them meanwhile: then nothing is charged and there is no answer.
    pub async fn send(
        &self,
        permit: AccountPermit<'_>,
        config: &Config,
        message: &str,
        history: &[Message],
    ) -> Result<Answer> {
        check(message, history)?;
        let model = self.model.as_deref().ok_or(Error::NotConfigured)?;
        let (needed, balance) = (config.most(message), self.billing.token_balance(permit).await?);
        if balance < needed {
            return Err(Error::NotEnough { needed, balance });
        }
        let mut messages = vec![Message::new(Role::System, config.system_prompt.clone())];
        messages.extend_from_slice(last(history));
        messages.push(Message::new(Role::User, message));
        let text = ask(model, &messages, config.longest_answer).await?;
        let (request, response) = (config.mode.cost(message), config.mode.cost(&text));
        let cost = request + response;
        let description = format!("Chat: {request} for the message, {response} for the answer");
        let sent = platform::ids::new();
        match self.billing.debit_tokens(permit, cost, Some(sent), &description).await {
            Ok(balance) => Ok(Answer { text, cost, balance }),
            Err(billing::Error::InsufficientTokens) => {
                let balance = self.billing.token_balance(permit).await?;
                Err(Error::NotEnough { needed: cost, balance })
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// Refuses a message that cannot be sent, by the name of its field.
pub fn check(message: &str, history: &[Message]) -> Result<()> {
    if message.trim().is_empty() {
        return Err(Error::Invalid("message is required".to_owned()));
    }
    fits("message", message)?;
    let first = history.len() - last(history).len();
    let mut told = last(history).iter().enumerate();
    told.try_for_each(|(index, it)| fits(&format!("history[{}].content", first + index), &it.text))
}

fn fits(field: &str, text: &str) -> Result<()> {
    if text.chars().count() > LONGEST_MESSAGE {
        return Err(Error::Invalid(format!("{field} must be at most {LONGEST_MESSAGE} characters long")));
    }
    Ok(())
}

fn last(history: &[Message]) -> &[Message] {
    &history[history.len().saturating_sub(MOST_HISTORY)..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_sent_is_named_by_its_field() {
        let said = |text: &str| Message::new(Role::User, text);
        let why = |message: &str, history: &[Message]| check(message, history).unwrap_err().to_string();
        assert!(check(&"ä".repeat(4_000), &[said(&"ä".repeat(4_000)), said("")]).is_ok());
        assert_eq!(why(" \n", &[]), "message is required");
        assert_eq!(why(&"x".repeat(4_001), &[]), "message must be at most 4000 characters long");
        let long = said(&"x".repeat(4_001));
        let mut history = vec![said("x"), long.clone()];
        assert_eq!(why("x", &history), "history[1].content must be at most 4000 characters long");
        history.extend(vec![said("x"); 19]);
        assert_eq!(why("x", &history), "history[1].content must be at most 4000 characters long");
        history.push(said("x"));
        assert!(check("x", &history).is_ok(), "what is not told to the model is not looked at");
    }

    #[test]
    fn the_manifest_offers_the_modes_that_there_are() {
        let kind = MANIFEST.settings[0].kind;
        for mode in [Mode::Words, Mode::DataVolume, Mode::Tokenizer] {
            assert!(kind.offers(mode.as_str()));
        }
        assert!(!kind.offers("letters"));
    }
}
