use std::collections::HashMap;

use leptos::prelude::*;

/// What the fields of a form share: their names, what was typed before the form was sent back, and what is wrong.
#[derive(Debug, Clone, Copy)]
pub struct FormState {
    /// Unique on the page; the ids of the fields begin with it.
    id: StoredValue<String>,
    prefix: &'static str,
    typed: StoredValue<HashMap<String, String>>,
    problems: Signal<Vec<(String, String)>>,
    busy: Signal<bool>,
}

impl FormState {
    /// The state of a form.
    ///
    /// `prefix` is the name of the structure that holds the fields, whose names are then `prefix[field]`; empty for
    /// plain names. `typed` holds what was typed by full name; `problems` what is wrong, by field, as it is shown; `busy`
    /// tells whether an answer is awaited.
    pub fn new(
        id: impl Into<String>,
        prefix: &'static str,
        typed: impl IntoIterator<Item = (String, String)>,
        problems: Signal<Vec<(String, String)>>,
        busy: Signal<bool>,
    ) -> Self {
        let typed = typed.into_iter().collect();
        Self { id: StoredValue::new(id.into()), prefix, typed: StoredValue::new(typed), problems, busy }
    }

    /// The state of the form around the caller; that of an empty form where there is none.
    pub fn current() -> Self {
        use_context().unwrap_or_else(|| {
            Self::new(String::new(), "", [], Signal::stored(Vec::new()), Signal::stored(false))
        })
    }

    /// Whether an answer is awaited.
    pub fn is_busy(self) -> bool {
        self.busy.get()
    }

    /// The full name of a field, as it is sent.
    pub fn name(self, field: &str) -> String {
        if self.prefix.is_empty() { field.to_owned() } else { format!("{}[{field}]", self.prefix) }
    }

    /// The id of a field's control.
    pub fn id(self, field: &str) -> String {
        self.id.with_value(|id| if id.is_empty() { field.to_owned() } else { format!("{id}-{field}") })
    }

    /// What was typed into a field before the form was sent back, if it was.
    pub fn typed(self, field: &str) -> Option<String> {
        let name = self.name(field);
        self.typed.with_value(|typed| typed.get(&name).cloned())
    }

    /// Whether the form was sent back, so that a missing value means "not ticked".
    pub fn was_sent(self) -> bool {
        self.typed.with_value(|typed| !typed.is_empty())
    }

    /// What is wrong with a field.
    pub fn problem(self, field: &str) -> Option<String> {
        self.problems.with(|problems| problems.iter().find(|(name, _)| name == field).map(|(_, text)| text.clone()))
    }

    /// Whether something is wrong with a field.
    pub fn has_problem(self, field: &str) -> bool {
        self.problems.with(|problems| problems.iter().any(|(name, _)| name == field))
    }

    /// Whether the first problem is at this field: the page begins there.
    pub fn is_first_problem(self, field: &str) -> bool {
        self.problems.with_untracked(|problems| problems.first().is_some_and(|(name, _)| name == field))
    }
}
