use leptos::prelude::*;

/// A person's initials in a circle. Decoration: the name stands beside it.
#[component]
pub fn Avatar<'a>(
    /// The full name.
    name: &'a str,
) -> impl IntoView + use<> {
    view! {
        <span class="avatar" aria-hidden="true">
            {initials(name)}
        </span>
    }
}

/// The first letters of the first and the last word.
fn initials(name: &str) -> String {
    let mut words = name.split_whitespace().filter_map(|word| word.chars().next());
    let first = words.next();
    first.into_iter().chain(words.next_back()).flat_map(char::to_uppercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn initials_are_those_of_the_first_and_last_name() {
        assert_eq!(initials("Ana María Ruiz"), "AR");
        assert_eq!(initials("madonna"), "M");
        assert_eq!(initials("  "), "");
        assert_eq!(initials("محمد علي"), "مع");
    }
}
