use domain::booking::Today;
use leptos::prelude::*;

use crate::error::AppError;

/// The day at the desk.
#[server(prefix = "/actions", endpoint = "today")]
pub async fn load_today() -> Result<Today, AppError> {
    let (services, who) = crate::server_ctx::context()?;
    Ok(services.pms.today(who.permit()?).await?)
}
