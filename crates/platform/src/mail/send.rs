//! The handler of [`SendMail`]: through SMTP, or kept.

use std::time::{Duration, SystemTime};

use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart, SinglePart};
use lettre::transport::smtp;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::response::{Category, Severity};
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};
use sqlx::types::Json;

use super::{Attachment, Message, SendMail};
use crate::jobs::{Context, HandlerError, HandlerResult, Handlers};
use crate::settings::{Smtp, SmtpEncryption};

/// How long a mail server may take for one mail, from connecting to its last answer.
const TIMEOUT: Duration = Duration::from_secs(30);

/// What is wrong with the settings of mail.
#[derive(Debug, thiserror::Error)]
pub enum MailerError {
    /// The sender is no address.
    #[error("SMTP_FROM={from:?} is not an address")]
    From {
        /// What it is.
        from: String,
        /// Why it is none.
        source: lettre::address::AddressError,
    },
    /// Encryption cannot be set up for this host.
    #[error("SMTP_HOST={host:?} cannot be used with encryption")]
    Encryption {
        /// The host.
        host: String,
        /// Why not.
        source: smtp::Error,
    },
}

/// Why a mail was not sent.
#[derive(Debug, thiserror::Error)]
enum SendError {
    #[error("the recipient {to:?} is not an address")]
    Recipient { to: String, source: lettre::address::AddressError },
    #[error("the mail cannot be written")]
    Write(#[from] lettre::error::Error),
    #[error("the mail server refused the mail, or cannot be reached")]
    Smtp(#[from] smtp::Error),
    #[error("the mail server took longer than {0:?}")]
    Timeout(Duration),
    #[error("the mail cannot be kept")]
    Keep(#[from] sqlx::Error),
}

impl SendError {
    fn judged(self) -> HandlerError {
        if self.is_lasting() { HandlerError::lasting(self) } else { HandlerError::passing(self) }
    }

    /// Whether another attempt would fail in the same way: no such address (55x), but not a wrong password (535), which
    /// somebody may put right meanwhile.
    fn is_lasting(&self) -> bool {
        match self {
            Self::Recipient { .. } | Self::Write(_) => true,
            Self::Smtp(error) => error.status().is_some_and(|code| {
                code.severity == Severity::PermanentNegativeCompletion
                    && code.category == Category::MailSystem
            }),
            Self::Timeout(_) | Self::Keep(_) => false,
        }
    }
}

/// Sends mail, or keeps it.
#[derive(Debug, Clone)]
pub struct Mailer {
    smtp: Option<Transport>,
}

#[derive(Debug, Clone)]
struct Transport {
    from: Mailbox,
    transport: AsyncSmtpTransport<Tokio1Executor>,
    timeout: Duration,
}

impl Mailer {
    /// A mailer that sends through `settings`, or keeps mail if there are none.
    pub fn new(settings: Option<&Smtp>) -> Result<Self, MailerError> {
        Self::with_timeout(settings, TIMEOUT)
    }

    pub(super) fn with_timeout(settings: Option<&Smtp>, timeout: Duration) -> Result<Self, MailerError> {
        let smtp = settings.map(|settings| Transport::new(settings, timeout)).transpose()?;
        Ok(Self { smtp })
    }

    /// Adds the handler of [`SendMail`].
    #[must_use]
    pub fn handle_in(self, handlers: Handlers) -> Handlers {
        handlers.on(move |context, job: SendMail| {
            let mailer = self.clone();
            async move { mailer.deliver(&context, job.0).await }
        })
    }

    async fn deliver(&self, context: &Context, message: Message) -> HandlerResult {
        let sent = match &self.smtp {
            Some(smtp) => smtp.send(context, message).await,
            None => keep(context, message).await,
        };
        sent.map_err(SendError::judged)
    }
}

impl Transport {
    fn new(settings: &Smtp, timeout: Duration) -> Result<Self, MailerError> {
        let from = settings
            .from
            .parse()
            .map_err(|source| MailerError::From { from: settings.from.clone(), source })?;
        let host = settings.host.as_str();
        let builder = match settings.encryption {
            SmtpEncryption::None => Ok(AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(host)),
            SmtpEncryption::StartTls => AsyncSmtpTransport::<Tokio1Executor>::starttls_relay(host),
            SmtpEncryption::Tls => AsyncSmtpTransport::<Tokio1Executor>::relay(host),
        };
        let mut builder = builder
            .map_err(|source| MailerError::Encryption { host: host.to_owned(), source })?
            .port(settings.port)
            .timeout(Some(timeout));
        if let Some(user) = &settings.user {
            let password = settings.password.as_ref().map_or("", |password| password.expose());
            builder = builder.credentials(Credentials::new(user.clone(), password.to_owned()));
        }
        Ok(Self { from, transport: builder.build(), timeout })
    }

    async fn send(&self, context: &Context, message: Message) -> Result<(), SendError> {
        let mail = self.write(context, message)?;
        // The transport's own time limit covers connecting alone.
        match tokio::time::timeout(self.timeout, self.transport.send(mail)).await {
            Ok(sent) => sent.map(drop).map_err(SendError::Smtp),
            Err(_) => Err(SendError::Timeout(self.timeout)),
        }
    }

    fn write(&self, context: &Context, message: Message) -> Result<lettre::Message, SendError> {
        let Message { to, subject, text, html, attachments } = message;
        let to: Mailbox = to.parse().map_err(|source| SendError::Recipient { to, source })?;
        // A line break would begin another header.
        let subject = subject.replace(char::is_control, " ");
        let builder = lettre::Message::builder()
            // The same at each attempt: should an answer of the server get lost, the second mail is known for the first.
            .message_id(Some(format!("<{}@{}>", context.job_id, self.from.email.domain())))
            .date(SystemTime::from(context.now()))
            .from(self.from.clone())
            .to(to)
            .subject(subject)
            // RFC 3834: keeps out-of-office replies away.
            .raw_header(HeaderValue::new(
                HeaderName::new_from_ascii_str("Auto-Submitted"),
                "auto-generated".to_owned(),
            ));
        let mail = match (html, attachments.as_slice()) {
            (None, []) => builder.singlepart(SinglePart::plain(text)),
            (Some(html), []) => builder.multipart(MultiPart::alternative_plain_html(text, html)),
            (html, attachments) => {
                let body = match html {
                    Some(html) => MultiPart::mixed().multipart(MultiPart::alternative_plain_html(text, html)),
                    None => MultiPart::mixed().singlepart(SinglePart::plain(text)),
                };
                builder.multipart(attachments.iter().fold(body, |body, file| body.singlepart(part(file))))
            }
        };
        Ok(mail?)
    }
}

/// A file as a part of a mail.
fn part(file: &Attachment) -> SinglePart {
    let content_type = ContentType::parse(&file.content_type).unwrap_or(ContentType::TEXT_PLAIN);
    lettre::message::Attachment::new(file.name.clone()).body(file.bytes(), content_type)
}

async fn keep(context: &Context, message: Message) -> Result<(), SendError> {
    sqlx::query!(
        "INSERT INTO kept_mails (id, recipient, subject, text_body, html_body, attachments, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (id) DO NOTHING",
        context.job_id,
        message.to,
        message.subject,
        message.text,
        message.html,
        Json(message.attachments) as _,
        context.now(),
    )
    .execute(context.database.worker())
    .await?;
    Ok(())
}
