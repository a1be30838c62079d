use leptos::prelude::*;

use super::FormState;
use super::frame::Frame;
use crate::Text;

/// One value of a [`SelectField`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SelectOption {
    /// What is sent.
    pub value: Text,
    /// What is read.
    pub text: Text,
}

impl SelectOption {
    /// An option that sends `value` and reads `text`.
    pub fn new(value: impl Into<Text>, text: impl Into<Text>) -> Self {
        Self { value: value.into(), text: text.into() }
    }
}

/// One of several values.
#[component]
pub fn SelectField(
    /// The field's name.
    name: &'static str,
    /// What to choose.
    #[prop(into)]
    label: Text,
    /// What stands there at first.
    #[prop(optional, into)]
    value: String,
    /// What there is to choose from.
    options: Vec<SelectOption>,
    /// How to choose.
    #[prop(optional, into)]
    help: Option<Text>,
) -> impl IntoView {
    let frame = Frame::new(name, help.as_ref());
    let chosen = frame.value(value);
    let options = options
        .into_iter()
        .map(|option| {
            let is_chosen = option.value == chosen;
            view! { <option value=option.value selected=is_chosen>{option.text}</option> }
        })
        .collect_view();
    let control = view! {
        <select
            id=frame.id() name=frame.name() autofocus=frame.autofocus(false)
            aria-invalid=move || frame.invalid() aria-describedby=move || frame.described_by()
        >{options}</select>
    };
    frame.around(label, None, help, control.into_any())
}

/// A yes or no; absent from what is sent when it is not ticked.
#[component]
pub fn CheckField(
    /// The field's name.
    name: &'static str,
    /// What is so when it is ticked.
    #[prop(into)]
    label: Text,
    /// Whether it is ticked at first.
    #[prop(optional)]
    checked: bool,
) -> impl IntoView {
    let form = FormState::current();
    let checked = if form.was_sent() { form.typed(name).is_some() } else { checked };
    let id = form.id(name);
    view! {
        <div class="field field-check">
            <input type="checkbox" id=id.clone() name=form.name(name) value="true" checked=checked/>
            <label for=id>{label}</label>
        </div>
    }
}
