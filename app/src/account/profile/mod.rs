//! The billing address.

use leptos::prelude::*;
use leptos_meta::Title;
use serde::{Deserialize, Serialize};
use ui::{Button, ButtonKind, SelectField, SelectOption, TextField};

use crate::error::AppError;
use crate::routes;
use crate::shared::form::{Form, PostForm};
use crate::shared::loaded::Loaded;
use crate::texts::texts;

/// The address as the form has it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AddressForm {
    first_name: String,
    last_name: String,
    company: String,
    tax_number: String,
    address_line_1: String,
    address_line_2: String,
    postal_code: String,
    city: String,
    country: String,
    phone: String,
}

/// The account's address.
#[server(prefix = "/actions", endpoint = "billing-address")]
pub async fn load_address() -> Result<(AddressForm, Vec<(String, String)>), AppError> {
    let (services, who) = crate::server_ctx::context()?;
    let stored = services.billing.profile(who.account()?).await?;
    let countries = services.billing.enabled_countries().await?;
    let mut countries: Vec<_> = countries.into_iter().map(|country| (country.code, country.name)).collect();
    let Some(profile) = stored.map(|stored| stored.profile) else {
        return Ok((AddressForm::default(), countries));
    };
    // Where nothing is sold any more somebody may live still.
    if let Some(code) =
        profile.country.as_ref().filter(|code| countries.iter().all(|(known, _)| known != *code))
    {
        countries.push((code.clone(), code.clone()));
    }
    let text = |value: Option<String>| value.unwrap_or_default();
    let form = AddressForm {
        first_name: text(profile.first_name),
        last_name: text(profile.last_name),
        company: text(profile.company),
        tax_number: text(profile.tax_number),
        address_line_1: text(profile.address_line_1),
        address_line_2: text(profile.address_line_2),
        postal_code: text(profile.postal_code),
        city: text(profile.city),
        country: text(profile.country),
        phone: text(profile.phone),
    };
    Ok((form, countries))
}

/// Keeps the account's address.
#[server(prefix = "/actions", endpoint = "change-billing-address")]
pub async fn change_address(form: AddressForm) -> Result<(), AppError> {
    use crate::server_ctx as ctx;
    let (services, who) = ctx::context()?;
    let permit = who.account()?;
    // What plug-ins keep there stays.
    let config =
        services.billing.profile(permit).await?.map(|stored| stored.profile.config).unwrap_or_default();
    let text = |value: String| Some(value.trim().to_owned()).filter(|value| !value.is_empty());
    let profile = billing::accounts::Profile {
        first_name: text(form.first_name),
        last_name: text(form.last_name),
        company: text(form.company),
        tax_number: text(form.tax_number),
        address_line_1: text(form.address_line_1),
        address_line_2: text(form.address_line_2),
        postal_code: text(form.postal_code),
        city: text(form.city),
        country: text(form.country),
        phone: text(form.phone),
        config,
    };
    services.billing.save_profile(permit, profile).await.map_err(|error| match error {
        billing::accounts::ProfileError::Invalid(problems) => AppError::Invalid(problems),
        billing::accounts::ProfileError::Other(error) => error.into(),
    })?;
    ctx::go_to(routes::ACCOUNT_PROFILE, Some(ctx::Notice::new("saved")));
    Ok(())
}

/// Where invoices are addressed to.
#[component]
pub fn AddressPage() -> impl IntoView {
    let data = Resource::new(|| (), |()| load_address());
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
    let t = &texts().billing_address;
    let form = Form::of::<ChangeAddress>("form");
    let state = form.state.clone();
    let mut options = vec![SelectOption::new("", "")];
    options.extend(countries.into_iter().map(|(code, name)| SelectOption::new(code, name)));
    view! {
        <section class="panel panel-form">
            <PostForm form label=t.title>
                <div class="field-pair">
                    <TextField form=state.clone() name="first_name" label=t.first_name value=address.first_name autocomplete="given-name"/>
                    <TextField form=state.clone() name="last_name" label=t.last_name value=address.last_name autocomplete="family-name"/>
                </div>
                <div class="field-pair">
                    <TextField form=state.clone() name="company" label=t.company value=address.company autocomplete="organization"/>
                    <TextField form=state.clone() name="tax_number" label=t.tax_number value=address.tax_number/>
                </div>
                <TextField form=state.clone() name="address_line_1" label=t.address_line_1 value=address.address_line_1 autocomplete="address-line1"/>
                <TextField form=state.clone() name="address_line_2" label=t.address_line_2 value=address.address_line_2 autocomplete="address-line2"/>
                <div class="field-pair">
                    <TextField form=state.clone() name="postal_code" label=t.postal_code value=address.postal_code autocomplete="postal-code"/>
                    <TextField form=state.clone() name="city" label=t.city value=address.city autocomplete="address-level2"/>
                </div>
                <div class="field-pair">
                    <SelectField form=state.clone() name="country" label=t.country value=address.country options/>
                    <TextField form=state name="phone" label=t.phone kind="tel" value=address.phone autocomplete="tel"/>
                </div>
                <Button kind=ButtonKind::Primary text=texts().common.save/>
            </PostForm>
        </section>
    }
}
