//! How business goes (spec 5.11), at the path of the original's code and at that of its documents.

use axum::Json;
use axum::extract::State;
use billing::analytics::Figure;
use domain::money::Money;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::ReadRefusals;
use crate::api::v1::caller::Admin;
use crate::api::v1::words::number;
use crate::problem::Problem;
use crate::state::AppState;

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(figures)).routes(routes!(dashboard))
}

/// A figure, and by how many percent it differs from 30 days before.
#[derive(Debug, Serialize, ToSchema)]
pub struct FigureOut {
    #[schema(value_type = f64)]
    total: Value,
    #[schema(value_type = f64)]
    change_percent: Value,
}

/// The number that a decimal text says.
fn decimal(text: &impl ToString) -> Value {
    serde_json::from_str(&text.to_string()).unwrap_or_default()
}

fn money(figure: Figure<Money>) -> FigureOut {
    FigureOut { total: number(figure.total), change_percent: decimal(&figure.change_percent) }
}

fn plain<T: ToString>(figure: &Figure<T>) -> FigureOut {
    FigureOut { total: decimal(&figure.total), change_percent: decimal(&figure.change_percent) }
}

/// Figures of the last 30 days against the 30 before. Money is in the default currency; churn and conversion are percent.
#[derive(Debug, Serialize, ToSchema)]
pub struct DashboardOut {
    /// What the subscriptions that run bring a month.
    mrr: FigureOut,
    /// What was paid.
    revenue: FigureOut,
    /// How many signed up.
    user_growth: FigureOut,
    /// How many subscriptions run or are tried out.
    active_subscriptions: FigureOut,
    /// Of those that ran 30 days ago, how many in a hundred ended or were cancelled.
    churn: FigureOut,
    /// Of those who signed up, how many in a hundred have paid.
    conversion: FigureOut,
    /// What those who paid paid on average.
    arpu: FigureOut,
}

async fn read(state: &AppState, admin: &Admin) -> Result<Json<DashboardOut>, Problem> {
    let found = state.services.billing.dashboard(admin.permit()?).await?;
    Ok(Json(DashboardOut {
        mrr: money(found.mrr),
        revenue: money(found.revenue),
        user_growth: plain(&found.user_growth),
        active_subscriptions: plain(&found.active_subscriptions),
        churn: plain(&found.churn),
        conversion: plain(&found.conversion),
        arpu: money(found.arpu),
    }))
}

/// How business goes.
#[utoipa::path(
    get, path = "/", tag = "v1 admin analytics", security(("bearer" = [])),
    responses((status = 200, body = DashboardOut), ReadRefusals)
)]
async fn figures(State(state): State<AppState>, admin: Admin) -> Result<Json<DashboardOut>, Problem> {
    read(&state, &admin).await
}

/// How business goes.
#[utoipa::path(
    get, path = "/dashboard", tag = "v1 admin analytics", security(("bearer" = [])),
    responses((status = 200, body = DashboardOut), ReadRefusals)
)]
async fn dashboard(State(state): State<AppState>, admin: Admin) -> Result<Json<DashboardOut>, Problem> {
    read(&state, &admin).await
}
