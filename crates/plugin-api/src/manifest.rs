/// What a plug-in says about itself.
#[derive(Debug)]
pub struct Manifest {
    /// Its name in addresses and commands, such as `stripe`.
    pub name: &'static str,
    /// Its version.
    pub version: &'static str,
    /// Who made it.
    pub author: &'static str,
    /// What it is for, in a sentence.
    pub description: &'static str,
    /// The names of the plug-ins that have to be on for it.
    pub dependencies: &'static [&'static str],
    /// Whether it is on until somebody says otherwise.
    pub is_on_at_first: bool,
    /// What can be set.
    pub settings: &'static [Setting],
}

/// Something of a plug-in that the admin can set.
#[derive(Debug)]
pub struct Setting {
    /// Its name in the configuration.
    pub key: &'static str,
    /// What it is called on the admin's page.
    pub label: &'static str,
    /// What it does, in a sentence.
    pub description: &'static str,
    /// What it holds.
    pub kind: SettingKind,
}

/// What a setting holds, and what it is until somebody sets it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SettingKind {
    /// A line of text, not empty.
    Text {
        /// At first.
        default: &'static str,
        /// The largest number of characters.
        max: usize,
    },
    /// A whole number.
    Integer {
        /// At first.
        default: i64,
        /// The smallest.
        min: i64,
        /// The largest.
        max: i64,
    },
    /// One of several values.
    Choice {
        /// At first; the value of one of them.
        default: &'static str,
        /// All of them.
        of: &'static [Choice],
    },
}

impl SettingKind {
    /// Whether a text is one of the values on offer; false for what is no choice.
    pub fn offers(self, value: &str) -> bool {
        matches!(self, Self::Choice { of, .. } if of.iter().any(|it| it.value == value))
    }
}

/// One of several values of a setting.
#[derive(Debug, PartialEq, Eq)]
pub struct Choice {
    /// In the configuration.
    pub value: &'static str,
    /// What it is called on the admin's page.
    pub label: &'static str,
}
