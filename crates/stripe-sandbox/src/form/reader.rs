//! Typed reading of a form, with Stripe's answers to what cannot be read.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashSet};

use super::{Branch, Choice, Node, Patch, parse};
use crate::error::ApiError;

/// The parameters of one request, and which of them were read.
#[derive(Debug)]
pub struct Form {
    root: Branch,
    read: RefCell<HashSet<String>>,
}

impl Form {
    pub fn parse(encoded: &[u8]) -> Result<Self, ApiError> {
        let form = Self { root: parse(encoded)?, read: RefCell::default() };
        form.read.borrow_mut().insert("expand".to_owned());
        Ok(form)
    }

    pub fn params(&self) -> Params<'_> {
        Params { form: self, branch: &self.root, prefix: String::new() }
    }

    /// What `expand[]` asks for.
    pub fn expand(&self) -> Vec<String> {
        self.params().texts("expand").unwrap_or_default()
    }

    /// Refuses parameters nobody read, before anything is changed: a parameter that silently does nothing would hide a
    /// mistake until the day of the real Stripe.
    pub fn finish(&self) -> Result<(), ApiError> {
        let read = self.read.borrow();
        match unread(&self.root, "", &read) {
            None => Ok(()),
            Some(path) => Err(ApiError::invalid_param(&path, format!("Received unknown parameter: {path}"))
                .with_code("parameter_unknown")),
        }
    }
}

fn unread(branch: &Branch, prefix: &str, read: &HashSet<String>) -> Option<String> {
    branch.iter().find_map(|(name, node)| {
        let path = join(prefix, name);
        match node {
            _ if read.contains(&path) => None,
            Node::Text(_) => Some(path),
            Node::Branch(inner) => unread(inner, &path, read),
        }
    })
}

fn join(prefix: &str, name: &str) -> String {
    if prefix.is_empty() { name.to_owned() } else { format!("{prefix}[{name}]") }
}

/// A change of metadata: an empty value removes its key.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum MetadataPatch {
    /// `metadata=` removes all.
    Clear,
    /// Keys to set or remove.
    Merge(BTreeMap<String, String>),
    /// Nothing was sent.
    #[default]
    Keep,
}

impl MetadataPatch {
    pub fn apply(self, metadata: &mut BTreeMap<String, String>) {
        match self {
            Self::Keep => {}
            Self::Clear => metadata.clear(),
            Self::Merge(changes) => {
                for (key, value) in changes {
                    if value.is_empty() {
                        metadata.remove(&key);
                    } else {
                        metadata.insert(key, value);
                    }
                }
            }
        }
    }

    /// The metadata of a new object.
    pub fn create(self) -> BTreeMap<String, String> {
        let mut metadata = BTreeMap::new();
        self.apply(&mut metadata);
        metadata
    }
}

/// The parameters under one name.
#[derive(Debug, Clone)]
pub struct Params<'a> {
    form: &'a Form,
    branch: &'a Branch,
    prefix: String,
}

impl<'a> Params<'a> {
    /// The full name of a parameter here, as errors cite it.
    pub fn path(&self, name: &str) -> String {
        join(&self.prefix, name)
    }

    pub fn has(&self, name: &str) -> bool {
        self.branch.contains_key(name)
    }

    fn take(&self, name: &str) -> Option<&'a Node> {
        let node = self.branch.get(name)?;
        self.form.read.borrow_mut().insert(self.path(name));
        Some(node)
    }

    /// Reads and forgets a parameter that has no effect in a sandbox (a locale, a page's look).
    pub fn ignore(&self, names: &[&str]) {
        for name in names {
            self.take(name);
        }
    }

    /// Reads a parameter of which the sandbox knows some values only. Others would change what is charged, so they are refused.
    pub fn only(&self, name: &str, known: &[&str]) -> Result<(), ApiError> {
        match self.filled(name)? {
            Some(value) if !known.contains(&value.as_str()) => Err(ApiError::invalid_param(
                &self.path(name),
                format!("The sandbox knows {} only, not {value}.", known.join(", ")),
            )),
            _ => Ok(()),
        }
    }

    /// A text; empty where it was sent empty, which means "unset".
    pub fn text(&self, name: &str) -> Result<Option<String>, ApiError> {
        match self.take(name) {
            None => Ok(None),
            Some(Node::Text(text)) => Ok(Some(text.clone())),
            Some(Node::Branch(_)) => Err(ApiError::invalid_param(&self.path(name), "Invalid string")),
        }
    }

    /// A change of a text.
    pub fn patch(&self, name: &str) -> Result<Patch<String>, ApiError> {
        Ok(match self.text(name)? {
            None => Patch::Keep,
            Some(text) if text.is_empty() => Patch::Unset,
            Some(text) => Patch::Set(text),
        })
    }

    /// A text for a new object: empty is as good as absent.
    pub fn filled(&self, name: &str) -> Result<Option<String>, ApiError> {
        Ok(self.text(name)?.filter(|text| !text.is_empty()))
    }

    pub fn required(&self, name: &str) -> Result<String, ApiError> {
        match self.text(name)? {
            None => Err(ApiError::missing_param(&self.path(name))),
            Some(text) if text.is_empty() => Err(ApiError::invalid_param(
                &self.path(name),
                format!("You passed an empty string for '{}'. We assume empty values are an attempt to unset a parameter; however '{0}' cannot be unset.", self.path(name)),
            )
            .with_code("parameter_invalid_empty")),
            Some(text) => Ok(text),
        }
    }

    pub fn int(&self, name: &str) -> Result<Option<i64>, ApiError> {
        let Some(text) = self.filled(name)? else { return Ok(None) };
        text.parse().map(Some).map_err(|_| {
            ApiError::invalid_param(&self.path(name), format!("Invalid integer: {text}"))
                .with_code("parameter_invalid_integer")
        })
    }

    pub fn flag(&self, name: &str) -> Result<Option<bool>, ApiError> {
        match self.filled(name)?.as_deref() {
            None => Ok(None),
            Some("true") => Ok(Some(true)),
            Some("false") => Ok(Some(false)),
            Some(other) => {
                Err(ApiError::invalid_param(&self.path(name), format!("Invalid boolean: {other}")))
            }
        }
    }

    pub fn choice<T: Choice>(&self, name: &str) -> Result<Option<T>, ApiError> {
        let Some(text) = self.filled(name)? else { return Ok(None) };
        if let Some((_, value)) = T::ALL.iter().find(|(known, _)| *known == text) {
            return Ok(Some(*value));
        }
        let known: Vec<_> = T::ALL.iter().map(|(known, _)| *known).collect();
        let path = self.path(name);
        Err(ApiError::invalid_param(&path, format!("Invalid {path}: must be one of {}", known.join(", "))))
    }

    pub fn metadata(&self) -> Result<MetadataPatch, ApiError> {
        match self.take("metadata") {
            None => Ok(MetadataPatch::Keep),
            Some(Node::Text(text)) if text.is_empty() => Ok(MetadataPatch::Clear),
            Some(Node::Text(_)) => Err(ApiError::invalid_param(&self.path("metadata"), "Invalid object")),
            Some(Node::Branch(fields)) => {
                let pairs = fields.iter().map(|(key, node)| match node {
                    Node::Text(value) if key.len() <= 40 && value.len() <= 500 => {
                        Ok((key.clone(), value.clone()))
                    }
                    _ => Err(ApiError::invalid_param(
                        &join(&self.path("metadata"), key),
                        "Metadata keys have up to 40 characters, values are texts of up to 500 characters",
                    )),
                });
                Ok(MetadataPatch::Merge(pairs.collect::<Result<_, _>>()?))
            }
        }
    }

    /// An array of texts.
    pub fn texts(&self, name: &str) -> Result<Vec<String>, ApiError> {
        let wrong = || ApiError::invalid_param(&self.path(name), "Invalid array");
        match self.take(name) {
            None => Ok(Vec::new()),
            Some(Node::Text(text)) if text.is_empty() => Ok(Vec::new()),
            Some(Node::Text(_)) => Err(wrong()),
            Some(Node::Branch(fields)) => fields
                .values()
                .map(|node| match node {
                    Node::Text(text) => Ok(text.clone()),
                    Node::Branch(_) => Err(wrong()),
                })
                .collect(),
        }
    }

    /// The parameters under a name.
    pub fn child(&self, name: &str) -> Result<Option<Self>, ApiError> {
        match self.branch.get(name) {
            None => Ok(None),
            Some(Node::Branch(branch)) => Ok(Some(Self { form: self.form, branch, prefix: self.path(name) })),
            Some(Node::Text(_)) => Err(ApiError::invalid_param(&self.path(name), "Invalid object")),
        }
    }

    /// The elements of an array of objects.
    pub fn children(&self, name: &str) -> Result<Vec<Self>, ApiError> {
        let Some(array) = self.child(name)? else { return Ok(Vec::new()) };
        let names: Vec<&str> = array.branch.keys().map(String::as_str).collect();
        names
            .into_iter()
            .map(|index| array.child(index).map(|child| child.unwrap_or_else(|| array.clone())))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cites_the_whole_name() {
        let form = Form::parse(b"line_items[0][quantity]=two").unwrap();
        let items = form.params().children("line_items").unwrap();
        let error = items[0].int("quantity").unwrap_err();
        assert_eq!(error.param.as_deref(), Some("line_items[0][quantity]"));
        assert_eq!(error.code, Some("parameter_invalid_integer"));
        assert_eq!(items[0].required("price").unwrap_err().code, Some("parameter_missing"));
    }

    #[test]
    fn names_what_nobody_read() {
        let form = Form::parse(b"email=a&recurring[interval]=month&recurring[typo]=1").unwrap();
        form.params().text("email").unwrap();
        form.params().child("recurring").unwrap().unwrap().text("interval").unwrap();
        assert_eq!(form.finish().unwrap_err().param.as_deref(), Some("recurring[typo]"));
    }

    #[test]
    fn metadata_sets_removes_and_clears() {
        let mut metadata =
            BTreeMap::from([("a".to_owned(), "1".to_owned()), ("b".to_owned(), "2".to_owned())]);
        Form::parse(b"metadata[a]=&metadata[c]=3").unwrap().params().metadata().unwrap().apply(&mut metadata);
        assert_eq!(metadata.keys().map(String::as_str).collect::<Vec<_>>(), ["b", "c"]);
        Form::parse(b"metadata=").unwrap().params().metadata().unwrap().apply(&mut metadata);
        assert!(metadata.is_empty());
    }
}
