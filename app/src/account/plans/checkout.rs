//! The order: whom it is for, how it is paid, what it comes to, and what happens next, before anything is bought.

use domain::billing::account::{QuoteView, TrialView};
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;
use ui::{Button, ButtonKind, Notice, NoticeKind};

use super::api::{AddressOrder, CheckoutView, Chosen, Order, WayToPay, load_checkout};
use crate::account::profile::{AddressFields, AddressForm};
use crate::account::show::{Sums, date, period};
use crate::routes;
use crate::shared::form::{Form, FormToken, PostForm};
use crate::shared::loaded::{Loaded, load};
use crate::shared::page::PageFacts;
use crate::shared::show;
use crate::texts::{error_text, fill, texts};

/// What the page's address says is chosen.
pub(super) fn chosen() -> Chosen {
    use_query_map().with(|query| Chosen {
        plan: query.get("plan").unwrap_or_default(),
        addon: query.get_all("addon").unwrap_or_default(),
        bundle: query.get_all("bundle").unwrap_or_default(),
        currency: query.get("currency").unwrap_or_default(),
        method: query.get("method").unwrap_or_default(),
    })
}

/// What was chosen, to be looked at once more.
#[component]
pub fn CheckoutPage() -> impl IntoView {
    let data = load(chosen, load_checkout);
    let query = use_query_map();
    let t = &texts().plans;
    let refused = Form::of::<Order>("chosen").error.map(|error| error_text(&error));
    let is_company = PageFacts::get().actor.is_some_and(|actor| actor.organisation_id.is_some());
    let back = move || if is_company { routes::STORE.to_owned() } else { chosen().on(routes::ACCOUNT_PLANS) };
    view! {
        <Title text=t.checkout_title/>
        <div class="title-row"><h1>{t.checkout_title}</h1></div>
        {refused.map(|text| view! { <Notice kind=NoticeKind::Problem text/> })}
        <Loaded data children=move |view: CheckoutView| {
            let wants_address = view.lacks_address || query.with(|query| query.get("address").is_some());
            if wants_address {
                view! { <AskAddress address=view.address countries=view.countries/> }.into_any()
            } else {
                view! { <Quoted view/> }.into_any()
            }
        }/>
        <p><a href=back>{t.back}</a></p>
    }
}

/// What is chosen, for a form to send along.
fn hidden(chosen: &Chosen) -> impl IntoView + use<> {
    let one = |name: String, value: &String| view! { <input type="hidden" name=name value=value.clone()/> };
    let many = |name: &str, ids: &[String]| -> Vec<_> {
        ids.iter().enumerate().map(|(at, id)| one(format!("chosen[{name}][{at}]"), id)).collect()
    };
    let fields = [("plan", &chosen.plan), ("currency", &chosen.currency), ("method", &chosen.method)];
    let fields: Vec<_> =
        fields.into_iter().map(|(name, value)| one(format!("chosen[{name}]"), value)).collect();
    view! { {fields} {many("addon", &chosen.addon)} {many("bundle", &chosen.bundle)} }
}

#[component]
fn AskAddress(address: AddressForm, countries: Vec<(String, String)>) -> impl IntoView {
    let t = &texts().plans;
    let form = Form::of::<AddressOrder>("form");
    let state = form.state.clone();
    let chosen = chosen();
    view! {
        <section class="panel panel-form">
            <h2>{t.address_title}</h2>
            <p class="sub">{t.address_text}</p>
            <PostForm form label=t.address_title>
                {hidden(&chosen)}
                <AddressFields state address countries/>
                <Button kind=ButtonKind::Primary text=t.address_next/>
            </PostForm>
        </section>
    }
}

#[component]
fn Quoted(view: CheckoutView) -> impl IntoView {
    let t = &texts().plans;
    let CheckoutView { quote, address, countries, ways, way, .. } = view;
    let chosen = Chosen { method: way.as_ref().map(|way| way.code.clone()).unwrap_or_default(), ..chosen() };
    let lines = address.lines(&countries).into_iter().map(|line| view! { <li>{line}</li> }).collect_view();
    let change = format!("{}&address=change", chosen.on(routes::ACCOUNT_CHECKOUT));
    let asks_money = quote.trial.is_none() && quote.totals.total.minor > 0;
    let choice = (asks_money && ways.len() > 1).then(|| view! { <Ways ways chosen=chosen.clone()/> });
    view! {
        <div class="columns">
            <div>
                <section class="panel">
                    <div class="title-row"><h2>{t.address_title}</h2> <a href=change>{texts().common.change}</a></div>
                    <ul class="address">{lines}</ul>
                </section>
                {choice}
            </div>
            <div><section class="panel"><h2>{t.what}</h2><Total quote way chosen/></section></div>
        </div>
    }
}

/// Each way is a link: what an order comes to may depend on it.
#[component]
fn Ways(ways: Vec<WayToPay>, chosen: Chosen) -> impl IntoView {
    let t = &texts().plans;
    let ways = ways
        .into_iter()
        .map(|way| {
            let is_chosen = way.code == chosen.method;
            let text = match way.text {
                text if !text.is_empty() => text,
                _ if way.is_card && way.name.is_empty() => t.card_text.to_owned(),
                _ if way.is_card => fill(t.provider_text, &[("name", &way.name)]),
                _ => t.transfer_text.to_owned(),
            };
            let name = if way.name.is_empty() { t.card.to_owned() } else { way.name };
            let href = Chosen { method: way.code, ..chosen.clone() }.on(routes::ACCOUNT_CHECKOUT);
            view! {
                <li><a href=href class="way" aria-current=is_chosen.then_some("true")>
                    <strong>{name}</strong> <span class="sub">{text}</span>
                </a></li>
            }
        })
        .collect_view();
    view! { <section class="panel"><h2>{t.how_to_pay}</h2><ul class="ways">{ways}</ul></section> }
}

/// What it comes to, and beside it the button that spends it.
#[component]
fn Total(quote: QuoteView, way: Option<WayToPay>, chosen: Chosen) -> impl IntoView {
    let t = &texts().plans;
    let amount = show::money(quote.totals.total);
    let is_card = way.as_ref().is_none_or(|way| way.is_card);
    let has_more = quote.lines.len() > 1;
    let with_amount = |text: &str| fill(text, &[("amount", &amount)]);
    let (button, next) = match &quote.trial {
        Some(trial) => (
            fill(t.begin_trial, &[("n", &show::number(trial.days.into()))]),
            fill(t.next_trial, &[("amount", &amount), ("date", &date(trial.ends_at))]),
        ),
        None if quote.totals.total.minor == 0 => (t.start.to_owned(), t.next_free.to_owned()),
        None if is_card => (with_amount(t.pay), t.next.to_owned()),
        None => (with_amount(t.order), t.next_transfer.to_owned()),
    };
    let has_addons = !chosen.addon.is_empty();
    let later = quote.trial.is_some() && has_more;
    view! {
        {quote.trial.clone().map(|trial| view! { <p class="figure trial">{trial_text(&trial)}</p> })}
        <Sums lines=quote.lines totals=quote.totals tax_rate=quote.tax_rate/>
        <form method="post" action=Order::PATH class="form checkout"><FormToken/>
            {hidden(&chosen)}
            <p class="sub">{next}</p>
            {has_addons.then(|| view! { <p class="sub">{t.addons_once}</p> })}
            {later.then(|| view! { <p class="sub">{t.next_trial_more}</p> })}
            <button type="submit" class="button button-primary">{button}</button>
        </form>
    }
}

/// `14 days free, then € 35.69 each month`.
fn trial_text(trial: &TrialView) -> String {
    fill(
        texts().plans.trial,
        &[
            ("n", &show::number(trial.days.into())),
            ("price", &show::money(trial.price)),
            ("period", period(trial.billing_period)),
        ],
    )
}
