use domain::access::Permission;
use domain::booking::{StayChangeForm, StayDetails};
use domain::room::{Room, RoomChoice};
use domain::stay::StayStatus;
use leptos::prelude::*;
use ui::{Button, DateField, HiddenField, SelectField, SelectOption, TextField};

use super::api::ChangeStay;
use crate::shared::form::{Form, PostForm};
use crate::shared::page::PageFacts;
use crate::texts::{fill, texts};

/// Changes dates, room, party and price of a stay.
#[component]
pub fn ChangeStayForm(
    /// The stay.
    details: StayDetails,
    /// The rooms of the hotel.
    rooms: Vec<Room>,
) -> impl IntoView {
    let t = &texts().booking;
    let row = details.row;
    let form = Form::about::<ChangeStay>("form", Some(("id", &row.id.to_string())));
    // A reservation may also give its room back and keep a claim to one of the type.
    let without = fill(t.any_of, &[("type", &row.room_type)]);
    let without = (row.status == StayStatus::Reserved)
        .then(|| SelectOption::new(RoomChoice::AnyOf(row.room_type_id).to_string(), without));
    let rooms = rooms
        .into_iter()
        .map(|room| SelectOption::new(room.id.to_string(), format!("{} · {}", room.number, room.room_type)));
    let rooms = without.into_iter().chain(rooms).collect();
    let known = StayChangeForm::of(row.dates, row.times, row.room_choice(), row.party);
    let (form, shown) = form.showing("form[shown]", &known);
    // Who was refused for another reason means the stay as they saw it.
    let version = details.version.to_string();
    let version = if form.was_overtaken() { version } else { form.state.value("version", version) };
    let may_price = PageFacts::get().may(Permission::OverridePrice);
    let (state, is_open) = (form.state.clone(), form.was_refused() || row.room_id.is_none());
    view! {
        <details class="panel" open=is_open id="change">
            <summary><h2>{t.change_title}</h2></summary>
            <PostForm form>
                <input type="hidden" name="id" value=row.id.to_string()/>
                <HiddenField form=state.clone() name="version" value=version/>
                {shown}
                <div class="field-pair">
                    <DateField form=state.clone() name="arrival" label=t.arrival value=known.arrival required=true/>
                    <DateField form=state.clone() name="departure" label=t.departure value=known.departure required=true/>
                </div>
                <div class="field-pair">
                    <TextField form=state.clone() name="arrival_time" label=t.arrival_time kind="time" value=known.arrival_time/>
                    <TextField form=state.clone() name="departure_time" label=t.departure_time kind="time" value=known.departure_time/>
                </div>
                <div class="field-pair">
                    <SelectField form=state.clone() name="room_id" label=t.new_room value=known.room_id options=rooms/>
                    <TextField form=state.clone() name="party" label=t.party value=known.party inputmode="numeric" required=true/>
                </div>
                {may_price.then(|| view! {
                    <TextField form=state name="price" label=t.price help=t.price_help inputmode="decimal"/>
                })}
                <Button text=t.change/>
            </PostForm>
        </details>
    }
}
