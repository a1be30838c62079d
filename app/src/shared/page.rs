//! Facts of one page view that come with the request, so that no page waits for them: who is signed in, what a refused
//! form held, and what was just done.

use chrono::NaiveDate;
use domain::access::{Actor, Membership, Permission, Role};
use domain::ids::HotelId;
use leptos::prelude::*;
use leptos_router::hooks::use_location;
use serde::{Deserialize, Serialize};

use super::form::FormFlash;

/// Whether the browser went to another page by itself since the server sent one. What was said about a form is said at
/// one address alone: neither on the next page nor when the back button returns to the first.
#[derive(Debug, Clone, Copy)]
struct HasLeft(Memo<bool>);

/// Around all pages: knows when the browser goes from one to another by itself.
#[component]
pub fn Visit(
    /// The pages.
    children: Children,
) -> impl IntoView {
    let path = use_location().pathname;
    let first = path.get_untracked();
    provide_context(HasLeft(Memo::new(move |had_left| {
        path.with(|path| *path != first) || had_left.copied().unwrap_or(false)
    })));
    children()
}

/// Facts of one page view.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageFacts {
    /// Who is signed in.
    pub actor: Option<Actor>,
    /// The hotel in use.
    pub hotel_id: Option<HotelId>,
    /// The hotel's business date.
    pub today: Option<NaiveDate>,
    /// A form that was refused.
    pub flash: Option<FormFlash>,
    /// What was just done: a key of the catalogue's notices, and for an undo a dot and the stay's id.
    pub notice: Option<String>,
    /// Whether people pay in a sandbox, where no real money moves.
    pub is_sandbox: bool,
    /// Whether this browser shows the desk's rail without words.
    pub is_rail_slim: bool,
    /// Marks the forms of this page view.
    pub form_token: String,
}

/// A random text, and for whom the page was made: what a form sends is theirs, even if somebody else is signed in by then.
#[cfg(feature = "ssr")]
fn form_token(user_id: Option<domain::ids::UserId>) -> String {
    let random: domain::ids::SessionId = platform::ids::new();
    user_id.map_or_else(|| random.to_string(), |user_id| format!("{random}_{}", made_for(user_id)))
}

/// The part of a form's token that says for whom its page was made.
#[cfg(feature = "ssr")]
pub fn made_for(user_id: domain::ids::UserId) -> String {
    user_id.to_string().rsplit('-').next().unwrap_or_default().to_owned()
}

/// What was just done; the layer in front reads it from a cookie and puts it into the request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoticeCode(pub String);

impl PageFacts {
    /// Reads the facts from the request on the server, and from the page in the browser.
    pub fn of_this_page() -> Self {
        SharedValue::new(Self::of_request).into_inner()
    }

    #[cfg(feature = "ssr")]
    fn of_request() -> Self {
        use crate::server_ctx::{SignedIn, extension};
        let signed_in: Option<SignedIn> = extension();
        Self {
            hotel_id: signed_in.as_ref().and_then(|signed_in| signed_in.hotel_id),
            today: signed_in.as_ref().map(|signed_in| signed_in.today),
            actor: signed_in.as_ref().map(|signed_in| signed_in.actor.as_ref().clone()),
            flash: extension(),
            notice: extension::<NoticeCode>().map(|notice| notice.0),
            is_sandbox: crate::server_ctx::services().is_ok_and(|services| services.is_sandbox),
            is_rail_slim: crate::server_ctx::has_cookie("rail=slim"),
            form_token: form_token(signed_in.as_ref().map(|signed_in| signed_in.actor.user_id)),
        }
    }

    #[cfg(not(feature = "ssr"))]
    fn of_request() -> Self {
        Self::default()
    }

    /// The facts of the page this is called on.
    pub fn get() -> Self {
        let facts: Self = use_context().unwrap_or_default();
        if use_context::<HasLeft>().is_some_and(|left| left.0.get_untracked()) {
            return Self { flash: None, notice: None, ..facts };
        }
        facts
    }

    /// Whether the reader went elsewhere since; what reads it changes when they do.
    pub fn has_left() -> bool {
        use_context::<HasLeft>().is_some_and(|left| left.0.get())
    }

    /// What the reader is in the hotel in use.
    pub fn membership(&self) -> Option<&Membership> {
        self.actor.as_ref()?.membership(self.hotel_id?)
    }

    /// The reader's role in the hotel in use.
    pub fn role(&self) -> Option<Role> {
        self.membership().map(|membership| membership.role)
    }

    /// Whether the reader may do something; pages leave out what they may not, and the server refuses it anyway.
    pub fn may(&self, permission: Permission) -> bool {
        self.role().is_some_and(|role| role.allows(permission))
    }
}
