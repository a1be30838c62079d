//! Ways to pay, with their names in other languages.

mod model;
mod repo;
mod translations;

pub use model::{PaymentMethod, PaymentMethodChange, PaymentMethodQuery, Translation};

use domain::access::AdminPermit;
use rust_decimal::Decimal;
use serde_json::{Value, json};
use sqlx::types::Json;
use uuid::Uuid;

use crate::catalogue::prices::Rates;
use crate::payments::record;
use crate::{Billing, Error, Result, input};

pub(crate) use repo::load;
use repo::{lock, one, save};

/// More ways to pay than anybody offers.
const MOST: i64 = 200;

impl Billing {
    /// The ways to pay that customers can choose, in their order.
    pub async fn payment_methods_on_offer(&self, query: &PaymentMethodQuery) -> Result<Vec<PaymentMethod>> {
        let mut transaction = self.begin_public().await?;
        let found = load(&mut transaction, None, None).await?;
        transaction.commit().await?;
        let on_offer = found.into_iter().filter(|method| self.is_in_use(method) && query.fits(method));
        Ok(on_offer.map(|method| query.translated(method)).collect())
    }

    /// Whether customers can choose it.
    fn is_in_use(&self, method: &PaymentMethod) -> bool {
        method.is_active && !self.providers.is_off(&method.code)
    }

    /// A way to pay that customers can choose, by its code.
    pub async fn payment_method_on_offer(
        &self,
        code: &str,
        query: &PaymentMethodQuery,
    ) -> Result<PaymentMethod> {
        let mut transaction = self.begin_public().await?;
        let found = load(&mut transaction, None, Some(code)).await?.pop();
        transaction.commit().await?;
        let found = found.filter(|method| self.is_in_use(method)).ok_or(Error::Missing("Payment method"))?;
        Ok(query.translated(found))
    }

    /// The codes of all ways to pay, also of those that customers cannot choose.
    pub async fn payment_method_codes(&self) -> Result<Vec<String>> {
        let mut transaction = self.begin_public().await?;
        let found = load(&mut transaction, None, None).await?;
        transaction.commit().await?;
        Ok(found.into_iter().map(|method| method.code).collect())
    }

    /// All ways to pay in their order.
    pub async fn payment_methods(&self, permit: AdminPermit<'_>) -> Result<Vec<PaymentMethod>> {
        let mut transaction = self.database.begin_admin(&permit).await?;
        let found = load(&mut transaction, None, None).await?;
        transaction.commit().await?;
        Ok(found)
    }

    /// One way to pay.
    pub async fn payment_method(&self, permit: AdminPermit<'_>, id: Uuid) -> Result<PaymentMethod> {
        let mut transaction = self.database.begin_admin(&permit).await?;
        let found = one(&mut transaction, id).await?;
        transaction.commit().await?;
        Ok(found)
    }

    /// One way to pay by its code.
    pub async fn payment_method_by_code(&self, permit: AdminPermit<'_>, code: &str) -> Result<PaymentMethod> {
        let mut transaction = self.database.begin_admin(&permit).await?;
        let found = load(&mut transaction, None, Some(code)).await?.pop();
        transaction.commit().await?;
        found.ok_or(Error::Missing("Payment method"))
    }

    /// Adds a way to pay, at the end unless a place is said.
    pub async fn create_payment_method(
        &self,
        permit: AdminPermit<'_>,
        change: &PaymentMethodChange,
    ) -> Result<PaymentMethod> {
        let now = self.clock.now();
        let id: Uuid = platform::ids::new();
        let code = input::required("code", change.code.as_deref(), 50, "Code is required")?;
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if !code.chars().all(is_plain) {
            return Err(input::invalid("code", "may have letters, digits, hyphens, dots and underscores"));
        }
        let name = input::required("name", change.name.as_deref(), input::NAME, "Name is required")?;
        let blank = PaymentMethod {
            id,
            code,
            name,
            description: String::new(),
            instructions: String::new(),
            is_active: true,
            is_default: false,
            position: 0,
            min_minor: None,
            max_minor: None,
            currencies: Vec::new(),
            countries: Vec::new(),
            fee_kind: "none".to_owned(),
            fee_amount: Decimal::ZERO,
            fee_charged_to: "customer".to_owned(),
            config: json!({}),
            translations: Json(Vec::new()),
            version: 0,
            created_at: now,
            updated_at: now,
        };
        let mut transaction = self.database.begin_admin(&permit).await?;
        let known = load(&mut transaction, None, None).await?;
        if i64::try_from(known.len()).unwrap_or(MOST) >= MOST {
            return Err(Error::Conflict(format!("There are {MOST} payment methods already")));
        }
        let last = known.iter().map(|method| method.position).max().unwrap_or(-1);
        let blank = PaymentMethod { position: last.saturating_add(1), ..blank };
        let method = blank.changed(change, &Rates::load(&mut transaction).await?)?;
        save(&mut transaction, &method, now).await?;
        record(&mut transaction, permit, "payment_method.created", id, facts(&method), now).await?;
        let made = one(&mut transaction, id).await?;
        transaction.commit().await?;
        Ok(made)
    }

    /// Changes a way to pay, with its name in another language if there is one. The code stays, and the default one stays
    /// active.
    pub async fn change_payment_method(
        &self,
        permit: AdminPermit<'_>,
        id: Uuid,
        change: &PaymentMethodChange,
    ) -> Result<PaymentMethod> {
        let now = self.clock.now();
        let translation = change.translation.as_ref().map(Translation::checked).transpose()?;
        let mut transaction = self.database.begin_admin(&permit).await?;
        lock(&mut transaction).await?;
        let before = one(&mut transaction, id).await?;
        if change.code.as_deref().is_some_and(|code| code.trim() != before.code) {
            return Err(Error::Invalid("Code is immutable and cannot be changed".to_owned()));
        }
        input::refuse_stale(change.version, before.version)?;
        let method = before.changed(change, &Rates::load(&mut transaction).await?)?;
        if method.is_default && !method.is_active {
            return Err(Error::Invalid("Cannot deactivate default payment method".to_owned()));
        }
        save(&mut transaction, &method, now).await?;
        record(&mut transaction, permit, "payment_method.changed", id, facts(&method), now).await?;
        if let Some(translation) = &translation {
            translations::write(&mut transaction, permit, id, translation, now).await?;
        }
        let changed = one(&mut transaction, id).await?;
        transaction.commit().await?;
        Ok(changed)
    }

    /// Deletes a way to pay; invoices keep its code.
    pub async fn delete_payment_method(&self, permit: AdminPermit<'_>, id: Uuid) -> Result<()> {
        let now = self.clock.now();
        let mut transaction = self.database.begin_admin(&permit).await?;
        lock(&mut transaction).await?;
        let method = one(&mut transaction, id).await?;
        if method.is_default {
            return Err(Error::Invalid("Cannot delete default payment method".to_owned()));
        }
        sqlx::query!("DELETE FROM payment_methods WHERE id = $1", id).execute(&mut *transaction).await?;
        record(&mut transaction, permit, "payment_method.deleted", id, facts(&method), now).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Makes a way to pay the one that is chosen where nothing is said, instead of the one that was.
    pub async fn set_default_payment_method(
        &self,
        permit: AdminPermit<'_>,
        id: Uuid,
    ) -> Result<PaymentMethod> {
        let now = self.clock.now();
        let mut transaction = self.database.begin_admin(&permit).await?;
        lock(&mut transaction).await?;
        let method = one(&mut transaction, id).await?;
        if !method.is_active {
            return Err(Error::Invalid("Cannot set inactive payment method as default".to_owned()));
        }
        if !method.is_default {
            sqlx::query!(
                "UPDATE payment_methods SET is_default = false, updated_at = $1 WHERE is_default",
                now
            )
            .execute(&mut *transaction)
            .await?;
            sqlx::query!(
                "UPDATE payment_methods SET is_default = true, updated_at = $2 WHERE id = $1",
                id,
                now
            )
            .execute(&mut *transaction)
            .await?;
        }
        record(&mut transaction, permit, "payment_method.made_default", id, facts(&method), now).await?;
        let changed = one(&mut transaction, id).await?;
        transaction.commit().await?;
        Ok(changed)
    }

    /// Gives ways to pay their places in lists.
    pub async fn reorder_payment_methods(
        &self,
        permit: AdminPermit<'_>,
        order: &[(Uuid, i32)],
    ) -> Result<Vec<PaymentMethod>> {
        if order.is_empty() || i64::try_from(order.len()).unwrap_or(i64::MAX) > MOST {
            return Err(input::invalid("order", format_args!("must be a list of 1 to {MOST}")));
        }
        let now = self.clock.now();
        let (mut ids, places): (Vec<Uuid>, Vec<i32>) = order.iter().copied().unzip();
        let mut transaction = self.database.begin_admin(&permit).await?;
        lock(&mut transaction).await?;
        let moved = sqlx::query!(
            "UPDATE payment_methods m SET position = t.place, updated_at = $3
             FROM (SELECT id, min(place) AS place FROM unnest($1::uuid[], $2::int[]) AS t (id, place) GROUP BY id) AS t
             WHERE m.id = t.id",
            &ids,
            &places,
            now,
        )
        .execute(&mut *transaction)
        .await?;
        ids.sort_unstable();
        ids.dedup();
        if moved.rows_affected() != u64::try_from(ids.len()).unwrap_or(u64::MAX) {
            return Err(Error::Missing("Payment method"));
        }
        record(
            &mut transaction,
            permit,
            "payment_method.reordered",
            Uuid::nil(),
            json!({ "order": order }),
            now,
        )
        .await?;
        let found = load(&mut transaction, None, None).await?;
        transaction.commit().await?;
        Ok(found)
    }
}

fn facts(method: &PaymentMethod) -> Value {
    json!({ "code": method.code, "name": method.name, "is_active": method.is_active })
}
