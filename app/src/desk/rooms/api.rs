use domain::room::BoardRoom;
use leptos::prelude::*;

use crate::error::AppError;

/// All rooms as they are now, and the hotel's business date.
#[server(prefix = "/actions", endpoint = "board")]
pub async fn load_board() -> Result<(Vec<BoardRoom>, chrono::NaiveDate), AppError> {
    let (services, who) = crate::server_ctx::context()?;
    Ok((services.pms.board(who.permit()?).await?, who.today))
}

/// Marks a room clean, dirty or inspected.
#[server(prefix = "/actions", endpoint = "set-condition")]
pub async fn set_condition(room_id: String, condition: String) -> Result<(), AppError> {
    use crate::server_ctx as ctx;
    let (services, who) = ctx::context()?;
    let room_id = room_id.parse().map_err(|_| AppError::NotFound)?;
    let condition = condition.parse().map_err(|_| AppError::NotFound)?;
    services.pms.set_condition(who.permit()?, room_id, condition).await?;
    ctx::go_to(crate::routes::ROOMS, None);
    Ok(())
}
