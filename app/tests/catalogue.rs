//! Every word that a page shows or a mail says comes from a catalogue: none stands in the markup or the code.
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
    let mut before = "";
    for line in source.lines().map(str::trim).filter(|line| !line.starts_with("//")) {
        // A text alone on its line, behind a tag or a value.
        let alone = line.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
        if let Some(text) = alone.filter(|text| !text.contains('"') && before.ends_with(['>', '}'])) {
            keep(text);
        }
        before = line;
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

/// Texts between the tags of HTML that is written as text.
fn words_in_html(source: &str) -> Vec<String> {
    let texts = source.lines().filter(|line| line.contains("</")).flat_map(|line| line.split('>').skip(1));
    let between = texts.filter_map(|rest| rest.split_once('<')).map(|(text, _)| {
        let values = text.split('{').map(|part| part.split_once('}').map_or(part, |(_, after)| after));
        values.collect::<String>().trim_matches(|c: char| !c.is_alphabetic()).to_owned()
    });
    between.filter(|text| !text.is_empty() && !NAMES.contains(&text.as_str())).collect()
}

/// Texts that stand where a mail is put together.
fn words_in_mail(source: &str) -> Vec<String> {
    let code = source.split("#[cfg(test)]").next().unwrap_or("");
    let parts = ["text(", "Text(", "Text(format!(", "text(format!(", "Link("];
    let starts = parts.iter().flat_map(|part| code.split(part).skip(1));
    let literals = starts.filter_map(|rest| rest.trim_start().strip_prefix('"'));
    literals.filter_map(|rest| rest.split('"').next()).map(str::to_owned).collect()
}

#[test]
fn no_word_stands_where_a_mail_is_put_together() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates");
    for file in ["billing/src/mails/said.rs", "identity/src/mails/mod.rs", "pms/src/bookings/confirmation.rs"]
    {
        let source = std::fs::read_to_string(root.join(file)).unwrap();
        assert!(source.contains("domain::words::fill"), "{file}");
        assert_eq!(words_in_mail(&source), [""; 0], "{file}");
    }
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
    let error_page = std::fs::read_to_string(root.join("../server/src/web/error_page.rs")).unwrap();
    assert_eq!(words_in_html(&error_page), [""; 0]);
}

#[test]
fn the_test_finds_what_it_looks_for() {
    assert_eq!(words_in(r#"<p>"Hello"</p>"#), ["Hello"]);
    assert_eq!(words_in(r#"<input placeholder="Find me"/>"#), ["Find me"]);
    assert_eq!(words_in(r#"{name} " and " {other}"#), [" and "]);
    assert_eq!(words_in("<p>\n    \"Hello there\"\n</p>"), ["Hello there"]);
    assert!(words_in("format!(\n    \"{}?a={}\",\n").is_empty());
    assert_eq!(words_in_html(r#"format!("<p>{a} Go on</p><title>{b} · Keyrack</title>", 1)"#), ["Go on"]);
    assert_eq!(words_in_mail("vec![text(\n    \"Thank you.\",\n), text(words.hello)]"), ["Thank you."]);
    assert_eq!(words_in_mail(r#"Part::Text(format!("{a} is ready"))"#), ["{a} is ready"]);
    assert!(words_in(r#"<p>{t.hello}</p> <a class="button">"→"</a> {a} " · " {b}"#).is_empty());
}
