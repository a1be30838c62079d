//! The page where a payer approves an order.

use axum::extract::{Query, State as Shared};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use axum::{Form, Router};
use http::{StatusCode, header};
use maud::{DOCTYPE, Markup, PreEscaped, html};
use serde::Deserialize;

use super::moves::with_query;
use super::state::Funding;
use super::{Refused, Sandbox};

const STYLE: &str = "body{font:1rem/1.5 system-ui,sans-serif;max-width:32rem;margin:3rem auto;padding:0 1rem;color:#1b1b1b;\
    background:#fff}form{display:grid;gap:.75rem}button{font:inherit;padding:.75rem 1rem;border:1px solid #003087;border-radius:.5rem;\
    background:#fff;color:#003087}button.main{background:#003087;color:#fff}";

/// Nothing but our own style. Forms may lead anywhere, as a purchase ends at the shop.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'";

/// The page.
pub fn router(sandbox: Sandbox) -> Router {
    Router::new().route("/checkoutnow", get(show).post(answer)).with_state(sandbox)
}

#[derive(Deserialize)]
struct Asked {
    token: String,
}

#[derive(Deserialize)]
struct Answered {
    token: String,
    answer: String,
}

async fn show(Shared(sandbox): Shared<Sandbox>, Query(asked): Query<Asked>) -> Response {
    let state = sandbox.lock();
    let Ok(order) = state.known(&asked.token) else { return problem(&Refused::unknown()) };
    if order.capture.is_some() {
        return page(StatusCode::OK, "This was paid", &html! { p { "You can close this page." } });
    }
    let description = order.unit["description"].as_str().unwrap_or_default();
    page(
        StatusCode::OK,
        "Pay with PayPal",
        &html! {
            p { (description) }
            p { strong { (order.amount.to_decimal_text()) " " (order.amount.currency) } }
            form method="post" action="/checkoutnow" {
                input type="hidden" name="token" value=(order.id);
                button.main type="submit" name="answer" value="approve" { "Approve" }
                button type="submit" name="answer" value="decline" { "Approve with a card that is declined" }
                button type="submit" name="answer" value="cancel" { "Cancel" }
            }
        },
    )
}

async fn answer(Shared(sandbox): Shared<Sandbox>, Form(answered): Form<Answered>) -> Response {
    let id = &answered.token;
    let leads_to = match answered.answer.as_str() {
        "approve" => sandbox.approve(id, Funding::Good),
        "decline" => sandbox.approve(id, Funding::Declined),
        _ => {
            let state = sandbox.lock();
            state.known(id).map(|order| format!("{}token={id}", with_query(&order.cancel_url)))
        }
    };
    match leads_to {
        Ok(url) => Redirect::to(&url).into_response(),
        Err(refused) => problem(&refused),
    }
}

fn problem(refused: &Refused) -> Response {
    page(refused.status, "That did not work", &html! { p { (refused.description) } })
}

fn page(status: StatusCode, title: &str, content: &Markup) -> Response {
    let body = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="robots" content="noindex";
                title { (title) " · PayPal sandbox" }
                style { (PreEscaped(STYLE)) }
            }
            body {
                p { strong { "PayPal sandbox" } ": no real money moves" }
                main { h1 { (title) } (content) }
            }
        }
    };
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    (status, headers, body.into_string()).into_response()
}
