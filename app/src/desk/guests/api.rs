use domain::booking::{PastStayFeedback, StayRow};
use domain::guest::{Guest, GuestForm, GuestRow};
use leptos::prelude::*;

use crate::error::AppError;
#[cfg(feature = "ssr")]
use {crate::routes, domain::merge::merge};

/// Guests that match, or the newest.
#[server(prefix = "/actions", endpoint = "guests")]
pub async fn load_guests(
    text: String,
    after: String,
) -> Result<(Vec<GuestRow>, chrono::NaiveDate), AppError> {
    let (services, who) = crate::server_ctx::context()?;
    let rows = services.pms.guests(who.permit()?, &text, after.parse().ok()).await?;
    Ok((rows, who.today))
}

/// A guest, the stays in this hotel and how they went, and the hotel's business date.
pub type GuestRecord = (Option<Guest>, Vec<StayRow>, Vec<PastStayFeedback>, chrono::NaiveDate);

/// A guest with the stays in this hotel; none for the word `new`.
#[server(prefix = "/actions", endpoint = "guest")]
pub async fn load_guest(id: String) -> Result<GuestRecord, AppError> {
    let (services, who) = crate::server_ctx::context()?;
    let today = who.today;
    if id == "new" {
        who.permit::<domain::access::right::ManageGuests>()?;
        return Ok((None, Vec::new(), Vec::new(), today));
    }
    let id = id.parse().map_err(|_| AppError::NotFound)?;
    let (guest, stays) = services.pms.guest(who.permit()?, id).await?;
    let feedback = services.pms.feedback_of_guest(who.permit()?, id).await?;
    Ok((Some(guest), stays, feedback, today))
}

/// Adds a guest, or changes the one with this id: what differs from what the form showed, which `shown` says as JSON.
#[server(prefix = "/actions", endpoint = "save-guest")]
pub async fn save_guest(
    id: String,
    form: GuestForm,
    #[server(default)] shown: String,
) -> Result<(), AppError> {
    use crate::server_ctx as ctx;
    let (services, who) = ctx::context()?;
    let id = if id.is_empty() {
        services.pms.create_guest(who.permit()?, &form).await?
    } else {
        let id = id.parse().map_err(|_| AppError::NotFound)?;
        services.pms.change_guest(who.permit()?, id, |known| merge(form, &shown, &known)).await?;
        id
    };
    ctx::go_to(&routes::guest(id), Some(ctx::Notice::new("saved")));
    Ok(())
}
