//! Plans for everybody (spec 5.3).

use axum::Json;
use axum::extract::{Path, Query, State};
use billing::catalogue::plans::ManagedPlan;
use billing::catalogue::{PlanList, PlanPrice, PlanQuery, TaxPlace};
use domain::billing::{Plan, PlanCategory, TaxRate};
use domain::money::Money;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::words::{amount, instant, number, period};
use crate::problem::Problem;
use crate::state::AppState;

/// Which prices are wanted.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
pub struct Wanted {
    /// Three letters; EUR if absent.
    currency: Option<String>,
    /// Two letters; its tax is shown.
    country: Option<String>,
    /// A region of the country, whose tax is shown where it has one of its own.
    region: Option<String>,
    /// The slug of a category.
    category: Option<String>,
}

impl Wanted {
    fn currency(&self) -> String {
        let code = self.currency.as_deref().map(str::trim).filter(|code| !code.is_empty()).unwrap_or("EUR");
        code.chars().take(10).collect::<String>().to_ascii_uppercase()
    }

    fn query(&self) -> PlanQuery {
        PlanQuery {
            currency: Some(self.currency()),
            place: TaxPlace::named(
                self.country.as_deref().filter(|code| code.len() == 2),
                self.region.as_deref(),
            ),
            category: self.category.clone().filter(|slug| !slug.contains('\0')),
        }
    }
}

/// A category of a plan.
#[derive(Debug, Serialize, ToSchema)]
pub struct CategoryOut {
    id: Uuid,
    name: String,
    slug: String,
    is_single: bool,
}

impl From<PlanCategory> for CategoryOut {
    fn from(category: PlanCategory) -> Self {
        Self {
            id: category.id.into(),
            name: category.name,
            slug: category.slug,
            is_single: category.is_single,
        }
    }
}

/// A price in the plan's own currency.
#[derive(Debug, Serialize, ToSchema)]
pub struct PriceOut {
    price_decimal: String,
    currency_code: String,
}

/// A plan. Which members there are depends on what was asked for.
#[derive(Debug, Default, Serialize, ToSchema)]
pub struct PlanOut {
    id: Uuid,
    name: String,
    slug: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    price: Option<PriceOut>,
    #[serde(skip_serializing_if = "Value::is_null")]
    #[schema(value_type = f64, required = false)]
    price_float: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    currency: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    billing_period: Option<String>,
    #[serde(skip_serializing_if = "Value::is_null")]
    #[schema(value_type = Object, required = false)]
    features: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    trial_days: Option<i16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    is_active: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    is_recurring: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sort_order: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    categories: Option<Vec<CategoryOut>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    created_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    updated_at: Option<String>,
    /// The currency of the prices that follow.
    #[serde(skip_serializing_if = "Option::is_none")]
    display_currency: Option<String>,
    /// Net.
    #[serde(skip_serializing_if = "Option::is_none")]
    display_price: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    net_price: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tax_amount: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    gross_price: Option<String>,
    /// In percent.
    #[serde(skip_serializing_if = "Option::is_none")]
    tax_rate: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    /// For the admin: its own prices in other currencies.
    #[serde(skip_serializing_if = "Option::is_none")]
    prices: Option<Vec<PriceOut>>,
    /// For the admin: how many have it or try it out.
    #[serde(skip_serializing_if = "Option::is_none")]
    subscriber_count: Option<i64>,
    /// For the admin: the module that it opens for organisations.
    #[serde(skip_serializing_if = "Option::is_none")]
    module: Option<String>,
    /// For the admin: counts changes.
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<i32>,
}

impl From<Money> for PriceOut {
    fn from(price: Money) -> Self {
        Self { price_decimal: amount(price), currency_code: price.currency.to_string() }
    }
}

impl PlanOut {
    /// With what the admin alone sees.
    pub fn managed(managed: ManagedPlan) -> Self {
        Self {
            prices: Some(managed.prices.into_iter().map(PriceOut::from).collect()),
            subscriber_count: Some(managed.subscriber_count),
            module: managed.plan.module.clone(),
            version: Some(managed.plan.version),
            ..Self::full(managed.plan)
        }
    }

    fn short(plan: &Plan) -> Self {
        Self { id: plan.id.into(), name: plan.name.clone(), slug: plan.slug.clone(), ..Self::default() }
    }

    fn full(plan: Plan) -> Self {
        Self {
            description: Some(plan.description.clone()),
            price: Some(plan.price.into()),
            price_float: number(plan.price),
            currency: Some(plan.price.currency.to_string()),
            billing_period: Some(period(plan.billing_period)),
            features: plan.features.clone(),
            trial_days: Some(plan.trial_days),
            is_active: Some(plan.is_active),
            is_recurring: Some(plan.billing_period.is_recurring()),
            sort_order: Some(plan.sort_order),
            created_at: Some(instant(plan.created_at)),
            updated_at: Some(instant(plan.updated_at)),
            ..Self::short(&plan)
        }
        .with_categories(plan.categories)
    }

    fn with_categories(mut self, categories: Vec<PlanCategory>) -> Self {
        self.categories = Some(categories.into_iter().map(CategoryOut::from).collect());
        self
    }

    fn listed(price: PlanPrice, with_tax: bool) -> Result<Self, Problem> {
        Self { id: price.id.into(), name: price.name, slug: price.slug, ..Self::default() }
            .with_categories(price.categories)
            .with_price(price.net, price.tax_rate, with_tax)
    }

    fn with_price(mut self, net: Money, tax_rate: TaxRate, with_tax: bool) -> Result<Self, Problem> {
        self.display_currency = Some(net.currency.to_string());
        self.display_price = Some(amount(net));
        if with_tax {
            self.net_price.clone_from(&self.display_price);
            self.tax_amount = Some(amount(tax_rate.of_net(net)));
            self.gross_price = Some(amount(tax_rate.gross_of(net).map_err(billing::Error::from)?));
            self.tax_rate = Some(tax_rate.to_string());
        }
        Ok(self)
    }
}

/// Plans on offer.
#[derive(Debug, Serialize, ToSchema)]
pub struct PlansOut {
    plans: Vec<PlanOut>,
    currency: String,
    country: Option<String>,
}

/// Plans on offer in their order, with prices in a currency and the tax of a country.
#[utoipa::path(
    get, path = "/api/v1/tarif-plans", tag = "v1 plans", params(Wanted),
    responses((status = 200, body = PlansOut), (status = 400, body = Problem), (status = 404, body = Problem))
)]
pub async fn list(
    State(state): State<AppState>,
    Query(wanted): Query<Wanted>,
) -> Result<Json<PlansOut>, Problem> {
    let query = wanted.query();
    let found = state.services.billing.plans(&query).await?;
    let found = found.ok_or_else(|| Problem::not_found("Category not found"))?;
    let currency = wanted.currency();
    let plans = match found {
        PlanList::Priced(prices) => {
            let with_tax = query.place.country.is_some();
            prices
                .into_iter()
                .map(|price| PlanOut::listed(price, with_tax))
                .collect::<Result<_, Problem>>()?
        }
        PlanList::Unpriced(plans) => {
            let error = || Some(format!("Unknown currency: {currency}"));
            plans.into_iter().map(|plan| PlanOut { error: error(), ..PlanOut::full(plan) }).collect()
        }
    };
    Ok(Json(PlansOut { plans, currency, country: wanted.country }))
}

/// One plan by its slug or id.
#[utoipa::path(
    get, path = "/api/v1/tarif-plans/{plan}", tag = "v1 plans",
    params(("plan" = String, Path, description = "Slug or id"), ("currency" = Option<String>, Query), ("country" = Option<String>, Query), ("region" = Option<String>, Query)),
    responses((status = 200, body = PlanOut), (status = 400, body = Problem), (status = 404, body = Problem))
)]
pub async fn get(
    State(state): State<AppState>,
    Path(name): Path<String>,
    Query(wanted): Query<Wanted>,
) -> Result<Json<PlanOut>, Problem> {
    let query = wanted.query();
    let (plan, priced) = state.services.billing.plan(&name, &query).await?;
    if plan.module.is_some() {
        return Err(Problem::not_found("Plan not found"));
    }
    let priced =
        priced.ok_or_else(|| Problem::bad_request(format!("Unknown currency: {}", wanted.currency())))?;
    Ok(Json(PlanOut::full(plan).with_price(priced.net, priced.tax_rate, query.place.country.is_some())?))
}
