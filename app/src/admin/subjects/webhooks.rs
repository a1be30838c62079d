//! Whom we tell what happens, and what became of it.

use billing::webhooks::{Delivery, DeliveryQuery, EndpointChange, new_secret};
use domain::access::AdminPermit;
use domain::billing::webhook::DeliveryStatus;

use super::{Form, Shown, given, id_of, indented, known, limit, next_of, of_one, on, searched, values};
use crate::admin::model::{Action, Cell, Item, Subject, Table, Wanted, link};
use crate::error::AppError;
use crate::server_ctx::Services;
use crate::texts::{fill, texts};

/// How many deliveries an endpoint's page shows.
const SHOWN: i64 = 20;

pub async fn list(services: &Services, permit: AdminPermit<'_>) -> Result<Table, AppError> {
    let t = &texts().admin;
    let mut table = Table::of(&[t.webhook_url, t.description, t.webhook_events, t.state, t.since]);
    table.rows = services
        .webhooks
        .endpoints(permit)
        .await?
        .into_iter()
        .map(|it| {
            vec![
                link(it.url, Subject::Webhooks, it.id),
                Cell::text(it.description),
                Cell::Text(it.events.join("\n")),
                Cell::active(it.is_active),
                Cell::Day(it.created_at),
            ]
        })
        .collect();
    Ok(table)
}

pub async fn item(services: &Services, permit: AdminPermit<'_>, id: &str) -> Result<Item, AppError> {
    let t = &texts().admin;
    if id == "new" {
        let values = values([
            ("url", "https://".to_owned()),
            ("events", "*".to_owned()),
            ("secret", new_secret()),
            ("is_active", on(true)),
        ]);
        return Ok(Item { values, ..Item::default() });
    }
    let it = services.webhooks.endpoint(permit, id_of(id)?).await?;
    let query = DeliveryQuery { endpoint_id: Some(it.id), limit: SHOWN, ..DeliveryQuery::default() };
    let deliveries = services.webhooks.deliveries(permit, &query).await?;
    let mut actions = Vec::new();
    if it.is_active {
        actions.push(Action::new("test", t.webhook_test));
    }
    actions.push(Action::new("secret", t.webhook_new_secret).with(t.webhook_secret_help, &new_secret()));
    actions.push(Action::last("delete", t.delete));
    let form = [
        ("url", it.url.clone()),
        ("description", it.description.clone()),
        ("events", it.events.join("\n")),
        ("is_active", on(it.is_active)),
    ];
    Ok(Item {
        title: if it.description.is_empty() { it.url.clone() } else { it.description },
        state: vec![Cell::active(it.is_active)],
        facts: vec![
            (t.webhook_url.to_owned(), Cell::Text(it.url)),
            (t.webhook_events.to_owned(), Cell::Text(it.events.join("\n"))),
            (t.since.to_owned(), Cell::Day(it.created_at)),
            (t.changed.to_owned(), Cell::Instant(it.updated_at)),
        ],
        tables: vec![(t.deliveries.to_owned(), table_of(deliveries))],
        actions,
        links: vec![(t.deliveries.to_owned(), of_one(Subject::Deliveries, it.id))],
        values: values(form),
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
    let kinds = form.text("events").unwrap_or_default();
    let kinds = kinds.split([',', '\n']).map(str::trim).filter(|kind| !kind.is_empty());
    let change = EndpointChange {
        url: form.text("url"),
        description: form.text("description"),
        events: Some(kinds.map(str::to_owned).collect()),
        is_active: form.ticked("is_active"),
        version: (id != "new").then_some(version),
    };
    if id == "new" {
        let (made, _) =
            services.webhooks.create_endpoint(permit, &change, form.given("secret").as_deref()).await?;
        return Ok(made.id.to_string());
    }
    Ok(services.webhooks.change_endpoint(permit, id_of(id)?, &change).await?.id.to_string())
}

pub async fn act(
    services: &Services,
    permit: AdminPermit<'_>,
    id: &str,
    action: &str,
    said: &str,
) -> Result<Shown, AppError> {
    let endpoint_id = id_of(id)?;
    match action {
        "test" => {
            let sent = services.webhooks.test_endpoint(permit, endpoint_id).await?;
            return Ok(Shown::Of(Subject::Deliveries, sent.id.to_string()));
        }
        "secret" => {
            services.webhooks.rotate_secret(permit, endpoint_id, Some(said)).await?;
        }
        "delete" => {
            services.webhooks.delete_endpoint(permit, endpoint_id).await?;
            return Ok(Shown::List);
        }
        _ => return Err(AppError::NotFound),
    }
    Ok(Shown::Item(id.to_owned()))
}

fn status(status: DeliveryStatus) -> Cell {
    let t = &texts().admin;
    match status {
        DeliveryStatus::Pending => Cell::Text(t.pending.to_owned()),
        DeliveryStatus::Succeeded => Cell::Good(t.succeeded.to_owned()),
        DeliveryStatus::Failed => Cell::Alarm(t.failed.to_owned()),
    }
}

/// What an endpoint answered, or why it did not.
fn answer(delivery: &Delivery) -> Cell {
    let status = delivery.response_status.map(|status| status.to_string());
    Cell::text(status.or_else(|| delivery.error.clone()))
}

fn table_of(deliveries: Vec<Delivery>) -> Table {
    let t = &texts().admin;
    let mut table = Table::of(&[t.event, t.state, t.attempts, t.http_status, t.next_attempt, t.made]);
    table.rows = deliveries
        .into_iter()
        .map(|it| {
            let answer = answer(&it);
            vec![
                link(it.kind, Subject::Deliveries, it.id),
                status(it.status),
                Cell::Number(it.attempts.into()),
                answer,
                it.next_attempt_at.map_or(Cell::None, Cell::Instant),
                Cell::Instant(it.created_at),
            ]
        })
        .collect();
    table
}

pub async fn deliveries(
    services: &Services,
    permit: AdminPermit<'_>,
    wanted: &Wanted,
) -> Result<Table, AppError> {
    let query = DeliveryQuery {
        endpoint_id: given(&wanted.account)?,
        status: given(&wanted.state)?,
        kind: searched(wanted),
        before: given(&wanted.after)?,
        limit: limit(wanted),
    };
    let mut found = services.webhooks.deliveries(permit, &query).await?;
    let next = next_of(&mut found, wanted, |it| it.id.to_string());
    Ok(Table { next, ..table_of(found) })
}

pub async fn delivery(services: &Services, permit: AdminPermit<'_>, id: &str) -> Result<Item, AppError> {
    let t = &texts().admin;
    let it = services.webhooks.delivery(permit, id_of(id)?).await?;
    let endpoint = services.webhooks.endpoint(permit, it.endpoint_id).await?;
    let instant = |at: Option<_>| at.map_or(Cell::None, Cell::Instant);
    let took = it.duration_ms.map(|number| fill(t.milliseconds, &[("number", &number.to_string())]));
    Ok(Item {
        state: vec![status(it.status)],
        facts: known(vec![
            (t.webhook.to_owned(), link(endpoint.url, Subject::Webhooks, endpoint.id)),
            (t.number.to_owned(), Cell::Text(it.event_id.to_string())),
            (t.attempts.to_owned(), Cell::Number(it.attempts.into())),
            (t.http_status.to_owned(), answer(&it)),
            (t.answered_body.to_owned(), Cell::text(it.response_body)),
            (t.duration.to_owned(), Cell::text(took)),
            (t.last_attempt.to_owned(), instant(it.last_attempt_at)),
            (t.next_attempt.to_owned(), instant(it.next_attempt_at)),
            (t.made.to_owned(), Cell::Instant(it.created_at)),
        ]),
        title: it.kind,
        actions: if endpoint.is_active { vec![Action::new("retry", t.deliver_again)] } else { Vec::new() },
        long_text: it.body.map(|body| (t.sent_body.to_owned(), indented(&body))),
        ..Item::default()
    })
}

pub async fn act_on_delivery(
    services: &Services,
    permit: AdminPermit<'_>,
    id: &str,
    action: &str,
) -> Result<Shown, AppError> {
    if action != "retry" {
        return Err(AppError::NotFound);
    }
    services.webhooks.retry_delivery(permit, id_of(id)?).await?;
    Ok(Shown::Item(id.to_owned()))
}
