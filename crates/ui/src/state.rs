use std::borrow::Cow;

/// A text in the reader's language: from the catalogue as it is, or put together from it.
pub type Text = Cow<'static, str>;
