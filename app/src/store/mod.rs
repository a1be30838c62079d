//! The module store: what a company can open, and has opened.

use domain::billing::PricedPlan;
use domain::billing::account::Module;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;
use serde::{Deserialize, Serialize};
use ui::{Badge, LinkButton, Notice, NoticeKind, Tone};

use crate::account::invoices::paid_page;
use crate::account::plans::Chosen;
use crate::account::show::{date, period};
use crate::error::AppError;
use crate::routes;
use crate::shared::again::AskAgain;
use crate::shared::loaded::{Loaded, load};
use crate::shared::show;
use crate::texts::{fill, texts};

/// How a payment stands that somebody comes back from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Payment {
    /// It has arrived.
    Arrived,
    /// It takes its time.
    OnItsWay,
}

/// The modules, as the reader's company has them. Who comes back from the payment provider's page brings its id along:
/// what was paid there is settled first.
#[server(prefix = "/actions", endpoint = "modules")]
pub async fn load_modules(session: Option<String>) -> Result<(Vec<Module>, Option<Payment>), AppError> {
    use billing::SessionStatus;
    let (services, who) = crate::server_ctx::context()?;
    let permit = who.actor.company_account().map_err(|_| AppError::Forbidden)?;
    let payment = match crate::account::invoices::api::came_back(&services, permit, session).await {
        Some(SessionStatus::Paid) => Some(Payment::Arrived),
        Some(SessionStatus::Processing) => Some(Payment::OnItsWay),
        _ => None,
    };
    Ok((services.billing.modules(permit).await?, payment))
}

/// The store.
#[component]
pub fn StorePage() -> impl IntoView {
    let query = use_query_map();
    let data = load(move || query.with(paid_page), load_modules);
    let cancelled = query.with_untracked(|query| query.get("cancelled").is_some());
    let again = Callback::new(move |()| data.refetch());
    let asked = StoredValue::new(0);
    let t = &texts().store;
    view! {
        <Title text=t.title/>
        <div class="title-row"><h1>{t.title}</h1></div>
        <p class="lead">{t.lead}</p>
        <Loaded data children=move |(modules, payment): (Vec<Module>, Option<Payment>)| {
            let words = &texts().invoices;
            let news = match payment {
                Some(Payment::Arrived) => Some((NoticeKind::Done, words.thanks)),
                Some(Payment::OnItsWay) => Some((NoticeKind::Done, words.on_its_way)),
                None => cancelled.then_some((NoticeKind::Problem, words.not_paid)),
            };
            let waiting = (payment == Some(Payment::OnItsWay)).then(|| view! { <AskAgain again asked/> });
            let modules = modules.into_iter().map(|module| view! { <Offered module/> }).collect_view();
            view! { {news.map(|(kind, text)| view! { <Notice kind text/> })} <div class="columns">{modules}</div> {waiting} }
        }/>
    }
}

/// What people call a module.
pub fn module_name(module: &str) -> String {
    let t = &texts().store;
    match module {
        "hotel" => t.hotel.to_owned(),
        "tour" => t.tour.to_owned(),
        other => other.to_owned(),
    }
}

#[component]
fn Offered(module: Module) -> impl IntoView {
    let t = &texts().store;
    let name = module_name(&module.name);
    let text = match module.name.as_str() {
        "hotel" => t.hotel_text,
        "tour" => t.tour_text,
        _ => "",
    };
    let badge = if module.is_enabled {
        view! { <Badge tone=Tone::Good icon="check" text=t.enabled/> }.into_any()
    } else {
        view! { <Badge tone=Tone::Quiet icon="lock" text=t.not_enabled/> }.into_any()
    };
    let until = module.valid_until.map(|at| fill(t.until, &[("date", &date(at))]));
    let is_current = module.subscription.as_ref().is_some_and(|it| it.state.is_current());
    let plans: Vec<_> = if is_current { Vec::new() } else { module.plans.into_iter().map(offer).collect() };
    let nothing = plans.is_empty() && !is_current;
    view! {
        <section class="panel module">
            <div class="title-row"><h2>{name}</h2> {badge} <span class="sub">{until}</span></div>
            <p class="sub">{text}</p>
            {is_current.then(|| view! { <p><a class="button" href=routes::ACCOUNT>{t.manage}</a></p> })}
            <ul class="sessions">{plans}</ul>
            {nothing.then(|| view! { <p class="sub">{t.none}</p> })}
        </section>
    }
}

fn offer(plan: PricedPlan) -> impl IntoView {
    let t = &texts().store;
    let price = fill(
        t.per_period,
        &[("price", &show::money(plan.net)), ("period", period(plan.plan.billing_period))],
    );
    let gross = plan.gross().unwrap_or(plan.net);
    let with_tax = (gross != plan.net).then(|| fill(t.with_tax, &[("price", &show::money(gross))]));
    let buy = fill(t.buy, &[("plan", &plan.plan.name)]);
    let days = show::number(plan.plan.trial_days.into());
    let trial = (plan.plan.trial_days > 0).then(|| fill(t.trial, &[("n", &days)]));
    let chosen = Chosen {
        plan: plan.plan.id.to_string(),
        currency: plan.net.currency.to_string(),
        ..Chosen::default()
    };
    view! {
        <li>
            <div><strong>{plan.plan.name.clone()}</strong> <span class="sub">{price} " " {with_tax}</span> <span class="sub">{trial}</span></div>
            <LinkButton href=chosen.on(routes::ACCOUNT_CHECKOUT) text=buy/>
        </li>
    }
    .into_any()
}
