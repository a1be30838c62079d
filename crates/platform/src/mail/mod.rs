//! Mail: written in the transaction that causes it, sent after it by a job, through SMTP or kept for `/dev/mail`.

mod letter;
mod send;
#[cfg(test)]
mod tests;

use base64::prelude::*;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use sqlx::types::Json;

pub use self::letter::{Letter, Part};
pub use self::send::{Mailer, MailerError};
use crate::database::Database;
use crate::jobs::{self, Job, Options};

/// A mail to one person.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// The address, alone or as `Name <address>`.
    pub to: String,
    /// The subject, one line.
    pub subject: String,
    /// The text, for readers that show no HTML and for people who prefer it.
    pub text: String,
    /// The same as HTML, if there is a version of it.
    pub html: Option<String>,
    /// Files that come with it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<Attachment>,
}

/// A file that comes with a mail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// What it is saved as.
    pub name: String,
    /// Such as `application/pdf`.
    pub content_type: String,
    /// The file, in base64: mail is kept as JSON until it is sent.
    content: String,
}

impl Attachment {
    /// A file under a name.
    pub fn new(name: String, content_type: &str, bytes: &[u8]) -> Self {
        Self { name, content_type: content_type.to_owned(), content: BASE64_STANDARD.encode(bytes) }
    }

    /// The file. Empty if what was kept is not base64.
    pub fn bytes(&self) -> Vec<u8> {
        BASE64_STANDARD.decode(&self.content).unwrap_or_default()
    }
}

/// The text may hold a link that lets its holder in, so only the envelope is printed.
impl std::fmt::Debug for Message {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Message")
            .field("to", &self.to)
            .field("subject", &self.subject)
            .finish_non_exhaustive()
    }
}

/// The job that sends a mail.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SendMail(pub Message);

impl Job for SendMail {
    const QUEUE: &'static str = "mail.send";
}

/// Has a mail sent once the caller's transaction commits.
pub async fn enqueue(
    connection: &mut PgConnection,
    message: Message,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    jobs::enqueue(connection, &SendMail(message), Options::default(), now).await?;
    Ok(())
}

/// A mail that was kept because there is no SMTP server.
#[derive(Debug, Clone)]
pub struct KeptMail {
    /// The mail.
    pub message: Message,
    /// When it would have been sent.
    pub at: DateTime<Utc>,
}

/// The newest hundred kept mails, newest first.
pub async fn kept(database: &Database) -> Result<Vec<KeptMail>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"SELECT recipient, subject, text_body, html_body, attachments AS "attachments: Json<Vec<Attachment>>", created_at
           FROM kept_mails ORDER BY created_at DESC, id DESC LIMIT 100"#
    )
    .fetch_all(database.worker())
    .await?;
    let mails = rows.into_iter().map(|row| KeptMail {
        message: Message {
            to: row.recipient,
            subject: row.subject,
            text: row.text_body,
            html: row.html_body,
            attachments: row.attachments.0,
        },
        at: row.created_at,
    });
    Ok(mails.collect())
}
