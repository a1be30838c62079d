use domain::booking::{StayChangeForm, StayDetails, StayFeedbackForm, StayRow};
use domain::guest::Guest;
use domain::hotel::Hotel;
use domain::room::Room;
use leptos::prelude::*;

use crate::error::AppError;

/// One stay, the rooms it could move to, and the hotel's business date.
#[server(prefix = "/actions", endpoint = "stay")]
pub async fn load_stay(id: String) -> Result<(StayDetails, Vec<Room>, chrono::NaiveDate), AppError> {
    let (services, who) = crate::server_ctx::context()?;
    let id = id.parse().map_err(|_| AppError::NotFound)?;
    let details = services.pms.stay(who.permit()?, id).await?;
    let rooms = if details.actions.contains(&domain::stay::StayAction::Change) {
        services.pms.rooms(who.permit()?).await?
    } else {
        Vec::new()
    };
    Ok((details, rooms, who.today))
}

/// A page of stays, and the hotel's business date.
#[server(prefix = "/actions", endpoint = "stays")]
pub async fn load_stays(
    text: String,
    status: String,
    before: String,
) -> Result<(Vec<StayRow>, chrono::NaiveDate), AppError> {
    let (services, who) = crate::server_ctx::context()?;
    // What is not a state or an id filters nothing: such an address was not made by us.
    let filter = pms::bookings::StayFilter { text, status: status.parse().ok(), before: before.parse().ok() };
    let rows = services.pms.stays(who.permit()?, &filter).await?;
    Ok((rows, who.today))
}

/// Checks in, checks out, cancels, records a no-show, or undoes one of these; then goes back to where it was asked.
/// `act` is the action and the stay, with a dot between them: what a button can say.
#[server(prefix = "/actions", endpoint = "act-on-stay")]
pub async fn act_on_stay(act: String) -> Result<(), AppError> {
    use domain::stay::StayAction as A;

    use crate::server_ctx as ctx;
    let (services, who) = ctx::context()?;
    let (action, id) = act.split_once('.').ok_or(AppError::NotFound)?;
    let id: domain::ids::StayId = id.parse().map_err(|_| AppError::NotFound)?;
    // A change has a form of its own.
    let action = action.parse().ok().filter(|action| *action != A::Change).ok_or(AppError::NotFound)?;
    services.pms.act(who.permit()?, id, action).await?;
    let code = match action {
        A::CheckIn => "checked_in",
        A::CheckOut => "checked_out",
        A::Cancel => "cancelled",
        A::NoShow => "no_show",
        A::UndoCheckIn | A::UndoCheckOut | A::Reinstate => "undone",
        A::Change => "changed",
    };
    let back = ctx::referring_path().unwrap_or_else(|| crate::routes::TODAY.to_owned());
    ctx::go_to(&back, Some(ctx::Notice { code, about: Some(id.to_string()) }));
    Ok(())
}

/// Changes dates, room, party or price.
#[server(prefix = "/actions", endpoint = "change-stay")]
pub async fn change_stay(id: String, form: StayChangeForm) -> Result<(), AppError> {
    use crate::server_ctx as ctx;
    let (services, who) = ctx::context()?;
    let id = id.parse().map_err(|_| AppError::NotFound)?;
    services.pms.change(who.permit()?, id, &form).await?;
    ctx::go_to(&crate::routes::booking(id), Some(ctx::Notice::new("changed")));
    Ok(())
}

/// Changes what colleagues should know about the booking, unless one of them did since the form showed it.
#[server(prefix = "/actions", endpoint = "change-note")]
pub async fn change_note(id: String, note: String, #[server(default)] shown: String) -> Result<(), AppError> {
    use crate::server_ctx as ctx;
    let (services, who) = ctx::context()?;
    let id = id.parse().map_err(|_| AppError::NotFound)?;
    services.pms.change_note(who.permit()?, id, &shown, &note).await?;
    ctx::go_to(&crate::routes::booking(id), Some(ctx::Notice::new("saved")));
    Ok(())
}

/// Changes what is noted about how a stay went.
#[server(prefix = "/actions", endpoint = "change-feedback")]
pub async fn change_feedback(id: String, form: StayFeedbackForm) -> Result<(), AppError> {
    use crate::server_ctx as ctx;
    let (services, who) = ctx::context()?;
    let id = id.parse().map_err(|_| AppError::NotFound)?;
    services.pms.change_feedback(who.permit()?, id, &form).await?;
    ctx::go_to(&crate::routes::booking(id), Some(ctx::Notice::new("saved")));
    Ok(())
}

/// Writes to the guest what was booked.
#[server(prefix = "/actions", endpoint = "send-confirmation")]
pub async fn send_confirmation(id: String, email: String) -> Result<(), AppError> {
    use crate::server_ctx as ctx;
    let (services, who) = ctx::context()?;
    let id = id.parse().map_err(|_| AppError::NotFound)?;
    services.pms.send_confirmation(who.permit()?, id, &email).await?;
    ctx::go_to(&crate::routes::booking(id), Some(ctx::Notice::new("confirmation_sent")));
    Ok(())
}

/// What stands on a stay's registration card: hotel, guest, stay. For those who may see guests.
#[server(prefix = "/actions", endpoint = "card")]
pub async fn load_card(id: String) -> Result<(Hotel, Guest, StayDetails), AppError> {
    let (services, who) = crate::server_ctx::context()?;
    let id = id.parse().map_err(|_| AppError::NotFound)?;
    let details = services.pms.stay(who.permit()?, id).await?;
    let (guest, _) = services.pms.guest(who.permit()?, details.row.guest_id).await?;
    Ok((services.pms.hotel(who.permit()?).await?, guest, details))
}
