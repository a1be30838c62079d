//! What goes wrong with a provider.

/// A call did not give what was asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProviderError {
    /// The provider could not be reached, is not well, or does not take our key: whether the call had an effect is not
    /// known, and it may be repeated.
    #[error("the payment provider cannot be reached: {0}")]
    Unavailable(String),
    /// The provider understood and refused.
    #[error("{0}")]
    Refused(String),
    /// There is no such thing at the provider.
    #[error("the payment provider does not know it")]
    Unknown,
    /// The provider cannot do this.
    #[error("the payment provider cannot do this")]
    Unsupported,
}

impl ProviderError {
    /// Whether trying again can help.
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Unavailable(_))
    }
}

/// A message that is not a provider's, cannot be read, or cannot be checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WebhookError {
    /// The signature is missing, wrong or old.
    #[error("Invalid signature")]
    Signature,
    /// The signature is right and the body makes no sense.
    #[error("Invalid payload")]
    Payload,
    /// Whose it is cannot be said now, since the provider that knows it is away: it has to be sent again.
    #[error("The message cannot be checked at the moment")]
    Unchecked,
}
