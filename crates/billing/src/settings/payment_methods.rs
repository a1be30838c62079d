//! Ways to pay, with their names in other languages.

use chrono::{DateTime, Utc};
use domain::access::AdminPermit;
use domain::money::Currency;
use platform::database::Transaction;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sqlx::types::Json;
use uuid::Uuid;

use crate::catalogue::prices::Rates;
use crate::payments::record;
use crate::{Billing, Error, Result, input};

/// More ways to pay than anybody offers.
const MOST: i64 = 200;

/// A way to pay. Amounts are in the default currency.
#[derive(Debug, Clone, PartialEq)]
pub struct PaymentMethod {
    /// The id.
    pub id: Uuid,
    /// The name that machines know; it never changes.
    pub code: String,
    /// What people call it.
    pub name: String,
    /// What it is about.
    pub description: String,
    /// What the customer does then.
    pub instructions: String,
    /// Whether customers can choose it.
    pub is_active: bool,
    /// Whether it is chosen where nothing is said.
    pub is_default: bool,
    /// Its place in lists.
    pub position: i32,
    /// The least that can be paid with it, in minor units of the default currency; none is open.
    pub min_minor: Option<i64>,
    /// The most that can be paid with it; none is open.
    pub max_minor: Option<i64>,
    /// The currencies it is for; empty means all.
    pub currencies: Vec<String>,
    /// The countries it is for; empty means all.
    pub countries: Vec<String>,
    /// `none`, `fixed` or `percentage`.
    pub fee_kind: String,
    /// The fee: an amount, or percent.
    pub fee_amount: Decimal,
    /// `customer` or `merchant`.
    pub fee_charged_to: String,
    /// What plug-ins keep. For the admin alone.
    pub config: Value,
    /// Its names in other languages.
    pub translations: Json<Vec<Translation>>,
    /// Counts changes.
    pub version: i32,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

/// A way to pay in another language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Translation {
    /// The language, such as `de`.
    pub locale: String,
    /// What people call it.
    pub name: String,
    /// What it is about.
    pub description: String,
    /// What the customer does then.
    pub instructions: String,
}

/// What a new way to pay is, or what changes about one; what is absent stays.
#[derive(Debug, Clone, Default)]
pub struct PaymentMethodChange {
    /// The name that machines know; it cannot be changed.
    pub code: Option<String>,
    /// What people call it.
    pub name: Option<String>,
    /// What it is about.
    pub description: Option<String>,
    /// What the customer does then.
    pub instructions: Option<String>,
    /// Whether customers can choose it.
    pub is_active: Option<bool>,
    /// Its place in lists.
    pub position: Option<i32>,
    /// The least that can be paid with it as decimal text; `Some(None)` opens it.
    pub min_amount: Option<Option<String>>,
    /// The most that can be paid with it as decimal text; `Some(None)` opens it.
    pub max_amount: Option<Option<String>>,
    /// The currencies it is for.
    pub currencies: Option<Vec<String>>,
    /// The countries it is for.
    pub countries: Option<Vec<String>>,
    /// `NONE`, `FIXED` or `PERCENTAGE`.
    pub fee_type: Option<String>,
    /// The fee as decimal text.
    pub fee_amount: Option<String>,
    /// `CUSTOMER` or `MERCHANT`.
    pub fee_charged_to: Option<String>,
    /// What plug-ins keep.
    pub config: Option<Value>,
    /// The version that was read; another one is [`Error::ChangedMeanwhile`].
    pub version: Option<i32>,
}

/// Who asks which ways to pay there are.
#[derive(Debug, Clone, Default)]
pub struct PaymentMethodQuery {
    /// The language of names.
    pub locale: Option<String>,
    /// Only those for this currency.
    pub currency: Option<String>,
    /// Only those for this country.
    pub country: Option<String>,
}

impl PaymentMethodQuery {
    fn fits(&self, method: &PaymentMethod) -> bool {
        let holds = |list: &[String], wanted: Option<&str>| match wanted.map(str::trim) {
            None | Some("") => true,
            Some(wanted) => list.is_empty() || list.iter().any(|known| known.eq_ignore_ascii_case(wanted)),
        };
        holds(&method.currencies, self.currency.as_deref())
            && holds(&method.countries, self.country.as_deref())
    }

    /// In the language that was asked for, or that language of another country, where there is one.
    fn translated(&self, mut method: PaymentMethod) -> PaymentMethod {
        let Some(locale) = self.locale.as_deref().map(str::trim).filter(|locale| !locale.is_empty()) else {
            return method;
        };
        let language = locale.split(['-', '_']).next().unwrap_or(locale);
        let find = |wanted: &str| {
            method.translations.iter().find(|known| known.locale.eq_ignore_ascii_case(wanted)).cloned()
        };
        if let Some(found) = find(locale).or_else(|| find(language)) {
            let Translation { name, description, instructions, .. } = found;
            (method.name, method.description, method.instructions) = (name, description, instructions);
        }
        method
    }
}

impl Billing {
    /// The ways to pay that customers can choose, in their order.
    pub async fn payment_methods_on_offer(&self, query: &PaymentMethodQuery) -> Result<Vec<PaymentMethod>> {
        let mut transaction = self.begin_public().await?;
        let found = load(&mut transaction, None, None).await?;
        transaction.commit().await?;
        let on_offer = found.into_iter().filter(|method| method.is_active && query.fits(method));
        Ok(on_offer.map(|method| query.translated(method)).collect())
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
        let found = found.filter(|method| method.is_active).ok_or(Error::Missing("Payment method"))?;
        Ok(query.translated(found))
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
        let method = changed(blank, change, &Rates::load(&mut transaction).await?)?;
        save(&mut transaction, &method, now).await?;
        record(&mut transaction, permit, "payment_method.created", id, facts(&method), now).await?;
        let made = one(&mut transaction, id).await?;
        transaction.commit().await?;
        Ok(made)
    }

    /// Changes a way to pay. The code stays, and the default one stays active.
    pub async fn change_payment_method(
        &self,
        permit: AdminPermit<'_>,
        id: Uuid,
        change: &PaymentMethodChange,
    ) -> Result<PaymentMethod> {
        let now = self.clock.now();
        let mut transaction = self.database.begin_admin(&permit).await?;
        lock(&mut transaction).await?;
        let before = one(&mut transaction, id).await?;
        if change.code.as_deref().is_some_and(|code| code.trim() != before.code) {
            return Err(Error::Invalid("Code is immutable and cannot be changed".to_owned()));
        }
        input::refuse_stale(change.version, before.version)?;
        let method = changed(before, change, &Rates::load(&mut transaction).await?)?;
        if method.is_default && !method.is_active {
            return Err(Error::Invalid("Cannot deactivate default payment method".to_owned()));
        }
        save(&mut transaction, &method, now).await?;
        record(&mut transaction, permit, "payment_method.changed", id, facts(&method), now).await?;
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

    /// Writes the name of a way to pay in another language, instead of the one there was.
    pub async fn translate_payment_method(
        &self,
        permit: AdminPermit<'_>,
        id: Uuid,
        translation: &Translation,
    ) -> Result<PaymentMethod> {
        let now = self.clock.now();
        let locale = input::required("locale", Some(&translation.locale), 10, "Locale is required")?;
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        if !locale.chars().all(is_plain) {
            return Err(input::invalid("locale", "must be one such as de or pt-BR"));
        }
        let name = input::required("name", Some(&translation.name), input::NAME, "Name is required")?;
        let description = input::text("description", &translation.description, input::DESCRIPTION)?;
        let instructions = input::text("instructions", &translation.instructions, input::DESCRIPTION)?;
        let mut transaction = self.database.begin_admin(&permit).await?;
        lock(&mut transaction).await?;
        let known = one(&mut transaction, id).await?.translations;
        if known.len() >= 100 && !known.iter().any(|known| known.locale == locale) {
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
        .execute(&mut *transaction)
        .await?;
        let facts = json!({ "locale": locale, "name": name });
        record(&mut transaction, permit, "payment_method.translated", id, facts, now).await?;
        let changed = one(&mut transaction, id).await?;
        transaction.commit().await?;
        Ok(changed)
    }
}

fn facts(method: &PaymentMethod) -> Value {
    json!({ "code": method.code, "name": method.name, "is_active": method.is_active })
}

/// A way to pay with what the admin changes.
fn changed(mut method: PaymentMethod, change: &PaymentMethodChange, rates: &Rates) -> Result<PaymentMethod> {
    if let Some(name) = &change.name {
        method.name = input::required("name", Some(name), input::NAME, "Name cannot be empty")?;
    }
    if let Some(text) = &change.description {
        method.description = input::text("description", text, input::DESCRIPTION)?;
    }
    if let Some(text) = &change.instructions {
        method.instructions = input::text("instructions", text, input::DESCRIPTION)?;
    }
    let limit = |field: &str, text: &Option<String>| {
        let money = text.as_deref().map(|text| input::price(text, Currency::EUR)).transpose();
        money
            .map(|money| money.map(|money| money.minor))
            .map_err(|_| input::invalid(field, "is not an amount"))
    };
    if let Some(text) = &change.min_amount {
        method.min_minor = limit("min_amount", text)?;
    }
    if let Some(text) = &change.max_amount {
        method.max_minor = limit("max_amount", text)?;
    }
    if method.min_minor.zip(method.max_minor).is_some_and(|(min, max)| min > max) {
        return Err(input::invalid("max_amount", "must not be below min_amount"));
    }
    if let Some(codes) = &change.currencies {
        let known = codes.iter().take(201).map(|code| rates.known(code).map(|currency| currency.to_string()));
        method.currencies = known.collect::<Result<_>>()?;
    }
    if let Some(codes) = &change.countries {
        let codes = codes.iter().take(301).map(|code| code.trim().to_ascii_uppercase());
        method.countries = codes.collect();
        let is_code = |code: &String| code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_uppercase());
        if let Some(bad) = method.countries.iter().find(|code| !is_code(code)) {
            let shown: String = bad.chars().take(10).collect();
            return Err(Error::Invalid(format!("countries has '{shown}', which is no code of two letters")));
        }
    }
    if let Some(kind) = &change.fee_type {
        method.fee_kind = one_of("fee_type", kind, &["none", "fixed", "percentage"])?;
    }
    if let Some(text) = &change.fee_amount {
        let fee: Decimal =
            text.trim().parse().map_err(|_| input::invalid("fee_amount", "is not an amount"))?;
        if fee < Decimal::ZERO || fee.normalize().scale() > 4 || fee > Decimal::from(1_000_000) {
            return Err(input::invalid("fee_amount", "must be from 0 to 1000000, with at most 4 decimals"));
        }
        method.fee_amount = fee;
    }
    if method.fee_kind == "percentage" && method.fee_amount > Decimal::ONE_HUNDRED {
        return Err(input::invalid("fee_amount", "must be at most 100 percent"));
    }
    if let Some(who) = &change.fee_charged_to {
        method.fee_charged_to = one_of("fee_charged_to", who, &["customer", "merchant"])?;
    }
    if let Some(config) = &change.config {
        input::json("config", config)?;
        if !config.is_object() {
            return Err(input::invalid("config", "must be an object"));
        }
        method.config = config.clone();
    }
    method.is_active = change.is_active.unwrap_or(method.is_active);
    method.position = change.position.unwrap_or(method.position);
    Ok(method)
}

fn one_of(field: &str, text: &str, known: &[&str]) -> Result<String> {
    let found = known.iter().find(|known| known.eq_ignore_ascii_case(text.trim()));
    let found =
        found.ok_or_else(|| input::invalid(field, format_args!("must be one of {}", known.join(", "))))?;
    Ok((*found).to_owned())
}

/// Lets changes come one after the other: there is always one default.
async fn lock(transaction: &mut Transaction) -> Result<()> {
    sqlx::query!("LOCK TABLE payment_methods IN SHARE ROW EXCLUSIVE MODE")
        .execute(&mut **transaction)
        .await?;
    Ok(())
}

async fn save(transaction: &mut Transaction, method: &PaymentMethod, now: DateTime<Utc>) -> Result<()> {
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

async fn one(transaction: &mut Transaction, id: Uuid) -> Result<PaymentMethod> {
    load(transaction, Some(id), None).await?.pop().ok_or(Error::Missing("Payment method"))
}

/// All ways to pay in their order, or one of them.
async fn load(
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
