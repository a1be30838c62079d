use billing::lists::Search;
use billing::payments::Payment;
use domain::access::AdminPermit;
use domain::billing::InvoiceStatus;
use domain::ids::InvoiceId;
use domain::money::Money;

use super::{Shown, given, id_of, known, limit, next_of, searched};
use crate::account::show::rate;
use crate::admin::model::{Action, Cell, Item, Subject, Table, Wanted, link};
use crate::error::AppError;
use crate::routes;
use crate::server_ctx::Services;
use crate::texts::{fill, texts};

pub async fn list(services: &Services, permit: AdminPermit<'_>, wanted: &Wanted) -> Result<Table, AppError> {
    let t = &texts().admin;
    let search = Search {
        status: given(&wanted.state)?,
        account_id: given(&wanted.account)?,
        text: searched(wanted),
        after: given(&wanted.after)?,
        limit: limit(wanted),
    };
    let mut found = services.billing.find_invoices(permit, &search).await?;
    let mut table = Table::of(&[t.number, t.customer, t.date, t.due, t.state, t.total]);
    table.next = next_of(&mut found, wanted, |row| row.id.to_string());
    table.rows = found
        .into_iter()
        .map(|row| {
            vec![
                link(row.number, Subject::Invoices, row.id),
                Cell::text(row.owner),
                Cell::Day(row.invoiced_at),
                Cell::day(row.due_at),
                Cell::Invoice(row.status),
                Cell::Money(row.total),
            ]
        })
        .collect();
    Ok(table)
}

pub async fn item(services: &Services, permit: AdminPermit<'_>, id: &str) -> Result<Item, AppError> {
    let t = &texts().admin;
    let found = services.billing.invoice_details(permit, id_of(id)?).await?;
    let it = found.invoice;
    let currency = it.totals.total.currency;
    let owner = match found.user {
        Some((email, _)) => link(email, Subject::Users, it.account_id),
        None => Cell::Text(t.a_company.to_owned()),
    };
    let mut lines = Table::of(&[t.what, t.quantity, t.price, t.total]);
    lines.rows = it
        .lines
        .iter()
        .map(|line| {
            vec![
                Cell::Text(line.description.clone()),
                Cell::Number(line.quantity.into()),
                Cell::Money(Money::new(line.unit_price_minor, currency)),
                Cell::Money(Money::new(line.total_minor, currency)),
            ]
        })
        .collect();
    let mut notes = Table::of(&[t.number, t.date, t.total]);
    notes.rows = it
        .credit_notes
        .iter()
        .map(|note| {
            vec![
                Cell::Text(note.number.clone()),
                Cell::Day(note.issued_at),
                Cell::Money(Money::new(note.total_minor, currency)),
            ]
        })
        .collect();
    let actions = match it.status {
        InvoiceStatus::Pending | InvoiceStatus::Failed => vec![
            Action::new("pay", t.mark_paid).with(t.reference, ""),
            Action::last("void", t.void),
            Action::new("duplicate", t.duplicate),
        ],
        InvoiceStatus::Paid => {
            vec![
                Action::last("refund", t.refund).with(t.reference, ""),
                Action::new("duplicate", t.duplicate),
            ]
        }
        InvoiceStatus::Cancelled | InvoiceStatus::Refunded => vec![Action::new("duplicate", t.duplicate)],
    };
    let tax = fill(t.tax_of, &[("rate", &rate(it.tax_rate))]);
    let mut tables = vec![(t.lines.to_owned(), lines)];
    if !notes.rows.is_empty() {
        tables.push((t.credit_notes.to_owned(), notes));
    }
    Ok(Item {
        title: it.number.clone(),
        state: vec![Cell::Invoice(it.status)],
        facts: known(vec![
            (t.customer.to_owned(), owner),
            (t.net.to_owned(), Cell::Money(it.totals.subtotal)),
            (tax, Cell::Money(it.totals.tax)),
            (t.total.to_owned(), Cell::Money(it.totals.total)),
            (t.date.to_owned(), Cell::Day(it.invoiced_at)),
            (t.due.to_owned(), Cell::day(it.due_at)),
            (t.paid.to_owned(), it.paid_at.map_or(Cell::None, Cell::Instant)),
            (t.paid_by.to_owned(), Cell::text(it.payment_method)),
            (t.reference.to_owned(), Cell::text(it.payment_reference)),
            (
                t.plan.to_owned(),
                found.plan.map_or(Cell::None, |(id, name, _)| link(name, Subject::Plans, id)),
            ),
            (
                t.subscription.to_owned(),
                found.subscription.map_or(Cell::None, |it| link(it.plan.name, Subject::Subscriptions, it.id)),
            ),
        ]),
        tables,
        actions,
        links: vec![(t.pdf.to_owned(), routes::admin_invoice_pdf(it.id))],
        ..Item::default()
    })
}

pub async fn act(
    services: &Services,
    permit: AdminPermit<'_>,
    id: &str,
    action: &str,
    said: &str,
) -> Result<Shown, AppError> {
    let (billing, invoice_id): (_, InvoiceId) = (&services.billing, id_of(id)?);
    let said: String = said.trim().replace('\0', "").chars().take(200).collect();
    match action {
        "pay" => {
            let reference = if said.is_empty() { "MANUAL".to_owned() } else { said };
            let payment = Payment { reference, method: Some("manual".to_owned()), paid: None };
            billing.mark_paid(permit, invoice_id, &payment).await?;
        }
        "refund" => {
            let reference = if said.is_empty() { "ADMIN_REFUND" } else { &said };
            billing.refund(permit, invoice_id, reference).await?;
        }
        "void" => {
            billing.void_invoice(permit, invoice_id).await?;
        }
        "duplicate" => {
            let copy = billing.duplicate_invoice(permit, invoice_id).await?;
            return Ok(Shown::Of(Subject::Invoices, copy.id.to_string()));
        }
        _ => return Err(AppError::NotFound),
    }
    Ok(Shown::Item(id.to_owned()))
}
