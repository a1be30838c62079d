//! What the admin does: looks at sessions of somebody, lets them begin more on this day, and chooses words for the model.

use domain::access::AdminPermit;
use domain::ids::AccountId;
use platform::audit::{self, Deed};
use platform::database::{Transaction, violated_constraint};
use uuid::Uuid;

use crate::model::Session;
use crate::prompts::{LONGEST_PROMPT, Prompt, Purpose};
use crate::store;
use crate::{Error, Result, Taro};

impl Taro {
    /// Somebody's sessions, newest first: at most `limit`, older than one of them.
    pub async fn sessions_of(
        &self,
        permit: AdminPermit<'_>,
        account_id: AccountId,
        before: Option<Uuid>,
        limit: i64,
    ) -> Result<Vec<Session>> {
        let mut transaction = self.database.begin_admin(&permit).await?;
        is_somebody(&mut transaction, account_id).await?;
        let found = store::sessions(&mut transaction, account_id, before, limit).await?;
        transaction.end_of_reading();
        Ok(found)
    }

    /// Forgets how many sessions somebody began on this day. Gives how many they were.
    pub async fn reset(&self, permit: AdminPermit<'_>, account_id: AccountId) -> Result<i64> {
        let now = self.clock.now();
        let mut transaction = self.database.begin_admin(&permit).await?;
        is_somebody(&mut transaction, account_id).await?;
        let used = sqlx::query_scalar!(
            "WITH before AS (SELECT sessions FROM taro_days WHERE account_id = $1 AND day = $2 FOR UPDATE)
             UPDATE taro_days SET sessions = 0 FROM before WHERE account_id = $1 AND day = $2
             RETURNING before.sessions",
            Uuid::from(account_id),
            now.date_naive(),
        )
        .fetch_optional(&mut *transaction)
        .await?
        .unwrap_or(0);
        let facts = serde_json::json!({ "sessions": used });
        record(&mut transaction, permit, "taro.limit_reset", Some(account_id.into()), facts, now).await?;
        transaction.commit().await?;
        Ok(used.into())
    }

    /// The words for each purpose: the admin's, else those that are built in.
    pub async fn prompts(&self, permit: AdminPermit<'_>) -> Result<Vec<Prompt>> {
        let mut transaction = self.database.begin_admin(&permit).await?;
        let rows = sqlx::query!("SELECT slug, content, version, updated_at FROM taro_prompts")
            .fetch_all(&mut *transaction)
            .await?;
        transaction.end_of_reading();
        let prompt = |purpose: Purpose| {
            let row = rows.iter().find(|row| row.slug == purpose.as_str());
            Prompt {
                purpose,
                content: row.map_or_else(|| purpose.built_in().to_owned(), |row| row.content.clone()),
                written: row.map(|row| (row.version, row.updated_at)),
            }
        };
        Ok(Purpose::ALL.into_iter().map(prompt).collect())
    }

    /// Takes the admin's words in place of those that are built in.
    pub async fn create_prompt(
        &self,
        permit: AdminPermit<'_>,
        purpose: Purpose,
        content: &str,
    ) -> Result<()> {
        let (content, now) = (checked(content)?, self.clock.now());
        let mut transaction = self.database.begin_admin(&permit).await?;
        sqlx::query!(
            "INSERT INTO taro_prompts (slug, content, created_at, updated_at) VALUES ($1, $2, $3, $3)",
            purpose.as_str(),
            content,
            now,
        )
        .execute(&mut *transaction)
        .await
        .map_err(|error| match violated_constraint(&error) {
            Some("taro_prompts_pkey") => Error::PromptExists,
            _ => error.into(),
        })?;
        let facts = serde_json::json!({ "slug": purpose.as_str() });
        record(&mut transaction, permit, "taro.prompt_created", None, facts, now).await?;
        Ok(transaction.commit().await?)
    }

    /// Changes the admin's words; those that somebody else changed since `version` was read are [`Error::ChangedMeanwhile`].
    pub async fn change_prompt(
        &self,
        permit: AdminPermit<'_>,
        purpose: Purpose,
        content: &str,
        version: Option<i32>,
    ) -> Result<()> {
        let (content, now) = (checked(content)?, self.clock.now());
        let mut transaction = self.database.begin_admin(&permit).await?;
        let known = sqlx::query_scalar!(
            "SELECT version FROM taro_prompts WHERE slug = $1 FOR UPDATE",
            purpose.as_str()
        )
        .fetch_optional(&mut *transaction)
        .await?
        .ok_or(Error::NoPrompt)?;
        if version.is_some_and(|version| version != known) {
            return Err(Error::ChangedMeanwhile);
        }
        sqlx::query!(
            "UPDATE taro_prompts SET content = $2, updated_at = $3 WHERE slug = $1",
            purpose.as_str(),
            content,
            now,
        )
        .execute(&mut *transaction)
        .await?;
        let facts = serde_json::json!({ "slug": purpose.as_str() });
        record(&mut transaction, permit, "taro.prompt_changed", None, facts, now).await?;
        Ok(transaction.commit().await?)
    }

    /// Goes back to the words that are built in.
    pub async fn delete_prompt(&self, permit: AdminPermit<'_>, purpose: Purpose) -> Result<()> {
        let mut transaction = self.database.begin_admin(&permit).await?;
        let deleted = sqlx::query!("DELETE FROM taro_prompts WHERE slug = $1", purpose.as_str())
            .execute(&mut *transaction)
            .await?
            .rows_affected();
        if deleted == 0 {
            return Err(Error::NoPrompt);
        }
        let facts = serde_json::json!({ "slug": purpose.as_str() });
        record(&mut transaction, permit, "taro.prompt_deleted", None, facts, self.clock.now()).await?;
        Ok(transaction.commit().await?)
    }
}

/// Refuses an account that is nobody's.
async fn is_somebody(transaction: &mut Transaction, account_id: AccountId) -> Result<()> {
    let found = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM users WHERE id = $1) AS "found!""#,
        Uuid::from(account_id)
    )
    .fetch_one(&mut **transaction)
    .await?;
    if found { Ok(()) } else { Err(Error::NoUser) }
}

/// Several lines of text, none of them with characters that cannot be stored.
fn checked(content: &str) -> Result<&str> {
    let content = content.trim();
    let why = if content.is_empty() {
        "content is required".to_owned()
    } else if content.chars().count() > LONGEST_PROMPT {
        format!("content must be at most {LONGEST_PROMPT} characters long")
    } else if content.contains('\0') {
        "content contains characters that cannot be used".to_owned()
    } else {
        return Ok(content);
    };
    Err(Error::Invalid(why))
}

async fn record(
    transaction: &mut Transaction,
    permit: AdminPermit<'_>,
    action: &'static str,
    subject: Option<Uuid>,
    facts: serde_json::Value,
    now: chrono::DateTime<chrono::Utc>,
) -> Result<()> {
    let user_id = Some(permit.actor().user_id);
    let deed = Deed { organisation_id: None, hotel_id: None, user_id, action, subject, facts };
    Ok(audit::record(&mut **transaction, deed, now).await?)
}
