//! Another plan: what it costs now, to the cent, before anything happens.

use domain::billing::account::{ChangeView, SubscriptionView};
use domain::billing::{PricedPlan, Totals};
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;
use ui::{Notice, NoticeKind};

use super::api::{Downgrade, Upgrade, load_changes};
use crate::account::show::{Sums, date_or_dash, period};
use crate::error::AppError;
use crate::routes;
use crate::shared::form::{Form, FormToken};
use crate::shared::loaded::{Loaded, load};
use crate::shared::show;
use crate::texts::{error_text, fill, texts};

/// The plans that a subscription can change to.
#[component]
pub fn ChangePlanPage() -> impl IntoView {
    let params = use_params_map();
    let data = load(
        move || params.with(|params| params.get("id").and_then(|id| id.parse().ok())),
        |id| async move { load_changes(id.ok_or(AppError::NotFound)?).await },
    );
    let t = &texts().overview;
    let refused = [Form::of::<Upgrade>("").error, Form::of::<Downgrade>("").error];
    let refused = refused.into_iter().flatten().next().map(|error| error_text(&error));
    view! {
        <Title text=t.change_title/>
        <div class="title-row"><h1>{t.change_title}</h1></div>
        {refused.map(|text| view! { <Notice kind=NoticeKind::Problem text/> })}
        <p class="lead">{t.change_text}</p>
        <Loaded data children={|(subscription, plans): (SubscriptionView, Vec<(PricedPlan, Option<ChangeView>)>)| {
            let now = fill(texts().overview.now, &[("plan", &subscription.plan_name)]);
            let choices = plans
                .into_iter()
                .map(|(plan, change)| view! { <Choice subscription=subscription.clone() plan change/> })
                .collect_view();
            view! { <p>{now}</p> <div class="plans">{choices}</div> }
        }}/>
        <p><a href=routes::ACCOUNT>{texts().account.overview}</a></p>
    }
}

#[component]
fn Choice(subscription: SubscriptionView, plan: PricedPlan, change: Option<ChangeView>) -> impl IntoView {
    let t = &texts().overview;
    let price =
        fill(t.per, &[("price", &show::money(plan.net)), ("period", period(plan.plan.billing_period))]);
    // What costs less for the same time is a lesser plan. One that is paid once is none: it has no renewal to begin with.
    let is_better = !plan.plan.billing_period.is_recurring() || {
        let days = |period: domain::billing::BillingPeriod| i128::from(period.days());
        i128::from(plan.net.minor) * days(subscription.billing_period)
            >= i128::from(subscription.price.minor) * days(plan.plan.billing_period)
    };
    let name = plan.plan.name.clone();
    let hidden = move || {
        view! {
            <FormToken/>
            <input type="hidden" name="id" value=subscription.id.to_string()/>
            <input type="hidden" name="plan_id" value=plan.plan.id.to_string()/>
        }
    };
    let action = if let Some(change) = change.filter(|_| is_better) {
        let text = if change.totals.total.minor == 0 {
            t.upgrade_free.to_owned()
        } else {
            fill(t.upgrade_now, &[("amount", &show::money(change.totals.total))])
        };
        let credit = fill(
            t.credit,
            &[
                ("days", &show::number(change.days_remaining)),
                ("plan", &subscription.plan_name),
                ("amount", &show::money(change.credit)),
            ],
        );
        view! {
            <p class="sub">{credit}</p>
            <Sums lines=vec![(name, change.totals.subtotal)] totals=change.totals tax_rate=change.tax_rate/>
            <form method="post" action=Upgrade::PATH>{hidden()}<button type="submit" class="button button-primary">{text}</button></form>
        }
        .into_any()
    } else {
        let from = date_or_dash(subscription.state.expires_at());
        let next = fill(t.from_renewal, &[("date", &from), ("period", period(plan.plan.billing_period))]);
        let totals = Totals::of([plan.net], plan.tax_rate, plan.net.currency).ok();
        view! {
            <p class="sub">{next}</p>
            {totals.map(|totals| view! { <Sums lines=vec![(name, plan.net)] totals tax_rate=plan.tax_rate/> })}
            <form method="post" action=Downgrade::PATH>{hidden()}<button type="submit" class="button">{t.downgrade}</button></form>
        }
        .into_any()
    };
    view! {
        <section class="panel plan"><h2>{plan.plan.name}</h2> <p>{price}</p> {(!plan.plan.description.is_empty()).then(|| view! { <p class="sub">{plan.plan.description}</p> })} {action}</section>
    }
}
