//! 3-D Secure: the holder of a card proves to be one, or does not.

use crate::error::ApiError;
use crate::model::card::{Decline, Presence};
use crate::model::payment::{Authentication, AuthenticationPurpose};
use crate::state::State;

use super::{checkout, invoice, payment};

/// Where the browser goes after the holder has answered.
#[derive(Debug, PartialEq, Eq)]
pub enum Next {
    /// To an address of the shop.
    Away(String),
    /// To one of our own pages.
    Page(String),
}

/// Makes an authentication page; its id leads to it.
pub fn open(state: &mut State, method: &str, purpose: AuthenticationPurpose) -> String {
    let page = Authentication {
        id: state.ids.make("auth"),
        payment_method: method.to_owned(),
        purpose,
        done: false,
    };
    let id = page.id.clone();
    state.authentications.put(page);
    id
}

/// The holder's answer. Each page serves once: a second answer only leads on.
pub fn answer(state: &mut State, id: &str, passed: bool) -> Result<Next, ApiError> {
    let page = state.authentications.fetch(id)?;
    let first = !page.done;
    state.authentications.update(id, |page| page.done = true);
    match page.purpose {
        AuthenticationPurpose::Checkout { session } => {
            if first {
                let method = page.payment_method;
                let presence = Presence::Authenticated;
                if passed {
                    checkout::charge(state, &session, &method, presence)?;
                } else {
                    checkout::authentication_failed(state, &session)?;
                }
            }
            let session = state.checkout_sessions.fetch(&session)?;
            Ok(match checkout::success_url(&session) {
                Some(url) => Next::Away(url),
                None => Next::Page(format!("/pay/{}?problem=authentication", session.id)),
            })
        }
        AuthenticationPurpose::Invoice { invoice } => {
            if first && passed {
                invoice::collect(state, &invoice, Some(page.payment_method), Presence::Authenticated, false)?;
            } else if first {
                let intent = state.invoices.fetch(&invoice)?.payment_intent;
                fail_intent(state, intent.as_deref())?;
            }
            Ok(Next::Page(format!("/invoice/{invoice}")))
        }
        AuthenticationPurpose::Intent { intent } => {
            if first && passed {
                let method = state.payment_methods.fetch(&page.payment_method)?;
                let purpose = AuthenticationPurpose::Intent { intent: intent.clone() };
                payment::attempt(state, &intent, &method, Presence::Authenticated, purpose)?;
            } else if first {
                fail_intent(state, Some(&intent))?;
            }
            Ok(Next::Page(format!("/authenticate/{id}")))
        }
    }
}

/// The holder did not authenticate: the intent waits for another card.
pub fn fail_intent(state: &mut State, intent: Option<&str>) -> Result<(), ApiError> {
    if let Some(intent) = intent {
        let intent = state.payment_intents.fetch(intent)?;
        payment::fail(state, intent, Decline::authentication_failed());
    }
    Ok(())
}
