use std::collections::HashMap;

use billing::catalogue::categories::{Category, CategoryChange};
use domain::access::AdminPermit;
use domain::ids::PlanCategoryId;

use super::{Form, id_of, on, values};
use crate::admin::model::{Action, Cell, Item, Subject, Table};
use crate::error::AppError;
use crate::routes;
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

pub async fn list(services: &Services, permit: AdminPermit<'_>) -> Result<Table, AppError> {
    let t = &texts().admin;
    let mut table = Table::of(&[t.name, t.slug, t.plans, t.is_single_short]);
    table.rows = tree(services.billing.categories(permit).await?)
        .into_iter()
        .map(|(depth, it)| {
            vec![
                Cell::Link(
                    indented(depth, &it.name),
                    routes::admin_item(Subject::Categories, &it.id.to_string()),
                ),
                Cell::Text(it.slug),
                Cell::Number(it.plan_count),
                if it.is_single { Cell::Good(t.yes.to_owned()) } else { Cell::None },
            ]
        })
        .collect();
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
