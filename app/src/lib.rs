//! The user interface of Keyrack, rendered on the server and brought to life in the browser.
//!
//! By audience, then feature, then one file a screen: `desk/<feature>/{page,api}.rs`. `api.rs` holds the server
//! functions, each about fifteen lines: context, permission, one service call. All paths are in [`routes`], all words
//! in [`texts`].

// A page is one type as deep as its markup.
#![recursion_limit = "512"]
// The structures that `#[server]` and `#[component]` make have fields without comments; the functions they are made
// from are documented.
#![expect(missing_docs, reason = "macro-made structures; see above")]

pub mod account;
pub mod admin;
pub mod desk;
pub mod entry;
pub mod error;
pub mod routes;
#[cfg(feature = "ssr")]
pub mod server_ctx;
pub mod shared;
pub mod store;
pub mod texts;

use std::sync::OnceLock;

use leptos::WasmSplitManifest;
use leptos::nonce::use_nonce;
use leptos::prelude::*;
use leptos_meta::{HashedStylesheet, MetaTags, Title, provide_meta_context};

use crate::shared::acting::ActingBar;
use crate::shared::page::PageFacts;

/// The HTML document around the application.
pub fn shell(options: LeptosOptions) -> impl IntoView {
    view! {
        <!DOCTYPE html>
        <html lang="en">
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1"/>
                <meta name="color-scheme" content="light dark"/>
                <link rel="icon" href="/favicon.svg" type="image/svg+xml"/>
                <link rel="preload" href="/fonts/inter-latin.woff2" r#as="font" type="font/woff2" crossorigin="anonymous"/>
                <link rel="stylesheet" id="keyrack" href=built_files(&options).stylesheet.as_str()/>
                <script nonce=use_nonce()>{include_str!("theme.js")}</script>
                <script nonce=use_nonce()>{include_str!("leaving.js")}</script>
                <script src="/keys.js" defer nonce=use_nonce()></script>
                <AutoReload options=options.clone()/>
                <Hydration options=options.clone()/>
                <MetaTags/>
            </head>
            <body>
                <App/>
            </body>
        </html>
    }
}

/// The files of a build, whose names have the hashes of their contents.
struct BuiltFiles {
    /// Where the stylesheet is.
    stylesheet: String,
    /// Links to the scripts, for browsers to fetch them early.
    hints: String,
    /// What begins the scripts.
    script: String,
    /// Which file has the code of which page.
    parts: Option<WasmSplitManifest>,
}

/// Leptos reads them from a file beside the binary each time a page is made; they are kept after the first.
fn built_files(options: &LeptosOptions) -> &'static BuiltFiles {
    static FILES: OnceLock<BuiltFiles> = OnceLock::new();
    FILES.get_or_init(|| {
        let between = |html: &str, begin: &str, end: &str| {
            let (_, rest) = html.split_once(begin)?;
            rest.split_once(end).map(|(found, _)| found.to_owned())
        };
        let stylesheet = view! { <HashedStylesheet options=options.clone()/> }.to_html();
        let scripts = view! { <HydrationScripts options=options.clone()/> }.to_html();
        // Leptos puts the nonce of this page there, as a value that means no more than an empty one.
        let nonce = use_nonce().map(|nonce| nonce.to_string()).unwrap_or_default();
        let (hints, script) = scripts.split_once("<script").unwrap_or((&scripts, ""));
        BuiltFiles {
            stylesheet: between(&stylesheet, "href=\"", "\"").unwrap_or_default(),
            hints: hints.replace(&format!("crossorigin=\"{nonce}\""), "crossorigin=\"\""),
            script: between(script, ">", "</script>")
                .unwrap_or_default()
                .trim()
                .trim_end_matches(';')
                .to_owned(),
            parts: use_context(),
        }
    })
}

/// The scripts of Leptos, begun after the first paint. Left alone they, or the hints for them, are fetched with the
/// stylesheet and the font, and the first sight of a page waits for all.
#[component]
fn Hydration(options: LeptosOptions) -> impl IntoView {
    let files = built_files(&options);
    if let Some(parts) = &files.parts {
        provide_context(parts.clone());
    }
    view! {
        <template id="hydration-hints" inner_html=files.hints.as_str()></template>
        <script type="module" nonce=use_nonce()>{include_str!("hydrate.js").replace("HYDRATE", &files.script)}</script>
    }
}

/// The application: facts of the page, then the routes.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    provide_context(PageFacts::of_this_page());
    view! {
        <Title text=present_title() formatter=|text: String| if text.is_empty() { "Keyrack".to_owned() } else { format!("{text}{SUFFIX}") }/>
        <ActingBar/>
        <routes::AppRoutes/>
    }
    .into_any()
}

/// What follows the title of a page.
const SUFFIX: &str = " · Keyrack";

/// The title that the server gave the page: it stays until the page's own code is loaded.
fn present_title() -> String {
    #[cfg(not(feature = "ssr"))]
    let title = document().title();
    #[cfg(feature = "ssr")]
    let title = String::new();
    title.strip_suffix(SUFFIX).unwrap_or_default().to_owned()
}
