//! Tokens: bundles on offer, and the caller's ledger (spec 5.10).

use axum::Json;
use axum::extract::{Path, Query, State};
use billing::tokens::TokenEntry;
use domain::billing::TokenBundle;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::caller::User;
use super::words::{amount, instant};
use crate::problem::Problem;
use crate::state::AppState;

/// A number of tokens at a price.
#[derive(Debug, Serialize, ToSchema)]
pub struct BundleOut {
    id: Uuid,
    name: String,
    description: String,
    token_amount: i32,
    price: String,
    currency: String,
    is_active: bool,
    sort_order: i32,
    version: i32,
    created_at: String,
    updated_at: String,
}

impl From<TokenBundle> for BundleOut {
    fn from(bundle: TokenBundle) -> Self {
        Self {
            id: bundle.id.into(),
            name: bundle.name,
            description: bundle.description,
            token_amount: bundle.token_amount,
            price: amount(bundle.price),
            currency: bundle.price.currency.to_string(),
            is_active: bundle.is_active,
            sort_order: bundle.sort_order,
            version: bundle.version,
            created_at: instant(bundle.created_at),
            updated_at: instant(bundle.updated_at),
        }
    }
}

/// Bundles on offer.
#[derive(Debug, Serialize, ToSchema)]
pub struct BundlesOut {
    bundles: Vec<BundleOut>,
}

/// One bundle.
#[derive(Debug, Serialize, ToSchema)]
pub struct BundleBody {
    pub(in crate::api::v1) bundle: BundleOut,
}

/// Bundles on offer, in their order.
#[utoipa::path(get, path = "/api/v1/token-bundles/", tag = "v1 tokens", responses((status = 200, body = BundlesOut)))]
pub async fn bundles(State(state): State<AppState>) -> Result<Json<BundlesOut>, Problem> {
    let bundles = state.services.billing.token_bundles().await?;
    Ok(Json(BundlesOut { bundles: bundles.into_iter().map(BundleOut::from).collect() }))
}

/// One bundle on offer.
#[utoipa::path(
    get, path = "/api/v1/token-bundles/{id}", tag = "v1 tokens", params(("id" = String, Path)),
    responses((status = 200, body = BundleBody), (status = 404, body = Problem))
)]
pub async fn bundle(
    State(state): State<AppState>,
    Path(id): Path<String>,
) -> Result<Json<BundleBody>, Problem> {
    let missing = || Problem::not_found("Token bundle not found");
    let id = id.parse().map_err(|_| missing())?;
    let bundle = state.services.billing.token_bundle(id).await?.filter(|bundle| bundle.is_active);
    Ok(Json(BundleBody { bundle: bundle.ok_or_else(missing)?.into() }))
}

/// How many tokens the caller has.
#[derive(Debug, Serialize, ToSchema)]
pub struct Balance {
    balance: i64,
}

/// How many tokens the caller has.
#[utoipa::path(
    get, path = "/api/v1/user/tokens/balance", tag = "v1 tokens", security(("bearer" = [])),
    responses((status = 200, body = Balance), (status = 401, body = Problem))
)]
pub async fn balance(State(state): State<AppState>, user: User) -> Result<Json<Balance>, Problem> {
    Ok(Json(Balance { balance: state.services.billing.token_balance(user.account()).await? }))
}

/// Which part of the ledger.
#[derive(Debug, Deserialize, IntoParams)]
pub struct Part {
    /// 50 if absent.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<i64>,
    #[param(minimum = 0, maximum = 1_000_000)]
    offset: Option<i64>,
}

/// An entry of the ledger.
#[derive(Debug, Serialize, ToSchema)]
pub struct EntryOut {
    id: Uuid,
    /// Positive for a credit.
    amount: i64,
    /// `PURCHASE`, `USAGE`, `REFUND`, `BONUS`, `ADJUSTMENT` or `SUBSCRIPTION`.
    #[serde(rename = "type")]
    #[schema(rename = "type")]
    kind: String,
    /// The same as `type`.
    transaction_type: String,
    reference_id: Option<Uuid>,
    description: String,
    created_at: String,
}

impl From<TokenEntry> for EntryOut {
    fn from(entry: TokenEntry) -> Self {
        Self {
            id: entry.id,
            amount: entry.amount,
            kind: entry.kind.to_uppercase(),
            transaction_type: entry.kind.to_uppercase(),
            reference_id: entry.reference_id,
            description: entry.description,
            created_at: instant(entry.created_at),
        }
    }
}

/// Entries, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct Entries {
    transactions: Vec<EntryOut>,
}

/// The caller's ledger, newest first.
#[utoipa::path(
    get, path = "/api/v1/user/tokens/transactions", tag = "v1 tokens", security(("bearer" = [])), params(Part),
    responses((status = 200, body = Entries), (status = 400, body = Problem), (status = 401, body = Problem))
)]
pub async fn transactions(
    State(state): State<AppState>,
    user: User,
    Query(part): Query<Part>,
) -> Result<Json<Entries>, Problem> {
    let (limit, offset) = (part.limit.unwrap_or(50), part.offset.unwrap_or(0));
    if !(1..=500).contains(&limit) {
        return Err(Problem::bad_request("limit must be between 1 and 500"));
    }
    if !(0..=1_000_000).contains(&offset) {
        return Err(Problem::bad_request("offset must be between 0 and 1000000"));
    }
    let found = state.services.billing.token_entries(user.account(), limit, offset).await?;
    Ok(Json(Entries { transactions: found.into_iter().map(EntryOut::from).collect() }))
}
