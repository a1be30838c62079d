use leptos::prelude::*;

use crate::{FormState, Icon, Text};

/// How much a button asks for attention. One primary action a view.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ButtonKind {
    /// The one thing this view is for.
    Primary,
    /// Everything else.
    #[default]
    Normal,
    /// Beside a line of a list.
    Quiet,
    /// Takes something away.
    Danger,
}

impl ButtonKind {
    fn class(self) -> &'static str {
        match self {
            Self::Primary => "button button-primary",
            Self::Normal => "button",
            Self::Quiet => "button button-quiet",
            Self::Danger => "button button-danger",
        }
    }
}

/// A button that does something on the page; handlers are added with `on:click`. For a form see [`SubmitButton`].
#[component]
pub fn Button(
    /// How much it asks for attention.
    #[prop(optional)]
    kind: ButtonKind,
    /// A symbol before the text.
    #[prop(optional)]
    icon: Option<&'static str>,
    /// The text.
    #[prop(into)]
    text: Text,
) -> impl IntoView {
    view! {
        <button type="button" class=kind.class()>
            {icon.map(|name| view! { <Icon name/> })}
            {text}
        </button>
    }
}

/// A button that sends the form it stands in. While the answer is awaited it says so, and pressing it again does
/// nothing.
#[component]
pub fn SubmitButton(
    /// How much it asks for attention.
    #[prop(default = ButtonKind::Primary)]
    kind: ButtonKind,
    /// A symbol before the text.
    #[prop(optional)]
    icon: Option<&'static str>,
    /// The text.
    #[prop(into)]
    text: Text,
    /// What a screen reader says where the text alone is not enough.
    #[prop(optional, into)]
    label: Option<String>,
    /// The name of a field that this button sets.
    #[prop(optional)]
    name: Option<&'static str>,
    /// What it sets the field to.
    #[prop(optional, into)]
    value: Option<String>,
) -> impl IntoView {
    let form = FormState::current();
    let name = name.map(|name| form.name(name));
    view! {
        <button
            type="submit" class=kind.class() aria-label=label name=name value=value
            aria-busy=move || form.is_busy().then_some("true")
        >
            {icon.map(|name| view! { <Icon name/> })}
            {text}
        </button>
    }
}

/// A link that looks like a button, because it begins something.
#[component]
pub fn LinkButton(
    /// How much it asks for attention.
    #[prop(optional)]
    kind: ButtonKind,
    /// A symbol before the text.
    #[prop(optional)]
    icon: Option<&'static str>,
    /// Where it goes.
    #[prop(into)]
    href: String,
    /// The text.
    #[prop(into)]
    text: Text,
) -> impl IntoView {
    view! {
        <a class=kind.class() href=href>
            {icon.map(|name| view! { <Icon name/> })}
            {text}
        </a>
    }
}
