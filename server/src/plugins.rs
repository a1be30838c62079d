//! The plug-ins of this server. Those that are more than a path or two have a crate of their own under `plugins/`.

use plugin_api::{Manifest, Setting, SettingKind};

/// Counts who is there.
pub static ANALYTICS: Manifest = Manifest {
    name: "analytics",
    version: env!("CARGO_PKG_VERSION"),
    author: "Keyrack",
    description: "Counts the browsers in which somebody is signed in and active.",
    dependencies: &[],
    is_on_at_first: true,
    settings: &[Setting {
        key: ACTIVE_MINUTES,
        label: "Active within, in minutes",
        description: "Whoever asked for a page within so many minutes counts as active.",
        kind: SettingKind::Integer { default: 15, min: 1, max: 1_440 },
    }],
};

/// The setting of [`ANALYTICS`].
pub const ACTIVE_MINUTES: &str = "active_minutes";

/// The smallest plug-in there can be.
pub static DEMO: Manifest = Manifest {
    name: "backend-demo-plugin",
    version: env!("CARGO_PKG_VERSION"),
    author: "Keyrack",
    description: "Greets whoever asks, to show that plug-ins work.",
    dependencies: &[],
    is_on_at_first: false,
    settings: &[Setting {
        key: GREETING,
        label: "Greeting",
        description: "What it says.",
        kind: SettingKind::Text { default: "Hello from the demo plug-in", max: 200 },
    }],
};

/// The setting of [`DEMO`].
pub const GREETING: &str = "greeting";

/// All of them.
pub static ALL: &[&Manifest] = &[
    &plugin_stripe::MANIFEST,
    &plugin_paypal::MANIFEST,
    &plugin_yookassa::MANIFEST,
    &ANALYTICS,
    &DEMO,
    &plugin_chat::MANIFEST,
    &plugin_taro::MANIFEST,
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_manifest_is_sound() {
        let names: BTreeSet<&str> = ALL.iter().map(|it| it.name).collect();
        assert_eq!(names.len(), ALL.len(), "two of one name");
        for manifest in ALL {
            let is_part_of_an_address =
                manifest.name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
            assert!(is_part_of_an_address, "{}", manifest.name);
            assert!(manifest.dependencies.iter().all(|needed| names.contains(needed)), "{}", manifest.name);
            for setting in manifest.settings {
                assert!(
                    app::admin::has_plugin_field(setting.key),
                    "{} has no field on the admin's page",
                    setting.key
                );
                match setting.kind {
                    SettingKind::Text { default, max } => {
                        assert!((1..=max).contains(&default.chars().count()));
                    }
                    SettingKind::Integer { default, min, max } => assert!((min..=max).contains(&default)),
                    SettingKind::Choice { default, .. } => assert!(setting.kind.offers(default)),
                }
            }
        }
    }
}
