//! The fields of a card: shown, read, and shown again with what is wrong.

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike};
use maud::{Markup, html};
use serde::Deserialize;

use crate::engine::wallet::TypedCard;
use crate::model::Timestamp;
use crate::model::card::{TEST_CARDS, TestCard, is_well_formed};

/// What was typed, as it was typed.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct CardForm {
    pub email: String,
    pub name: String,
    pub card_number: String,
    pub expiry: String,
    pub cvc: String,
    /// The number of a test card to fill in; the form is shown again instead of sent.
    #[serde(rename = "use")]
    pub chosen: Option<String>,
}

/// What is wrong, by field.
pub type Problems = BTreeMap<&'static str, String>;

impl CardForm {
    /// The form as it opens, ready to be sent.
    pub fn prefilled(email: Option<&str>, name: Option<&str>) -> Self {
        Self {
            email: email.unwrap_or("guest@example.com").to_owned(),
            name: name.unwrap_or("Demo Guest").to_owned(),
            card_number: spaced(TEST_CARDS[0].number),
            expiry: "12 / 40".to_owned(),
            cvc: "123".to_owned(),
            chosen: None,
        }
    }

    /// The card, if all of it can be used.
    pub fn card(&self, now: Timestamp, problems: &mut Problems) -> Option<TypedCard> {
        let number: String =
            self.card_number.chars().filter(|it| !it.is_whitespace() && *it != '-').collect();
        if !is_well_formed(&number) {
            problems.insert("card_number", "Your card number is invalid.".to_owned());
        } else if TestCard::by_number(&number).is_none() {
            problems.insert(
                "card_number",
                "Your card was declined. The sandbox takes test cards only; choose one below.".to_owned(),
            );
        }
        let expiry = expiry(&self.expiry);
        match expiry {
            None => {
                problems.insert("expiry", "Write the expiry date as MM / YY.".to_owned());
            }
            Some(until) if until < month_of(now) => {
                problems.insert("expiry", "Your card's expiration date is in the past.".to_owned());
            }
            Some(_) => {}
        }
        if !(3..=4).contains(&self.cvc.trim().len()) || !self.cvc.trim().bytes().all(|it| it.is_ascii_digit())
        {
            problems.insert("cvc", "The security code has three or four digits.".to_owned());
        }
        let (exp_year, exp_month) = expiry?;
        problems.is_empty().then(|| TypedCard {
            number,
            exp_month,
            exp_year,
            name: Some(self.name.trim().to_owned()).filter(|it| !it.is_empty()),
            email: Some(self.email.trim().to_owned()).filter(|it| !it.is_empty()),
        })
    }

    /// Who pays: checked the way Checkout does.
    pub fn check_payer(&self, problems: &mut Problems) {
        let email = self.email.trim();
        let well_formed =
            email.split_once('@').is_some_and(|(user, host)| !user.is_empty() && host.contains('.'));
        if !well_formed || email.contains(char::is_whitespace) {
            problems.insert("email", "Your email is incomplete.".to_owned());
        }
        if self.name.trim().is_empty() {
            problems.insert("name", "Write the name on the card.".to_owned());
        }
    }

    /// The fields of the card, and the test cards one can choose.
    pub fn fields(&self, problems: &Problems) -> Markup {
        html! {
            (field("Card number", "card_number", &self.card_number, "cc-number", "numeric", problems))
            div.row {
                (field("Expiry date", "expiry", &self.expiry, "cc-exp", "text", problems))
                (field("Security code", "cvc", &self.cvc, "cc-csc", "numeric", problems))
            }
            (field("Name on card", "name", &self.name, "cc-name", "text", problems))
            fieldset {
                legend { "Fill in a test card" }
                div.choices {
                    @for card in TEST_CARDS {
                        button type="submit" name="use" value=(card.number) formnovalidate {
                            (card.label) " · " (card.last4())
                        }
                    }
                }
            }
        }
    }

    pub fn email_field(&self, problems: &Problems) -> Markup {
        field("Email", "email", &self.email, "email", "email", problems)
    }

    /// The form with the chosen test card filled in.
    pub fn with_chosen(mut self) -> Self {
        if let Some(number) = self.chosen.take() {
            self.card_number = spaced(&number);
        }
        self
    }
}

fn field(
    label: &str,
    name: &'static str,
    value: &str,
    autocomplete: &str,
    mode: &str,
    problems: &Problems,
) -> Markup {
    let problem = problems.get(name);
    let note = format!("{name}-problem");
    html! {
        div.field {
            label for=(name) { (label) }
            input id=(name) name=(name) value=(value) autocomplete=(autocomplete) inputmode=(mode) required
                aria-invalid=[problem.map(|_| "true")] aria-describedby=[problem.map(|_| &note)] autofocus[problem.is_some()];
            @if let Some(problem) = problem { p.problem id=(note) role="alert" { (problem) } }
        }
    }
}

/// `4242 4242 4242 4242`.
fn spaced(number: &str) -> String {
    let groups: Vec<&str> =
        number.as_bytes().chunks(4).filter_map(|it| std::str::from_utf8(it).ok()).collect();
    groups.join(" ")
}

/// Year and month of `12 / 40`, `12/40`, `1240` or `12/2040`.
fn expiry(text: &str) -> Option<(i32, u32)> {
    let digits: String = text.chars().filter(|it| !it.is_whitespace() && *it != '/').collect();
    if !digits.bytes().all(|it| it.is_ascii_digit()) || !matches!(digits.len(), 4 | 6) {
        return None;
    }
    let (month, year) = digits.split_at(2);
    let month = month.parse().ok().filter(|it| (1..=12).contains(it))?;
    let year: i32 = year.parse().ok()?;
    Some((if year < 100 { 2000 + year } else { year }, month))
}

fn month_of(at: Timestamp) -> (i32, u32) {
    DateTime::from_timestamp(at, 0).map_or((0, 0), |it| (it.year(), it.month()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_expiry_dates() {
        for good in ["12 / 40", "12/40", "1240", "12/2040"] {
            assert_eq!(expiry(good), Some((2040, 12)), "{good}");
        }
        for bad in ["", "13/40", "00/40", "12", "ab/cd", "12/4"] {
            assert_eq!(expiry(bad), None, "{bad}");
        }
    }

    #[test]
    fn refuses_real_and_broken_numbers() {
        let read = |number: &str| {
            let mut problems = Problems::new();
            let form = CardForm { card_number: number.to_owned(), ..CardForm::prefilled(None, None) };
            (form.card(0, &mut problems).is_some(), problems.len())
        };
        assert_eq!(read("4242 4242 4242 4242"), (true, 0));
        assert_eq!(read("4242 4242 4242 4241"), (false, 1));
        assert_eq!(read("4111 1111 1111 1111"), (false, 1));
    }
}
