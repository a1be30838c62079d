//! What the mails say, put together of the words in [`texts`].

use chrono::{DateTime, TimeDelta, Utc};
use domain::format::Locale;
use domain::words::fill;
use platform::mail::{Message, Part};

use super::texts::texts;
use crate::documents::{Buyer, InvoiceDocument, Seller};

/// What is said of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum About {
    /// It was ordered, and is to be paid.
    Invoice,
    /// It is to be paid; somebody else made it.
    Issued,
    /// It was paid.
    Receipt,
    /// It was refunded.
    CreditNote,
    /// The payment did not work.
    PaymentFailed,
    /// It should have been paid.
    Overdue {
        /// Whether nothing follows.
        is_last: bool,
    },
}

/// What a mail says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Said {
    Document {
        document: Box<InvoiceDocument>,
        about: About,
    },
    Activated {
        plan: String,
        until: Option<DateTime<Utc>>,
    },
    Cancelled {
        plan: String,
        until: Option<DateTime<Utc>>,
    },
    /// With the provider's page of the open period, if it has one.
    NotCollected {
        plan: String,
        pay_url: Option<String>,
    },
    RenewalReminder {
        plan: String,
        ends_at: DateTime<Utc>,
        invoice: Option<Box<InvoiceDocument>>,
    },
    TrialReminder {
        plan: String,
        ends_at: DateTime<Utc>,
        invoice: Option<Box<InvoiceDocument>>,
    },
}

fn date(at: DateTime<Utc>) -> String {
    Locale::English.plain_date(at.date_naive())
}

fn total(document: &InvoiceDocument) -> String {
    Locale::English.money(document.totals.total)
}

fn text(words: impl Into<String>) -> Part {
    Part::Text(words.into())
}

impl Seller {
    /// What stands below a mail.
    pub(super) fn signature(&self) -> Vec<String> {
        let lines = [self.shown_name().to_owned(), self.address(), self.email.clone(), self.website.clone()];
        lines.into_iter().filter(|line| !line.is_empty()).collect()
    }

    fn shown_name(&self) -> &str {
        if self.name.is_empty() { "Keyrack" } else { &self.name }
    }
}

impl Said {
    /// The document that comes with it, if any.
    pub(super) fn document(&self) -> Option<&InvoiceDocument> {
        match self {
            Self::Document { document, .. } => Some(document),
            Self::RenewalReminder { invoice, .. } | Self::TrialReminder { invoice, .. } => invoice.as_deref(),
            Self::Activated { .. } | Self::Cancelled { .. } | Self::NotCollected { .. } => None,
        }
    }

    /// The subject, and what is below it.
    pub(super) fn words(&self, seller: &Seller, base_url: &str) -> (String, Vec<Part>) {
        let (common, words) = (&texts().common, &texts().subscriptions);
        let site = || Part::Link(common.open_site, base_url.to_owned());
        match self {
            Self::Document { document, about } => about_document(document, *about, seller, base_url),
            Self::Activated { plan, until } => {
                let about = |words: &str| about_plan(words, plan, *until);
                let active = if until.is_some() { words.activated_until } else { words.activated };
                (about(words.activated_subject), vec![text(about(active)), site()])
            }
            Self::Cancelled { plan, until } => {
                let about = |words: &str| about_plan(words, plan, *until);
                let over = if until.is_some() { words.cancelled_until } else { words.cancelled };
                (about(words.cancelled_subject), vec![text(about(over)), text(words.come_back), site()])
            }
            Self::NotCollected { plan, pay_url } => {
                let about = |words: &str| about_plan(words, plan, None);
                let mut parts = vec![text(about(words.not_collected)), text(words.see_to_the_card)];
                match pay_url {
                    Some(url) => {
                        parts.push(text(words.bank_may_ask));
                        parts.push(Part::Link(words.confirm_or_pay, url.clone()));
                    }
                    None => parts.push(site()),
                }
                (about(words.not_collected_subject), parts)
            }
            Self::RenewalReminder { plan, ends_at, invoice } => {
                let about = |words: &str| about_plan(words, plan, Some(*ends_at));
                let mut parts = vec![text(about(words.period_ends))];
                match invoice {
                    Some(invoice) => {
                        parts.push(text(words.next_invoice));
                        parts.extend(to_pay(invoice, base_url));
                    }
                    None => parts.push(text(words.renewed_by_itself)),
                }
                parts.extend([text(words.not_to_go_on), site()]);
                (about(words.renews_subject), parts)
            }
            Self::TrialReminder { plan, ends_at, invoice } => {
                let about = |words: &str| about_plan(words, plan, Some(*ends_at));
                let mut parts = vec![text(about(words.trial_ends))];
                if let Some(invoice) = invoice {
                    parts.push(text(words.keep_it));
                    parts.extend(to_pay(invoice, base_url));
                }
                parts.extend([text(words.trial_costs_nothing), site()]);
                (about(words.trial_subject), parts)
            }
        }
    }
}

/// Words about a plan, and about a day if they name one.
fn about_plan(words: &str, plan: &str, at: Option<DateTime<Utc>>) -> String {
    fill(words, &[("plan", plan), ("date", &at.map_or_else(String::new, date))])
}

fn about_document(
    document: &InvoiceDocument,
    about: About,
    seller: &Seller,
    base_url: &str,
) -> (String, Vec<Part>) {
    let (common, words) = (&texts().common, &texts().documents);
    let (number, amount) = (&document.number, total(document));
    let about_it = |words: &str| {
        fill(words, &[("number", number), ("amount", &amount), ("seller", seller.shown_name())])
    };
    let open = |subject: &str, said: String| {
        let mut parts = vec![text(said)];
        parts.extend(to_pay(document, base_url));
        (about_it(subject), parts)
    };
    match about {
        About::Invoice => open(words.invoice_subject, words.ordered.to_owned()),
        About::Issued => open(words.invoice_subject, about_it(words.issued)),
        About::Receipt => {
            let facts = [
                (common.fact_invoice, Some(number.clone())),
                (common.fact_paid, document.paid_at.map(date)),
                (common.fact_amount, Some(amount.clone())),
                (common.fact_payment, document.payment_method.clone()),
            ];
            let facts = facts
                .into_iter()
                .filter_map(|(name, value)| Some((name, value.filter(|value| !value.is_empty())?)));
            (
                about_it(words.receipt_subject),
                vec![text(about_it(words.receipt)), Part::Facts(facts.collect())],
            )
        }
        About::CreditNote => {
            let facts = vec![(common.fact_credit_note, number.clone()), (common.fact_amount, amount.clone())];
            (about_it(words.credit_note_subject), vec![text(about_it(words.credit_note)), Part::Facts(facts)])
        }
        About::PaymentFailed => open(words.failed_subject, about_it(words.failed)),
        About::Overdue { is_last } => {
            let (subject, closing) = if is_last {
                (words.last_reminder_subject, words.last_reminder)
            } else {
                (words.reminder_subject, words.on_its_way)
            };
            let due = document.due_at.map(|due_at| fill(words.was_due, &[("date", &date(due_at))]));
            let sentences = [Some(about_it(words.not_received)), due, Some(closing.to_owned())];
            open(subject, sentences.into_iter().flatten().collect::<Vec<_>>().join(" "))
        }
    }
}

/// What is to be paid, and to where: the invoice's page, and the bank.
fn to_pay(document: &InvoiceDocument, base_url: &str) -> [Part; 2] {
    let (seller, common) = (&document.seller, &texts().common);
    let mut facts =
        vec![(common.fact_invoice, document.number.clone()), (common.fact_amount, total(document))];
    facts.extend(document.due_at.map(|due_at| (common.fact_due, date(due_at))));
    if !seller.iban.is_empty() {
        let bank = [
            (common.fact_bank, &seller.bank_name),
            (common.fact_iban, &seller.iban),
            (common.fact_bic, &seller.bic),
        ];
        facts.extend(
            bank.into_iter()
                .filter(|(_, value)| !value.is_empty())
                .map(|(name, value)| (name, value.clone())),
        );
    }
    let page = format!("{base_url}/account/invoices/{}", document.invoice_id);
    [Part::Facts(facts), Part::Link(common.look_and_pay, page)]
}

/// A mail as it would look.
#[derive(Debug, Clone)]
pub struct Preview {
    /// The kind of mail, such as `renewal_reminder`.
    pub kind: &'static str,
    /// The mail, about somebody invented.
    pub message: Message,
}

/// Every kind of mail that billing writes, with invented facts.
pub fn previews() -> Vec<Preview> {
    let at = DateTime::from_timestamp(1_801_396_800, 0).unwrap_or_default();
    let seller = Seller::sample();
    let buyer = Buyer::sample();
    let open = InvoiceDocument::sample(at);
    let paid = open.clone().paid(at + TimeDelta::days(2));
    let credit = paid.clone().credited("CN-2027-000007", at + TimeDelta::days(9));
    let document =
        |document: &InvoiceDocument, about| Said::Document { document: Box::new(document.clone()), about };
    let (plan, later) = ("Pro".to_owned(), at + TimeDelta::days(30));
    let invoice = Some(Box::new(open.clone()));
    let kinds = [
        ("invoice", document(&open, About::Invoice)),
        ("invoice_issued", document(&open, About::Issued)),
        ("receipt", document(&paid, About::Receipt)),
        ("credit_note", document(&credit, About::CreditNote)),
        ("payment_failed", document(&open, About::PaymentFailed)),
        ("overdue_3_days", document(&open, About::Overdue { is_last: false })),
        ("overdue_7_days", document(&open, About::Overdue { is_last: true })),
        ("subscription_activated", Said::Activated { plan: plan.clone(), until: Some(later) }),
        ("subscription_cancelled", Said::Cancelled { plan: plan.clone(), until: Some(later) }),
        (
            "payment_not_collected",
            Said::NotCollected {
                plan: plan.clone(),
                pay_url: Some("https://pay.example/invoices/1".to_owned()),
            },
        ),
        (
            "renewal_reminder",
            Said::RenewalReminder { plan: plan.clone(), ends_at: later, invoice: invoice.clone() },
        ),
        (
            "renewal_reminder_automatic",
            Said::RenewalReminder { plan: plan.clone(), ends_at: later, invoice: None },
        ),
        ("trial_reminder", Said::TrialReminder { plan, ends_at: later, invoice }),
    ];
    kinds
        .into_iter()
        .map(|(kind, said)| Preview {
            kind,
            message: said.letter(&buyer, &seller, "https://keyrack.example").into_message(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use super::*;

    #[test]
    fn every_kind_of_mail_reads_well() {
        let mut all = String::new();
        for Preview { kind, message } in previews() {
            let files: Vec<&str> = message.attachments.iter().map(|file| file.name.as_str()).collect();
            let _ = write!(
                all,
                "=== {kind}\nTo: {}\nSubject: {}\nFiles: {files:?}\n\n{}\n",
                message.to, message.subject, message.text
            );
            assert!(message.html.is_some_and(|html| html.contains("<h1")), "{kind}");
            assert!(message.attachments.iter().all(|file| file.bytes().starts_with(b"%PDF-")), "{kind}");
        }
        insta::assert_snapshot!(all);
    }

    #[test]
    fn the_html_of_mail_is_one_layout() {
        let first = previews().remove(0);
        insta::assert_snapshot!(first.message.html.unwrap_or_default());
    }
}
