//! Who is billed: a customer, or an organisation by somebody who runs it.

mod company;
pub mod managed;
mod profile;
mod vat;

pub use profile::{Profile, ProfileError, StoredProfile};

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use domain::access::AccountPermit;
use domain::ids::AccountId;
use platform::database::Transaction;
use uuid::Uuid;

use crate::{Billing, Error, Result};

impl Billing {
    /// Opens a transaction of somebody who may use the account.
    pub(crate) async fn begin(&self, permit: AccountPermit<'_>) -> Result<Transaction> {
        Ok(self.database.begin_as(permit.actor()).await?)
    }
}

/// Makes sure that the account is there: it comes into being with its first purchase.
pub(crate) async fn ensure(
    transaction: &mut Transaction,
    permit: AccountPermit<'_>,
    now: DateTime<Utc>,
) -> Result<AccountId> {
    let account_id = permit.account_id();
    let user_id = Uuid::from(permit.actor().user_id);
    let is_own = user_id == Uuid::from(account_id);
    sqlx::query!(
        "INSERT INTO billing_accounts (id, user_id, organisation_id, created_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
        Uuid::from(account_id),
        is_own.then_some(user_id),
        (!is_own).then_some(Uuid::from(account_id)),
        now,
    )
    .execute(&mut **transaction)
    .await?;
    Ok(account_id)
}

/// Lets those who change what one account has come one after the other: two payments, or a payment and a cancellation,
/// then never see half of each other, nor wait for each other in a circle.
pub(crate) async fn lock(transaction: &mut Transaction, account_id: AccountId) -> Result<()> {
    sqlx::query!("SELECT FROM billing_accounts WHERE id = $1 FOR NO KEY UPDATE", Uuid::from(account_id))
        .execute(&mut **transaction)
        .await?;
    Ok(())
}

/// Makes sure that a customer has an account. For the admin.
pub(crate) async fn ensure_customer(
    transaction: &mut Transaction,
    account_id: AccountId,
    now: DateTime<Utc>,
) -> Result<()> {
    let is_customer = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM users WHERE id = $1 AND deleted_at IS NULL) AS "found!""#,
        Uuid::from(account_id),
    )
    .fetch_one(&mut **transaction)
    .await?;
    if !is_customer {
        return Err(Error::Missing("User"));
    }
    sqlx::query!(
        "INSERT INTO billing_accounts (id, user_id, created_at) VALUES ($1, $1, $2) ON CONFLICT DO NOTHING",
        Uuid::from(account_id),
        now,
    )
    .execute(&mut **transaction)
    .await?;
    Ok(())
}

/// The addresses of the people whose accounts these are. For the admin.
pub(crate) async fn addresses(
    transaction: &mut Transaction,
    accounts: impl Iterator<Item = AccountId>,
) -> Result<HashMap<AccountId, String>> {
    let ids: Vec<Uuid> = accounts.map(Uuid::from).collect();
    let rows = sqlx::query!(
        r#"SELECT id AS "id: AccountId", coalesce(email, username) AS "email!" FROM users WHERE id = ANY ($1)"#,
        &ids,
    )
    .fetch_all(&mut **transaction)
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.email)).collect())
}
