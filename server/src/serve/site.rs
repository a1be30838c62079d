//! Where the built pages are.

use std::path::Path;

use leptos::config::LeptosOptions;

/// Where cargo-leptos puts them, and where they are looked for when nothing says otherwise.
const DEFAULT_ROOT: &str = "target/site";

/// Lists the hashes in the files' names; cargo-leptos puts it beside the server.
const HASHES: &str = "hash.txt";

/// Reads what cargo-leptos and `./dev` say in the environment. A server that was copied somewhere finds its pages in
/// `site` beside itself.
pub fn leptos_options() -> LeptosOptions {
    let beside =
        std::env::current_exe().ok().and_then(|path| path.parent().map(Path::to_owned)).unwrap_or_default();
    let root = std::env::var("LEPTOS_SITE_ROOT").unwrap_or_else(|_| {
        let copied = beside.join("site");
        if copied.is_dir() { copied.display().to_string() } else { DEFAULT_ROOT.to_owned() }
    });
    let hashes = std::env::var("LEPTOS_HASH_FILE_NAME").unwrap_or_else(|_| HASHES.to_owned());
    // Leptos panics when it is told to read hashes that are not there.
    let is_hashed = std::env::var("LEPTOS_HASH_FILES").map_or(true, |value| value == "true")
        && beside.join(&hashes).is_file();
    let options = LeptosOptions::builder()
        .output_name("keyrack")
        .site_root(root)
        .site_pkg_dir("pkg")
        .hash_file(hashes.into())
        .hash_files(is_hashed);
    match std::env::var("LEPTOS_RELOAD_PORT").ok().and_then(|port| port.parse().ok()) {
        Some(port) => options.reload_port(port).build(),
        None => options.build(),
    }
}
