//! Catalogues: the words that people read, apart from the code that puts them together.

/// Declares a part of a catalogue: a structure of texts, and its English. A text that is missing in a language does not
/// compile.
#[macro_export]
macro_rules! catalogue {
    ($(#[$meta:meta])* $name:ident { $($key:ident: $english:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug)]
        pub struct $name {
            $(#[doc = $english] pub $key: &'static str),+
        }

        impl $name {
            /// English.
            pub const EN: Self = Self { $($key: $english),+ };
        }
    };
}

/// Puts values into a text: `{n}` becomes the value named `n`. What stands in a value stays as it is.
pub fn fill(text: &str, values: &[(&str, &str)]) -> String {
    let mut filled =
        String::with_capacity(text.len() + values.iter().map(|(_, value)| value.len()).sum::<usize>());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        let named = after.split_once('}').and_then(|(name, after)| {
            let (_, value) = values.iter().find(|(named, _)| *named == name)?;
            Some((*value, after))
        });
        let (put, left) = named.unwrap_or(("{", after));
        filled.push_str(put);
        rest = left;
    }
    filled.push_str(rest);
    filled
}

#[cfg(test)]
mod tests {
    use super::fill;

    #[test]
    fn a_value_is_not_read_as_a_text() {
        assert_eq!(fill("{name} to {room}", &[("name", "{room}"), ("room", "12")]), "{room} to 12");
        assert_eq!(fill("{n} of {n}, {unknown} { }", &[("n", "3")]), "3 of 3, {unknown} { }");
        assert_eq!(fill("", &[("n", "3")]), "");
    }
}
