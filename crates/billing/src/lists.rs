//! Everybody's invoices and subscriptions, for lists that grow without end: a page after the one before, whatever the
//! filter, without counting what is not shown.

use std::str::FromStr;

use chrono::{DateTime, Utc};
use domain::access::AdminPermit;
use domain::billing::{InvoiceStatus, SubscriptionStatus};
use domain::ids::{AccountId, InvoiceId, SubscriptionId};
use domain::money::Money;
use domain::problem::UnknownValue;
use platform::database::{Transaction, beginning, plan_for_values};
use uuid::Uuid;

use crate::catalogue::currency;
use crate::{Billing, Result};

/// Which rows are wanted.
#[derive(Debug, Clone)]
pub struct Search<S, I> {
    /// Only those in this state.
    pub status: Option<S>,
    /// Only those of this account.
    pub account_id: Option<AccountId>,
    /// What people search by: an e-mail address, which is one account; of invoices else the beginning of the number or its
    /// last digits, of subscriptions a part of the plan's name, of entries of tokens nothing else.
    pub text: Option<String>,
    /// Only those that follow this one.
    pub after: Option<I>,
    /// How many at most.
    pub limit: i64,
}

/// Which invoices are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InvoiceFilter {
    /// Those in this state.
    Status(InvoiceStatus),
    /// Those that should have been paid.
    Overdue,
    /// Those whose payment a bank asks for back.
    Disputed,
    /// Those that are paid, and of which a part went back.
    PartlyRefunded,
}

impl FromStr for InvoiceFilter {
    type Err = UnknownValue;

    fn from_str(text: &str) -> std::result::Result<Self, UnknownValue> {
        match text {
            "overdue" => Ok(Self::Overdue),
            "disputed" => Ok(Self::Disputed),
            "partly_refunded" => Ok(Self::PartlyRefunded),
            status => status.parse().map(Self::Status),
        }
    }
}

/// An invoice of a list.
#[derive(Debug, Clone)]
pub struct InvoiceRow {
    /// The id.
    pub id: InvoiceId,
    /// Whose it is.
    pub account_id: AccountId,
    /// Address of a customer, or name of a company.
    pub owner: Option<String>,
    /// What people call it.
    pub number: String,
    /// How it stands.
    pub status: InvoiceStatus,
    /// What it comes to.
    pub total: Money,
    /// Its date.
    pub invoiced_at: DateTime<Utc>,
    /// When it is to be paid.
    pub due_at: Option<DateTime<Utc>>,
}

/// A subscription of a list.
#[derive(Debug, Clone)]
pub struct SubscriptionRow {
    /// The id.
    pub id: SubscriptionId,
    /// Whose it is.
    pub account_id: AccountId,
    /// Address of a customer, or name of a company.
    pub owner: Option<String>,
    /// What is subscribed to.
    pub plan: String,
    /// How it stands.
    pub status: SubscriptionStatus,
    /// When it began.
    pub started_at: Option<DateTime<Utc>>,
    /// When it ends, or is renewed.
    pub expires_at: Option<DateTime<Utc>>,
}

impl<S, I> Search<S, I> {
    /// The account that is meant, if one is: that of the address in the text, else the given one; [`None`] if nobody has
    /// the address, or somebody else.
    pub(crate) async fn account(&self, transaction: &mut Transaction) -> Result<Option<Option<AccountId>>> {
        let Some(address) = self.address() else { return Ok(Some(self.account_id)) };
        let owner = sqlx::query_scalar!(
            r#"SELECT id AS "id: AccountId" FROM users WHERE email = $1"#,
            address.to_lowercase()
        )
        .fetch_optional(&mut **transaction)
        .await?;
        Ok(owner.filter(|owner| self.account_id.is_none_or(|wanted| wanted == *owner)).map(Some))
    }

    /// The text, if it is an address.
    fn address(&self) -> Option<&str> {
        self.text.as_deref().filter(|text| text.contains('@'))
    }

    /// The text, if it is not an address.
    pub(crate) fn words(&self) -> Option<&str> {
        self.text.as_deref().filter(|text| !text.contains('@'))
    }
}

impl Billing {
    /// Everybody's invoices, newest first.
    pub async fn find_invoices(
        &self,
        permit: AdminPermit<'_>,
        search: &Search<InvoiceFilter, InvoiceId>,
    ) -> Result<Vec<InvoiceRow>> {
        let is = |filter| search.status == Some(filter);
        let status = match search.status {
            Some(InvoiceFilter::Status(status)) => Some(status.as_str()),
            _ => None,
        };
        let mut transaction = self.database.begin_admin(&permit).await?;
        let Some(account_id) = search.account(&mut transaction).await? else { return Ok(Vec::new()) };
        let is_end = |text: &&str| text.len() <= 6 && text.bytes().all(|byte| byte.is_ascii_digit());
        let end = search.words().filter(is_end).map(|text| format!("{text:0>6}"));
        let beginning =
            search.words().filter(|text| !is_end(text)).map(|text| beginning(&text.to_uppercase()));
        plan_for_values(&mut transaction).await?;
        // Few payments are disputed or went back in part: they are looked up first, as an array, where `EXISTS` would be asked of
        // each invoice.
        let rows = sqlx::query!(
            r#"SELECT i.id AS "id: InvoiceId", i.account_id AS "account_id: AccountId", i.number, i.status,
                      i.currency AS "currency: String", i.total_minor AS "total_minor!", i.invoiced_at, i.due_at,
                      coalesce(u.email, u.username, o.name) AS owner
               FROM invoices i LEFT JOIN users u ON u.id = i.account_id LEFT JOIN organisations o ON o.id = i.account_id
               WHERE ($1::text IS NULL OR i.status = $1) AND ($2::uuid IS NULL OR i.account_id = $2)
                 AND ($3::text IS NULL OR i.number LIKE $3) AND ($4::text IS NULL OR right(i.number, 6) = $4)
                 AND ($5::uuid IS NULL OR (i.created_at, i.id) < (SELECT b.created_at, b.id FROM invoices b WHERE b.id = $5))
                 AND (NOT $7 OR (i.status IN ('pending', 'failed') AND i.due_at < $10))
                 AND (NOT $8 OR i.id = ANY (ARRAY(SELECT p.invoice_id FROM payments p WHERE p.disputed_at IS NOT NULL)))
                 AND (NOT $9 OR (i.status = 'paid' AND i.id = ANY (ARRAY(
                          SELECT p.invoice_id FROM payments p WHERE p.refunded_minor > 0 AND p.refunded_minor < p.amount_minor))))
               ORDER BY i.created_at DESC, i.id DESC LIMIT $6"#,
            status,
            account_id.map(Uuid::from),
            beginning,
            end,
            search.after.map(Uuid::from),
            search.limit,
            is(InvoiceFilter::Overdue),
            is(InvoiceFilter::Disputed),
            is(InvoiceFilter::PartlyRefunded),
            self.clock.now(),
        )
        .fetch_all(&mut *transaction)
        .await?;
        transaction.end_of_reading();
        rows.into_iter()
            .map(|row| {
                Ok(InvoiceRow {
                    id: row.id,
                    account_id: row.account_id,
                    owner: row.owner,
                    number: row.number,
                    status: row.status.parse()?,
                    total: Money::new(row.total_minor, currency(&row.currency)?),
                    invoiced_at: row.invoiced_at,
                    due_at: row.due_at,
                })
            })
            .collect()
    }

    /// Everybody's subscriptions, newest first.
    pub async fn find_subscriptions(
        &self,
        permit: AdminPermit<'_>,
        search: &Search<SubscriptionStatus, SubscriptionId>,
    ) -> Result<Vec<SubscriptionRow>> {
        let mut transaction = self.database.begin_admin(&permit).await?;
        let Some(account_id) = search.account(&mut transaction).await? else { return Ok(Vec::new()) };
        let plan = search.words().map(str::to_lowercase);
        plan_for_values(&mut transaction).await?;
        let rows = sqlx::query!(
            r#"SELECT s.id AS "id: SubscriptionId", s.account_id AS "account_id: AccountId", s.status, s.started_at, s.expires_at,
                      p.name AS plan, coalesce(u.email, u.username, o.name) AS owner
               FROM subscriptions s JOIN plans p ON p.id = s.plan_id
                    LEFT JOIN users u ON u.id = s.account_id LEFT JOIN organisations o ON o.id = s.account_id
               WHERE ($1::text IS NULL OR s.status = $1) AND ($2::uuid IS NULL OR s.account_id = $2)
                 AND ($3::text IS NULL OR s.plan_id IN (SELECT id FROM plans WHERE position($3 IN lower(name)) > 0))
                 AND ($4::uuid IS NULL OR (s.created_at, s.id) < (SELECT b.created_at, b.id FROM subscriptions b WHERE b.id = $4))
               ORDER BY s.created_at DESC, s.id DESC LIMIT $5"#,
            search.status.map(SubscriptionStatus::as_str),
            account_id.map(Uuid::from),
            plan,
            search.after.map(Uuid::from),
            search.limit,
        )
        .fetch_all(&mut *transaction)
        .await?;
        transaction.end_of_reading();
        rows.into_iter()
            .map(|row| {
                Ok(SubscriptionRow {
                    id: row.id,
                    account_id: row.account_id,
                    owner: row.owner,
                    plan: row.plan,
                    status: row.status.parse()?,
                    started_at: row.started_at,
                    expires_at: row.expires_at,
                })
            })
            .collect()
    }
}
