//! `/v1/products` and `/v1/prices`.

use axum::Router;
use serde_json::Value;

use super::Call;
use super::call::{get, post};
use super::list::page;
use crate::error::ApiError;
use crate::form::Params;
use crate::model::price::{Interval, Price, Product, Recurrence};
use crate::render::Render;
use crate::sandbox::Sandbox;
use crate::state::State;

/// Eight digits, as at Stripe.
const MOST: i64 = 99_999_999;

pub fn routes() -> Router<Sandbox> {
    Router::new()
        .route("/v1/products", post(create_product).merge(get(list_products)))
        .route("/v1/products/{id}", get(retrieve_product).merge(post(update_product)))
        .route("/v1/prices", post(create_price).merge(get(list_prices)))
        .route("/v1/prices/{id}", get(retrieve_price).merge(post(update_price)))
}

/// A product as a call describes it, not made yet.
pub struct NewProduct {
    id: Option<String>,
    name: String,
    description: Option<String>,
    active: bool,
    images: Vec<String>,
    metadata: crate::model::Metadata,
}

impl NewProduct {
    fn read(params: &Params<'_>) -> Result<Self, ApiError> {
        params.ignore(&["tax_code", "unit_label", "statement_descriptor", "url", "type", "shippable"]);
        Ok(Self {
            id: params.filled("id")?,
            name: params.required("name")?,
            description: params.filled("description")?,
            active: params.flag("active")?.unwrap_or(true),
            images: params.texts("images")?,
            metadata: params.metadata()?.create(),
        })
    }

    fn make(self, state: &mut State) -> Product {
        let product = Product {
            id: self.id.unwrap_or_else(|| state.ids.make("prod")),
            created: state.now,
            updated: state.now,
            active: self.active,
            name: self.name,
            description: self.description,
            default_price: None,
            images: self.images,
            metadata: self.metadata,
        };
        state.products.put(product.clone());
        state.emit("product.created", &product);
        product
    }
}

/// The product of a new price: one that is there, or one to be made with it.
enum ProductOf {
    Known(String),
    New(NewProduct),
}

/// A price as a call describes it, not made yet.
pub struct NewPrice {
    product: ProductOf,
    pub currency: String,
    unit_amount: i64,
    pub recurring: Option<Recurrence>,
    nickname: Option<String>,
    lookup_key: Option<String>,
    active: bool,
    metadata: crate::model::Metadata,
}

impl NewPrice {
    /// Reads a price; checks that a known product is there.
    pub fn read(state: &State, params: &Params<'_>) -> Result<Self, ApiError> {
        params.ignore(&["tax_behavior"]);
        params.only("billing_scheme", &["per_unit"])?;
        let product = match (params.filled("product")?, params.child("product_data")?) {
            (Some(id), None) => {
                ProductOf::Known(state.products.find_for(&id, &params.path("product"))?.id.clone())
            }
            (None, Some(data)) => ProductOf::New(NewProduct::read(&data)?),
            (None, None) => return Err(ApiError::missing_param(&params.path("product"))),
            (Some(_), Some(_)) => {
                return Err(ApiError::invalid_param(
                    &params.path("product"),
                    "You may only specify one of these parameters: product, product_data.",
                ));
            }
        };
        let currency = currency(params)?;
        Ok(Self {
            product,
            unit_amount: unit_amount(params, &currency)?,
            currency,
            recurring: params.child("recurring")?.map(|it| recurrence(&it)).transpose()?,
            nickname: params.filled("nickname")?,
            lookup_key: params.filled("lookup_key")?,
            active: params.flag("active")?.unwrap_or(true),
            metadata: params.metadata()?.create(),
        })
    }

    /// Makes the price; one that is part of a purchase is not for sale by itself.
    pub fn make(self, state: &mut State, inline: bool) -> Price {
        let product = match self.product {
            ProductOf::Known(id) => id,
            ProductOf::New(product) => product.make(state).id,
        };
        let price = Price {
            id: state.ids.make("price"),
            created: state.now,
            active: self.active && !inline,
            product,
            currency: self.currency,
            unit_amount: self.unit_amount,
            recurring: self.recurring,
            nickname: self.nickname,
            lookup_key: self.lookup_key,
            metadata: self.metadata,
        };
        state.prices.put(price.clone());
        state.emit("price.created", &price);
        price
    }
}

/// A currency code, in lower case.
pub fn currency(params: &Params<'_>) -> Result<String, ApiError> {
    let code = params.required("currency")?.to_lowercase();
    if code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_lowercase()) {
        return Ok(code);
    }
    Err(ApiError::invalid_param(&params.path("currency"), format!("Invalid currency: {code}.")))
}

fn unit_amount(params: &Params<'_>, currency: &str) -> Result<i64, ApiError> {
    let decimal = params.filled("unit_amount_decimal")?;
    let amount = match (params.int("unit_amount")?, decimal) {
        (Some(amount), None) => amount,
        (None, Some(text)) => text.parse().map_err(|_| {
            ApiError::invalid_param(
                &params.path("unit_amount_decimal"),
                "The sandbox knows whole minor units only.",
            )
        })?,
        _ => return Err(ApiError::missing_param(&params.path("unit_amount"))),
    };
    if !(0..=MOST).contains(&amount) {
        return Err(ApiError::invalid_param(
            &params.path("unit_amount"),
            format!("This value must be between 0 and {MOST}."),
        )
        .with_code("parameter_invalid_integer"));
    }
    // The króna is counted in hundredths that it does not have; of thousandths the last digit is not used.
    let step = match currency {
        "isk" => 100,
        "bhd" | "jod" | "kwd" | "omr" | "tnd" => 10,
        _ => 1,
    };
    if amount % step != 0 {
        return Err(ApiError::invalid_param(
            &params.path("unit_amount"),
            format!(
                "Invalid amount. Amounts in {} must be evenly divisible by {step}.",
                currency.to_uppercase()
            ),
        ));
    }
    Ok(amount)
}

fn recurrence(params: &Params<'_>) -> Result<Recurrence, ApiError> {
    params.only("usage_type", &["licensed"])?;
    let Some(interval) = params.choice::<Interval>("interval")? else {
        return Err(ApiError::missing_param(&params.path("interval")));
    };
    let longest = match interval {
        Interval::Day => 1095,
        Interval::Week => 156,
        Interval::Month => 36,
        Interval::Year => 3,
    };
    let count = params.int("interval_count")?.unwrap_or(1);
    match u32::try_from(count) {
        Ok(count) if (1..=longest).contains(&count) => Ok(Recurrence { interval, count }),
        _ => Err(ApiError::invalid_param(
            &params.path("interval_count"),
            format!("The interval count must be between 1 and {longest} (three years)."),
        )),
    }
}

fn create_product(state: &mut State, call: &Call) -> Result<Value, ApiError> {
    let params = call.params();
    let new = NewProduct::read(&params)?;
    call.finish()?;
    if new.id.as_deref().is_some_and(|id| state.products.get(id).is_some()) {
        return Err(
            ApiError::invalid_param("id", "Product already exists.").with_code("resource_already_exists")
        );
    }
    Ok(new.make(state).render(state))
}

fn retrieve_product(state: &mut State, call: &Call) -> Result<Value, ApiError> {
    call.finish()?;
    Ok(state.products.find(call.id())?.render(state))
}

fn update_product(state: &mut State, call: &Call) -> Result<Value, ApiError> {
    let mut product = state.products.fetch(call.id())?;
    let before = product.render(state);
    let params = call.params();
    if let Some(name) = params.filled("name")? {
        product.name = name;
    }
    if let Some(description) = params.text("description")? {
        product.description = Some(description).filter(|it| !it.is_empty());
    }
    if let Some(price) = params.filled("default_price")? {
        product.default_price = Some(state.prices.find_for(&price, "default_price")?.id.clone());
    }
    product.active = params.flag("active")?.unwrap_or(product.active);
    params.metadata()?.apply(&mut product.metadata);
    call.finish()?;
    product.updated = state.now;
    state.products.put(product.clone());
    state.emit_change("product.updated", &before, &product);
    Ok(product.render(state))
}

fn list_products(state: &mut State, call: &Call) -> Result<Value, ApiError> {
    let active = call.params().flag("active")?;
    let matching = state.products.newest().filter(|it| active.is_none_or(|active| it.active == active));
    page(state, call, "/v1/products", matching)
}

fn create_price(state: &mut State, call: &Call) -> Result<Value, ApiError> {
    let new = NewPrice::read(state, &call.params())?;
    call.finish()?;
    Ok(new.make(state, false).render(state))
}

fn retrieve_price(state: &mut State, call: &Call) -> Result<Value, ApiError> {
    call.finish()?;
    Ok(state.prices.find(call.id())?.render(state))
}

fn update_price(state: &mut State, call: &Call) -> Result<Value, ApiError> {
    let mut price = state.prices.fetch(call.id())?;
    let before = price.render(state);
    let params = call.params();
    price.active = params.flag("active")?.unwrap_or(price.active);
    price.nickname = params.text("nickname")?.or(price.nickname);
    price.lookup_key = params.text("lookup_key")?.or(price.lookup_key);
    params.metadata()?.apply(&mut price.metadata);
    call.finish()?;
    state.prices.put(price.clone());
    state.emit_change("price.updated", &before, &price);
    Ok(price.render(state))
}

fn list_prices(state: &mut State, call: &Call) -> Result<Value, ApiError> {
    let params = call.params();
    let active = params.flag("active")?;
    let product = params.filled("product")?;
    let currency = params.filled("currency")?;
    let keys = params.texts("lookup_keys")?;
    let matching = state.prices.newest().filter(|it| {
        active.is_none_or(|active| it.active == active)
            && product.as_ref().is_none_or(|product| it.product == *product)
            && currency.as_ref().is_none_or(|currency| it.currency == *currency)
            && (keys.is_empty() || it.lookup_key.as_ref().is_some_and(|key| keys.contains(key)))
    });
    page(state, call, "/v1/prices", matching)
}
