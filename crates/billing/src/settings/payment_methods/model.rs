//! What a way to pay is, who can choose it, and which changes make sense.

use chrono::{DateTime, Utc};
use domain::money::Currency;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::types::Json;
use uuid::Uuid;

use crate::catalogue::prices::Rates;
use crate::{Error, Result, input};

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

impl Translation {
    /// Without blanks around its texts, if they can be kept.
    pub(super) fn checked(&self) -> Result<Self> {
        let locale = input::required("locale", Some(&self.locale), 10, "Locale is required")?;
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        if !locale.chars().all(is_plain) {
            return Err(input::invalid("locale", "must be one such as de or pt-BR"));
        }
        Ok(Self {
            locale,
            name: input::required("name", Some(&self.name), input::NAME, "Name is required")?,
            description: input::text("description", &self.description, input::DESCRIPTION)?,
            instructions: input::text("instructions", &self.instructions, input::DESCRIPTION)?,
        })
    }
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
    /// What it is called in another language, instead of what it was; a new one has none yet.
    pub translation: Option<Translation>,
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
    pub(super) fn fits(&self, method: &PaymentMethod) -> bool {
        let holds = |list: &[String], wanted: Option<&str>| match wanted.map(str::trim) {
            None | Some("") => true,
            Some(wanted) => list.is_empty() || list.iter().any(|known| known.eq_ignore_ascii_case(wanted)),
        };
        holds(&method.currencies, self.currency.as_deref())
            && holds(&method.countries, self.country.as_deref())
    }

    pub(super) fn translated(&self, method: PaymentMethod) -> PaymentMethod {
        match self.locale.as_deref().map(str::trim) {
            None | Some("") => method,
            Some(locale) => method.translated(locale),
        }
    }
}

impl PaymentMethod {
    /// In a language, or that language of another country, where there is one.
    #[must_use]
    pub fn translated(mut self, locale: &str) -> Self {
        let language = locale.split(['-', '_']).next().unwrap_or(locale);
        let find = |wanted: &str| {
            self.translations.iter().find(|known| known.locale.eq_ignore_ascii_case(wanted)).cloned()
        };
        if let Some(found) = find(locale).or_else(|| find(language)) {
            let Translation { name, description, instructions, .. } = found;
            (self.name, self.description, self.instructions) = (name, description, instructions);
        }
        self
    }

    /// A way to pay with what the admin changes.
    pub(super) fn changed(self, change: &PaymentMethodChange, rates: &Rates) -> Result<Self> {
        let mut method = self;
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
            let known =
                codes.iter().take(201).map(|code| rates.known(code).map(|currency| currency.to_string()));
            method.currencies = known.collect::<Result<_>>()?;
        }
        if let Some(codes) = &change.countries {
            let codes = codes.iter().take(301).map(|code| code.trim().to_ascii_uppercase());
            method.countries = codes.collect();
            let is_code =
                |code: &String| code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_uppercase());
            if let Some(bad) = method.countries.iter().find(|code| !is_code(code)) {
                let shown: String = bad.chars().take(10).collect();
                return Err(Error::Invalid(format!(
                    "countries has '{shown}', which is no code of two letters"
                )));
            }
        }
        if let Some(kind) = &change.fee_type {
            method.fee_kind = one_of("fee_type", kind, &["none", "fixed", "percentage"])?;
        }
        if let Some(text) = &change.fee_amount {
            let fee: Decimal =
                text.trim().parse().map_err(|_| input::invalid("fee_amount", "is not an amount"))?;
            if fee < Decimal::ZERO || fee.normalize().scale() > 4 || fee > Decimal::from(1_000_000) {
                return Err(input::invalid(
                    "fee_amount",
                    "must be from 0 to 1000000, with at most 4 decimals",
                ));
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
}

fn one_of(field: &str, text: &str, known: &[&str]) -> Result<String> {
    let found = known.iter().find(|known| known.eq_ignore_ascii_case(text.trim()));
    let found =
        found.ok_or_else(|| input::invalid(field, format_args!("must be one of {}", known.join(", "))))?;
    Ok((*found).to_owned())
}
