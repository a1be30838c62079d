use billing::lists::Search;
use billing::payments::{Payment, Taken};
use domain::access::AdminPermit;
use domain::billing::InvoiceStatus;
use domain::ids::{AccountId, InvoiceId};
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
        None => company(services, permit, it.account_id).await?,
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
                Cell::Link(note.number.clone(), routes::admin_credit_note_pdf(it.id, note.id)),
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
        InvoiceStatus::Refunded => {
            vec![Action::last("restore", t.restore), Action::new("duplicate", t.duplicate)]
        }
        InvoiceStatus::Cancelled => vec![Action::new("duplicate", t.duplicate)],
    };
    let tax = fill(t.tax_of, &[("rate", &rate(it.tax_rate))]);
    let mut tables = vec![(t.lines.to_owned(), lines)];
    if !notes.rows.is_empty() {
        tables.push((t.credit_notes.to_owned(), notes));
    }
    let taken = services.billing.taken(permit, it.id).await?;
    let mut state = vec![Cell::Invoice(it.status)];
    if it.status.is_overdue(it.due_at, services.clock.now()) {
        state.push(Cell::Alarm(texts().billing_words.invoice_overdue.to_owned()));
    }
    if taken.iter().any(|payment| payment.disputed_at.is_some()) {
        state.push(Cell::Alarm(t.disputed.to_owned()));
    }
    if !taken.is_empty() {
        tables.push((t.payments.to_owned(), payments(taken)));
    }
    Ok(Item {
        title: it.number.clone(),
        state,
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

/// The company whose account it is.
pub async fn company(services: &Services, permit: AdminPermit<'_>, id: AccountId) -> Result<Cell, AppError> {
    let name = services.billing.company_name(permit, id).await?;
    Ok(name.map_or(Cell::None, |name| link(name, Subject::Companies, id)))
}

/// What providers took, gave back, and have to defend.
fn payments(taken: Vec<Taken>) -> Table {
    let t = &texts().admin;
    let mut table = Table::of(&[t.reference, t.provider, t.paid, t.total, t.went_back, t.disputed_since]);
    table.rows = taken
        .into_iter()
        .map(|it| {
            vec![
                Cell::Text(it.reference),
                Cell::Text(it.provider),
                it.captured_at.map_or(Cell::None, Cell::Instant),
                Cell::Money(it.amount),
                if it.refunded.minor == 0 { Cell::None } else { Cell::Money(it.refunded) },
                it.disputed_at.map_or(Cell::None, Cell::Instant),
            ]
        })
        .collect();
    table
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
        "restore" => {
            billing.restore(permit, invoice_id).await?;
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
