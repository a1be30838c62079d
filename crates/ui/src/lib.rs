//! The design system: the parts every page is made of, on native elements, with the classes of `style/keyrack.css`.
//!
//! Texts come in as properties; nothing here knows a language. A field finds what was typed, and what is wrong with it,
//! in the [`FormState`] of the form around it.

mod avatar;
mod badge;
mod button;
mod drawer;
mod field;
mod icon;
mod kbd;
mod notice;
mod segmented;
mod state;
mod table;
mod toast;

pub use avatar::Avatar;
pub use badge::{Badge, ConditionMark, StatusBadge, Tone};
pub use button::{Button, ButtonKind, LinkButton, SubmitButton};
pub use drawer::{Drawer, Menu};
pub use field::{CheckField, DateField, FormState, HiddenField, SelectField, SelectOption, TextArea, TextField};
pub use icon::Icon;
pub use kbd::Kbd;
pub use notice::{EmptyState, Notice, NoticeKind, Skeleton};
pub use segmented::{Segment, Segmented};
pub use state::Text;
pub use table::{Facts, Table};
pub use toast::Toast;
