use domain::staff::SessionRow;
use leptos::prelude::*;

use crate::error::AppError;
#[cfg(feature = "ssr")]
use crate::routes;

/// The reader's e-mail address and signed-in browsers.
#[server(prefix = "/actions", endpoint = "profile")]
pub async fn load_profile() -> Result<(Option<String>, Vec<SessionRow>), AppError> {
    let (services, who) = crate::server_ctx::context()?;
    // Staff may have a user name alone.
    let email = Some(services.identity.own(&who.actor).await?.email).filter(|email| email.contains('@'));
    let sessions = services.identity.sessions(&who.actor, who.session_id).await?;
    let sessions =
        sessions.into_iter().map(|row| SessionRow { last_seen_at: who.local(row.last_seen_at), ..row });
    Ok((email, sessions.collect()))
}

/// Changes the reader's name and e-mail address; another address takes the present password.
#[server(prefix = "/actions", endpoint = "change-profile")]
pub async fn change_profile(
    full_name: String,
    email: String,
    #[server(default)] old_password: String,
) -> Result<(), AppError> {
    use crate::server_ctx as ctx;
    let (services, who) = ctx::context()?;
    services.identity.change_profile(&who.actor, &full_name, &email, &old_password).await?;
    ctx::go_to(&back(), Some(ctx::Notice::new("saved")));
    Ok(())
}

/// Changes the reader's password and ends all other sessions.
#[server(prefix = "/actions", endpoint = "change-password")]
pub async fn change_password(old_password: String, new_password: String) -> Result<(), AppError> {
    use crate::server_ctx as ctx;
    let (services, who) = ctx::context()?;
    services
        .identity
        .change_password(&who.actor, Some(who.session_id.into()), &old_password, &new_password)
        .await?;
    ctx::go_to(&back(), Some(ctx::Notice::new("password_changed")));
    Ok(())
}

/// Ends one of the reader's sessions; without an id all but this one.
#[server(prefix = "/actions", endpoint = "end-session")]
pub async fn end_session(session_id: String) -> Result<(), AppError> {
    use crate::server_ctx as ctx;
    let (services, who) = ctx::context()?;
    if session_id.is_empty() {
        services.identity.end_other_sessions(&who.actor, who.session_id).await?;
    } else {
        let session_id = session_id.parse().map_err(|_| AppError::NotFound)?;
        services.identity.end_session(&who.actor, session_id).await?;
    }
    ctx::go_to(&back(), Some(ctx::Notice::new("session_ended")));
    Ok(())
}

/// The page that the form was on: the desk's, or that of an account.
#[cfg(feature = "ssr")]
fn back() -> String {
    crate::server_ctx::referring_path().unwrap_or_else(|| routes::PROFILE.to_owned())
}
