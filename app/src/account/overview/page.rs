use chrono::{DateTime, Utc};
use domain::billing::account::{AccountView, AddonView, InvoiceView, SubscriptionView};
use domain::billing::{SubscriptionState, SubscriptionStatus};
use domain::ids::InvoiceId;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use leptos_meta::Title;
use ui::{ButtonKind, EmptyState, LinkButton, Notice, NoticeKind};

use super::api::{CancelAddon, ChangeCard, ChangeSubscription, GiveUpOrder, load_account};
use crate::account::invoices::api::PayInvoice;
use crate::account::show::{date, overdue_badge, period, subscription_badge};
use crate::routes;
use crate::shared::form::{Form, FormToken};
use crate::shared::loaded::{Loaded, load};
use crate::shared::page::PageFacts;
use crate::shared::show;
use crate::texts::{error_text, fill, texts};

/// What runs, what is owed, and every way to change it.
#[component]
pub fn OverviewPage() -> impl IntoView {
    let data = load(|| (), |()| load_account());
    let t = &texts().overview;
    let refused = [
        Form::of::<ChangeSubscription>("").error,
        Form::of::<ChangeCard>("").error,
        Form::of::<PayInvoice>("").error,
        Form::of::<CancelAddon>("").error,
        Form::of::<GiveUpOrder>("").error,
    ];
    let refused = refused.into_iter().flatten().next().map(|error| error_text(&error));
    view! {
        <Title text=t.title/>
        <div class="title-row"><h1>{t.title}</h1></div>
        {refused.map(|text| view! { <Notice kind=NoticeKind::Problem text/> })}
        <Loaded data children={|account: AccountView| view! { <Account account/> }}/>
    }
}

#[component]
fn Account(account: AccountView) -> impl IntoView {
    let t = &texts().overview;
    let is_company = PageFacts::get().actor.is_some_and(|actor| actor.organisation_id.is_some());
    let (now, has_card) = (account.now, account.has_card);
    let none = account.subscriptions.is_empty();
    // What is over is history; the newest of it is shown where nothing runs.
    let running = |it: &SubscriptionView| {
        it.state.gives_access(now) || it.state.is_current() || it.state == SubscriptionState::Pending
    };
    let (running, over): (Vec<_>, Vec<_>) = account.subscriptions.into_iter().partition(running);
    let shown = if running.is_empty() { over.into_iter().take(1).collect() } else { running };
    // What is being tried out is not given up but cancelled.
    let tried: Vec<_> = shown.iter().filter(|it| it.state.is_trial()).map(|it| Some(it.id)).collect();
    let can_give_up = |it: &&InvoiceView| it.is_order && !tried.contains(&it.subscription_id);
    let orders: Vec<InvoiceView> = account.open_invoices.iter().filter(can_give_up).cloned().collect();
    let subscriptions = shown
        .into_iter()
        .map(|subscription| {
            let order = orders.iter().find(|it| it.subscription_id == Some(subscription.id));
            let order = order.filter(|_| subscription.state == SubscriptionState::Pending).map(|it| it.id);
            view! { <Subscribed subscription now has_card order/> }
        })
        .collect_view();
    let extras: Vec<_> = orders.iter().filter(|it| it.subscription_id.is_none()).map(|it| it.id).collect();
    let (shop, choose) =
        if is_company { (routes::STORE, t.choose_module) } else { (routes::ACCOUNT_PLANS, t.choose_plan) };
    let open = (!account.open_invoices.is_empty())
        .then(|| view! { <Open invoices=account.open_invoices now extras/> });
    let addons = account.addons.into_iter().map(|addon| view! { <Addon addon/> }).collect::<Vec<_>>();
    view! {
        <div class="columns">
            <div>
                {if none {
                    view! {
                        <section class="panel">
                            <EmptyState icon="sparkles" title=t.no_subscription_title text=t.no_subscription_text>
                                <LinkButton kind=ButtonKind::Primary href=shop text=choose/>
                            </EmptyState>
                        </section>
                    }.into_any()
                } else {
                    subscriptions.into_any()
                }}
            </div>
            <div>
                {open}
                {(!is_company).then(|| view! {
                    <section class="panel"><h2>{t.tokens}</h2>
                        <p class="figure">{fill(t.tokens_left, &[("n", &show::number(account.tokens))])}</p>
                        <a href=routes::ACCOUNT_TOKENS>{t.ledger}</a>
                    </section>
                })}
                {(!addons.is_empty()).then(|| view! {
                    <section class="panel"><h2>{t.addons}</h2><ul class="sessions">{addons}</ul></section>
                })}
            </div>
        </div>
    }
}

/// What a state means for the one who pays.
fn meaning(subscription: &SubscriptionView, now: DateTime<Utc>) -> String {
    let t = &texts().overview;
    let on = |text: &str, at: DateTime<Utc>| fill(text, &[("date", &date(at))]);
    match subscription.state {
        SubscriptionState::Pending => t.not_paid.to_owned(),
        SubscriptionState::Trialing { ends_at, .. } => on(t.trial_until, ends_at),
        SubscriptionState::Cancelled { expires_at: Some(end), was_trial: true, .. } if end > now => {
            on(t.trial_ends, end)
        }
        SubscriptionState::Active { expires_at, .. }
            if !subscription.billing_period.is_recurring() && subscription.pending_plan.is_none() =>
        {
            on(t.access_until, expires_at)
        }
        SubscriptionState::Active { expires_at, .. } if subscription.is_collected => on(t.renews, expires_at),
        SubscriptionState::Active { expires_at, .. } => on(t.ask_renewal, expires_at),
        SubscriptionState::Paused { paused_at, .. } => on(t.paused_since, paused_at),
        SubscriptionState::Cancelled { expires_at: Some(end), .. } if end > now => on(t.access_until, end),
        SubscriptionState::Cancelled { expires_at, cancelled_at, .. } => {
            on(t.ended, expires_at.unwrap_or(cancelled_at))
        }
        SubscriptionState::Expired { expired_at, .. } => on(t.ended, expired_at),
    }
}

/// A button that gives an order up, whose invoice it is.
fn give_up(order: InvoiceId) -> impl IntoView {
    view! {
        <form method="post" action=GiveUpOrder::PATH><FormToken/>
            <input type="hidden" name="id" value=order.to_string()/>
            <button type="submit" class="button button-quiet">{texts().overview.give_up}</button>
        </form>
    }
}

#[component]
fn Subscribed(
    subscription: SubscriptionView,
    now: DateTime<Utc>,
    has_card: bool,
    order: Option<InvoiceId>,
) -> impl IntoView {
    let t = &texts().overview;
    let status = subscription.state.status();
    let price = fill(
        t.per,
        &[("price", &show::money(subscription.price)), ("period", period(subscription.billing_period))],
    );
    let act = |act: &'static str, text: &'static str, class: &'static str| {
        view! { <button type="submit" name="act" value=act class=class>{text}</button> }
    };
    let is_active = status == SubscriptionStatus::Active;
    let can_cancel = subscription.state.is_current();
    let meaning = meaning(&subscription, now);
    let can_keep = status == SubscriptionStatus::Cancelled && subscription.state.gives_access(now);
    let stay = fill(t.keep_plan, &[("plan", &subscription.plan_name)]);
    let has_pending = subscription.pending_plan.is_some();
    let becomes = subscription.pending_plan.as_ref().map(|plan| fill(t.becomes, &[("plan", plan)]));
    view! {
        <section class="panel subscribed">
            <div class="title-row"><h2>{subscription.plan_name.clone()}</h2> {subscription_badge(status)}</div>
            <p>{price}</p>
            <p class="sub">{meaning}</p>
            {becomes.map(|text| view! { <p class="sub">{text}</p> })}
            {subscription.is_past_due.then(|| view! { <Notice kind=NoticeKind::Problem text=t.past_due/> })}
            <div class="button-row">
                {is_active.then(|| view! { <LinkButton kind=ButtonKind::Primary href=routes::account_change(subscription.id) text=t.change/> })}
                <form method="post" action=ChangeSubscription::PATH class="button-row"><FormToken/>
                    <input type="hidden" name="id" value=subscription.id.to_string()/>
                    {is_active.then(|| act("pause", t.pause, "button"))}
                    {(status == SubscriptionStatus::Paused).then(|| act("resume", t.resume, "button button-primary"))}
                    {has_pending.then(|| view! { <button type="submit" name="act" value="keep_plan" class="button">{stay}</button> })}
                    {can_keep.then(|| act("resume", t.keep, "button button-primary"))}
                    {can_cancel.then(|| act("cancel", t.cancel, "button button-quiet"))}
                </form>
                {order.map(give_up)}
                {(subscription.is_collected && has_card).then(|| view! {
                    <form method="post" action=ChangeCard::PATH><FormToken/>
                        <button type="submit" class="button">{t.card}</button>
                    </form>
                })}
            </div>
        </section>
    }
}

#[component]
fn Addon(addon: AddonView) -> impl IntoView {
    let t = &texts().overview;
    let until = match (addon.expires_at, addon.is_active) {
        (Some(end), true) => fill(t.addon_until, &[("date", &date(end))]),
        (Some(end), false) => fill(t.addon_cancelled, &[("date", &date(end))]),
        (None, _) => t.not_paid.to_owned(),
    };
    let label = fill(t.cancel_addon, &[("addon", &addon.name)]);
    view! {
        <li>
            <div><strong>{addon.name}</strong> <span class="sub">{until}</span></div>
            {addon.is_active.then(|| view! {
                <form method="post" action=CancelAddon::PATH><FormToken/>
                    <input type="hidden" name="id" value=addon.id.to_string()/>
                    <button type="submit" class="button button-quiet" aria-label=label>{texts().common.cancel}</button>
                </form>
            })}
        </li>
    }
}

#[component]
fn Open(invoices: Vec<InvoiceView>, now: DateTime<Utc>, extras: Vec<InvoiceId>) -> impl IntoView {
    let t = &texts().overview;
    let lines = invoices
        .into_iter()
        .map(|invoice| {
            let pay = fill(t.pay, &[("amount", &show::money(invoice.totals.total))]);
            let order = extras.contains(&invoice.id).then(|| give_up(invoice.id));
            let overdue = overdue_badge(invoice.is_overdue(now));
            let due = invoice.due_at.map(|at| fill(t.due, &[("date", &date(at))]));
            view! {
                <li>
                    <div><a href=routes::account_invoice(invoice.id)><strong>{invoice.number}</strong></a> {overdue} <span class="sub">{due}</span></div>
                    {order}
                    <form method="post" action=PayInvoice::PATH><FormToken/>
                        <input type="hidden" name="id" value=invoice.id.to_string()/>
                        <button type="submit" class="button">{pay}</button>
                    </form>
                </li>
            }
        })
        .collect_view();
    view! { <section class="panel"><h2>{t.open}</h2><ul class="sessions">{lines}</ul></section> }
}
