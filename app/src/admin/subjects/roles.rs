//! Roles of those who help to run the platform.

use std::collections::BTreeMap;

use domain::access::{Action as Doing, AdminPermit, PlatformPermission, Resource};
use identity::platform_roles::{ManagedRole, RoleChange};

use super::{Form, id_of, known, values};
use crate::admin::model::{Action, Cell, Item, Subject, Table, link};
use crate::error::AppError;
use crate::server_ctx::Services;
use crate::texts::{fill, texts};

fn resource_name(resource: Resource) -> &'static str {
    let t = &texts().admin;
    match resource {
        Resource::Analytics => t.dashboard,
        Resource::Users => t.users,
        Resource::Companies => t.companies,
        Resource::Subscriptions => t.subscriptions,
        Resource::Invoices => t.invoices,
        Resource::Catalogue => t.catalogue,
        Resource::PaymentMethods => t.payment_methods,
        Resource::Settings => t.settings,
        Resource::Webhooks => t.webhooks,
        Resource::Jobs => t.jobs,
        Resource::Roles => t.roles,
    }
}

/// A permission in words, such as "Invoices: look and change".
fn in_words(permission: PlatformPermission) -> String {
    let t = &texts().admin;
    let text = match permission.action {
        Doing::View => t.may_view,
        Doing::Manage => t.may_manage,
    };
    fill(text, &[("what", resource_name(permission.resource))])
}

fn kind(role: &ManagedRole) -> Cell {
    let t = &texts().admin;
    if role.is_system { Cell::Quiet(t.of_system.to_owned()) } else { Cell::None }
}

pub async fn list(services: &Services, permit: AdminPermit<'_>) -> Result<Table, AppError> {
    let t = &texts().admin;
    let mut table = Table::of(&[t.name, t.kind, t.description, t.people]);
    table.rows = services
        .identity
        .platform_roles(permit)
        .await?
        .into_iter()
        .map(|role| {
            vec![
                link(role.name.clone(), Subject::Roles, role.id),
                kind(&role),
                Cell::text(role.description),
                Cell::Number(role.user_count),
            ]
        })
        .collect();
    Ok(table)
}

pub async fn item(services: &Services, permit: AdminPermit<'_>, id: &str) -> Result<Item, AppError> {
    let t = &texts().admin;
    let choices = PlatformPermission::all().map(|one| (one.to_string(), in_words(one))).collect();
    let options = BTreeMap::from([("permissions".to_owned(), choices)]);
    if id == "new" {
        let values =
            values([("name", String::new()), ("slug", String::new()), ("description", String::new())]);
        return Ok(Item { values, options, ..Item::default() });
    }
    let role = services.identity.platform_role(permit, id_of(id)?).await?;
    let mut form = BTreeMap::new();
    let mut actions = Vec::new();
    if !role.is_system {
        form = values([("name", role.name.clone()), ("description", role.description.clone())]);
        form.extend(role.permissions.iter().map(|one| (format!("permissions-{one}"), super::on(true))));
        actions.push(Action::last("delete", t.delete));
    }
    let mut permitted = Table::of(&[t.permissions]);
    permitted.rows = role.permissions.iter().map(|one| vec![Cell::Text(in_words(*one))]).collect();
    Ok(Item {
        facts: known(vec![
            (t.slug.to_owned(), Cell::Text(role.slug.clone())),
            (t.description.to_owned(), Cell::text(role.description.clone())),
            (t.people.to_owned(), Cell::Number(role.user_count)),
        ]),
        state: vec![kind(&role)],
        tables: if role.is_system { vec![(t.permissions.to_owned(), permitted)] } else { Vec::new() },
        title: role.name,
        actions,
        values: form,
        options,
        version: role.version,
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
    let change = RoleChange {
        name: form.text("name"),
        slug: form.given("slug"),
        description: form.text("description"),
        permissions: Some(form.chosen("permissions")),
        version: (id != "new").then_some(version),
    };
    let identity = &services.identity;
    let saved = if id == "new" {
        identity.create_platform_role(permit, &change).await?
    } else {
        identity.change_platform_role(permit, id_of(id)?, &change).await?
    };
    Ok(saved.id.to_string())
}
