//! How business goes, and what should be looked at.

use billing::history::MonthOfBusiness;
use domain::access::AdminPermit;

use crate::admin::api::{Business, Figure, Month};
use crate::admin::model::{Subject, Wanted};
use crate::error::AppError;
use crate::routes;
use crate::server_ctx::Services;
use crate::shared::show;
use crate::texts::texts;

/// This year's months, each with the one a year before.
fn compared(
    months: &[MonthOfBusiness],
    value: impl Fn(&MonthOfBusiness) -> i64,
    text: impl Fn(&MonthOfBusiness) -> String,
) -> Vec<Month> {
    let (before, present) = months.split_at(months.len() / 2);
    present
        .iter()
        .zip(before)
        .map(|(now, before)| Month {
            name: now.month.format("%b").to_string(),
            value: value(now),
            text: text(now),
            before: value(before),
            before_text: text(before),
        })
        .collect()
}

/// `12.5 %`.
fn percent(hundredths: i64) -> String {
    format!("{}.{} %", hundredths / 100, hundredths % 100 / 10)
}

pub async fn business(services: &Services, permit: AdminPermit<'_>) -> Result<Business, AppError> {
    let t = &texts().admin;
    let billing = &services.billing;
    let it = billing.dashboard(permit).await?;
    let months = billing.months(permit).await?;
    let failed = billing.failed_provider_events(permit).await?;
    let unsettled = billing.unsettled(permit).await?;
    let dead = platform::jobs::admin::figures(&services.database, services.clock.now())
        .await
        .map_err(AppError::from)?
        .dead;
    let held_up = platform::outbox::held_up(&services.database).await.map_err(AppError::from)?;
    let figure = |name: &str, value: String, change: i64, is_worse_up: bool| Figure {
        name: name.to_owned(),
        value,
        change,
        is_worse_up,
    };
    let of_state = |subject: Subject, state: &str| {
        routes::admin_wanted(subject, &Wanted { state: state.to_owned(), ..Wanted::default() })
    };
    Ok(Business {
        figures: vec![
            figure(t.mrr, show::money(it.mrr.total), it.mrr.change_hundredths(), false),
            figure(t.revenue, show::money(it.revenue.total), it.revenue.change_hundredths(), false),
            figure(
                t.active_subscriptions,
                show::number(it.active_subscriptions.total),
                it.active_subscriptions.change_hundredths(),
                false,
            ),
            figure(
                t.new_customers,
                show::number(it.user_growth.total),
                it.user_growth.change_hundredths(),
                false,
            ),
            figure(t.arpu, show::money(it.arpu.total), it.arpu.change_hundredths(), false),
            figure(
                t.conversion,
                format!("{} %", it.conversion.total),
                it.conversion.change_hundredths(),
                false,
            ),
            figure(t.churn, format!("{} %", it.churn.total), it.churn.change_hundredths(), true),
        ],
        charts: [
            (t.revenue_by_month, compared(&months, |it| it.revenue.minor, |it| show::money(it.revenue))),
            (t.customers_by_month, compared(&months, |it| it.customers, |it| show::number(it.customers))),
            (t.mrr_by_month, compared(&months, |it| it.mrr.minor, |it| show::money(it.mrr))),
            (t.arpu_by_month, compared(&months, |it| it.arpu.minor, |it| show::money(it.arpu))),
            (t.conversion_by_month, compared(&months, |it| it.conversion, |it| percent(it.conversion))),
            (t.churn_by_month, compared(&months, |it| it.churn, |it| percent(it.churn))),
        ]
        .into_iter()
        .map(|(name, months)| (name.to_owned(), months))
        .collect(),
        attention: [
            (t.failed_messages, failed, of_state(Subject::ProviderEvents, "failed")),
            (t.failed_jobs, dead, of_state(Subject::Jobs, "dead")),
            (t.held_up_events, held_up, of_state(Subject::Jobs, "events")),
            (t.disputes, unsettled.disputed, of_state(Subject::Invoices, "disputed")),
            (t.partial_refunds, unsettled.partly_refunded, of_state(Subject::Invoices, "partly_refunded")),
        ]
        .into_iter()
        .filter(|(_, count, _)| *count > 0)
        .map(|(name, count, href)| (name.to_owned(), count, href))
        .collect(),
    })
}

/// Every kind of mail, with invented facts: what it is called, and itself.
pub async fn mails() -> Vec<(&'static str, platform::mail::Message)> {
    let others = billing::mails::drawn_previews().await.into_iter();
    let others = others.map(|preview| (preview.kind, preview.message));
    let confirmation = ("booking_confirmed", pms::bookings::confirmation_preview());
    identity::mails::previews().into_iter().chain([confirmation]).chain(others).collect()
}
