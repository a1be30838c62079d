//! The environment, read once. A missing or bad setting stops the start with one clear line each.

mod accounts;

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;

use crate::database::FEWEST_CONNECTIONS;
use crate::outgoing::OutgoingRules;

pub use accounts::{LanguageModelSettings, PayPalKeys, StripeKeys, YooKassaKeys};

/// A text that must not be logged.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}

/// Where mail goes.
#[derive(Debug, Clone)]
pub struct Smtp {
    /// Host name of the server.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// User name, if the server wants one.
    pub user: Option<String>,
    /// Password, if the server wants one.
    pub password: Option<Secret>,
    /// The sender's address.
    pub from: String,
    /// How the connection is encrypted.
    pub encryption: SmtpEncryption,
}

/// How a connection to a mail server is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SmtpEncryption {
    /// Not at all; for a server on the same machine.
    None,
    /// Plain first, then upgraded (RFC 3207).
    StartTls,
    /// From the first byte on (RFC 8314).
    Tls,
}

/// The longest window in minutes that failed sign-ins are counted in; older ones are deleted.
pub const LONGEST_WINDOW_MINUTES: i64 = 7 * 24 * 60;

/// How many sign-ins may fail before the next has to wait.
#[derive(Debug, Clone, Copy)]
pub struct SignInLimits {
    /// Failures for one account within the window.
    pub per_account: i64,
    /// Failures from one address within the window.
    pub per_address: i64,
    /// The window in minutes.
    pub window_minutes: i64,
}

/// What making one hash of a password takes. No setting: whoever may change it may as well store passwords unhashed.
#[derive(Debug, Clone, Copy)]
pub struct PasswordCost {
    /// Memory in KiB.
    pub memory: u32,
    /// Passes over that memory.
    pub passes: u32,
}

impl PasswordCost {
    /// What OWASP recommends for Argon2id with one lane.
    pub const OWASP: Self = Self { memory: 19 * 1024, passes: 2 };
    /// The least that Argon2 takes: for tests alone, which spent a fifth of their time on hashes.
    pub const LEAST: Self = Self { memory: 8, passes: 1 };
}

/// Everything that can be set from outside.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The address to listen on.
    pub listen: SocketAddr,
    /// The address people type, without a slash at the end.
    pub base_url: String,
    /// The database; none for the embedded one.
    pub database_url: Option<Secret>,
    /// Connections to the database in all.
    pub database_connections: u32,
    /// Where the embedded database and other state live.
    pub state_dir: PathBuf,
    /// Signs tokens.
    pub secret_key: Secret,
    /// Whether to fill an empty database with demo data at start.
    pub demo: bool,
    /// Where mail goes; none to keep it and show it at `/dev/mail`.
    pub smtp: Option<Smtp>,
    /// The account at Stripe; none to use a sandbox in which no real money moves.
    pub stripe: Option<StripeKeys>,
    /// The account at PayPal; without one nobody pays there.
    pub paypal: Option<PayPalKeys>,
    /// The shop at YooKassa; without one nobody pays there.
    pub yookassa: Option<YooKassaKeys>,
    /// The port of Stripe's sandbox; none for any that is free.
    pub stripe_sandbox_port: Option<u16>,
    /// The language model that plug-ins ask; none where they have none to ask.
    pub language_model: Option<LanguageModelSettings>,
    /// Limits on failed sign-ins.
    pub sign_in_limits: SignInLimits,
    /// What a hash of a password takes.
    pub password_cost: PasswordCost,
    /// Requests of `/api/v1` that one address may send in a minute; 0 for any number.
    pub api_requests_per_minute: u32,
    /// Whether what belongs to a module is for companies alone that have it (spec `hotel-modules.md` 2.3).
    pub modules_enabled: bool,
    /// Whether `X-Forwarded-For` tells the client's address, because a balancer of ours sets it.
    pub trust_proxy: bool,
    /// What addresses that somebody typed, as of webhooks, may be.
    pub outgoing: OutgoingRules,
}

/// The key that is used on a developer's machine when none is set.
const DEVELOPMENT_KEY: &str = "keyrack-development-key-never-for-production";

/// What is wrong with the environment, a line for each setting.
#[derive(Debug, thiserror::Error)]
#[error("{}", .0.join("\n"))]
pub struct SettingsError(pub Vec<String>);

/// Reads settings one by one and collects what is wrong.
struct Reader<'a> {
    get: &'a dyn Fn(&str) -> Option<String>,
    problems: Vec<String>,
}

impl Reader<'_> {
    fn text(&self, name: &str) -> Option<String> {
        (self.get)(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
    }

    /// What something else that is set needs.
    fn needed(&mut self, name: &str, what: &str) -> String {
        self.text(name).unwrap_or_else(|| {
            self.problems.push(format!("{name} is missing: {what}"));
            String::new()
        })
    }

    fn parsed<T: FromStr>(&mut self, name: &str, what: &str, default: T) -> T {
        match self.text(name) {
            None => default,
            Some(text) => text.parse().unwrap_or_else(|_| {
                self.problems.push(format!("{name}={text:?} is not {what}"));
                default
            }),
        }
    }

    /// A whole number within bounds.
    fn within<T: FromStr + PartialOrd + Copy + fmt::Display>(
        &mut self,
        name: &str,
        (min, max): (T, T),
        default: T,
    ) -> T {
        let number = self.parsed(name, "a number", default);
        if !(min..=max).contains(&number) {
            self.problems.push(format!("{name}={number} is not between {min} and {max}"));
        }
        number
    }

    fn flag(&mut self, name: &str) -> bool {
        match self.text(name).as_deref() {
            None | Some("false" | "0" | "no") => false,
            Some("true" | "1" | "yes") => true,
            Some(other) => {
                self.problems.push(format!("{name}={other:?} is neither true nor false"));
                false
            }
        }
    }
}

impl Settings {
    /// Reads the process's environment.
    pub fn from_env() -> Result<Self, SettingsError> {
        Self::read(&|name| std::env::var(name).ok())
    }

    /// Reads settings through `get`.
    pub fn read(get: &dyn Fn(&str) -> Option<String>) -> Result<Self, SettingsError> {
        let mut reader = Reader { get, problems: Vec::new() };
        let host = reader.parsed("HOST", "an IP address", IpAddr::from([127, 0, 0, 1]));
        let port = reader.parsed("PORT", "a port number", 3000u16);
        let base_url = reader.text("BASE_URL").unwrap_or_else(|| format!("http://localhost:{port}"));
        let base_url = base_url.trim_end_matches('/').to_owned();
        if !base_url.starts_with("http://") && !base_url.starts_with("https://") {
            reader.problems.push(format!("BASE_URL={base_url:?} does not begin with http:// or https://"));
        }
        let secret_key = secret_key(&mut reader, &base_url);
        let smtp = smtp(&mut reader);
        let stripe = accounts::stripe(&mut reader);
        let paypal = accounts::paypal(&mut reader);
        let yookassa = accounts::yookassa(&mut reader);
        let language_model = accounts::language_model(&mut reader);
        let sandbox_port = reader.parsed("STRIPE_SANDBOX_PORT", "a port number", 0u16);
        let settings = Self {
            listen: SocketAddr::new(host, port),
            database_url: reader.text("DATABASE_URL").map(Secret::new),
            database_connections: reader.within("DATABASE_CONNECTIONS", (FEWEST_CONNECTIONS, 10_000), 32),
            state_dir: reader
                .text("KEYRACK_STATE_DIR")
                .map_or_else(|| PathBuf::from(".keyrack"), PathBuf::from),
            secret_key,
            demo: demo(&mut reader, &base_url),
            smtp,
            stripe,
            paypal,
            yookassa,
            stripe_sandbox_port: Some(sandbox_port).filter(|port| *port != 0),
            language_model,
            sign_in_limits: SignInLimits {
                per_account: reader.within("RATE_LIMIT_SIGN_IN_PER_ACCOUNT", (1, 1_000_000), 10),
                per_address: reader.within("RATE_LIMIT_SIGN_IN_PER_ADDRESS", (1, 1_000_000), 50),
                window_minutes: reader.within(
                    "RATE_LIMIT_SIGN_IN_WINDOW_MINUTES",
                    (1, LONGEST_WINDOW_MINUTES),
                    15,
                ),
            },
            password_cost: PasswordCost::OWASP,
            api_requests_per_minute: reader.parsed("RATE_LIMIT_API_PER_MINUTE", "a number", 5_000),
            modules_enabled: reader.flag("MODULES_ENABLED"),
            trust_proxy: reader.flag("TRUST_PROXY"),
            outgoing: OutgoingRules {
                allow_http: reader.flag("OUTGOING_ALLOW_HTTP"),
                allow_private_addresses: reader.flag("OUTGOING_ALLOW_PRIVATE_ADDRESSES"),
            },
            base_url,
        };
        if reader.problems.is_empty() { Ok(settings) } else { Err(SettingsError(reader.problems)) }
    }

    /// Whether cookies can be marked `Secure`: everywhere but on a developer's machine.
    pub fn is_https(&self) -> bool {
        self.base_url.starts_with("https://")
    }

    /// Whether this is a developer's machine rather than a server that people reach.
    pub fn is_local(&self) -> bool {
        is_local(&self.base_url)
    }
}

fn is_local(base_url: &str) -> bool {
    let host = base_url.split("://").nth(1).unwrap_or("");
    ["localhost", "127.0.0.1", "[::1]"].iter().any(|local| {
        host.strip_prefix(local).is_some_and(|rest| rest.is_empty() || rest.starts_with([':', '/']))
    })
}

fn demo(reader: &mut Reader<'_>, base_url: &str) -> bool {
    let demo = reader.flag("KEYRACK_DEMO");
    if demo && !is_local(base_url) {
        reader.problems.push(format!(
            "KEYRACK_DEMO makes accounts, one of them the platform's admin, whose passwords everybody knows; {base_url} is not this machine"
        ));
    }
    demo
}

fn secret_key(reader: &mut Reader<'_>, base_url: &str) -> Secret {
    match reader.text("SECRET_KEY") {
        Some(key) if key.len() < 32 => {
            reader.problems.push(
                "SECRET_KEY is shorter than 32 characters; make one with: openssl rand -base64 48".to_owned(),
            );
            Secret::new(key)
        }
        Some(key) if key == DEVELOPMENT_KEY && !is_local(base_url) => {
            reader.problems.push("SECRET_KEY is the development key, which everybody knows".to_owned());
            Secret::new(key)
        }
        Some(key) => Secret::new(key),
        None => {
            if !is_local(base_url) {
                reader.problems.push(format!(
                    "SECRET_KEY is missing; {base_url} is not this machine, so it needs one: openssl rand -base64 48"
                ));
            }
            Secret::new(DEVELOPMENT_KEY)
        }
    }
}

fn smtp(reader: &mut Reader<'_>) -> Option<Smtp> {
    let host = reader.text("SMTP_HOST")?;
    let encryption = match reader.text("SMTP_ENCRYPTION").as_deref() {
        None | Some("starttls") => SmtpEncryption::StartTls,
        Some("tls") => SmtpEncryption::Tls,
        Some("none") => SmtpEncryption::None,
        Some(other) => {
            reader.problems.push(format!("SMTP_ENCRYPTION={other:?} is none of starttls, tls, none"));
            SmtpEncryption::StartTls
        }
    };
    let from = reader.needed("SMTP_FROM", "the address mail is sent from");
    let port = reader.parsed(
        "SMTP_PORT",
        "a port number",
        if encryption == SmtpEncryption::Tls { 465 } else { 587 },
    );
    Some(Smtp {
        host,
        port,
        user: reader.text("SMTP_USER"),
        password: reader.text("SMTP_PASSWORD").map(Secret::new),
        from,
        encryption,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<Settings, SettingsError> {
        Settings::read(&|name| {
            pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn nothing_set_is_a_developers_machine() {
        let settings = read(&[]).unwrap();
        assert_eq!(settings.base_url, "http://localhost:3000");
        assert!(settings.is_local() && !settings.is_https());
        assert_eq!(settings.outgoing, OutgoingRules::default());
        assert!(!settings.modules_enabled);
    }

    #[test]
    fn every_bad_setting_is_named_at_once() {
        let error = read(&[("PORT", "many"), ("KEYRACK_DEMO", "perhaps"), ("SMTP_HOST", "mail")])
            .unwrap_err()
            .to_string();
        assert_eq!(error.lines().count(), 3, "{error}");
        assert!(error.contains("PORT=\"many\" is not a port number"));
    }

    #[test]
    fn a_number_out_of_bounds_is_named_and_not_bent() {
        for (name, bad) in [
            ("RATE_LIMIT_SIGN_IN_PER_ACCOUNT", "0"),
            ("RATE_LIMIT_SIGN_IN_PER_ADDRESS", "-1"),
            ("RATE_LIMIT_SIGN_IN_WINDOW_MINUTES", "0"),
            ("RATE_LIMIT_SIGN_IN_WINDOW_MINUTES", "99999"),
            ("RATE_LIMIT_API_PER_MINUTE", "-1"),
            ("DATABASE_CONNECTIONS", "15"),
        ] {
            let error = read(&[(name, bad)]).unwrap_err().to_string();
            assert!(error.starts_with(name) && error.lines().count() == 1, "{error}");
        }
        assert_eq!(read(&[("RATE_LIMIT_API_PER_MINUTE", "0")]).unwrap().api_requests_per_minute, 0);
    }

    #[test]
    fn demo_accounts_are_for_this_machine_alone() {
        assert!(read(&[("KEYRACK_DEMO", "true")]).unwrap().demo);
        let public =
            [("KEYRACK_DEMO", "true"), ("BASE_URL", "https://desk.example"), ("SECRET_KEY", &"k".repeat(40))];
        let error = read(&public).unwrap_err().to_string();
        assert!(error.starts_with("KEYRACK_DEMO") && error.lines().count() == 1, "{error}");
    }

    #[test]
    fn a_server_that_people_reach_needs_a_secret_of_its_own() {
        assert!(read(&[("BASE_URL", "https://desk.example")]).is_err());
        assert!(read(&[("BASE_URL", "https://localhost.example")]).is_err());
        assert!(read(&[("BASE_URL", "https://desk.example"), ("SECRET_KEY", DEVELOPMENT_KEY)]).is_err());
        assert!(read(&[("BASE_URL", "https://desk.example"), ("SECRET_KEY", "short")]).is_err());
        assert!(read(&[("BASE_URL", "https://desk.example"), ("SECRET_KEY", &"k".repeat(40))]).is_ok());
    }

    #[test]
    fn a_language_model_has_an_address_and_a_name() {
        assert!(read(&[("LANGUAGE_MODEL_KEY", "sk-secret")]).unwrap().language_model.is_none());
        let (url, name) =
            (("LANGUAGE_MODEL_URL", "https://models.example/v1/"), ("LANGUAGE_MODEL_NAME", "small"));
        let settings = read(&[url, name, ("LANGUAGE_MODEL_KEY", "sk-secret")]).unwrap();
        assert!(!format!("{settings:?}").contains("sk-secret"));
        assert_eq!(settings.language_model.unwrap().url, "https://models.example/v1");
        let why = |pairs: &[(&str, &str)]| read(pairs).unwrap_err().to_string();
        assert!(why(&[url]).starts_with("LANGUAGE_MODEL_NAME is missing"));
        assert!(why(&[name]).starts_with("LANGUAGE_MODEL_URL is missing"));
        let bad = why(&[("LANGUAGE_MODEL_URL", "models.example"), name]);
        assert!(bad.starts_with("LANGUAGE_MODEL_URL does not begin"), "{bad}");
    }

    #[test]
    fn secrets_are_not_printed() {
        let settings =
            read(&[("DATABASE_URL", "postgres://u:hunter2@h/d"), ("SECRET_KEY", &"k".repeat(40))]).unwrap();
        let printed = format!("{settings:?}");
        assert!(!printed.contains("hunter2") && !printed.contains("kkkk"));
    }
}
