use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use ui::Icon;

use super::form::FormToken;
use super::page::PageFacts;
use crate::admin::StopActing;
use crate::texts::{fill, texts};

/// Says that the platform's admin acts in somebody's name, on every page, and ends it.
#[component]
pub fn ActingBar() -> impl IntoView {
    let actor = PageFacts::get().actor.filter(|actor| actor.impersonated_by.is_some())?;
    let t = &texts().admin;
    let name = if actor.full_name.is_empty() { actor.username } else { actor.full_name };
    Some(view! {
        <aside class="acting" aria-label=t.acting_label>
            <Icon name="alert"/>
            <span>{fill(t.acting, &[("name", &name)])}</span>
            <form method="post" action=StopActing::PATH><FormToken/>
                <button type="submit" class="button">{t.stop_acting}</button>
            </form>
        </aside>
    })
}
