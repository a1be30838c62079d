use billing::catalogue::plans::PlanChange;
use billing::modules::MODULES;
use domain::access::AdminPermit;
use domain::ids::PlanId;

use super::{Form, Shown, currency_options, id_of, on, period_options, values};
use crate::account::show::period;
use crate::admin::model::{Action, Cell, Item, Subject, Table, link};
use crate::error::AppError;
use crate::server_ctx::Services;
use crate::store::module_name;
use crate::texts::texts;

pub async fn list(services: &Services, permit: AdminPermit<'_>) -> Result<Table, AppError> {
    let t = &texts().admin;
    let mut table = Table::of(&[t.name, t.price, t.period, t.categories, t.module, t.subscribers, t.state]);
    table.rows = services
        .billing
        .managed_plans(permit)
        .await?
        .into_iter()
        .map(|managed| {
            let plan = managed.plan;
            let categories = plan.categories.iter().map(|it| it.name.as_str()).collect::<Vec<_>>().join(", ");
            vec![
                link(plan.name, Subject::Plans, plan.id),
                Cell::Money(plan.price),
                Cell::text(period(plan.billing_period).to_owned()),
                Cell::text(categories),
                Cell::text(plan.module.as_deref().map(module_name)),
                Cell::Number(managed.subscriber_count),
                Cell::active(plan.is_active),
            ]
        })
        .collect();
    Ok(table)
}

pub async fn item(services: &Services, permit: AdminPermit<'_>, id: &str) -> Result<Item, AppError> {
    let t = &texts().admin;
    let mut options = std::collections::BTreeMap::from([
        ("currency".to_owned(), currency_options(services, permit).await?),
        ("billing_period".to_owned(), period_options()),
    ]);
    if id == "new" {
        let values = values([
            ("currency", "EUR".to_owned()),
            ("billing_period", "monthly".to_owned()),
            ("features", "{}".to_owned()),
            ("is_active", on(true)),
        ]);
        let mut modules = vec![(String::new(), t.for_customers.to_owned())];
        modules.extend(MODULES.map(|name| (name.to_owned(), module_name(name))));
        options.insert("module".to_owned(), modules);
        return Ok(Item { values, options, ..Item::default() });
    }
    let managed = services.billing.managed_plan(permit, id_of(id)?).await?;
    let categories = services.billing.categories(permit).await?;
    options.insert(
        "categories".to_owned(),
        categories.into_iter().map(|it| (it.id.to_string(), it.name)).collect(),
    );
    let plan = managed.plan;
    let prices = managed
        .prices
        .iter()
        .map(|it| format!("{} {}", it.currency, it.to_decimal_text()))
        .collect::<Vec<_>>();
    let form = [
        ("name", plan.name.clone()),
        ("slug", plan.slug),
        ("description", plan.description),
        ("price", plan.price.to_decimal_text()),
        ("currency", plan.price.currency.to_string()),
        ("prices", prices.join("\n")),
        ("billing_period", plan.billing_period.as_str().to_owned()),
        ("trial_days", plan.trial_days.to_string()),
        ("features", serde_json::to_string_pretty(&plan.features).unwrap_or_default()),
        ("categories", plan.categories.iter().map(|it| it.id.to_string()).collect::<Vec<_>>().join(" ")),
        ("sort_order", plan.sort_order.to_string()),
        ("is_active", on(plan.is_active)),
    ];
    Ok(Item {
        title: plan.name,
        state: vec![Cell::active(plan.is_active)],
        facts: vec![
            (t.price.to_owned(), Cell::Money(plan.price)),
            (t.period.to_owned(), Cell::text(period(plan.billing_period).to_owned())),
            (t.subscribers.to_owned(), Cell::Number(managed.subscriber_count)),
            (t.module.to_owned(), Cell::text(plan.module)),
        ],
        actions: vec![Action::new("copy", t.copy), Action::last("delete", t.delete)],
        values: values(form),
        options,
        version: plan.version,
        ..Item::default()
    })
}

/// `USD 12.00` in each line.
fn prices(text: &str) -> Result<Vec<(String, String)>, AppError> {
    text.lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .map(|line| {
            let (currency, price) = line.split_once(char::is_whitespace).ok_or(())?;
            Ok((currency.to_uppercase(), price.trim().to_owned()))
        })
        .collect::<Result<_, ()>>()
        .map_err(|()| AppError::Said(texts().admin.other_prices_wrong.to_owned()))
}

pub async fn save(
    services: &Services,
    permit: AdminPermit<'_>,
    id: &str,
    version: i32,
    form: &Form<'_>,
) -> Result<String, AppError> {
    let features = form.given("features").unwrap_or_else(|| "{}".to_owned());
    let features = serde_json::from_str(&features)
        .map_err(|_| AppError::Said(texts().admin.features_wrong.to_owned()))?;
    let change = PlanChange {
        name: form.text("name"),
        slug: form.given("slug"),
        description: form.text("description"),
        price: form.text("price"),
        currency: form.given("currency"),
        billing_period: form.given("billing_period"),
        features: Some(features),
        trial_days: Some(form.number("trial_days")?.unwrap_or(0)),
        module: form.given("module"),
        is_active: form.ticked("is_active"),
        sort_order: Some(form.number("sort_order")?.unwrap_or(0)),
        prices: form.text("prices").map(|text| prices(&text)).transpose()?,
        categories: (id != "new").then(|| form.chosen("categories")),
        version: (id != "new").then_some(version),
    };
    let billing = &services.billing;
    let saved = if id == "new" {
        billing.create_plan(permit, &change).await?
    } else {
        billing.change_plan(permit, id_of(id)?, &change).await?
    };
    Ok(saved.plan.id.to_string())
}

pub async fn act(
    services: &Services,
    permit: AdminPermit<'_>,
    id: &str,
    action: &str,
) -> Result<Shown, AppError> {
    let id: PlanId = id_of(id)?;
    match action {
        "copy" => {
            let copy = services.billing.copy_plan(permit, id).await?;
            Ok(Shown::Of(Subject::Plans, copy.plan.id.to_string()))
        }
        _ => Err(AppError::NotFound),
    }
}
