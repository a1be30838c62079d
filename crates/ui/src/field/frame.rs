use leptos::prelude::*;

use super::FormState;
use crate::Text;

/// What every control has around it.
#[derive(Clone, Copy)]
pub(super) struct Frame {
    form: FormState,
    field: &'static str,
    has_help: bool,
}

impl Frame {
    pub(super) fn new(field: &'static str, help: Option<&Text>) -> Self {
        Self { form: FormState::current(), field, has_help: help.is_some() }
    }

    pub(super) fn id(self) -> String {
        self.form.id(self.field)
    }

    pub(super) fn name(self) -> String {
        self.form.name(self.field)
    }

    /// What was typed before, else `initial`.
    pub(super) fn value(self, initial: String) -> String {
        self.form.typed(self.field).unwrap_or(initial)
    }

    /// `aria-invalid`.
    pub(super) fn invalid(self) -> Option<&'static str> {
        self.form.has_problem(self.field).then_some("true")
    }

    /// `aria-describedby`: the problem, then the help.
    pub(super) fn described_by(self) -> Option<String> {
        let id = self.id();
        match (self.form.has_problem(self.field), self.has_help) {
            (true, true) => Some(format!("{id}-problem {id}-help")),
            (true, false) => Some(format!("{id}-problem")),
            (false, true) => Some(format!("{id}-help")),
            (false, false) => None,
        }
    }

    /// Whether the page begins here: at the first problem, else where it was asked for.
    pub(super) fn autofocus(self, asked: bool) -> bool {
        self.form.is_first_problem(self.field) || asked
    }

    /// Label, control, problem and help, from top to bottom.
    pub(super) fn around(self, label: Text, optional: Option<Text>, help: Option<Text>, control: AnyView) -> impl IntoView {
        let id = self.id();
        let problem_id = format!("{id}-problem");
        let help = help.map(|text| view! { <p class="field-help" id=format!("{id}-help")>{text}</p> });
        let problem = move || {
            let text = self.form.problem(self.field)?;
            Some(view! { <p class="field-problem" id=problem_id.clone()>{text}</p> })
        };
        view! {
            <div class="field">
                <label for=id>{label}{optional.map(|text| view! { <span class="field-optional">{text}</span> })}</label>
                {control}
                {problem}
                {help}
            </div>
        }
    }
}
