//! A further hotel of the owner's company.

use leptos::prelude::*;
use leptos_meta::Title;
use ui::{Button, ButtonKind};

use crate::entry::register::{HotelFields, RegisterForm};
use crate::error::AppError;
#[cfg(feature = "ssr")]
use crate::routes;
use crate::shared::form::{Form, PostForm};
use crate::texts::texts;

/// Adds a hotel to the company, of which the reader becomes the owner.
#[server(prefix = "/actions", endpoint = "add-hotel")]
pub async fn add_hotel(form: RegisterForm) -> Result<(), AppError> {
    use crate::entry::register::at_fields;
    use crate::server_ctx as ctx;
    let (services, who) = ctx::context()?;
    let (form, bad_rooms) = form.read();
    let checked = form.check_hotel();
    if let Some(problem) = bad_rooms {
        let mut problems = checked.err().unwrap_or_default();
        problems.push(problem);
        return Err(AppError::Invalid(problems));
    }
    let new = checked.map_err(|problems| AppError::Invalid(at_fields(problems)))?;
    services.add_hotel(&who.actor, &new, None).await?;
    ctx::go_to(routes::SETTINGS, Some(ctx::Notice::new("hotel_added")));
    Ok(())
}

/// Where an owner adds a hotel.
#[component]
pub fn NewHotelPage() -> impl IntoView {
    let t = &texts().settings;
    let form = Form::of::<AddHotel>("form");
    let state = form.state.clone();
    view! {
        <Title text=t.add_hotel/>
        <div class="title-row"><h1>{t.add_hotel}</h1></div>
        <section class="panel panel-form">
            <p>{t.add_hotel_text}</p>
            <PostForm form>
                <HotelFields state/>
                <Button kind=ButtonKind::Primary text=t.add_hotel/>
            </PostForm>
        </section>
    }
}
