use std::collections::BTreeMap;

use billing::settings::payment_methods::{PaymentMethod, PaymentMethodChange, Translation};
use domain::access::AdminPermit;
use domain::money::{Currency, Money};

use super::{Form, Shown, id_of, on, values};
use crate::admin::model::{Action, Cell, Item, Subject, Table, link};
use crate::error::AppError;
use crate::server_ctx::Services;
use crate::texts::texts;

fn fee(method: &PaymentMethod) -> String {
    let t = &texts().admin;
    match method.fee_kind.as_str() {
        "fixed" => method.fee_amount.to_string(),
        "percentage" => format!("{} %", method.fee_amount.normalize()),
        _ => t.no_fee.to_owned(),
    }
}

pub async fn list(services: &Services, permit: AdminPermit<'_>) -> Result<Table, AppError> {
    let t = &texts().admin;
    let mut table = Table::of(&[t.name, t.code, t.fee, t.default, t.state]);
    table.rows = services
        .billing
        .payment_methods(permit)
        .await?
        .into_iter()
        .map(|it| {
            vec![
                link(it.name.clone(), Subject::PaymentMethods, it.id),
                Cell::Text(it.code.clone()),
                Cell::Text(fee(&it)),
                if it.is_default { Cell::Good(t.default.to_owned()) } else { Cell::None },
                Cell::active(it.is_active),
            ]
        })
        .collect();
    Ok(table)
}

pub async fn item(services: &Services, permit: AdminPermit<'_>, id: &str) -> Result<Item, AppError> {
    let t = &texts().admin;
    let choice = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
        pairs.iter().map(|(value, text)| ((*value).to_owned(), (*text).to_owned())).collect()
    };
    let options = BTreeMap::from([
        (
            "fee_type".to_owned(),
            choice(&[("NONE", t.no_fee), ("FIXED", t.fixed_fee), ("PERCENTAGE", t.percentage_fee)]),
        ),
        ("fee_charged_to".to_owned(), choice(&[("CUSTOMER", t.to_customer), ("MERCHANT", t.to_seller)])),
    ]);
    if id == "new" {
        let values = values([("fee_type", "NONE".to_owned()), ("is_active", on(true))]);
        return Ok(Item { values, options, ..Item::default() });
    }
    let it = services.billing.payment_method(permit, id_of(id)?).await?;
    let amount = |minor: Option<i64>| {
        minor.map(|it| Money::new(it, Currency::EUR).to_decimal_text()).unwrap_or_default()
    };
    let mut translations = Table::of(&[t.translation_locale, t.name, t.description, t.instructions]);
    translations.rows = it
        .translations
        .0
        .iter()
        .map(|it| {
            vec![
                Cell::Text(it.locale.clone()),
                Cell::text(it.name.clone()),
                Cell::text(it.description.clone()),
                Cell::text(it.instructions.clone()),
            ]
        })
        .collect();
    let mut actions = vec![Action::new("first", t.to_top)];
    if let Some(known) = it.translations.0.first() {
        actions.push(Action::new("untranslate", t.untranslate).with(t.translation_locale, &known.locale));
    }
    if !it.is_default {
        if it.is_active {
            actions.push(Action::new("default", t.make_default));
        }
        actions.push(Action::last("delete", t.delete));
    }
    let form = [
        ("name", it.name.clone()),
        ("description", it.description.clone()),
        ("instructions", it.instructions.clone()),
        ("min_amount", amount(it.min_minor)),
        ("max_amount", amount(it.max_minor)),
        ("currencies", it.currencies.join(", ")),
        ("countries", it.countries.join(", ")),
        ("fee_type", it.fee_kind.to_uppercase()),
        ("fee_amount", it.fee_amount.to_string()),
        ("fee_charged_to", it.fee_charged_to.to_uppercase()),
        ("is_active", on(it.is_active)),
    ];
    Ok(Item {
        title: it.name.clone(),
        state: vec![
            Cell::active(it.is_active),
            if it.is_default {
                Cell::Good(t.default.to_owned())
            } else {
                Cell::Quiet(t.not_default.to_owned())
            },
        ],
        facts: vec![
            (t.code.to_owned(), Cell::Text(it.code.clone())),
            (t.fee.to_owned(), Cell::Text(fee(&it))),
        ],
        tables: vec![(t.translations.to_owned(), translations)],
        actions,
        values: values(form),
        options,
        version: it.version,
        ..Item::default()
    })
}

fn codes(text: &str) -> Vec<String> {
    text.split([',', ' ']).map(str::trim).filter(|code| !code.is_empty()).map(str::to_uppercase).collect()
}

pub async fn save(
    services: &Services,
    permit: AdminPermit<'_>,
    id: &str,
    version: i32,
    form: &Form<'_>,
) -> Result<String, AppError> {
    let text = |name: &str| form.text(name).unwrap_or_default();
    let translation = form.given("translation_locale").map(|locale| Translation {
        locale,
        name: text("translation_name"),
        description: text("translation_description"),
        instructions: text("translation_instructions"),
    });
    let change = PaymentMethodChange {
        code: form.given("code"),
        name: form.text("name"),
        description: form.text("description"),
        instructions: form.text("instructions"),
        is_active: form.ticked("is_active"),
        min_amount: Some(form.given("min_amount")),
        max_amount: Some(form.given("max_amount")),
        currencies: form.text("currencies").map(|text| codes(&text)),
        countries: form.text("countries").map(|text| codes(&text)),
        fee_type: form.given("fee_type"),
        fee_amount: form.given("fee_amount"),
        fee_charged_to: form.given("fee_charged_to"),
        translation,
        version: (id != "new").then_some(version),
        ..PaymentMethodChange::default()
    };
    let billing = &services.billing;
    let saved = if id == "new" {
        billing.create_payment_method(permit, &change).await?
    } else {
        billing.change_payment_method(permit, id_of(id)?, &change).await?
    };
    Ok(saved.id.to_string())
}

pub async fn act(
    services: &Services,
    permit: AdminPermit<'_>,
    id: &str,
    action: &str,
    said: &str,
) -> Result<Shown, AppError> {
    let method_id = id_of(id)?;
    match action {
        "default" => {
            services.billing.set_default_payment_method(permit, method_id).await?;
            Ok(Shown::Item(id.to_owned()))
        }
        "first" => {
            let known = services.billing.payment_methods(permit).await?;
            let others = known.into_iter().map(|it| it.id).filter(|it| *it != method_id);
            let order: Vec<_> = std::iter::once(method_id).chain(others).zip(0..).collect();
            services.billing.reorder_payment_methods(permit, &order).await?;
            Ok(Shown::List)
        }
        "untranslate" => {
            services.billing.untranslate_payment_method(permit, method_id, said).await?;
            Ok(Shown::Item(id.to_owned()))
        }
        _ => Err(AppError::NotFound),
    }
}
