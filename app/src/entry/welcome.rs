//! The front page.

use leptos::prelude::*;
use ui::{ButtonKind, LinkButton};

use super::frame::Frame;
use crate::routes;
use crate::texts::texts;

/// The front page: what this is, and the way in.
#[component]
pub fn WelcomePage() -> impl IntoView {
    let t = texts();
    view! {
        <Frame title=t.entry.welcome_title>
            <p class="lead">{t.entry.welcome_text}</p>
            <div class="button-row">
                <LinkButton kind=ButtonKind::Primary href=routes::SIGN_IN text=t.entry.sign_in/>
                <LinkButton href=routes::REGISTER text=t.entry.register_link/>
            </div>
        </Frame>
    }
}
