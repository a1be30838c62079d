//! Stripe's test cards, and what each of them does.

use serde::{Deserialize, Serialize};

use super::{Timestamp, record};

/// Why a card is refused, in the codes Stripe uses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decline {
    pub code: String,
    pub decline_code: Option<String>,
    pub message: String,
}

impl Decline {
    fn new(code: &str, decline_code: Option<&str>, message: &str) -> Self {
        Self {
            code: code.to_owned(),
            decline_code: decline_code.map(str::to_owned),
            message: message.to_owned(),
        }
    }

    fn generic() -> Self {
        Self::new("card_declined", Some("generic_decline"), "Your card was declined.")
    }

    /// The customer did not, or could not, authenticate.
    pub fn authentication_failed() -> Self {
        Self::new(
            "payment_intent_authentication_failure",
            None,
            "We are unable to authenticate your payment method. Please choose a different payment method and try again.",
        )
    }

    /// Nobody is there to authenticate.
    pub fn authentication_required() -> Self {
        Self::new(
            "authentication_required",
            Some("authentication_required"),
            "Your card was declined. This transaction requires authentication.",
        )
    }

    /// There is nothing to charge.
    pub fn no_payment_method() -> Self {
        Self::new("payment_method_missing", None, "This customer has no attached payment method to charge.")
    }
}

/// What a test card does when it is charged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Behaviour {
    Succeeds,
    /// Asks for 3-D Secure each time.
    Authenticates,
    Declined,
    InsufficientFunds,
    Expired,
    WrongCvc,
    /// Can be attached, but every charge without its holder fails.
    RenewalsFail,
    /// Is charged, then its holder disputes the charge.
    Disputed,
}

/// One of the numbers a sandbox accepts.
#[derive(Debug)]
pub struct TestCard {
    pub number: &'static str,
    /// The payment method id that stands for it in calls.
    pub token: &'static str,
    pub brand: &'static str,
    pub behaviour: Behaviour,
    /// What the checkout page calls it.
    pub label: &'static str,
}

const fn card(
    number: &'static str,
    token: &'static str,
    brand: &'static str,
    behaviour: Behaviour,
    label: &'static str,
) -> TestCard {
    TestCard { number, token, brand, behaviour, label }
}

/// Every number the sandbox knows; the first is the one that just works.
pub static TEST_CARDS: &[TestCard] = &[
    card("4242424242424242", "pm_card_visa", "visa", Behaviour::Succeeds, "Payment succeeds"),
    card(
        "4000002760003184",
        "pm_card_authenticationRequired",
        "visa",
        Behaviour::Authenticates,
        "3-D Secure needed",
    ),
    card("4000000000000002", "pm_card_chargeDeclined", "visa", Behaviour::Declined, "Card is declined"),
    card(
        "4000000000009995",
        "pm_card_chargeDeclinedInsufficientFunds",
        "visa",
        Behaviour::InsufficientFunds,
        "Insufficient funds",
    ),
    card(
        "4000000000000341",
        "pm_card_chargeCustomerFail",
        "visa",
        Behaviour::RenewalsFail,
        "Later renewals fail",
    ),
    card("4000000000000259", "pm_card_createDispute", "visa", Behaviour::Disputed, "Charge is disputed"),
    card("5555555555554444", "pm_card_mastercard", "mastercard", Behaviour::Succeeds, "Mastercard succeeds"),
    card(
        "4000000000000069",
        "pm_card_chargeDeclinedExpiredCard",
        "visa",
        Behaviour::Expired,
        "Card has expired",
    ),
    card(
        "4000000000000127",
        "pm_card_chargeDeclinedIncorrectCvc",
        "visa",
        Behaviour::WrongCvc,
        "Wrong security code",
    ),
];

/// Who is there when a card is charged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// Its holder, who could authenticate.
    OnSession,
    /// Its holder, who has just authenticated.
    Authenticated,
    /// Nobody: a renewal.
    OffSession,
}

/// What the issuer answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    Approved,
    Declined(Decline),
    NeedsAuthentication,
}

impl TestCard {
    pub fn by_number(number: &str) -> Option<&'static Self> {
        TEST_CARDS.iter().find(|card| card.number == number)
    }

    pub fn by_token(token: &str) -> Option<&'static Self> {
        TEST_CARDS.iter().find(|card| card.token == token)
    }

    /// What happens when it is charged.
    pub fn verdict(&self, presence: Presence) -> Verdict {
        match (self.behaviour, presence) {
            (Behaviour::Succeeds | Behaviour::Disputed, _)
            | (Behaviour::Authenticates, Presence::Authenticated)
            | (Behaviour::RenewalsFail, Presence::OnSession | Presence::Authenticated) => Verdict::Approved,
            (Behaviour::Authenticates, Presence::OnSession | Presence::OffSession) => {
                Verdict::NeedsAuthentication
            }
            (Behaviour::Declined | Behaviour::RenewalsFail, _) => Verdict::Declined(Decline::generic()),
            (Behaviour::InsufficientFunds, _) => Verdict::Declined(Decline::new(
                "card_declined",
                Some("insufficient_funds"),
                "Your card has insufficient funds.",
            )),
            (Behaviour::Expired, _) => Verdict::Declined(Decline::new(
                "expired_card",
                Some("expired_card"),
                "Your card has expired.",
            )),
            (Behaviour::WrongCvc, _) => Verdict::Declined(Decline::new(
                "incorrect_cvc",
                Some("incorrect_cvc"),
                "Your card's security code is incorrect.",
            )),
        }
    }

    pub fn last4(&self) -> &'static str {
        self.number.split_at(self.number.len() - 4).1
    }
}

/// A card someone has given; Stripe calls it a payment method.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PaymentMethod {
    pub id: String,
    pub created: Timestamp,
    pub customer: Option<String>,
    /// One of the public test numbers; a real one is refused before it gets here.
    pub number: String,
    pub exp_month: u32,
    pub exp_year: i32,
    pub name: Option<String>,
    pub email: Option<String>,
}

record!(PaymentMethod = "PaymentMethod");

impl PaymentMethod {
    pub fn card(&self) -> &'static TestCard {
        TestCard::by_number(&self.number).unwrap_or(&TEST_CARDS[0])
    }
}

/// Whether the last digit fits the others (Luhn).
pub fn is_well_formed(number: &str) -> bool {
    let digits: Option<Vec<u32>> = number.chars().map(|c| c.to_digit(10)).collect();
    let Some(digits) = digits.filter(|digits| (12..=19).contains(&digits.len())) else { return false };
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(at, digit)| if at % 2 == 1 { digit * 2 / 10 + digit * 2 % 10 } else { *digit })
        .sum();
    sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_numbers_are_well_formed_and_distinct() {
        for card in TEST_CARDS {
            assert!(is_well_formed(card.number), "{}", card.number);
            assert!(std::ptr::eq(TestCard::by_number(card.number).unwrap(), card));
            assert!(std::ptr::eq(TestCard::by_token(card.token).unwrap(), card));
        }
        assert!(!is_well_formed("4242424242424241"));
        assert!(!is_well_formed("four"));
    }

    #[test]
    fn renewals_fail_only_without_the_holder() {
        let card = TestCard::by_number("4000000000000341").unwrap();
        assert_eq!(card.verdict(Presence::OnSession), Verdict::Approved);
        assert!(matches!(card.verdict(Presence::OffSession), Verdict::Declined(_)));
    }
}
