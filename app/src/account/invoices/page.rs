use chrono::{DateTime, Utc};
use domain::billing::InvoiceStatus;
use domain::billing::account::{CreditNoteView, InvoiceView};
use domain::ids::InvoiceId;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use leptos_meta::Title;
use leptos_router::hooks::{use_params_map, use_query_map};
use ui::{EmptyState, Notice, NoticeKind};

use super::api::{OneInvoice, PayInvoice, Transfer, load_invoice, load_invoices};
use super::paid_page;
use crate::account::show::{Sums, date, date_or_dash, invoice_badge, overdue_badge};
use crate::error::AppError;
use crate::routes;
use crate::shared::again::AskAgain;
use crate::shared::form::{Form, FormToken};
use crate::shared::loaded::{Loaded, load};
use crate::shared::show;
use crate::texts::{error_text, fill, texts};

/// How many invoices the server sends at a time.
const PAGE: usize = 100;

/// All invoices, newest first.
#[component]
pub fn InvoicesPage() -> impl IntoView {
    let query = use_query_map();
    let data = load(
        move || query.with(|query| query.get("before").and_then(|id| id.parse().ok())),
        |before: Option<InvoiceId>| load_invoices(before),
    );
    let t = &texts().invoices;
    view! {
        <Title text=t.title/>
        <div class="title-row"><h1>{t.title}</h1></div>
        <Loaded data children={|(invoices, now): (Vec<InvoiceView>, DateTime<Utc>)| view! { <List invoices now/> }}/>
    }
}

#[component]
fn List(invoices: Vec<InvoiceView>, now: DateTime<Utc>) -> impl IntoView {
    let t = &texts().invoices;
    if invoices.is_empty() {
        return view! { <EmptyState icon="calendar" title=t.empty_title text=t.empty_text/> }.into_any();
    }
    let more = (invoices.len() >= PAGE).then(|| invoices.last().map(|last| last.id)).flatten();
    let rows = invoices
        .into_iter()
        .map(|invoice| {
            let overdue = overdue_badge(invoice.is_overdue(now));
            view! {
                <tr>
                    <td><a href=routes::account_invoice(invoice.id)>{invoice.number}</a></td>
                    <td>{date(invoice.invoiced_at)}</td>
                    <td class="col-due">{date_or_dash(invoice.due_at)}</td>
                    <td>{invoice_badge(invoice.status)} {overdue}</td>
                    <td class="col-money">{show::money(invoice.totals.total)}</td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <table class="table invoices">
            <thead><tr>
                <th scope="col">{t.number}</th><th scope="col">{t.date}</th><th scope="col" class="col-due">{t.due}</th>
                <th scope="col">{t.status}</th><th scope="col" class="col-money">{t.total}</th>
            </tr></thead>
            <tbody>{rows}</tbody>
        </table>
        {more.map(|id| view! {
            <p class="pager"><a class="button" href=format!("{}?before={id}", routes::ACCOUNT_INVOICES)>{texts().common.more}</a></p>
        })}
    }
    .into_any()
}

/// One invoice, and what became of paying it.
#[component]
pub fn InvoicePage() -> impl IntoView {
    let (params, query) = (use_params_map(), use_query_map());
    let data = load(
        move || (params.with(|it| it.get("id").and_then(|id| id.parse().ok())), query.with(paid_page)),
        |(id, session): (Option<InvoiceId>, Option<String>)| async move {
            load_invoice(id.ok_or(AppError::NotFound)?, session).await
        },
    );
    let came_back = query.with_untracked(paid_page).is_some();
    let cancelled = query.with_untracked(|query| query.get("cancelled").is_some());
    let asked = StoredValue::new(0);
    view! {
        <Loaded data children=move |one: OneInvoice| {
            let again = Callback::new(move |()| data.refetch());
            let waiting = one.is_on_its_way.then(|| view! { <AskAgain again asked/> });
            view! { <Shown one came_back cancelled/> {waiting} }
        }/>
    }
}

/// A button for each provider: one that is known by name says it.
#[component]
fn Pay(id: InvoiceId, amount: String, providers: Vec<(String, Option<String>)>) -> impl IntoView {
    let t = &texts().invoices;
    let buttons = providers
        .into_iter()
        .enumerate()
        .map(|(index, (provider, brand))| {
            let text = match brand {
                Some(brand) if index == 0 => fill(t.pay_with, &[("amount", &amount), ("name", &brand)]),
                Some(brand) => brand,
                None if index == 0 => fill(t.pay, &[("amount", &amount)]),
                None => texts().plans.card.to_owned(),
            };
            let class = if index == 0 { "button button-primary" } else { "button" };
            view! { <button type="submit" name="provider" value=provider class=class>{text}</button> }
        })
        .collect::<Vec<_>>();
    (!buttons.is_empty()).then(|| {
        view! {
            <form method="post" action=PayInvoice::PATH class="button-row"><FormToken/>
                <input type="hidden" name="id" value=id.to_string()/>
                {buttons}
            </form>
        }
    })
}

#[component]
fn Shown(one: OneInvoice, came_back: bool, cancelled: bool) -> impl IntoView {
    let OneInvoice { invoice, is_on_its_way, providers, transfer, now } = one;
    let t = &texts().invoices;
    let title = fill(t.invoice, &[("number", &invoice.number)]);
    let is_paid = invoice.status == InvoiceStatus::Paid;
    let is_open = invoice.is_open();
    let overdue = overdue_badge(invoice.is_overdue(now));
    let reference = invoice.number.clone();
    let transfer = transfer.map(|transfer| view! { <ByTransfer transfer reference/> });
    let notes = credit_notes(invoice.id, invoice.credit_notes);
    let news = match (is_paid, is_on_its_way) {
        (true, _) if came_back => Some((NoticeKind::Done, t.thanks)),
        (false, true) => Some((NoticeKind::Done, t.on_its_way)),
        (false, false) if cancelled && is_open => Some((NoticeKind::Problem, t.not_paid)),
        _ => None,
    };
    let refused = Form::of::<PayInvoice>("").error.map(|error| error_text(&error));
    let amount = show::money(invoice.totals.total);
    let pay = (is_open && !is_on_its_way).then(|| view! { <Pay id=invoice.id amount providers/> });
    let paid = invoice.paid_at.map(|at| fill(t.paid, &[("date", &date(at))]));
    view! {
        <Title text=title.clone()/>
        <div class="title-row"><h1>{title}</h1> {invoice_badge(invoice.status)} {overdue}
            {pay}
        </div>
        {refused.map(|text| view! { <Notice kind=NoticeKind::Problem text/> })}
        {news.map(|(kind, text)| view! { <Notice kind text/> })}
        <div class="columns">
            <div><section class="panel"><h2>{t.lines}</h2>
                <Sums lines=invoice.lines totals=invoice.totals tax_rate=invoice.tax_rate/>
            </section></div>
            <div>{transfer}<section class="panel"><h2>{t.facts}</h2>
                <dl class="facts">
                    <div><dt>{t.date}</dt><dd>{date(invoice.invoiced_at)}</dd></div>
                    <div><dt>{t.due}</dt><dd>{date_or_dash(invoice.due_at)}</dd></div>
                    {paid.map(|text| view! { <div><dt>{t.status}</dt><dd>{text}</dd></div> })}
                </dl>
                <p class="button-row"><a class="button" href=routes::account_invoice_pdf(invoice.id)>{t.pdf}</a><a href=routes::ACCOUNT_INVOICES>{t.all}</a></p>
            </section>{notes}</div>
        </div>
    }
}

/// How to pay without a card, with everything that a bank asks for.
#[component]
fn ByTransfer(transfer: Transfer, reference: String) -> impl IntoView {
    let t = &texts().invoices;
    let [bank, iban, bic] = transfer.bank;
    let facts = [
        (t.payee, transfer.payee),
        (t.iban, iban),
        (t.bic, bic),
        (t.bank, bank),
        (t.payment_reference, reference),
    ];
    let facts = facts.into_iter().filter(|(_, value)| !value.is_empty());
    let facts =
        facts.map(|(name, value)| view! { <div><dt>{name}</dt><dd>{value}</dd></div> }).collect_view();
    view! {
        <section class="panel"><h2>{transfer.name}</h2>
            {(!transfer.text.is_empty()).then(|| view! { <p>{transfer.text}</p> })}
            <dl class="facts">{facts}</dl>
        </section>
    }
}

/// What went back, with its document.
fn credit_notes(id: InvoiceId, notes: Vec<CreditNoteView>) -> Option<impl IntoView> {
    let t = &texts().invoices;
    if notes.is_empty() {
        return None;
    }
    let lines = notes
        .into_iter()
        .map(|note| {
            let what = if note.is_cancellation { t.credit_note_cancelled } else { t.credit_note };
            let what = fill(what, &[("number", &note.number)]);
            let label = fill(t.pdf_of, &[("number", &note.number)]);
            view! {
                <li>
                    <div><strong>{what}</strong> <span class="sub">{date(note.issued_at)} ", " {show::money(note.total)}</span></div>
                    <a class="button" href=routes::account_credit_note_pdf(id, note.id) aria-label=label>{t.pdf_short}</a>
                </li>
            }
        })
        .collect_view();
    Some(
        view! { <section class="panel"><h2>{t.credit_notes}</h2><ul class="sessions">{lines}</ul></section> },
    )
}
