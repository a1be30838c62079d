//! The dependency rule of DESIGN §1, and that nothing of the server reaches the browser.
//!
//! `server → app → {contexts} → platform → domain`; plug-ins that sell for tokens stand above `billing`; contexts never depend on each other; `frontend → app → {ui, domain}`.

#[cfg(test)]
mod rule {
    use std::collections::BTreeMap;
    use std::process::Command;

    use serde_json::Value;

    /// What each crate of ours may depend on directly, besides what comes from the registry.
    const ALLOWED: &[(&str, &[&str])] = &[
        ("domain", &[]),
        ("ui", &["domain"]),
        ("platform", &["domain"]),
        ("identity", &["platform", "domain"]),
        ("pms", &["platform", "domain"]),
        ("billing", &["platform", "plugin-api", "domain"]),
        ("plugin-api", &["domain"]),
        ("plugin-host", &["platform", "plugin-api", "domain"]),
        ("plugin-paypal", &["plugin-api", "domain", "plugin-paypal"]),
        ("plugin-stripe", &["plugin-api", "domain", "stripe-sandbox"]),
        // Its tests use its double, which is a feature of the same crate.
        ("plugin-yookassa", &["plugin-api", "domain", "plugin-yookassa"]),
        ("language-model", &["plugin-api"]),
        // What sells for tokens stands above the ledger (ADR 13).
        ("plugin-chat", &["billing", "plugin-api", "platform", "domain"]),
        ("plugin-taro", &["billing", "plugin-api", "platform", "domain"]),
        ("stripe-sandbox", &[]),
        ("app", &["ui", "identity", "pms", "billing", "plugin-api", "plugin-host", "platform", "domain"]),
        ("frontend", &["app", "ui", "domain"]),
        (
            "server",
            &[
                "app",
                "identity",
                "pms",
                "billing",
                "plugin-api",
                "plugin-host",
                "language-model",
                "plugin-chat",
                "plugin-taro",
                "plugin-paypal",
                "plugin-stripe",
                "plugin-yookassa",
                "stripe-sandbox",
                "platform",
                "domain",
            ],
        ),
        // Measures from outside; needs a database and nothing of what it measures.
        ("bench", &["platform", "domain"]),
    ];

    /// What the browser must never be sent: it would be megabytes, and some of it secrets.
    const NATIVE_ONLY: &[&str] =
        &["sqlx", "tokio", "axum", "printpdf", "identity", "pms", "billing", "platform", "lettre", "argon2"];

    fn cargo(args: &[&str]) -> String {
        let output = Command::new(env!("CARGO"))
            .args(args)
            .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
            .output()
            .unwrap();
        assert!(output.status.success(), "cargo {args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// Every arrow between crates of ours: who depends on whom, in whatever way.
    fn arrows(metadata: &Value) -> BTreeMap<String, Vec<String>> {
        let packages = metadata["packages"].as_array().unwrap();
        let ours: Vec<&str> = packages.iter().map(|package| package["name"].as_str().unwrap()).collect();
        let depends = |package: &Value| {
            let names = package["dependencies"].as_array().unwrap().iter();
            // A test may use what it likes of the same crates, but not turn the rule around either.
            names
                .map(|dependency| dependency["name"].as_str().unwrap().to_owned())
                .filter(|name| ours.contains(&name.as_str()))
                .collect()
        };
        packages
            .iter()
            .map(|package| (package["name"].as_str().unwrap().to_owned(), depends(package)))
            .collect()
    }

    /// Arrows that the rule does not know.
    fn forbidden(arrows: &BTreeMap<String, Vec<String>>) -> Vec<String> {
        let allowed: BTreeMap<&str, &[&str]> = ALLOWED.iter().copied().collect();
        let mut found = Vec::new();
        for (name, dependencies) in arrows {
            let Some(allowed) = allowed.get(name.as_str()) else {
                found.push(format!("{name} is not in the rule"));
                continue;
            };
            let wrong = dependencies.iter().filter(|dependency| !allowed.contains(&dependency.as_str()));
            found.extend(wrong.map(|dependency| format!("{name} → {dependency}")));
        }
        found
    }

    #[test]
    fn every_arrow_points_down() {
        let metadata = cargo(&["metadata", "--format-version", "1", "--no-deps", "--offline"]);
        let arrows = arrows(&serde_json::from_str(&metadata).unwrap());
        assert!(arrows.len() >= 8 && arrows["server"].len() >= 5, "the rule looks at nothing: {arrows:?}");
        assert_eq!(forbidden(&arrows), [""; 0]);
    }

    #[test]
    fn an_arrow_sideways_or_upwards_would_be_found() {
        let arrow = |from: &str, to: &str| BTreeMap::from([(from.to_owned(), vec![to.to_owned()])]);
        assert_eq!(forbidden(&arrow("pms", "identity")), ["pms → identity"]);
        assert_eq!(forbidden(&arrow("platform", "app")), ["platform → app"]);
        assert_eq!(forbidden(&arrow("frontend", "platform")), ["frontend → platform"]);
        assert_eq!(forbidden(&arrow("gossip", "domain")), ["gossip is not in the rule"]);
    }

    #[test]
    fn the_browser_is_sent_nothing_of_the_server() {
        let tree = cargo(&[
            "tree",
            "--package",
            "frontend",
            "--target",
            "wasm32-unknown-unknown",
            "--edges",
            "normal",
            "--prefix",
            "none",
            "--format",
            "{p}",
            "--offline",
        ]);
        let crates: Vec<&str> = tree.lines().filter_map(|line| line.split(' ').next()).collect();
        assert!(crates.contains(&"app") && crates.contains(&"leptos"), "the tree is empty: {tree}");
        let is_native = |name: &str| NATIVE_ONLY.contains(&name) || name.contains("stripe");
        let found: Vec<_> = crates.iter().filter(|name| is_native(name)).collect();
        assert!(found.is_empty(), "in the browser: {found:?}");
    }
}

/// In the OpenAPI document a body is known by its type's name alone: two types of one name would be described as one.
#[test]
fn no_two_bodies_of_rest_have_one_name() {
    let mut places = std::collections::BTreeMap::<String, Vec<String>>::new();
    let mut folders = vec![std::path::PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src/api")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            for part in text.split("ToSchema)]").skip(1) {
                let mut words = part
                    .lines()
                    .filter(|line| !line.trim_start().starts_with(['/', '#']))
                    .flat_map(str::split_whitespace);
                let name =
                    words.find(|word| matches!(*word, "struct" | "enum")).and_then(|_| words.next()).unwrap();
                let name: String = name.chars().take_while(|letter| letter.is_alphanumeric()).collect();
                places.entry(name).or_default().push(path.display().to_string());
            }
        }
    }
    assert!(places.len() > 60, "{}", places.len());
    places.retain(|_, files| files.len() > 1);
    assert!(places.is_empty(), "{places:?}");
}
