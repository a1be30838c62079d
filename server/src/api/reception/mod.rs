//! The reception family (spec `reception.md`): documented and code paths both, under authentication and tenancy.

mod auth;
mod booking_dto;
mod bookings;
mod customers;
mod hotel;
mod operations;
mod reports;
mod rooms;
mod users;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;

/// All paths of the family.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(auth::login))
        .routes(routes!(auth::token))
        .routes(routes!(auth::refresh))
        .routes(routes!(auth::logout))
        .routes(routes!(auth::register))
        .routes(routes!(auth::forgot_password))
        .routes(routes!(auth::reset_password))
        .routes(routes!(users::list, users::create))
        .routes(routes!(users::me))
        .routes(routes!(users::get))
        .routes(routes!(rooms::available))
        .routes(routes!(rooms::list, rooms::create))
        .routes(routes!(rooms::change))
        .routes(routes!(bookings::list, bookings::create))
        .routes(routes!(bookings::get, bookings::change, bookings::cancel))
        .routes(routes!(customers::lookup))
        .routes(routes!(customers::history))
        .routes(routes!(bookings::current))
        .routes(routes!(bookings::checkout))
        .routes(routes!(operations::check_in))
        .routes(routes!(operations::check_in_booking))
        .routes(routes!(operations::check_out_form, operations::check_out_booking))
        .routes(routes!(hotel::create))
        .routes(routes!(hotel::get, hotel::change))
        .routes(routes!(reports::bookings))
}
