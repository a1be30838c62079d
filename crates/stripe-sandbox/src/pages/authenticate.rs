//! `/authenticate/{id}`: the bank's 3-D Secure page, played by us.

use axum::Form;
use axum::extract::{Path, State as Shared};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use maud::html;
use serde::Deserialize;

use super::layout::{message, problem};
use crate::engine::authentication::{Next, answer};
use crate::model::event::Cause;
use crate::sandbox::Sandbox;

/// Which button was pressed.
#[derive(Debug, Deserialize)]
pub struct Answer {
    result: String,
}

pub async fn show(Shared(sandbox): Shared<Sandbox>, Path(id): Path<String>) -> Response {
    let state = sandbox.lock();
    match state.authentications.find(&id) {
        Err(error) => problem(&error),
        Ok(page) if page.done => message(
            StatusCode::OK,
            "Already answered",
            &html! { p { "This authentication has been answered. You can close this page." } },
        ),
        Ok(page) => {
            let last4 = state.payment_methods.get(&page.payment_method).map_or("", |it| it.card().last4());
            message(
                StatusCode::OK,
                "3-D Secure authentication",
                &html! {
                    p { "The bank of the card ending in " (last4) " asks whether it is you who pays. In this sandbox, you decide." }
                    form.actions method="post" action={ "/authenticate/" (id) } {
                        button.main type="submit" name="result" value="complete" { "Complete" }
                        button type="submit" name="result" value="fail" { "Fail" }
                    }
                },
            )
        }
    }
}

pub async fn decide(
    Shared(sandbox): Shared<Sandbox>,
    Path(id): Path<String>,
    Form(form): Form<Answer>,
) -> Response {
    match sandbox.command(Cause::default(), |state| answer(state, &id, form.result == "complete")) {
        Ok(Next::Away(url) | Next::Page(url)) => Redirect::to(&url).into_response(),
        Err(error) => problem(&error),
    }
}
