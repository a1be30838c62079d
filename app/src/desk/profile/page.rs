use domain::staff::SessionRow;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use leptos_meta::Title;
use ui::{Badge, Button, TextField, Tone};

use super::api::{ChangePassword, ChangeProfile, EndSession, load_profile};
use crate::shared::form::{Form, FormToken, PostForm};
use crate::shared::loaded::{Loaded, load};
use crate::shared::notice::{Refused, refusal};
use crate::shared::page::PageFacts;
use crate::shared::show;
use crate::texts::{fill, texts};

/// The reader's own data, password and signed-in browsers.
#[component]
pub fn ProfilePage() -> impl IntoView {
    let data = load(|| (), |()| load_profile());
    let t = &texts().profile;
    view! {
        <Title text=t.title/>
        <div class="title-row"><h1>{t.title}</h1></div>
        <Loaded data children={|(email, sessions): (Option<String>, Vec<SessionRow>)| view! {
            <div class="columns">
                <div><You email=email.unwrap_or_default()/> <Password/></div>
                <div><Sessions sessions/></div>
            </div>
        }}/>
    }
}

#[component]
fn You(email: String) -> impl IntoView {
    let t = &texts().profile;
    let form = Form::of::<ChangeProfile>("");
    let state = form.state.clone();
    let name = PageFacts::get().actor.map(|actor| actor.full_name).unwrap_or_default();
    view! {
        <section class="panel"><h2>{t.you}</h2>
            <PostForm form>
                <TextField form=state.clone() name="full_name" label=t.full_name value=name autocomplete="name" required=true/>
                <TextField form=state.clone() name="email" label=t.email kind="email" value=email autocomplete="email"/>
                <TextField form=state name="old_password" label=t.old_password kind="password" help=t.email_password_help autocomplete="current-password"/>
                <Button text=texts().common.save/>
            </PostForm>
        </section>
    }
}

#[component]
fn Password() -> impl IntoView {
    let t = &texts().profile;
    let form = Form::of::<ChangePassword>("");
    let state = form.state.clone();
    // Who works for nobody is a customer, whose password is as strong as the one they signed up with.
    let is_customer = PageFacts::get().actor.is_some_and(|actor| actor.organisation_id.is_none());
    let help = if is_customer {
        format!("{} {}", t.change_password_help, texts().account.sign_up_help)
    } else {
        t.change_password_help.to_owned()
    };
    view! {
        <section class="panel"><h2>{t.password}</h2>
            <PostForm form>
                <TextField form=state.clone() name="old_password" label=t.old_password kind="password" autocomplete="current-password" required=true/>
                <TextField form=state name="new_password" label=t.new_password kind="password" help autocomplete="new-password" required=true/>
                <Button text=t.change_password/>
            </PostForm>
        </section>
    }
}

#[component]
fn Sessions(sessions: Vec<SessionRow>) -> impl IntoView {
    let t = &texts().profile;
    let has_others = sessions.iter().any(|session| !session.is_current);
    let lines = sessions.into_iter().map(session_line).collect_view();
    view! {
        <section class="panel"><h2>{t.sessions}</h2>
            <Refused why={refusal::<EndSession>()}/>
            <ul class="sessions">{lines}</ul>
            {has_others.then(|| view! {
                <form method="post" action=EndSession::PATH><FormToken/>
                    <input type="hidden" name="session_id" value=""/>
                    <button type="submit" class="button">{t.end_others}</button>
                </form>
            })}
        </section>
    }
}

fn session_line(session: SessionRow) -> impl IntoView {
    let t = &texts().profile;
    let browser = if session.user_agent.is_empty() {
        t.unknown_browser.to_owned()
    } else {
        browser_name(&session.user_agent)
    };
    let seen =
        fill(t.last_seen, &[("at", &show::instant(session.last_seen_at)), ("address", &session.address)]);
    let label = fill(t.end_label, &[("browser", &browser)]);
    let end = if session.is_current {
        view! { <Badge tone=Tone::Good icon="check" text=t.this_browser/> }.into_any()
    } else {
        view! {
            <form method="post" action=EndSession::PATH><FormToken/>
                <input type="hidden" name="session_id" value=session.id.to_string()/>
                <button type="submit" class="button button-quiet" aria-label=label>{t.end}</button>
            </form>
        }
        .into_any()
    };
    view! { <li><div><strong>{browser}</strong> <span class="sub">{seen}</span></div> {end}</li> }
}

/// `Firefox, Linux` from what a browser calls itself; the beginning of that where it is none we know.
fn browser_name(user_agent: &str) -> String {
    let find = |names: &[(&str, &str)]| {
        names.iter().find(|(mark, _)| user_agent.contains(mark)).map(|(_, name)| (*name).to_owned())
    };
    let browser = find(&[
        ("Edg/", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox/", "Firefox"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
    ]);
    let system = find(&[
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Android", "Android"),
        ("Windows", "Windows"),
        ("Mac OS", "Mac"),
        ("Linux", "Linux"),
    ]);
    match (browser, system) {
        (Some(browser), Some(system)) => format!("{browser}, {system}"),
        (Some(one), None) | (None, Some(one)) => one,
        (None, None) => user_agent.chars().take(40).collect(),
    }
}
