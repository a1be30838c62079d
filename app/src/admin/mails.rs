use leptos::prelude::*;
use leptos_meta::Title;

use super::api::load_mails;
use crate::routes;
use crate::shared::loaded::{Loaded, load};
use crate::texts::texts;

/// Every mail as customers get it, about somebody invented.
#[component]
pub fn MailsPage() -> impl IntoView {
    let t = &texts().admin;
    let data = load(|| (), |()| load_mails());
    view! {
        <Title text=t.mails/>
        <div class="title-row"><h1>{t.mails}</h1></div>
        <p class="sub">{t.mails_text}</p>
        <Loaded data children={|mails: Vec<(String, String, String)>| {
            mails
                .into_iter()
                .map(|(kind, subject, text)| {
                    view! {
                        <details class="panel"><summary><strong>{subject}</strong></summary>
                            <p><a href=routes::admin_mail(&kind)>{texts().admin.as_html}</a></p>
                            <pre class="payload" tabindex="0">{text}</pre>
                        </details>
                    }
                })
                .collect_view()
        }}/>
    }
}
