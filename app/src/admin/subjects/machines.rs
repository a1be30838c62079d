//! What payment providers sent, what front ends told, and jobs.

use billing::providers::EventRow;
use domain::access::AdminPermit;
use platform::audit::{self, Deed};
use platform::jobs::admin::{self as jobs, JobQuery};
use platform::outbox::Cursor;

use super::{Shown, given, id_of, indented, known, limit, next_of, searched};
use crate::admin::model::{Action, Cell, Item, Subject, Table, Wanted, link};
use crate::error::AppError;
use crate::routes;
use crate::server_ctx::Services;
use crate::shared::show;
use crate::texts::{fill, texts};

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
    let text = searched(wanted);
    let mut found =
        services.billing.find_provider_events(permit, state, text.as_deref(), after, limit(wanted)).await?;
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

fn job_status(status: &str) -> Cell {
    let t = &texts().admin;
    match status {
        "dead" => Cell::Alarm(t.job_dead.to_owned()),
        "running" => Cell::Text(t.job_running.to_owned()),
        "done" => Cell::Good(t.job_done.to_owned()),
        _ => Cell::Text(t.pending.to_owned()),
    }
}

/// What is done again and again.
async fn crons(services: &Services, name: &str) -> Result<Vec<Vec<Cell>>, AppError> {
    let t = &texts().admin;
    let crons = jobs::crons(&services.database).await.map_err(AppError::from)?;
    let row = |(name, at)| {
        let mut row = vec![Cell::Text(name), Cell::Text(t.job_cron.to_owned())];
        row.extend([Cell::None, Cell::None, Cell::None, Cell::None, Cell::Instant(at)]);
        row
    };
    Ok(crons.into_iter().filter(|(cron, _)| cron.to_lowercase().contains(name)).map(row).collect())
}

/// How far those are who are told of events.
async fn listeners(services: &Services, name: &str) -> Result<Vec<Vec<Cell>>, AppError> {
    let t = &texts().admin;
    let cursors = platform::outbox::cursors(&services.database).await.map_err(AppError::from)?;
    let row = |it: Cursor| {
        let state = match (it.failures, it.behind) {
            (0, 0) => Cell::Good(t.up_to_date.to_owned()),
            (0, behind) => Cell::Text(fill(t.behind, &[("n", &show::number(behind))])),
            _ => Cell::Alarm(t.held_up.to_owned()),
        };
        vec![
            Cell::Text(it.consumer),
            state,
            Cell::Number(it.failures.into()),
            beginning(it.last_error),
            Cell::None,
            it.retry_at.map_or(Cell::None, Cell::Instant),
            Cell::None,
        ]
    };
    Ok(cursors.into_iter().filter(|it| it.consumer.to_lowercase().contains(name)).map(row).collect())
}

/// As much of a problem as a list shows.
fn beginning(problem: Option<String>) -> Cell {
    Cell::text(problem.map(|text| text.chars().take(200).collect::<String>()))
}

/// Jobs in any state, what is done again and again, or how far those are who are told of events.
pub async fn jobs(services: &Services, wanted: &Wanted) -> Result<Table, AppError> {
    let t = &texts().admin;
    let mut table = Table::of(&[t.queue, t.state, t.attempts, t.problem, t.made, t.due_at, t.finished]);
    let name = searched(wanted).unwrap_or_default().to_lowercase();
    match wanted.state.as_str() {
        "cron" => {
            table.rows = crons(services, &name).await?;
            return Ok(table);
        }
        "events" => {
            table.rows = listeners(services, &name).await?;
            return Ok(table);
        }
        _ => {}
    }
    let query = JobQuery {
        status: (!wanted.state.is_empty()).then(|| wanted.state.clone()),
        queue: searched(wanted),
        after: given(&wanted.after)?,
        limit: limit(wanted),
    };
    let mut found = jobs::find(&services.database, &query).await.map_err(AppError::from)?;
    table.next = next_of(&mut found, wanted, |it| it.id.to_string());
    table.rows = found
        .into_iter()
        .map(|it| {
            vec![
                link(it.queue, Subject::Jobs, it.id),
                job_status(&it.status),
                Cell::Number(it.attempts.into()),
                beginning(it.last_error),
                Cell::Instant(it.created_at),
                Cell::Instant(it.run_at),
                it.finished_at.map_or(Cell::None, Cell::Instant),
            ]
        })
        .collect();
    Ok(table)
}

pub async fn job(services: &Services, id: &str) -> Result<Item, AppError> {
    let t = &texts().admin;
    let found = jobs::job(&services.database, id_of(id)?).await.map_err(AppError::from)?;
    let it = found.ok_or(AppError::NotFound)?;
    let is_dead = it.status == "dead";
    Ok(Item {
        title: it.queue,
        state: vec![job_status(&it.status)],
        facts: known(vec![
            (t.attempts.to_owned(), Cell::Number(it.attempts.into())),
            (t.made.to_owned(), Cell::Instant(it.created_at)),
            (t.due_at.to_owned(), Cell::Instant(it.run_at)),
            (t.finished.to_owned(), it.finished_at.map_or(Cell::None, Cell::Instant)),
        ]),
        actions: if is_dead {
            vec![Action::new("retry", t.try_again), Action::last("discard", t.discard)]
        } else {
            Vec::new()
        },
        long_text: it.last_error.map(|error| (t.problem.to_owned(), error)),
        ..Item::default()
    })
}

/// Has a job tried again, or drops it. Jobs are the worker's, and the log is the admin's: what is written down is
/// committed once it is done.
pub async fn act(
    services: &Services,
    permit: AdminPermit<'_>,
    id: &str,
    action: &str,
) -> Result<Shown, AppError> {
    let (now, job_id) = (services.clock.now(), id_of(id)?);
    let name = match action {
        "retry" => "job.retried",
        "discard" => "job.discarded",
        _ => return Err(AppError::NotFound),
    };
    let job = jobs::job(&services.database, job_id).await.map_err(AppError::from)?;
    let job = job.ok_or(AppError::NotFound)?;
    let deed = Deed {
        organisation_id: None,
        hotel_id: None,
        user_id: Some(permit.actor().user_id),
        action: name,
        subject: Some(job_id),
        facts: serde_json::json!({ "queue": job.queue }),
    };
    let mut transaction = services.database.begin_admin(&permit).await.map_err(AppError::from)?;
    audit::record(&mut *transaction, deed, now).await.map_err(AppError::from)?;
    let was_dead = match action {
        "retry" => jobs::retry(&services.database, job_id, now).await,
        _ => jobs::discard(&services.database, job_id).await,
    };
    if !was_dead.map_err(AppError::from)? {
        return Err(AppError::NotFound);
    }
    transaction.commit().await.map_err(AppError::from)?;
    Ok(Shown::List)
}
