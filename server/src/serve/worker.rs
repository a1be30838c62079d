//! Who carries out which job, and what is done by the clock.

use std::sync::Arc;

use billing::mails::Mails;
use billing::providers::{
    ClosePage, ClosePages, FollowAgain, FollowPlan, FollowSubscription, HandleEvent, ReturnPayment,
};
use billing::webhooks::{Announcer, DeliverWebhooks, Webhooks};
use chrono::{NaiveTime, TimeDelta};
use platform::jobs::{Cron, HandlerError, Handlers, Job, Schedule, Worker, housekeeping};
use platform::mail::Mailer;
use platform::outbox::Outbox;
use serde::{Deserialize, Serialize};
use tokio_util::task::TaskTracker;

use super::hotel_subscriptions::HotelSubscriptions;
use crate::state::AppState;

/// How often it is proved that no room is sold twice; the desk shows how long ago that was.
const SELF_AUDIT_EVERY: TimeDelta = TimeDelta::seconds(60);

/// How often hotels are looked at whose subscription has run out.
const LAPSE_EVERY: TimeDelta = TimeDelta::seconds(60);

/// How often subscriptions are looked at whose time has come.
const BILLING_EVERY: TimeDelta = TimeDelta::seconds(60);

/// How often providers are told what they could not be told: longer than a job is tried by itself.
const FOLLOW_AGAIN_EVERY: TimeDelta = TimeDelta::hours(1);

/// How many endpoints of webhooks are delivered to at once. Each takes ten seconds at most, nearly all of it waiting, without a
/// connection.
const WEBHOOKS_AT_ONCE: usize = 32;

/// How many subscriptions payment providers are told of at once. Each holds a connection until its provider has answered, since one
/// at a time may tell of a subscription: they are reckoned with in the share of the worker (`platform::database`). Until then it only
/// reads, so no event waits for it.
const FOLLOWED_AT_ONCE: usize = 2;

/// When sessions, tokens and failed sign-ins that have expired are deleted: it is night in the hotels of Europe.
const EXPIRY_AT: NaiveTime = match NaiveTime::from_hms_opt(3, 0, 0) {
    Some(time) => time,
    None => NaiveTime::MIN,
};

/// Counts the conflicts of the hotels whose desks are open.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct SelfAudit {}

impl Job for SelfAudit {
    const QUEUE: &'static str = "pms.self_audit";
}

/// Marks hotels whose subscription has run out.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct LapseHotels {}

impl Job for LapseHotels {
    const QUEUE: &'static str = "pms.lapse_hotels";
}

/// Deletes sessions, tokens and failed sign-ins that have expired.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct DeleteExpired {}

impl Job for DeleteExpired {
    const QUEUE: &'static str = "identity.delete_expired";
}

/// Asks for renewals, and ends what has run out.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct BillingTick {}

impl Job for BillingTick {
    const QUEUE: &'static str = "billing.tick";
}

/// Errors that trying again cannot help with go to the admin at once.
fn of_billing(error: billing::Error) -> HandlerError {
    if error.is_passing() { HandlerError::passing(error) } else { HandlerError::lasting(error) }
}

/// Starts to carry out jobs, until the server stops.
pub fn start(state: &AppState, mailer: Mailer, work: &TaskTracker) {
    let handlers =
        Arc::new(handlers(mailer, state.services.billing.clone(), state.services.webhooks.clone()));
    let worker = || Worker::new(state.database.clone(), state.services.clock.clone(), Arc::clone(&handlers));
    let is_webhook = |queue: &str| queue == DeliverWebhooks::QUEUE;
    let is_follow = |queue: &str| queue == FollowSubscription::QUEUE;
    let most = worker().with_crons(crons()).with_queues(move |queue| !is_webhook(queue) && !is_follow(queue));
    work.spawn(most.run(state.stop.clone()));
    // Other machines may be slow: nothing of ours waits for them.
    let webhooks = worker().with_queues(is_webhook).with_concurrency(WEBHOOKS_AT_ONCE);
    work.spawn(webhooks.run(state.stop.clone()));
    // A plan's new price is told for each of its subscriptions.
    let follow = worker().with_queues(is_follow).with_concurrency(FOLLOWED_AT_ONCE);
    work.spawn(follow.run(state.stop.clone()));
    let outbox = || Outbox::new(state.database.clone(), state.services.clock.clone());
    let quick = outbox().with_consumer(Announcer).with_consumer(HotelSubscriptions);
    work.spawn(quick.run(state.stop.clone()));
    // Mails are drawn when nobody else needs the processor: no other consumer waits for that.
    let slow = outbox().with_consumer(Mails::new(state.settings.base_url.as_str()));
    work.spawn(slow.run(state.stop.clone()));
}

/// Everything that this release knows how to do.
pub fn handlers(mailer: Mailer, billing: billing::Billing, webhooks: Webhooks) -> Handlers {
    let (provider, pages, page) = (billing.clone(), billing.clone(), billing.clone());
    let (returns, again, plan) = (billing.clone(), billing.clone(), billing.clone());
    let handlers = Handlers::new()
        .on(|context, job: housekeeping::Housekeeping| async move {
            housekeeping::run(context.clone(), job).await?;
            billing::expiry::delete_expired(&context.database, context.now()).await?;
            Ok(())
        })
        .on(|context, SelfAudit {}| async move {
            pms::hotel::check_hotels(&context.database, context.now()).await?;
            Ok(())
        })
        .on(|context, LapseHotels {}| async move {
            pms::hotel::subscription::lapse(&context.database, context.now()).await?;
            Ok(())
        })
        .on(|context, DeleteExpired {}| async move {
            identity::delete_expired(&context.database, context.now()).await?;
            Ok(())
        })
        .on(move |_, HandleEvent { provider: name, event_id }| {
            let billing = provider.clone();
            async move { billing.handle_event(&name, &event_id).await.map(drop).map_err(of_billing) }
        })
        .on(move |_, job: FollowSubscription| {
            let billing = billing.clone();
            async move { billing.follow(&job).await.map_err(of_billing) }
        })
        .on(move |_, job: FollowPlan| {
            let billing = plan.clone();
            async move { billing.follow_plan(&job).await.map(drop).map_err(of_billing) }
        })
        .on(move |_, FollowAgain {}| {
            let billing = again.clone();
            async move { billing.follow_again().await.map(drop).map_err(of_billing) }
        })
        .on(move |_, ClosePages {}| {
            let billing = pages.clone();
            async move { billing.close_pages().await.map(drop).map_err(of_billing) }
        })
        .on(move |_, ClosePage { provider, session }| {
            let billing = page.clone();
            async move { billing.close_page(&provider, &session).await.map_err(of_billing) }
        })
        .on(move |_, job: ReturnPayment| {
            let billing = returns.clone();
            async move { billing.return_payment(&job).await.map_err(of_billing) }
        })
        .on(move |_, DeliverWebhooks { endpoint_id }| {
            let webhooks = webhooks.clone();
            async move { webhooks.deliver(endpoint_id).await.map(drop).map_err(of_billing) }
        })
        .on(|context, BillingTick {}| async move {
            billing::subscriptions::clockwork::tick(&context.database, context.now()).await?;
            Ok(())
        });
    mailer.handle_in(handlers)
}

fn crons() -> Vec<Cron> {
    vec![
        housekeeping::cron(),
        Cron::new("pms.self_audit", Schedule::Every(SELF_AUDIT_EVERY), |_| SelfAudit {}),
        Cron::new("pms.lapse_hotels", Schedule::Every(LAPSE_EVERY), |_| LapseHotels {}),
        Cron::new("billing.tick", Schedule::Every(BILLING_EVERY), |_| BillingTick {}),
        Cron::new("billing.close_pages", Schedule::Every(BILLING_EVERY), |_| ClosePages {}),
        Cron::new("billing.follow_again", Schedule::Every(FOLLOW_AGAIN_EVERY), |_| FollowAgain {}),
        Cron::new("identity.delete_expired", Schedule::Daily(EXPIRY_AT), |_| DeleteExpired {}),
    ]
}
