use domain::booking::Today;
use leptos::prelude::*;

use crate::error::AppError;

/// The day at the desk; of the list named `whole` as much as there is.
#[server(prefix = "/actions", endpoint = "today")]
pub async fn load_today(whole: String) -> Result<Today, AppError> {
    let (services, who) = crate::server_ctx::context()?;
    Ok(services.pms.today(who.permit()?, whole.parse().ok()).await?)
}
