//! The shell around the admin's pages: the menu, who is signed in, and whether money is real.

use domain::access::{Actor, PlatformPermission, Resource};
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use leptos_router::components::{A, Outlet};
use ui::Icon;

use super::model::Subject;
use crate::entry::sign_in::SignOut;
use crate::error::AppError;
use crate::routes;
use crate::shared::form::FormToken;
use crate::shared::loaded::Failed;
use crate::shared::notice::DoneNotice;
use crate::shared::page::PageFacts;
use crate::texts::texts;

/// The shell. Whoever is not signed in is sent to sign in first; whoever does not run the platform sees nothing.
#[component]
pub fn AdminShell() -> impl IntoView {
    let facts = PageFacts::get();
    let t = texts();
    let Some(actor) = facts.actor else {
        #[cfg(feature = "ssr")]
        crate::entry::sign_in::send_to_sign_in();
        return view! { <main class="entry"><a href=routes::SIGN_IN>{t.entry.sign_in}</a></main> }.into_any();
    };
    if !actor.helps_run_platform() {
        return view! { <main class="entry"><Failed error=AppError::Forbidden/></main> }.into_any();
    }
    let name = if actor.full_name.is_empty() { actor.username.clone() } else { actor.full_name.clone() };
    view! {
        <a class="skip" href="#content">{t.common.skip_to_content}</a>
        <div class="desk admin">
            <nav class="rail" aria-label=t.admin.menu>
                <a class="brand" href=routes::ADMIN><Icon name="key"/><span>"Keyrack"</span></a>
                <Places actor=actor.clone()/>
            </nav>
            <div class="desk-column">
                <header class="top-bar">
                    <details class="menu admin-menu"><summary class="button button-quiet">{t.admin.menu}</summary>
                        <div class="menu-list"><nav aria-label=t.admin.menu><Places actor=actor.clone()/></nav></div>
                    </details>
                    <strong class="hotel-name">{t.admin.title}</strong>
                    {facts.is_sandbox.then(|| view! { <span class="sandbox-note">{t.account.sandbox}</span> })}
                    <div class="account-user">
                        <span class="sub account-name">{name}</span>
                        <a class="button button-quiet" href=routes::ACCOUNT_SECURITY>{t.admin.own_password}</a>
                        <form method="post" action=SignOut::PATH><FormToken/>
                            <button type="submit" class="button button-quiet"><Icon name="log-out"/><span>{t.nav.sign_out}</span></button>
                        </form>
                    </div>
                </header>
                <main id="content" class="content">
                    <DoneNotice/>
                    <Outlet/>
                </main>
            </div>
        </div>
    }
    .into_any()
}

/// The places that somebody may look at.
#[component]
fn Places(actor: Actor) -> impl IntoView {
    let t = &texts().admin;
    let link = |href: String, icon: &'static str, text: &'static str, exact: bool| {
        view! { <li><A href=href exact=exact><Icon name=icon/><span>{text}</span></A></li> }.into_any()
    };
    let may_view = |resource: Resource| actor.has(PlatformPermission::view(resource));
    let subjects = Subject::ALL
        .iter()
        .filter(|subject| may_view(subject.resource()))
        .map(|subject| match subject {
            Subject::Settings => {
                link(routes::admin_item(*subject, "seller"), subject.icon(), subject.title(), false)
            }
            _ => link(routes::admin_list(*subject), subject.icon(), subject.title(), false),
        })
        .collect_view();
    view! {
        <ul>
            {link(routes::ADMIN.to_owned(), "layout-dashboard", t.dashboard, true)}
            {subjects}
            {may_view(Resource::Settings).then(|| link(routes::ADMIN_MAILS.to_owned(), "mail", t.mails, true))}
        </ul>
    }
}
