//! `/invoice/{id}`: the hosted invoice, where one that failed can be paid.

use axum::Form;
use axum::extract::{Path, State as Shared};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use maud::html;

use super::card_form::{CardForm, Problems};
use super::layout::{Width, badge, day, money, page, problem};
use crate::engine::payment::Attempt;
use crate::engine::{invoice, wallet};
use crate::error::ApiError;
use crate::model::card::Presence;
use crate::model::event::Cause;
use crate::model::invoice::{Invoice, InvoiceStatus};
use crate::sandbox::Sandbox;
use crate::state::State;

pub async fn show(Shared(sandbox): Shared<Sandbox>, Path(id): Path<String>) -> Response {
    sandbox.command(Cause::default(), |state| match state.invoices.find(&id) {
        Err(error) => problem(&error),
        Ok(invoice) => {
            let name = state.customers.get(&invoice.customer).and_then(|it| it.name.as_deref());
            render(state, invoice, &CardForm::prefilled(None, name), &Problems::new(), StatusCode::OK)
        }
    })
}

pub async fn pay(
    Shared(sandbox): Shared<Sandbox>,
    Path(id): Path<String>,
    Form(form): Form<CardForm>,
) -> Response {
    sandbox.command(Cause::default(), |state| {
        try_to_pay(state, &id, form).unwrap_or_else(|error| problem(&error))
    })
}

fn try_to_pay(state: &mut State, id: &str, form: CardForm) -> Result<Response, ApiError> {
    if form.chosen.is_some() {
        let invoice = state.invoices.find(id)?;
        return Ok(render(state, invoice, &form.with_chosen(), &Problems::new(), StatusCode::OK));
    }
    let mut problems = Problems::new();
    let Some(card) = form.card(state.now, &mut problems).filter(|_| problems.is_empty()) else {
        return Ok(render(
            state,
            state.invoices.find(id)?,
            &form,
            &problems,
            StatusCode::UNPROCESSABLE_ENTITY,
        ));
    };
    let method = wallet::add(state, card);
    match invoice::pay(state, id, Some(&method.id), Presence::OnSession)? {
        Attempt::Paid => Ok(Redirect::to(&format!("/invoice/{id}")).into_response()),
        Attempt::NeedsAuthentication(page) => {
            Ok(Redirect::to(&format!("/authenticate/{page}")).into_response())
        }
        Attempt::Declined(decline) => {
            problems.insert("card_number", decline.message);
            Ok(render(state, state.invoices.find(id)?, &form, &problems, StatusCode::PAYMENT_REQUIRED))
        }
    }
}

fn render(
    state: &State,
    invoice: &Invoice,
    form: &CardForm,
    problems: &Problems,
    status: StatusCode,
) -> Response {
    let open = matches!(invoice.status, InvoiceStatus::Open | InvoiceStatus::Uncollectible);
    let customer = state.customers.get(&invoice.customer);
    let content = html! {
        h1 { "Invoice " (invoice.number.as_deref().unwrap_or_default()) " " (badge(invoice.status.as_str())) }
        div.card {
            dl {
                dt { "For" } dd { (customer.and_then(|it| it.name.as_deref().or(it.email.as_deref())).unwrap_or("—")) }
                dt { "Date" } dd { (day(invoice.created)) }
            }
            div.scroll tabindex="0" role="group" aria-label="Items" { table {
                thead { tr { th scope="col" { "Item" } th.money scope="col" { "Amount" } } }
                tbody {
                    @for line in &invoice.lines {
                        tr {
                            td { (line.description) br; span.soft.small { (day(line.period_start)) " to " (day(line.period_end)) } }
                            td.money { (money(line.amount, &invoice.currency)) }
                        }
                    }
                }
                tfoot {
                    tr { td { "Total" } td.money { (money(invoice.total(), &invoice.currency)) } }
                    tr { td { "Still to pay" } td.money { (money(invoice.amount_remaining(), &invoice.currency)) } }
                }
            } }
        }
        @if open {
            form.card method="post" action={ "/invoice/" (invoice.id) "/pay" } novalidate {
                h2 { "Pay this invoice" }
                button hidden type="submit" tabindex="-1" aria-hidden="true" {}
                (form.fields(problems))
                button.main.wide type="submit" { "Pay " (money(invoice.amount_remaining(), &invoice.currency)) }
            }
        }
    };
    page(status, "Invoice", Width::Narrow, &content)
}
