//! `a[b][0][c]=x` into a tree.

use indexmap::IndexMap;

use crate::error::ApiError;

/// How deep brackets may nest; Stripe's deepest parameter has six levels.
const MAX_DEPTH: usize = 10;
/// How many fields one request may have.
const MAX_FIELDS: usize = 5_000;

/// The fields under one name. Elements of an array are fields named by their position.
pub type Branch = IndexMap<String, Node>;

/// What one name stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Node {
    /// A value.
    Text(String),
    /// Further names.
    Branch(Branch),
}

/// Reads a form-encoded body or query.
pub fn parse(encoded: &[u8]) -> Result<Branch, ApiError> {
    let mut root = Branch::new();
    for (count, (key, value)) in form_urlencoded::parse(encoded).enumerate() {
        if count >= MAX_FIELDS {
            return Err(ApiError::invalid("The request has too many parameters."));
        }
        let path = split(&key)
            .ok_or_else(|| ApiError::invalid_param(&key, format!("Invalid parameter name: {key}")))?;
        insert(&mut root, &path, value.into_owned(), &key)?;
    }
    Ok(root)
}

/// `a[b][]` into `a`, `b` and an empty name, which stands for "the next one".
fn split(key: &str) -> Option<Vec<&str>> {
    let Some(open) = key.find('[') else {
        return (!key.is_empty() && !key.contains(']')).then(|| vec![key]);
    };
    let (head, brackets) = key.split_at(open);
    if head.is_empty() || head.contains(']') {
        return None;
    }
    let mut path = vec![head];
    let mut rest = brackets;
    while !rest.is_empty() {
        let inner = rest.strip_prefix('[')?;
        let (name, after) = inner.split_once(']')?;
        if name.contains('[') || path.len() >= MAX_DEPTH {
            return None;
        }
        path.push(name);
        rest = after;
    }
    Some(path)
}

fn insert(branch: &mut Branch, path: &[&str], value: String, whole: &str) -> Result<(), ApiError> {
    let Some((head, rest)) = path.split_first() else { return Ok(()) };
    let key = if head.is_empty() { position(branch, rest) } else { (*head).to_owned() };
    let clash =
        || ApiError::invalid_param(whole, format!("Invalid parameter: {whole} is both a value and a hash"));
    if rest.is_empty() {
        return match branch.insert(key, Node::Text(value)) {
            Some(Node::Branch(_)) => Err(clash()),
            _ => Ok(()),
        };
    }
    match branch.entry(key).or_insert_with(|| Node::Branch(Branch::new())) {
        Node::Branch(inner) => insert(inner, rest, value, whole),
        Node::Text(_) => Err(clash()),
    }
}

/// Where `[]` goes: a new element, or the last one as long as it lacks the field (`items[][price]=…&items[][quantity]=…`).
fn position(branch: &Branch, rest: &[&str]) -> String {
    if let (Some((last, Node::Branch(element))), Some(field)) = (branch.last(), rest.first())
        && (field.is_empty() || !element.contains_key(*field))
    {
        return last.clone();
    }
    (branch.len()..=2 * branch.len())
        .map(|n| n.to_string())
        .find(|n| !branch.contains_key(n))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at<'a>(branch: &'a Branch, path: &[&str]) -> Option<&'a Node> {
        let (head, rest) = path.split_first()?;
        match (branch.get(*head)?, rest.is_empty()) {
            (node, true) => Some(node),
            (Node::Branch(inner), false) => at(inner, rest),
            (Node::Text(_), false) => None,
        }
    }

    fn text(branch: &Branch, path: &[&str]) -> String {
        match at(branch, path) {
            Some(Node::Text(text)) => text.clone(),
            other => panic!("{path:?} is {other:?}"),
        }
    }

    #[test]
    fn nests_by_brackets() {
        let form =
            parse(b"line_items[0][price_data][recurring][interval]=month&line_items[0][quantity]=2&mode=x")
                .unwrap();
        assert_eq!(text(&form, &["line_items", "0", "price_data", "recurring", "interval"]), "month");
        assert_eq!(text(&form, &["line_items", "0", "quantity"]), "2");
        assert_eq!(text(&form, &["mode"]), "x");
    }

    #[test]
    fn empty_brackets_append() {
        let form = parse(b"expand[]=a&expand[]=b").unwrap();
        assert_eq!(text(&form, &["expand", "0"]), "a");
        assert_eq!(text(&form, &["expand", "1"]), "b");
    }

    #[test]
    fn empty_brackets_before_fields_fill_one_element_then_the_next() {
        let form = parse(b"items[][price]=a&items[][quantity]=1&items[][price]=b").unwrap();
        assert_eq!(text(&form, &["items", "0", "quantity"]), "1");
        assert_eq!(text(&form, &["items", "1", "price"]), "b");
    }

    #[test]
    fn decodes_names_and_values() {
        let form = parse(b"metadata%5Bcompany%20id%5D=%C3%BC+1").unwrap();
        assert_eq!(text(&form, &["metadata", "company id"]), "ü 1");
    }

    #[test]
    fn refuses_what_is_no_name() {
        for bad in ["a[", "a]b", "[a]=1", "a[b=1", "a[b]c=1", "a=1&a[b]=2", "a[b]=2&a=1", "a[[b]]=1"] {
            assert!(parse(bad.as_bytes()).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = parse(&bytes);
        }

        #[test]
        fn never_panics_on_brackets(text in "[a-c\\[\\]=&0-2%]{0,120}") {
            let _ = parse(text.as_bytes());
        }

        #[test]
        fn keeps_every_value(path in proptest::collection::vec("[a-z0-9]{1,6}", 1..9), value in "\\PC{0,20}") {
            let (head, rest) = path.split_first().unwrap();
            let name = rest.iter().fold(head.clone(), |name, part| format!("{name}[{part}]"));
            let body = form_urlencoded::Serializer::new(String::new()).append_pair(&name, &value).finish();
            let form = parse(body.as_bytes()).unwrap();
            let path: Vec<&str> = path.iter().map(String::as_str).collect();
            prop_assert_eq!(text(&form, &path), value);
        }
    }
}
