//! What was just done, and what was just refused, above the content of a page.

use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use ui::{Notice, NoticeKind};

use super::form::{Form, FormToken};
use super::page::PageFacts;
use crate::desk::booking::ActOnStay;
use crate::desk::shell::ChooseHotel;
use crate::desk::staff::ActivateStaff;
use crate::texts::{error_text, fill, notice_text, texts};

/// What was just done, with an undo where there is one, until one goes elsewhere.
#[component]
pub fn DoneNotice() -> impl IntoView {
    move || {
        if PageFacts::has_left() { None } else { PageFacts::get().notice.and_then(|notice| done(&notice)) }
    }
}

fn done(notice: &str) -> Option<AnyView> {
    let (code, about) = notice.split_once('.').map_or((notice, None), |(code, id)| (code, Some(id)));
    let text = notice_text(code)?;
    let (action, name, value) = match code {
        "checked_in" => (ActOnStay::PATH, "act", "undo_check_in."),
        "checked_out" => (ActOnStay::PATH, "act", "undo_check_out."),
        "cancelled" | "no_show" => (ActOnStay::PATH, "act", "reinstate."),
        "deactivated" => (ActivateStaff::PATH, "user_id", ""),
        _ => return Some(view! { <Notice kind=NoticeKind::Done text/> }.into_any()),
    };
    let undo = about.map(|id| {
        view! {
            <form method="post" action=action><FormToken/>
                <button type="submit" name=name value=format!("{value}{id}") class="button button-quiet">{texts().common.undo}</button>
            </form>
        }
    });
    Some(view! { <Notice kind=NoticeKind::Done text>{undo}</Notice> }.into_any())
}

/// Why a button of server function `F` did nothing, if it was one on this page.
pub fn refusal<F: ServerFn>() -> Option<String> {
    Form::of::<F>("").error.as_ref().map(error_text)
}

/// Why a button did nothing, where the button was.
#[component]
pub fn Refused(
    /// Why.
    why: Option<String>,
) -> impl IntoView {
    why.map(|why| view! { <Notice kind=NoticeKind::Problem text=fill(texts().errors.refused, &[("why", &why)])/> })
}

/// The field that the buttons in a list of stays send along, since the list tells why one of them did nothing.
pub const IN_LIST: &str = "in_list";

/// Why a button of the desk's shell did nothing, or one above the content, until one goes elsewhere.
#[component]
pub fn RefusedAbove() -> impl IntoView {
    move || {
        if PageFacts::has_left() {
            return None;
        }
        let is_in_list = Form::of::<ActOnStay>("").state.values.contains_key(IN_LIST);
        let why = refusal::<ActOnStay>().filter(|_| !is_in_list);
        let why = why.or_else(refusal::<ChooseHotel>).or_else(refusal::<ActivateStaff>);
        Some(view! { <Refused why/> })
    }
}
