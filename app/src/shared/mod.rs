//! What pages share: the shell, forms, loading and errors, and how facts are shown.

pub mod acting;
pub mod again;
pub mod audit;
pub mod form;
pub mod layout;
pub mod live;
pub mod loaded;
pub mod notice;
pub mod page;
pub mod show;
pub mod turn;
