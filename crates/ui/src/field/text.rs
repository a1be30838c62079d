use leptos::prelude::*;

use super::FormState;
use super::frame::Frame;
use crate::Text;

/// A line of text.
#[component]
pub fn TextField(
    /// The field's name.
    name: &'static str,
    /// What to type.
    #[prop(into)]
    label: Text,
    /// The `type` of the input: `text`, `email`, `tel`, `password`, `search`, `number`.
    #[prop(default = "text")]
    kind: &'static str,
    /// What stands there at first.
    #[prop(optional, into)]
    value: String,
    /// How to type it.
    #[prop(optional, into)]
    help: Option<Text>,
    /// The word that says a field may stay empty.
    #[prop(optional, into)]
    optional: Option<Text>,
    /// What the browser may fill in (HTML `autocomplete`).
    #[prop(default = "off")]
    autocomplete: &'static str,
    /// Which keyboard a phone shows (HTML `inputmode`).
    #[prop(optional)]
    inputmode: Option<&'static str>,
    /// The id of a `datalist` with values to choose from.
    #[prop(optional)]
    list: Option<&'static str>,
    /// Whether the form cannot be sent without it.
    #[prop(optional)]
    required: bool,
    /// Whether the page begins here.
    #[prop(optional)]
    autofocus: bool,
) -> impl IntoView {
    let frame = Frame::new(name, help.as_ref());
    // A password is never sent back to the page.
    let value = if kind == "password" { String::new() } else { frame.value(value) };
    // Names are not for the spelling checker, and an address does not begin with a capital.
    let is_code = matches!(kind, "email" | "password");
    let control = view! {
        <input
            type=kind id=frame.id() name=frame.name() value=value autocomplete=autocomplete inputmode=inputmode list=list
            required=required autofocus=frame.autofocus(autofocus) spellcheck="false"
            autocapitalize=is_code.then_some("none")
            aria-invalid=move || frame.invalid() aria-describedby=move || frame.described_by()
        />
    };
    frame.around(label, optional, help, control.into_any())
}

/// A date, by the browser's own calendar.
#[component]
pub fn DateField(
    /// The field's name.
    name: &'static str,
    /// Which date.
    #[prop(into)]
    label: Text,
    /// What stands there at first, `YYYY-MM-DD`.
    #[prop(optional, into)]
    value: String,
    /// The earliest date on offer, `YYYY-MM-DD`.
    #[prop(optional, into)]
    min: Option<String>,
    /// How to choose it.
    #[prop(optional, into)]
    help: Option<Text>,
    /// Whether the form cannot be sent without it.
    #[prop(optional)]
    required: bool,
    /// Whether the page begins here.
    #[prop(optional)]
    autofocus: bool,
) -> impl IntoView {
    let frame = Frame::new(name, help.as_ref());
    let control = view! {
        <input
            type="date" id=frame.id() name=frame.name() value=frame.value(value) min=min required=required
            autofocus=frame.autofocus(autofocus)
            aria-invalid=move || frame.invalid() aria-describedby=move || frame.described_by()
        />
    };
    frame.around(label, None, help, control.into_any())
}

/// Several lines of text.
#[component]
pub fn TextArea(
    /// The field's name.
    name: &'static str,
    /// What to type.
    #[prop(into)]
    label: Text,
    /// What stands there at first.
    #[prop(optional, into)]
    value: String,
    /// How to type it.
    #[prop(optional, into)]
    help: Option<Text>,
    /// The word that says a field may stay empty.
    #[prop(optional, into)]
    optional: Option<Text>,
    /// How many lines are shown.
    #[prop(default = 3)]
    rows: u8,
) -> impl IntoView {
    let frame = Frame::new(name, help.as_ref());
    let control = view! {
        <textarea
            id=frame.id() name=frame.name() rows=rows.to_string()
            aria-invalid=move || frame.invalid() aria-describedby=move || frame.described_by()
        >{frame.value(value)}</textarea>
    };
    frame.around(label, optional, help, control.into_any())
}

/// A value that is sent but not shown.
#[component]
pub fn HiddenField(
    /// The field's name.
    name: &'static str,
    /// The value.
    #[prop(into)]
    value: String,
) -> impl IntoView {
    view! { <input type="hidden" name=FormState::current().name(name) value=value/> }
}
