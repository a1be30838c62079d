//! Where people pay: an account at Stripe, or a sandbox beside this server in which no real money moves (DESIGN 6); and at
//! PayPal and YooKassa, where there are keys for them.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Context;
use billing::providers::Providers;
use http::Uri;
use plugin_api::payment::PaymentProvider;
use plugin_paypal::PayPal;
use plugin_stripe::{Config, Stripe};
use plugin_yookassa::YooKassa;
use rand::distr::{Alphanumeric, SampleString};
use stripe_sandbox::{Endpoint, Sandbox};
use tokio::net::TcpListener;
use tokio_util::task::TaskTracker;

use crate::state::AppState;

/// Stripe's own pages: forms of ours lead there.
const STRIPE_PAGES: &str = " https://checkout.stripe.com https://billing.stripe.com";

/// PayPal's, and those of its sandbox.
const PAYPAL_PAGES: &str = " https://www.paypal.com https://www.sandbox.paypal.com";

/// YooKassa's.
const YOOKASSA_PAGES: &str = " https://yoomoney.ru https://yookassa.ru";

/// The file in the state directory that keeps the sandbox's customers and subscriptions between two runs.
const SNAPSHOT: &str = "stripe-sandbox.json";

/// Adds the providers to the state; starts the sandbox if there is no account at Stripe, unless people pay real money elsewhere.
pub async fn open(state: AppState, work: &TaskTracker) -> anyhow::Result<AppState> {
    let settings = &state.settings;
    let is_paid_elsewhere = settings.paypal.is_some() || settings.yookassa.is_some();
    let (state, stripe, mut pages) = match &settings.stripe {
        Some(keys) => {
            let stripe = Stripe::new(Config {
                secret_key: keys.secret_key.expose().to_owned(),
                webhook_secret: keys.webhook_secret.expose().to_owned(),
                base_url: keys.api_url.clone(),
            })?;
            (state, Some(stripe), STRIPE_PAGES.to_owned())
        }
        // Else everything could be had for nothing.
        None if is_paid_elsewhere && !settings.is_local() => (state, None, String::new()),
        None => with_sandbox(state, work).await?,
    };
    // Stripe is offered first, as long as it is on.
    let stripe = stripe.map(|stripe| Arc::new(stripe) as Arc<dyn PaymentProvider>);
    let mut providers: Vec<_> = stripe.into_iter().collect();
    if let Some(keys) = &state.settings.paypal {
        providers.push(Arc::new(PayPal::new(plugin_paypal::Config {
            client_id: keys.client_id.clone(),
            client_secret: keys.client_secret.expose().to_owned(),
            webhook_id: keys.webhook_id.clone(),
            base_url: keys.api_url.clone(),
        })?));
        pages.push_str(&page_of(keys.api_url.as_deref(), PAYPAL_PAGES));
    }
    if let Some(keys) = &state.settings.yookassa {
        providers.push(Arc::new(YooKassa::new(plugin_yookassa::Config {
            shop_id: keys.shop_id.clone(),
            secret_key: keys.secret_key.expose().to_owned(),
            notification_secret: keys.notification_secret.expose().to_owned(),
            base_url: keys.api_url.clone(),
        })?));
        pages.push_str(&page_of(keys.api_url.as_deref(), YOOKASSA_PAGES));
    }
    Ok(state.with_providers(Providers::new(providers), &pages))
}

/// Where a provider's pages are: those of a double beside its API.
fn page_of(api_url: Option<&str>, usual: &str) -> String {
    let double = api_url.and_then(|url| url.parse::<Uri>().ok());
    let origin = double.and_then(|url| Some(format!(" {}://{}", url.scheme_str()?, url.authority()?)));
    let is_own = |origin: &String| [".paypal.com", ".yookassa.ru"].iter().any(|own| origin.ends_with(own));
    origin.filter(|origin| !is_own(origin)).unwrap_or_else(|| usual.to_owned())
}

async fn with_sandbox(
    mut state: AppState,
    work: &TaskTracker,
) -> anyhow::Result<(AppState, Option<Stripe>, String)> {
    let settings = &state.settings;
    let address = SocketAddr::new(settings.listen.ip(), settings.stripe_sandbox_port.unwrap_or(0));
    let listener = TcpListener::bind(address).await.with_context(|| {
        format!("cannot listen on {address} for the Stripe sandbox; STRIPE_SANDBOX_PORT chooses another")
    })?;
    let port = listener.local_addr()?.port();
    let public_url = format!("http://{}:{port}", host(&settings.base_url)?);
    let secret = || Alphanumeric.sample_string(&mut rand::rng(), 32);
    let (secret_key, webhook_secret) = (format!("sk_test_{}", secret()), format!("whsec_{}", secret()));
    tokio::fs::create_dir_all(&settings.state_dir)
        .await
        .with_context(|| format!("cannot make {}", settings.state_dir.display()))?;
    let sandbox = Sandbox::new(stripe_sandbox::Config {
        secret_key: Some(secret_key.clone()),
        public_url: Some(public_url.clone()),
        default_endpoint: Some(Endpoint {
            url: format!(
                "http://{}/api/webhooks/stripe",
                SocketAddr::new(local(settings.listen), settings.listen.port())
            ),
            secret: webhook_secret.clone(),
        }),
        snapshot: Some(settings.state_dir.join(SNAPSHOT)),
        ..stripe_sandbox::Config::default()
    })?;
    let stripe = Stripe::new(Config {
        secret_key,
        webhook_secret,
        base_url: Some(format!("http://{}", SocketAddr::new(local(address), port))),
    })?;
    let stop = state.stop.clone();
    work.spawn(async move {
        tokio::select! {
            served = sandbox.serve(listener) => {
                if let Err(error) = served {
                    tracing::error!(%error, "stripe_sandbox.stopped");
                }
            }
            () = stop.cancelled() => {}
        }
        if let Err(error) = sandbox.save() {
            tracing::warn!(%error, "stripe_sandbox.not_saved");
        }
    });
    tracing::info!(url = public_url, "stripe_sandbox.ready");
    state.services.is_sandbox = true;
    state.sandbox_url = Some(format!("{public_url}/sandbox").into());
    Ok((state, Some(stripe), format!(" {public_url}")))
}

/// The host that people type.
fn host(base_url: &str) -> anyhow::Result<String> {
    let address: Uri = base_url.parse().with_context(|| format!("BASE_URL={base_url:?} is no address"))?;
    Ok(address.host().unwrap_or("localhost").to_owned())
}

/// Where this machine reaches what listens on `address`.
fn local(address: SocketAddr) -> std::net::IpAddr {
    match address.ip() {
        ip if !ip.is_unspecified() => ip,
        std::net::IpAddr::V4(_) => std::net::Ipv4Addr::LOCALHOST.into(),
        std::net::IpAddr::V6(_) => std::net::Ipv6Addr::LOCALHOST.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::host;

    #[test]
    fn the_host_is_what_people_type() {
        for (url, expected) in [
            ("http://localhost:3000", "localhost"),
            ("https://desk.example", "desk.example"),
            ("https://desk.example/app", "desk.example"),
            ("http://[::1]:3000", "[::1]"),
            ("http://[::1]", "[::1]"),
        ] {
            assert_eq!(host(url).unwrap(), expected);
        }
    }
}
