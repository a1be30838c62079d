//! Serves a sandbox: `cargo run -p stripe-sandbox --example serve -- [address] [snapshot file]`.
//!
//! Settings: `STRIPE_SECRET_KEY`, `SANDBOX_WEBHOOK_URL` and `STRIPE_WEBHOOK_SECRET` for where events go.

use stripe_sandbox::{Config, Endpoint, Sandbox};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let address = arguments.next().unwrap_or_else(|| "127.0.0.1:12111".to_owned());
    let setting = |name| std::env::var(name).ok();
    let default_endpoint = setting("SANDBOX_WEBHOOK_URL").map(|url| Endpoint {
        url,
        secret: setting("STRIPE_WEBHOOK_SECRET").unwrap_or_else(|| "whsec_sandbox".to_owned()),
    });
    let sandbox = Sandbox::new(Config {
        secret_key: setting("STRIPE_SECRET_KEY"),
        default_endpoint,
        snapshot: arguments.next().map(Into::into),
        ..Config::default()
    })?;
    let listener = TcpListener::bind(address).await?;
    println!("Stripe sandbox: http://{}/sandbox", listener.local_addr()?);
    sandbox.serve(listener).await
}
