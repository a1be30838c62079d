//! The billing address.

mod form;

use leptos::prelude::*;
use leptos_meta::Title;
use ui::{Button, ButtonKind};

use crate::error::AppError;
use crate::routes;
use crate::shared::form::{Form, PostForm};
use crate::shared::loaded::{Loaded, load};
use crate::texts::texts;

pub use form::{AddressFields, AddressForm};
#[cfg(feature = "ssr")]
pub(crate) use form::{country_options, keep_address, known_address};

/// The account's address.
#[server(prefix = "/actions", endpoint = "billing-address")]
pub async fn load_address() -> Result<(AddressForm, Vec<(String, String)>), AppError> {
    let (services, who) = crate::server_ctx::context()?;
    let known = known_address(&services, &who).await?;
    Ok((known.form, known.countries))
}

/// Keeps the account's address.
#[server(prefix = "/actions", endpoint = "change-billing-address")]
pub async fn change_address(form: AddressForm) -> Result<(), AppError> {
    use crate::server_ctx as ctx;
    let (services, who) = ctx::context()?;
    keep_address(&services, &who, form, false).await?;
    ctx::go_to(routes::ACCOUNT_PROFILE, Some(ctx::Notice::new("saved")));
    Ok(())
}

/// Where invoices are addressed to.
#[component]
pub fn AddressPage() -> impl IntoView {
    let data = load(|| (), |()| load_address());
    let t = &texts().billing_address;
    view! {
        <Title text=t.title/>
        <div class="title-row"><h1>{t.title}</h1></div>
        <p class="lead">{t.text}</p>
        <Loaded data children={|(address, countries)| view! { <Address address countries/> }}/>
        <section class="panel panel-form"><h2>{t.password_title}</h2><a href=routes::ACCOUNT_SECURITY>{t.password_link}</a></section>
    }
}

#[component]
fn Address(address: AddressForm, countries: Vec<(String, String)>) -> impl IntoView {
    let form = Form::of::<ChangeAddress>("form");
    let state = form.state.clone();
    view! {
        <section class="panel panel-form">
            <PostForm form label=texts().billing_address.title>
                <AddressFields state address countries/>
                <Button kind=ButtonKind::Primary text=texts().common.save/>
            </PostForm>
        </section>
    }
}
