//! Guests: one form for new and returning ones.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::ids::GuestId;
use crate::problem::{FieldProblem, ProblemCode, Problems, optional_email, optional_text, required_text};

/// What a desk types about a guest. Empty texts mean "not known".
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct GuestForm {
    /// Given name.
    pub first_name: String,
    /// Family name.
    pub last_name: String,
    /// E-mail address.
    pub email: String,
    /// Telephone number, in any notation.
    pub phone: String,
    /// Number of a passport or identity card.
    pub gov_id: String,
    /// Street and house number.
    pub address: String,
    /// City.
    pub city: String,
    /// State or region.
    pub state: String,
    /// Postal code.
    pub zip_code: String,
    /// Country.
    pub country: String,
    /// What colleagues should know.
    pub note: String,
}

/// A [`GuestForm`] that can be stored.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GuestDraft {
    /// Given name.
    pub first_name: String,
    /// Family name; empty where a person has one name.
    pub last_name: String,
    /// E-mail address in lower case.
    pub email: Option<String>,
    /// Telephone number as typed.
    pub phone: Option<String>,
    /// Identity number, upper case and trimmed (spec `reception.md` 3.4); unique in the organisation.
    pub gov_id: Option<String>,
    /// Street and house number.
    pub address: Option<String>,
    /// City.
    pub city: Option<String>,
    /// State or region.
    pub state: Option<String>,
    /// Postal code.
    pub zip_code: Option<String>,
    /// Country.
    pub country: Option<String>,
    /// What colleagues should know.
    pub note: Option<String>,
}

/// Trims and upper-cases an identity number (spec `reception.md` 3.4).
pub fn normal_gov_id(text: &str) -> Result<Option<String>, ProblemCode> {
    optional_text(text, 60).map(|id| id.map(|id| id.to_uppercase()))
}

/// The digits of a telephone number, by which it is found however it was written.
pub fn phone_digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

impl GuestForm {
    /// Checks every field. At least one name is needed; field names are prefixed with `prefix`.
    pub fn check(&self, prefix: &str) -> Result<GuestDraft, Vec<FieldProblem>> {
        let mut problems = Problems::new();
        let mut take = |field: &str, result: Result<Option<String>, ProblemCode>| {
            problems.take(&format!("{prefix}{field}"), result).flatten()
        };
        let draft = GuestDraft {
            first_name: take("first_name", required_text(&self.first_name, 100).map(Some))
                .unwrap_or_default(),
            last_name: take("last_name", optional_text(&self.last_name, 100)).unwrap_or_default(),
            email: take("email", optional_email(&self.email)),
            phone: take("phone", phone(&self.phone)),
            gov_id: take("gov_id", normal_gov_id(&self.gov_id)),
            address: take("address", optional_text(&self.address, 200)),
            city: take("city", optional_text(&self.city, 100)),
            state: take("state", optional_text(&self.state, 100)),
            zip_code: take("zip_code", optional_text(&self.zip_code, 20)),
            country: take("country", optional_text(&self.country, 100)),
            note: take("note", optional_text(&self.note, 2000)),
        };
        problems.or(draft)
    }
}

fn phone(text: &str) -> Result<Option<String>, ProblemCode> {
    let text = optional_text(text, 40)?;
    let plausible = |text: &String| {
        text.chars().all(|c| c.is_ascii_digit() || " +-()./xX".contains(c))
            && (3..=20).contains(&phone_digits(text).len())
    };
    match text {
        Some(text) if !plausible(&text) => Err(ProblemCode::BadCharacters),
        other => Ok(other),
    }
}

/// Splits a full name at the first space (spec `reception.md` 3.4).
pub fn split_name(name: &str) -> (String, String) {
    let name = name.trim();
    match name.split_once(char::is_whitespace) {
        Some((first, last)) => (first.to_owned(), last.trim().to_owned()),
        None => (name.to_owned(), String::new()),
    }
}

/// A guest as stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Guest {
    /// The id.
    pub id: GuestId,
    /// Everything a desk can type.
    #[serde(flatten)]
    pub details: GuestForm,
    /// How often the guest has stayed, or stays, in this hotel.
    pub stays: i64,
    /// The last day of departure in this hotel.
    pub last_departure: Option<NaiveDate>,
}

impl GuestForm {
    /// The full name as it is shown.
    pub fn full_name(&self) -> String {
        format!("{} {}", self.first_name, self.last_name).trim().to_owned()
    }
}

/// One line of a search for guests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GuestRow {
    /// The id.
    pub id: GuestId,
    /// The full name.
    pub name: String,
    /// E-mail address.
    pub email: Option<String>,
    /// Telephone number.
    pub phone: Option<String>,
    /// City.
    pub city: Option<String>,
    /// Stays in this hotel.
    pub stays: i64,
    /// The last day of departure in this hotel.
    pub last_departure: Option<NaiveDate>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_reports_all_its_problems_at_once() {
        let form = GuestForm { email: "nope".into(), phone: "call me".into(), ..GuestForm::default() };
        let fields: Vec<_> = form.check("guest_").unwrap_err().into_iter().map(|p| p.field).collect();
        assert_eq!(fields, ["guest_first_name", "guest_email", "guest_phone"]);
    }

    #[test]
    fn identity_numbers_are_compared_without_case() {
        assert_eq!(normal_gov_id(" ab 12x ").unwrap().as_deref(), Some("AB 12X"));
    }

    #[test]
    fn a_single_name_is_a_name() {
        assert_eq!(split_name("Madonna"), ("Madonna".into(), String::new()));
        assert_eq!(split_name(" Ana María  Ruiz "), ("Ana".into(), "María  Ruiz".into()));
    }
}
