//! What each subject's list and pages hold, and what can be done: each is a few calls of the services.

mod business;
mod catalogue;
mod categories;
mod companies;
mod invoices;
mod machines;
mod payment_methods;
mod plans;
mod plugins;
mod roles;
mod sellers;
mod subscriptions;
mod tokens;
mod users;
mod webhooks;

use std::collections::BTreeMap;

pub use business::{business, mails};
use domain::access::{AdminPermit, PlatformPermission};
use domain::ids::AccountId;

use super::fields::{Kind, fields};
use super::model::{Cell, Item, Subject, Table, Wanted};
use crate::error::AppError;
use crate::routes;
use crate::server_ctx::{Services, SignedIn};
use crate::shared::show;

/// Where somebody goes who did something.
pub enum Shown {
    /// To the thing itself.
    Item(String),
    /// To another thing.
    Of(Subject, String),
    /// To the list.
    List,
    /// To where somebody begins who signs in.
    Home,
}

/// What is known of a thing: what is not there is left out.
fn known(facts: Vec<(String, Cell)>) -> Vec<(String, Cell)> {
    facts.into_iter().filter(|(_, cell)| *cell != Cell::None).collect()
}

/// What a form holds.
pub type Fields = BTreeMap<String, String>;

/// A part of a subject's list.
pub async fn list(
    services: &Services,
    permit: AdminPermit<'_>,
    subject: Subject,
    wanted: &Wanted,
) -> Result<Table, AppError> {
    let states = subject.states();
    if !wanted.state.is_empty() && !states.iter().any(|(state, _)| *state == wanted.state) {
        return Err(AppError::NotFound);
    }
    let table = read(services, permit, subject, wanted).await?;
    Ok(if subject.is_short() { table.part(wanted, &states) } else { table })
}

/// Reads a part of a list, or all of one that is short.
async fn read(
    services: &Services,
    permit: AdminPermit<'_>,
    subject: Subject,
    wanted: &Wanted,
) -> Result<Table, AppError> {
    match subject {
        Subject::Users => users::list(services, permit, wanted).await,
        Subject::Roles => roles::list(services, permit).await,
        Subject::Companies => companies::list(services, permit, wanted).await,
        Subject::Subscriptions => subscriptions::list(services, permit, wanted).await,
        Subject::Invoices => invoices::list(services, permit, wanted).await,
        Subject::Tokens => tokens::list(services, permit, wanted).await,
        Subject::Plans => plans::list(services, permit).await,
        Subject::Categories => categories::list(services, permit).await,
        Subject::Addons => catalogue::addons(services, permit).await,
        Subject::Bundles => catalogue::bundles(services, permit).await,
        Subject::PaymentMethods => payment_methods::list(services, permit).await,
        Subject::Countries => sellers::countries(services, permit).await,
        Subject::Taxes => sellers::taxes(services, permit).await,
        Subject::Currencies => sellers::currencies(services, permit).await,
        Subject::ProviderEvents => machines::events(services, permit, wanted).await,
        Subject::Webhooks => webhooks::list(services, permit).await,
        Subject::Deliveries => webhooks::deliveries(services, permit, wanted).await,
        Subject::ClientEvents => machines::client_events(services, permit, wanted).await,
        Subject::Jobs => machines::jobs(services, wanted).await,
        Subject::Plugins => plugins::list(services).await,
        Subject::Settings => Ok(sellers::settings_list()),
    }
}

/// One thing, or the form of a new one.
pub async fn item(
    services: &Services,
    permit: AdminPermit<'_>,
    subject: Subject,
    id: &str,
) -> Result<Item, AppError> {
    if id == "new" && !subject.is_made_here() {
        return Err(AppError::NotFound);
    }
    match subject {
        Subject::Users => users::item(services, permit, id).await,
        Subject::Roles => roles::item(services, permit, id).await,
        Subject::Companies => companies::item(services, permit, id).await,
        Subject::Subscriptions => subscriptions::item(services, permit, id).await,
        Subject::Invoices => invoices::item(services, permit, id).await,
        Subject::Plans => plans::item(services, permit, id).await,
        Subject::Categories => categories::item(services, permit, id).await,
        Subject::Addons => catalogue::addon(services, permit, id).await,
        Subject::Bundles => catalogue::bundle(services, permit, id).await,
        Subject::PaymentMethods => payment_methods::item(services, permit, id).await,
        Subject::Countries => sellers::country(services, permit, id).await,
        Subject::Taxes => sellers::tax(services, permit, id).await,
        Subject::Currencies => sellers::currency(services, permit, id).await,
        Subject::ProviderEvents => machines::event(services, permit, id).await,
        Subject::Webhooks => webhooks::item(services, permit, id).await,
        Subject::Deliveries => webhooks::delivery(services, permit, id).await,
        Subject::ClientEvents | Subject::Tokens => Err(AppError::NotFound),
        Subject::Jobs => machines::job(services, id).await,
        Subject::Plugins => plugins::item(services, id).await,
        Subject::Settings => sellers::settings(services).await,
    }
}

/// Makes or changes a thing, and says its id.
pub async fn save(
    services: &Services,
    permit: AdminPermit<'_>,
    subject: Subject,
    id: &str,
    version: i32,
    values: &Fields,
) -> Result<String, AppError> {
    let form = Form { subject, is_new: id == "new", values };
    match subject {
        Subject::Users => users::save(services, permit, id, version, &form).await,
        Subject::Roles => roles::save(services, permit, id, version, &form).await,
        Subject::Companies => companies::save(services, permit, id, &form).await,
        Subject::Subscriptions => subscriptions::save(services, permit, &form).await,
        Subject::Plans => plans::save(services, permit, id, version, &form).await,
        Subject::Categories => categories::save(services, permit, id, version, &form).await,
        Subject::Addons => catalogue::save_addon(services, permit, id, version, &form).await,
        Subject::Bundles => catalogue::save_bundle(services, permit, id, version, &form).await,
        Subject::PaymentMethods => payment_methods::save(services, permit, id, version, &form).await,
        Subject::Taxes => sellers::save_tax(services, permit, id, version, &form).await,
        Subject::Currencies => sellers::save_currency(services, permit, id, version, &form).await,
        Subject::Settings => sellers::save_settings(services, permit, version, &form).await,
        Subject::Webhooks => webhooks::save(services, permit, id, version, &form).await,
        Subject::Plugins => plugins::save(services, permit, id, &form).await,
        Subject::Invoices
        | Subject::Countries
        | Subject::ProviderEvents
        | Subject::Deliveries
        | Subject::ClientEvents
        | Subject::Tokens
        | Subject::Jobs => Err(AppError::NotFound),
    }
}

/// Does something with a thing.
pub async fn act(
    services: &Services,
    who: &SignedIn,
    subject: Subject,
    id: &str,
    action: &str,
    said: &str,
) -> Result<Shown, AppError> {
    let billing = &services.billing;
    let permit = who.platform(PlatformPermission::manage(subject.resource()))?;
    match (subject, action) {
        (Subject::Plans, "delete") => billing.delete_plan(permit, id_of(id)?).await?,
        (Subject::Categories, "delete") => billing.delete_category(permit, id_of(id)?).await?,
        (Subject::Addons, "delete") => billing.delete_addon(permit, id_of(id)?).await?,
        (Subject::Bundles, "delete") => billing.delete_bundle(permit, id_of(id)?).await?,
        (Subject::PaymentMethods, "delete") => billing.delete_payment_method(permit, id_of(id)?).await?,
        (Subject::Taxes, "delete") => billing.delete_tax(permit, id_of(id)?).await?,
        (Subject::Roles, "delete") => services.identity.delete_platform_role(permit, id_of(id)?).await?,
        (Subject::Users, "act_as") => return users::act_as(services, who, id).await,
        (Subject::Users, _) => return users::act(services, permit, id, action).await,
        (Subject::Subscriptions, _) => return subscriptions::act(services, permit, id, action, said).await,
        (Subject::Invoices, _) => return invoices::act(services, permit, id, action, said).await,
        (Subject::Plans, _) => return plans::act(services, permit, id, action).await,
        (Subject::PaymentMethods, _) => {
            return payment_methods::act(services, permit, id, action, said).await;
        }
        (Subject::Countries, _) => return sellers::act_on_country(services, permit, id, action).await,
        (Subject::ProviderEvents, _) => return machines::replay(services, permit, id, action).await,
        (Subject::Webhooks, _) => return webhooks::act(services, permit, id, action, said).await,
        (Subject::Deliveries, _) => return webhooks::act_on_delivery(services, permit, id, action).await,
        (Subject::Jobs, _) => return machines::act(services, permit, id, action).await,
        (Subject::Plugins, _) => return plugins::act(services, permit, id, action).await,
        _ => return Err(AppError::NotFound),
    }
    Ok(Shown::List)
}

/// What was typed into a form.
pub struct Form<'a> {
    subject: Subject,
    is_new: bool,
    values: &'a Fields,
}

impl Form<'_> {
    /// A field as it was typed; none where the form has no such field.
    pub fn text(&self, name: &str) -> Option<String> {
        self.values.get(name).map(|value| value.trim().to_owned())
    }

    /// A field that is left as it is where nothing was typed.
    pub fn given(&self, name: &str) -> Option<String> {
        self.text(name).filter(|value| !value.is_empty())
    }

    /// Whether a box was ticked: those that were not are not sent.
    pub fn ticked(&self, name: &str) -> Option<bool> {
        let spec = fields(self.subject).iter().find(|spec| spec.name == name && spec.kind == Kind::Check)?;
        let is_shown = if self.is_new { !spec.only_old } else { !spec.only_new };
        is_shown.then(|| self.values.contains_key(name))
    }

    /// The boxes of a group that were ticked.
    pub fn chosen<T: std::str::FromStr>(&self, name: &str) -> Vec<T> {
        let prefix = format!("{name}-");
        self.values.keys().filter_map(|key| key.strip_prefix(&prefix)?.parse().ok()).collect()
    }

    /// A whole number, where something was typed.
    pub fn number<T: std::str::FromStr>(&self, name: &'static str) -> Result<Option<T>, AppError> {
        let number =
            |text: String| text.parse().map_err(|_| AppError::Said(format!("{name} must be a whole number")));
        self.given(name).map(number).transpose()
    }
}

/// The id in an address.
fn id_of<T: std::str::FromStr>(text: &str) -> Result<T, AppError> {
    text.parse().map_err(|_| AppError::NotFound)
}

/// What an address says, where it says something: the account or the state that a list is narrowed to, or what it begins
/// after.
fn given<T: std::str::FromStr>(text: &str) -> Result<Option<T>, AppError> {
    if text.is_empty() { Ok(None) } else { id_of(text).map(Some) }
}

/// The part of a subject's list that belongs to one account, one user, or one webhook.
fn of_one(subject: Subject, id: impl ToString) -> String {
    routes::admin_wanted(subject, &Wanted { account: id.to_string(), ..Wanted::default() })
}

/// How many of a subject an account has, as a link to them.
fn count_of_one(subject: Subject, count: i64, account_id: AccountId) -> Cell {
    Cell::Link(show::number(count), of_one(subject, account_id))
}

/// A message as people read it: indented, if it is JSON.
fn indented(body: &str) -> String {
    serde_json::from_str::<serde_json::Value>(body)
        .and_then(|value| serde_json::to_string_pretty(&value))
        .unwrap_or_else(|_| body.to_owned())
}

/// What is searched by: no more than anything is long.
fn searched(wanted: &Wanted) -> Option<String> {
    let text: String = wanted.search.trim().replace('\0', "").chars().take(200).collect();
    (!text.is_empty()).then_some(text)
}

/// How many rows are asked for: one more than are shown tells whether others follow.
fn limit(wanted: &Wanted) -> i64 {
    i64::try_from(wanted.most() + 1).unwrap_or(i64::MAX)
}

/// Takes the one that is too many, and says what the next part begins after.
fn next_of<T>(rows: &mut Vec<T>, wanted: &Wanted, id: impl Fn(&T) -> String) -> Option<String> {
    if rows.len() <= wanted.most() {
        return None;
    }
    rows.truncate(wanted.most());
    rows.last().map(id)
}

/// A page of what is numbered by pages, as large as there are.
fn large_page(number: i64) -> billing::Page {
    billing::Page::asked(Some(number), Some(i64::MAX))
}

/// Adds a page to those before, and says whether it was the last one.
fn was_last<T>(all: &mut Vec<T>, page: billing::Listed<T>) -> bool {
    let is_empty = page.items.is_empty();
    all.extend(page.items);
    is_empty || i64::try_from(all.len()).unwrap_or(i64::MAX) >= page.total
}

/// Currencies to choose from.
async fn currency_options(
    services: &Services,
    permit: AdminPermit<'_>,
) -> Result<Vec<(String, String)>, AppError> {
    let rates = services.billing.exchange_rates(permit).await?;
    Ok(rates.into_iter().map(|rate| (rate.code.clone(), format!("{} · {}", rate.code, rate.name))).collect())
}

/// Periods to choose from.
fn period_options() -> Vec<(String, String)> {
    use domain::billing::BillingPeriod as P;
    [P::Monthly, P::Yearly, P::Quarterly, P::Weekly, P::OneTime]
        .into_iter()
        .map(|period| (period.as_str().to_owned(), crate::account::show::period(period).to_owned()))
        .collect()
}

/// `on` for a box that is ticked.
fn on(is_on: bool) -> String {
    if is_on { "on".to_owned() } else { String::new() }
}

/// The values of a form.
fn values<const N: usize>(pairs: [(&str, String); N]) -> Fields {
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}
