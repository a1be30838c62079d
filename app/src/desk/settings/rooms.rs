use domain::room::{Room, RoomForm, RoomType, RoomTypeForm};
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use leptos_router::hooks::use_query_map;
use ui::{Button, SelectField, SelectOption, TextField};

use super::api::{RemoveRoom, RemoveRoomType, SaveRoom, SaveRoomType};
use super::confirmed::Confirmed;
use crate::routes;
use crate::shared::form::{Form, PostForm};
use crate::shared::notice::{Refused, refusal};
use crate::shared::show;
use crate::texts::{fill, texts};

/// What is being changed, as the address says: `?type=<id>` or `?room=<id>`; nothing means a new one.
fn edited(name: &'static str) -> String {
    use_query_map().with_untracked(|query| query.get(name).unwrap_or_default())
}

/// A link that changes the line `name`, and a button that removes it.
fn line_actions(
    edit: String,
    name: &str,
    remove: &'static str,
    id: String,
    question: &'static str,
) -> impl IntoView + use<> {
    let t = &texts().settings;
    // By the server: the browser would leave what was typed for one line in the form of the next.
    let change = view! {
        <a class="button button-quiet" href=edit rel="external" aria-label=fill(t.edit, &[("name", name)])>{texts().common.change}</a>
    };
    let label = fill(t.remove_label, &[("name", name)]);
    view! {
        {change} <Confirmed action=remove id text=texts().common.remove label question/>
    }
}

/// Room types with their prices.
#[component]
pub fn RoomTypes(
    /// The types.
    room_types: Vec<RoomType>,
) -> impl IntoView {
    let t = &texts().settings;
    let id = edited("type");
    let present = room_types.iter().find(|room_type| room_type.id.to_string() == id).cloned();
    let id = present.as_ref().map(|one| one.id.to_string()).unwrap_or_default();
    let form = Form::about::<SaveRoomType>("form", Some(("id", &id)));
    // The form of a type that is gone is, too.
    let lost = refusal::<SaveRoomType>().filter(|_| !form.was_refused());
    let known = present.as_ref().map(RoomTypeForm::from).unwrap_or_default();
    let (form, shown) = form.showing("shown", &known);
    let state = form.state.clone();
    let is_open = form.was_refused() || present.is_some();
    let rows = room_types
        .into_iter()
        .map(|one| {
            let edit = format!("{}?type={}#type", routes::SETTINGS, one.id);
            let actions = line_actions(
                edit,
                &one.name,
                RemoveRoomType::PATH,
                one.id.to_string(),
                t.remove_type_question,
            );
            view! {
                <tr>
                    <td><strong>{one.name}</strong></td>
                    <td class="col-money">{one.sleeps}</td>
                    <td class="col-money">{show::money(one.rate)}</td>
                    <td class="col-money">{one.rooms}</td>
                    <td class="col-action">{actions}</td>
                </tr>
            }
        })
        .collect_view();
    let summary =
        present.as_ref().map_or_else(|| t.add_type.to_owned(), |one| fill(t.edit, &[("name", &one.name)]));
    view! {
        <section class="panel"><h2>{t.types}</h2>
            <Refused why={refusal::<RemoveRoomType>().or(lost)}/>
            <table class="table">
                <thead><tr>
                    <th scope="col">{t.type_name}</th><th scope="col" class="col-money">{t.sleeps}</th>
                    <th scope="col" class="col-money">{t.rate}</th><th scope="col" class="col-money">{t.rooms_count}</th>
                    <th scope="col" class="col-action"><span class="visually-hidden">{texts().today.action}</span></th>
                </tr></thead>
                <tbody>{rows}</tbody>
            </table>
            <details class="more" open=is_open id="type">
                <summary>{summary}</summary>
                <PostForm form>
                    <input type="hidden" name="id" value=id/>
                    {shown}
                    <TextField form=state.clone() name="name" label=t.type_name value=known.name required=true/>
                    <div class="field-pair">
                        <TextField form=state.clone() name="sleeps" label=t.sleeps value=known.sleeps inputmode="numeric" required=true/>
                        <TextField form=state.clone() name="rate" label=t.rate value=known.rate inputmode="decimal" required=true/>
                    </div>
                    <TextField form=state name="overbooking" label=t.overbooking value=known.overbooking help=t.overbooking_help inputmode="numeric"/>
                    <Button text=texts().common.save/>
                </PostForm>
            </details>
        </section>
    }
}

/// The rooms of the hotel.
#[component]
pub fn Rooms(
    /// The rooms.
    rooms: Vec<Room>,
    /// The types they can be of.
    room_types: Vec<RoomType>,
) -> impl IntoView {
    let t = &texts().settings;
    let id = edited("room");
    let present = rooms.iter().find(|room| room.id.to_string() == id).cloned();
    let id = present.as_ref().map(|room| room.id.to_string()).unwrap_or_default();
    let form = Form::about::<SaveRoom>("form", Some(("id", &id)));
    let has_types = !room_types.is_empty();
    // The form of a room that is gone is, too.
    let lost = refusal::<SaveRoom>().filter(|_| !form.was_refused() || !has_types);
    let known = present.as_ref().map(RoomForm::from).unwrap_or_default();
    let (form, shown) = form.showing("shown", &known);
    let state = form.state.clone();
    let is_open = form.was_refused() || present.is_some();
    let rows = rooms
        .into_iter()
        .map(|room| {
            let edit = format!("{}?room={}#room", routes::SETTINGS, room.id);
            let actions = line_actions(
                edit,
                &room.number,
                RemoveRoom::PATH,
                room.id.to_string(),
                t.remove_room_question,
            );
            view! {
                <tr>
                    <td><strong>{room.number}</strong> <span class="sub">{room.floor}</span></td>
                    <td>{room.room_type}</td>
                    <td class="col-money">{show::money(room.rate)}</td>
                    <td class="col-action">{actions}</td>
                </tr>
            }
        })
        .collect_view();
    let summary = present
        .as_ref()
        .map_or_else(|| t.add_room.to_owned(), |room| fill(t.edit, &[("name", &room.number)]));
    let options = room_types.into_iter().map(|one| SelectOption::new(one.id.to_string(), one.name)).collect();
    let fields = view! {
        <details class="more" open=is_open id="room">
            <summary>{summary}</summary>
            <PostForm form>
                <input type="hidden" name="id" value=id/>
                {shown}
                <div class="field-pair">
                    <TextField form=state.clone() name="number" label=t.number value=known.number required=true/>
                    <TextField form=state.clone() name="floor" label=t.floor value=known.floor/>
                </div>
                <div class="field-pair">
                    <SelectField form=state.clone() name="room_type_id" label=t.room_type value=known.room_type_id options/>
                    <TextField form=state name="rate" label=t.own_rate value=known.rate help=t.own_rate_help inputmode="decimal"/>
                </div>
                <Button text=texts().common.save/>
            </PostForm>
        </details>
    };
    let body = if has_types {
        fields.into_any()
    } else {
        view! { <p class="list-empty">{t.no_types}</p> }.into_any()
    };
    view! {
        <section class="panel"><h2>{t.rooms}</h2>
            <Refused why={refusal::<RemoveRoom>().or(lost)}/>
            <table class="table">
                <thead><tr>
                    <th scope="col">{t.number}</th><th scope="col">{t.room_type}</th><th scope="col" class="col-money">{t.rate}</th>
                    <th scope="col" class="col-action"><span class="visually-hidden">{texts().today.action}</span></th>
                </tr></thead>
                <tbody>{rows}</tbody>
            </table>
            {body}
        </section>
    }
}
