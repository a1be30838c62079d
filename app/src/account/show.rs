//! How states, periods and prices of what is bought are written.

use chrono::{DateTime, Utc};
use domain::billing::{BillingPeriod, InvoiceStatus, SubscriptionStatus};
use domain::money::Money;
use leptos::prelude::*;
use ui::{Badge, Tone};

use crate::shared::show;
use crate::texts::texts;

/// `Fri 20 Nov 2026`, in UTC.
pub fn date(at: DateTime<Utc>) -> String {
    show::full_date(at.date_naive())
}

/// `Fri 20 Nov 2026`, or a dash.
pub fn date_or_dash(at: Option<DateTime<Utc>>) -> String {
    at.map_or_else(|| texts().common.none.to_owned(), date)
}

/// `each month`.
pub fn period(period: BillingPeriod) -> &'static str {
    let t = &texts().billing_words;
    match period {
        BillingPeriod::Weekly => t.weekly,
        BillingPeriod::Monthly => t.monthly,
        BillingPeriod::Quarterly => t.quarterly,
        BillingPeriod::Yearly => t.yearly,
        BillingPeriod::OneTime => t.one_time,
    }
}

/// `for one month`: what is paid once lasts so long, and is not renewed.
pub fn one_period(period: BillingPeriod) -> &'static str {
    let t = &texts().billing_words;
    match period {
        BillingPeriod::Weekly => t.one_week,
        BillingPeriod::Monthly => t.one_month,
        BillingPeriod::Quarterly => t.one_quarter,
        BillingPeriod::Yearly => t.one_year,
        BillingPeriod::OneTime => t.for_good,
    }
}

/// `19.00` without needless zeros: `19`.
pub fn rate(rate: domain::billing::TaxRate) -> String {
    rate.to_string().trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// The state of a subscription.
pub fn subscription_badge(status: SubscriptionStatus) -> impl IntoView {
    let t = &texts().billing_words;
    let (tone, icon, text) = match status {
        SubscriptionStatus::Pending => (Tone::DueOut, "info", t.pending),
        SubscriptionStatus::Trialing => (Tone::Reserved, "sparkles", t.trialing),
        SubscriptionStatus::Active => (Tone::Good, "check", t.active),
        SubscriptionStatus::Paused => (Tone::DueOut, "info", t.paused),
        SubscriptionStatus::Cancelled => (Tone::Quiet, "ban", t.cancelled),
        SubscriptionStatus::Expired => (Tone::Quiet, "ban", t.expired),
    };
    view! { <Badge tone icon text/> }
}

/// The state of an invoice.
pub fn invoice_badge(status: InvoiceStatus) -> impl IntoView {
    let t = &texts().billing_words;
    let (tone, icon, text) = match status {
        InvoiceStatus::Pending => (Tone::DueOut, "info", t.invoice_pending),
        InvoiceStatus::Paid => (Tone::Good, "check", t.invoice_paid),
        InvoiceStatus::Failed => (Tone::Alarm, "alert", t.invoice_failed),
        InvoiceStatus::Cancelled => (Tone::Quiet, "ban", t.invoice_cancelled),
        InvoiceStatus::Refunded => (Tone::Quiet, "info", t.invoice_refunded),
    };
    view! { <Badge tone icon text/> }
}

/// A mark on what should have been paid.
pub fn overdue_badge(is_overdue: bool) -> Option<impl IntoView> {
    is_overdue
        .then(|| view! { <Badge tone=Tone::Alarm icon="alert" text=texts().billing_words.invoice_overdue/> })
}

/// Lines, tax and total of what is bought, as on paper.
#[component]
pub fn Sums(
    /// What it is, with net amounts.
    lines: Vec<(String, Money)>,
    /// What it comes to.
    totals: domain::billing::Totals,
    /// The rate of the tax in it.
    tax_rate: domain::billing::TaxRate,
) -> impl IntoView {
    let t = &texts().plans;
    // The sum of one line is that line.
    let has_sum = lines.len() > 1;
    let lines = lines
        .into_iter()
        .map(|(text, amount)| view! { <tr><th scope="row">{text}</th><td class="col-money">{show::money(amount)}</td></tr> })
        .collect_view();
    let tax = crate::texts::fill(t.tax, &[("rate", &rate(tax_rate))]);
    view! {
        <table class="prices">
            <tbody>
                {lines}
                {has_sum.then(|| view! { <tr><th scope="row">{t.net}</th><td class="col-money">{show::money(totals.subtotal)}</td></tr> })}
                <tr><th scope="row">{tax}</th><td class="col-money">{show::money(totals.tax)}</td></tr>
                <tr class="sum"><th scope="row">{t.total}</th><td class="col-money">{show::money(totals.total)}</td></tr>
            </tbody>
        </table>
    }
}
