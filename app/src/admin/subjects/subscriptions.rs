use billing::lists::Search;
use billing::subscriptions::managed::NewSubscription;
use domain::access::AdminPermit;
use domain::billing::{BillingPeriod, SubscriptionState};
use domain::ids::SubscriptionId;

use super::{Form, Shown, given, id_of, known, limit, next_of, searched, values};
use crate::account::show::period;
use crate::admin::model::{Action, Cell, Item, Subject, Table, Wanted, link};
use crate::error::AppError;
use crate::server_ctx::Services;
use crate::shared::show;
use crate::texts::texts;

pub async fn list(services: &Services, permit: AdminPermit<'_>, wanted: &Wanted) -> Result<Table, AppError> {
    let t = &texts().admin;
    let search = Search {
        status: given(&wanted.state)?,
        account_id: given(&wanted.account)?,
        text: searched(wanted),
        after: given(&wanted.after)?,
        limit: limit(wanted),
    };
    let mut found = services.billing.find_subscriptions(permit, &search).await?;
    let mut table = Table::of(&[t.plan, t.customer, t.state, t.began, t.until]);
    table.next = next_of(&mut found, wanted, |row| row.id.to_string());
    table.rows = found
        .into_iter()
        .map(|row| {
            vec![
                link(row.plan, Subject::Subscriptions, row.id),
                Cell::text(row.owner),
                Cell::Subscription(row.status),
                Cell::day(row.started_at),
                Cell::day(row.expires_at),
            ]
        })
        .collect();
    Ok(table)
}

/// Invoices as they stand beside what they are for.
pub fn invoice_table(invoices: Vec<billing::invoices::Invoice>) -> Table {
    let t = &texts().admin;
    let mut table = Table::of(&[t.number, t.date, t.state, t.total]);
    table.rows = invoices
        .into_iter()
        .map(|invoice| {
            vec![
                link(invoice.number, Subject::Invoices, invoice.id),
                Cell::Day(invoice.invoiced_at),
                Cell::Invoice(invoice.status),
                Cell::Money(invoice.totals.total),
            ]
        })
        .collect();
    table
}

pub async fn item(services: &Services, permit: AdminPermit<'_>, id: &str) -> Result<Item, AppError> {
    let t = &texts().admin;
    if id == "new" {
        let plans = services.billing.managed_plans(permit).await?.into_iter();
        let options = plans
            // Modules are for companies, which buy them in the store.
            .filter(|managed| managed.plan.is_active && managed.plan.module.is_none())
            .map(|managed| {
                (
                    managed.plan.id.to_string(),
                    format!("{} · {}", managed.plan.name, show::money(managed.plan.price)),
                )
            })
            .collect();
        return Ok(Item {
            values: values([("months", String::new())]),
            options: [("plan_id".to_owned(), options)].into(),
            ..Item::default()
        });
    }
    let (managed, invoices) = services.billing.managed_subscription(permit, id_of(id)?).await?;
    let it = managed.subscription;
    let status = it.state.status();
    let owner = match managed.user_email {
        Some(email) => link(email, Subject::Users, it.account_id),
        None => super::invoices::company(services, permit, it.account_id).await?,
    };
    let mut actions = Vec::new();
    match it.state {
        SubscriptionState::Active { .. } => {
            actions.push(Action::new("extend", t.extend).with(t.days, "30"));
            actions.push(Action::last("cancel", t.cancel_subscription));
            actions.push(Action::last("refund", t.refund_subscription).with(t.reason, ""));
        }
        SubscriptionState::Pending => {
            actions.push(Action::new("activate", t.activate));
            actions.push(Action::last("cancel", t.cancel_subscription));
        }
        // A trial becomes a subscription by paying for it.
        SubscriptionState::Trialing { .. } | SubscriptionState::Paused { .. } => {
            actions.push(Action::last("cancel", t.cancel_subscription));
        }
        SubscriptionState::Cancelled { .. } | SubscriptionState::Expired { .. } => {}
    }
    let price = if it.plan.billing_period == BillingPeriod::OneTime {
        show::money(it.plan.price)
    } else {
        format!("{}, {}", show::money(it.plan.price), period(it.plan.billing_period))
    };
    Ok(Item {
        title: it.plan.name.clone(),
        state: vec![Cell::Subscription(status)],
        facts: known(vec![
            (t.customer.to_owned(), owner),
            (t.plan.to_owned(), link(it.plan.name, Subject::Plans, it.plan.id)),
            (t.price.to_owned(), Cell::Text(price)),
            (t.began.to_owned(), Cell::day(it.state.columns().started_at)),
            (t.until.to_owned(), Cell::day(it.state.expires_at())),
            (t.next_plan.to_owned(), Cell::text(it.pending_plan.map(|(_, name)| name))),
            (t.module.to_owned(), Cell::text(it.module)),
            (t.at_provider.to_owned(), Cell::text(it.provider_subscription_id)),
            (t.ordered.to_owned(), Cell::Instant(it.created_at)),
        ]),
        tables: vec![(t.invoices.to_owned(), invoice_table(invoices))],
        actions,
        ..Item::default()
    })
}

pub async fn save(services: &Services, permit: AdminPermit<'_>, form: &Form<'_>) -> Result<String, AppError> {
    if !form.is_new {
        return Err(AppError::NotFound);
    }
    let email = form.given("email").ok_or_else(|| AppError::Said(texts().admin.who_is_missing.to_owned()))?;
    let account_id = services.billing.account_of_address(permit, &email).await?;
    let account_id = account_id.ok_or_else(|| AppError::Said(texts().admin.nobody_has_address.to_owned()))?;
    let new = NewSubscription {
        account_id,
        plan_id: id_of(&form.text("plan_id").unwrap_or_default())?,
        started_at: None,
        is_trial: form.ticked("is_trial").unwrap_or(false),
        months: form.number("months")?,
    };
    let (made, _) = services.billing.create_subscription(permit, &new).await?;
    Ok(made.subscription.id.to_string())
}

pub async fn act(
    services: &Services,
    permit: AdminPermit<'_>,
    id: &str,
    action: &str,
    said: &str,
) -> Result<Shown, AppError> {
    let (billing, subscription_id): (_, SubscriptionId) = (&services.billing, id_of(id)?);
    match action {
        "extend" => {
            let days =
                said.trim().parse().map_err(|_| AppError::Said("days must be a whole number".to_owned()))?;
            billing.extend_subscription(permit, subscription_id, days).await?;
        }
        "cancel" => {
            billing.cancel_subscription(permit, subscription_id).await?;
        }
        "activate" => {
            billing.activate_subscription(permit, subscription_id).await?;
        }
        "refund" => {
            billing.refund_subscription(permit, subscription_id, said).await?;
        }
        _ => return Err(AppError::NotFound),
    }
    Ok(Shown::Item(id.to_owned()))
}
