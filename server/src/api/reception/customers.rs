//! Returning guests (spec `reception.md` 3.4). The documented figures over all hotels are those of the company: one
//! company never learns of another's guests (DESIGN 5.10).

use axum::Json;
use axum::extract::{Path, Query, State};
use chrono::{DateTime, NaiveDate, Utc};
use domain::access::right;
use domain::ids::{GuestId, HotelId};
use domain::problem::ProblemCode;
use pms::guests::GuestInsights;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::booking_dto::BookingOut;
use crate::api::values::at;
use crate::problem::Problem;
use crate::state::AppState;
use crate::web::bearer::{Bearer, HotelHeader};

/// Whom to look for.
#[derive(Debug, Deserialize, IntoParams)]
pub struct Wanted {
    /// Number of a passport or identity card, in any case.
    gov_id: String,
}

/// What earlier stays tell.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Insights {
    previous_stays: i64,
    local_stays: i64,
    last_visit: Option<NaiveDate>,
    /// The mean of all ratings, 5.0 where there is none.
    global_rating: f64,
    /// `returning` or `new`.
    guest_status: &'static str,
    notes: Vec<String>,
}

/// A guest.
#[derive(Debug, Serialize, ToSchema)]
pub struct Customer {
    customer_id: GuestId,
    gov_id: Option<String>,
    first_name: String,
    last_name: String,
    phone: Option<String>,
    email: Option<String>,
    address: Option<String>,
    city: Option<String>,
    state: Option<String>,
    zip_code: Option<String>,
    /// The mean of all ratings with two decimals, as text.
    average_rating: String,
    created_at: DateTime<Utc>,
    insights: Insights,
}

/// A rating in hundredths as the number clients expect.
fn rating(guest: &GuestInsights) -> (f64, String) {
    let hundredths = guest.rating_hundredths.unwrap_or(500);
    let text = format!("{}.{:02}", hundredths / 100, hundredths % 100);
    (text.parse().unwrap_or(5.0), text)
}

impl From<GuestInsights> for Customer {
    fn from(guest: GuestInsights) -> Self {
        let (global_rating, average_rating) = rating(&guest);
        Self {
            customer_id: guest.id,
            gov_id: guest.gov_id,
            first_name: guest.first_name,
            last_name: guest.last_name,
            phone: guest.phone,
            email: guest.email,
            address: guest.address,
            city: guest.city,
            state: guest.state,
            zip_code: guest.zip_code,
            average_rating,
            created_at: guest.created_at,
            insights: Insights {
                previous_stays: guest.previous_stays,
                local_stays: guest.local_stays,
                last_visit: guest.last_visit,
                global_rating,
                guest_status: if guest.local_stays > 0 { "returning" } else { "new" },
                notes: guest.notes,
            },
        }
    }
}

/// The guest with an identity number; `null` when unknown.
#[utoipa::path(
    get, path = "/bookings/customers/lookup", tag = "customers", security(("bearer" = [])), params(Wanted),
    responses((status = 200, body = Option<Customer>), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem))
)]
pub async fn lookup(
    State(state): State<AppState>,
    caller: Bearer,
    hotel: HotelHeader,
    Query(wanted): Query<Wanted>,
) -> Result<Json<Option<Customer>>, Problem> {
    let permit = caller.permit::<right::ManageGuests>(&hotel)?;
    Ok(Json(state.services.pms.guest_by_gov_id(permit, &wanted.gov_id).await?.map(Customer::from)))
}

/// Which part of a history.
#[derive(Debug, Deserialize, IntoParams)]
pub struct Page {
    /// 1 to 500; 50 where none is given.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<i64>,
    /// How many to leave out.
    #[param(minimum = 0, maximum = 1_000_000)]
    offset: Option<i64>,
}

/// Figures of a guest.
#[derive(Debug, Serialize, ToSchema)]
pub struct HistoryInsights {
    global_rating: f64,
    total_system_stays: i64,
    stays_at_this_hotel: i64,
}

/// What a desk wrote at a check-out.
#[derive(Debug, Serialize, ToSchema)]
pub struct FeedbackOut {
    hotel_id: HotelId,
    rating: Option<i16>,
    notes: Option<String>,
    created_at: DateTime<Utc>,
}

/// A guest's stays in this hotel.
#[derive(Debug, Serialize, ToSchema)]
pub struct History {
    viewer_hotel_id: HotelId,
    insights: HistoryInsights,
    bookings_history: Vec<BookingOut>,
    global_feedbacks: Vec<FeedbackOut>,
}

/// A guest's stays in this hotel, newest first, with the company's feedback.
#[utoipa::path(
    get, path = "/bookings/customer/{id}", tag = "customers", security(("bearer" = [])),
    params(("id" = String, Path, description = "The guest's id"), Page),
    responses((status = 200, body = History), (status = 400, body = Problem), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 422, body = Problem))
)]
pub async fn history(
    State(state): State<AppState>,
    caller: Bearer,
    hotel: HotelHeader,
    Path(id): Path<String>,
    Query(page): Query<Page>,
) -> Result<Json<History>, Problem> {
    let permit = caller.permit::<right::ManageGuests>(&hotel)?;
    let unknown = || Problem::not_found("Customer not found");
    let id = id.parse().map_err(|_| unknown())?;
    let (limit, offset) = (page.limit.unwrap_or(50), page.offset.unwrap_or(0));
    if !(1..=500).contains(&limit) {
        return Err(at("limit", ProblemCode::OutOfRange { min: 1, max: 500 }));
    }
    if !(0..=1_000_000).contains(&offset) {
        return Err(at("offset", ProblemCode::OutOfRange { min: 0, max: 1_000_000 }));
    }
    let history =
        state.services.pms.guest_history(permit, id, limit, offset).await.map_err(|error| match error {
            pms::Error::NotFound => unknown(),
            other => other.into(),
        })?;
    let hotel_id = permit.hotel_id();
    let feedback = |feedback: pms::guests::Feedback| FeedbackOut {
        hotel_id: feedback.hotel_id,
        rating: feedback.rating,
        notes: feedback.note,
        created_at: feedback.created_at,
    };
    Ok(Json(History {
        viewer_hotel_id: hotel_id,
        insights: HistoryInsights {
            global_rating: rating(&history.guest).0,
            total_system_stays: history.guest.previous_stays,
            stays_at_this_hotel: history.guest.local_stays,
        },
        bookings_history: history.stays.into_iter().map(|stay| BookingOut::new(stay, hotel_id)).collect(),
        global_feedbacks: history.feedbacks.into_iter().map(feedback).collect(),
    }))
}
