//! `/pay/{session}`: the hosted checkout page.

use axum::Form;
use axum::extract::{Path, Query, State as Shared};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};
use serde::Deserialize;

use super::card_form::{CardForm, Problems};
use super::layout::{Width, day, message, money, page, problem};
use crate::engine::checkout::{self, Payer, needs_card, total_due_now};
use crate::engine::payment::Attempt;
use crate::error::ApiError;
use crate::model::card::Decline;
use crate::model::checkout::{CheckoutSession, LineItem, Mode, SessionStatus};
use crate::model::event::Cause;
use crate::model::price::Recurrence;
use crate::sandbox::Sandbox;
use crate::state::State;

/// What a redirect to the page may say.
#[derive(Debug, Deserialize)]
pub struct Arrival {
    problem: Option<String>,
}

pub async fn show(
    Shared(sandbox): Shared<Sandbox>,
    Path(id): Path<String>,
    Query(arrival): Query<Arrival>,
) -> Response {
    sandbox.command(Cause::default(), |state| match state.checkout_sessions.fetch(&id) {
        Err(error) => problem(&error),
        Ok(session) => {
            let known = session.customer.as_deref().and_then(|id| state.customers.get(id));
            let typed = session.customer_details.as_ref();
            let email = typed.map(|it| it.email.as_str()).or(session.customer_email.as_deref());
            let email = email.or_else(|| known.and_then(|it| it.email.as_deref()));
            let name = typed.map(|it| it.name.as_str()).or_else(|| known.and_then(|it| it.name.as_deref()));
            let mut problems = Problems::new();
            if arrival.problem.as_deref() == Some("authentication") {
                problems.insert("card_number", Decline::authentication_failed().message);
            }
            render(state, &session, &CardForm::prefilled(email, name), &problems, StatusCode::OK)
        }
    })
}

pub async fn pay(
    Shared(sandbox): Shared<Sandbox>,
    Path(id): Path<String>,
    Form(form): Form<CardForm>,
) -> Response {
    sandbox.command(Cause::default(), |state| match try_to_pay(state, &id, form) {
        Ok(response) => response,
        Err(error) => problem(&error),
    })
}

fn try_to_pay(state: &mut State, id: &str, form: CardForm) -> Result<Response, ApiError> {
    let session = state.checkout_sessions.fetch(id)?;
    if form.chosen.is_some() {
        return Ok(render(state, &session, &form.with_chosen(), &Problems::new(), StatusCode::OK));
    }
    if session.status != SessionStatus::Open {
        return Ok(closed(&session));
    }
    let mut problems = Problems::new();
    form.check_payer(&mut problems);
    let card = if needs_card(state, &session) { form.card(state.now, &mut problems) } else { None };
    if !problems.is_empty() {
        return Ok(render(state, &session, &form, &problems, StatusCode::UNPROCESSABLE_ENTITY));
    }
    let payer = Payer { email: form.email.trim().to_owned(), name: form.name.trim().to_owned(), card };
    match checkout::pay(state, id, payer)? {
        Attempt::NeedsAuthentication(page) => {
            Ok(Redirect::to(&format!("/authenticate/{page}")).into_response())
        }
        Attempt::Declined(decline) => {
            let field = match decline.code.as_str() {
                "expired_card" => "expiry",
                "incorrect_cvc" => "cvc",
                _ => "card_number",
            };
            let problems = Problems::from([(field, decline.message)]);
            let session = state.checkout_sessions.fetch(id)?;
            Ok(render(state, &session, &form, &problems, StatusCode::PAYMENT_REQUIRED))
        }
        Attempt::Paid => {
            let session = state.checkout_sessions.fetch(id)?;
            let url = checkout::success_url(&session).unwrap_or_default();
            Ok(Redirect::to(&url).into_response())
        }
    }
}

fn render(
    state: &State,
    session: &CheckoutSession,
    form: &CardForm,
    problems: &Problems,
    status: StatusCode,
) -> Response {
    if session.status != SessionStatus::Open {
        return closed(session);
    }
    let total = total_due_now(state, session);
    let button = match (session.mode, total) {
        (Mode::Subscription, 0) => "Start trial".to_owned(),
        (Mode::Subscription, _) => format!("Subscribe and pay {}", money(total, &session.currency)),
        (Mode::Payment, _) => format!("Pay {}", money(total, &session.currency)),
    };
    let content = html! {
        div.columns {
            section aria-labelledby="summary" {
                @if let Some(url) = &session.cancel_url { p { a href=(url) { "← Cancel and go back" } } }
                h1 #summary { @if session.mode == Mode::Subscription { "Subscribe" } @else { "Pay" } }
                p.total { (money(total, &session.currency)) }
                @if let Some(words) = trial_words(state, session) { p.soft { (words) } }
                (lines(state, session, total))
            }
            section aria-labelledby="payment" {
                form.card method="post" action={ "/pay/" (session.id) } novalidate {
                    h2 #payment { "Payment details" }
                    // Enter in a field presses the first button: this one, and not a test card's.
                    button hidden type="submit" tabindex="-1" aria-hidden="true" {}
                    (form.email_field(problems))
                    @if needs_card(state, session) {
                        (form.fields(problems))
                    } @else {
                        input type="hidden" name="name" value=(form.name);
                        p.soft { "No card is needed yet." }
                    }
                    button.main.wide type="submit" { (button) }
                }
            }
        }
    };
    page(status, "Checkout", Width::Wide, &content)
}

fn lines(state: &State, session: &CheckoutSession, total: i64) -> Markup {
    html! {
        div.scroll tabindex="0" role="group" aria-label="Items" {
            table {
                thead { tr { th scope="col" { "Item" } th.money scope="col" { "Amount" } } }
                tbody { @for item in &session.line_items { (line(state, session, item)) } }
                tfoot { tr { td { "Total due today" } td.money { (money(total, &session.currency)) } } }
            }
        }
    }
}

fn line(state: &State, session: &CheckoutSession, item: &LineItem) -> Markup {
    let Some(price) = state.prices.get(&item.price) else { return html! {} };
    let product = state.products.get(&price.product);
    html! {
        tr {
            td {
                (product.map_or("", |it| it.name.as_str()))
                @if item.quantity > 1 { " × " (item.quantity) }
                @if let Some(text) = product.and_then(|it| it.description.as_deref()) { br; span.soft.small { (text) } }
                @if let Some(every) = price.recurring { br; span.soft.small { "Billed " (rhythm(every)) } }
            }
            td.money { (money(price.unit_amount * item.quantity, &session.currency)) }
        }
    }
}

/// `every month`, `every 3 months`.
pub fn rhythm(every: Recurrence) -> String {
    let unit = every.interval.as_str();
    if every.count == 1 { format!("every {unit}") } else { format!("every {} {unit}s", every.count) }
}

fn trial_words(state: &State, session: &CheckoutSession) -> Option<String> {
    let data = &session.subscription_data;
    let end = data.trial_end.or_else(|| {
        let now = state.now_for(session.customer.as_deref());
        data.trial_period_days.map(|days| now + i64::from(days) * 86_400)
    })?;
    (session.mode == Mode::Subscription).then(|| format!("Free until {}, then billed", day(end)))
}

/// What a session shows that cannot be paid any more.
fn closed(session: &CheckoutSession) -> Response {
    match session.status {
        SessionStatus::Expired => message(
            StatusCode::GONE,
            "This checkout has expired",
            &html! {
                p { "Nothing was charged. Please start again in the shop." }
                @if let Some(url) = &session.cancel_url { p { a href=(url) { "Back to the shop" } } }
            },
        ),
        SessionStatus::Complete | SessionStatus::Open => message(
            StatusCode::OK,
            "This checkout is complete",
            &html! {
                p { "It has been paid already; nothing more is to do." }
                @if let Some(url) = checkout::success_url(session) { p { a href=(url) { "Go on to the shop" } } }
            },
        ),
    }
}
