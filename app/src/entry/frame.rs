use leptos::prelude::*;
use leptos_meta::Title;
use ui::{Icon, Notice, NoticeKind};

use crate::shared::page::PageFacts;
use crate::texts::notice_text;

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
    let notice = PageFacts::get().notice.and_then(|code| notice_text(&code));
    view! {
        <Title text=title/>
        <main class=class>
            <a class="brand" href="/"><Icon name="key"/><span>"Keyrack"</span></a>
            <h1>{title}</h1>
            {notice.map(|text| view! { <Notice kind=NoticeKind::Done text/> })}
            {children()}
        </main>
    }
}
