//! What a new customer is written.

use platform::mail::{Letter, Message, Part};

/// The welcome.
pub(super) fn welcome(email: &str, name: &str, base_url: &str) -> Message {
    let text = |words: &str| Part::Text(words.to_owned());
    let letter = Letter {
        to: email.to_owned(),
        name: name.to_owned(),
        subject: "Welcome to Keyrack".to_owned(),
        parts: vec![
            text(
                "Your account is ready. You sign in with this e-mail address and the password that you chose.",
            ),
            Part::Link("Open Keyrack", base_url.to_owned()),
            text(
                "If it was not you who signed up, choose “Forgot password” there: the account is then yours alone.",
            ),
        ],
        sender: vec!["Keyrack".to_owned(), base_url.to_owned()],
        attachments: Vec::new(),
    };
    letter.into_message()
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_new_customer_is_welcomed() {
        insta::assert_snapshot!(
            super::welcome("ada@customer.example", "ada", "https://keyrack.example").text
        );
    }
}
