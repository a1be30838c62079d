//! What is wrong with a value somebody typed, as a code: pages say it in the reader's language, REST in English.

use serde::{Deserialize, Serialize};

/// A text that is none of an enum's values.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{value:?} is not a {kind}")]
pub struct UnknownValue {
    /// The enum's name.
    pub kind: &'static str,
    /// The text that was read.
    pub value: String,
}

/// Why a field cannot be accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case", tag = "code")]
pub enum ProblemCode {
    /// Nothing was typed.
    #[error("is required")]
    Required,
    /// More characters than fit.
    #[error("must be at most {max} characters long")]
    TooLong {
        /// The largest number of characters.
        max: usize,
    },
    /// Fewer characters than needed.
    #[error("must be at least {min} characters long")]
    TooShort {
        /// The smallest number of characters.
        min: usize,
    },
    /// A number outside its bounds.
    #[error("must be between {min} and {max}")]
    OutOfRange {
        /// The smallest value.
        min: i64,
        /// The largest value.
        max: i64,
    },
    /// Characters that cannot be printed or stored.
    #[error("contains characters that cannot be used")]
    BadCharacters,
    /// Not the shape of an e-mail address.
    #[error("is not an e-mail address")]
    NotAnEmail,
    /// Not a date.
    #[error("is not a date")]
    NotADate,
    /// Not a time of day.
    #[error("is not a time of day")]
    NotATime,
    /// Not an amount of money.
    #[error("is not an amount")]
    NotAnAmount,
    /// Not one of the values on offer.
    #[error("is not one of the values on offer")]
    NotOnOffer,
    /// A date before the hotel's business date.
    #[error("is in the past")]
    InThePast,
    /// Departure is not after arrival.
    #[error("must be after the arrival")]
    NotAfterArrival,
    /// More nights than one stay may have.
    #[error("is more than {max} nights after the arrival")]
    TooManyNights {
        /// The largest number of nights.
        max: i64,
    },
    /// More people than the room sleeps.
    #[error("is more than the room sleeps ({max})")]
    TooManyGuests {
        /// How many the room sleeps.
        max: i64,
    },
    /// A colleague changed it since the form was made.
    #[error("was changed in the meantime")]
    ChangedMeanwhile {
        /// What it is now, as a form holds it.
        now: String,
    },
    /// Somebody else has this value already.
    #[error("is already in use")]
    AlreadyInUse,
    /// A password without one of each kind of character.
    #[error(
        "must be at least 8 characters long, with a small and a capital letter, a digit and a special character"
    )]
    WeakPassword,
    /// Does not match what is stored.
    #[error("is not right")]
    Wrong,
    /// Not a VAT number of the country that its letters name: its form or its check digits are not right.
    #[error("is not a valid VAT number")]
    NotAVatNumber,
    /// Not found in this hotel.
    #[error("was not found")]
    NotFound,
}

/// A [`ProblemCode`] at a named field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{field} {code}")]
pub struct FieldProblem {
    /// The field's name as the form or the JSON body spells it.
    pub field: String,
    /// What is wrong.
    #[serde(flatten)]
    pub code: ProblemCode,
}

impl FieldProblem {
    /// The problem `code` at `field`.
    pub fn new(field: impl Into<String>, code: ProblemCode) -> Self {
        Self { field: field.into(), code }
    }
}

/// Collects the problems of several fields, so that a form can show all of them at once.
#[derive(Debug, Default)]
pub struct Problems(Vec<FieldProblem>);

impl Problems {
    /// An empty collection.
    pub fn new() -> Self {
        Self::default()
    }

    /// Records a problem.
    pub fn add(&mut self, field: impl Into<String>, code: ProblemCode) {
        self.0.push(FieldProblem::new(field, code));
    }

    /// Takes the value of `result`, or records its problem at `field`.
    pub fn take<T>(&mut self, field: &str, result: Result<T, ProblemCode>) -> Option<T> {
        result.map_err(|code| self.add(field, code)).ok()
    }

    /// All problems, or `value` when there are none.
    pub fn or<T>(self, value: T) -> Result<T, Vec<FieldProblem>> {
        if self.0.is_empty() { Ok(value) } else { Err(self.0) }
    }

    /// Whether nothing was recorded.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The recorded problems.
    pub fn into_vec(self) -> Vec<FieldProblem> {
        self.0
    }
}

/// Trims a required text of at most `max` characters and refuses control characters.
///
/// Emoji and right-to-left scripts are people's names and pass; bidirectional *overrides* could disguise a name in a
/// list and do not.
pub fn required_text(text: &str, max: usize) -> Result<String, ProblemCode> {
    optional_text(text, max)?.ok_or(ProblemCode::Required)
}

/// A text by which two can be compared: browsers send line ends of their own.
pub fn same_lines(text: &str) -> String {
    text.trim().replace("\r\n", "\n").replace('\r', "\n")
}

/// Trims an optional text of at most `max` characters; an empty one is `None`.
pub fn optional_text(text: &str, max: usize) -> Result<Option<String>, ProblemCode> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    if text.chars().count() > max {
        return Err(ProblemCode::TooLong { max });
    }
    let unusable = |c: char| {
        (c.is_control() && c != '\n' && c != '\r' && c != '\t')
            || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    if text.chars().any(unusable) {
        return Err(ProblemCode::BadCharacters);
    }
    Ok(Some(text.to_owned()))
}

/// Checks JSON that is kept as it is: at most `depth` levels, and no NUL, which Postgres has no place for.
pub fn storable_json(value: &serde_json::Value, depth: usize) -> Result<(), ProblemCode> {
    use serde_json::Value;

    fn is_storable(value: &Value, depth: usize) -> bool {
        let has_no_nul = |text: &str| !text.contains('\0');
        let Some(below) = depth.checked_sub(1) else { return false };
        match value {
            Value::Null | Value::Bool(_) | Value::Number(_) => true,
            Value::String(text) => has_no_nul(text),
            Value::Array(values) => values.iter().all(|value| is_storable(value, below)),
            Value::Object(map) => map.iter().all(|(key, value)| has_no_nul(key) && is_storable(value, below)),
        }
    }
    if is_storable(value, depth) { Ok(()) } else { Err(ProblemCode::BadCharacters) }
}

/// Checks the shape of an e-mail address (RFC 5321 lengths, one `@`, a dotted domain) and lowers its case.
pub fn email(text: &str) -> Result<String, ProblemCode> {
    let text = required_text(text, 254)?.to_lowercase();
    let (local, host) = text.rsplit_once('@').ok_or(ProblemCode::NotAnEmail)?;
    let host_is_plausible = host.contains('.')
        && host.split('.').all(|label| {
            !label.is_empty()
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.chars().all(|c| c.is_alphanumeric() || c == '-')
        });
    let local_is_plausible = !local.is_empty()
        && local.len() <= 64
        && !local
            .contains(|c: char| c.is_whitespace() || matches!(c, '@' | '<' | '>' | '"' | ',' | ';' | ':'));
    if host_is_plausible && local_is_plausible { Ok(text) } else { Err(ProblemCode::NotAnEmail) }
}

/// [`email`], where an empty text is `None`.
pub fn optional_email(text: &str) -> Result<Option<String>, ProblemCode> {
    if text.trim().is_empty() { Ok(None) } else { email(text).map(Some) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_all_scripts_pass_and_control_characters_do_not() {
        assert_eq!(required_text("  Zoë 🌿 ", 40).unwrap(), "Zoë 🌿");
        assert_eq!(required_text("محمد علي", 40).unwrap(), "محمد علي");
        assert_eq!(required_text("a\u{0}b", 40), Err(ProblemCode::BadCharacters));
        assert_eq!(required_text("abc\u{202e}gpj", 40), Err(ProblemCode::BadCharacters));
        assert_eq!(required_text("   ", 40), Err(ProblemCode::Required));
        assert_eq!(required_text(&"x".repeat(10_000), 200), Err(ProblemCode::TooLong { max: 200 }));
    }

    #[test]
    fn email_addresses_are_checked_for_shape_only() {
        assert_eq!(email(" Owner@Harbour.Example ").unwrap(), "owner@harbour.example");
        for bad in ["", "x", "@a.b", "a@b", "a@.b", "a b@c.de", "a@b..c", "a@-b.c", "<a>@b.c"] {
            assert!(email(bad).is_err(), "{bad}");
        }
    }
}
