//! Name and address as forms have them: on a page of their own, and in an order that lacks them.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use ui::{FormState, SelectField, SelectOption, TextField};

#[cfg(feature = "ssr")]
use crate::error::AppError;
#[cfg(feature = "ssr")]
use crate::server_ctx::{Services, SignedIn};
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
    region: String,
    country: String,
    phone: String,
}

impl AddressForm {
    /// The address as lines, with the country's name instead of its code.
    pub fn lines(&self, countries: &[(String, String)]) -> Vec<String> {
        let country = countries.iter().find(|(code, _)| *code == self.country).map(|(_, name)| name.clone());
        let lines = [
            self.company.clone(),
            format!("{} {}", self.first_name, self.last_name),
            self.address_line_1.clone(),
            self.address_line_2.clone(),
            format!("{} {}", self.postal_code, self.city),
            self.region.clone(),
            country.unwrap_or_else(|| self.country.clone()),
            self.tax_number.clone(),
        ];
        lines.into_iter().map(|line| line.trim().to_owned()).filter(|line| !line.is_empty()).collect()
    }
}

#[cfg(feature = "ssr")]
impl From<billing::accounts::Profile> for AddressForm {
    fn from(profile: billing::accounts::Profile) -> Self {
        let text = |value: Option<String>| value.unwrap_or_default();
        Self {
            first_name: text(profile.first_name),
            last_name: text(profile.last_name),
            company: text(profile.company),
            tax_number: text(profile.tax_number),
            address_line_1: text(profile.address_line_1),
            address_line_2: text(profile.address_line_2),
            postal_code: text(profile.postal_code),
            city: text(profile.city),
            region: text(profile.region),
            country: text(profile.country),
            phone: text(profile.phone),
        }
    }
}

/// An account's address, what an invoice still needs of it, and the countries there are.
#[cfg(feature = "ssr")]
pub(crate) struct KnownAddress {
    pub form: AddressForm,
    pub lacks: Vec<domain::problem::FieldProblem>,
    pub countries: Vec<(String, String)>,
}

/// The countries in which is sold, and the one where somebody lives: nothing may be sold there any more.
#[cfg(feature = "ssr")]
pub(crate) async fn country_options(
    services: &Services,
    present: Option<&String>,
) -> Result<Vec<(String, String)>, AppError> {
    let sold = services.billing.enabled_countries().await?;
    let mut countries: Vec<_> = sold.into_iter().map(|country| (country.code, country.name)).collect();
    if let Some(code) = present.filter(|code| countries.iter().all(|(known, _)| known != *code)) {
        countries.push((code.clone(), code.clone()));
    }
    Ok(countries)
}

/// Reads the account's address. Who never gave one has their name filled in, unless it is one word: that is what their e-mail
/// address begins with.
#[cfg(feature = "ssr")]
pub(crate) async fn known_address(services: &Services, who: &SignedIn) -> Result<KnownAddress, AppError> {
    let stored = services.billing.profile(who.account()?).await?;
    let named = || {
        let (first, last) = who.actor.full_name.rsplit_once(' ').unwrap_or_default();
        billing::accounts::Profile {
            first_name: Some(first.to_owned()),
            last_name: Some(last.to_owned()),
            ..billing::accounts::Profile::default()
        }
    };
    let profile = stored.map_or_else(named, |stored| stored.profile);
    let countries = country_options(services, profile.country.as_ref()).await?;
    Ok(KnownAddress { lacks: profile.lacks(), form: profile.into(), countries })
}

/// Keeps the account's address; where it is for an order, everything that an invoice needs has to be there.
#[cfg(feature = "ssr")]
pub(crate) async fn keep_address(
    services: &Services,
    who: &SignedIn,
    form: AddressForm,
    for_order: bool,
) -> Result<(), AppError> {
    let change = |known: billing::accounts::Profile| {
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
            region: text(form.region),
            country: text(form.country),
            phone: text(form.phone),
            // What plug-ins keep there stays.
            config: known.config,
        };
        let mut problems = if for_order { profile.lacks() } else { Vec::new() };
        if let Err(others) = profile.clone().checked() {
            problems.extend(others);
        }
        if problems.is_empty() { Ok(profile) } else { Err(problems) }
    };
    Ok(services.billing.change_profile(who.account()?, None, change).await?)
}

/// The fields of an address.
#[component]
pub fn AddressFields(
    /// The form they are in.
    state: FormState,
    /// What is known.
    address: AddressForm,
    /// The countries there are: code and name.
    countries: Vec<(String, String)>,
) -> impl IntoView {
    let t = &texts().billing_address;
    let mut options = vec![SelectOption::new("", "")];
    options.extend(countries.into_iter().map(|(code, name)| SelectOption::new(code, name)));
    view! {
        <div class="field-pair">
            <TextField form=state.clone() name="first_name" label=t.first_name value=address.first_name autocomplete="given-name"/>
            <TextField form=state.clone() name="last_name" label=t.last_name value=address.last_name autocomplete="family-name"/>
        </div>
        <div class="field-pair">
            <TextField form=state.clone() name="company" label=t.company value=address.company autocomplete="organization" optional=texts().common.optional/>
            <TextField form=state.clone() name="tax_number" label=t.tax_number value=address.tax_number optional=texts().common.optional/>
        </div>
        <TextField form=state.clone() name="address_line_1" label=t.address_line_1 value=address.address_line_1 autocomplete="address-line1"/>
        <TextField form=state.clone() name="address_line_2" label=t.address_line_2 value=address.address_line_2 autocomplete="address-line2" optional=texts().common.optional/>
        <div class="field-pair">
            <TextField form=state.clone() name="postal_code" label=t.postal_code value=address.postal_code autocomplete="postal-code"/>
            <TextField form=state.clone() name="city" label=t.city value=address.city autocomplete="address-level2"/>
        </div>
        <div class="field-pair">
            <TextField form=state.clone() name="region" label=t.region value=address.region autocomplete="address-level1" optional=texts().common.optional/>
            <SelectField form=state.clone() name="country" label=t.country value=address.country options/>
        </div>
        <TextField form=state name="phone" label=t.phone kind="tel" value=address.phone autocomplete="tel" optional=texts().common.optional/>
    }
}
