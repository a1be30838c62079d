use chrono::NaiveDate;
use domain::room::{Room, RoomClosure};
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use ui::{Button, DateField, SelectField, SelectOption, TextField};

use super::api::{CloseRoom, ReopenRoom};
use super::confirmed::Confirmed;
use crate::shared::form::{Form, PostForm};
use crate::shared::notice::{Refused, refusal};
use crate::shared::show;
use crate::texts::{fill, texts};

/// Rooms out of order, now or later, and taking one out.
#[component]
pub fn Closures(
    /// The closures.
    closures: Vec<RoomClosure>,
    /// The rooms of the hotel.
    rooms: Vec<Room>,
    /// The hotel's business date.
    today: NaiveDate,
) -> impl IntoView {
    let t = &texts().settings;
    let form = Form::of::<CloseRoom>("form");
    let (state, is_open) = (form.state.clone(), form.was_refused());
    let number = |closure: &RoomClosure| {
        rooms
            .iter()
            .find(|room| room.id == closure.room_id)
            .map(|room| room.number.clone())
            .unwrap_or_default()
    };
    let lines = closures
        .iter()
        .map(|closure| {
            let dates = format!("{} → {}", show::date(closure.starts_on, today), show::date(closure.ends_on, today));
            view! {
                <li>
                    <div><strong>{number(closure)}</strong> " " {dates} <span class="sub">{closure.reason.clone()}</span></div>
                    <Confirmed action=ReopenRoom::PATH id=closure.id.to_string() text=t.reopen
                        label=fill(t.reopen_label, &[("name", &number(closure))]) question=t.reopen_question/>
                </li>
            }
        })
        .collect_view();
    let options =
        rooms.iter().map(|room| SelectOption::new(room.id.to_string(), room.number.clone())).collect();
    view! {
        <section class="panel"><h2>{t.closures}</h2>
            <Refused why={refusal::<ReopenRoom>()}/>
            {closures.is_empty().then(|| view! { <p class="list-empty">{t.closures_empty}</p> })}
            <ul class="sessions">{lines}</ul>
            <details class="more" open=is_open>
                <summary>{t.close_room}</summary>
                <PostForm form>
                    <SelectField form=state.clone() name="room_id" label=t.number options/>
                    <div class="field-pair">
                        <DateField form=state.clone() name="starts_on" label=t.from value=today.to_string() required=true/>
                        <DateField form=state.clone() name="ends_on" label=t.until required=true/>
                    </div>
                    <TextField form=state name="reason" label=t.reason required=true/>
                    <Button text=t.close/>
                </PostForm>
            </details>
        </section>
    }
}
