//! Registration of a hotel with its rooms and owner.

#[cfg(any(test, feature = "ssr"))]
use domain::hotel::{DrawnFloor, DrawnRoom};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use ui::{Button, ButtonKind, SelectField, SelectOption, TextArea, TextField};

use super::frame::Frame;
use crate::error::AppError;
use crate::routes;
use crate::shared::form::{Form, PostForm};
use crate::texts::texts;

/// What the page sends: the registration, with rooms as lines of text.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct RegisterForm {
    hotel_name: String,
    hotel_email: String,
    phone: String,
    street: String,
    city: String,
    state: String,
    zip_code: String,
    country: String,
    currency: String,
    time_zone: String,
    rooms: String,
    owner_name: String,
    owner_email: String,
    password: String,
}

/// The floors that lines such as `Ground floor; 1-4; Single; 80` draw; `None` for a line that draws nothing.
#[cfg(any(test, feature = "ssr"))]
fn floors(lines: &str) -> Option<Vec<DrawnFloor>> {
    let line = |line: &str| {
        let parts: Vec<_> = line.split(';').map(str::trim).collect();
        let [floor, numbers, room_type, rate] = parts[..] else { return None };
        let room =
            |number: String| DrawnRoom { number, room_type: room_type.to_owned(), rate: rate.to_owned() };
        let rooms = match numbers
            .split_once('-')
            .map(|(from, to)| (from.trim().parse::<u32>(), to.trim().parse::<u32>()))
        {
            Some((Ok(from), Ok(to))) if from <= to && to - from < 500 => {
                (from..=to).map(|n| room(n.to_string())).collect()
            }
            Some(_) => return None,
            None => numbers.split(',').map(|number| room(number.trim().to_owned())).collect(),
        };
        Some(DrawnFloor { name: floor.to_owned(), rooms })
    };
    lines.lines().filter(|text| !text.trim().is_empty()).map(line).collect()
}

/// Registers a hotel, signs its owner in and goes to the desk.
#[server(prefix = "/actions", endpoint = "register")]
pub async fn register_hotel(form: RegisterForm) -> Result<(), AppError> {
    use domain::hotel::RegistrationForm;
    use domain::problem::{FieldProblem, ProblemCode};

    use crate::server_ctx as ctx;
    let services = ctx::services()?;
    let client: identity::Client = ctx::extension().ok_or(AppError::Internal)?;
    let drawn = floors(&form.rooms);
    let registration = RegistrationForm {
        hotel_name: form.hotel_name,
        hotel_email: form.hotel_email,
        phone: form.phone,
        street: form.street,
        city: form.city,
        state: form.state,
        zip_code: form.zip_code,
        country: form.country,
        currency: form.currency,
        time_zone: form.time_zone,
        owner_name: form.owner_name,
        owner_email: form.owner_email.clone(),
        password: form.password.clone(),
        floors: drawn.clone().unwrap_or_default(),
    };
    let in_rooms = |problem: FieldProblem| {
        if problem.field.starts_with("floors") { FieldProblem::new("rooms", problem.code) } else { problem }
    };
    if drawn.is_none() {
        let mut problems = registration.check().err().unwrap_or_default();
        problems.push(FieldProblem::new("rooms", ProblemCode::BadCharacters));
        return Err(AppError::Invalid(problems));
    }
    services.register(&registration).await.map_err(|error| match error {
        AppError::Invalid(problems) => AppError::Invalid(problems.into_iter().map(in_rooms).collect()),
        other => other,
    })?;
    let new = services.identity.sign_in(&form.owner_email, &form.password, &client).await?;
    ctx::set_cookie(identity::cookie::set(&new.token, services.is_https));
    ctx::go_to(routes::TODAY, Some(ctx::Notice::new("registered")));
    Ok(())
}

/// Where a hotel is registered.
#[component]
pub fn RegisterPage() -> impl IntoView {
    let t = &texts().register;
    let optional = texts().common.optional;
    let form = Form::of::<RegisterHotel>("form");
    let state = form.state.clone();
    let needed = |name: &'static str, label: &'static str, autocomplete: &'static str| {
        view! { <TextField form=state.clone() name label autocomplete required=true/> }.into_any()
    };
    let extra = |name: &'static str, label: &'static str, autocomplete: &'static str| {
        view! { <TextField form=state.clone() name label optional autocomplete/> }.into_any()
    };
    let hotel_name = needed("hotel_name", t.hotel_name, "organization");
    let (hotel_email, phone) = (extra("hotel_email", t.hotel_email, "email"), extra("phone", t.phone, "tel"));
    let street = extra("street", t.street, "address-line1");
    let (zip_code, city) =
        (extra("zip_code", t.zip_code, "postal-code"), extra("city", t.city, "address-level2"));
    let (region, country) =
        (extra("state", t.state, "address-level1"), extra("country", t.country, "country-name"));
    let (owner_name, owner_email) =
        (needed("owner_name", t.owner_name, "name"), needed("owner_email", t.owner_email, "email"));
    let currencies = domain::money::Currency::all()
        .map(|currency| SelectOption::new(currency.code(), currency.code()))
        .collect();
    view! {
        <Frame title=t.title class="entry entry-wide">
            <p class="lead">{t.intro}</p>
            <PostForm form>
                <fieldset><legend>{t.hotel}</legend>
                    {hotel_name}
                    <div class="field-pair">
                        {hotel_email}
                        {phone}
                    </div>
                    {street}
                    <div class="field-pair">
                        {zip_code}
                        {city}
                    </div>
                    <div class="field-pair">
                        {region}
                        {country}
                    </div>
                    <div class="field-pair">
                        <SelectField form=state.clone() name="currency" label=t.currency value="EUR" options=currencies/>
                        <TextField form=state.clone() name="time_zone" label=t.time_zone value="Europe/Dublin" required=true/>
                    </div>
                </fieldset>
                <fieldset><legend>{t.rooms}</legend>
                    <p class="field-help">{t.rooms_help}</p>
                    <TextArea form=state.clone() name="rooms" label=t.rooms value=t.rooms_example/>
                </fieldset>
                <fieldset><legend>{t.owner}</legend>
                    {owner_name}
                    {owner_email}
                    <TextField
                        form=state name="password" label=texts().entry.password kind="password"
                        help=texts().entry.password_help autocomplete="new-password" required=true
                    />
                </fieldset>
                <Button kind=ButtonKind::Primary text=t.submit/>
            </PostForm>
            <p class="entry-links"><a href=routes::SIGN_IN>{texts().entry.back_to_sign_in}</a></p>
        </Frame>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_draw_rooms() {
        let drawn = floors("Ground; 1-3; Single; 80\n\nUpper; 11, 12a; Double; 120.50\n").unwrap();
        assert_eq!(drawn[0].rooms.len(), 3);
        assert_eq!(drawn[1].rooms[1].number, "12a");
        assert_eq!(drawn[1].rooms[1].rate, "120.50");
    }

    #[test]
    fn a_line_that_draws_nothing_is_a_problem() {
        assert!(floors("Ground; 1-3; Single").is_none());
        assert!(floors("Ground; 9-1; Single; 80").is_none());
        assert!(floors("Ground; 1-99999; Single; 80").is_none());
    }
}
