//! The connection to Stripe, and what its errors mean.

use std::time::Duration;

use plugin_api::payment::ProviderError;
use stripe::{Client, ClientBuilder, IdempotencyKey, RequestStrategy, StripeError};

use crate::Config;

/// How long one call may take. People wait for some of them.
const TIME_LIMIT: Duration = Duration::from_secs(20);

pub fn build(config: &Config) -> Result<Client, ProviderError> {
    let mut builder = ClientBuilder::new(config.secret_key.as_str()).timeout(TIME_LIMIT);
    if let Some(url) = &config.base_url {
        builder = builder.url(url.as_str());
    }
    builder.build().map_err(|error| problem(&error))
}

/// A call that can be repeated: Stripe answers the second with what the first one made.
pub fn once(key: String) -> RequestStrategy {
    IdempotencyKey::new(key).map_or(RequestStrategy::Once, RequestStrategy::Idempotent)
}

/// What an error of Stripe's means to somebody who does not know Stripe.
pub fn problem(error: &StripeError) -> ProviderError {
    match error {
        StripeError::Stripe(_, 404) => ProviderError::Unknown,
        // A key that is not taken, which says nothing of what was asked; too many requests, a conflict with another one that
        // is under way, and errors of Stripe's own.
        StripeError::Stripe(_, 401 | 403 | 409 | 429 | 500..) => ProviderError::Unavailable(text(error)),
        StripeError::Stripe(..) => ProviderError::Refused(text(error)),
        StripeError::ConfigError(_) => {
            ProviderError::Refused("the payment provider is not set up".to_owned())
        }
        StripeError::JSONDeserialize(_) | StripeError::ClientError(_) | StripeError::Timeout => {
            ProviderError::Unavailable(text(error))
        }
    }
}

fn text(error: &StripeError) -> String {
    match error {
        StripeError::Stripe(told, status) => {
            told.message.clone().unwrap_or_else(|| format!("status {status}"))
        }
        other => other.to_string(),
    }
}
