//! Invented facts, for previews and tests.

use chrono::{DateTime, Days, Utc};
use domain::billing::{InvoiceStatus, TaxRate, Totals};
use domain::ids::InvoiceId;
use domain::money::{Currency, Money};
use uuid::Uuid;

use super::{Buyer, DocumentKind, DocumentLine, InvoiceDocument, Seller};

impl Seller {
    /// An invented company.
    pub fn sample() -> Self {
        Self {
            name: "Nordlicht Hosting GmbH".to_owned(),
            email: "billing@nordlicht.example".to_owned(),
            website: "https://nordlicht.example".to_owned(),
            street: "Fischmarkt 12".to_owned(),
            city: "Hamburg".to_owned(),
            postal_code: "20459".to_owned(),
            country: "Germany".to_owned(),
            bank_name: "Elbbank".to_owned(),
            iban: "DE02 1203 0000 0000 2020 51".to_owned(),
            bic: "BYLADEM1001".to_owned(),
            tax_number: "DE123456789".to_owned(),
        }
    }
}

impl Buyer {
    /// An invented customer.
    pub fn sample() -> Self {
        Self {
            name: "Jörg Müßig".to_owned(),
            email: "joerg@kunde.example".to_owned(),
            is_active: true,
            company: "Größenwahn & Söhne OHG".to_owned(),
            address: vec!["Königsstraße 1".to_owned(), "50667 Köln".to_owned()],
            country: "Germany".to_owned(),
            tax_number: "DE987654321".to_owned(),
        }
    }
}

impl DocumentLine {
    /// So many of something at a price.
    pub(crate) fn of(description: &str, quantity: i32, unit_price_minor: i64) -> Self {
        let total_minor = i64::from(quantity) * unit_price_minor;
        Self { description: description.to_owned(), quantity, unit_price_minor, total_minor }
    }
}

impl InvoiceDocument {
    /// An open invoice of the invented company to the invented customer, over three things.
    pub fn sample(at: DateTime<Utc>) -> Self {
        let lines = vec![
            DocumentLine::of("Pro, a month", 1, 2_999),
            DocumentLine::of("Priority Support", 1, 1_500),
            DocumentLine::of("5000 tokens", 2, 4_500),
        ];
        Self::sample_over(lines, Currency::EUR, at)
    }

    pub(crate) fn sample_over(lines: Vec<DocumentLine>, currency: Currency, at: DateTime<Utc>) -> Self {
        let tax_rate = TaxRate::new(1_900).unwrap_or(TaxRate::ZERO);
        let zero = Money::zero(currency);
        let nets = lines.iter().map(|line| Money::new(line.total_minor, currency));
        Self {
            invoice_id: InvoiceId(Uuid::from_u128(42)),
            kind: DocumentKind::Invoice,
            number: "INV-2027-000042".to_owned(),
            issued_at: at,
            due_at: Some(at + Days::new(30)),
            status: InvoiceStatus::Pending,
            paid_at: None,
            payment_method: Some("Invoice".to_owned()),
            payment_reference: None,
            seller: Seller::sample(),
            buyer: Buyer::sample(),
            totals: Totals::of(nets, tax_rate, currency).unwrap_or(Totals {
                subtotal: zero,
                tax: zero,
                total: zero,
            }),
            lines,
            tax_rate,
            tax_country: Some("Germany".to_owned()),
        }
    }

    /// The same, paid.
    #[must_use]
    pub(crate) fn paid(self, at: DateTime<Utc>) -> Self {
        Self {
            status: InvoiceStatus::Paid,
            paid_at: Some(at),
            payment_reference: Some("pay-1".to_owned()),
            ..self
        }
    }

    /// Its credit note.
    #[must_use]
    pub(crate) fn credited(self, number: &str, at: DateTime<Utc>) -> Self {
        let kind =
            DocumentKind::CreditNote { invoice_number: self.number, reference: "ADMIN_REFUND".to_owned() };
        Self { kind, number: number.to_owned(), issued_at: at, status: InvoiceStatus::Refunded, ..self }
    }
}
