//! Pages in a browser: hosted checkout, authentication, portal and invoice, and the control page.
//!
//! Plain forms that post and redirect; nothing here needs a script.

mod authenticate;
pub mod card_form;
mod checkout;
mod control;
mod control_api;
mod invoice;
mod layout;
mod portal;

use axum::Router;
use axum::response::Redirect;
use axum::routing::{get, post};

use crate::sandbox::Sandbox;

pub fn routes() -> Router<Sandbox> {
    Router::new()
        .route("/", get(async || Redirect::to("/sandbox")))
        .route("/pay/{session}", get(checkout::show).post(checkout::pay))
        .route("/authenticate/{id}", get(authenticate::show).post(authenticate::decide))
        .route("/portal/{session}", get(portal::show))
        .route("/portal/{session}/card", get(portal::show).post(portal::update_card))
        .route("/portal/{session}/subscriptions/{subscription}/{verb}", post(portal::cancel_or_resume))
        .route("/invoice/{id}", get(invoice::show))
        .route("/invoice/{id}/pay", get(invoice::show).post(invoice::pay))
        .route("/sandbox", get(control::show))
        .route("/sandbox/advance", post(control::advance))
        .route("/sandbox/controls", post(control::set_controls))
        .route("/sandbox/deliveries/{id}/send", post(control::send_again))
        .route("/sandbox/disputes/{id}/{outcome}", post(control::close_dispute))
        .merge(control_api::routes())
}
