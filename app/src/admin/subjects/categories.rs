use std::collections::HashMap;

use billing::catalogue::categories::{Category, CategoryChange};
use billing::catalogue::plans::ManagedPlan;
use domain::access::AdminPermit;
use domain::ids::PlanCategoryId;

use super::{Form, id_of, on, values};
use crate::account::show::period;
use crate::admin::model::{Action, Cell, Item, Subject, Table, link};
use crate::error::AppError;
use crate::server_ctx::Services;
use crate::texts::texts;

/// The tree in the order in which it is read, with the depth of each.
fn tree(categories: Vec<Category>) -> Vec<(usize, Category)> {
    let mut below: HashMap<Option<PlanCategoryId>, Vec<Category>> = HashMap::new();
    for category in categories {
        below.entry(category.parent_id).or_default().push(category);
    }
    let mut found = Vec::new();
    let mut open: Vec<(usize, Category)> =
        below.remove(&None).unwrap_or_default().into_iter().rev().map(|it| (0, it)).collect();
    while let Some((depth, category)) = open.pop() {
        let children = below.remove(&Some(category.id)).unwrap_or_default();
        open.extend(children.into_iter().rev().map(|it| (depth + 1, it)));
        found.push((depth, category));
    }
    found
}

fn indented(depth: usize, name: &str) -> String {
    if depth == 0 { name.to_owned() } else { format!("{}└ {name}", "\u{2003}".repeat(depth - 1)) }
}

/// The tree with the plans of each category; those of none come last.
pub async fn list(services: &Services, permit: AdminPermit<'_>) -> Result<Table, AppError> {
    let t = &texts().admin;
    let plans = services.billing.managed_plans(permit).await?;
    let plan_row = |depth: usize, it: &ManagedPlan| {
        vec![
            link(indented(depth, &it.plan.name), Subject::Plans, it.plan.id),
            Cell::Text(it.plan.slug.clone()),
            Cell::Money(it.plan.price),
            Cell::Text(period(it.plan.billing_period).to_owned()),
            Cell::Number(it.subscriber_count),
            Cell::active(it.plan.is_active),
        ]
    };
    let mut table = Table::of(&[t.name, t.slug, t.price, t.period, t.subscribers, t.state]);
    for (depth, it) in tree(services.billing.categories(permit).await?) {
        let single = if it.is_single { Cell::Text(t.is_single_short.to_owned()) } else { Cell::None };
        let name = link(indented(depth, &it.name), Subject::Categories, it.id);
        table.rows.push(vec![name, Cell::Text(it.slug), Cell::None, Cell::None, Cell::None, single]);
        let own = plans.iter().filter(|plan| plan.plan.categories.iter().any(|of| of.id == it.id));
        table.rows.extend(own.map(|plan| plan_row(depth + 1, plan)));
    }
    let others = plans.iter().filter(|plan| plan.plan.categories.is_empty());
    table.rows.extend(others.map(|plan| plan_row(0, plan)));
    Ok(table)
}

pub async fn item(services: &Services, permit: AdminPermit<'_>, id: &str) -> Result<Item, AppError> {
    let t = &texts().admin;
    let all = services.billing.categories(permit).await?;
    let mut parents = vec![(String::new(), texts().common.none.to_owned())];
    let others = tree(all.clone()).into_iter().filter(|(_, it)| it.id.to_string() != id);
    parents.extend(others.map(|(depth, it)| (it.id.to_string(), indented(depth, &it.name))));
    let options = [("parent_id".to_owned(), parents)].into();
    if id == "new" {
        return Ok(Item { values: values([("sort_order", "0".to_owned())]), options, ..Item::default() });
    }
    let it = services.billing.category(permit, id_of(id)?).await?;
    let form = [
        ("name", it.name.clone()),
        ("slug", it.slug),
        ("description", it.description),
        ("parent_id", it.parent_id.map(|id| id.to_string()).unwrap_or_default()),
        ("is_single", on(it.is_single)),
        ("sort_order", it.sort_order.to_string()),
    ];
    Ok(Item {
        title: it.name,
        facts: vec![
            (t.plans.to_owned(), Cell::Number(it.plan_count)),
            (t.made.to_owned(), Cell::Instant(it.created_at)),
            (t.changed.to_owned(), Cell::Instant(it.updated_at)),
        ],
        actions: vec![Action::last("delete", t.delete)],
        values: values(form),
        options,
        version: it.version,
        ..Item::default()
    })
}

pub async fn save(
    services: &Services,
    permit: AdminPermit<'_>,
    id: &str,
    version: i32,
    form: &Form<'_>,
) -> Result<String, AppError> {
    let change = CategoryChange {
        name: form.text("name"),
        slug: form.given("slug"),
        description: form.text("description"),
        parent_id: Some(form.given("parent_id").map(|id| id_of(&id)).transpose()?),
        is_single: form.ticked("is_single"),
        sort_order: Some(form.number("sort_order")?.unwrap_or(0)),
        version: (id != "new").then_some(version),
    };
    let saved = if id == "new" {
        services.billing.create_category(permit, &change).await?
    } else {
        services.billing.change_category(permit, id_of(id)?, &change).await?
    };
    Ok(saved.id.to_string())
}
