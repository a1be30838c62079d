//! What is set for a plug-in.

use plugin_api::{Manifest, SettingKind};
use serde_json::{Map, Value};

use crate::{Error, Result};

/// The settings of `given`, each as its manifest wants it. A number may come as a text, as forms send it.
pub(crate) fn checked(manifest: &Manifest, given: &Map<String, Value>) -> Result<Map<String, Value>> {
    let mut checked = Map::new();
    for (key, value) in given {
        let setting = manifest.settings.iter().find(|setting| setting.key == key).ok_or_else(|| {
            let key: String = key.chars().take(40).collect();
            Error::Refused(format!("Plugin '{}' has no setting '{key}'", manifest.name))
        })?;
        let value = match setting.kind {
            SettingKind::Text { max, .. } => text(value, max)
                .map(Value::from)
                .ok_or_else(|| format!("{key} must be a line of text, at most {max} characters long")),
            SettingKind::Integer { min, max, .. } => integer(value)
                .filter(|number| (min..=max).contains(number))
                .map(Value::from)
                .ok_or_else(|| format!("{key} must be a whole number from {min} to {max}")),
            SettingKind::Choice { of, .. } => value
                .as_str()
                .map(str::trim)
                .filter(|value| setting.kind.offers(value))
                .map(Value::from)
                .ok_or_else(|| {
                    let values: Vec<&str> = of.iter().map(|it| it.value).collect();
                    format!("{key} must be one of {}", values.join(", "))
                }),
        };
        checked.insert(key.clone(), value.map_err(Error::Refused)?);
    }
    Ok(checked)
}

fn text(value: &Value, max: usize) -> Option<String> {
    let text = value.as_str()?.trim();
    let fits = !text.is_empty() && text.chars().count() <= max && !text.contains(char::is_control);
    fits.then(|| text.to_owned())
}

fn integer(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.trim().parse().ok())
}
