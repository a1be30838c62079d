//! Plug-ins.

use domain::access::AdminPermit;
use plugin_api::{Setting, SettingKind};
use plugin_host::{By, Plugin};
use serde_json::{Map, Value};

use super::{Form, Shown, known};
use crate::admin::model::{Action, Cell, Item, Subject, Table, link};
use crate::error::AppError;
use crate::server_ctx::Services;
use crate::texts::texts;

fn status(plugin: &Plugin) -> Cell {
    let t = &texts().admin;
    if plugin.is_on { Cell::Good(t.enabled.to_owned()) } else { Cell::Quiet(t.disabled.to_owned()) }
}

pub async fn list(services: &Services) -> Result<Table, AppError> {
    let t = &texts().admin;
    services.plugins.load().await?;
    let mut table = Table::of(&[t.name, t.state, t.description, t.plugin_version]);
    table.rows = services
        .plugins
        .list()
        .iter()
        .map(|plugin| {
            let it = plugin.manifest;
            vec![
                link(it.name, Subject::Plugins, it.name),
                status(plugin),
                Cell::Text(it.description.to_owned()),
                Cell::Text(it.version.to_owned()),
            ]
        })
        .collect();
    Ok(table)
}

pub async fn item(services: &Services, name: &str) -> Result<Item, AppError> {
    let t = &texts().admin;
    services.plugins.load().await?;
    let plugin = services.plugins.get(name)?;
    let it = plugin.manifest;
    let values = plugin.config.iter().map(|(key, value)| {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        (key.clone(), text)
    });
    let action =
        if plugin.is_on { Action::new("disable", t.disable) } else { Action::new("enable", t.enable) };
    Ok(Item {
        title: it.name.to_owned(),
        state: vec![status(&plugin)],
        facts: known(vec![
            (t.description.to_owned(), Cell::Text(it.description.to_owned())),
            (t.plugin_version.to_owned(), Cell::Text(it.version.to_owned())),
            (t.plugin_author.to_owned(), Cell::Text(it.author.to_owned())),
            (t.plugin_needs.to_owned(), Cell::text(it.dependencies.join(", "))),
            (t.plugin_when_disabled.to_owned(), Cell::Text(t.plugin_when_disabled_text.to_owned())),
        ]),
        actions: vec![action],
        values: values.collect(),
        options: it.settings.iter().filter_map(choices).collect(),
        ..Item::default()
    })
}

/// The values that a setting offers, each with its name; none for one that is typed.
fn choices(setting: &Setting) -> Option<(String, Vec<(String, String)>)> {
    let SettingKind::Choice { of, .. } = setting.kind else { return None };
    let choices = of.iter().map(|it| (it.value.to_owned(), it.label.to_owned()));
    Some((setting.key.to_owned(), choices.collect()))
}

pub async fn save(
    services: &Services,
    permit: AdminPermit<'_>,
    name: &str,
    form: &Form<'_>,
) -> Result<String, AppError> {
    let plugin = services.plugins.get(name)?;
    let typed = |key: &str| Some((key.to_owned(), Value::from(form.text(key)?)));
    let given: Map<String, Value> = plugin.manifest.settings.iter().filter_map(|it| typed(it.key)).collect();
    services.plugins.configure(By::Admin(permit), name, &given).await?;
    Ok(name.to_owned())
}

pub async fn act(
    services: &Services,
    permit: AdminPermit<'_>,
    name: &str,
    action: &str,
) -> Result<Shown, AppError> {
    let by = By::Admin(permit);
    match action {
        "enable" => services.plugins.enable(by, name).await?,
        "disable" => services.plugins.disable(by, name).await?,
        _ => return Err(AppError::NotFound),
    };
    Ok(Shown::Item(name.to_owned()))
}
