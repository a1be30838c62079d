//! Signing in and out.

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use ui::{Button, ButtonKind, TextField};

use super::frame::Frame;
use crate::error::AppError;
use crate::routes;
use crate::shared::form::{Form, PostForm};
use crate::texts::texts;

/// Signs in by e-mail or user name and goes to the desk, or to the page that asked for it.
#[server(prefix = "/actions", endpoint = "sign-in")]
pub async fn sign_in(login: String, password: String, next: String) -> Result<(), AppError> {
    use crate::server_ctx as ctx;
    let services = ctx::services()?;
    let client: identity::Client = ctx::extension().ok_or(AppError::Internal)?;
    let new = services.identity.sign_in(&login, &password, &client).await?;
    ctx::set_cookie(identity::cookie::set(&new.token, services.is_https));
    // Only a path of ours: an address from outside must not lead people elsewhere after they signed in.
    let is_ours = routes::asks_to_sign_in(&next) && next.len() <= 2000 && !next.contains('\\');
    let home = match &new.session.actor {
        actor if actor.organisation_id.is_some() => routes::TODAY,
        actor if actor.helps_run_platform() => routes::ADMIN,
        _ => routes::ACCOUNT,
    };
    ctx::go_to(if is_ours { next.as_str() } else { home }, None);
    Ok(())
}

/// Ends this session.
#[server(prefix = "/actions", endpoint = "sign-out")]
pub async fn sign_out() -> Result<(), AppError> {
    use crate::server_ctx as ctx;
    let (services, who) = ctx::context()?;
    services.identity.sign_out(who.session_id).await?;
    ctx::set_cookie(identity::cookie::clear(services.is_https));
    ctx::go_to(routes::SIGN_IN, Some(ctx::Notice::new("signed_out")));
    Ok(())
}

/// Leads somebody who is not signed in to the page where they can, and back afterwards.
#[cfg(feature = "ssr")]
pub fn send_to_sign_in() {
    let path = use_context::<axum::http::request::Parts>()
        .and_then(|parts| parts.uri.path_and_query().map(|path| path.as_str().to_owned()))
        .filter(|path| routes::asks_to_sign_in(path) && path != routes::TODAY);
    let target = match path {
        Some(path) => format!(
            "{}?next={}",
            routes::SIGN_IN,
            path.replace('%', "%25").replace('&', "%26").replace('#', "%23").replace('+', "%2B")
        ),
        None => routes::SIGN_IN.to_owned(),
    };
    crate::server_ctx::go_to(&target, None);
}

/// Where somebody signs in.
#[component]
pub fn SignInPage() -> impl IntoView {
    let t = texts();
    let form = Form::of::<SignIn>("");
    let next = use_query_map().with_untracked(|query| query.get("next").unwrap_or_default());
    let next = form.state.value("next", next);
    view! {
        <Frame title=t.entry.sign_in_title>
            <PostForm form=form.clone()>
                <input type="hidden" name="next" value=next/>
                <TextField form=form.state.clone() name="login" label=t.entry.login autocomplete="username" required=true autofocus=true/>
                <TextField form=form.state name="password" label=t.entry.password kind="password" autocomplete="current-password" required=true/>
                <Button kind=ButtonKind::Primary text=t.entry.sign_in/>
            </PostForm>
            <p class="entry-links">
                <a href=routes::FORGOT>{t.entry.forgot_link}</a>
                <a href=routes::SIGN_UP>{t.account.sign_up}</a>
                <a href=routes::REGISTER>{t.entry.register_link}</a>
            </p>
        </Frame>
    }
}
