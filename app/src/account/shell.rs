//! The shell around the account and the store: the way back, the places, and whether money is real.

use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use leptos_router::components::{A, Outlet};
use ui::Icon;

use crate::entry::sign_in::SignOut;
use crate::routes;
use crate::shared::form::FormToken;
use crate::shared::notice::DoneNotice;
use crate::shared::page::PageFacts;
use crate::texts::texts;

/// The shell. Whoever is not signed in is sent to sign in first.
#[component]
pub fn AccountShell() -> impl IntoView {
    let facts = PageFacts::get();
    let t = texts();
    let Some(actor) = facts.actor else {
        #[cfg(feature = "ssr")]
        crate::entry::sign_in::send_to_sign_in();
        return view! { <main class="entry"><a href=routes::SIGN_IN>{t.entry.sign_in}</a></main> }.into_any();
    };
    let is_company = actor.organisation_id.is_some();
    let places = [
        (routes::ACCOUNT, "sun", t.account.overview, true),
        if is_company {
            (routes::STORE, "store", t.account.store, false)
        } else {
            (routes::ACCOUNT_PLANS, "package", t.account.plans, false)
        },
        (routes::ACCOUNT_INVOICES, "receipt-text", t.account.invoices, false),
        (routes::ACCOUNT_TOKENS, "coins", t.account.tokens, false),
        (routes::ACCOUNT_PROFILE, "badge", t.account.profile, false),
    ];
    let links = places
        .into_iter()
        .filter(|(path, ..)| !(is_company && *path == routes::ACCOUNT_TOKENS))
        .map(|(href, icon, text, exact)| {
            view! { <li><A href exact><Icon name=icon/><span>{text}</span></A></li> }.into_any()
        })
        .collect_view();
    let name = if actor.full_name.is_empty() { actor.username } else { actor.full_name };
    view! {
        <a class="skip" href="#content">{t.common.skip_to_content}</a>
        <div class="account">
            <header class="account-bar">
                <a class="brand" href="/"><Icon name="key"/><span>"Keyrack"</span></a>
                <nav aria-label=t.account.label><ul>{links}</ul></nav>
                <div class="account-user">
                    {is_company.then(|| view! { <a href=routes::TODAY>{t.account.to_desk}</a> })}
                    <span class="sub account-name">{name}</span>
                    <form method="post" action=SignOut::PATH><FormToken/>
                        <button type="submit" class="button button-quiet"><Icon name="log-out"/><span>{t.nav.sign_out}</span></button>
                    </form>
                </div>
            </header>
            {facts.is_sandbox.then(|| view! { <aside class="sandbox">{t.account.sandbox}</aside> })}
            <main id="content" class="content">
                <DoneNotice/>
                <Outlet/>
            </main>
        </div>
    }
    .into_any()
}
