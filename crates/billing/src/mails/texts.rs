//! What the mails say.

use chrono::{DateTime, TimeDelta, Utc};
use domain::format::Locale;
use platform::mail::{Message, Part};

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
        let site = || Part::Link("Open Keyrack", base_url.to_owned());
        match self {
            Self::Document { document, about } => about_document(document, *about, seller, base_url),
            Self::Activated { plan, until } => {
                let until =
                    until.map_or_else(String::new, |until| format!(" It runs until {}.", date(until)));
                let words = format!("{plan} is active now.{until} Thank you for choosing us.");
                (format!("Your subscription to {plan} is active"), vec![text(words), site()])
            }
            Self::Cancelled { plan, until } => {
                let words = match until {
                    Some(until) => format!(
                        "Your subscription to {plan} was cancelled and will not be renewed. You can go on using it until {}.",
                        date(*until)
                    ),
                    None => {
                        format!("Your subscription to {plan} was cancelled. Nothing is to be paid for it.")
                    }
                };
                let back =
                    "If this was a mistake, or you change your mind, you can subscribe again at any time.";
                (format!("Your subscription to {plan} was cancelled"), vec![text(words), text(back), site()])
            }
            Self::NotCollected { plan, pay_url } => {
                let words = format!(
                    "The payment for the next period of your subscription to {plan} did not work. It is tried again in the next days."
                );
                let help = "Please see to it that your card is valid and covered, or give us another one: your subscription then goes on without a gap.";
                let mut parts = vec![text(words), text(help)];
                match pay_url {
                    Some(url) => {
                        parts.push(text(
                            "Your bank may also want you to confirm the payment. You can do that here, or pay with another card:",
                        ));
                        parts.push(Part::Link("Confirm or pay", url.clone()));
                    }
                    None => parts.push(site()),
                }
                (format!("Your payment for {plan} failed"), parts)
            }
            Self::RenewalReminder { plan, ends_at, invoice } => {
                let subject = format!("Your subscription to {plan} renews on {}", date(*ends_at));
                let mut parts = vec![text(format!(
                    "The present period of your subscription to {plan} ends on {}.",
                    date(*ends_at)
                ))];
                match invoice {
                    Some(invoice) => {
                        parts.push(text("The invoice for the next period is attached. Once it is paid, your subscription goes on without a gap."));
                        parts.extend(to_pay(invoice, base_url));
                    }
                    None => parts.push(text("It is renewed by itself, in the way you pay for it now.")),
                }
                parts.push(text("If you do not want to go on, cancel the subscription before that day: nothing is then to be paid."));
                parts.push(site());
                (subject, parts)
            }
            Self::TrialReminder { plan, ends_at, invoice } => {
                let subject = format!("Your trial of {plan} ends on {}", date(*ends_at));
                let mut parts = vec![text(format!("Your trial of {plan} ends on {}.", date(*ends_at)))];
                if let Some(invoice) = invoice {
                    parts.push(text(
                        "To keep it, pay the attached invoice: your subscription begins at once.",
                    ));
                    parts.extend(to_pay(invoice, base_url));
                }
                parts.push(text(
                    "If it is not for you, you need do nothing: the trial ends by itself and costs nothing.",
                ));
                parts.push(site());
                (subject, parts)
            }
        }
    }
}

fn about_document(
    document: &InvoiceDocument,
    about: About,
    seller: &Seller,
    base_url: &str,
) -> (String, Vec<Part>) {
    let (number, total, seller) = (&document.number, total(document), seller.shown_name());
    let open = |subject: String, words: String| {
        let mut parts = vec![text(words)];
        parts.extend(to_pay(document, base_url));
        (subject, parts)
    };
    match about {
        About::Invoice => {
            let words =
                "Thank you for your order. The invoice is attached; what you ordered begins when it is paid.";
            open(format!("Invoice {number} from {seller}"), words.to_owned())
        }
        About::Issued => {
            let words = format!("We have an invoice for you, over {total}. It is attached.");
            open(format!("Invoice {number} from {seller}"), words)
        }
        About::Receipt => {
            let paid_at = document.paid_at.map_or_else(String::new, date);
            let words =
                format!("We received your payment of {total}. Thank you. The paid invoice is attached.");
            let facts = [
                ("Invoice", Some(number.clone())),
                ("Paid", Some(paid_at)),
                ("Amount", Some(total)),
                ("Payment", document.payment_method.clone()),
            ];
            let facts = facts
                .into_iter()
                .filter_map(|(name, value)| Some((name, value.filter(|value| !value.is_empty())?)));
            (format!("Receipt for invoice {number}"), vec![text(words), Part::Facts(facts.collect())])
        }
        About::CreditNote => {
            let words = format!("We refunded {total} to you. The credit note is attached.");
            let facts = vec![("Credit note", number.clone()), ("Amount", total)];
            (format!("Credit note {number} from {seller}"), vec![text(words), Part::Facts(facts)])
        }
        About::PaymentFailed => {
            let words = format!(
                "Your payment of {total} did not work. Nothing was charged. Please try again, or pay in another way."
            );
            open(format!("Your payment for invoice {number} failed"), words)
        }
        About::Overdue { is_last } => {
            let due = document
                .due_at
                .map_or_else(String::new, |due_at| format!(" It was due on {}.", date(due_at)));
            let closing = if is_last {
                " This is our last reminder. Without a payment, what you ordered stays inactive."
            } else {
                " If your payment is on its way, please disregard this letter."
            };
            let subject = if is_last { "Last reminder" } else { "Reminder" };
            let words = format!("We have not received your payment for invoice {number} yet.{due}{closing}");
            open(format!("{subject}: invoice {number} is overdue"), words)
        }
    }
}

/// What is to be paid, and to where: the invoice's page, and the bank.
fn to_pay(document: &InvoiceDocument, base_url: &str) -> [Part; 2] {
    let seller = &document.seller;
    let mut facts = vec![("Invoice", document.number.clone()), ("Amount", total(document))];
    facts.extend(document.due_at.map(|due_at| ("Due", date(due_at))));
    if !seller.iban.is_empty() {
        let bank = [("Bank", &seller.bank_name), ("IBAN", &seller.iban), ("BIC", &seller.bic)];
        facts.extend(
            bank.into_iter()
                .filter(|(_, value)| !value.is_empty())
                .map(|(name, value)| (name, value.clone())),
        );
    }
    let page = format!("{base_url}/account/invoices/{}", document.invoice_id);
    [Part::Facts(facts), Part::Link("Look at the invoice and pay", page)]
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
