//! Add-ons and token bundles.

use std::collections::BTreeMap;

use billing::catalogue::addons::AddonChange;
use billing::catalogue::bundles::BundleChange;
use domain::access::AdminPermit;

use super::{Form, currency_options, id_of, large_page, on, period_options, values, was_last};
use crate::account::show::one_period;
use crate::admin::model::{Action, Cell, Item, Subject, Table, link};
use crate::error::AppError;
use crate::server_ctx::Services;
use crate::texts::texts;

pub async fn addons(services: &Services, permit: AdminPermit<'_>) -> Result<Table, AppError> {
    let t = &texts().admin;
    let mut found = Vec::new();
    for number in 1.. {
        let page = services.billing.managed_addons(permit, true, large_page(number)).await?;
        if was_last(&mut found, page) {
            break;
        }
    }
    let mut table = Table::of(&[t.name, t.price, t.period, t.only_with_plans, t.state]);
    table.rows = found
        .into_iter()
        .map(|it| {
            let plans = i64::try_from(it.plans.len()).unwrap_or(i64::MAX);
            vec![
                link(it.name, Subject::Addons, it.id),
                Cell::Money(it.price),
                Cell::text(one_period(it.billing_period).to_owned()),
                if plans == 0 { Cell::Text(t.any_plan.to_owned()) } else { Cell::Number(plans) },
                Cell::active(it.is_active),
            ]
        })
        .collect();
    Ok(table)
}

async fn addon_options(
    services: &Services,
    permit: AdminPermit<'_>,
) -> Result<BTreeMap<String, Vec<(String, String)>>, AppError> {
    let plans = services.billing.managed_plans(permit).await?;
    Ok(BTreeMap::from([
        ("currency".to_owned(), currency_options(services, permit).await?),
        ("billing_period".to_owned(), period_options()),
        ("plans".to_owned(), plans.into_iter().map(|it| (it.plan.id.to_string(), it.plan.name)).collect()),
    ]))
}

pub async fn addon(services: &Services, permit: AdminPermit<'_>, id: &str) -> Result<Item, AppError> {
    let t = &texts().admin;
    let options = addon_options(services, permit).await?;
    if id == "new" {
        let values = values([
            ("currency", "EUR".to_owned()),
            ("billing_period", "monthly".to_owned()),
            ("is_active", on(true)),
        ]);
        return Ok(Item { values, options, ..Item::default() });
    }
    let it = services.billing.managed_addon(permit, id_of(id)?).await?;
    let form = [
        ("name", it.name.clone()),
        ("slug", it.slug),
        ("description", it.description),
        ("price", it.price.to_decimal_text()),
        ("currency", it.price.currency.to_string()),
        ("billing_period", it.billing_period.as_str().to_owned()),
        ("plans", it.plans.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")),
        ("sort_order", it.sort_order.to_string()),
        ("is_active", on(it.is_active)),
    ];
    Ok(Item {
        title: it.name,
        state: vec![Cell::active(it.is_active)],
        facts: vec![
            (t.price.to_owned(), Cell::Money(it.price)),
            (t.period.to_owned(), Cell::text(one_period(it.billing_period).to_owned())),
        ],
        actions: vec![Action::last("delete", t.delete)],
        values: values(form),
        options,
        version: it.version,
        ..Item::default()
    })
}

pub async fn save_addon(
    services: &Services,
    permit: AdminPermit<'_>,
    id: &str,
    version: i32,
    form: &Form<'_>,
) -> Result<String, AppError> {
    let change = AddonChange {
        name: form.text("name"),
        slug: form.given("slug"),
        description: form.text("description"),
        price: form.text("price"),
        currency: form.given("currency"),
        billing_period: form.given("billing_period"),
        config: None,
        is_active: form.ticked("is_active"),
        sort_order: Some(form.number("sort_order")?.unwrap_or(0)),
        plans: Some(form.chosen("plans")),
        version: (id != "new").then_some(version),
    };
    let saved = if id == "new" {
        services.billing.create_addon(permit, &change).await?
    } else {
        services.billing.change_addon(permit, id_of(id)?, &change).await?
    };
    Ok(saved.id.to_string())
}

pub async fn bundles(services: &Services, permit: AdminPermit<'_>) -> Result<Table, AppError> {
    let t = &texts().admin;
    let mut found = Vec::new();
    for number in 1.. {
        let page = services.billing.managed_bundles(permit, true, large_page(number)).await?;
        if was_last(&mut found, page) {
            break;
        }
    }
    let mut table = Table::of(&[t.name, t.tokens, t.price, t.state]);
    table.rows = found
        .into_iter()
        .map(|it| {
            vec![
                link(it.name, Subject::Bundles, it.id),
                Cell::Number(it.token_amount.into()),
                Cell::Money(it.price),
                Cell::active(it.is_active),
            ]
        })
        .collect();
    Ok(table)
}

pub async fn bundle(services: &Services, permit: AdminPermit<'_>, id: &str) -> Result<Item, AppError> {
    let t = &texts().admin;
    let options = BTreeMap::from([("currency".to_owned(), currency_options(services, permit).await?)]);
    if id == "new" {
        let values = values([("currency", "EUR".to_owned()), ("is_active", on(true))]);
        return Ok(Item { values, options, ..Item::default() });
    }
    let it = services.billing.managed_bundle(permit, id_of(id)?).await?;
    let form = [
        ("name", it.name.clone()),
        ("description", it.description),
        ("token_amount", it.token_amount.to_string()),
        ("price", it.price.to_decimal_text()),
        ("currency", it.price.currency.to_string()),
        ("sort_order", it.sort_order.to_string()),
        ("is_active", on(it.is_active)),
    ];
    Ok(Item {
        title: it.name,
        state: vec![Cell::active(it.is_active)],
        facts: vec![
            (t.tokens.to_owned(), Cell::Number(it.token_amount.into())),
            (t.price.to_owned(), Cell::Money(it.price)),
        ],
        actions: vec![Action::last("delete", t.delete)],
        values: values(form),
        options,
        version: it.version,
        ..Item::default()
    })
}

pub async fn save_bundle(
    services: &Services,
    permit: AdminPermit<'_>,
    id: &str,
    version: i32,
    form: &Form<'_>,
) -> Result<String, AppError> {
    let change = BundleChange {
        name: form.text("name"),
        description: form.text("description"),
        token_amount: form.number("token_amount")?,
        price: form.text("price"),
        currency: form.given("currency"),
        is_active: form.ticked("is_active"),
        sort_order: Some(form.number("sort_order")?.unwrap_or(0)),
        version: (id != "new").then_some(version),
    };
    let saved = if id == "new" {
        services.billing.create_bundle(permit, &change).await?
    } else {
        services.billing.change_bundle(permit, id_of(id)?, &change).await?
    };
    Ok(saved.id.to_string())
}
