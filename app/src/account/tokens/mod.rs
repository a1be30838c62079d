//! Tokens: what came, what went, what is left.

use domain::billing::account::TokenEntryView;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;
use ui::{EmptyState, LinkButton};

use crate::account::show::date;
use crate::error::AppError;
use crate::routes;
use crate::shared::loaded::{Loaded, load};
use crate::shared::show;
use crate::texts::{fill, texts};

/// How many entries are shown at a time.
const PAGE: usize = 50;

/// The balance, and entries newest first after the first `skip`.
#[server(prefix = "/actions", endpoint = "tokens")]
pub async fn load_tokens(skip: u32) -> Result<(i64, Vec<TokenEntryView>), AppError> {
    let (services, who) = crate::server_ctx::context()?;
    let (billing, permit) = (&services.billing, who.account()?);
    let entries = billing.token_entries(permit, i64::try_from(PAGE).unwrap_or(50), skip.into()).await?;
    let view = |it: billing::tokens::TokenEntry| TokenEntryView {
        amount: it.amount,
        description: it.description,
        created_at: it.created_at,
    };
    Ok((billing.token_balance(permit).await?, entries.into_iter().map(view).collect()))
}

/// The ledger.
#[component]
pub fn TokensPage() -> impl IntoView {
    let query = use_query_map();
    let skip =
        move || query.with(|query| query.get("skip").and_then(|skip| skip.parse().ok()).unwrap_or(0_u32));
    let data = load(skip, load_tokens);
    let t = &texts().tokens;
    view! {
        <Title text=t.title/>
        <div class="title-row"><h1>{t.title}</h1>
            <LinkButton href=format!("{}#tokens", routes::ACCOUNT_PLANS) text=t.buy/>
        </div>
        <Loaded data children=move |(balance, entries): (i64, Vec<TokenEntryView>)| view! { <Ledger balance entries skip=skip()/> }/>
    }
}

#[component]
fn Ledger(balance: i64, entries: Vec<TokenEntryView>, skip: u32) -> impl IntoView {
    let t = &texts().tokens;
    if entries.is_empty() && skip == 0 {
        return view! { <EmptyState icon="key" title=t.empty_title text=t.empty_text/> }.into_any();
    }
    let more = entries.len() >= PAGE;
    let rows = entries
        .into_iter()
        .map(|entry| {
            let sign = if entry.amount > 0 { "+" } else { "" };
            view! {
                <tr>
                    <td>{date(entry.created_at)}</td><td>{entry.description}</td>
                    <td class="col-money">{format!("{sign}{}", show::number(entry.amount))}</td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <p class="figure">{fill(t.balance, &[("n", &show::number(balance))])}</p>
        <table class="table">
            <thead><tr><th scope="col">{t.date}</th><th scope="col">{t.what}</th><th scope="col" class="col-money">{t.amount}</th></tr></thead>
            <tbody>{rows}</tbody>
        </table>
        {more.then(|| view! {
            <p class="pager"><a class="button" href=format!("{}?skip={}", routes::ACCOUNT_TOKENS, skip + 50)>{texts().common.more}</a></p>
        })}
    }
    .into_any()
}
