//! What people are written about their account: every text is in this file.

use platform::mail::{Letter, Message, Part};

use crate::companies::Company;

/// The page where somebody who forgot their password asks for a link.
const FORGOTTEN: &str = "/forgot-password";

/// One mail, as it would look.
pub type Preview = (&'static str, Message);

/// Every kind of mail about accounts, with invented facts.
pub fn previews() -> Vec<Preview> {
    let (email, name, site) = ("ada@customer.example", "Ada Byron", "https://keyrack.example");
    vec![
        ("welcome", welcome(email, name, site)),
        ("account_made", account_made(email, name, site)),
        ("hotel_registered", hotel_welcome(email, name, "Harbour House", site)),
        ("company_registered", named_company_welcome(email, name, ("Harbour Hotels", "1001"), "ada", site)),
        ("password_reset", password_reset(email, name, site, "A-token-that-lets-nobody-in")),
        ("password_changed", password_changed(email, name, site)),
    ]
}

fn text(words: impl Into<String>) -> Part {
    Part::Text(words.into())
}

fn open(site: &str) -> Part {
    Part::Link("Open Keyrack", site.to_owned())
}

fn letter(email: &str, name: &str, site: &str, subject: &str, parts: Vec<Part>) -> Message {
    let letter = Letter {
        to: email.to_owned(),
        name: name.to_owned(),
        subject: subject.to_owned(),
        parts,
        sender: vec!["Keyrack".to_owned(), site.to_owned()],
        attachments: Vec::new(),
    };
    letter.into_message()
}

/// A customer signed up.
pub(crate) fn welcome(email: &str, name: &str, site: &str) -> Message {
    let parts = vec![
        text("Your account is ready. You sign in with this e-mail address and the password that you chose."),
        open(site),
        text(
            "If it was not you who signed up, choose “Forgot password” there: the account is then yours alone.",
        ),
    ];
    letter(email, name, site, "Welcome to Keyrack", parts)
}

/// The admin made an account for somebody.
pub(crate) fn account_made(email: &str, name: &str, site: &str) -> Message {
    let parts = vec![
        text("We made an account for you. You sign in with this e-mail address."),
        text("If you have no password for it yet, or want one that only you know, choose it here:"),
        Part::Link("Choose a password", format!("{site}{FORGOTTEN}")),
    ];
    letter(email, name, site, "Your Keyrack account", parts)
}

/// Somebody registered a hotel.
pub(crate) fn hotel_welcome(email: &str, name: &str, hotel: &str, site: &str) -> Message {
    let parts = vec![
        text(format!(
            "{hotel} is registered. You sign in with this e-mail address and the password that you chose."
        )),
        open(site),
        text(
            "Begin with your rooms and their rates, in the settings; then the desk is ready for the first booking.",
        ),
    ];
    letter(email, name, site, "Welcome to Keyrack", parts)
}

/// Somebody registered a company.
pub(crate) fn company_welcome(
    email: &str,
    name: &str,
    company: &Company,
    login: &str,
    site: &str,
) -> Message {
    named_company_welcome(email, name, (&company.name, &company.code), login, site)
}

fn named_company_welcome(
    email: &str,
    name: &str,
    (company, code): (&str, &str),
    login: &str,
    site: &str,
) -> Message {
    let parts = vec![
        text(format!("{company} is registered. You sign in with these, and the password that you chose:")),
        Part::Facts(vec![("Company code", code.to_owned()), ("User name", login.to_owned())]),
        open(site),
    ];
    letter(email, name, site, "Welcome to Keyrack", parts)
}

/// Somebody forgot their password.
pub(crate) fn password_reset(email: &str, name: &str, site: &str, token: &str) -> Message {
    let parts = vec![
        text(
            "Somebody, probably you, asked for a new password for your Keyrack account. Choose one here within an hour:",
        ),
        Part::Link("Choose a new password", format!("{site}/reset-password?token={token}")),
        text("The link works once. If you did not ask for it, do nothing: your password stays as it is."),
    ];
    letter(email, name, site, "Choose a new Keyrack password", parts)
}

/// The password is another one.
pub(crate) fn password_changed(email: &str, name: &str, site: &str) -> Message {
    let parts = vec![
        text("The password of your Keyrack account was changed, and you were signed out everywhere else."),
        text("If you did not expect that, choose a new password at once:"),
        Part::Link("Choose a new password", format!("{site}{FORGOTTEN}")),
    ];
    letter(email, name, site, "Your Keyrack password was changed", parts)
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use super::*;

    #[test]
    fn every_kind_of_mail_reads_well() {
        let mut all = String::new();
        for (kind, message) in previews() {
            let _ = write!(
                all,
                "=== {kind}\nTo: {}\nSubject: {}\n\n{}\n",
                message.to, message.subject, message.text
            );
            assert!(message.html.is_some_and(|html| html.contains("<h1")), "{kind}");
        }
        insta::assert_snapshot!(all);
    }
}
