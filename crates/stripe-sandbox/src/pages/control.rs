//! `/sandbox`: what the sandbox holds, its clock, and the switches of webhook delivery.

use std::time::Duration;

use axum::Form;
use axum::extract::{Path, State as Shared};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use chrono::{DateTime, Months};
use maud::{Markup, html};
use serde::Deserialize;

use super::layout::{Width, badge, day, moment, money, page, problem};
use crate::engine::{dispute, schedule};
use crate::model::event::{Cause, Delivery, DeliveryStatus};
use crate::model::subscription::SubscriptionStatus;
use crate::sandbox::Sandbox;
use crate::state::State;
use crate::state::controls::Controls;

const SHOWN: usize = 40;

pub async fn show(Shared(sandbox): Shared<Sandbox>) -> Response {
    sandbox.command(Cause::default(), |state| {
        let content = html! {
            h1 { "Sandbox" }
            div.columns { (glance(state)) (clock(state)) }
            (subscriptions(state))
            (disputes(state))
            (switches(state))
            (deliveries(state))
        };
        page(StatusCode::OK, "Control", Width::Wide, &content)
    })
}

fn glance(state: &State) -> Markup {
    let live = state.subscriptions.iter().filter(|it| it.ended_at.is_none()).count();
    html! {
        section.card aria-labelledby="glance" {
            h2 #glance { "At a glance" }
            dl {
                dt { "Customers" } dd { (state.customers.iter().filter(|it| !it.deleted).count()) }
                dt { "Checkout sessions" } dd { (state.checkout_sessions.len()) }
                dt { "Live subscriptions" } dd { (live) }
                dt { "Invoices" } dd { (state.invoices.len()) }
                dt { "Payments" } dd { (state.payment_intents.len()) }
                dt { "Refunds" } dd { (state.refunds.len()) }
                dt { "Events" } dd { (state.events.len()) }
            }
            @for endpoint in state.endpoints.iter() { p.small.soft { "Events go to " code { (endpoint.url) } } }
            @if state.endpoints.len() == 0 { p.small.soft { "Events go nowhere: there is no webhook endpoint." } }
        }
    }
}

fn clock(state: &State) -> Markup {
    let next = schedule::next_renewal(state);
    html! {
        section.card aria-labelledby="clock" {
            h2 #clock { "Clock" }
            dl {
                dt { "Now" } dd { (moment(state.now)) }
                dt { "Ahead of the real time" } dd { (state.offset / 86_400) " days" }
                dt { "Next renewal" } dd { (next.map_or_else(|| "None".to_owned(), moment)) }
            }
            form.actions method="post" action="/sandbox/advance" {
                button type="submit" name="by" value="day" { "Advance by a day" }
                button type="submit" name="by" value="month" { "Advance by a month" }
                button type="submit" name="by" value="next_renewal" disabled[next.is_none()] { "Advance to the next renewal" }
            }
        }
    }
}

fn subscriptions(state: &State) -> Markup {
    html! {
        @if state.subscriptions.len() > 0 {
            section.card aria-labelledby="subscriptions" {
                h2 #subscriptions { "Subscriptions" }
                div.scroll tabindex="0" role="group" aria-label="Subscriptions" { table {
                    thead { tr { th scope="col" { "Subscription" } th scope="col" { "Customer" } th scope="col" { "Status" } th scope="col" { "Period ends" } } }
                    tbody {
                        @for it in state.subscriptions.newest().take(SHOWN) {
                            tr {
                                td { code { (it.id) } }
                                td { (state.customers.get(&it.customer).and_then(|it| it.email.as_deref()).unwrap_or("—")) }
                                td { (badge(it.status.as_str())) @if it.cancel_at_period_end && it.status != SubscriptionStatus::Canceled { " ends then" } }
                                td { (day(it.current_period_end)) }
                            }
                        }
                    }
                } }
            }
        }
    }
}

fn disputes(state: &State) -> Markup {
    html! {
        @if state.disputes.len() > 0 {
            section.card aria-labelledby="disputes" {
                h2 #disputes { "Disputes" }
                div.scroll tabindex="0" role="group" aria-label="Disputes" { table {
                    thead { tr { th scope="col" { "Dispute" } th.money scope="col" { "Amount" } th scope="col" { "Status" } th scope="col" { "Decide" } } }
                    tbody {
                        @for it in state.disputes.newest().take(SHOWN) {
                            tr {
                                td { code { (it.id) } }
                                td.money { (money(it.amount, &it.currency)) }
                                td { (badge(it.status.as_str())) }
                                td {
                                    @if it.status.is_closed() { span.soft { "Closed" } } @else {
                                        div.actions {
                                            form method="post" action={ "/sandbox/disputes/" (it.id) "/won" } { button type="submit" { "Won" } }
                                            form method="post" action={ "/sandbox/disputes/" (it.id) "/lost" } { button type="submit" { "Lost" } }
                                        }
                                    }
                                }
                            }
                        }
                    }
                } }
            }
        }
    }
}

fn switches(state: &State) -> Markup {
    let it = state.controls;
    html! {
        section.card aria-labelledby="switches" {
            h2 #switches { "Webhook delivery" }
            form method="post" action="/sandbox/controls" {
                (switch("hold", "Hold webhooks back until this is switched off", it.hold))
                (switch("shuffle", "Deliver those of one step in another order", it.shuffle))
                (switch("duplicate", "Deliver each twice", it.duplicate))
                div.field {
                    label for="drop_next" { "Lose this many of the next webhooks" }
                    input id="drop_next" name="drop_next" type="number" min="0" max="1000" required value=(it.drop_next);
                }
                button type="submit" { "Apply" }
            }
        }
    }
}

fn switch(name: &str, label: &str, on: bool) -> Markup {
    html! { p { label { input type="checkbox" name=(name) value="true" checked[on]; (label) } } }
}

fn deliveries(state: &State) -> Markup {
    html! {
        section.card aria-labelledby="deliveries" {
            h2 #deliveries { "Webhook deliveries" }
            @if state.deliveries.len() == 0 { p.soft { "None yet." } } @else {
                div.scroll tabindex="0" role="group" aria-label="Webhook deliveries" { table {
                    thead { tr { th scope="col" { "Event" } th scope="col" { "Status" } th scope="col" { "Attempts" } th scope="col" { "Action" } } }
                    tbody { @for it in state.deliveries.newest().take(SHOWN) { (delivery(state, it)) } }
                } }
            }
        }
    }
}

fn delivery(state: &State, it: &Delivery) -> Markup {
    let kind = state.events.get(&it.event).map_or("", |event| event.kind.as_str());
    let last = it.attempts.last();
    html! {
        tr {
            td { (kind) br; code.soft { (it.event) } }
            td {
                (badge(it.status.as_str()))
                @if let Some(last) = last.filter(|_| it.status != DeliveryStatus::Delivered) {
                    br; span.small.soft { (last.status.map_or_else(|| "not reached".to_owned(), |it| it.to_string())) " " (last.answer) }
                }
            }
            td { (it.attempts.len()) }
            td { form method="post" action={ "/sandbox/deliveries/" (it.id) "/send" } { button type="submit" { "Send again" } } }
        }
    }
}

/// How far the clock moves.
#[derive(Debug, Deserialize)]
pub struct Advance {
    by: String,
}

/// Moves the clock by a day, a month of the calendar, or to the next renewal.
pub fn move_clock(sandbox: &Sandbox, by: &str) -> bool {
    match by {
        "day" => sandbox.advance(Duration::from_hours(24)),
        "month" => {
            let now = sandbox.now();
            let then = DateTime::from_timestamp(now, 0).and_then(|it| it.checked_add_months(Months::new(1)));
            let seconds = then.map_or(0, |it| it.timestamp() - now);
            sandbox.advance(Duration::from_secs(seconds.unsigned_abs()));
        }
        "next_renewal" => return sandbox.advance_to_next_renewal().is_some(),
        _ => return false,
    }
    true
}

pub async fn advance(Shared(sandbox): Shared<Sandbox>, Form(form): Form<Advance>) -> Redirect {
    move_clock(&sandbox, &form.by);
    Redirect::to("/sandbox")
}

pub async fn set_controls(Shared(sandbox): Shared<Sandbox>, Form(controls): Form<Controls>) -> Redirect {
    sandbox.set_controls(controls);
    Redirect::to("/sandbox#switches")
}

pub async fn send_again(Shared(sandbox): Shared<Sandbox>, Path(id): Path<String>) -> Redirect {
    sandbox.send_again(&id);
    Redirect::to("/sandbox#deliveries")
}

pub async fn close_dispute(
    Shared(sandbox): Shared<Sandbox>,
    Path((id, outcome)): Path<(String, String)>,
) -> Response {
    match sandbox.command(Cause::default(), |state| dispute::close(state, &id, outcome == "won")) {
        Ok(_) => Redirect::to("/sandbox#disputes").into_response(),
        Err(error) => problem(&error),
    }
}
