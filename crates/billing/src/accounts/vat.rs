//! VAT numbers.

use domain::problem::ProblemCode;
use vat_id_validator::check_vat_by_country;

/// Longer than any VAT number with the spaces and dots that people put into it.
const LONGEST: usize = 30;

/// A tax number as it is kept. What begins with the letters of the account's `country`, or has the form of another
/// country's VAT numbers, is a VAT number: its check digits must be right, and it is kept without what people put between
/// them. Anything else is some office's own number (such as an Italian `RSSMRA85T10A562S`), whose form nobody knows.
pub(super) fn checked(text: String, country: Option<&str>) -> Result<String, ProblemCode> {
    let plain: String = text.chars().filter(|c| !c.is_whitespace() && !"-./".contains(*c)).collect();
    let plain = plain.to_uppercase();
    if !plain.starts_with(|c: char| c.is_ascii_uppercase())
        || !plain[1..].starts_with(|c: char| c.is_ascii_uppercase())
    {
        return Ok(text);
    }
    let letters = &plain[..2];
    let is_of_country =
        country.is_some_and(|country| letters == if country == "GR" { "EL" } else { country });
    // The library takes digits of any script for digits, and then does not find their values.
    let is_plain = plain.len() <= LONGEST
        && plain.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+*".contains(&byte));
    if !is_plain {
        return if is_of_country { Err(ProblemCode::NotAVatNumber) } else { Ok(text) };
    }
    let found = check_vat_by_country(&plain, letters);
    if found.is_valid || is_newer(&plain) {
        return Ok(plain);
    }
    let is_one = found.is_valid_format || (is_of_country && found.is_supported_country);
    if is_one { Err(ProblemCode::NotAVatNumber) } else { Ok(text) }
}

/// Numbers that the library does not know: Belgium's that begin with 1 (since 2023), Latvia's of people that begin with 32
/// and have no check digit, and Sweden's of parts of a company, which end in another number than 01.
fn is_newer(plain: &str) -> bool {
    let (letters, digits) = plain.split_at(2);
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return false;
    }
    match (letters, digits.len()) {
        ("BE", 10) if digits.starts_with('1') => {
            let number = |part: &str| part.parse::<u32>().unwrap_or_default();
            97 - number(&digits[..8]) % 97 == number(&digits[8..])
        }
        ("LV", 11) => digits.starts_with("32"),
        ("SE", 12) => check_vat_by_country(&format!("SE{}01", &digits[..10]), "SE").is_valid,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn kept(text: &str) -> Result<String, ProblemCode> {
        checked(text.to_owned(), None)
    }

    /// Numbers of every member state, Great Britain, Switzerland and Norway.
    const VALID: [&str; 30] = [
        "ATU13585627",
        "BE0428759497",
        "BG175074752",
        "CHE100155212",
        "CY10259033P",
        "CZ25123891",
        "DE136695976",
        "DK13585628",
        "EE100931558",
        "EL094259216",
        "ESB58378431",
        "FI20774740",
        "FR40303265045",
        "GB980780684",
        "HR33392005961",
        "HU12892312",
        "IE6433435F",
        "IT00743110157",
        "LT119511515",
        "LU15027442",
        "LV40003521600",
        "MT11679112",
        "NL004495445B01",
        "NO995525828",
        "PL8567346215",
        "PT501964843",
        "RO18547290",
        "SE123456789701",
        "SI50223054",
        "SK2022749619",
    ];

    #[test]
    fn numbers_of_every_member_state_are_accepted_and_their_typing_errors_are_not() {
        for number in VALID {
            assert_eq!(kept(number).as_deref(), Ok(number));
            // Every way of check digits notices one wrong digit.
            let at = if number.starts_with("NL") { 8 } else { number.len() - 3 };
            let digit = number.as_bytes()[at];
            let other = if digit == b'9' { '0' } else { char::from(digit + 1) };
            let wrong = format!("{}{other}{}", &number[..at], &number[at + 1..]);
            assert_eq!(kept(&wrong), Err(ProblemCode::NotAVatNumber), "{number}");
        }
    }

    #[test]
    fn numbers_that_the_library_does_not_know_are_accepted() {
        for number in ["BE1000000021", "LV32012345678", "SE123456789702"] {
            assert_eq!(checked(number.to_owned(), Some(&number[..2])).as_deref(), Ok(number));
        }
        assert_eq!(checked("BE1000000022".to_owned(), Some("BE")), Err(ProblemCode::NotAVatNumber));
        assert_eq!(checked("SE123456788702".to_owned(), Some("SE")), Err(ProblemCode::NotAVatNumber));
    }

    #[test]
    fn it_is_kept_without_what_stands_between_digits() {
        assert_eq!(kept("de 136.695-976").as_deref(), Ok("DE136695976"));
        assert_eq!(kept("12/345/67890").as_deref(), Ok("12/345/67890"), "a tax office's own number");
        assert_eq!(kept("US12-3456789").as_deref(), Ok("US12-3456789"), "no VAT there");
        assert_eq!(kept("RSSMRA85T10A562S").as_deref(), Ok("RSSMRA85T10A562S"), "not Serbia's");
        for number in ["DE", "DE12345", "DE\u{661}\u{662}\u{663}456789"] {
            assert_eq!(checked(number.to_owned(), Some("DE")), Err(ProblemCode::NotAVatNumber));
            assert_eq!(checked(number.to_owned(), Some("US")).as_deref(), Ok(number));
        }
        assert_eq!(checked("EL094259217".to_owned(), Some("GR")), Err(ProblemCode::NotAVatNumber));
    }

    proptest! {
        #[test]
        fn nothing_that_is_typed_ends_the_process(text in "\\PC{0,40}", country in "[A-Z]{2}", rest in "[0-9A-Z+*]{0,20}") {
            drop(checked(text, Some(&country)));
            drop(checked(format!("{country}{rest}"), None));
        }
    }
}
