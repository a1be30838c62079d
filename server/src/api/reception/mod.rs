//! The reception family (spec `reception.md`): documented and code paths both, under authentication and tenancy.

mod audit;
mod auth;
mod booking_dto;
mod bookings;
mod closures;
mod customers;
mod guests;
mod hotel;
mod operations;
mod reports;
mod room_types;
mod rooms;
mod sessions;
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
        .routes(routes!(users::get, users::change, users::remove))
        .routes(routes!(users::set_password))
        .routes(routes!(sessions::list))
        .routes(routes!(sessions::end))
        .routes(routes!(audit::list))
        .routes(routes!(rooms::available))
        .routes(routes!(rooms::list, rooms::create))
        .routes(routes!(rooms::change, rooms::remove))
        .routes(routes!(closures::list))
        .routes(routes!(closures::close))
        .routes(routes!(closures::reopen))
        .routes(routes!(room_types::list, room_types::create))
        .routes(routes!(room_types::change, room_types::remove))
        .routes(routes!(guests::list, guests::create))
        .routes(routes!(guests::get, guests::change))
        .routes(routes!(bookings::list, bookings::create))
        .routes(routes!(bookings::get, bookings::change, bookings::cancel))
        .routes(routes!(bookings::call_off))
        .routes(routes!(bookings::no_show))
        .routes(routes!(bookings::confirm))
        .routes(routes!(bookings::undo))
        .routes(routes!(bookings::add_room))
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

/// Whether an operation, as the document has it, is done in one hotel, which `X-Hotel-Id` may name.
pub(super) fn is_of_one_hotel(path: &str, method: &str, tag: &str) -> bool {
    let is_by_person = method == "get" && path == "/users/{id}";
    !is_by_person
        && ["users", "rooms", "bookings", "customers", "operations", "reports", "audit"].contains(&tag)
}
