//! Serves the double of PayPal, and prints the settings with which a server pays there:
//! `cargo run -p plugin-paypal --example paypal_sandbox -- [address of the server] [address to listen on]`.

use plugin_paypal::sandbox::{Config, Sandbox};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let server = arguments.next().unwrap_or_else(|| "http://localhost:3000".to_owned());
    let address = arguments.next().unwrap_or_else(|| "127.0.0.1:4100".to_owned());
    let listener = TcpListener::bind(address).await?;
    let config = Config {
        webhook_url: Some(format!("{}/api/webhooks/paypal", server.trim_end_matches('/'))),
        ..Config::at(format!("http://{}", listener.local_addr()?))
    };
    println!("PAYPAL_API_URL={}", config.public_url);
    println!("PAYPAL_CLIENT_ID={}", config.client_id);
    println!("PAYPAL_CLIENT_SECRET={}", config.client_secret);
    println!("PAYPAL_WEBHOOK_ID={}", config.webhook_id);
    Sandbox::new(config).serve(listener).await
}
