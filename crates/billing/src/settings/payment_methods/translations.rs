//! Names of ways to pay in other languages that are not wanted any more.

use domain::access::AdminPermit;
use serde_json::json;
use uuid::Uuid;

use super::PaymentMethod;
use super::repo::{lock, one};
use crate::payments::record;
use crate::{Billing, Error, Result};

impl Billing {
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
