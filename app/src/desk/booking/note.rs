use domain::booking::NoteForm as Shown;
use leptos::prelude::*;
use ui::{Button, TextArea};

use super::api::ChangeNote;
use crate::shared::form::{Form, PostForm};
use crate::texts::texts;

/// Changes what colleagues should know about a booking.
#[component]
pub fn NoteForm(
    /// A stay of the booking.
    id: String,
    /// The present note.
    note: String,
) -> impl IntoView {
    let t = &texts().booking;
    let form = Form::about::<ChangeNote>("", Some(("id", &id)));
    let (form, shown) = form.showing("shown", &Shown { note: note.clone() });
    let (state, is_open) = (form.state.clone(), form.was_refused());
    view! {
        <details class="panel" open=is_open>
            <summary><h2>{t.note_title}</h2></summary>
            <PostForm form>
                <input type="hidden" name="id" value=id/>
                {shown}
                <TextArea form=state name="note" label=t.note value=note help=t.note_help/>
                <Button text=texts().common.save/>
            </PostForm>
        </details>
    }
}
