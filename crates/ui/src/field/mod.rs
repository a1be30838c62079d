//! Form controls: label above, help below, the problem beside the control in words that say what to do.

mod choice;
mod frame;
mod state;
mod text;

pub use choice::{CheckField, SelectField, SelectOption};
pub use state::FormState;
pub use text::{DateField, HiddenField, TextArea, TextField};
