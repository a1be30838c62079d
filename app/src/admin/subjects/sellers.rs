//! Where is sold, with which tax, in which currencies, and by whom.

use std::collections::BTreeMap;

use billing::settings::currencies::ExchangeRateChange;
use billing::settings::seller::SellerChange;
use billing::settings::taxes::TaxChange;
use chrono::NaiveDate;
use domain::access::AdminPermit;

use super::{Form, Shown, id_of, on, values};
use crate::account::show::rate;
use crate::admin::model::{Action, Cell, Item, Subject, Table, link};
use crate::error::AppError;
use crate::server_ctx::Services;
use crate::shared::show;
use crate::texts::texts;

pub async fn countries(services: &Services, permit: AdminPermit<'_>) -> Result<Table, AppError> {
    let t = &texts().admin;
    let mut table = Table::of(&[t.name, t.code, t.state]);
    table.rows = services
        .billing
        .countries(permit, None)
        .await?
        .into_iter()
        .map(|it| {
            vec![link(it.name, Subject::Countries, &it.code), Cell::Text(it.code), is_enabled(it.is_enabled)]
        })
        .collect();
    Ok(table)
}

fn is_enabled(is_enabled: bool) -> Cell {
    let t = &texts().admin;
    if is_enabled { Cell::Good(t.enabled.to_owned()) } else { Cell::Quiet(t.disabled.to_owned()) }
}

pub async fn country(services: &Services, permit: AdminPermit<'_>, code: &str) -> Result<Item, AppError> {
    let t = &texts().admin;
    let all = services.billing.countries(permit, None).await?;
    let it = all.into_iter().find(|it| it.code == code).ok_or(AppError::NotFound)?;
    let mut taxes = Table::of(&[t.name, t.region, t.tax_rate, t.valid_from, t.until]);
    taxes.rows = services.billing.taxes(permit, Some(code)).await?.into_iter().map(tax_row).collect();
    let mut actions = Vec::new();
    if it.is_enabled {
        actions.push(Action::new("first", t.to_top));
        actions.push(Action::new("disable", t.disable));
    } else {
        actions.push(Action::new("enable", t.enable));
    }
    Ok(Item {
        title: it.name,
        state: vec![is_enabled(it.is_enabled)],
        facts: vec![(t.code.to_owned(), Cell::Text(it.code))],
        tables: vec![(t.taxes.to_owned(), taxes)],
        actions,
        ..Item::default()
    })
}

pub async fn act_on_country(
    services: &Services,
    permit: AdminPermit<'_>,
    code: &str,
    action: &str,
) -> Result<Shown, AppError> {
    match action {
        "enable" | "disable" => {
            services.billing.enable_country(permit, code, action == "enable").await?;
        }
        "first" => {
            let enabled = services.billing.countries(permit, Some(true)).await?;
            let others = enabled.into_iter().map(|it| it.code).filter(|it| it != code);
            let codes: Vec<String> = std::iter::once(code.to_owned()).chain(others).collect();
            services.billing.reorder_countries(permit, &codes).await?;
        }
        _ => return Err(AppError::NotFound),
    }
    Ok(Shown::Item(code.to_owned()))
}

fn day(date: Option<NaiveDate>) -> Cell {
    Cell::text(date.map(show::full_date))
}

fn tax_row(it: billing::settings::taxes::Tax) -> Vec<Cell> {
    vec![
        link(it.name, Subject::Taxes, it.id),
        Cell::text(it.region),
        Cell::Text(format!("{} %", rate(it.rate))),
        day(it.valid_from),
        day(it.valid_until),
    ]
}

pub async fn taxes(services: &Services, permit: AdminPermit<'_>) -> Result<Table, AppError> {
    let t = &texts().admin;
    let mut table = Table::of(&[t.name, t.country, t.region, t.tax_rate, t.valid_from, t.until, t.state]);
    let today = services.clock.now().date_naive();
    table.rows = services
        .billing
        .taxes(permit, None)
        .await?
        .into_iter()
        .map(|it| {
            let country = Cell::Text(it.country.clone());
            let state = if it.valid_from.is_some_and(|from| from > today) {
                Cell::Text(t.to_come.to_owned())
            } else if it.valid_until.is_some_and(|until| until <= today) {
                Cell::Quiet(t.past.to_owned())
            } else {
                Cell::Good(t.in_force.to_owned())
            };
            let mut row = tax_row(it);
            row.insert(1, country);
            row.push(state);
            row
        })
        .collect();
    Ok(table)
}

pub async fn tax(services: &Services, permit: AdminPermit<'_>, id: &str) -> Result<Item, AppError> {
    let t = &texts().admin;
    if id == "new" {
        let countries = services.billing.countries(permit, None).await?;
        let options =
            countries.into_iter().map(|it| (it.code.clone(), format!("{} · {}", it.code, it.name))).collect();
        return Ok(Item {
            values: values([("country", String::new())]),
            options: BTreeMap::from([("country".to_owned(), options)]),
            ..Item::default()
        });
    }
    let it = services.billing.tax(permit, id_of(id)?).await?;
    let form = [
        ("name", it.name.clone()),
        ("rate", rate(it.rate)),
        ("valid_from", it.valid_from.map(|date| date.to_string()).unwrap_or_default()),
    ];
    Ok(Item {
        title: format!("{} · {}", it.country, it.name),
        facts: vec![
            (t.country.to_owned(), link(it.country.clone(), Subject::Countries, &it.country)),
            (t.region.to_owned(), Cell::text(it.region.clone())),
            (t.tax_rate.to_owned(), Cell::Text(format!("{} %", rate(it.rate)))),
            (t.valid_from.to_owned(), day(it.valid_from)),
            (t.until.to_owned(), day(it.valid_until)),
        ],
        actions: vec![Action::last("delete", t.delete)],
        values: values(form),
        version: it.version,
        ..Item::default()
    })
}

pub async fn save_tax(
    services: &Services,
    permit: AdminPermit<'_>,
    id: &str,
    version: i32,
    form: &Form<'_>,
) -> Result<String, AppError> {
    let date = |text: String| text.parse().map_err(|_| AppError::Said("valid_from is not a date".to_owned()));
    let change = TaxChange {
        country: form.given("country"),
        region: form.given("region"),
        name: form.text("name"),
        rate: form.text("rate"),
        valid_from: form.given("valid_from").map(date).transpose()?,
        version: (id != "new").then_some(version),
    };
    let saved = if id == "new" {
        services.billing.create_tax(permit, &change).await?
    } else {
        services.billing.change_tax(permit, id_of(id)?, &change).await?
    };
    Ok(saved.id.to_string())
}

pub async fn currencies(services: &Services, permit: AdminPermit<'_>) -> Result<Table, AppError> {
    let t = &texts().admin;
    let mut table = Table::of(&[t.currency_code, t.name, t.exchange_rate, t.default, t.state]);
    table.rows = services
        .billing
        .exchange_rates(permit)
        .await?
        .into_iter()
        .map(|it| {
            vec![
                link(it.code.clone(), Subject::Currencies, &it.code),
                Cell::Text(it.name),
                Cell::Text(it.rate.normalize().to_string()),
                if it.is_default { Cell::Good(t.default.to_owned()) } else { Cell::None },
                Cell::active(it.is_active),
            ]
        })
        .collect();
    Ok(table)
}

pub async fn currency(services: &Services, permit: AdminPermit<'_>, code: &str) -> Result<Item, AppError> {
    if code == "new" {
        return Ok(Item { values: values([("is_active", on(true))]), ..Item::default() });
    }
    let all = services.billing.exchange_rates(permit).await?;
    let it = all.into_iter().find(|it| it.code == code).ok_or(AppError::NotFound)?;
    let form = [
        ("name", it.name.clone()),
        ("rate", it.rate.normalize().to_string()),
        ("is_active", on(it.is_active)),
    ];
    Ok(Item {
        title: format!("{} · {}", it.code, it.name),
        state: vec![Cell::active(it.is_active)],
        values: values(form),
        version: it.version,
        ..Item::default()
    })
}

pub async fn save_currency(
    services: &Services,
    permit: AdminPermit<'_>,
    id: &str,
    version: i32,
    form: &Form<'_>,
) -> Result<String, AppError> {
    let change = ExchangeRateChange {
        name: form.text("name"),
        rate: form.text("rate"),
        is_active: form.ticked("is_active"),
        version: (id != "new").then_some(version),
    };
    let saved = if id == "new" {
        services.billing.create_exchange_rate(permit, &form.text("code").unwrap_or_default(), &change).await?
    } else {
        services.billing.change_exchange_rate(permit, id, &change).await?
    };
    Ok(saved.code)
}

/// There is one seller: its list leads to it.
pub fn settings_list() -> Table {
    let t = &texts().admin;
    let mut table = Table::of(&[t.settings]);
    table.rows = vec![vec![link(t.seller, Subject::Settings, "seller")]];
    table
}

pub async fn settings(services: &Services) -> Result<Item, AppError> {
    let it = services.billing.seller().await?;
    let form = [
        ("provider_name", it.provider_name),
        ("address_street", it.address_street),
        ("address_postal_code", it.address_postal_code),
        ("address_city", it.address_city),
        ("address_country", it.address_country),
        ("tax_number", it.tax_number),
        ("contact_email", it.contact_email),
        ("website_url", it.website_url),
        ("other_links", it.other_links),
        ("bank_name", it.bank_name),
        ("bank_iban", it.bank_iban),
        ("bank_bic", it.bank_bic),
        ("terms_title", it.terms_title),
        ("terms_content", it.terms_content),
    ];
    Ok(Item {
        title: texts().admin.seller.to_owned(),
        values: values(form),
        version: it.version,
        ..Item::default()
    })
}

pub async fn save_settings(
    services: &Services,
    permit: AdminPermit<'_>,
    version: i32,
    form: &Form<'_>,
) -> Result<String, AppError> {
    let change = SellerChange {
        provider_name: form.text("provider_name"),
        contact_email: form.text("contact_email"),
        website_url: form.text("website_url"),
        tax_number: form.text("tax_number"),
        other_links: form.text("other_links"),
        address_street: form.text("address_street"),
        address_city: form.text("address_city"),
        address_postal_code: form.text("address_postal_code"),
        address_country: form.text("address_country"),
        bank_name: form.text("bank_name"),
        bank_iban: form.text("bank_iban"),
        bank_bic: form.text("bank_bic"),
        terms_title: form.text("terms_title"),
        terms_content: form.text("terms_content"),
        version: Some(version),
    };
    services.billing.change_seller(permit, change).await?;
    Ok("seller".to_owned())
}
