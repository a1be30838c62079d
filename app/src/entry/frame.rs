use leptos::prelude::*;
use leptos_meta::Title;
use ui::Icon;

use crate::shared::notice::DoneNotice;

/// A page with one thing to do.
#[component]
pub fn Frame(
    /// Its title.
    title: &'static str,
    /// A class for its width.
    #[prop(default = "entry")]
    class: &'static str,
    /// What there is to do.
    children: Children,
) -> impl IntoView {
    view! {
        <Title text=title/>
        <main class=class>
            <a class="brand" href="/"><Icon name="key"/><span>"Keyrack"</span></a>
            <h1>{title}</h1>
            <DoneNotice/>
            {children()}
        </main>
    }
}
