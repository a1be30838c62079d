use domain::billing::PricedPlan;
use domain::billing::account::Shop;
use domain::ids::PlanId;
use domain::money::Money;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;
use ui::Badge;

use super::api::load_shop;
use super::checkout::chosen;
use crate::account::show::{one_period, period, rate};
use crate::routes;
use crate::shared::loaded::{Loaded, load};
use crate::shared::show;
use crate::texts::{fill, texts};

/// Plans, add-ons and tokens: chosen in one form, that leads to the order.
#[component]
pub fn PlansPage() -> impl IntoView {
    let query = use_query_map();
    let data = load(move || query.with(|query| query.get("currency")), load_shop);
    let t = &texts().plans;
    view! {
        <Title text=t.title/>
        <div class="title-row"><h1>{t.title}</h1></div>
        <Loaded data children={|(shop, current): (Shop, Vec<PlanId>)| view! { <Offer shop current/> }}/>
    }
}

#[component]
fn Offer(shop: Shop, current: Vec<PlanId>) -> impl IntoView {
    let t = &texts().plans;
    let lead = if shop.country.is_some() { t.lead } else { t.lead_no_country };
    let currency = shop.currency;
    let currencies = shop
        .currencies
        .iter()
        .map(|it| view! { <option value=it.to_string() selected=*it == currency>{it.to_string()}</option> })
        .collect_view();
    let tax_rate = shop.tax_rate;
    let gross = move |net: Money| tax_rate.gross_of(net).unwrap_or(net);
    // Who comes back from the order finds what was chosen.
    let chosen = chosen();
    let name_of = |id: &PlanId| shop.plans.iter().find(|it| it.plan.id == *id).map(|it| it.plan.name.clone());
    let goes_with = |plans: &[PlanId]| {
        let is_free = plans.is_empty() || plans.iter().any(|id| current.contains(id));
        let names: Vec<String> = plans.iter().filter_map(name_of).collect();
        if is_free { String::new() } else { fill(t.goes_with, &[("plans", &names.join(t.or))]) }
    };
    let is_chosen = |ids: &[String], id: &str| ids.iter().any(|chosen| chosen == id);
    let extra = move |kind: &'static str,
                      id: String,
                      checked: bool,
                      name: String,
                      net: Money,
                      text: String| {
        view! {
            <li class="extra">
                <label><input type="checkbox" name=kind value=id checked=checked/> <span>{name} <span class="sub">{text}</span></span></label>
                <span class="col-money">{show::money(gross(net))}</span>
            </li>
        }
        .into_any()
    };
    let addons: Vec<_> = shop
        .addons
        .into_iter()
        .map(|(addon, net)| {
            let (id, period) = (addon.id.to_string(), one_period(addon.billing_period));
            let text = format!("{period} {}", goes_with(&addon.plans));
            let checked = is_chosen(&chosen.addon, &id);
            extra("addon", id, checked, addon.name, net, text)
        })
        .collect();
    let bundles: Vec<_> = shop
        .bundles
        .into_iter()
        .map(|(bundle, net)| {
            let id = bundle.id.to_string();
            let checked = is_chosen(&chosen.bundle, &id);
            extra("bundle", id, checked, bundle.name, net, bundle.description)
        })
        .collect();
    let none = chosen.plan.is_empty();
    let plans = shop
        .plans
        .into_iter()
        .map(|plan| {
            let is_current = current.contains(&plan.plan.id);
            let is_chosen = plan.plan.id.to_string() == chosen.plan;
            plan_card(plan, is_current, is_chosen)
        })
        .collect_view();
    view! {
        <form method="get" class="currency-form">
            <div class="field"><label for="currency">{t.currency}</label>
                <select id="currency" name="currency">{currencies}</select></div>
            <button type="submit" class="button">{t.show}</button>
            <p class="sub">{lead} " " {(tax_rate.hundredths() > 0).then(|| fill(t.tax, &[("rate", &rate(tax_rate))]))}</p>
        </form>
        <form method="get" action=routes::ACCOUNT_CHECKOUT class="offer">
            <input type="hidden" name="currency" value=currency.to_string()/>
            <fieldset><legend class="visually-hidden">{t.plan}</legend>
                <div class="plans">{plans}</div>
                <label class="plan panel plan-none"><input type="radio" name="plan" value="" checked=none/> <span>{t.no_plan}</span></label>
            </fieldset>
            <div class="columns">
                <section class="panel"><h2>{t.addons}</h2><ul class="extras">{addons}</ul></section>
                <section class="panel" id="tokens"><h2>{t.bundles}</h2><ul class="extras">{bundles}</ul></section>
            </div>
            <div class="offer-end"><button type="submit" class="button button-primary">{t.review}</button></div>
        </form>
    }
}

fn plan_card(plan: PricedPlan, is_current: bool, is_chosen: bool) -> impl IntoView {
    let t = &texts().plans;
    let gross = plan.gross().unwrap_or(plan.net);
    let tokens = plan.plan.default_tokens();
    let each = period(plan.plan.billing_period);
    let days = show::number(plan.plan.trial_days.into());
    let trial = (plan.plan.trial_days > 0)
        .then(|| fill(t.trial, &[("n", &days), ("price", &show::money(gross)), ("period", each)]));
    let choice = if is_current {
        view! { <Badge tone=ui::Tone::Good icon="check" text=t.current/> }.into_any()
    } else {
        let label = fill(t.choose, &[("plan", &plan.plan.name)]);
        view! { <input type="radio" name="plan" value=plan.plan.id.to_string() checked=is_chosen aria-label=label/> }.into_any()
    };
    view! {
        <label class="plan panel">
            <span class="plan-head"><strong>{plan.plan.name.clone()}</strong> {choice}</span>
            <span class="figure">{show::money(gross)} <span class="sub">{each}</span></span>
            {(!plan.plan.description.is_empty()).then(|| view! { <span class="sub">{plan.plan.description.clone()}</span> })}
            {(tokens > 0).then(|| view! { <span class="sub">{fill(t.tokens, &[("n", &show::number(tokens))])}</span> })}
            {trial.map(|text| view! { <span class="sub">{text}</span> })}
        </label>
    }
}
