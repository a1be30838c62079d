//! Names of ways to pay in other languages.

use chrono::{DateTime, Utc};
use domain::access::AdminPermit;
use platform::database::Transaction;
use serde_json::json;
use uuid::Uuid;

use super::repo::{lock, one};
use super::{PaymentMethod, Translation};
use crate::payments::record;
use crate::{Billing, Error, Result};

impl Billing {
    /// Writes the name of a way to pay in another language, instead of the one there was.
    pub async fn translate_payment_method(
        &self,
        permit: AdminPermit<'_>,
        id: Uuid,
        translation: &Translation,
    ) -> Result<PaymentMethod> {
        let now = self.clock.now();
        let translation = translation.checked()?;
        let mut transaction = self.database.begin_admin(&permit).await?;
        lock(&mut transaction).await?;
        write(&mut transaction, permit, id, &translation, now).await?;
        let changed = one(&mut transaction, id).await?;
        transaction.commit().await?;
        Ok(changed)
    }

    /// Removes the name of a way to pay in a language.
    pub async fn untranslate_payment_method(
        &self,
        permit: AdminPermit<'_>,
        id: Uuid,
        locale: &str,
    ) -> Result<PaymentMethod> {
        let now = self.clock.now();
        let mut transaction = self.database.begin_admin(&permit).await?;
        lock(&mut transaction).await?;
        let removed = sqlx::query!(
            "DELETE FROM payment_method_translations WHERE payment_method_id = $1 AND lower(locale) = lower($2)",
            id,
            locale.trim().replace('\0', "\u{fffd}"),
        )
        .execute(&mut *transaction)
        .await?;
        if removed.rows_affected() == 0 {
            return Err(Error::Missing("Translation"));
        }
        let facts = json!({ "locale": locale });
        record(&mut transaction, permit, "payment_method.untranslated", id, facts, now).await?;
        let changed = one(&mut transaction, id).await?;
        transaction.commit().await?;
        Ok(changed)
    }
}

/// Writes a name that was checked, once ways to pay are locked.
pub(super) async fn write(
    transaction: &mut Transaction,
    permit: AdminPermit<'_>,
    id: Uuid,
    translation: &Translation,
    now: DateTime<Utc>,
) -> Result<()> {
    let Translation { locale, name, description, instructions } = translation;
    let known = one(transaction, id).await?.translations;
    if known.len() >= 100 && !known.iter().any(|known| known.locale == *locale) {
        return Err(Error::Conflict("There are 100 translations already".to_owned()));
    }
    sqlx::query!(
        "INSERT INTO payment_method_translations (payment_method_id, locale, name, description, instructions)
         VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (payment_method_id, locale) DO UPDATE SET
             name = excluded.name, description = excluded.description, instructions = excluded.instructions",
        id,
        locale,
        name,
        description,
        instructions,
    )
    .execute(&mut **transaction)
    .await?;
    let facts = json!({ "locale": locale, "name": name });
    record(transaction, permit, "payment_method.translated", id, facts, now).await
}
