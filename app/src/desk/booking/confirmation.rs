use leptos::prelude::*;
use ui::{Button, TextField};

use super::api::SendConfirmation;
use crate::shared::form::{Form, PostForm};
use crate::texts::texts;

/// Has the booking written to the guest.
#[component]
pub fn ConfirmationForm(
    /// A stay of the booking.
    id: String,
    /// The guest's address.
    email: String,
) -> impl IntoView {
    let t = &texts().booking;
    let form = Form::about::<SendConfirmation>("", Some(("id", &id)));
    let (state, is_open) = (form.state.clone(), form.was_refused());
    view! {
        <details class="panel" open=is_open>
            <summary><h2>{t.confirmation_title}</h2></summary>
            <PostForm form>
                <input type="hidden" name="id" value=id/>
                <TextField form=state name="email" label=t.confirmation_email kind="email" value=email help=t.confirmation_help required=true/>
                <Button text=t.confirmation_send/>
            </PostForm>
        </details>
    }
}
