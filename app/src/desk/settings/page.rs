use domain::access::Role;
use leptos::prelude::*;
use leptos_meta::Title;
use ui::LinkButton;

use super::api::{Everything, load_settings};
use super::closures::Closures;
use super::hotel::HotelData;
use super::rooms::{RoomTypes, Rooms};
use crate::routes;
use crate::shared::live::LiveVersion;
use crate::shared::loaded::{Loaded, load};
use crate::shared::page::PageFacts;
use crate::texts::texts;

/// Hotel settings.
#[component]
pub fn SettingsPage() -> impl IntoView {
    let data = load(LiveVersion::get, |_| load_settings());
    let t = &texts().settings;
    let owns = PageFacts::get().role() == Some(Role::Owner);
    view! {
        <Title text=t.title/>
        <div class="title-row"><h1>{t.title}</h1>
            {owns.then(|| view! { <LinkButton href=routes::NEW_HOTEL text=t.add_hotel/> })}
        </div>
        <Loaded data children={|all: Everything| view! {
            <div class="columns">
                <div><HotelData hotel=all.hotel.clone()/> <Closures closures=all.closures rooms=all.rooms.clone() today=all.hotel.business_date/></div>
                <div><RoomTypes room_types=all.room_types.clone()/> <Rooms rooms=all.rooms room_types=all.room_types/></div>
            </div>
        }}/>
    }
}
