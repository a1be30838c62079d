//! `/v1/checkout/sessions`.

use axum::Router;
use serde_json::Value;

use super::Call;
use super::call::{get, post};
use super::catalogue::NewPrice;
use super::customers::live;
use super::list::{page, page_of_values};
use crate::engine::checkout::{expire, total_due_now};
use crate::engine::subscription::{LONGEST_TRIAL, TRIAL_TOO_LONG};
use crate::error::ApiError;
use crate::form::Params;
use crate::model::checkout::{
    CardCollection, CheckoutSession, CustomerCreation, LineItem, Mode, PaymentData, PaymentStatus,
    SessionStatus, SubscriptionData,
};
use crate::model::subscription::MissingPaymentMethod;
use crate::render::Render;
use crate::sandbox::Sandbox;
use crate::state::State;

const HOUR: i64 = 3600;

/// Parameters that change how the real page looks or what it asks beyond a card.
const WITHOUT_EFFECT: &[&str] = &[
    "adaptive_pricing",
    "billing_address_collection",
    "branding_settings",
    "consent_collection",
    "custom_text",
    "customer_update",
    "locale",
    "payment_method_options",
    "payment_method_types",
    "phone_number_collection",
    "saved_payment_method_options",
    "submit_type",
    "tax_id_collection",
    "wallet_options",
];

pub fn routes() -> Router<Sandbox> {
    Router::new()
        .route("/v1/checkout/sessions", post(create).merge(get(list)))
        .route("/v1/checkout/sessions/{id}", get(retrieve).merge(post(update)))
        .route("/v1/checkout/sessions/{id}/expire", post(close))
        .route("/v1/checkout/sessions/{id}/line_items", get(line_items))
}

/// A line whose price may still have to be made.
struct NewLine {
    price: LinePrice,
    quantity: i64,
}

enum LinePrice {
    Known(String),
    Inline(Box<NewPrice>),
}

impl NewLine {
    fn read(state: &State, params: &Params<'_>) -> Result<Self, ApiError> {
        params.ignore(&["adjustable_quantity"]);
        let price = match (params.filled("price")?, params.child("price_data")?) {
            (Some(id), None) => {
                LinePrice::Known(state.prices.find_for(&id, &params.path("price"))?.id.clone())
            }
            (None, Some(data)) => LinePrice::Inline(Box::new(NewPrice::read(state, &data)?)),
            _ => {
                return Err(ApiError::invalid_param(
                    &params.path("price"),
                    "You must specify exactly one of these parameters: price, price_data.",
                ));
            }
        };
        let quantity = params.int("quantity")?.unwrap_or(1);
        if !(1..=999_999).contains(&quantity) {
            return Err(ApiError::invalid_param(
                &params.path("quantity"),
                "This value must be greater than or equal to 1.",
            )
            .with_code("parameter_invalid_integer"));
        }
        Ok(Self { price, quantity })
    }

    fn recurs(&self, state: &State) -> bool {
        match &self.price {
            LinePrice::Known(id) => state.prices.get(id).is_some_and(|price| price.recurring.is_some()),
            LinePrice::Inline(price) => price.recurring.is_some(),
        }
    }

    fn currency(&self, state: &State) -> String {
        match &self.price {
            LinePrice::Known(id) => {
                state.prices.get(id).map(|price| price.currency.clone()).unwrap_or_default()
            }
            LinePrice::Inline(price) => price.currency.clone(),
        }
    }

    fn make(self, state: &mut State) -> LineItem {
        let price = match self.price {
            LinePrice::Known(id) => id,
            LinePrice::Inline(price) => price.make(state, true).id,
        };
        LineItem { id: state.ids.make("li"), price, quantity: self.quantity }
    }
}

fn check_lines(state: &State, mode: Mode, lines: &[NewLine]) -> Result<String, ApiError> {
    let Some(first) = lines.first() else { return Err(ApiError::missing_param("line_items")) };
    let currency = first.currency(state);
    if lines.iter().any(|line| line.currency(state) != currency) {
        return Err(ApiError::invalid_param("line_items", "All line items must have the same currency."));
    }
    let recurs = lines.iter().any(|line| line.recurs(state));
    match (mode, recurs) {
        (Mode::Payment, true) => Err(ApiError::invalid_param(
            "line_items",
            "You specified `payment` mode but passed a recurring price. Either switch to `subscription` mode or use only one-time prices.",
        )),
        (Mode::Subscription, false) => Err(ApiError::invalid_param(
            "line_items",
            "You must provide at least one recurring price in `subscription` mode when using prices.",
        )),
        _ => Ok(currency),
    }
}

fn payment_data(params: &Params<'_>) -> Result<PaymentData, ApiError> {
    params.ignore(&["receipt_email", "statement_descriptor", "statement_descriptor_suffix"]);
    Ok(PaymentData {
        metadata: params.metadata()?.create(),
        description: params.filled("description")?,
        capture_method: params.choice("capture_method")?.unwrap_or_default(),
        keep_card: params.filled("setup_future_usage")?.is_some(),
    })
}

fn subscription_data(state: &State, params: &Params<'_>) -> Result<SubscriptionData, ApiError> {
    params.ignore(&["billing_mode", "invoice_settings"]);
    let days = params.int("trial_period_days")?;
    let trial_period_days = days
        .map(u32::try_from)
        .transpose()
        .ok()
        .filter(|days| days.is_none_or(|days| (1..=730).contains(&days)));
    let Some(trial_period_days) = trial_period_days else {
        return Err(ApiError::invalid_param(
            &params.path("trial_period_days"),
            "The trial must be between 1 and 730 days.",
        ));
    };
    let trial_end = params.int("trial_end")?;
    if trial_end.is_some_and(|end| end < state.now + 48 * HOUR) {
        return Err(ApiError::invalid_param(
            &params.path("trial_end"),
            "The trial_end date has to be at least 2 days in the future.",
        ));
    }
    if trial_end.is_some_and(|end| end > state.now + LONGEST_TRIAL) {
        return Err(ApiError::invalid_param(&params.path("trial_end"), TRIAL_TOO_LONG));
    }
    let missing = match params.child("trial_settings")? {
        None => None,
        Some(settings) => settings
            .child("end_behavior")?
            .map(|it| it.choice::<MissingPaymentMethod>("missing_payment_method"))
            .transpose()?
            .flatten(),
    };
    Ok(SubscriptionData {
        metadata: params.metadata()?.create(),
        description: params.filled("description")?,
        trial_period_days,
        trial_end,
        missing_payment_method: missing.unwrap_or_default(),
    })
}

fn address_to_return(params: &Params<'_>, name: &str, required: bool) -> Result<Option<String>, ApiError> {
    let url = if required { Some(params.required(name)?) } else { params.filled(name)? };
    match url {
        Some(url) if !url.starts_with("http://") && !url.starts_with("https://") => {
            Err(ApiError::invalid_param(&params.path(name), "Not a valid URL").with_code("url_invalid"))
        }
        url => Ok(url),
    }
}

fn create(state: &mut State, call: &Call) -> Result<Value, ApiError> {
    let params = call.params();
    params.ignore(WITHOUT_EFFECT);
    params.only("ui_mode", &["hosted", "hosted_page"])?;
    if let Some(tax) = params.child("automatic_tax")? {
        tax.only("enabled", &["false"])?;
    }
    let mode = params.choice::<Mode>("mode")?.unwrap_or(Mode::Payment);
    let lines = params.children("line_items")?;
    let lines = lines.iter().map(|line| NewLine::read(state, line)).collect::<Result<Vec<_>, _>>()?;
    let currency = check_lines(state, mode, &lines)?;
    let customer =
        params.filled("customer")?.map(|id| live(state, &id, "customer")).transpose()?.map(|it| it.id);
    let customer_email = params.filled("customer_email")?;
    if customer.is_some() && customer_email.is_some() {
        return Err(ApiError::invalid(
            "You may only specify one of these parameters: customer, customer_email.",
        ));
    }
    let expires_at = params.int("expires_at")?.unwrap_or(state.now + 24 * HOUR);
    if !(state.now + HOUR / 2 - 60..=state.now + 24 * HOUR).contains(&expires_at) {
        return Err(ApiError::invalid_param(
            "expires_at",
            "The `expires_at` timestamp must be between 30 minutes and 24 hours from Checkout Session creation.",
        ));
    }
    let payment = params.child("payment_intent_data")?;
    let subscription = params.child("subscription_data")?;
    match (mode, &payment, &subscription) {
        (Mode::Payment, _, Some(_)) => {
            return Err(ApiError::invalid_param(
                "subscription_data",
                "You can not pass `subscription_data` in `payment` mode.",
            ));
        }
        (Mode::Subscription, Some(_), _) => {
            return Err(ApiError::invalid_param(
                "payment_intent_data",
                "You can not pass `payment_intent_data` in `subscription` mode.",
            ));
        }
        _ => {}
    }
    let mut session = CheckoutSession {
        id: String::new(),
        created: state.now,
        expires_at,
        mode,
        status: SessionStatus::Open,
        payment_status: PaymentStatus::Unpaid,
        currency,
        line_items: Vec::new(),
        customer,
        customer_email,
        customer_creation: params.choice("customer_creation")?.unwrap_or(CustomerCreation::IfRequired),
        customer_details: None,
        client_reference_id: params.filled("client_reference_id")?,
        metadata: params.metadata()?.create(),
        success_url: address_to_return(&params, "success_url", true)?,
        cancel_url: address_to_return(&params, "cancel_url", false)?,
        card_collection: params.choice("payment_method_collection")?.unwrap_or(CardCollection::Always),
        allow_promotion_codes: params.flag("allow_promotion_codes")?,
        payment_data: payment.map(|it| payment_data(&it)).transpose()?.unwrap_or_default(),
        subscription_data: subscription
            .map(|it| subscription_data(state, &it))
            .transpose()?
            .unwrap_or_default(),
        payment_intent: None,
        subscription: None,
        invoice: None,
        attempted_intent: None,
    };
    call.finish()?;
    session.id = format!("cs_test_{}", state.ids.token(58));
    session.line_items = lines.into_iter().map(|line| line.make(state)).collect();
    if total_due_now(state, &session) == 0 {
        session.payment_status = PaymentStatus::Free;
    }
    state.checkout_sessions.put(session.clone());
    Ok(session.render(state))
}

fn retrieve(state: &mut State, call: &Call) -> Result<Value, ApiError> {
    call.finish()?;
    Ok(state.checkout_sessions.find(call.id())?.render(state))
}

fn update(state: &mut State, call: &Call) -> Result<Value, ApiError> {
    let mut session = state.checkout_sessions.fetch(call.id())?;
    call.params().metadata()?.apply(&mut session.metadata);
    call.finish()?;
    state.checkout_sessions.put(session.clone());
    Ok(session.render(state))
}

fn list(state: &mut State, call: &Call) -> Result<Value, ApiError> {
    let params = call.params();
    let (customer, intent) = (params.filled("customer")?, params.filled("payment_intent")?);
    let (subscription, status) = (params.filled("subscription")?, params.choice::<SessionStatus>("status")?);
    let matching = state.checkout_sessions.newest().filter(|it| {
        (customer.is_none() || it.customer == customer)
            && (intent.is_none() || it.payment_intent == intent)
            && (subscription.is_none() || it.subscription == subscription)
            && status.is_none_or(|status| it.status == status)
    });
    page(state, call, "/v1/checkout/sessions", matching)
}

fn close(state: &mut State, call: &Call) -> Result<Value, ApiError> {
    call.finish()?;
    Ok(expire(state, call.id())?.render(state))
}

fn line_items(state: &mut State, call: &Call) -> Result<Value, ApiError> {
    let session = state.checkout_sessions.find(call.id())?;
    let url = format!("/v1/checkout/sessions/{}/line_items", session.id);
    page_of_values(call, "line item", &url, session.render_line_items(state))
}
