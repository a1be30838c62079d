//! The billing family, `/api/v1` (spec `subscription-billing.md`): what customers do, and what the admin does.

mod addons;
mod admin;
mod auth;
pub(super) mod caller;
mod chat;
mod checkout;
pub(crate) mod documents;
mod events;
mod features;
mod health;
mod invoices;
mod payments;
mod plans;
mod plugins;
mod profile;
mod sessions;
mod settings;
mod subscriptions;
mod taro;
mod tokens;
mod words;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;

/// All paths of the family.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(health::health))
        .routes(routes!(auth::register))
        .routes(routes!(auth::login))
        .routes(routes!(auth::refresh))
        .routes(routes!(auth::logout))
        .routes(routes!(auth::check_email))
        .routes(routes!(auth::forgot_password))
        .routes(routes!(auth::reset_password))
        .routes(routes!(profile::profile, profile::change_profile))
        .routes(routes!(profile::details, profile::change_details))
        .routes(routes!(profile::change_password))
        .routes(routes!(plans::list))
        .routes(routes!(plans::get))
        .routes(routes!(checkout::checkout))
        .routes(routes!(subscriptions::list))
        .routes(routes!(subscriptions::active))
        .routes(routes!(subscriptions::active_all))
        .routes(routes!(subscriptions::get))
        .routes(routes!(subscriptions::cancel))
        .routes(routes!(subscriptions::pause))
        .routes(routes!(subscriptions::resume))
        .routes(routes!(subscriptions::upgrade))
        .routes(routes!(subscriptions::downgrade))
        .routes(routes!(subscriptions::keep_plan))
        .routes(routes!(subscriptions::proration))
        .routes(routes!(invoices::list))
        .routes(routes!(invoices::get))
        .routes(routes!(documents::own_invoice))
        .routes(routes!(documents::own_credit_note))
        .routes(routes!(documents::any_invoice))
        .routes(routes!(documents::any_credit_note))
        .routes(routes!(tokens::bundles))
        .routes(routes!(tokens::bundle))
        .routes(routes!(tokens::balance))
        .routes(routes!(tokens::transactions))
        .routes(routes!(addons::list))
        .routes(routes!(addons::get))
        .routes(routes!(addons::own))
        .routes(routes!(addons::own_one))
        .routes(routes!(addons::cancel))
        .routes(routes!(payments::webhook))
        .routes(routes!(payments::test))
        .routes(routes!(payments::mark_paid))
        .routes(routes!(payments::refund))
        .routes(routes!(sessions::pay))
        .routes(routes!(sessions::create))
        .routes(routes!(sessions::create_order))
        .routes(routes!(sessions::capture_order))
        .routes(routes!(sessions::status))
        .routes(routes!(sessions::portal))
        .routes(routes!(plugins::active_sessions))
        .routes(routes!(plugins::greet))
        .routes(routes!(chat::send))
        .routes(routes!(chat::estimate))
        .routes(routes!(chat::config))
        .routes(routes!(features::list))
        .routes(routes!(features::use_it))
        .routes(routes!(events::keep))
        .routes(routes!(events::types))
        .routes(routes!(settings::payment_methods))
        .routes(routes!(settings::payment_method))
        .routes(routes!(settings::terms))
        .routes(routes!(settings::countries))
        .routes(routes!(settings::languages))
        .nest("/api/v1/taro", taro::router())
        .merge(admin::router())
}
