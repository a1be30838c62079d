//! The ledger of tokens. Entries are never changed; the balance is their sum, kept by a trigger in the same statement and
//! never below zero by a constraint, so that two debits at once cannot overspend.

use chrono::{DateTime, Utc};
use domain::access::{AccountPermit, AdminPermit};
use domain::ids::AccountId;
use platform::database::{Transaction, plan_for_values};
use uuid::Uuid;

use crate::lists::Search;
use crate::{Billing, Error, Result, accounts};

/// One entry to be made.
pub(crate) struct Entry {
    /// Positive for a credit.
    pub amount: i64,
    pub kind: &'static str,
    /// What it is for.
    pub reference_id: Option<Uuid>,
    pub description: String,
}

/// An entry as its owner reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenEntry {
    /// The id.
    pub id: Uuid,
    /// Positive for a credit.
    pub amount: i64,
    /// `purchase`, `usage`, `refund`, `bonus`, `adjustment` or `subscription`.
    pub kind: String,
    /// What it is for.
    pub reference_id: Option<Uuid>,
    /// In words.
    pub description: String,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

/// An entry as the admin reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerEntry {
    /// Whose it is.
    pub account_id: AccountId,
    /// The e-mail address of the customer.
    pub email: Option<String>,
    /// The company's name, where it is a company's.
    pub company: Option<String>,
    /// The id; newer ones are greater.
    pub id: Uuid,
    /// Positive for a credit.
    pub amount: i64,
    /// As in [`TokenEntry`].
    pub kind: String,
    /// In words.
    pub description: String,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

impl Billing {
    /// How many tokens the account has.
    pub async fn token_balance(&self, permit: AccountPermit<'_>) -> Result<i64> {
        let mut transaction = self.begin(permit).await?;
        let balance = balance(&mut transaction, permit.account_id()).await?;
        transaction.commit().await?;
        Ok(balance)
    }

    /// The account's entries, newest first.
    pub async fn token_entries(
        &self,
        permit: AccountPermit<'_>,
        limit: i64,
        offset: i64,
    ) -> Result<Vec<TokenEntry>> {
        let mut transaction = self.begin(permit).await?;
        let entries = sqlx::query_as!(
            TokenEntry,
            "SELECT id, amount, kind, reference_id, description, created_at FROM token_entries
             WHERE account_id = $1 ORDER BY created_at DESC, id DESC LIMIT $2 OFFSET $3",
            Uuid::from(permit.account_id()),
            limit,
            offset,
        )
        .fetch_all(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(entries)
    }

    /// Everybody's entries, newest first. Their state is their kind, and they are searched by a customer's whole e-mail
    /// address alone: no other text finds any.
    pub async fn find_token_entries(
        &self,
        permit: AdminPermit<'_>,
        search: &Search<String, Uuid>,
    ) -> Result<Vec<LedgerEntry>> {
        if search.words().is_some() {
            return Ok(Vec::new());
        }
        let mut transaction = self.database.begin_admin(&permit).await?;
        let Some(account_id) = search.account(&mut transaction).await? else { return Ok(Vec::new()) };
        plan_for_values(&mut transaction).await?;
        let entries = sqlx::query_as!(
            LedgerEntry,
            r#"SELECT e.account_id AS "account_id: AccountId", u.email AS "email?", o.name AS "company?", e.id, e.amount, e.kind, e.description, e.created_at
               FROM token_entries e LEFT JOIN users u ON u.id = e.account_id
                    LEFT JOIN organisations o ON o.id = e.account_id
               WHERE ($1::uuid IS NULL OR e.account_id = $1) AND ($2::uuid IS NULL OR e.id < $2)
                 AND ($4::text IS NULL OR e.kind = $4)
               ORDER BY e.id DESC LIMIT $3"#,
            account_id.map(Uuid::from),
            search.after,
            search.limit,
            search.status,
        )
        .fetch_all(&mut *transaction)
        .await?;
        transaction.end_of_reading();
        Ok(entries)
    }

    /// Takes tokens for what was used; `reference_id` is what it was. Gives how many are left. More than there are is
    /// [`Error::InsufficientTokens`].
    pub async fn debit_tokens(
        &self,
        permit: AccountPermit<'_>,
        amount: i64,
        reference_id: Option<Uuid>,
        description: &str,
    ) -> Result<i64> {
        let mut transaction = self.begin(permit).await?;
        let left = self.debit_tokens_in(&mut transaction, permit, amount, reference_id, description).await?;
        transaction.commit().await?;
        Ok(left)
    }

    /// [`Billing::debit_tokens`] as a part of what is done for the tokens, in a transaction of the same person. After an
    /// error that transaction can only be taken back.
    pub async fn debit_tokens_in(
        &self,
        transaction: &mut Transaction,
        permit: AccountPermit<'_>,
        amount: i64,
        reference_id: Option<Uuid>,
        description: &str,
    ) -> Result<i64> {
        if amount <= 0 {
            return Err(Error::NotPositive("Debit"));
        }
        let now = self.clock.now();
        let account_id = accounts::ensure(transaction, permit, now).await?;
        let entry =
            Entry { amount: -amount, kind: "usage", reference_id, description: description.to_owned() };
        enter(transaction, account_id, entry, now).await?;
        balance(transaction, account_id).await
    }
}

pub(crate) async fn enter(
    transaction: &mut Transaction,
    account_id: AccountId,
    entry: Entry,
    now: DateTime<Utc>,
) -> Result<()> {
    enter_all(transaction, account_id, vec![entry], now).await
}

pub(crate) async fn enter_all(
    transaction: &mut Transaction,
    account_id: AccountId,
    entries: Vec<Entry>,
    now: DateTime<Utc>,
) -> Result<()> {
    if entries.is_empty() {
        return Ok(());
    }
    let ids: Vec<Uuid> = entries.iter().map(|_| platform::ids::new()).collect();
    let amounts: Vec<i64> = entries.iter().map(|entry| entry.amount).collect();
    let kinds: Vec<String> = entries.iter().map(|entry| entry.kind.to_owned()).collect();
    let references: Vec<Option<Uuid>> = entries.iter().map(|entry| entry.reference_id).collect();
    let descriptions: Vec<String> = entries.into_iter().map(|entry| entry.description).collect();
    sqlx::query!(
        "INSERT INTO token_entries (account_id, id, amount, kind, reference_id, description, created_at)
         SELECT $1, id, amount, kind, reference_id, description, $2
         FROM unnest($3::uuid[], $4::bigint[], $5::text[], $6::uuid[], $7::text[]) AS t (id, amount, kind, reference_id, description)",
        Uuid::from(account_id),
        now,
        &ids,
        &amounts,
        &kinds,
        &references as &[Option<Uuid>],
        &descriptions,
    )
    .execute(&mut **transaction)
    .await?;
    Ok(())
}

pub(crate) async fn balance(transaction: &mut Transaction, account_id: AccountId) -> Result<i64> {
    let balance = sqlx::query_scalar!(
        "SELECT balance FROM token_balances WHERE account_id = $1",
        Uuid::from(account_id)
    )
    .fetch_optional(&mut **transaction)
    .await?;
    Ok(balance.unwrap_or(0))
}

/// What was credited for purchases and plans.
pub(crate) async fn credited_for(
    transaction: &mut Transaction,
    account_id: AccountId,
    references: &[Uuid],
) -> Result<i64> {
    let sum = sqlx::query_scalar!(
        r#"SELECT coalesce(sum(amount), 0)::bigint AS "sum!" FROM token_entries
           WHERE account_id = $1 AND reference_id = ANY ($2) AND kind IN ('purchase', 'subscription')"#,
        Uuid::from(account_id),
        references,
    )
    .fetch_one(&mut **transaction)
    .await?;
    Ok(sum)
}

/// What refunds of an invoice took back and did not give again.
pub(crate) async fn taken_back_for(
    transaction: &mut Transaction,
    account_id: AccountId,
    invoice: Uuid,
) -> Result<i64> {
    let sum = sqlx::query_scalar!(
        r#"SELECT coalesce(-sum(amount), 0)::bigint AS "sum!" FROM token_entries
           WHERE account_id = $1 AND reference_id = $2 AND kind = 'refund'"#,
        Uuid::from(account_id),
        invoice,
    )
    .fetch_one(&mut **transaction)
    .await?;
    Ok(sum)
}
