//! The page where people pay. Plain forms; nothing here needs a script.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::Sandbox;
use super::state::{Ending, Payment, Status, write_amount};

const STYLE: &str = "body{font:1rem/1.5 system-ui,sans-serif;max-width:28rem;margin:3rem auto;padding:0 1rem;color:#1b1b1b;\
    background:#fff}form{display:grid;margin-top:.75rem}button{font:inherit;padding:.75rem 1rem;border:1px solid #5a2ee0;\
    border-radius:.5rem;background:#fff;color:#5a2ee0}button.main{background:#5a2ee0;color:#fff}";

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
                style { (PreEscaped(STYLE)) }
            }
            body {
                header { p { strong { "YooKassa sandbox" } ": no real money moves" } }
                main {
                    h1 { (amount) }
                    @if let Some(description) = &payment.description { p { (description) } }
                    @if payment.status == Status::Pending {
                        form method="post" action=(path("pay")) { button.main type="submit" { "Pay" } }
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
