//! What customers are written about (spec 5.13): told by the events of billing, each mail once.
//!
//! The consumer writes a mail in the transaction that notes the event as read. A note of its own (`billing_notices`)
//! keeps it at one mail where events are told again, as after a restored backup.

mod said;
mod texts;

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use domain::billing::{InvoiceStatus, SubscriptionStatus};
use domain::ids::{AccountId, InvoiceId, SubscriptionId};
use platform::background;
use platform::jobs::HandlerResult;
use platform::mail::{self, Attachment, Letter, Message};
use platform::outbox::{Consumer, Published};
use sqlx::PgConnection;
use sqlx::types::Json;
use uuid::Uuid;

use crate::documents::{Buyer, InvoiceDocument, Seller, load};
use crate::{Error, Result};

use said::{About, Said};
pub use said::{Preview, previews};

/// [`previews`] for a request: their documents are drawn on a thread where nobody waits.
pub async fn drawn_previews() -> Vec<Preview> {
    tokio::task::spawn_blocking(previews).await.unwrap_or_else(|error| {
        tracing::error!(%error, "mail.previews_failed");
        Vec::new()
    })
}

/// News that is older is no news: after a longer standstill, or where mail is new, nobody is written about the past.
const NEWS: TimeDelta = TimeDelta::days(3);

/// The kinds of events that mail may be about.
const WRITTEN_ABOUT: [&str; 11] = [
    "checkout.completed",
    "invoice.issued",
    "invoice.overdue",
    "payment.captured",
    "payment.failed",
    "payment.refunded",
    "subscription.activated",
    "subscription.cancelled",
    "subscription.renewal_due",
    "subscription.trial_ending",
    "subscription.upgrade_requested",
];

/// Writes the mails of billing.
#[derive(Debug, Clone)]
pub struct Mails {
    base_url: Arc<str>,
}

impl Mails {
    /// With the address of the site, for links.
    pub fn new(base_url: &str) -> Self {
        Self { base_url: base_url.trim_end_matches('/').into() }
    }
}

#[async_trait]
impl Consumer for Mails {
    fn name(&self) -> &'static str {
        "billing.mails"
    }

    fn wants(&self, event: &Published) -> bool {
        WRITTEN_ABOUT.contains(&event.kind.as_str())
    }

    /// A mail may wait for the processor, and what happened since for the end of the transaction.
    fn at_once(&self) -> i64 {
        8
    }

    async fn handle(
        &self,
        connection: &mut PgConnection,
        event: &Published,
        now: DateTime<Utc>,
    ) -> HandlerResult {
        if now - event.occurred_at > NEWS {
            return Ok(());
        }
        match self.letter(connection, event, now).await {
            Ok(Some(message)) => mail::enqueue(connection, message, now).await?,
            // What a mail would be about may be gone, and so is the reason to write.
            Ok(None) | Err(Error::NoInvoice | Error::NoCreditNote | Error::NoSubscription) => {}
            Err(error @ Error::Database(_)) => return Err(error.into()),
            // One row that cannot be must not keep the mail of all others.
            Err(error) => {
                tracing::error!(%error, kind = event.kind, subject = %event.subject, "billing.mail_not_written");
            }
        }
        Ok(())
    }
}

impl Mails {
    /// What is to be written about an event, if anything.
    async fn letter(
        &self,
        connection: &mut PgConnection,
        event: &Published,
        now: DateTime<Utc>,
    ) -> Result<Option<Message>> {
        let id = |name: &str| {
            event.payload.get(name).and_then(|id| id.as_str()).and_then(|id| id.parse::<Uuid>().ok())
        };
        let Some(account_id) = id("account_id").map(AccountId) else { return Ok(None) };
        let invoice = id("invoice_id").map(InvoiceId);
        let subscription = id("subscription_id").map(SubscriptionId);
        let (letter, kind) = match (event.kind.as_str(), invoice, subscription) {
            ("checkout.completed" | "subscription.upgrade_requested", Some(id), _) => {
                (about_invoice(connection, account_id, id, About::Invoice, is_open).await?, "invoice")
            }
            ("invoice.issued", Some(id), _) => {
                (about_invoice(connection, account_id, id, About::Issued, is_open).await?, "invoice")
            }
            ("payment.captured", Some(id), _) => {
                let is_paid = |document: &InvoiceDocument| document.status == InvoiceStatus::Paid;
                (about_invoice(connection, account_id, id, About::Receipt, is_paid).await?, "receipt")
            }
            ("payment.failed", Some(id), _) => (
                about_invoice(connection, account_id, id, About::PaymentFailed, is_open).await?,
                "payment_failed",
            ),
            ("payment.failed", None, Some(id)) => {
                (not_collected(connection, account_id, id).await?, "not_collected")
            }
            ("invoice.overdue", Some(id), _) => {
                let is_last =
                    event.payload.get("is_last").and_then(serde_json::Value::as_bool).unwrap_or(false);
                (
                    about_invoice(connection, account_id, id, About::Overdue { is_last }, is_open).await?,
                    "overdue",
                )
            }
            ("payment.refunded", Some(invoice_id), _) => {
                let document = load(connection, Some(account_id), invoice_id, id("credit_note_id")).await?;
                (said(document, About::CreditNote), "credit_note")
            }
            ("subscription.activated", _, Some(id)) => {
                (activated(connection, account_id, id, event.occurred_at).await?, "activated")
            }
            // With a reason it is not the customer's own doing, and another mail tells of what is.
            ("subscription.cancelled", _, Some(id)) if event.payload.get("reason").is_none() => (
                about_subscription(
                    connection,
                    account_id,
                    id,
                    SubscriptionStatus::Cancelled,
                    event.occurred_at,
                )
                .await?,
                "cancelled",
            ),
            ("subscription.renewal_due", _, Some(id)) => (
                about_subscription(connection, account_id, id, SubscriptionStatus::Active, event.occurred_at)
                    .await?,
                "renewal_reminder",
            ),
            ("subscription.trial_ending", _, Some(id)) => (
                about_subscription(
                    connection,
                    account_id,
                    id,
                    SubscriptionStatus::Trialing,
                    event.occurred_at,
                )
                .await?,
                "trial_reminder",
            ),
            _ => return Ok(None),
        };
        let Some(said) = letter else { return Ok(None) };
        let (buyer, seller) = parties(connection, account_id).await?;
        if !buyer.is_active || buyer.email.is_empty() {
            return Ok(None);
        }
        let is_first = sqlx::query!(
            "INSERT INTO billing_notices (account_id, kind, subject, about, created_at) VALUES ($1, 'mail.' || $2, $3, $4, $5)
             ON CONFLICT DO NOTHING",
            Uuid::from(account_id),
            kind,
            event.subject,
            event.occurred_at,
            now,
        )
        .execute(&mut *connection)
        .await?
        .rows_affected();
        if is_first == 0 {
            return Ok(None);
        }
        // A document takes some milliseconds to draw, in which this thread would answer nobody; and nobody waits for it.
        let base_url = Arc::clone(&self.base_url);
        let drawn = background::run(move || said.letter(&buyer, &seller, &base_url).into_message());
        drawn.await.map(Some).map_err(|error| Error::Inconsistent(format!("a mail was not drawn: {error}")))
    }
}

/// Who is written to now, and who writes: a document names those of its day.
async fn parties(connection: &mut PgConnection, account_id: AccountId) -> Result<(Buyer, Seller)> {
    let row = sqlx::query!(
        r#"SELECT coalesce(billing_buyer($1), 'null') AS "buyer!: Json<Option<Buyer>>", billing_seller() AS "seller!: Json<Seller>""#,
        Uuid::from(account_id),
    )
    .fetch_one(connection)
    .await?;
    Ok((row.buyer.0.unwrap_or_default(), row.seller.0))
}

fn is_open(document: &InvoiceDocument) -> bool {
    document.status.is_open()
}

/// Something about an invoice, if it is still so; nothing about those over nothing.
async fn about_invoice(
    connection: &mut PgConnection,
    account_id: AccountId,
    id: InvoiceId,
    about: About,
    is_so: impl Fn(&InvoiceDocument) -> bool,
) -> Result<Option<Said>> {
    let document = load(connection, Some(account_id), id, None).await?;
    Ok(if is_so(&document) { said(document, about) } else { None })
}

fn said(document: InvoiceDocument, about: About) -> Option<Said> {
    if document.totals.total.minor == 0 {
        return None;
    }
    Some(Said::Document { document: Box::new(document), about })
}

struct SubscriptionRow {
    plan: String,
    status: String,
    expires_at: Option<DateTime<Utc>>,
    open_invoice: Option<Uuid>,
    has_renewed: bool,
    is_past_due: bool,
    pay_url: Option<String>,
}

async fn subscription(
    connection: &mut PgConnection,
    account_id: AccountId,
    id: SubscriptionId,
    at: Option<DateTime<Utc>>,
) -> Result<SubscriptionRow> {
    sqlx::query_as!(
        SubscriptionRow,
        r#"SELECT p.name AS plan, s.status, s.expires_at, s.is_past_due, s.provider_pay_url AS pay_url,
                  (SELECT i.id FROM invoices i WHERE i.account_id = s.account_id AND i.subscription_id = s.id AND i.status = 'pending'
                     AND i.reason IN ('purchase', 'renewal') ORDER BY i.invoiced_at DESC, i.id DESC LIMIT 1) AS "open_invoice?",
                  EXISTS (SELECT FROM invoices i WHERE i.account_id = s.account_id AND i.subscription_id = s.id AND i.reason = 'renewal'
                            AND i.paid_at = $3) AS "has_renewed!"
           FROM subscriptions s JOIN plans p ON p.id = s.plan_id WHERE s.account_id = $1 AND s.id = $2"#,
        Uuid::from(account_id),
        Uuid::from(id),
        at,
    )
    .fetch_optional(connection)
    .await?
    .ok_or(Error::NoSubscription)
}

/// A subscription runs, or has another plan. Of the next period the receipt tells.
async fn activated(
    connection: &mut PgConnection,
    account_id: AccountId,
    id: SubscriptionId,
    at: DateTime<Utc>,
) -> Result<Option<Said>> {
    let row = subscription(connection, account_id, id, Some(at)).await?;
    if row.has_renewed || row.status != SubscriptionStatus::Active.as_str() {
        return Ok(None);
    }
    Ok(Some(Said::Activated { plan: row.plan, until: row.expires_at }))
}

/// A provider could not collect the next period, and there is no invoice over it yet.
async fn not_collected(
    connection: &mut PgConnection,
    account_id: AccountId,
    id: SubscriptionId,
) -> Result<Option<Said>> {
    let row = subscription(connection, account_id, id, None).await?;
    Ok(row.is_past_due.then_some(Said::NotCollected { plan: row.plan, pay_url: row.pay_url }))
}

/// Something about a subscription that is still in a state.
async fn about_subscription(
    connection: &mut PgConnection,
    account_id: AccountId,
    id: SubscriptionId,
    status: SubscriptionStatus,
    at: DateTime<Utc>,
) -> Result<Option<Said>> {
    let row = subscription(connection, account_id, id, None).await?;
    if row.status != status.as_str() {
        return Ok(None);
    }
    let invoice = match row.open_invoice {
        Some(invoice) if status != SubscriptionStatus::Cancelled => {
            Some(Box::new(load(connection, Some(account_id), InvoiceId(invoice), None).await?))
        }
        _ => None,
    };
    let said = match (status, row.expires_at) {
        (SubscriptionStatus::Cancelled, until) => {
            Said::Cancelled { plan: row.plan, until: until.filter(|until| *until > at) }
        }
        (SubscriptionStatus::Trialing, Some(ends_at)) => {
            Said::TrialReminder { plan: row.plan, ends_at, invoice }
        }
        (_, Some(ends_at)) => Said::RenewalReminder { plan: row.plan, ends_at, invoice },
        (_, None) => return Ok(None),
    };
    Ok(Some(said))
}

/// A document as it comes with a mail.
fn attached(document: &InvoiceDocument) -> Attachment {
    let pdf = document.to_pdf();
    Attachment::new(pdf.file_name, "application/pdf", &pdf.bytes)
}

impl Said {
    fn letter(self, buyer: &Buyer, seller: &Seller, base_url: &str) -> Letter {
        let attachments = self.document().map(attached).into_iter().collect();
        let (subject, parts) = self.words(seller, base_url);
        Letter {
            to: buyer.email.clone(),
            name: buyer.addressee().to_owned(),
            subject,
            parts,
            sender: seller.signature(),
            attachments,
        }
    }
}
