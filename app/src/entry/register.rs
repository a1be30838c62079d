//! Registration of a hotel with its rooms and owner.

#[cfg(any(test, feature = "ssr"))]
use domain::hotel::{DrawnFloor, DrawnRoom};
#[cfg(feature = "ssr")]
use domain::problem::{FieldProblem, ProblemCode};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use ui::{Button, ButtonKind, FormState, SelectField, SelectOption, TextArea, TextField};

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

#[cfg(feature = "ssr")]
impl RegisterForm {
    /// What was typed, as a registration, and what is wrong with the lines of rooms, which stand at one field here.
    pub(crate) fn read(self) -> (domain::hotel::RegistrationForm, Option<FieldProblem>) {
        let drawn = floors(&self.rooms);
        let problem = drawn.is_none().then(|| FieldProblem::new("rooms", ProblemCode::BadCharacters));
        let form = domain::hotel::RegistrationForm {
            hotel_name: self.hotel_name,
            hotel_email: self.hotel_email,
            phone: self.phone,
            street: self.street,
            city: self.city,
            state: self.state,
            zip_code: self.zip_code,
            country: self.country,
            currency: self.currency,
            time_zone: self.time_zone,
            owner_name: self.owner_name,
            owner_email: self.owner_email,
            password: self.password,
            floors: drawn.unwrap_or_default(),
        };
        (form, problem)
    }
}

/// Problems at the fields that the page has.
#[cfg(feature = "ssr")]
pub(crate) fn at_fields(problems: Vec<FieldProblem>) -> Vec<FieldProblem> {
    let in_rooms = |problem: FieldProblem| {
        if problem.field.starts_with("floors") { FieldProblem::new("rooms", problem.code) } else { problem }
    };
    problems.into_iter().map(in_rooms).collect()
}

/// Registers a hotel, signs its owner in and goes to the desk.
#[server(prefix = "/actions", endpoint = "register")]
pub async fn register_hotel(form: RegisterForm) -> Result<(), AppError> {
    use crate::server_ctx as ctx;
    let services = ctx::services()?;
    let client: identity::Client = ctx::extension().ok_or(AppError::Internal)?;
    let (registration, bad_rooms) = form.read();
    if let Some(problem) = bad_rooms {
        let mut problems = registration.check().err().unwrap_or_default();
        problems.push(problem);
        return Err(AppError::Invalid(problems));
    }
    let identity = &services.identity;
    if registration.check().is_ok() {
        identity.count_wish(identity::Wish::Account, &client).await?;
    }
    let (email, password, hotel) =
        (&registration.owner_email, &registration.password, &registration.hotel_name);
    let new = match services.register(&registration).await {
        Ok(_) => identity.sign_in(email, password, &client).await?,
        Err(AppError::Invalid(problems)) => {
            let refused = at_fields(problems).into();
            identity.second_click(refused, email, password, Some(hotel), &client).await?
        }
        Err(other) => return Err(other),
    };
    ctx::set_cookie(identity::cookie::set(&new.token, services.is_https));
    ctx::go_to(routes::TODAY, Some(ctx::Notice::new("registered")));
    Ok(())
}

/// The fields about a hotel and its rooms.
#[component]
pub(crate) fn HotelFields(
    /// What was typed and what is wrong with it.
    state: FormState,
) -> impl IntoView {
    let t = &texts().register;
    let optional = texts().common.optional;
    let extra = |name: &'static str, label: &'static str, autocomplete: &'static str| {
        view! { <TextField form=state.clone() name label optional autocomplete/> }.into_any()
    };
    let (hotel_email, phone) = (extra("hotel_email", t.hotel_email, "email"), extra("phone", t.phone, "tel"));
    let street = extra("street", t.street, "address-line1");
    let (zip_code, city) =
        (extra("zip_code", t.zip_code, "postal-code"), extra("city", t.city, "address-level2"));
    let (region, country) =
        (extra("state", t.state, "address-level1"), extra("country", t.country, "country-name"));
    let currencies = domain::money::Currency::all()
        .map(|currency| SelectOption::new(currency.code(), currency.code()))
        .collect();
    view! {
        <fieldset><legend>{t.hotel}</legend>
            <TextField form=state.clone() name="hotel_name" label=t.hotel_name autocomplete="organization" required=true/>
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
            <TextArea form=state name="rooms" label=t.rooms value=t.rooms_example/>
        </fieldset>
    }
    .into_any()
}

/// Where a hotel is registered.
#[component]
pub fn RegisterPage() -> impl IntoView {
    let t = &texts().register;
    let form = Form::of::<RegisterHotel>("form");
    let state = form.state.clone();
    view! {
        <Frame title=t.title class="entry entry-wide">
            <p class="lead">{t.intro}</p>
            <PostForm form>
                <HotelFields state=state.clone()/>
                <fieldset><legend>{t.owner}</legend>
                    <TextField form=state.clone() name="owner_name" label=t.owner_name autocomplete="name" required=true/>
                    <TextField form=state.clone() name="owner_email" label=t.owner_email autocomplete="email" required=true/>
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
