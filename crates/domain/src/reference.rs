//! Short references that people read to each other over the phone: `KR-7F3QX`.

/// Crockford's base 32: no I, L, O or U, so that nothing is misheard or misread.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// The number of characters after `KR-`: 32^6 values, so that a hotel meets a taken one about never.
pub const LENGTH: usize = 6;

/// Makes a booking reference from random bits; the same bits give the same reference.
pub fn booking_reference(random: u64) -> String {
    let mut text = String::with_capacity(3 + LENGTH);
    text.push_str("KR-");
    for position in 0..LENGTH {
        let index = (random >> (5 * position)) & 31;
        text.push(char::from(ALPHABET[usize::try_from(index).unwrap_or(0)]));
    }
    text
}

/// Reads a reference as somebody may type it: any case, with or without `KR-`, O for 0 and I or L for 1.
/// `None` when it cannot be one.
pub fn parse(text: &str) -> Option<String> {
    let text = text.trim().to_ascii_uppercase();
    // Six characters are a whole reference, even when the first two happen to be K and R.
    let body = if text.len() == LENGTH { &text } else { text.strip_prefix("KR")?.trim_start_matches('-') };
    if body.chars().count() != LENGTH {
        return None;
    }
    let body = body
        .chars()
        .map(|c| match c {
            'O' => '0',
            'I' | 'L' => '1',
            other => other,
        })
        .collect::<String>();
    body.bytes().all(|b| ALPHABET.contains(&b)).then(|| format!("KR-{body}"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_reference_can_be_read_back_in_any_case(random: u64) {
            let reference = booking_reference(random);
            prop_assert_eq!(parse(&reference.to_lowercase()), Some(reference.clone()));
            prop_assert_eq!(parse(&reference[3..]), Some(reference));
        }
    }

    #[test]
    fn a_reference_that_itself_begins_with_kr_is_read_whole() {
        for typed in ["KR-KRB3YM", "krkrb3ym", "krb3ym"] {
            assert_eq!(parse(typed).as_deref(), Some("KR-KRB3YM"));
        }
    }

    #[test]
    fn what_is_misheard_is_forgiven() {
        assert_eq!(parse("kr-oil0aa").as_deref(), Some("KR-0110AA"));
        assert_eq!(parse("KR-7F3"), None);
        assert_eq!(parse("Müller"), None);
    }
}
