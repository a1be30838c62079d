//! Customers' accounts, for the admin: names and addresses, tokens, and what stands against a deletion.

use std::collections::HashMap;

use domain::access::AdminPermit;
use domain::ids::{AccountId, SubscriptionId};
use domain::problem::FieldProblem;
use platform::database::Transaction;
use serde_json::json;
use uuid::Uuid;

use super::{Profile, ProfileError, StoredProfile, ensure_customer, lock, profile};
use crate::payments::{record, tell_cancelled};
use crate::providers::{ToTell, follow_later};
use crate::subscriptions::AddonSubscription;
use crate::tokens::{self, Entry};
use crate::{Billing, Error, Result, input};

/// The most tokens that the admin gives.
const MAX_TOKENS: i64 = 1_000_000_000_000;

/// What lists of people show of an account.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AccountSummary {
    /// First and last name.
    pub name: Option<String>,
    /// How many tokens there are.
    pub token_balance: i64,
}

/// What an account has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Holdings {
    /// How many invoices.
    pub invoices: i64,
    /// How many subscriptions, whatever their state.
    pub subscriptions: i64,
}

impl Billing {
    /// The account of the person with exactly this address, or with this name where they have no address. There may be no
    /// account yet: it comes into being with the first purchase, under this id.
    pub async fn account_of_address(
        &self,
        permit: AdminPermit<'_>,
        address: &str,
    ) -> Result<Option<AccountId>> {
        let mut transaction = self.database.begin_admin(&permit).await?;
        let found = sqlx::query_scalar!(
            r#"SELECT id AS "id: AccountId" FROM users WHERE coalesce(email, username) = $1 AND deleted_at IS NULL"#,
            // Postgres cannot store NUL, so nobody has such an address.
            address.to_lowercase().replace('\0', "\u{fffd}"),
        )
        .fetch_optional(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(found)
    }

    /// Names and tokens of some accounts; those without an account are missing.
    pub async fn account_summaries(
        &self,
        permit: AdminPermit<'_>,
        accounts: &[AccountId],
    ) -> Result<HashMap<AccountId, AccountSummary>> {
        let ids: Vec<Uuid> = accounts.iter().copied().map(Uuid::from).collect();
        let mut transaction = self.database.begin_admin(&permit).await?;
        let rows = sqlx::query!(
            r#"SELECT a.id AS "id!: AccountId", nullif(concat_ws(' ', p.first_name, p.last_name), '') AS name,
                      coalesce(b.balance, 0) AS "balance!"
               FROM billing_accounts a
               LEFT JOIN billing_profiles p ON p.account_id = a.id
               LEFT JOIN token_balances b ON b.account_id = a.id
               WHERE a.id = ANY ($1)"#,
            &ids,
        )
        .fetch_all(&mut *transaction)
        .await?;
        transaction.commit().await?;
        let summary = |name, token_balance| AccountSummary { name, token_balance };
        Ok(rows.into_iter().map(|row| (row.id, summary(row.name, row.balance))).collect())
    }

    /// The name and address of a customer, if they were ever given.
    pub async fn profile_of(
        &self,
        permit: AdminPermit<'_>,
        account_id: AccountId,
    ) -> Result<Option<StoredProfile>> {
        let mut transaction = self.database.begin_admin(&permit).await?;
        let found = profile::load(&mut transaction, account_id).await?;
        transaction.commit().await?;
        Ok(found)
    }

    /// Changes the name and address of a customer, as [`Billing::change_profile`] does.
    pub async fn change_profile_of(
        &self,
        permit: AdminPermit<'_>,
        account_id: AccountId,
        version: Option<i32>,
        change: impl FnOnce(Profile) -> std::result::Result<Profile, Vec<FieldProblem>>,
    ) -> std::result::Result<(), ProfileError> {
        let now = self.clock.now();
        let mut transaction = self.database.begin_admin(&permit).await?;
        ensure_customer(&mut transaction, account_id, now).await?;
        profile::replace(&mut transaction, account_id, version, change, now).await?;
        record(&mut transaction, permit, "profile.changed", account_id.into(), json!({}), now).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Whether [`Billing::set_token_balance`] would take this many.
    pub fn check_token_balance(balance: i64) -> Result<i64> {
        input::number("token_balance", balance, 0, MAX_TOKENS)
    }

    /// Gives or takes tokens, so that a customer has this many: an entry of the ledger (the original makes none).
    pub async fn set_token_balance(
        &self,
        permit: AdminPermit<'_>,
        account_id: AccountId,
        balance: i64,
    ) -> Result<i64> {
        let balance = Self::check_token_balance(balance)?;
        let now = self.clock.now();
        let mut transaction = self.database.begin_admin(&permit).await?;
        ensure_customer(&mut transaction, account_id, now).await?;
        lock(&mut transaction, account_id).await?;
        let before = locked_balance(&mut transaction, account_id).await?;
        if balance != before {
            let entry = Entry {
                amount: balance - before,
                kind: "adjustment",
                reference_id: None,
                description: "Adjustment by the admin".to_owned(),
            };
            tokens::enter(&mut transaction, account_id, entry, now).await?;
            let facts = json!({ "before": before, "after": balance });
            record(&mut transaction, permit, "tokens.adjusted", account_id.into(), facts, now).await?;
        }
        transaction.commit().await?;
        Ok(balance)
    }

    /// What an account has, which stands against a deletion.
    pub async fn holdings(&self, permit: AdminPermit<'_>, account_id: AccountId) -> Result<Holdings> {
        let mut transaction = self.database.begin_admin(&permit).await?;
        let found = holdings(&mut transaction, account_id).await?;
        transaction.commit().await?;
        Ok(found)
    }

    /// The add-ons of a customer, newest first.
    pub async fn addon_subscriptions_of(
        &self,
        permit: AdminPermit<'_>,
        account_id: AccountId,
    ) -> Result<Vec<AddonSubscription>> {
        let mut transaction = self.database.begin_admin(&permit).await?;
        let found = crate::subscriptions::read::addons_of_account(&mut transaction, account_id).await?;
        transaction.commit().await?;
        Ok(found)
    }

    /// Ends everything of an account whose owner is deleted: subscriptions and add-ons, and invoices that are not paid.
    /// Name and address go too, unless there are invoices, which the law wants to name their buyer. Doing it again
    /// changes nothing. Without `force`, an account that has invoices or subscriptions is [`Error::Conflict`].
    pub async fn close_account(
        &self,
        permit: AdminPermit<'_>,
        account_id: AccountId,
        force: bool,
    ) -> Result<()> {
        let now = self.clock.now();
        let id = Uuid::from(account_id);
        let mut transaction = self.database.begin_admin(&permit).await?;
        lock(&mut transaction, account_id).await?;
        let has = holdings(&mut transaction, account_id).await?;
        if !force && (has.invoices > 0 || has.subscriptions > 0) {
            return Err(Error::Conflict("User has invoices or subscriptions".to_owned()));
        }
        let ended = sqlx::query!(
            r#"UPDATE subscriptions SET status = 'cancelled', cancelled_at = $2, expires_at = least(expires_at, $2), pending_plan_id = NULL,
                                        updated_at = $2
               WHERE account_id = $1 AND status IN ('pending', 'active', 'trialing', 'paused')
               RETURNING id AS "id: SubscriptionId", is_collected"#,
            id,
            now,
        )
        .fetch_all(&mut *transaction)
        .await?;
        // Or the provider would go on charging somebody who is no customer any more.
        let collected: Vec<_> =
            ended.iter().filter(|it| it.is_collected).map(|it| (account_id, it.id)).collect();
        follow_later(&mut transaction, &collected, ToTell::Renewal, now).await?;
        let ended = ended.into_iter().map(|it| it.id).collect();
        tell_cancelled(&mut transaction, account_id, ended, "account_closed", now).await?;
        sqlx::query!("DELETE FROM client_events WHERE user_id = $1", id).execute(&mut *transaction).await?;
        sqlx::query!(
            "UPDATE addon_subscriptions SET status = 'cancelled', cancelled_at = $2, expires_at = least(expires_at, $2), updated_at = $2
             WHERE account_id = $1 AND status IN ('pending', 'active')",
            id,
            now,
        )
        .execute(&mut *transaction)
        .await?;
        sqlx::query!(
            "UPDATE bundle_purchases SET status = 'cancelled' WHERE account_id = $1 AND status = 'pending'",
            id
        )
        .execute(&mut *transaction)
        .await?;
        sqlx::query!(
            "UPDATE invoices SET status = 'cancelled', updated_at = $2 WHERE account_id = $1 AND status IN ('pending', 'failed')",
            id,
            now,
        )
        .execute(&mut *transaction)
        .await?;
        if has.invoices == 0 {
            sqlx::query!(
                "UPDATE billing_profiles
                 SET first_name = NULL, last_name = NULL, address_line_1 = NULL, address_line_2 = NULL, city = NULL, postal_code = NULL,
                     region = NULL, country = NULL, phone = NULL, company = NULL, tax_number = NULL, config = '{}', updated_at = $2
                 WHERE account_id = $1",
                id,
                now,
            )
            .execute(&mut *transaction)
            .await?;
        }
        let facts = json!({ "invoices": has.invoices, "subscriptions": has.subscriptions });
        record(&mut transaction, permit, "account.closed", id, facts, now).await?;
        transaction.commit().await?;
        Ok(())
    }
}

/// The balance, which stays what it is until the transaction ends: entries of others wait.
async fn locked_balance(transaction: &mut Transaction, account_id: AccountId) -> Result<i64> {
    let balance = sqlx::query_scalar!(
        "SELECT balance FROM token_balances WHERE account_id = $1 FOR NO KEY UPDATE",
        Uuid::from(account_id)
    )
    .fetch_optional(&mut **transaction)
    .await?;
    Ok(balance.unwrap_or(0))
}

async fn holdings(transaction: &mut Transaction, account_id: AccountId) -> Result<Holdings> {
    let found = sqlx::query_as!(
        Holdings,
        r#"SELECT (SELECT count(*) FROM invoices WHERE account_id = $1) AS "invoices!",
                  (SELECT count(*) FROM subscriptions WHERE account_id = $1) AS "subscriptions!""#,
        Uuid::from(account_id),
    )
    .fetch_one(&mut **transaction)
    .await?;
    Ok(found)
}
