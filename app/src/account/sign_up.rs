//! A customer's own account.

use leptos::prelude::*;
use ui::{Button, ButtonKind, TextField};

use crate::entry::frame::Frame;
use crate::error::AppError;
use crate::routes;
use crate::shared::form::{Form, PostForm};
use crate::texts::texts;

/// Makes a customer's account, signs them in and shows the plans.
#[server(prefix = "/actions", endpoint = "sign-up")]
pub async fn sign_up(email: String, password: String) -> Result<(), AppError> {
    use crate::server_ctx as ctx;
    let services = ctx::services()?;
    let client: identity::Client = ctx::extension().ok_or(AppError::Internal)?;
    let identity = &services.identity;
    identity.count_wish(identity::Wish::Account, &client).await?;
    let new = match identity.register_customer(&email, &password).await {
        Ok(_) => identity.sign_in(&email, &password, &client).await?,
        Err(refused) => identity.second_click(refused, &email, &password, None, &client).await?,
    };
    ctx::set_cookie(identity::cookie::set(&new.token, services.is_https));
    ctx::go_to(routes::ACCOUNT_PLANS, None);
    Ok(())
}

/// Where a customer makes an account.
#[component]
pub fn SignUpPage() -> impl IntoView {
    let t = texts();
    let form = Form::of::<SignUp>("");
    view! {
        <Frame title=t.account.sign_up_title>
            <p class="lead">{t.account.sign_up_text}</p>
            <PostForm form=form.clone()>
                <TextField form=form.state.clone() name="email" label=t.entry.email kind="email" autocomplete="email" required=true autofocus=true/>
                <TextField form=form.state name="password" label=t.entry.password kind="password" help=t.account.sign_up_help autocomplete="new-password" required=true/>
                <Button kind=ButtonKind::Primary text=t.account.sign_up/>
            </PostForm>
            <p class="entry-links">
                <a href=routes::SIGN_IN>{t.account.have_account}</a>
                <a href=routes::REGISTER>{t.entry.register_link}</a>
            </p>
        </Frame>
    }
}
