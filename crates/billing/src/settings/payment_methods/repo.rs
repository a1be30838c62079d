//! Ways to pay as rows.

use chrono::{DateTime, Utc};
use platform::database::Transaction;
use sqlx::types::Json;
use uuid::Uuid;

use super::{MOST, PaymentMethod, Translation};
use crate::{Error, Result};

/// Lets changes come one after the other: there is always one default.
pub(super) async fn lock(transaction: &mut Transaction) -> Result<()> {
    sqlx::query!("LOCK TABLE payment_methods IN SHARE ROW EXCLUSIVE MODE")
        .execute(&mut **transaction)
        .await?;
    Ok(())
}

pub(super) async fn save(
    transaction: &mut Transaction,
    method: &PaymentMethod,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "INSERT INTO payment_methods (id, code, name, description, instructions, is_active, is_default, position, min_minor, max_minor,
                                      currencies, countries, fee_kind, fee_amount, fee_charged_to, config, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $17)
         ON CONFLICT (id) DO UPDATE SET
             name = excluded.name, description = excluded.description, instructions = excluded.instructions,
             is_active = excluded.is_active, position = excluded.position, min_minor = excluded.min_minor,
             max_minor = excluded.max_minor, currencies = excluded.currencies, countries = excluded.countries,
             fee_kind = excluded.fee_kind, fee_amount = excluded.fee_amount, fee_charged_to = excluded.fee_charged_to,
             config = excluded.config, updated_at = excluded.updated_at",
        method.id,
        method.code,
        method.name,
        method.description,
        method.instructions,
        method.is_active,
        method.is_default,
        method.position,
        method.min_minor,
        method.max_minor,
        &method.currencies,
        &method.countries,
        method.fee_kind,
        method.fee_amount,
        method.fee_charged_to,
        method.config,
        now,
    )
    .execute(&mut **transaction)
    .await
    .map_err(|error| {
        Error::refused_by(error, "payment_methods_code_key", || {
            Error::Invalid(format!("Payment method with code '{}' already exists", method.code))
        })
    })?;
    Ok(())
}

pub(super) async fn one(transaction: &mut Transaction, id: Uuid) -> Result<PaymentMethod> {
    load(transaction, Some(id), None).await?.pop().ok_or(Error::Missing("Payment method"))
}

/// All ways to pay in their order, or one of them.
pub(crate) async fn load(
    transaction: &mut Transaction,
    id: Option<Uuid>,
    code: Option<&str>,
) -> Result<Vec<PaymentMethod>> {
    let found = sqlx::query_as!(
        PaymentMethod,
        r#"SELECT m.id, m.code, m.name, m.description, m.instructions, m.is_active, m.is_default, m.position, m.min_minor, m.max_minor,
                  m.currencies, m.countries, m.fee_kind, m.fee_amount, m.fee_charged_to, m.config,
                  coalesce((SELECT jsonb_agg(jsonb_build_object('locale', t.locale, 'name', t.name, 'description', t.description,
                                                                'instructions', t.instructions) ORDER BY t.locale)
                            FROM payment_method_translations t WHERE t.payment_method_id = m.id), '[]')
                      AS "translations!: Json<Vec<Translation>>",
                  m.version, m.created_at, m.updated_at
           FROM payment_methods m
           WHERE ($1::uuid IS NULL OR m.id = $1) AND ($2::text IS NULL OR m.code = $2)
           ORDER BY m.position, m.name, m.id LIMIT $3"#,
        id,
        // Postgres cannot store NUL, so no way to pay has such a code.
        code.map(|code| code.replace('\0', "\u{fffd}")),
        MOST,
    )
    .fetch_all(&mut **transaction)
    .await?;
    Ok(found)
}
