//! Forms: plain HTML that is posted to a server function, with or without JavaScript.
//!
//! A refused form comes back by a redirect to its page; a layer in front keeps what was typed for that one request (see
//! `server/src/web/form_flash`), so reloading and the back button are harmless.

use std::collections::HashMap;

use domain::problem::{ProblemCode, same_lines};
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use ui::{FormState, Notice, NoticeKind};

use super::page::PageFacts;
use crate::error::{AppError, Conflict};
use crate::texts::{error_text, problem_text};

/// What a refused form held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FormFlash {
    /// The path of the server function it was posted to.
    pub action_path: String,
    /// The path of the page it was on, the only one that shows it.
    #[serde(default)]
    pub page: String,
    /// Why it was refused.
    pub error: AppError,
    /// What was typed, by full name; passwords are left out.
    pub values: Vec<(String, String)>,
}

/// The form of one server function on this page.
#[derive(Debug, Clone)]
pub struct Form {
    /// Where it is posted to.
    pub action: &'static str,
    /// What was typed and what is wrong with it.
    pub state: FormState,
    /// Why it was refused as a whole.
    pub error: Option<AppError>,
}

impl Form {
    /// The form of server function `F`; its fields are those of the structure argument `prefix`, or plain arguments.
    pub fn of<F: ServerFn>(prefix: &'static str) -> Self {
        Self::about::<F>(prefix, None)
    }

    /// As [`Form::of`], where there are several forms of one server function, on this page or at other addresses of it:
    /// only the form whose field `key.0` has the value `key.1` is the one that was refused.
    pub fn about<F: ServerFn>(prefix: &'static str, key: Option<(&str, &str)>) -> Self {
        let scope = F::PATH.rsplit('/').next().unwrap_or_default();
        let new = FormState { prefix, scope, ..FormState::default() };
        let empty = Self { action: F::PATH, state: new.clone(), error: None };
        let Some(flash) = PageFacts::get().flash.filter(|flash| flash.action_path == F::PATH) else {
            return empty;
        };
        let values: HashMap<_, _> = flash.values.into_iter().collect();
        if key.is_some_and(|(name, value)| values.get(name).is_none_or(|typed| typed != value)) {
            return empty;
        }
        let wrong: &[_] = if let AppError::Invalid(problems) = &flash.error { problems } else { &[] };
        let first_problem = wrong.first().map(|problem| problem.field.clone());
        let problems =
            wrong.iter().map(|problem| (problem.field.clone(), problem_text(&problem.code))).collect();
        Self {
            state: FormState { values, problems, first_problem, ..new },
            error: Some(flash.error),
            ..empty
        }
    }

    /// This form where it shows `present`, and the unseen field `name` that says so when it is sent: who sends it undoes
    /// nothing that they did not see. Where it was refused, what was not touched is what it is by now, and of what a
    /// colleague changed as well they were told. The page does not load again while somebody types into such a form.
    #[must_use]
    pub fn showing(mut self, name: &'static str, present: &impl Serialize) -> (Self, AnyView) {
        let mut shown = fields(serde_json::to_value(present).ok());
        let first = self.state.values.get(name).and_then(|first| serde_json::from_str(first).ok());
        for (field, first) in fields(first.filter(|_| self.was_refused())) {
            let (Some(first), Some(now)) = (first.as_str(), shown.get_mut(&field)) else { continue };
            let Some(typed) = self.state.values.get_mut(&self.state.name(&field)) else { continue };
            if same_lines(typed) == same_lines(first) {
                now.as_str().unwrap_or_default().clone_into(typed);
            } else {
                *now = self.error.as_ref().and_then(|error| told(error, &field)).unwrap_or(first).into();
            }
        }
        let value = Value::Object(shown).to_string();
        (self, view! { <input type="hidden" name=name value=value data-shown=""/> }.into_any())
    }

    /// Whether it was refused since a colleague changed something, which the page shows now.
    pub fn was_overtaken(&self) -> bool {
        match &self.error {
            Some(AppError::Invalid(problems)) => {
                problems.iter().any(|problem| matches!(problem.code, ProblemCode::ChangedMeanwhile { .. }))
            }
            Some(AppError::Conflict(conflict)) => *conflict == Conflict::ChangedMeanwhile,
            _ => false,
        }
    }

    /// Whether this form was sent and refused.
    pub fn was_refused(&self) -> bool {
        self.error.is_some()
    }
}

fn fields(form: Option<Value>) -> Map<String, Value> {
    if let Some(Value::Object(fields)) = form { fields } else { Map::new() }
}

/// What a field is by now, where a refusal tells that a colleague changed it.
fn told<'a>(error: &'a AppError, field: &str) -> Option<&'a str> {
    let AppError::Invalid(problems) = error else { return None };
    problems.iter().find(|problem| problem.field == field).and_then(|problem| match &problem.code {
        ProblemCode::ChangedMeanwhile { now } => Some(now.as_str()),
        _ => None,
    })
}

/// A form around its fields, with what is wrong with it as a whole on top.
#[component]
pub fn PostForm(
    /// The form.
    form: Form,
    /// A class for its layout.
    #[prop(default = "form")]
    class: &'static str,
    /// What the form is for, where no heading says it.
    #[prop(optional, into)]
    label: Option<String>,
    /// Fields that the form sends without showing them; their problems are told on top.
    #[prop(optional)]
    hidden: &'static [&'static str],
    /// The fields and the button.
    children: Children,
) -> impl IntoView {
    let problem = form.error.as_ref().map(error_text);
    let hidden = hidden.iter().filter_map(|field| form.state.problem(field)).collect::<Vec<_>>().join(" ");
    let problem = problem.map(|text| if hidden.is_empty() { text } else { format!("{text} {hidden}") });
    view! {
        <form method="post" action=form.action class=class aria-label=label novalidate>
            <FormToken/>
            {problem.map(|text| view! { <Notice kind=NoticeKind::Problem text/> })}
            {children()}
        </form>
    }
}

/// Marks a form of this page view, so that the server does what it says once, however often it is sent.
#[component]
pub fn FormToken() -> impl IntoView {
    view! { <input type="hidden" name="form_token" value=PageFacts::get().form_token/> }
}
