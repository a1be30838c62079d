//! What people are written about their account.

mod texts;

use domain::words::fill;
use platform::mail::{Letter, Message, Part};

use self::texts::Texts;
use crate::companies::Company;

/// The words in the reader's language.
const TEXTS: Texts = Texts::EN;

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
        ("address_changed", address_changed(email, name, site)),
    ]
}

fn text(words: impl Into<String>) -> Part {
    Part::Text(words.into())
}

fn open(site: &str) -> Part {
    Part::Link(TEXTS.open_site, site.to_owned())
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
    let parts = vec![text(TEXTS.sign_in_as_chosen), open(site), text(TEXTS.not_you)];
    letter(email, name, site, TEXTS.welcome, parts)
}

/// The admin made an account for somebody.
pub(crate) fn account_made(email: &str, name: &str, site: &str) -> Message {
    let parts = vec![
        text(TEXTS.made_for_you),
        text(TEXTS.choose_it_here),
        Part::Link(TEXTS.choose_password, format!("{site}{FORGOTTEN}")),
    ];
    letter(email, name, site, TEXTS.account_subject, parts)
}

/// Somebody registered a hotel.
pub(crate) fn hotel_welcome(email: &str, name: &str, hotel: &str, site: &str) -> Message {
    let parts = vec![
        text(fill(TEXTS.hotel_registered, &[("hotel", hotel)])),
        open(site),
        text(TEXTS.begin_with_rooms),
    ];
    letter(email, name, site, TEXTS.welcome, parts)
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
        text(fill(TEXTS.company_registered, &[("company", company)])),
        Part::Facts(vec![
            (TEXTS.fact_company_code, code.to_owned()),
            (TEXTS.fact_user_name, login.to_owned()),
        ]),
        open(site),
    ];
    letter(email, name, site, TEXTS.welcome, parts)
}

/// Somebody forgot their password.
pub(crate) fn password_reset(email: &str, name: &str, site: &str, token: &str) -> Message {
    let parts = vec![
        text(TEXTS.somebody_asked),
        Part::Link(TEXTS.choose_new_password, format!("{site}/reset-password?token={token}")),
        text(TEXTS.works_once),
    ];
    letter(email, name, site, TEXTS.reset_subject, parts)
}

/// The password is another one.
pub(crate) fn password_changed(email: &str, name: &str, site: &str) -> Message {
    let parts = vec![
        text(TEXTS.password_changed),
        text(TEXTS.not_expected),
        Part::Link(TEXTS.choose_new_password, format!("{site}{FORGOTTEN}")),
    ];
    letter(email, name, site, TEXTS.changed_subject, parts)
}

/// The e-mail address is another one; `email` is the one that was. A link for another password is of no use there.
pub(crate) fn address_changed(email: &str, name: &str, site: &str) -> Message {
    let parts = vec![text(TEXTS.address_changed), text(TEXTS.address_not_expected), open(site)];
    letter(email, name, site, TEXTS.address_subject, parts)
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
