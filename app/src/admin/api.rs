use std::collections::BTreeMap;

use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::model::{Item, Table, Wanted};
#[cfg(feature = "ssr")]
use super::{model::Subject, subjects};
use crate::error::AppError;
#[cfg(feature = "ssr")]
use domain::access::{PlatformPermission, Resource};

/// A part of a list.
#[server(prefix = "/actions", endpoint = "admin-list")]
pub async fn load_list(subject: String, wanted: Wanted) -> Result<Table, AppError> {
    let (services, who) = crate::server_ctx::context()?;
    let subject = named(&subject)?;
    subjects::list(&services, who.platform(PlatformPermission::view(subject.resource()))?, subject, &wanted)
        .await
}

/// One thing, or the empty form of a new one.
#[server(prefix = "/actions", endpoint = "admin-item")]
pub async fn load_item(subject: String, id: String) -> Result<Item, AppError> {
    let (services, who) = crate::server_ctx::context()?;
    let subject = named(&subject)?;
    let permit = who.platform(PlatformPermission::view(subject.resource()))?;
    let mut item = subjects::item(&services, permit, subject, &id).await?;
    if !who.actor.has(PlatformPermission::manage(subject.resource())) {
        item.values.clear();
        item.actions.clear();
    }
    Ok(item)
}

/// Makes a new thing, or changes the one with this id, if nobody did since `version` was read.
#[server(prefix = "/actions", endpoint = "admin-save")]
pub async fn save_item(
    subject: String,
    id: String,
    version: i32,
    #[server(default)] fields: BTreeMap<String, String>,
) -> Result<(), AppError> {
    use crate::server_ctx as ctx;
    let (services, who) = ctx::context()?;
    let subject = named(&subject)?;
    let permit = who.platform(PlatformPermission::manage(subject.resource()))?;
    let saved = subjects::save(&services, permit, subject, &id, version, &fields).await?;
    ctx::go_to(&crate::routes::admin_item(subject, &saved), Some(ctx::Notice::new("saved")));
    Ok(())
}

/// Does something with a thing.
#[server(prefix = "/actions", endpoint = "admin-act")]
pub async fn act(
    subject: String,
    id: String,
    action: String,
    #[server(default)] said: String,
) -> Result<(), AppError> {
    use crate::server_ctx as ctx;
    let (services, who) = ctx::context()?;
    let subject = named(&subject)?;
    let shown = subjects::act(&services, &who, subject, &id, &action, &said).await?;
    let page = match shown {
        subjects::Shown::Item(id) => crate::routes::admin_item(subject, &id),
        subjects::Shown::Of(subject, id) => crate::routes::admin_item(subject, &id),
        subjects::Shown::List => crate::routes::admin_list(subject),
        subjects::Shown::Home => {
            ctx::go_to(crate::routes::TODAY, None);
            return Ok(());
        }
    };
    ctx::go_to(&page, Some(ctx::Notice::new("done")));
    Ok(())
}

#[cfg(feature = "ssr")]
fn named(subject: &str) -> Result<Subject, AppError> {
    subject.parse().map_err(|()| AppError::NotFound)
}

/// Acts as oneself again, after acting in somebody's name.
#[server(prefix = "/actions", endpoint = "stop-acting")]
pub async fn stop_acting() -> Result<(), AppError> {
    use crate::server_ctx as ctx;
    let (services, who) = ctx::context()?;
    services.identity.stop_acting(&who.actor, who.session_id).await?;
    let company = who.actor.organisation_id.filter(|_| who.actor.impersonated_by.is_some());
    let page = match company {
        Some(id) => crate::routes::admin_item(Subject::Companies, &id.to_string()),
        None => crate::routes::ADMIN.to_owned(),
    };
    ctx::go_to(&page, None);
    Ok(())
}

/// A figure of the platform: its name, itself, and the change in percent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Figure {
    /// What it is called.
    pub name: String,
    /// What it is.
    pub value: String,
    /// The change against the 30 days before, in hundredths of a percent.
    pub change: i64,
    /// Whether more is worse.
    pub is_worse_up: bool,
}

/// The figures, and how they were in each of the last twelve months and in those of the year before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Business {
    /// The figures.
    pub figures: Vec<Figure>,
    /// A chart for each of the figures that have a history: its name, and its months.
    pub charts: Vec<(String, Vec<Month>)>,
    /// What somebody should look at: name, number and address.
    pub attention: Vec<(String, i64, String)>,
}

/// A month of a chart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Month {
    /// `Nov`.
    pub name: String,
    /// What it was, for reading.
    pub text: String,
    /// What it was.
    pub value: i64,
    /// What it was a year before, for reading.
    pub before_text: String,
    /// What it was a year before.
    pub before: i64,
}

/// How business goes.
#[server(prefix = "/actions", endpoint = "admin-business")]
pub async fn load_business() -> Result<Business, AppError> {
    let (services, who) = crate::server_ctx::context()?;
    subjects::business(&services, who.platform(PlatformPermission::view(Resource::Analytics))?).await
}

/// A mail as customers get it: its kind, its subject and its text.
#[server(prefix = "/actions", endpoint = "admin-mails")]
pub async fn load_mails() -> Result<Vec<(String, String, String)>, AppError> {
    let (_, who) = crate::server_ctx::context()?;
    who.platform(PlatformPermission::view(Resource::Settings))?;
    let mails = subjects::mails().await.into_iter();
    Ok(mails.map(|(kind, message)| (kind.to_owned(), message.subject, message.text)).collect())
}
