//! A new password, by the link of the mail.

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use ui::{Button, ButtonKind, TextField};

use super::frame::Frame;
use crate::error::AppError;
#[cfg(feature = "ssr")]
use crate::routes;
use crate::shared::form::{Form, PostForm};
use crate::texts::texts;

/// Sets the password; the link works once.
#[server(prefix = "/actions", endpoint = "reset-password")]
pub async fn reset_password(token: String, password: String) -> Result<(), AppError> {
    use crate::server_ctx as ctx;
    ctx::services()?.identity.reset_password(&token, &password).await?;
    ctx::go_to(routes::SIGN_IN, Some(ctx::Notice::new("password_reset")));
    Ok(())
}

/// Where the link leads.
#[component]
pub fn ResetPage() -> impl IntoView {
    let t = texts();
    let form = Form::of::<ResetPassword>("");
    let token = use_query_map().with_untracked(|query| query.get("token").unwrap_or_default());
    view! {
        <Frame title=t.entry.reset_title>
            <p class="lead">{t.entry.reset_text}</p>
            <PostForm form=form.clone()>
                <input type="hidden" name="token" value=token/>
                <TextField
                    form=form.state name="password" label=t.entry.new_password kind="password" help=t.entry.reset_help
                    autocomplete="new-password" required=true autofocus=true
                />
                <Button kind=ButtonKind::Primary text=t.entry.set_password/>
            </PostForm>
        </Frame>
    }
}
