//! People with an account of their own, staff, and admins.

use std::collections::BTreeMap;

use billing::Billing;
use billing::accounts::{Profile, StoredProfile};
use domain::access::AdminPermit;
use domain::ids::{AccountId, UserId};
use identity::managed::{ManagedUser, Standing, UserChange};

use super::{Form, Shown, count_of_one, given, id_of, known, limit, next_of, of_one, searched, values};
use crate::account::profile::country_options;
use crate::admin::model::{Action, Cell, Item, Subject, Table, Wanted, link};
use crate::error::{AppError, Conflict};
use crate::server_ctx::{Services, SignedIn};
use crate::texts::texts;

fn standing(user: &ManagedUser) -> Cell {
    let t = &texts().admin;
    match (user.deleted_at, user.is_active) {
        (Some(_), _) => Cell::Quiet(t.deleted.to_owned()),
        (None, true) => Cell::Good(t.active.to_owned()),
        (None, false) => Cell::Alarm(t.suspended.to_owned()),
    }
}

fn kind(user: &ManagedUser) -> &'static str {
    let t = &texts().admin;
    match (user.is_platform_admin, user.organisation_id) {
        (true, _) => t.kind_admin,
        (false, Some(_)) => t.kind_staff,
        (false, None) if user.role != "user" => t.kind_helper,
        (false, None) => t.kind_customer,
    }
}

pub async fn list(services: &Services, permit: AdminPermit<'_>, wanted: &Wanted) -> Result<Table, AppError> {
    let t = &texts().admin;
    let wanted_standing = match wanted.state.as_str() {
        "" => None,
        "ACTIVE" => Some(Standing::Active),
        "SUSPENDED" => Some(Standing::Suspended),
        "DELETED" => Some(Standing::Deleted),
        _ => return Err(AppError::NotFound),
    };
    let after = given::<UserId>(&wanted.after)?;
    let search = searched(wanted);
    let mut found = services
        .identity
        .find_users(permit, wanted_standing, search.as_deref(), after, limit(wanted))
        .await?;
    let mut table = Table::of(&[t.email, t.full_name, t.kind, t.state, t.tokens, t.since]);
    table.next = next_of(&mut found, wanted, |user| user.id.to_string());
    let accounts: Vec<AccountId> = found.iter().map(|user| AccountId(user.id.into())).collect();
    let summaries = services.billing.account_summaries(permit, &accounts).await?;
    table.rows = found
        .into_iter()
        .map(|user| {
            let summary = summaries.get(&AccountId(user.id.into()));
            vec![
                link(user.email.clone(), Subject::Users, user.id),
                Cell::text(summary.and_then(|it| it.name.clone()).or_else(|| Some(user.full_name.clone()))),
                Cell::text(kind(&user).to_owned()),
                standing(&user),
                Cell::Number(summary.map_or(0, |it| it.token_balance)),
                Cell::Day(user.created_at),
            ]
        })
        .collect();
    Ok(table)
}

/// The roles that somebody can be given, by whoever may give them.
async fn role_options(
    services: &Services,
    permit: AdminPermit<'_>,
    present: &str,
) -> Result<Vec<(String, String)>, AppError> {
    if permit.actor().admin().is_err() {
        return Ok(vec![(present.to_owned(), present.to_owned())]);
    }
    let roles = services.identity.platform_roles(permit).await?.into_iter();
    Ok(roles.filter(|role| role.slug != "vendor").map(|role| (role.slug, role.name)).collect())
}

/// A part of a customer's address.
type Part = fn(&mut Profile) -> &mut Option<String>;

/// The parts of a customer's address, by field.
static ADDRESS: &[(&str, Part)] = &[
    ("company", |it| &mut it.company),
    ("address_line_1", |it| &mut it.address_line_1),
    ("address_line_2", |it| &mut it.address_line_2),
    ("postal_code", |it| &mut it.postal_code),
    ("city", |it| &mut it.city),
    ("region", |it| &mut it.region),
    ("country", |it| &mut it.country),
    ("phone", |it| &mut it.phone),
    ("tax_number", |it| &mut it.tax_number),
];

fn address_of(profile: &Profile) -> String {
    let place = [&profile.postal_code, &profile.city].into_iter().flatten().cloned();
    let lines = [
        profile.company.clone(),
        profile.address_line_1.clone(),
        profile.address_line_2.clone(),
        place.reduce(|a, b| format!("{a} {b}")),
        profile.region.clone(),
        profile.country.clone(),
    ];
    lines.into_iter().flatten().collect::<Vec<_>>().join("\n")
}

pub async fn item(services: &Services, permit: AdminPermit<'_>, id: &str) -> Result<Item, AppError> {
    let t = &texts().admin;
    if id == "new" {
        let values = values([("email", String::new()), ("name", String::new()), ("role", "user".to_owned())]);
        let options = BTreeMap::from([("role".to_owned(), role_options(services, permit, "user").await?)]);
        return Ok(Item { values, options, ..Item::default() });
    }
    let user = services.identity.managed_user(permit, id_of(id)?).await?;
    let account_id = AccountId(user.id.into());
    let billing = &services.billing;
    let summary =
        billing.account_summaries(permit, &[account_id]).await?.remove(&account_id).unwrap_or_default();
    let stored = billing.profile_of(permit, account_id).await?;
    let profile = stored.as_ref().map(|stored| stored.profile.clone()).unwrap_or_default();
    let holdings = billing.holdings(permit, account_id).await?;
    let addons = billing.addon_subscriptions_of(permit, account_id).await?;
    let company = match user.organisation_id {
        Some(id) => link(services.identity.company(permit, id).await?.name, Subject::Companies, id),
        None => Cell::None,
    };
    let mut bought = Table::of(&[t.name, t.price, t.state, t.until]);
    bought.rows = addons
        .into_iter()
        .map(|addon| {
            let state =
                if addon.status == "active" { Cell::Good(addon.status) } else { Cell::Quiet(addon.status) };
            vec![Cell::Text(addon.name), Cell::Money(addon.price), state, Cell::day(addon.expires_at)]
        })
        .collect();
    let is_deleted = user.deleted_at.is_some();
    let is_staff = user.organisation_id.is_some();
    let mut actions = Vec::new();
    if is_staff && user.is_active && !user.is_platform_admin {
        actions.push(Action::new("act_as", t.act_as));
    }
    if !is_deleted {
        actions.push(if user.is_active {
            Action::new("suspend", t.suspend)
        } else {
            Action::new("activate", t.activate)
        });
        if !is_staff {
            actions.push(Action::last("delete", t.delete));
        }
    }
    let mut form = values([
        ("email", user.email.clone()),
        ("name", user.full_name.clone()),
        ("token_balance", summary.token_balance.to_string()),
        ("role", user.role.clone()),
    ]);
    let mut options =
        BTreeMap::from([("role".to_owned(), role_options(services, permit, &user.role).await?)]);
    // Staff buy nothing for themselves: their company does. The admin buys nothing at all.
    if !is_staff && !user.is_platform_admin {
        let own = ADDRESS
            .iter()
            .map(|(name, field)| (name.to_string(), field(&mut profile.clone()).take().unwrap_or_default()));
        form.extend(own);
        form.insert(ADDRESS_AS_OF.to_owned(), as_of(stored.as_ref()));
        let mut countries = vec![(String::new(), String::new())];
        countries.extend(country_options(services, profile.country.as_ref()).await?);
        options.insert("country".to_owned(), countries);
    }
    Ok(Item {
        title: user.email.clone(),
        state: vec![standing(&user)],
        facts: known(vec![
            (
                t.full_name.to_owned(),
                Cell::text(summary.name.clone().or_else(|| Some(user.full_name.clone()))),
            ),
            (t.kind.to_owned(), Cell::text(kind(&user).to_owned())),
            (t.address.to_owned(), Cell::text(address_of(&profile))),
            (t.tax_number.to_owned(), Cell::text(profile.tax_number.clone())),
            (t.tokens.to_owned(), count_of_one(Subject::Tokens, summary.token_balance, account_id)),
            (
                t.subscriptions.to_owned(),
                count_of_one(Subject::Subscriptions, holdings.subscriptions, account_id),
            ),
            (t.invoices.to_owned(), count_of_one(Subject::Invoices, holdings.invoices, account_id)),
            (t.company.to_owned(), company),
            (
                t.client_events.to_owned(),
                Cell::Link(t.show.to_owned(), of_one(Subject::ClientEvents, user.id)),
            ),
            (t.since.to_owned(), Cell::Day(user.created_at)),
            (t.deleted.to_owned(), Cell::day(user.deleted_at)),
        ]),
        tables: if bought.rows.is_empty() { Vec::new() } else { vec![(t.addons.to_owned(), bought)] },
        actions,
        values: if is_deleted { BTreeMap::new() } else { form },
        options,
        version: user.version,
        ..Item::default()
    })
}

pub async fn save(
    services: &Services,
    permit: AdminPermit<'_>,
    id: &str,
    version: i32,
    form: &Form<'_>,
) -> Result<String, AppError> {
    let change = UserChange {
        email: form.given("email"),
        password: form.given("password"),
        full_name: form.given("name"),
        role: form.given("role"),
        ..UserChange::default()
    };
    if id == "new" {
        let change = UserChange { role: change.role.filter(|role| role != "user"), ..change };
        return Ok(services.identity.create_user(permit, &change).await?.id.to_string());
    }
    let id: UserId = id_of(id)?;
    let tokens = form.number::<i64>("token_balance")?.map(Billing::check_token_balance).transpose()?;
    let user = services.identity.managed_user(permit, id).await?;
    // What was not changed is not sent: a user name is no address.
    let change = UserChange {
        email: change.email.filter(|email| *email != user.email),
        role: change.role.filter(|role| *role != user.role),
        version: Some(version),
        ..change
    };
    let account_id = AccountId(id.into());
    let is_customer = user.organisation_id.is_none() && !user.is_platform_admin;
    let address = if is_customer { changed(services, permit, &user, form).await? } else { None };
    services.identity.change_user(permit, id, &change).await?;
    if let Some((profile, version)) = address {
        services.billing.change_profile_of(permit, account_id, Some(version), |_| Ok(profile)).await?;
    }
    let known = services.billing.account_summaries(permit, &[account_id]).await?.remove(&account_id);
    if let Some(tokens) = tokens.filter(|wanted| known.unwrap_or_default().token_balance != *wanted) {
        services.billing.set_token_balance(permit, account_id, tokens).await?;
    }
    Ok(id.to_string())
}

/// When an address was last written, which its form sends along; empty for one that never was.
const ADDRESS_AS_OF: &str = "address_as_of";

fn as_of(stored: Option<&StoredProfile>) -> String {
    stored.map(|stored| stored.updated_at.to_rfc3339()).unwrap_or_default()
}

/// The address as it was typed, if that changes it, and the version that it was typed over, 0 where there was none. It is
/// checked before anything is saved.
async fn changed(
    services: &Services,
    permit: AdminPermit<'_>,
    user: &ManagedUser,
    form: &Form<'_>,
) -> Result<Option<(Profile, i32)>, AppError> {
    let stored = services.billing.profile_of(permit, AccountId(user.id.into())).await?;
    let before = stored.as_ref().map(|stored| stored.profile.clone()).unwrap_or_default();
    let mut typed = before.clone();
    for (name, field) in ADDRESS {
        if let Some(text) = form.text(name) {
            *field(&mut typed) = Some(text).filter(|text| !text.is_empty());
        }
    }
    if typed == before {
        return Ok(None);
    }
    if form.text(ADDRESS_AS_OF).is_some_and(|known| known != as_of(stored.as_ref())) {
        return Err(AppError::Conflict(Conflict::ChangedMeanwhile));
    }
    // Who never gave an address has their name on it from now on, as they would be offered.
    if let (None, Some((first, last))) = (&stored, user.full_name.rsplit_once(' ')) {
        typed.first_name = Some(first.to_owned());
        typed.last_name = Some(last.to_owned());
    }
    typed.clone().checked().map_err(AppError::Invalid)?;
    Ok(Some((typed, stored.map_or(0, |stored| stored.version))))
}

pub async fn act(
    services: &Services,
    permit: AdminPermit<'_>,
    id: &str,
    action: &str,
) -> Result<Shown, AppError> {
    let user_id: UserId = id_of(id)?;
    let is_active = match action {
        "suspend" => false,
        "activate" => true,
        "delete" => {
            services.identity.refuse_user_deletion(permit, user_id).await?;
            services.billing.close_account(permit, AccountId(user_id.into()), true).await?;
            services.identity.delete_user(permit, user_id).await?;
            return Ok(Shown::List);
        }
        _ => return Err(AppError::NotFound),
    };
    let change = UserChange { is_active: Some(is_active), ..UserChange::default() };
    services.identity.change_user(permit, user_id, &change).await?;
    Ok(Shown::Item(id.to_owned()))
}

/// Has the admin's browser act as somebody who works for a company.
pub async fn act_as(services: &Services, who: &SignedIn, id: &str) -> Result<Shown, AppError> {
    let permit = who.admin()?;
    let user = services.identity.managed_user(permit, id_of(id)?).await?;
    let company_id = user.organisation_id.ok_or(AppError::NotFound)?;
    services.identity.act_as(permit, who.session_id, company_id, user.id).await?;
    Ok(Shown::Home)
}
