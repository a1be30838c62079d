use domain::booking::{StayFeedback, StayFeedbackForm};
use leptos::prelude::*;
use ui::{Button, SelectField, SelectOption, TextArea};

use super::api::ChangeFeedback;
use crate::shared::form::{Form, PostForm};
use crate::texts::{rating_text, texts};

/// Notes how a stay went.
#[component]
pub fn FeedbackForm(
    /// The stay.
    id: String,
    /// Whether there is something to note: the guest left.
    has_left: bool,
    /// What is noted.
    feedback: StayFeedback,
) -> impl IntoView {
    let t = &texts().booking;
    let form = Form::about::<ChangeFeedback>("form", Some(("id", &id)));
    let is_open = form.was_refused();
    // Where it was refused the reason is told, and what was typed is kept, whatever the stay is by now.
    if !has_left && !is_open {
        return None;
    }
    let known = StayFeedbackForm::from(feedback);
    let (form, shown) = form.showing("form[shown]", &known);
    let state = form.state.clone();
    let none = SelectOption::new("", texts().common.none);
    let ratings = (1..=5).rev().map(|rating| SelectOption::new(rating.to_string(), rating_text(rating)));
    let options = std::iter::once(none).chain(ratings).collect::<Vec<_>>();
    Some(view! {
        <details class="panel" open=is_open>
            <summary><h2>{t.feedback_title}</h2></summary>
            <PostForm form>
                <input type="hidden" name="id" value=id/>
                {shown}
                <SelectField form=state.clone() name="rating" label=t.rating value=known.rating options/>
                <TextArea form=state name="feedback" label=t.feedback value=known.feedback help=t.note_help/>
                <Button text=texts().common.save/>
            </PostForm>
        </details>
    })
}
