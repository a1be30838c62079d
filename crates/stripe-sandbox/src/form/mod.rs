//! Stripe's form encoding: nested brackets in, typed values with Stripe's error texts out.

mod parse;
mod reader;

pub use parse::{Branch, Node, parse};
pub use reader::{Form, MetadataPatch, Params};

/// A change of something that may be absent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Patch<T> {
    /// Nothing was sent.
    #[default]
    Keep,
    /// It was sent empty.
    Unset,
    Set(T),
}

impl<T> Patch<T> {
    /// Brings the change about.
    pub fn apply(self, field: &mut Option<T>) {
        match self {
            Self::Keep => {}
            Self::Unset => *field = None,
            Self::Set(value) => *field = Some(value),
        }
    }
}

/// An enumeration that travels as text.
pub trait Choice: Copy + 'static {
    /// Every value with its text.
    const ALL: &'static [(&'static str, Self)];
}

/// Declares an enumeration whose values have a text on the wire and in the snapshot.
macro_rules! text_enum {
    ($(#[$meta:meta])* $name:ident { $($(#[$note:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        pub enum $name { $($(#[$note])* #[serde(rename = $text)] $variant),+ }

        impl $crate::form::Choice for $name {
            const ALL: &'static [(&'static str, Self)] = &[$(($text, Self::$variant)),+];
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl $name {
            /// The text on the wire.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }
        }
    };
}
pub(crate) use text_enum;
