//! Hotel companies: what they say about themselves, who works there, which modules they have.

use std::collections::BTreeMap;

use billing::modules::{Access, MODULES};
use domain::access::AdminPermit;
use domain::company::PackageStatus;
use domain::ids::{AccountId, OrganisationId};
use identity::companies::{CompanyChange, CompanyDetails, CompanyQuery, CompanyUser, ManagedCompany};

use super::{Form, count_of_one, given, id_of, known, limit, next_of, searched, values};
use crate::admin::model::{Cell, Item, Subject, Table, Wanted, link};
use crate::error::AppError;
use crate::server_ctx::Services;
use crate::shared::show;
use crate::store::module_name;
use crate::texts::texts;

fn package(status: PackageStatus) -> Cell {
    let t = &texts().admin;
    match status {
        PackageStatus::Active => Cell::Good(t.package_active.to_owned()),
        PackageStatus::Expiring3Months => Cell::Text(t.package_three_months.to_owned()),
        PackageStatus::Expiring1Month => Cell::Alarm(t.package_one_month.to_owned()),
        PackageStatus::Expired => Cell::Quiet(t.package_expired.to_owned()),
    }
}

pub async fn list(services: &Services, permit: AdminPermit<'_>, wanted: &Wanted) -> Result<Table, AppError> {
    let t = &texts().admin;
    let query = CompanyQuery {
        status: given(&wanted.state)?,
        search: searched(wanted),
        after: given(&wanted.after)?,
        limit: limit(wanted),
        offset: 0,
    };
    let mut found = services.identity.companies(permit, query).await?;
    let mut table =
        Table::of(&[t.name, t.company_code, t.email, t.modules, t.state, t.package_until, t.since]);
    table.next = next_of(&mut found, wanted, |company| company.id.to_string());
    let ids: Vec<OrganisationId> = found.iter().map(|company| company.id).collect();
    let mut modules = services.billing.modules_of(permit, &ids).await?;
    let now = services.clock.now();
    table.rows = found
        .into_iter()
        .map(|it| {
            let open = modules.remove(&it.id).unwrap_or_default().into_iter();
            let open = open.filter(|(_, access)| access.is_open(now)).map(|(module, _)| module_name(&module));
            vec![
                link(it.name, Subject::Companies, it.id),
                Cell::Text(it.code),
                Cell::text(it.contact_email),
                Cell::text(open.collect::<Vec<_>>().join(", ")),
                package(PackageStatus::of(it.package_end_date, now.date_naive()).0),
                Cell::text(it.package_end_date.map(show::full_date)),
                Cell::Day(it.created_at),
            ]
        })
        .collect();
    Ok(table)
}

fn owner(managed: &ManagedCompany) -> Option<&CompanyUser> {
    managed.users.first().filter(|user| user.is_admin)
}

pub async fn item(services: &Services, permit: AdminPermit<'_>, id: &str) -> Result<Item, AppError> {
    let t = &texts().admin;
    let id: OrganisationId = id_of(id)?;
    let managed = services.identity.managed_company(permit, id).await?;
    let account_id = AccountId(id.into());
    let holdings = services.billing.holdings(permit, account_id).await?;
    let modules = services.billing.modules_of(permit, &[id]).await?.remove(&id).unwrap_or_default();
    let now = services.clock.now();
    let mut held = Table::of(&[t.module, t.state, t.until]);
    held.rows = modules
        .iter()
        .map(|(module, access)| {
            let (state, until) = match *access {
                Access::Never => (Cell::Quiet(t.module_none.to_owned()), Cell::None),
                Access::Unlimited => {
                    (Cell::Good(t.active.to_owned()), Cell::Text(t.module_unlimited.to_owned()))
                }
                Access::Until(end) => (Cell::active(access.is_open(now)), Cell::Day(end)),
            };
            vec![Cell::Text(module_name(module)), state, until]
        })
        .collect();
    let mut people = Table::of(&[t.full_name, t.user_name, t.email, t.kind, t.state]);
    people.rows = managed
        .users
        .iter()
        .map(|user| {
            let kind = if user.is_admin { t.runs_company } else { t.colleague };
            vec![
                link(user.full_name.clone(), Subject::Users, user.id),
                Cell::Text(user.username.clone()),
                Cell::text(user.email.clone()),
                Cell::Text(kind.to_owned()),
                if user.is_active { Cell::active(true) } else { Cell::Alarm(t.suspended.to_owned()) },
            ]
        })
        .collect();
    let owner = owner(&managed);
    let (owner_name, owner_username) =
        owner.map(|user| (user.full_name.clone(), user.username.clone())).unwrap_or_default();
    let it = managed.company;
    let open = modules.iter().filter(|(_, access)| access.is_open(now)).map(|(module, _)| module.as_str());
    let day = |date: Option<chrono::NaiveDate>| date.map(|date| date.to_string()).unwrap_or_default();
    let form = [
        ("company_name", it.name.clone()),
        ("contact_email", it.contact_email.unwrap_or_default()),
        ("contact_phone", it.contact_phone.unwrap_or_default()),
        ("website", it.website.unwrap_or_default()),
        ("address", it.address.unwrap_or_default()),
        ("tax_office", it.tax_office.unwrap_or_default()),
        ("tax_number", it.tax_number.unwrap_or_default()),
        ("logo_url", it.logo_url.unwrap_or_default()),
        ("package_start_date", day(it.package_start_date)),
        ("package_end_date", day(it.package_end_date)),
        ("modules", open.collect::<Vec<_>>().join(" ")),
        ("owner_name", owner_name),
        ("owner_username", owner_username),
    ];
    Ok(Item {
        title: it.name,
        state: vec![package(PackageStatus::of(it.package_end_date, now.date_naive()).0)],
        facts: known(vec![
            (t.company_code.to_owned(), Cell::Text(it.code)),
            (t.package_until.to_owned(), Cell::text(it.package_end_date.map(show::full_date))),
            (
                t.subscriptions.to_owned(),
                count_of_one(Subject::Subscriptions, holdings.subscriptions, account_id),
            ),
            (t.invoices.to_owned(), count_of_one(Subject::Invoices, holdings.invoices, account_id)),
            (t.since.to_owned(), Cell::Day(it.created_at)),
        ]),
        tables: vec![(t.people.to_owned(), people), (t.modules.to_owned(), held)],
        values: values(form),
        options: BTreeMap::from([(
            "modules".to_owned(),
            MODULES.iter().map(|module| ((*module).to_owned(), module_name(module))).collect(),
        )]),
        ..Item::default()
    })
}

pub async fn save(
    services: &Services,
    permit: AdminPermit<'_>,
    id: &str,
    form: &Form<'_>,
) -> Result<String, AppError> {
    let id: OrganisationId = id_of(id)?;
    let managed = services.identity.managed_company(permit, id).await?;
    let before = owner(&managed);
    let change = CompanyChange {
        name: form.text("company_name"),
        details: CompanyDetails {
            logo_url: form.text("logo_url"),
            contact_email: form.text("contact_email"),
            contact_phone: form.text("contact_phone"),
            website: form.text("website"),
            address: form.text("address"),
            tax_office: form.text("tax_office"),
            tax_number: form.text("tax_number"),
            package_start_date: form.text("package_start_date"),
            package_end_date: form.text("package_end_date"),
        },
        // What was not changed is not sent: a company that nobody runs has no owner to change.
        owner_name: form.given("owner_name").filter(|name| before.is_none_or(|it| it.full_name != *name)),
        owner_username: form
            .given("owner_username")
            .filter(|name| before.is_none_or(|it| it.username != *name)),
        owner_password: form.given("owner_password"),
    };
    let wanted: Vec<String> = form.chosen("modules");
    let modules =
        MODULES.iter().map(|module| ((*module).to_owned(), wanted.iter().any(|it| it == module))).collect();
    let (identity, billing) = (&services.identity, &services.billing);
    let change = identity.check_company_change(&change).await?;
    let mut transaction = services.database.begin_admin(&permit).await?;
    identity.change_company(&mut transaction, permit, id, change).await?;
    billing.grant_modules(&mut transaction, permit, id, &modules).await?;
    transaction.commit().await?;
    Ok(id.to_string())
}
