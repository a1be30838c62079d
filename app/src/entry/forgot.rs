//! A forgotten password.

use leptos::prelude::*;
use ui::{Button, ButtonKind, TextField};

use super::frame::Frame;
use crate::error::AppError;
use crate::routes;
use crate::shared::form::{Form, PostForm};
use crate::texts::texts;

/// Sends a link, if there is an account; says the same if there is none.
#[server(prefix = "/actions", endpoint = "forgot-password")]
pub async fn forgot_password(email: String) -> Result<(), AppError> {
    use crate::server_ctx as ctx;
    let client: identity::Client = ctx::extension().ok_or(AppError::Internal)?;
    ctx::services()?.identity.forgot_password(&email, &client).await?;
    ctx::go_to(routes::FORGOT, Some(ctx::Notice::new("link_sent")));
    Ok(())
}

/// Where somebody asks for a link.
#[component]
pub fn ForgotPage() -> impl IntoView {
    let t = texts();
    let form = Form::of::<ForgotPassword>("");
    view! {
        <Frame title=t.entry.forgot_title>
            <p class="lead">{t.entry.forgot_text}</p>
            <PostForm form=form.clone()>
                <TextField form=form.state name="email" label=t.entry.email kind="email" autocomplete="email" required=true autofocus=true/>
                <Button kind=ButtonKind::Primary text=t.entry.send_link/>
            </PostForm>
            <p class="entry-links"><a href=routes::SIGN_IN>{t.entry.back_to_sign_in}</a></p>
        </Frame>
    }
}
