//! The page where people pay. Plain forms; nothing here needs a script.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use maud::{DOCTYPE, Markup, html};

use super::Sandbox;
use super::state::{Ending, Payment, Status, write_amount};

pub async fn show(State(sandbox): State<Sandbox>, Path(id): Path<String>) -> Response {
    match sandbox.lock().payment(&id) {
        Some(payment) => page(payment).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

pub async fn pay(State(sandbox): State<Sandbox>, Path(id): Path<String>) -> Response {
    end(&sandbox, &id, Ending::Paid)
}

pub async fn decline(State(sandbox): State<Sandbox>, Path(id): Path<String>) -> Response {
    end(&sandbox, &id, Ending::Declined)
}

/// A second click leads back as the first one did.
fn end(sandbox: &Sandbox, id: &str, ending: Ending) -> Response {
    sandbox.end(id, ending);
    match sandbox.lock().payment(id) {
        Some(payment) => Redirect::to(&payment.return_url).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

fn page(payment: &Payment) -> Markup {
    let amount = write_amount(payment.amount, &payment.currency);
    let amount = format!("{} {}", amount["value"].as_str().unwrap_or_default(), payment.currency);
    let path = |verb| format!("/pages/{}/{verb}", payment.id);
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="robots" content="noindex";
                title { (amount) " · YooKassa sandbox" }
            }
            body {
                header { p { strong { "YooKassa sandbox" } ": no real money moves" } }
                main {
                    h1 { (amount) }
                    @if let Some(description) = &payment.description { p { (description) } }
                    @if payment.status == Status::Pending {
                        form method="post" action=(path("pay")) { button type="submit" { "Pay" } }
                        form method="post" action=(path("decline")) { button type="submit" { "Decline" } }
                    } @else {
                        p { "This payment is " (payment.status.as_str()) "." }
                    }
                    p { a href=(payment.return_url) { "Back to the shop" } }
                }
            }
        }
    }
}
