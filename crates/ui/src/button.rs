use leptos::prelude::*;

use crate::Icon;

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

/// A button that sends the form it stands in.
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
    text: String,
    /// What a screen reader says where the text alone is not enough.
    #[prop(optional, into)]
    label: Option<String>,
) -> impl IntoView {
    view! {
        <button type="submit" class=kind.class() aria-label=label>
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
    text: String,
) -> impl IntoView {
    view! {
        <a class=kind.class() href=href>
            {icon.map(|name| view! { <Icon name/> })}
            {text}
        </a>
    }
}
