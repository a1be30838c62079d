//! What every context of Keyrack stands on.
//!
//! * [`settings`]: the environment, read once and checked
//! * [`database`]: pools and transactions that carry the actor for row-level security
//! * [`embedded`]: a Postgres of our own under `.keyrack/`
//! * [`jobs`]: background jobs and cron on Postgres
//! * [`background`]: work that gives way to those who wait
//! * [`outbox`]: events written with the change, delivered after it
//! * [`audit`]: who did what
//! * [`live`]: what another desk does, within a second
//! * [`outgoing`]: HTTP to addresses that somebody typed
//! * [`mail`]: SMTP, or kept and shown at `/dev/mail`
//! * [`pdf`]: documents on pages
//! * [`clock`], [`ids`], [`secret`]: time, identifiers and random tokens, each from one place
//! * [`sealed`]: secrets that have to be read again, encrypted

pub mod audit;
pub mod background;
pub mod clock;
pub mod database;
pub mod embedded;
pub mod ids;
pub mod jobs;
pub mod live;
pub mod mail;
pub mod outbox;
pub mod outgoing;
pub mod pdf;
pub mod sealed;
pub mod secret;
pub mod settings;
