//! The order: what it comes to, and what happens next, before anything is bought.

use domain::billing::account::QuoteView;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;
use ui::{Notice, NoticeKind};

use super::api::{Chosen, Order, load_quote};
use crate::account::show::Sums;
use crate::routes;
use crate::shared::form::{Form, FormToken};
use crate::shared::loaded::Loaded;
use crate::shared::show;
use crate::texts::{error_text, fill, texts};

fn chosen() -> Chosen {
    use_query_map().with(|query| Chosen {
        plan: query.get("plan").unwrap_or_default(),
        addon: query.get_all("addon").unwrap_or_default(),
        bundle: query.get_all("bundle").unwrap_or_default(),
        currency: query.get("currency").unwrap_or_default(),
    })
}

/// What was chosen, to be looked at once more.
#[component]
pub fn CheckoutPage() -> impl IntoView {
    let data = Resource::new(chosen, load_quote);
    let t = &texts().plans;
    let refused = Form::of::<Order>("chosen").error.map(|error| error_text(&error));
    view! {
        <Title text=t.checkout_title/>
        <div class="title-row"><h1>{t.checkout_title}</h1></div>
        {refused.map(|text| view! { <Notice kind=NoticeKind::Problem text/> })}
        <Loaded data children={|quote: QuoteView| view! { <Quoted quote/> }}/>
        <p><a href=routes::ACCOUNT_PLANS>{t.back}</a></p>
    }
}

#[component]
fn Quoted(quote: QuoteView) -> impl IntoView {
    let t = &texts().plans;
    let is_free = quote.totals.total.minor == 0;
    let (text, next) = if is_free {
        (t.start.to_owned(), t.next_free)
    } else {
        (fill(t.pay, &[("amount", &show::money(quote.totals.total))]), t.next)
    };
    let Chosen { plan, addon, bundle, currency } = chosen();
    let hidden = |name: String, value: String| view! { <input type="hidden" name=name value=value/> };
    let addons: Vec<_> =
        addon.into_iter().enumerate().map(|(at, id)| hidden(format!("chosen[addon][{at}]"), id)).collect();
    let bundles: Vec<_> =
        bundle.into_iter().enumerate().map(|(at, id)| hidden(format!("chosen[bundle][{at}]"), id)).collect();
    view! {
        <section class="panel panel-form">
            <Sums lines=quote.lines totals=quote.totals tax_rate=quote.tax_rate/>
            <form method="post" action=Order::PATH class="form checkout"><FormToken/>
                {hidden("chosen[plan]".to_owned(), plan)} {addons} {bundles}
                {hidden("chosen[currency]".to_owned(), currency)}
                <p class="sub">{next}</p>
                <button type="submit" class="button button-primary">{text}</button>
            </form>
        </section>
    }
}
