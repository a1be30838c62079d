//! Signing in, registration, forgotten passwords (spec `reception.md` 3.2).

use axum::extract::State;
use axum::{Extension, Form, Json};
use domain::hotel::{DrawnFloor, DrawnRoom, RegistrationForm};
use domain::ids::HotelId;
use domain::problem::{FieldProblem, ProblemCode};
use http::StatusCode;
use identity::{Client, TokenPair, Wish};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::values::Amount;
use crate::problem::Problem;
use crate::state::AppState;

/// A password form of `OAuth2` (RFC 6749, 4.3.2).
#[derive(Debug, Deserialize, ToSchema)]
pub struct SignIn {
    /// E-mail address or user name.
    username: String,
    /// The password.
    password: String,
}

/// Tokens of somebody who signed in.
#[derive(Debug, Serialize, ToSchema)]
pub struct Tokens {
    /// For `Authorization: Bearer`; 30 minutes.
    access_token: String,
    /// Always `bearer`.
    token_type: &'static str,
    /// The hotel the person works in; none for customers.
    hotel_id: Option<HotelId>,
    /// Gets new tokens at `/auth/refresh`, once; 30 days.
    refresh_token: String,
    /// Seconds until the access token expires.
    expires_in: i64,
}

impl From<TokenPair> for Tokens {
    fn from(pair: TokenPair) -> Self {
        Self {
            hotel_id: pair.actor.home_hotel(),
            access_token: pair.access_token,
            token_type: "bearer",
            refresh_token: pair.refresh_token,
            expires_in: pair.expires_in_seconds,
        }
    }
}

/// Signs in; the path of the code.
#[utoipa::path(
    post, path = "/auth/login", tag = "auth",
    request_body(content = SignIn, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, body = Tokens), (status = 400, body = Problem), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 415, body = Problem), (status = 422, body = Problem), (status = 429, body = Problem))
)]
pub async fn login(
    state: State<AppState>,
    client: Extension<Client>,
    form: Form<SignIn>,
) -> Result<Json<Tokens>, Problem> {
    issue(state, client, form).await
}

/// Signs in; the documented path.
#[utoipa::path(
    post, path = "/auth/token", tag = "auth",
    request_body(content = SignIn, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, body = Tokens), (status = 400, body = Problem), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 415, body = Problem), (status = 422, body = Problem), (status = 429, body = Problem))
)]
pub async fn token(
    state: State<AppState>,
    client: Extension<Client>,
    form: Form<SignIn>,
) -> Result<Json<Tokens>, Problem> {
    issue(state, client, form).await
}

async fn issue(
    State(state): State<AppState>,
    Extension(client): Extension<Client>,
    Form(form): Form<SignIn>,
) -> Result<Json<Tokens>, Problem> {
    let pair = state.services.identity.issue_tokens(&form.username, &form.password, &client).await?;
    Ok(Json(pair.into()))
}

/// A refresh token.
#[derive(Debug, Deserialize, ToSchema)]
pub struct RefreshToken {
    /// The token.
    refresh_token: String,
}

/// Exchanges a refresh token for new tokens. Each works once; a second use ends all that came from it.
#[utoipa::path(
    post, path = "/auth/refresh", tag = "auth", request_body = RefreshToken,
    responses((status = 200, body = Tokens), (status = 400, body = Problem), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 415, body = Problem), (status = 422, body = Problem))
)]
pub async fn refresh(
    State(state): State<AppState>,
    Json(body): Json<RefreshToken>,
) -> Result<Json<Tokens>, Problem> {
    Ok(Json(state.services.identity.refresh(&body.refresh_token).await?.into()))
}

/// Ends a refresh token and all that came from it. Says the same of one that does not exist.
#[utoipa::path(
    post, path = "/auth/logout", tag = "auth", request_body = RefreshToken,
    responses((status = 204), (status = 400, body = Problem), (status = 415, body = Problem), (status = 422, body = Problem))
)]
pub async fn logout(
    State(state): State<AppState>,
    Json(body): Json<RefreshToken>,
) -> Result<StatusCode, Problem> {
    match state.services.identity.revoke(&body.refresh_token).await {
        Ok(()) | Err(identity::Error::BadToken | identity::Error::ExpiredToken) => Ok(StatusCode::NO_CONTENT),
        Err(error) => Err(error.into()),
    }
}

/// A room as it is drawn.
#[derive(Debug, Clone, Deserialize, Serialize, ToSchema)]
pub struct LayoutRoom {
    /// The drawing's own id.
    #[schema(value_type = Object)]
    id: Option<serde_json::Value>,
    /// The number on the door.
    number: String,
    /// The room type's name.
    #[serde(rename = "type")]
    kind: Option<String>,
    /// The price of a night.
    rate: Option<Amount>,
    /// Place and size in the drawing.
    x: Option<f64>,
    /// Place and size in the drawing.
    y: Option<f64>,
    /// Place and size in the drawing.
    width: Option<f64>,
    /// Place and size in the drawing.
    height: Option<f64>,
}

/// A floor as it is drawn.
#[derive(Debug, Clone, Deserialize, Serialize, ToSchema)]
pub struct LayoutFloor {
    /// The drawing's own id.
    #[schema(value_type = Object)]
    id: Option<serde_json::Value>,
    /// The floor's name.
    name: Option<String>,
    /// Its rooms.
    rooms: Vec<LayoutRoom>,
}

/// A hotel that registers.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Registration {
    hotel_name: String,
    email: Option<String>,
    phone: Option<String>,
    street_address: Option<String>,
    city: Option<String>,
    state: Option<String>,
    zip_code: Option<String>,
    country: Option<String>,
    /// ISO 4217; `EUR` where none is given.
    currency: Option<String>,
    /// IANA name; `UTC` where none is given.
    time_zone: Option<String>,
    owner_name: String,
    owner_email: String,
    password: String,
    floors: Vec<LayoutFloor>,
    /// What receipts look like, kept as it is.
    #[schema(value_type = Object)]
    receipt_settings: Option<serde_json::Value>,
}

/// A hotel was made.
#[derive(Debug, Serialize, ToSchema)]
pub struct Registered {
    /// Always `success`.
    pub(super) status: &'static str,
    /// The new hotel.
    pub(super) hotel_id: HotelId,
}

fn text(value: Option<&String>) -> String {
    value.cloned().unwrap_or_default()
}

/// The rooms of a drawing; 400 in the original's words for one that is drawn twice.
pub(super) fn drawn(floors: &[LayoutFloor]) -> Result<Vec<DrawnFloor>, Problem> {
    let mut seen = std::collections::HashSet::new();
    for room in floors.iter().flat_map(|floor| &floor.rooms) {
        if !seen.insert(room.number.trim()) {
            return Err(Problem::bad_request(format!(
                "Duplicate room number found in layout: {}",
                room.number.trim()
            )));
        }
    }
    let rate = |room: &LayoutRoom| match &room.rate {
        None => String::new(),
        Some(amount) => amount.text(),
    };
    let room = |room: &LayoutRoom| DrawnRoom {
        number: room.number.clone(),
        room_type: text(room.kind.as_ref()),
        rate: rate(room),
    };
    let floor = |floor: &LayoutFloor| DrawnFloor {
        name: text(floor.name.as_ref()),
        rooms: floor.rooms.iter().map(room).collect(),
    };
    Ok(floors.iter().map(floor).collect())
}

/// Registers a hotel with its rooms and owner.
#[utoipa::path(
    post, path = "/auth/register", tag = "auth", request_body = Registration,
    responses((status = 200, body = Registered), (status = 400, body = Problem), (status = 415, body = Problem), (status = 422, body = Problem),
        (status = 429, body = Problem))
)]
pub async fn register(
    State(state): State<AppState>,
    Extension(client): Extension<Client>,
    Json(body): Json<Registration>,
) -> Result<Json<Registered>, Problem> {
    let form = RegistrationForm {
        hotel_name: body.hotel_name.clone(),
        hotel_email: text(body.email.as_ref()),
        phone: text(body.phone.as_ref()),
        street: text(body.street_address.as_ref()),
        city: text(body.city.as_ref()),
        state: text(body.state.as_ref()),
        zip_code: text(body.zip_code.as_ref()),
        country: text(body.country.as_ref()),
        currency: body.currency.clone().unwrap_or_else(|| "EUR".to_owned()),
        time_zone: body.time_zone.clone().unwrap_or_else(|| "UTC".to_owned()),
        owner_name: body.owner_name.clone(),
        owner_email: body.owner_email.clone(),
        password: body.password.clone(),
        floors: drawn(&body.floors)?,
    };
    if form.check().is_ok() {
        state.services.identity.count_wish(Wish::Account, &client).await?;
    }
    let layout = serde_json::to_value(&body.floors).ok();
    match state.services.register_with(&form, layout, body.receipt_settings).await {
        Ok(hotel_id) => Ok(Json(Registered { status: "success", hotel_id })),
        Err(app::error::AppError::Invalid(problems)) => {
            let problems = spelled(problems);
            let is_taken = |problem: &FieldProblem| problem.code == ProblemCode::AlreadyInUse;
            if problems.iter().any(is_taken) {
                return Err(Problem::bad_request("User with this email already exists").errors(&problems));
            }
            Err(Problem::invalid(&problems))
        }
        Err(app::error::AppError::Unavailable) => Err(Problem::unavailable()),
        Err(_) => Err(Problem::internal()),
    }
}

/// Problems at the fields as [`Registration`] spells them.
fn spelled(problems: Vec<FieldProblem>) -> Vec<FieldProblem> {
    let field = |field: String| match field.as_str() {
        "hotel_name" => "hotelName".to_owned(),
        "hotel_email" => "email".to_owned(),
        "street" => "streetAddress".to_owned(),
        "zip_code" => "zipCode".to_owned(),
        "time_zone" => "timeZone".to_owned(),
        "owner_name" => "ownerName".to_owned(),
        "owner_email" => "ownerEmail".to_owned(),
        "receipt_settings" => "receiptSettings".to_owned(),
        _ => field,
    };
    problems.into_iter().map(|it| FieldProblem::new(field(it.field), it.code)).collect()
}

/// An e-mail address.
#[derive(Debug, Deserialize, ToSchema)]
pub struct Address {
    /// The address.
    email: String,
}

/// A sentence.
#[derive(Debug, Serialize, ToSchema)]
pub struct Message {
    /// What happened.
    message: &'static str,
}

/// Mails a link to set a new password, if there is an account; says the same if there is none.
#[utoipa::path(
    post, path = "/auth/forgot-password", tag = "auth", request_body = Address,
    responses((status = 200, body = Message), (status = 400, body = Problem), (status = 415, body = Problem), (status = 422, body = Problem),
        (status = 429, body = Problem))
)]
pub async fn forgot_password(
    State(state): State<AppState>,
    Extension(client): Extension<Client>,
    Json(body): Json<Address>,
) -> Result<Json<Message>, Problem> {
    match state.services.identity.forgot_password(&body.email, &client).await {
        Ok(()) | Err(identity::Error::Invalid(_)) => {
            Ok(Json(Message { message: "If email exists, reset link sent" }))
        }
        Err(error) => Err(error.into()),
    }
}

/// A new password, with the token of the mail.
#[derive(Debug, Deserialize, ToSchema)]
pub struct NewPassword {
    /// The token of the link.
    token: String,
    /// The new password.
    new_password: String,
}

/// Sets a new password; the token works once, within an hour.
#[utoipa::path(
    post, path = "/auth/reset-password", tag = "auth", request_body = NewPassword,
    responses((status = 200, body = Message), (status = 400, body = Problem), (status = 415, body = Problem), (status = 422, body = Problem))
)]
pub async fn reset_password(
    State(state): State<AppState>,
    Json(body): Json<NewPassword>,
) -> Result<Json<Message>, Problem> {
    match state.services.identity.reset_password(&body.token, &body.new_password).await {
        Ok(()) => Ok(Json(Message { message: "Password reset successfully" })),
        Err(identity::Error::BadToken | identity::Error::UsedToken) => {
            Err(Problem::bad_request("Invalid token"))
        }
        Err(identity::Error::ExpiredToken) => Err(Problem::bad_request("Token expired")),
        Err(identity::Error::Invalid(problems)) => {
            let spelled = problems.into_iter().map(|it| FieldProblem::new("new_password", it.code));
            Err(Problem::invalid(&spelled.collect::<Vec<_>>()))
        }
        Err(error) => Err(error.into()),
    }
}
