//! Pages for what nobody owes any more: they are closed, and money that arrives all the same goes back.

use domain::ids::{AccountId, InvoiceId};
use platform::database::Transaction;
use platform::jobs::{self, Job, Options};
use plugin_api::payment::ProviderError;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::ATTEMPTS;
use crate::{Billing, Result};

/// How many pages are closed in one run; the others are the next one's.
const BATCH: i64 = 100;

/// Closes the pages of void invoices. Does what is there to do when it runs.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ClosePages {}

impl Job for ClosePages {
    const QUEUE: &'static str = "billing.close_pages";
}

/// Closes the page of an invoice that was paid otherwise.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ClosePage {
    /// The provider.
    pub provider: String,
    /// Its id of the page.
    pub session: String,
}

impl Job for ClosePage {
    const QUEUE: &'static str = "billing.close_page";
    const ATTEMPTS: u32 = ATTEMPTS;
}

/// Lets a page be closed, once this transaction is committed.
pub(crate) async fn close_later(
    transaction: &mut Transaction,
    provider: String,
    session: String,
    now: chrono::DateTime<chrono::Utc>,
) -> Result<()> {
    jobs::enqueue(transaction, &ClosePage { provider, session }, Options::default(), now).await?;
    Ok(())
}

/// Has a provider give back a payment for what nobody owes.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ReturnPayment {
    /// The provider.
    pub provider: String,
    /// Its reference of the payment.
    pub reference: String,
}

impl Job for ReturnPayment {
    const QUEUE: &'static str = "billing.return_payment";
    const ATTEMPTS: u32 = ATTEMPTS;
}

/// Lets a payment go back, once this transaction is committed.
pub(super) async fn return_later(
    transaction: &mut Transaction,
    provider: &str,
    reference: &str,
    now: chrono::DateTime<chrono::Utc>,
) -> Result<()> {
    let job = ReturnPayment { provider: provider.to_owned(), reference: reference.to_owned() };
    let options =
        Options { deduplication_key: Some(format!("{provider} {reference}")), ..Options::default() };
    jobs::enqueue(transaction, &job, options, now).await?;
    Ok(())
}

impl Billing {
    /// Closes the pages on which invoices could be paid that are void by now. Gives how many.
    pub async fn close_pages(&self) -> Result<usize> {
        let open = sqlx::query!(
            r#"SELECT account_id AS "account_id: AccountId", id AS "id: InvoiceId", provider AS "provider!", provider_session_id AS "session!"
               FROM invoices
               WHERE status = 'cancelled' AND provider_session_id IS NOT NULL AND provider IS NOT NULL
               ORDER BY updated_at LIMIT $1"#,
            BATCH,
        )
        .fetch_all(self.database.worker())
        .await?;
        let mut failed = None;
        for page in &open {
            // One that cannot be closed now keeps no other open.
            if let Err(error) = self.close_page(&page.provider, &page.session).await {
                failed.get_or_insert(error);
                continue;
            }
            sqlx::query!(
                "UPDATE invoices SET provider_session_id = NULL, expired_sessions = expired_sessions + 1
                 WHERE account_id = $1 AND id = $2 AND provider_session_id = $3 AND status = 'cancelled'",
                Uuid::from(page.account_id),
                Uuid::from(page.id),
                page.session,
            )
            .execute(self.database.worker())
            .await?;
        }
        failed.map_or(Ok(open.len()), Err)
    }

    /// Closes a page.
    pub async fn close_page(&self, provider: &str, session: &str) -> Result<()> {
        // Without its keys nobody can.
        let Ok(provider) = self.provider(provider) else { return Ok(()) };
        match provider.close_session(session).await {
            // What was paid, or is over, is closed.
            Ok(()) | Err(ProviderError::Refused(_) | ProviderError::Unknown | ProviderError::Unsupported) => {
                Ok(())
            }
            Err(problem) => Err(problem.into()),
        }
    }

    /// Has the provider give back a payment for what nobody owes.
    pub async fn return_payment(&self, job: &ReturnPayment) -> Result<()> {
        self.give_back(&job.provider, &job.reference).await
    }
}
