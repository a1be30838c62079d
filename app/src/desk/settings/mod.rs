//! Hotel settings: the hotel's own data, room types, rooms, and rooms out of order.

mod api;
mod closures;
mod confirmed;
mod hotel;
mod new_hotel;
mod page;
mod rooms;

pub use api::*;
pub use new_hotel::*;
pub use page::SettingsPage;
