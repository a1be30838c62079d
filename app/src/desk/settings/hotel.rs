use domain::hotel::{Hotel, HotelForm};
use leptos::prelude::*;
use ui::{Button, TextArea, TextField};

use super::api::ChangeHotel;
use crate::shared::form::{Form, PostForm};
use crate::texts::texts;

/// The hotel's own data.
#[component]
pub fn HotelData(
    /// The hotel.
    hotel: Hotel,
) -> impl IntoView {
    let t = &texts().settings;
    let (form, shown) = Form::of::<ChangeHotel>("form").showing("shown", &HotelForm::from(&hotel));
    let state = form.state.clone();
    view! {
        <section class="panel"><h2>{t.hotel}</h2>
            <PostForm form>
                {shown}
                <TextField form=state.clone() name="name" label=t.name value=hotel.name required=true/>
                <TextField form=state.clone() name="address" label=t.address value=hotel.address/>
                <div class="field-pair">
                    <TextField form=state.clone() name="phone" label=t.phone kind="tel" value=hotel.phone.unwrap_or_default()/>
                    <TextField form=state.clone() name="email" label=t.email kind="email" value=hotel.email.unwrap_or_default()/>
                </div>
                <TextField form=state.clone() name="time_zone" label=t.time_zone value=hotel.time_zone required=true/>
                <TextArea form=state name="terms" label=t.terms value=hotel.terms/>
                <Button text=texts().common.save/>
            </PostForm>
        </section>
    }
}
