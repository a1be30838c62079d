//! Webhooks of our own: where what happens is told (spec 5.11).

mod deliveries;

use axum::Json;
use axum::extract::{Path, State};
use billing::webhooks::{Endpoint, EndpointChange};
use http::header::CACHE_CONTROL;
use http::{HeaderName, StatusCode};
use platform::settings::Secret;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::{ReadRefusals, WriteRefusals};
use crate::api::v1::auth::Said;
use crate::api::v1::caller::{Admin, Body, MaybeBody};
use crate::api::v1::words::{id, instant};
use crate::problem::Problem;
use crate::state::AppState;

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(kinds))
        .routes(routes!(get, change, delete))
        .routes(routes!(rotate))
        .routes(routes!(deliveries::test))
        .routes(routes!(deliveries::list))
        .routes(routes!(deliveries::get))
        .routes(routes!(deliveries::retry))
}

/// Where what happens is told.
#[derive(Debug, Serialize, ToSchema)]
pub struct WebhookOut {
    id: Uuid,
    url: String,
    description: String,
    /// Kinds of events; `*` alone stands for all.
    events: Vec<String>,
    is_active: bool,
    created_at: String,
    updated_at: String,
    version: i32,
}

impl From<Endpoint> for WebhookOut {
    fn from(endpoint: Endpoint) -> Self {
        Self {
            id: endpoint.id,
            url: endpoint.url,
            description: endpoint.description,
            events: endpoint.events,
            is_active: endpoint.is_active,
            created_at: instant(endpoint.created_at),
            updated_at: instant(endpoint.updated_at),
            version: endpoint.version,
        }
    }
}

/// Webhooks.
#[derive(Debug, Serialize, ToSchema)]
pub struct WebhooksOut {
    webhooks: Vec<WebhookOut>,
}

/// One webhook.
#[derive(Debug, Serialize, ToSchema)]
pub struct WebhookBody {
    webhook: WebhookOut,
}

/// One webhook with what its deliveries are signed with, which is shown this once.
#[derive(Debug, Serialize, ToSchema)]
pub struct WebhookWithSecret {
    webhook: WebhookOut,
    secret: String,
}

/// Nobody keeps an answer with a secret, not even for a repeated `Idempotency-Key`.
type Shown = (StatusCode, [(HeaderName, &'static str); 1], Json<WebhookWithSecret>);

fn shown(status: StatusCode, (endpoint, secret): (Endpoint, Secret)) -> Shown {
    let body = WebhookWithSecret { webhook: endpoint.into(), secret: secret.expose().to_owned() };
    (status, [(CACHE_CONTROL, "no-store")], Json(body))
}

/// What a webhook is, or what changes about one; what is absent stays.
#[derive(Debug, Deserialize, ToSchema)]
pub struct WebhookIn {
    /// `https://`, and of the public internet.
    url: Option<String>,
    description: Option<String>,
    /// Kinds of events, or `*` for all, which a new one has if it does not say.
    events: Option<Vec<String>>,
    is_active: Option<bool>,
    /// What deliveries of a new webhook are signed with, 16 to 200 printable ASCII characters; made if absent. It is
    /// changed by its own path.
    secret: Option<String>,
    /// The version that was read: if there is a newer one, nothing is changed.
    version: Option<i32>,
}

impl WebhookIn {
    fn split(self) -> (EndpointChange, Option<String>) {
        let change = EndpointChange {
            url: self.url,
            description: self.description,
            events: self.events,
            is_active: self.is_active,
            version: self.version,
        };
        (change, self.secret)
    }
}

/// All webhooks, newest first.
#[utoipa::path(
    get, path = "/", tag = "v1 admin webhooks", security(("bearer" = [])),
    responses((status = 200, body = WebhooksOut), ReadRefusals)
)]
async fn list(State(state): State<AppState>, admin: Admin) -> Result<Json<WebhooksOut>, Problem> {
    let found = state.services.webhooks.endpoints(admin.permit()?).await?;
    Ok(Json(WebhooksOut { webhooks: found.into_iter().map(WebhookOut::from).collect() }))
}

/// Makes a webhook. The answer shows its secret, this once.
#[utoipa::path(
    post, path = "/", tag = "v1 admin webhooks", security(("bearer" = [])), request_body = WebhookIn,
    responses((status = 201, body = WebhookWithSecret), WriteRefusals)
)]
async fn create(
    State(state): State<AppState>,
    admin: Admin,
    Body(body): Body<WebhookIn>,
) -> Result<Shown, Problem> {
    let (change, secret) = body.split();
    let made = state.services.webhooks.create_endpoint(admin.permit()?, &change, secret.as_deref()).await?;
    Ok(shown(StatusCode::CREATED, made))
}

/// The kinds of events that there are.
#[derive(Debug, Serialize, ToSchema)]
pub struct WebhookKinds {
    events: &'static [&'static str],
}

/// The kinds of events that webhooks can be told.
#[utoipa::path(
    get, path = "/events", tag = "v1 admin webhooks", security(("bearer" = [])),
    responses((status = 200, body = WebhookKinds), ReadRefusals)
)]
async fn kinds(admin: Admin) -> Result<Json<WebhookKinds>, Problem> {
    admin.permit()?;
    Ok(Json(WebhookKinds { events: domain::billing::webhook::KINDS }))
}

/// One webhook.
#[utoipa::path(
    get, path = "/{id}", tag = "v1 admin webhooks", security(("bearer" = [])), params(("id" = String, Path)),
    responses((status = 200, body = WebhookBody), ReadRefusals)
)]
async fn get(
    State(state): State<AppState>,
    admin: Admin,
    Path(text): Path<String>,
) -> Result<Json<WebhookBody>, Problem> {
    let found = state.services.webhooks.endpoint(admin.permit()?, id(&text, "webhook")?).await?;
    Ok(Json(WebhookBody { webhook: found.into() }))
}

/// Changes a webhook. One that is active again is told what waited for it.
#[utoipa::path(
    put, path = "/{id}", tag = "v1 admin webhooks", security(("bearer" = [])), params(("id" = String, Path)),
    request_body = WebhookIn, responses((status = 200, body = WebhookBody), WriteRefusals)
)]
async fn change(
    State(state): State<AppState>,
    admin: Admin,
    Path(text): Path<String>,
    Body(body): Body<WebhookIn>,
) -> Result<Json<WebhookBody>, Problem> {
    let id = id(&text, "webhook")?;
    let (change, secret) = body.split();
    if secret.is_some() {
        return Err(Problem::bad_request("secret is changed by rotate-secret alone"));
    }
    let changed = state.services.webhooks.change_endpoint(admin.permit()?, id, &change).await?;
    Ok(Json(WebhookBody { webhook: changed.into() }))
}

/// Deletes a webhook with its deliveries.
#[utoipa::path(
    delete, path = "/{id}", tag = "v1 admin webhooks", security(("bearer" = [])), params(("id" = String, Path)),
    responses((status = 200, body = Said), WriteRefusals)
)]
async fn delete(
    State(state): State<AppState>,
    admin: Admin,
    Path(text): Path<String>,
) -> Result<Json<Said>, Problem> {
    state.services.webhooks.delete_endpoint(admin.permit()?, id(&text, "webhook")?).await?;
    Ok(Json(Said::done("Webhook deleted")))
}

/// Another secret.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct NewSecretIn {
    /// 16 to 200 printable ASCII characters; made if absent.
    secret: Option<String>,
}

/// Gives a webhook another secret. The answer shows it, this once; from now on everything is signed with it.
#[utoipa::path(
    post, path = "/{id}/rotate-secret", tag = "v1 admin webhooks", security(("bearer" = [])), params(("id" = String, Path)),
    request_body = Option<NewSecretIn>, responses((status = 200, body = WebhookWithSecret), WriteRefusals)
)]
async fn rotate(
    State(state): State<AppState>,
    admin: Admin,
    Path(text): Path<String>,
    MaybeBody(body): MaybeBody<NewSecretIn>,
) -> Result<Shown, Problem> {
    let id = id(&text, "webhook")?;
    let rotated = state.services.webhooks.rotate_secret(admin.permit()?, id, body.secret.as_deref()).await?;
    Ok(shown(StatusCode::OK, rotated))
}
