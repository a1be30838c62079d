//! Serves the double of YooKassa, and prints the settings with which a server pays there:
//! `cargo run -p plugin-yookassa --example yookassa_sandbox -- [address of the server] [address to listen on]`.

use plugin_yookassa::sandbox::{Config, Sandbox};
use tokio::net::TcpListener;

/// What its notifications carry, as those of a real shop would.
const SECRET: &str = "sandbox-notifications";

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let server = arguments.next().unwrap_or_else(|| "http://localhost:3000".to_owned());
    let address = arguments.next().unwrap_or_else(|| "127.0.0.1:4200".to_owned());
    let listener = TcpListener::bind(address).await?;
    let config = Config {
        shop_id: "100500".to_owned(),
        secret_key: "sandbox-secret".to_owned(),
        public_url: format!("http://{}", listener.local_addr()?),
        notification_url: Some(format!(
            "{}/api/webhooks/yookassa?key={SECRET}",
            server.trim_end_matches('/')
        )),
    };
    println!("YOOKASSA_API_URL={}/v3", config.public_url);
    println!("YOOKASSA_SHOP_ID={}", config.shop_id);
    println!("YOOKASSA_SECRET_KEY={}", config.secret_key);
    println!("YOOKASSA_NOTIFICATION_SECRET={SECRET}");
    Sandbox::new(config).serve(listener).await
}
