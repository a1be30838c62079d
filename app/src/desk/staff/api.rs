use domain::staff::{StaffForm, StaffMember};
use leptos::prelude::*;

use crate::error::AppError;
#[cfg(feature = "ssr")]
use crate::routes;

/// Everybody who works in the hotel, and who of the reader's other hotels does not.
#[server(prefix = "/actions", endpoint = "staff")]
pub async fn load_staff() -> Result<(Vec<StaffMember>, Vec<StaffMember>), AppError> {
    let (services, who) = crate::server_ctx::context()?;
    let staff = services.identity.staff(who.permit()?).await?;
    let local = |person: StaffMember| StaffMember {
        last_signed_in_at: person.last_signed_in_at.map(|at| who.local(at)),
        ..person
    };
    let elsewhere = if who.actor.memberships.len() > 1 {
        services.identity.staff_elsewhere(who.permit()?).await?
    } else {
        Vec::new()
    };
    Ok((staff.into_iter().map(local).collect(), elsewhere))
}

/// Adds a colleague.
#[server(prefix = "/actions", endpoint = "create-staff")]
pub async fn create_staff(form: StaffForm) -> Result<(), AppError> {
    use crate::server_ctx as ctx;
    let (services, who) = ctx::context()?;
    services.identity.create_staff(who.permit()?, &form, true).await?;
    ctx::go_to(routes::STAFF, Some(ctx::Notice::new("added")));
    Ok(())
}

/// Sets a colleague's role, or whether they may sign in; what is empty stays.
#[server(prefix = "/actions", endpoint = "change-staff")]
pub async fn change_staff(
    user_id: String,
    #[server(default)] role: String,
    #[server(default)] is_active: String,
) -> Result<(), AppError> {
    use crate::server_ctx as ctx;
    let (services, who) = ctx::context()?;
    let user_id: domain::ids::UserId = user_id.parse().map_err(|_| AppError::NotFound)?;
    let role = match role.as_str() {
        "" => None,
        role => Some(role.parse().map_err(|_| AppError::NotFound)?),
    };
    let is_active = match is_active.as_str() {
        "" => None,
        text => Some(text == "true"),
    };
    services.identity.change_staff(who.permit()?, user_id, role, is_active).await?;
    let notice = if is_active == Some(false) {
        ctx::Notice { code: "deactivated", about: Some(user_id.to_string()) }
    } else {
        ctx::Notice::new("saved")
    };
    ctx::go_to(routes::STAFF, Some(notice));
    Ok(())
}

/// Lets a colleague sign in again, in the role they had: undoes that they were deactivated.
#[server(prefix = "/actions", endpoint = "activate-staff")]
pub async fn activate_staff(user_id: String) -> Result<(), AppError> {
    use crate::server_ctx as ctx;
    let (services, who) = ctx::context()?;
    let user_id: domain::ids::UserId = user_id.parse().map_err(|_| AppError::NotFound)?;
    services.identity.change_staff(who.permit()?, user_id, None, Some(true)).await?;
    ctx::go_to(routes::STAFF, Some(ctx::Notice::new("undone")));
    Ok(())
}

/// The page offers nothing that is a conflict, unless something changed since it was loaded.
#[cfg(feature = "ssr")]
fn stale(error: identity::Error) -> AppError {
    match error {
        identity::Error::Conflict(_) => AppError::Conflict(crate::error::Conflict::ChangedMeanwhile),
        other => other.into(),
    }
}

/// Gives somebody of another of the reader's hotels a role in this one.
#[server(prefix = "/actions", endpoint = "give-role")]
pub async fn give_role(user_id: String, role: String) -> Result<(), AppError> {
    use crate::server_ctx as ctx;
    let (services, who) = ctx::context()?;
    let user_id = user_id.parse().map_err(|_| AppError::NotFound)?;
    let role = role.parse().map_err(|_| AppError::NotFound)?;
    services.identity.give_role(who.permit()?, user_id, role).await.map_err(stale)?;
    ctx::go_to(routes::STAFF, Some(ctx::Notice::new("added")));
    Ok(())
}

/// Takes away a colleague's role in this hotel.
#[server(prefix = "/actions", endpoint = "remove-role")]
pub async fn remove_role(user_id: String) -> Result<(), AppError> {
    use crate::server_ctx as ctx;
    let (services, who) = ctx::context()?;
    let user_id = user_id.parse().map_err(|_| AppError::NotFound)?;
    services.identity.remove_role(who.permit()?, user_id).await.map_err(stale)?;
    ctx::go_to(routes::STAFF, Some(ctx::Notice::new("removed")));
    Ok(())
}

/// Gives a colleague a new password and ends their sessions.
#[server(prefix = "/actions", endpoint = "set-staff-password")]
pub async fn set_staff_password(user_id: String, password: String) -> Result<(), AppError> {
    use crate::server_ctx as ctx;
    let (services, who) = ctx::context()?;
    let user_id = user_id.parse().map_err(|_| AppError::NotFound)?;
    services.identity.set_staff_password(who.permit()?, user_id, &password).await?;
    ctx::go_to(routes::STAFF, Some(ctx::Notice::new("saved")));
    Ok(())
}
