//! What payment providers sent, what front ends told, and jobs that failed for good.

use billing::providers::EventRow;
use domain::access::AdminPermit;

use super::{Shown, given, id_of, indented, limit, next_of, searched};
use crate::admin::model::{Action, Cell, Item, Subject, Table, Wanted, link};
use crate::error::AppError;
use crate::routes;
use crate::server_ctx::Services;
use crate::texts::texts;

fn status(status: &str) -> Cell {
    let t = &texts().admin;
    match status {
        "handled" => Cell::Good(t.handled.to_owned()),
        "failed" => Cell::Alarm(t.failed.to_owned()),
        "ignored" => Cell::Quiet(t.ignored.to_owned()),
        _ => Cell::Text(t.received.to_owned()),
    }
}

/// Both parts of a message's key, in one part of an address.
fn key(event: &EventRow) -> String {
    format!("{}~{}", event.provider, event.event_id)
}

pub async fn events(
    services: &Services,
    permit: AdminPermit<'_>,
    wanted: &Wanted,
) -> Result<Table, AppError> {
    let t = &texts().admin;
    let after = if wanted.after.is_empty() { None } else { Some(parts(&wanted.after)?) };
    let state = (!wanted.state.is_empty()).then_some(wanted.state.as_str());
    let mut found = services.billing.find_provider_events(permit, state, after, limit(wanted)).await?;
    let mut table = Table::of(&[t.message, t.provider, t.state, t.outcome, t.attempts, t.received]);
    table.next = next_of(&mut found, wanted, key);
    table.rows = found
        .into_iter()
        .map(|it| {
            vec![
                Cell::Link(it.kind.clone(), routes::admin_item(Subject::ProviderEvents, &key(&it))),
                Cell::Text(it.provider),
                status(&it.status),
                Cell::text(it.outcome),
                Cell::Number(it.attempts.into()),
                Cell::Instant(it.received_at),
            ]
        })
        .collect();
    Ok(table)
}

fn parts(id: &str) -> Result<(&str, &str), AppError> {
    id.split_once('~').filter(|_| !id.contains('\0')).ok_or(AppError::NotFound)
}

pub async fn event(services: &Services, permit: AdminPermit<'_>, id: &str) -> Result<Item, AppError> {
    let t = &texts().admin;
    let (provider, event_id) = parts(id)?;
    let it = services.billing.provider_event(permit, provider, event_id).await?;
    let body = indented(&String::from_utf8_lossy(&it.body));
    Ok(Item {
        title: it.kind,
        state: vec![status(&it.status)],
        facts: vec![
            (t.provider.to_owned(), Cell::Text(it.provider)),
            (t.number.to_owned(), Cell::Text(it.event_id)),
            (t.outcome.to_owned(), Cell::text(it.outcome)),
            (t.attempts.to_owned(), Cell::Number(it.attempts.into())),
            (t.received.to_owned(), Cell::Instant(it.received_at)),
            (t.handled.to_owned(), it.handled_at.map_or(Cell::None, Cell::Instant)),
        ],
        actions: vec![Action::new("replay", t.replay)],
        long_text: Some((t.payload.to_owned(), body)),
        ..Item::default()
    })
}

pub async fn replay(
    services: &Services,
    permit: AdminPermit<'_>,
    id: &str,
    action: &str,
) -> Result<Shown, AppError> {
    if action != "replay" {
        return Err(AppError::NotFound);
    }
    let (provider, event_id) = parts(id)?;
    services.billing.replay(permit, provider, event_id).await?;
    Ok(Shown::Item(id.to_owned()))
}

/// What front ends told. On a page their data is cut to what fits into a row; a file has all of it.
pub async fn client_events(
    services: &Services,
    permit: AdminPermit<'_>,
    wanted: &Wanted,
) -> Result<Table, AppError> {
    let t = &texts().admin;
    let user_id = given(&wanted.account)?;
    let before = given(&wanted.after)?;
    let kind = searched(wanted);
    let mut found =
        services.billing.client_events(permit, user_id, kind.as_deref(), before, limit(wanted)).await?;
    let mut table = Table::of(&[t.event, t.user, t.payload, t.told_at, t.received]);
    table.next = next_of(&mut found, wanted, |it| it.id.to_string());
    let longest = if wanted.rows == 0 { 120 } else { usize::MAX };
    table.rows = found
        .into_iter()
        .map(|it| {
            let data = it.data.map(|data| data.to_string().chars().take(longest).collect::<String>());
            vec![
                Cell::Text(it.kind),
                link(it.user_id.to_string(), Subject::Users, it.user_id),
                Cell::text(data),
                it.told_at.map_or(Cell::None, Cell::Instant),
                Cell::Instant(it.received_at),
            ]
        })
        .collect();
    Ok(table)
}

pub async fn jobs(services: &Services) -> Result<Table, AppError> {
    let t = &texts().admin;
    let found = platform::jobs::admin::dead_letters(&services.database).await.map_err(AppError::from)?;
    let mut table = Table::of(&[t.queue, t.attempts, t.problem, t.made, t.gave_up]);
    table.rows = found
        .into_iter()
        .map(|it| {
            vec![
                Cell::Link(it.queue, routes::admin_item(Subject::Jobs, &it.id.to_string())),
                Cell::Number(it.attempts.into()),
                Cell::text(it.last_error),
                Cell::Instant(it.created_at),
                Cell::Instant(it.died_at),
            ]
        })
        .collect();
    Ok(table)
}

pub async fn job(services: &Services, id: &str) -> Result<Item, AppError> {
    let t = &texts().admin;
    let found = platform::jobs::admin::dead_letters(&services.database).await.map_err(AppError::from)?;
    let it = found.into_iter().find(|it| it.id.to_string() == id).ok_or(AppError::NotFound)?;
    Ok(Item {
        title: it.queue,
        state: vec![Cell::Alarm(t.failed.to_owned())],
        facts: vec![
            (t.attempts.to_owned(), Cell::Number(it.attempts.into())),
            (t.made.to_owned(), Cell::Instant(it.created_at)),
            (t.gave_up.to_owned(), Cell::Instant(it.died_at)),
        ],
        actions: vec![Action::new("retry", t.try_again)],
        long_text: Some((t.problem.to_owned(), it.last_error)),
        ..Item::default()
    })
}

pub async fn act(services: &Services, id: &str, action: &str) -> Result<Shown, AppError> {
    if action != "retry" {
        return Err(AppError::NotFound);
    }
    let now = services.clock.now();
    let is_there =
        platform::jobs::admin::retry(&services.database, id_of(id)?, now).await.map_err(AppError::from)?;
    if is_there { Ok(Shown::List) } else { Err(AppError::NotFound) }
}
