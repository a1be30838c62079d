//! A model that answers in words: what plug-ins ask, whoever runs it.

use std::sync::Arc;

use async_trait::async_trait;

/// Who says something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Us: how the model is to behave.
    System,
    /// Whoever asks.
    User,
    /// The model, before.
    Assistant,
}

impl Role {
    /// Its name in the interfaces of models.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::User => "user",
            Self::Assistant => "assistant",
        }
    }
}

/// Something that was said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// By whom.
    pub role: Role,
    /// What.
    pub text: String,
}

impl Message {
    /// What somebody said.
    pub fn new(role: Role, text: impl Into<String>) -> Self {
        Self { role, text: text.into() }
    }
}

/// There is no answer. The texts say nothing of what was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ModelError {
    /// The model could not be reached, is not well, or was too slow: it may answer the next time.
    #[error("the language model cannot be reached: {0}")]
    Unavailable(String),
    /// The model does not take our key or its name, or its answer makes no sense: asking again will not help until
    /// somebody changes a setting.
    #[error("the language model does not answer: {0}")]
    Refused(String),
}

impl ModelError {
    /// Whether asking again can help.
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Unavailable(_))
    }
}

/// A language model. Where none is configured there is no value of this: services hold an `Option`.
#[async_trait]
pub trait LanguageModel: Send + Sync + std::fmt::Debug {
    /// The model's next message after these. It is asked to keep to `longest` characters, and may be a little longer:
    /// [`ask`] cuts it.
    async fn answer(&self, messages: &[Message], longest: usize) -> Result<String, ModelError>;
}

/// A model that can be handed around.
pub type SharedModel = Arc<dyn LanguageModel>;

/// The model's answer, without space around it, never empty and never longer than `longest` characters: what is paid for an
/// answer of that length is then the most that it can cost.
pub async fn ask(
    model: &dyn LanguageModel,
    messages: &[Message],
    longest: usize,
) -> Result<String, ModelError> {
    let answer = model.answer(messages, longest).await?;
    let answer: String = answer.trim().chars().take(longest).collect();
    if answer.is_empty() { Err(ModelError::Unavailable("an empty answer".to_owned())) } else { Ok(answer) }
}
