use domain::hotel::{Hotel, HotelForm};
use domain::room::{ClosureForm, Room, RoomClosure, RoomForm, RoomType, RoomTypeForm};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use crate::error::AppError;
#[cfg(feature = "ssr")]
use {crate::routes, domain::merge::merge};

/// Everything the page shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Everything {
    /// The hotel.
    pub hotel: Hotel,
    /// Its room types.
    pub room_types: Vec<RoomType>,
    /// Its rooms.
    pub rooms: Vec<Room>,
    /// Rooms out of order, now or later.
    pub closures: Vec<RoomClosure>,
}

/// Everything the page shows.
#[server(prefix = "/actions", endpoint = "settings")]
pub async fn load_settings() -> Result<Everything, AppError> {
    let (services, who) = crate::server_ctx::context()?;
    who.permit::<domain::access::right::ManageHotel>()?;
    let pms = &services.pms;
    Ok(Everything {
        hotel: pms.hotel(who.permit()?).await?,
        room_types: pms.room_types(who.permit()?).await?,
        rooms: pms.rooms(who.permit()?).await?,
        closures: pms.closures(who.permit()?).await?,
    })
}

/// Goes back to the page after a change.
#[cfg(feature = "ssr")]
fn done(code: &'static str) {
    use crate::server_ctx as ctx;
    ctx::go_to(routes::SETTINGS, Some(ctx::Notice::new(code)));
}

/// Changes the hotel's own data: what differs from what the form showed, which `shown` says as JSON.
#[server(prefix = "/actions", endpoint = "change-hotel")]
pub async fn change_hotel(form: HotelForm, #[server(default)] shown: String) -> Result<(), AppError> {
    let (services, who) = crate::server_ctx::context()?;
    services.pms.change_hotel(who.permit()?, |known| merge(form, &shown, &known)).await?;
    done("saved");
    Ok(())
}

/// Adds a room type, or changes the one with this id: what differs from what the form showed.
#[server(prefix = "/actions", endpoint = "save-room-type")]
pub async fn save_room_type(
    id: String,
    form: RoomTypeForm,
    #[server(default)] shown: String,
) -> Result<(), AppError> {
    let (services, who) = crate::server_ctx::context()?;
    if id.is_empty() {
        services.pms.create_room_type(who.permit()?, &form).await?;
    } else {
        let id = id.parse().map_err(|_| AppError::NotFound)?;
        services.pms.change_room_type(who.permit()?, id, |known| merge(form, &shown, &known)).await?;
    }
    done("saved");
    Ok(())
}

/// Removes a room type that no room is of.
#[server(prefix = "/actions", endpoint = "remove-room-type")]
pub async fn remove_room_type(id: String) -> Result<(), AppError> {
    let (services, who) = crate::server_ctx::context()?;
    services.pms.remove_room_type(who.permit()?, id.parse().map_err(|_| AppError::NotFound)?).await?;
    done("removed");
    Ok(())
}

/// Adds a room, or changes the one with this id: what differs from what the form showed.
#[server(prefix = "/actions", endpoint = "save-room")]
pub async fn save_room(id: String, form: RoomForm, #[server(default)] shown: String) -> Result<(), AppError> {
    let (services, who) = crate::server_ctx::context()?;
    if id.is_empty() {
        services.pms.create_room(who.permit()?, &form, domain::room::RoomCondition::Clean).await?;
    } else {
        let id = id.parse().map_err(|_| AppError::NotFound)?;
        let change = |known| merge(form.clone(), &shown, &known);
        services.pms.change_room(who.permit()?, id, None, change).await?;
    }
    done("saved");
    Ok(())
}

/// Removes a room that no stay ever used.
#[server(prefix = "/actions", endpoint = "remove-room")]
pub async fn remove_room(id: String) -> Result<(), AppError> {
    let (services, who) = crate::server_ctx::context()?;
    services.pms.remove_room(who.permit()?, id.parse().map_err(|_| AppError::NotFound)?).await?;
    done("removed");
    Ok(())
}

/// Takes a room out of order.
#[server(prefix = "/actions", endpoint = "close-room")]
pub async fn close_room(form: ClosureForm) -> Result<(), AppError> {
    let (services, who) = crate::server_ctx::context()?;
    services.pms.close_room(who.permit()?, &form).await?;
    done("saved");
    Ok(())
}

/// Puts a room back in order.
#[server(prefix = "/actions", endpoint = "reopen-room")]
pub async fn reopen_room(id: String) -> Result<(), AppError> {
    let (services, who) = crate::server_ctx::context()?;
    services.pms.reopen_room(who.permit()?, id.parse().map_err(|_| AppError::NotFound)?).await?;
    done("saved");
    Ok(())
}
