use domain::booking::StayFeedback;
use leptos::prelude::*;
use ui::{Button, SelectField, SelectOption, TextArea};

use super::api::ChangeFeedback;
use crate::shared::form::{Form, PostForm, as_shown};
use crate::texts::{rating_text, texts};

/// Notes how a stay went.
#[component]
pub fn FeedbackForm(
    /// The stay, whose guest left.
    id: String,
    /// What is noted.
    feedback: StayFeedback,
) -> impl IntoView {
    let t = &texts().booking;
    let form = Form::about::<ChangeFeedback>("form", Some(("id", &id)));
    let shown = form.shown("form[shown]", as_shown(&feedback));
    let (state, is_open) = (form.state.clone(), form.was_refused());
    let none = SelectOption::new("", texts().common.none);
    let ratings = (1..=5).rev().map(|rating| SelectOption::new(rating.to_string(), rating_text(rating)));
    let options = std::iter::once(none).chain(ratings).collect::<Vec<_>>();
    let rating = feedback.rating.map(|rating| rating.to_string()).unwrap_or_default();
    let note = feedback.note.unwrap_or_default();
    view! {
        <details class="panel" open=is_open>
            <summary><h2>{t.feedback_title}</h2></summary>
            <PostForm form>
                <input type="hidden" name="id" value=id/>
                <input type="hidden" name="form[shown]" value=shown data-shown=""/>
                <SelectField form=state.clone() name="rating" label=t.rating value=rating options/>
                <TextArea form=state name="feedback" label=t.feedback value=note help=t.note_help/>
                <Button text=texts().common.save/>
            </PostForm>
        </details>
    }
}
