//! The design system: the parts every page is made of, on native elements, with the classes of `style/keyrack.css`.
//!
//! Texts come in as properties; nothing here knows a language. A part that shows a form field reads what was typed and
//! what is wrong with it from the surrounding [`FormState`].

mod badge;
mod button;
mod field;
mod icon;
mod notice;

pub use badge::{Badge, StatusBadge, Tone};
pub use button::{Button, ButtonKind, LinkButton};
pub use field::{DateField, FormState, HiddenField, SelectField, SelectOption, TextArea, TextField};
pub use icon::Icon;
pub use notice::{EmptyState, Notice, NoticeKind, Skeleton};
