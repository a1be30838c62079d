//! Every word a page shows comes from the catalogue: none stands in the markup.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

use std::path::{Path, PathBuf};

/// Source files with markup.
fn sources(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && path.file_name().is_some_and(|name| name != "texts") {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// What is not a word of any language: the product's name.
const NAMES: &[&str] = &["Keyrack"];

/// Texts that stand in markup: between tags, or in an attribute that people read.
fn words_in(source: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut keep = |text: &str| {
        if text.chars().any(char::is_alphabetic) && !NAMES.contains(&text) {
            found.push(text.to_owned());
        }
    };
    for line in source.lines().map(str::trim).filter(|line| !line.starts_with("//")) {
        for attribute in
            ["aria-label=\"", "placeholder=\"", "title=\"", "label=\"", "alt=\"", "text=\"", "help=\""]
        {
            for (_, rest) in line.split(attribute).skip(1).map(|rest| ("", rest)) {
                keep(rest.split('"').next().unwrap_or(""));
            }
        }
        for rest in line.split(">\"").skip(1) {
            keep(rest.split('"').next().unwrap_or(""));
        }
        for rest in line.split("} \"").skip(1) {
            keep(rest.split('"').next().unwrap_or(""));
        }
    }
    found
}

#[test]
fn no_word_stands_in_the_markup() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    sources(&root.join("src"), &mut files);
    sources(&root.join("../crates/ui/src"), &mut files);
    assert!(files.len() > 40);
    let words: Vec<_> = files
        .iter()
        .flat_map(|file| {
            words_in(&std::fs::read_to_string(file).unwrap()).into_iter().map(|word| (file.clone(), word))
        })
        .collect();
    assert!(words.is_empty(), "{words:#?}");
}

#[test]
fn the_test_finds_what_it_looks_for() {
    assert_eq!(words_in(r#"<p>"Hello"</p>"#), ["Hello"]);
    assert_eq!(words_in(r#"<input placeholder="Find me"/>"#), ["Find me"]);
    assert_eq!(words_in(r#"{name} " and " {other}"#), [" and "]);
    assert!(words_in(r#"<p>{t.hello}</p> <a class="button">"→"</a> {a} " · " {b}"#).is_empty());
}
