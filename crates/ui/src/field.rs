use std::collections::HashMap;

use leptos::prelude::*;

/// What was typed into a form that was sent back, and what is wrong with it. Empty for a form that is new.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FormState {
    /// The name of the structure that holds the fields: names are `prefix[field]`; empty for plain names.
    pub prefix: &'static str,
    /// What ids begin with, so that two forms of a page do not share them; empty for a form that is alone.
    pub scope: &'static str,
    /// What was typed, by full name.
    pub values: HashMap<String, String>,
    /// What is wrong, by field, in the reader's language.
    pub problems: HashMap<String, String>,
    /// The first field with a problem: the page begins there.
    pub first_problem: Option<String>,
}

impl FormState {
    /// The full name of a field, as it is sent.
    pub fn name(&self, field: &str) -> String {
        if self.prefix.is_empty() { field.to_owned() } else { format!("{}[{field}]", self.prefix) }
    }

    /// What was typed, else `initial`.
    pub fn value(&self, field: &str, initial: String) -> String {
        self.values.get(&self.name(field)).cloned().unwrap_or(initial)
    }

    /// The id of a field's control.
    pub fn id(&self, field: &str) -> String {
        if self.scope.is_empty() { field.to_owned() } else { format!("{}-{field}", self.scope) }
    }

    /// Whether the page begins at a field: at the first problem, else where the form wants it.
    fn begins_at(&self, field: &str, wanted: bool) -> bool {
        self.first_problem.as_ref().map_or(wanted, |first| first == field)
    }

    /// What is wrong with a field.
    pub fn problem(&self, field: &str) -> Option<String> {
        self.problems.get(field).cloned()
    }
}

/// The parts around a control: label above, help below, problem where the eye is.
struct Frame {
    id: String,
    name: String,
    value: String,
    problem: Option<String>,
    described_by: Option<String>,
}

impl Frame {
    fn new(form: &FormState, field: &str, initial: String, help: Option<&String>) -> Self {
        let id = form.id(field);
        let problem = form.problem(field);
        let described_by = match (&problem, help) {
            (Some(_), Some(_)) => Some(format!("{id}-problem {id}-help")),
            (Some(_), None) => Some(format!("{id}-problem")),
            (None, Some(_)) => Some(format!("{id}-help")),
            (None, None) => None,
        };
        Self { name: form.name(field), value: form.value(field, initial), id, problem, described_by }
    }

    fn around(
        self,
        label: String,
        help: Option<String>,
        is_optional: Option<String>,
        control: AnyView,
    ) -> AnyView {
        let (id, problem) = (self.id, self.problem);
        let (help_id, problem_id) = (format!("{id}-help"), format!("{id}-problem"));
        let problem = problem.map(|text| view! { <p class="field-problem" id=problem_id>{text}</p> });
        let help = help.map(|text| view! { <p class="field-help" id=help_id>{text}</p> });
        view! {
            <div class="field">
                <label for=id>{label} {is_optional.map(|text| view! { <span class="field-optional">{text}</span> })}</label>
                {control}
                {problem}
                {help}
            </div>
        }
        .into_any()
    }
}

/// A line of text.
#[component]
pub fn TextField(
    /// The form it belongs to.
    form: FormState,
    /// The field's name.
    name: &'static str,
    /// What to type.
    #[prop(into)]
    label: String,
    /// The `type` of the input: `text`, `email`, `tel`, `password`, `search`.
    #[prop(default = "text")]
    kind: &'static str,
    /// What stands there at first.
    #[prop(optional, into)]
    value: String,
    /// How to type it.
    #[prop(optional, into)]
    help: Option<String>,
    /// The word that says a field may stay empty.
    #[prop(optional, into)]
    optional: Option<String>,
    /// What the browser may fill in (HTML `autocomplete`).
    #[prop(default = "off")]
    autocomplete: &'static str,
    /// Which keyboard a phone shows (HTML `inputmode`).
    #[prop(optional)]
    inputmode: Option<&'static str>,
    /// Whether the form cannot be sent without it.
    #[prop(optional)]
    required: bool,
    /// Whether the page begins here.
    #[prop(optional)]
    autofocus: bool,
) -> impl IntoView {
    // A password is never sent back to the page.
    let frame = Frame::new(&form, name, value, help.as_ref());
    let value = if kind == "password" { String::new() } else { frame.value.clone() };
    let control = view! {
        <input
            type=kind id=frame.id.clone() name=frame.name.clone() value=value autocomplete=autocomplete inputmode=inputmode
            required=required autofocus=form.begins_at(name, autofocus) aria-invalid=frame.problem.is_some().then_some("true")
            aria-describedby=frame.described_by.clone()
        />
    };
    frame.around(label, help, optional, control.into_any())
}

/// A date, by the browser's own calendar.
#[component]
pub fn DateField(
    /// The form it belongs to.
    form: FormState,
    /// The field's name.
    name: &'static str,
    /// Which date.
    #[prop(into)]
    label: String,
    /// What stands there at first, `YYYY-MM-DD`.
    #[prop(optional, into)]
    value: String,
    /// The earliest date on offer, `YYYY-MM-DD`.
    #[prop(optional, into)]
    min: Option<String>,
    /// Whether the form cannot be sent without it.
    #[prop(optional)]
    required: bool,
    /// Whether the page begins here.
    #[prop(optional)]
    autofocus: bool,
) -> impl IntoView {
    let frame = Frame::new(&form, name, value, None);
    let control = view! {
        <input
            type="date" id=frame.id.clone() name=frame.name.clone() value=frame.value.clone() min=min required=required
            autofocus=form.begins_at(name, autofocus) aria-invalid=frame.problem.is_some().then_some("true")
            aria-describedby=frame.described_by.clone()
        />
    };
    frame.around(label, None, None, control.into_any())
}

/// Several lines of text.
#[component]
pub fn TextArea(
    /// The form it belongs to.
    form: FormState,
    /// The field's name.
    name: &'static str,
    /// What to type.
    #[prop(into)]
    label: String,
    /// What stands there at first.
    #[prop(optional, into)]
    value: String,
    /// How to type it.
    #[prop(optional, into)]
    help: Option<String>,
    /// The word that says a field may stay empty.
    #[prop(optional, into)]
    optional: Option<String>,
) -> impl IntoView {
    let frame = Frame::new(&form, name, value, help.as_ref());
    let control = view! {
        <textarea
            id=frame.id.clone() name=frame.name.clone() rows="3" autofocus=form.begins_at(name, false) aria-invalid=frame.problem.is_some().then_some("true")
            aria-describedby=frame.described_by.clone()
        >{frame.value.clone()}</textarea>
    };
    frame.around(label, help, optional, control.into_any())
}

/// One value of a [`SelectField`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SelectOption {
    /// What is sent.
    pub value: String,
    /// What is read.
    pub text: String,
}

impl SelectOption {
    /// An option that sends `value` and reads `text`.
    pub fn new(value: impl Into<String>, text: impl Into<String>) -> Self {
        Self { value: value.into(), text: text.into() }
    }
}

/// One of several values.
#[component]
pub fn SelectField(
    /// The form it belongs to.
    form: FormState,
    /// The field's name.
    name: &'static str,
    /// What to choose.
    #[prop(into)]
    label: String,
    /// What stands there at first.
    #[prop(optional, into)]
    value: String,
    /// What there is to choose from.
    options: Vec<SelectOption>,
    /// How to choose.
    #[prop(optional, into)]
    help: Option<String>,
) -> impl IntoView {
    let frame = Frame::new(&form, name, value, help.as_ref());
    let chosen = options.iter().position(|option| option.value == frame.value).unwrap_or(0);
    let options = options
        .into_iter()
        .enumerate()
        .map(|(index, option)| {
            // A browser would choose the first one, too, but not as what stood there at first.
            let is_chosen = index == chosen;
            view! { <option value=option.value selected=is_chosen>{option.text}</option> }
        })
        .collect_view();
    let control = view! {
        <select
            id=frame.id.clone() name=frame.name.clone() aria-invalid=frame.problem.is_some().then_some("true")
            aria-describedby=frame.described_by.clone()
        >{options}</select>
    };
    frame.around(label, help, None, control.into_any())
}

/// A value that is sent but not shown.
#[component]
pub fn HiddenField(
    /// The form it belongs to.
    form: FormState,
    /// The field's name.
    name: &'static str,
    /// The value.
    #[prop(into)]
    value: String,
) -> impl IntoView {
    view! { <input type="hidden" name=form.name(name) value=value/> }
}
