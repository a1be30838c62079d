//! Accounts at other companies: where people pay, and the language model that plug-ins ask.

use super::{Reader, Secret};

/// The keys of an account at Stripe.
#[derive(Debug, Clone)]
pub struct StripeKeys {
    /// The secret key.
    pub secret_key: Secret,
    /// What its webhooks are signed with.
    pub webhook_secret: Secret,
    /// Another address than Stripe's own: that of a double.
    pub api_url: Option<String>,
}

/// The keys of an account at PayPal.
#[derive(Debug, Clone)]
pub struct PayPalKeys {
    /// The application's client id.
    pub client_id: String,
    /// Its secret.
    pub client_secret: Secret,
    /// The id of the webhook, by which PayPal says whether a message is its own.
    pub webhook_id: String,
    /// Another address than PayPal's own: that of its sandbox, or of a double.
    pub api_url: Option<String>,
}

/// The keys of a shop at YooKassa.
#[derive(Debug, Clone)]
pub struct YooKassaKeys {
    /// The shop's id.
    pub shop_id: String,
    /// The shop's secret key.
    pub secret_key: Secret,
    /// What the address for its notifications carries as `key`.
    pub notification_secret: Secret,
    /// Another address than YooKassa's own: that of a double.
    pub api_url: Option<String>,
}

/// A language model that plug-ins ask.
#[derive(Debug, Clone)]
pub struct LanguageModelSettings {
    /// The address before `/chat/completions`, without a slash at the end.
    pub url: String,
    /// What proves that we may ask; none for a model that asks nobody.
    pub key: Option<Secret>,
    /// The model's name there.
    pub name: String,
}

pub(super) fn stripe(reader: &mut Reader<'_>) -> Option<StripeKeys> {
    let secret_key = reader.text("STRIPE_SECRET_KEY")?;
    let webhook_secret = reader.needed(
        "STRIPE_WEBHOOK_SECRET",
        "what Stripe signs its messages with, shown at the endpoint in its dashboard",
    );
    Some(StripeKeys {
        secret_key: Secret::new(secret_key),
        webhook_secret: Secret::new(webhook_secret),
        api_url: reader.text("STRIPE_API_URL"),
    })
}

pub(super) fn paypal(reader: &mut Reader<'_>) -> Option<PayPalKeys> {
    let client_id = reader.text("PAYPAL_CLIENT_ID")?;
    Some(PayPalKeys {
        client_id,
        client_secret: Secret::new(
            reader.needed("PAYPAL_CLIENT_SECRET", "the secret beside the client id in PayPal's dashboard"),
        ),
        webhook_id: reader.needed("PAYPAL_WEBHOOK_ID", "the id of the webhook in PayPal's dashboard"),
        api_url: reader.text("PAYPAL_API_URL"),
    })
}

pub(super) fn yookassa(reader: &mut Reader<'_>) -> Option<YooKassaKeys> {
    let shop_id = reader.text("YOOKASSA_SHOP_ID")?;
    let notification_secret = reader.needed(
        "YOOKASSA_NOTIFICATION_SECRET",
        "a secret of your own, which the address for notifications carries as ?key=",
    );
    Some(YooKassaKeys {
        shop_id,
        secret_key: Secret::new(
            reader.needed("YOOKASSA_SECRET_KEY", "the shop's key in YooKassa's dashboard"),
        ),
        notification_secret: Secret::new(notification_secret),
        api_url: reader.text("YOOKASSA_API_URL"),
    })
}

pub(super) fn language_model(reader: &mut Reader<'_>) -> Option<LanguageModelSettings> {
    reader.text("LANGUAGE_MODEL_URL").or_else(|| reader.text("LANGUAGE_MODEL_NAME"))?;
    let url = reader.needed("LANGUAGE_MODEL_URL", "where the model is asked");
    let name = reader.needed("LANGUAGE_MODEL_NAME", "the model's name at its address");
    if !url.is_empty() && !url.starts_with("http://") && !url.starts_with("https://") {
        reader.problems.push("LANGUAGE_MODEL_URL does not begin with http:// or https://".to_owned());
    }
    Some(LanguageModelSettings {
        url: url.trim_end_matches('/').to_owned(),
        key: reader.text("LANGUAGE_MODEL_KEY").map(Secret::new),
        name,
    })
}
