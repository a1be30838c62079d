//! Who somebody is, what they may do, and who did what.
//!
//! * [`sign_in`]: by e-mail or user name, with limits that do not lock out the real user
//! * [`sessions`]: signed-in browsers: found, listed, ended; [`cookie`] carries their token
//! * [`tokens`]: bearer tokens for REST, with rotating refresh tokens
//! * [`passwords`]: Argon2id, a few at a time; [`profile`]: changing one's own name, address and password
//! * [`reset`]: a forgotten password, by mail
//! * [`staff`]: the people of a hotel, for owners and managers
//! * [`customers`]: people without an organisation, who sign up by themselves
//! * [`managed`]: everybody, for the admin of the platform; [`platform_roles`]: what those may do who help to run it
//! * [`registration`]: a new company with its first hotel and owner
//! * [`companies`]: company accounts; for the admin, all of them, and acting in the name of their people
//! * [`operator`]: what somebody with a shell on the server may do
//! * [`mails`]: what people are written about their account
//! * [`audit`]: reading who did what; [`expiry`]: the nightly deletion of what has expired
//!
//! What happens before it is known who somebody is runs as the role `keyrack_identity`, which sees people but no
//! hotel's business; what staff do runs as `keyrack_app` inside their organisation.

mod access_end;
pub mod audit;
pub mod companies;
pub mod cookie;
pub mod customers;
mod error;
pub mod expiry;
pub mod mails;
pub mod managed;
pub mod operator;
pub mod passwords;
mod people;
pub mod platform_roles;
pub mod profile;
pub mod registration;
pub mod reset;
pub mod sessions;
pub mod sign_in;
pub mod staff;
pub mod tokens;

use std::fmt;
use std::sync::Arc;

use platform::clock::SharedClock;
use platform::database::Database;
use platform::settings::Settings;

pub use access_end::Current;
pub use audit::AuditPage;
pub use error::Error;
pub use expiry::delete_expired;
pub use passwords::hash_password;
pub use sessions::{NewSession, Session};
pub use sign_in::{Client, Wish};
pub use tokens::TokenPair;

use passwords::Passwords;
use sign_in::limits::Limits;
use tokens::access::AccessKeys;

/// The result of a use case.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The use cases of identity. Cheap to clone.
#[derive(Clone)]
pub struct Identity {
    database: Database,
    clock: SharedClock,
    passwords: Passwords,
    limits: Arc<Limits>,
    keys: Arc<AccessKeys>,
    base_url: Arc<str>,
}

impl Identity {
    /// The service on a database, with a clock.
    pub fn new(database: Database, clock: SharedClock, settings: &Settings) -> Self {
        Self {
            database,
            clock,
            passwords: Passwords::new(settings.password_cost),
            limits: Arc::new(Limits::new(&settings.sign_in_limits, &settings.secret_key)),
            keys: Arc::new(AccessKeys::new(&settings.secret_key)),
            base_url: settings.base_url.as_str().into(),
        }
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity").finish_non_exhaustive()
    }
}
