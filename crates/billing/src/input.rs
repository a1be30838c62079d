//! What the admin typed, checked before it is stored: every refusal names its field.

use domain::money::{Currency, Money};
use domain::problem::{optional_text, storable_json};
use serde_json::Value;

use crate::{Error, Result};

/// The longest name and slug.
pub(crate) const NAME: usize = 255;

/// The longest description.
pub(crate) const DESCRIPTION: usize = 5_000;

/// The largest price in minor units: what stays far from the end of the numbers when it is taxed, converted and summed.
const MAX_PRICE: i64 = 100_000_000_000;

/// More levels than anybody nests settings in.
const MAX_DEPTH: usize = 20;

/// The most bytes of settings.
const MAX_JSON: usize = 64 * 1024;

/// A refusal that says what is wrong with `field`.
pub(crate) fn invalid(field: &str, what: impl std::fmt::Display) -> Error {
    Error::Invalid(format!("{field} {what}"))
}

/// A text of at most `max` characters, trimmed; it may be empty.
pub(crate) fn text(field: &str, text: &str, max: usize) -> Result<String> {
    let text = optional_text(text, max).map_err(|code| invalid(field, code))?;
    Ok(text.unwrap_or_default())
}

/// A text that is not empty; `missing` is said if it is.
pub(crate) fn required(field: &str, given: Option<&str>, max: usize, missing: &str) -> Result<String> {
    let text = text(field, given.unwrap_or(""), max)?;
    if text.is_empty() { Err(Error::Invalid(missing.to_owned())) } else { Ok(text) }
}

/// A name in addresses: what was given, else made of the name; small letters and digits, and everything else a hyphen
/// (spec 5.7).
pub(crate) fn slug(given: Option<&str>, name: &str) -> Result<String> {
    let source = given.filter(|slug| !slug.trim().is_empty()).unwrap_or(name);
    let source = text("slug", source, NAME)?.to_lowercase();
    let words = source.split(|c: char| !c.is_ascii_lowercase() && !c.is_ascii_digit());
    let slug = words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join("-");
    if slug.is_empty() { Err(invalid("slug", "needs a letter from a to z or a digit")) } else { Ok(slug) }
}

/// A price that is not negative, from its decimal text.
pub(crate) fn price(text: &str, currency: Currency) -> Result<Money> {
    let price = Money::parse(text, currency).map_err(|_| Error::Invalid("Invalid price".to_owned()))?;
    match price.minor {
        ..0 => Err(Error::Invalid("Price cannot be negative".to_owned())),
        0..=MAX_PRICE => Ok(price),
        _ => Err(invalid("price", "is too large")),
    }
}

/// A number between two others.
pub(crate) fn number(field: &str, value: i64, min: i64, max: i64) -> Result<i64> {
    if (min..=max).contains(&value) {
        Ok(value)
    } else {
        Err(invalid(field, format_args!("must be between {min} and {max}")))
    }
}

/// Settings that Postgres can store: not too deep, not too large, and without NUL characters.
pub(crate) fn json(field: &str, value: &Value) -> Result<()> {
    if storable_json(value, MAX_DEPTH).is_err() {
        return Err(invalid(field, "is nested too deeply or contains characters that cannot be used"));
    }
    if value.to_string().len() > MAX_JSON {
        return Err(invalid(field, format_args!("must be at most {MAX_JSON} bytes long")));
    }
    Ok(())
}

/// Refuses a change of what somebody else changed since it was read.
pub(crate) fn refuse_stale(expected: Option<i32>, version: i32) -> Result<()> {
    if expected.is_none_or(|expected| expected == version) { Ok(()) } else { Err(Error::ChangedMeanwhile) }
}

/// A page of a list by number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// Which page, from 1.
    pub page: i64,
    /// How many it holds.
    pub per_page: i64,
}

impl Page {
    /// The page that a client asks for, brought to what there is: from 1 on, of 1 to 100 (spec 5.11), else of 20.
    pub fn asked(page: Option<i64>, per_page: Option<i64>) -> Self {
        Self { page: page.unwrap_or(1).clamp(1, 1_000_000), per_page: per_page.unwrap_or(20).clamp(1, 100) }
    }

    pub(crate) fn offset(self) -> i64 {
        (self.page - 1) * self.per_page
    }
}

/// Some of a list, and how long it is.
#[derive(Debug, Clone)]
pub struct Listed<T> {
    /// The ones that were asked for.
    pub items: Vec<T>,
    /// How many there are in all.
    pub total: i64,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn slugs_are_made_of_names() {
        assert_eq!(slug(None, "  Pro & Co. 2027 ").unwrap(), "pro-co-2027");
        assert_eq!(slug(Some("My Slug"), "Pro").unwrap(), "my-slug");
        assert_eq!(slug(Some(" "), "Pro").unwrap(), "pro");
        assert!(slug(None, "日本").is_err());
        assert!(slug(Some("a\0"), "Pro").is_err());
    }

    #[test]
    fn prices_are_refused_in_the_words_that_clients_know() {
        let said = |text: &str| price(text, Currency::EUR).unwrap_err().to_string();
        assert_eq!(price("9.99", Currency::EUR).unwrap().minor, 999);
        assert_eq!(said("-1"), "Price cannot be negative");
        assert_eq!(said("abc"), "Invalid price");
        assert_eq!(said("1e99"), "Invalid price");
        assert_eq!(said("9999999999999"), "price is too large");
    }

    #[test]
    fn settings_that_cannot_be_stored_are_refused() {
        assert!(json("features", &json!({ "a": [1, { "b": "c" }] })).is_ok());
        assert!(json("features", &json!({ "a": ["x\0"] })).is_err());
        assert!(json("features", &json!({ "a\0": 1 })).is_err());
        let mut deep = json!(1);
        for _ in 0..30 {
            deep = json!([deep]);
        }
        assert!(json("features", &deep).is_err());
    }

    #[test]
    fn pages_are_brought_to_what_there_is() {
        assert_eq!(Page::asked(Some(-3), Some(1000)), Page { page: 1, per_page: 100 });
        assert_eq!(Page::asked(None, None).offset(), 0);
        assert_eq!(Page::asked(Some(3), Some(20)).offset(), 40);
    }
}
