//! Plug-ins (spec 5.12).

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Path, State};
use plugin_api::{Choice, SettingKind};
use plugin_host::{By, Plugin};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{ReadRefusals, WriteRefusals};
use crate::api::v1::caller::{Admin, Body};
use crate::problem::Problem;
use crate::state::AppState;

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(get))
        .routes(routes!(configure))
        .routes(routes!(enable))
        .routes(routes!(disable))
}

/// A plug-in.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PluginOut {
    name: &'static str,
    version: &'static str,
    author: &'static str,
    description: &'static str,
    /// `active` or `inactive`.
    status: &'static str,
    dependencies: &'static [&'static str],
    has_config: bool,
}

impl From<&Plugin> for PluginOut {
    fn from(plugin: &Plugin) -> Self {
        let it = plugin.manifest;
        Self {
            name: it.name,
            version: it.version,
            author: it.author,
            description: it.description,
            status: if plugin.is_on { "active" } else { "inactive" },
            dependencies: it.dependencies,
            has_config: !it.settings.is_empty(),
        }
    }
}

/// Plug-ins.
#[derive(Debug, Serialize, ToSchema)]
pub struct PluginsOut {
    plugins: Vec<PluginOut>,
}

/// What a setting holds.
#[derive(Debug, Serialize, ToSchema)]
pub struct SettingOut {
    /// `string` or `integer`.
    #[serde(rename = "type")]
    kind: &'static str,
    default: Value,
    description: &'static str,
}

/// A field of the form of settings.
#[derive(Debug, Serialize, ToSchema)]
pub struct SettingFieldOut {
    key: &'static str,
    label: &'static str,
    /// `text`, `number` or `select`.
    component: &'static str,
    description: &'static str,
    /// What a `select` offers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    options: Vec<SettingOptionOut>,
}

/// A value that a field offers.
#[derive(Debug, Serialize, ToSchema)]
pub struct SettingOptionOut {
    value: &'static str,
    label: &'static str,
}

impl From<&Choice> for SettingOptionOut {
    fn from(choice: &Choice) -> Self {
        Self { value: choice.value, label: choice.label }
    }
}

/// A part of the form of settings.
#[derive(Debug, Serialize, ToSchema)]
pub struct SettingTabOut {
    id: &'static str,
    label: &'static str,
    fields: Vec<SettingFieldOut>,
}

/// The form of settings.
#[derive(Debug, Serialize, ToSchema)]
pub struct SettingFormOut {
    tabs: Vec<SettingTabOut>,
}

/// A plug-in with its settings.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PluginDetailOut {
    #[serde(flatten)]
    plugin: PluginOut,
    config_schema: BTreeMap<&'static str, SettingOut>,
    admin_config: SettingFormOut,
    /// Every setting as it stands: what was set, else its default.
    #[schema(value_type = Object)]
    saved_config: Map<String, Value>,
}

impl From<Plugin> for PluginDetailOut {
    fn from(plugin: Plugin) -> Self {
        let settings = plugin.manifest.settings;
        let schema = settings.iter().map(|setting| {
            let (kind, default) = match setting.kind {
                SettingKind::Text { default, .. } | SettingKind::Choice { default, .. } => {
                    ("string", Value::from(default))
                }
                SettingKind::Integer { default, .. } => ("integer", Value::from(default)),
            };
            (setting.key, SettingOut { kind, default, description: setting.description })
        });
        let fields: Vec<SettingFieldOut> = settings
            .iter()
            .map(|setting| SettingFieldOut {
                key: setting.key,
                label: setting.label,
                component: match setting.kind {
                    SettingKind::Text { .. } => "text",
                    SettingKind::Integer { .. } => "number",
                    SettingKind::Choice { .. } => "select",
                },
                description: setting.description,
                options: match setting.kind {
                    SettingKind::Choice { of, .. } => of.iter().map(SettingOptionOut::from).collect(),
                    _ => Vec::new(),
                },
            })
            .collect();
        let tabs = if fields.is_empty() {
            Vec::new()
        } else {
            vec![SettingTabOut { id: "general", label: "General", fields }]
        };
        Self {
            plugin: PluginOut::from(&plugin),
            config_schema: schema.collect(),
            admin_config: SettingFormOut { tabs },
            saved_config: plugin.config,
        }
    }
}

/// What was done.
#[derive(Debug, Serialize, ToSchema)]
pub struct SwitchedOut {
    message: &'static str,
    /// `enabled` or `disabled`.
    status: &'static str,
}

/// All plug-ins.
#[utoipa::path(get, path = "/", tag = "v1 admin plugins", security(("bearer" = [])), responses((status = 200, body = PluginsOut), ReadRefusals))]
async fn list(State(state): State<AppState>, admin: Admin) -> Result<Json<PluginsOut>, Problem> {
    admin.permit()?;
    state.services.plugins.load().await?;
    Ok(Json(PluginsOut { plugins: state.services.plugins.list().iter().map(PluginOut::from).collect() }))
}

/// One plug-in with its settings.
#[utoipa::path(
    get, path = "/{name}", tag = "v1 admin plugins", security(("bearer" = [])), params(("name" = String, Path)),
    responses((status = 200, body = PluginDetailOut), ReadRefusals)
)]
async fn get(
    State(state): State<AppState>,
    admin: Admin,
    Path(name): Path<String>,
) -> Result<Json<PluginDetailOut>, Problem> {
    admin.permit()?;
    state.services.plugins.load().await?;
    Ok(Json(state.services.plugins.get(&name)?.into()))
}

/// Sets what is given; what is not stays as it is.
#[utoipa::path(
    put, path = "/{name}/config", tag = "v1 admin plugins", security(("bearer" = [])), params(("name" = String, Path)),
    request_body = Object, responses((status = 200, body = PluginDetailOut), WriteRefusals)
)]
async fn configure(
    State(state): State<AppState>,
    admin: Admin,
    Path(name): Path<String>,
    Body(config): Body<Map<String, Value>>,
) -> Result<Json<PluginDetailOut>, Problem> {
    let by = By::Admin(admin.permit()?);
    Ok(Json(state.services.plugins.configure(by, &name, &config).await?.into()))
}

/// Switches a plug-in on. The plug-ins that it needs have to be on.
#[utoipa::path(
    post, path = "/{name}/enable", tag = "v1 admin plugins", security(("bearer" = [])), params(("name" = String, Path)),
    responses((status = 200, body = SwitchedOut), WriteRefusals)
)]
async fn enable(
    State(state): State<AppState>,
    admin: Admin,
    Path(name): Path<String>,
) -> Result<Json<SwitchedOut>, Problem> {
    state.services.plugins.enable(By::Admin(admin.permit()?), &name).await?;
    Ok(Json(SwitchedOut { message: "Plugin enabled", status: "enabled" }))
}

/// Switches a plug-in off: from now on its paths answer 404. No plug-in that is on may need it.
#[utoipa::path(
    post, path = "/{name}/disable", tag = "v1 admin plugins", security(("bearer" = [])), params(("name" = String, Path)),
    responses((status = 200, body = SwitchedOut), WriteRefusals)
)]
async fn disable(
    State(state): State<AppState>,
    admin: Admin,
    Path(name): Path<String>,
) -> Result<Json<SwitchedOut>, Problem> {
    state.services.plugins.disable(By::Admin(admin.permit()?), &name).await?;
    Ok(Json(SwitchedOut { message: "Plugin disabled", status: "disabled" }))
}
