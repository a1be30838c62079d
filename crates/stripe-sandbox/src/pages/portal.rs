//! `/portal/{session}`: the customer's own subscriptions, card and invoices.

use axum::Form;
use axum::extract::{Path, State as Shared};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};

use super::card_form::{CardForm, Problems};
use super::checkout::rhythm;
use super::layout::{Width, badge, day, money, page, problem};
use crate::engine::subscription::{Change, change};
use crate::engine::wallet;
use crate::error::ApiError;
use crate::model::card::Presence;
use crate::model::event::Cause;
use crate::model::invoice::InvoiceStatus;
use crate::model::portal::PortalSession;
use crate::model::subscription::Subscription;
use crate::sandbox::Sandbox;
use crate::state::State;

pub async fn show(Shared(sandbox): Shared<Sandbox>, Path(id): Path<String>) -> Response {
    sandbox.command(Cause::default(), |state| match state.portal_sessions.fetch(&id) {
        Err(error) => problem(&error),
        Ok(session) => render(state, &session, None, &Problems::new(), StatusCode::OK),
    })
}

/// Ends a subscription at the end of its period, or takes that back.
pub async fn cancel_or_resume(
    Shared(sandbox): Shared<Sandbox>,
    Path((id, subscription, verb)): Path<(String, String, String)>,
) -> Response {
    let done = sandbox.command(Cause::default(), |state| {
        let session = state.portal_sessions.fetch(&id)?;
        own(state, &session, &subscription)?;
        let cancel = match verb.as_str() {
            "cancel" => true,
            "resume" => false,
            _ => return Err(ApiError::no_such_path("POST", &verb)),
        };
        change(state, &subscription, Change { cancel_at_period_end: Some(cancel), ..Change::default() })
    });
    match done {
        Ok(_) => Redirect::to(&format!("/portal/{id}")).into_response(),
        Err(error) => problem(&error),
    }
}

/// The subscription, if it is the visitor's.
fn own<'a>(state: &'a State, session: &PortalSession, id: &str) -> Result<&'a Subscription, ApiError> {
    let found = state.subscriptions.get(id).filter(|it| it.customer == session.customer);
    found.ok_or_else(|| ApiError::no_such("subscription", id, "id"))
}

/// Takes another card for all renewals. Checked as Stripe does: a card that refuses is not kept.
pub async fn update_card(
    Shared(sandbox): Shared<Sandbox>,
    Path(id): Path<String>,
    Form(form): Form<CardForm>,
) -> Response {
    let done = sandbox.command(Cause::default(), |state| {
        let session = state.portal_sessions.fetch(&id)?;
        if form.chosen.is_some() {
            return Ok(render(state, &session, Some(form.with_chosen()), &Problems::new(), StatusCode::OK));
        }
        let mut problems = Problems::new();
        let card = form.card(state.now, &mut problems);
        let Some(card) = card.filter(|_| problems.is_empty()) else {
            return Ok(render(state, &session, Some(form), &problems, StatusCode::UNPROCESSABLE_ENTITY));
        };
        let method = wallet::add(state, card);
        if let crate::model::card::Verdict::Declined(decline) = method.card().verdict(Presence::OnSession) {
            problems.insert("card_number", decline.message);
            return Ok(render(state, &session, Some(form), &problems, StatusCode::PAYMENT_REQUIRED));
        }
        wallet::make_default(state, &method.id, &session.customer)?;
        Ok(Redirect::to(&format!("/portal/{id}")).into_response())
    });
    done.unwrap_or_else(|error: ApiError| problem(&error))
}

fn render(
    state: &State,
    session: &PortalSession,
    form: Option<CardForm>,
    problems: &Problems,
    status: StatusCode,
) -> Response {
    let customer = state.customers.get(&session.customer);
    let name =
        customer.and_then(|it| it.name.as_deref()).or_else(|| customer.and_then(|it| it.email.as_deref()));
    let card_open = form.is_some();
    let form = form.unwrap_or_else(|| CardForm::prefilled(None, customer.and_then(|it| it.name.as_deref())));
    let content = html! {
        @if let Some(url) = &session.return_url { p { a href=(url) { "← Back to the shop" } } }
        h1 { "Billing" @if let Some(name) = name { span.soft { " · " (name) } } }
        section.card aria-labelledby="subscriptions" {
            h2 #subscriptions { "Subscriptions" }
            (subscriptions(state, session))
        }
        section.card aria-labelledby="card" {
            h2 #card { "Card" }
            (current_card(state, session))
            details open[card_open] {
                summary { "Use another card" }
                form method="post" action={ "/portal/" (session.id) "/card" } novalidate {
                    button hidden type="submit" tabindex="-1" aria-hidden="true" {}
                    (form.fields(problems))
                    button.main type="submit" { "Save card" }
                }
            }
        }
        section.card aria-labelledby="invoices" { h2 #invoices { "Invoices" } (invoices(state, session)) }
    };
    page(status, "Billing", Width::Wide, &content)
}

fn subscriptions(state: &State, session: &PortalSession) -> Markup {
    let own: Vec<&Subscription> =
        state.subscriptions.newest().filter(|it| it.customer == session.customer).collect();
    html! {
        @if own.is_empty() { p.soft { "There are none." } } @else {
            div.scroll tabindex="0" role="group" aria-label="Subscriptions" { table {
                thead { tr { th scope="col" { "Subscription" } th scope="col" { "Status" } th scope="col" { "Period" } th scope="col" { "Action" } } }
                tbody { @for it in own { (subscription_row(state, session, it)) } }
            } }
        }
    }
}

fn subscription_row(state: &State, session: &PortalSession, it: &Subscription) -> Markup {
    let base = format!("/portal/{}/subscriptions/{}", session.id, it.id);
    html! {
        tr {
            td {
                @for item in &it.items {
                    @if let Some(price) = state.prices.get(&item.price) {
                        div {
                            (state.products.get(&price.product).map_or("", |it| it.name.as_str()))
                            @if item.quantity > 1 { " × " (item.quantity) }
                            br;
                            span.soft.small {
                                (money(price.unit_amount * item.quantity, &price.currency))
                                @if let Some(every) = price.recurring { " " (rhythm(every)) }
                            }
                        }
                    }
                }
            }
            td { (badge(it.status.as_str())) }
            td {
                @if let Some(at) = it.ended_at { "Ended on " (day(at)) }
                @else if let Some(at) = it.cancel_at { "Ends on " (day(at)) }
                @else { "Renews on " (day(it.current_period_end)) }
            }
            td {
                @if it.ended_at.is_some() { span.soft { "None" } }
                @else if it.cancel_at.is_some() {
                    form method="post" action={ (base) "/resume" } { button type="submit" { "Resume" } }
                } @else {
                    form method="post" action={ (base) "/cancel" } { button type="submit" { "Cancel at period end" } }
                }
            }
        }
    }
}

fn current_card(state: &State, session: &PortalSession) -> Markup {
    let chosen = state.customers.get(&session.customer).and_then(|it| it.default_payment_method.clone());
    let of_subscription = || {
        state
            .subscriptions
            .newest()
            .find(|it| it.customer == session.customer)
            .and_then(|it| it.default_payment_method.clone())
    };
    let method = chosen.or_else(of_subscription).and_then(|id| state.payment_methods.get(&id));
    html! {
        @match method {
            None => p.soft { "No card is kept." },
            Some(method) => p {
                (method.card().brand.to_uppercase()) " ending in " strong { (method.card().last4()) }
                span.soft { ", valid to " (format!("{:02} / {}", method.exp_month, method.exp_year)) }
            },
        }
    }
}

fn invoices(state: &State, session: &PortalSession) -> Markup {
    let own: Vec<_> = state
        .invoices
        .newest()
        .filter(|it| it.customer == session.customer && it.status != InvoiceStatus::Draft)
        .collect();
    html! {
        @if own.is_empty() { p.soft { "There are none." } } @else {
            div.scroll tabindex="0" role="group" aria-label="Invoices" { table {
                thead { tr { th scope="col" { "Number" } th scope="col" { "Date" } th scope="col" { "Status" } th.money scope="col" { "Amount" } } }
                tbody {
                    @for it in own {
                        tr {
                            td { a href={ "/invoice/" (it.id) } { (it.number.as_deref().unwrap_or("Invoice")) } }
                            td { (day(it.created)) }
                            td { (badge(it.status.as_str())) }
                            td.money { (money(it.total(), &it.currency)) }
                        }
                    }
                }
            } }
        }
    }
}
