//! How a document looks: A4, seller and title above, addressee as a window envelope shows it, lines in columns, totals,
//! and what is to be done with it.

use chrono::{DateTime, Utc};
use domain::billing::InvoiceStatus;
use domain::format::Locale;
use domain::money::Money;
use platform::pdf::{Document, Face, HEIGHT, Style, WIDTH};

use super::parties::join;
use super::{DocumentKind, DocumentLine, InvoiceDocument};

/// The margins: 20 mm.
const LEFT: f32 = 56.7;
const RIGHT: f32 = WIDTH - LEFT;
const TOP: f32 = 62.0;
/// Where the last line of text may stand; below it is the footer.
const BOTTOM: f32 = HEIGHT - 84.0;

/// The columns of the lines: where the description ends, and the right edges of the numbers.
const DESCRIPTION_WIDTH: f32 = 248.0;
const QUANTITY: f32 = 346.0;
const UNIT_PRICE: f32 = 446.0;
/// Where the words beside totals, and those beside dates, begin.
const TOTALS: f32 = 330.0;

const INK: [u8; 3] = [0x1c, 0x23, 0x2b];
const GREY: [u8; 3] = [0x5f, 0x6b, 0x76];
const RULE: [u8; 3] = [0xd9, 0xde, 0xe3];
const ACCENT: [u8; 3] = [0x0b, 0x5d, 0x5e];
const GREEN: [u8; 3] = [0x1c, 0x7a, 0x3e];

const TEXT: Style = Style { face: Face::Regular, size: 9.5, colour: INK };
const STRONG: Style = Style { face: Face::Bold, ..TEXT };
const LABEL: Style = Style { colour: GREY, ..TEXT };
const SMALL: Style = Style { size: 7.5, ..LABEL };
const HEADING: Style = Style { size: 8.0, ..LABEL };
const TITLE: Style = Style { face: Face::Bold, size: 22.0, colour: ACCENT };
const NAME: Style = Style { face: Face::Bold, size: 14.0, colour: INK };
const TOTAL: Style = Style { face: Face::Bold, size: 12.0, colour: INK };

/// From one base line to the next.
const LEADING: f32 = 13.5;

pub(super) fn draw(document: &InvoiceDocument) -> Vec<u8> {
    let title = format!("{} {}", document.title(), document.number);
    let mut sheet =
        Sheet { document, pdf: Document::new(&title, &document.seller.name, document.issued_at), y: TOP };
    let below_seller = sheet.seller_and_title();
    sheet.y = below_seller;
    let below_addressee = sheet.addressee();
    sheet.y = below_seller;
    let below_facts = sheet.facts();
    sheet.y = below_addressee.max(below_facts) + 34.0;
    sheet.lines();
    sheet.totals();
    sheet.closing();
    sheet.footers();
    sheet.pdf.finish()
}

impl InvoiceDocument {
    fn title(&self) -> &'static str {
        match self.kind {
            DocumentKind::Invoice => "Invoice",
            DocumentKind::CreditNote { .. } => "Credit note",
            DocumentKind::Cancellation { .. } => "Cancellation",
        }
    }

    /// An amount as the document shows it: of a credit note, as owed back.
    fn amount(&self, minor: i64) -> String {
        let is_credit = matches!(self.kind, DocumentKind::CreditNote { .. });
        let minor = if is_credit { -minor } else { minor };
        Locale::English.money(Money::new(minor, self.totals.total.currency))
    }

    fn status(&self) -> &'static str {
        match self.status {
            InvoiceStatus::Pending => "Open",
            InvoiceStatus::Paid => "Paid",
            InvoiceStatus::Failed => "Payment failed",
            InvoiceStatus::Cancelled => "Void",
            InvoiceStatus::Refunded => "Refunded",
        }
    }

    fn is_to_be_paid(&self) -> bool {
        self.kind == DocumentKind::Invoice && self.status.is_open() && self.totals.total.minor > 0
    }
}

fn date(at: DateTime<Utc>) -> String {
    Locale::English.plain_date(at.date_naive())
}

/// A document on its way to paper; `y` is where the next line of text stands.
struct Sheet<'a> {
    document: &'a InvoiceDocument,
    pdf: Document,
    y: f32,
}

impl Sheet<'_> {
    /// Gives where the parts below begin.
    fn seller_and_title(&mut self) -> f32 {
        let document = self.document;
        self.pdf.text_to(RIGHT, TOP + 4.0, document.title(), TITLE);
        let room = RIGHT - LEFT - TITLE.width(document.title()) - 24.0;
        for line in NAME.wrap(&document.seller.name, room) {
            self.pdf.text(LEFT, self.y, &line, NAME);
            self.y += 18.0;
        }
        for line in SMALL.wrap(&document.seller.address(), room) {
            self.pdf.text(LEFT, self.y, &line, SMALL);
            self.y += 10.5;
        }
        let rule = self.y.max(TOP + 24.0);
        self.pdf.fill(LEFT, rule, RIGHT - LEFT, 1.2, ACCENT);
        rule + 38.0
    }

    fn addressee(&mut self) -> f32 {
        let buyer = &self.document.buyer;
        self.pdf.text(LEFT, self.y, "Billed to", HEADING);
        self.y += 16.0;
        let name = [&buyer.company, &buyer.name].into_iter().find(|name| !name.is_empty());
        let second = (!buyer.company.is_empty() && buyer.company != buyer.name).then_some(&buyer.name);
        let tax_number = match buyer.tax_number.as_str() {
            "" => String::new(),
            number => format!("VAT number {number}"),
        };
        let below =
            second.into_iter().chain(&buyer.address).chain([&buyer.country, &buyer.email, &tax_number]);
        let strong = name.into_iter().map(|text| (text, STRONG));
        for (text, style) in strong.chain(below.map(|text| (text, TEXT))).filter(|(text, _)| !text.is_empty())
        {
            for line in style.wrap(text, TOTALS - LEFT - 30.0) {
                self.pdf.text(LEFT, self.y, &line, style);
                self.y += LEADING;
            }
        }
        self.y
    }

    fn facts(&mut self) -> f32 {
        let document = self.document;
        let mut facts = vec![("Number", document.number.clone()), ("Issued", date(document.issued_at))];
        match &document.kind {
            DocumentKind::Invoice => {
                if let Some(due_at) = document.due_at {
                    facts.push(("Due", date(due_at)));
                }
                facts.push(("Status", document.status().to_owned()));
                if let Some(paid_at) = document.paid_at {
                    facts.push(("Paid", date(paid_at)));
                }
            }
            DocumentKind::CreditNote { invoice_number, reference } => {
                facts.push(("For invoice", invoice_number.clone()));
                facts.push(("Reference", reference.clone()));
            }
            DocumentKind::Cancellation { credit_note_number, invoice_number } => {
                facts.push(("Cancels", credit_note_number.clone()));
                facts.push(("For invoice", invoice_number.clone()));
            }
        }
        self.pdf.text(TOTALS, self.y, "Details", HEADING);
        self.y += 16.0;
        for (label, value) in facts.into_iter().filter(|(_, value)| !value.is_empty()) {
            self.pdf.text(TOTALS, self.y, label, LABEL);
            for line in TEXT.wrap(&value, RIGHT - TOTALS - 66.0) {
                self.pdf.text_to(RIGHT, self.y, &line, TEXT);
                self.y += LEADING;
            }
        }
        self.y
    }

    fn column_heads(&mut self) {
        self.pdf.text(LEFT, self.y, "Description", HEADING);
        self.pdf.text_to(QUANTITY, self.y, "Quantity", HEADING);
        self.pdf.text_to(UNIT_PRICE, self.y, "Unit price", HEADING);
        self.pdf.text_to(RIGHT, self.y, "Amount", HEADING);
        self.pdf.fill(LEFT, self.y + 6.0, RIGHT - LEFT, 0.8, INK);
        self.y += 23.0;
    }

    /// Makes sure of so much room, on another page if need be; with the heads of the columns again among lines.
    fn need(&mut self, room: f32, among_lines: bool) {
        if self.y + room <= BOTTOM {
            return;
        }
        self.pdf.begin_page();
        self.y = TOP;
        let title = format!("{} {}, continued", self.document.title(), self.document.number);
        self.pdf.text(LEFT, self.y, &self.document.seller.name, LABEL);
        self.pdf.text_to(RIGHT, self.y, &title, LABEL);
        self.y += 34.0;
        if among_lines {
            self.column_heads();
        }
    }

    fn lines(&mut self) {
        let document = self.document;
        self.column_heads();
        for DocumentLine { description, quantity, unit_price_minor, total_minor } in &document.lines {
            let mut description = TEXT.wrap(description, DESCRIPTION_WIDTH);
            if description.is_empty() {
                description.push(String::new());
            }
            for (index, line) in description.iter().enumerate() {
                self.need(0.0, true);
                self.pdf.text(LEFT, self.y, line, TEXT);
                if index == 0 {
                    let quantity = Locale::English.number((*quantity).into());
                    self.pdf.text_to(QUANTITY, self.y, &quantity, TEXT);
                    self.pdf.text_to(UNIT_PRICE, self.y, &document.amount(*unit_price_minor), TEXT);
                    self.pdf.text_to(RIGHT, self.y, &document.amount(*total_minor), TEXT);
                }
                self.y += LEADING;
            }
            self.pdf.fill(LEFT, self.y - 6.0, RIGHT - LEFT, 0.5, RULE);
            self.y += 9.0;
        }
    }

    fn totals(&mut self) {
        self.need(64.0, false);
        self.y += 6.0;
        let document = self.document;
        let country = document.tax_country.as_ref().map_or_else(String::new, |name| format!(", {name}"));
        let rate = document.tax_rate.to_string();
        let rate = rate.trim_end_matches('0').trim_end_matches('.');
        let tax = format!("Tax {rate} %{country}");
        let totals = [("Subtotal", document.totals.subtotal), (&tax, document.totals.tax)];
        for (label, amount) in totals {
            let amount = document.amount(amount.minor);
            let room = RIGHT - TOTALS - TEXT.width(&amount) - 10.0;
            let label = LABEL.wrap(label, room);
            for (index, line) in label.iter().enumerate() {
                self.pdf.text(TOTALS, self.y, line, LABEL);
                if index == 0 {
                    self.pdf.text_to(RIGHT, self.y, &amount, TEXT);
                }
                self.y += LEADING + 1.0;
            }
        }
        self.pdf.fill(TOTALS, self.y - 6.0, RIGHT - TOTALS, 0.8, INK);
        self.y += 12.0;
        let label = match document.kind {
            DocumentKind::CreditNote { .. } => "Credit",
            _ => "Total",
        };
        self.pdf.text(TOTALS, self.y, label, TOTAL);
        self.pdf.text_to(RIGHT, self.y, &document.amount(document.totals.total.minor), TOTAL);
        self.y += 34.0;
    }

    /// What is to be done, or was.
    fn closing(&mut self) {
        let document = self.document;
        match &document.kind {
            DocumentKind::Invoice if document.is_to_be_paid() => self.how_to_pay(),
            DocumentKind::Invoice => {
                if let (InvoiceStatus::Paid, Some(paid_at)) = (document.status, document.paid_at) {
                    self.stamp(&date(paid_at));
                }
            }
            DocumentKind::CreditNote { invoice_number, .. } => {
                self.note(&format!("This amount of invoice {invoice_number} is refunded to you."));
            }
            DocumentKind::Cancellation { credit_note_number, invoice_number } => self.note(&format!(
                "The refund of credit note {credit_note_number} did not take place. Invoice {invoice_number} stands as it was paid."
            )),
        }
    }

    fn note(&mut self, text: &str) {
        for line in TEXT.wrap(text, RIGHT - LEFT) {
            self.need(0.0, false);
            self.pdf.text(LEFT, self.y, &line, TEXT);
            self.y += LEADING;
        }
    }

    fn how_to_pay(&mut self) {
        let document = self.document;
        let seller = &document.seller;
        self.need(96.0, false);
        let total = document.amount(document.totals.total.minor);
        let by = document.due_at.map_or_else(String::new, |due_at| format!(" by {}", date(due_at)));
        self.pdf.text(LEFT, self.y, &format!("Please pay {total}{by}."), STRONG);
        self.y += 20.0;
        let account = [("Bank", &seller.bank_name), ("IBAN", &seller.iban), ("BIC", &seller.bic)];
        if seller.iban.is_empty() {
            return;
        }
        let facts =
            account.into_iter().chain([("Account holder", &seller.name), ("Reference", &document.number)]);
        for (label, value) in facts.filter(|(_, value)| !value.is_empty()) {
            self.pdf.text(LEFT, self.y, label, LABEL);
            for line in TEXT.wrap(value, RIGHT - LEFT - 90.0) {
                self.pdf.text(LEFT + 90.0, self.y, &line, TEXT);
                self.y += LEADING;
            }
        }
    }

    /// `PAID` in a frame, with its date and how.
    fn stamp(&mut self, paid: &str) {
        const WORD: Style = Style { face: Face::Bold, size: 16.0, colour: GREEN };
        const FRAME: f32 = 1.4;
        self.need(46.0, false);
        let (width, height) = (WORD.width("PAID") + 28.0, 30.0);
        let (x, y) = (LEFT, self.y - 10.0);
        for (dx, dy, w, h) in [
            (0.0, 0.0, width, FRAME),
            (0.0, height - FRAME, width, FRAME),
            (0.0, 0.0, FRAME, height),
            (width - FRAME, 0.0, FRAME, height),
        ] {
            self.pdf.fill(x + dx, y + dy, w, h, GREEN);
        }
        self.pdf.text(x + 14.0, y + 20.8, "PAID", WORD);
        let document = self.document;
        let (text, room) = (x + width + 14.0, RIGHT - x - width - 14.0);
        self.pdf.text(text, y + 12.5, &format!("Paid on {paid}. Thank you."), TEXT);
        let how = [&document.payment_method, &document.payment_reference].into_iter().flatten();
        if let Some(line) = SMALL.wrap(&join(how, ", "), room).first() {
            self.pdf.text(text, y + 25.0, line, SMALL);
        }
        self.y += height + 12.0;
    }

    fn footers(&mut self) {
        let seller = &self.document.seller;
        let tax_number = match seller.tax_number.as_str() {
            "" => String::new(),
            number => format!("VAT number {number}"),
        };
        let address = seller.address();
        let facts = join([&seller.name, &address, &seller.email, &seller.website, &tax_number], "  ·  ");
        let lines = SMALL.wrap(&facts, RIGHT - LEFT - 70.0);
        let pages = self.pdf.page_count();
        self.pdf.on_each_page(|pdf, page| {
            pdf.fill(LEFT, HEIGHT - 62.0, RIGHT - LEFT, 0.5, RULE);
            let mut y = HEIGHT - 50.0;
            for line in lines.iter().take(3) {
                pdf.text(LEFT, y, line, SMALL);
                y += 10.0;
            }
            pdf.text_to(RIGHT, HEIGHT - 50.0, &format!("Page {page} of {pages}"), SMALL);
        });
    }
}
