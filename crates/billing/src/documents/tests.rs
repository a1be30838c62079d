use std::io::Write;
use std::process::{Command, Stdio};

use domain::billing::TaxRate;
use domain::money::Currency;

use super::*;

fn invoice(lines: Vec<DocumentLine>, currency: Currency) -> InvoiceDocument {
    InvoiceDocument::sample_over(lines, currency, issued())
}

fn usual() -> InvoiceDocument {
    InvoiceDocument::sample(issued())
}

fn issued() -> DateTime<Utc> {
    "2027-01-31T12:00:00Z".parse().unwrap()
}

/// Runs a program on a file. Where it is not installed, a test that says nothing would pass: it fails instead.
fn run(program: &str, arguments: &[&str], file: &[u8]) -> String {
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{program} cannot be run ({error}): ./dev installs it"));
    let mut input = child.stdin.take().unwrap();
    let file = file.to_vec();
    let writer = std::thread::spawn(move || input.write_all(&file));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// What `qpdf --check` says, which reads no pipe.
fn checked(file: &[u8]) -> String {
    let path = std::env::temp_dir().join(format!("keyrack-{}.pdf", platform::ids::new::<uuid::Uuid>()));
    std::fs::write(&path, file).unwrap();
    let said = run("qpdf", &["--check", path.to_str().unwrap()], &[]);
    std::fs::remove_file(&path).unwrap();
    said
}

/// The text of a document, as a reader copies it: the same spaces everywhere. Also checks the file, and that it brings
/// along its fonts.
fn text_of(document: &InvoiceDocument) -> String {
    let file = document.to_pdf().bytes;
    let checked = checked(&file);
    assert!(checked.contains("No syntax or stream encoding errors found"), "{checked}");
    // Below two lines of heading a line for each font: name, type (two words), encoding, embedded, subset, unicode, object.
    let fonts = run("pdffonts", &["-"], &file);
    let fonts: Vec<Vec<&str>> =
        fonts.lines().skip(2).map(|line| line.split_whitespace().rev().skip(2).take(3).collect()).collect();
    assert!(!fonts.is_empty() && fonts.iter().all(|font| *font == ["yes", "yes", "yes"]), "{fonts:?}");
    run("pdftotext", &["-layout", "-", "-"], &file).replace('\u{a0}', " ")
}

fn assert_has(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "{part:?} is missing in:\n{text}");
    }
}

#[test]
fn an_open_invoice_says_everything() {
    let text = text_of(&usual());
    assert_has(
        &text,
        &[
            "Nordlicht Hosting GmbH",
            "Invoice",
            "INV-2027-000042",
            "31 Jan 2027",
            "2 Mar 2027",
            "Größenwahn & Söhne OHG",
            "Jörg Müßig",
            "50667 Köln",
            "joerg@kunde.example",
            "DE987654321",
            "€ 29.99",
            "€ 45.00",
            "€ 90.00",
            "€ 134.99",
            "Tax 19 %, Germany",
            "€ 25.65",
            "€ 160.64",
            "Please pay € 160.64 by 2 Mar 2027.",
            "DE02 1203 0000 0000 2020 51",
            "Page 1 of 1",
        ],
    );
    assert!(!text.contains("PAID"));
}

#[test]
fn a_paid_invoice_is_stamped_and_asks_for_nothing() {
    let paid = usual().paid("2027-02-03T08:00:00Z".parse().unwrap());
    let text = text_of(&paid);
    assert_has(&text, &["PAID", "Paid on 3 Feb 2027", "pay-1", "€ 160.64"]);
    assert!(!text.contains("IBAN") && !text.contains("Please pay"));
}

#[test]
fn credit_notes_are_negative_and_name_the_invoice() {
    let note = usual().credited("CN-2027-000007", issued());
    assert_eq!(note.to_pdf().file_name, "credit-note-CN-2027-000007.pdf");
    let text = text_of(&note);
    assert_has(
        &text,
        &["Credit note", "CN-2027-000007", "INV-2027-000042", "−€ 160.64", "−€ 25.65", "−€ 29.99"],
    );
    assert!(!text.contains("Please pay") && !text.contains("PAID"));
}

/// Names in the letters of those who have them, and currencies with their signs.
#[test]
fn letters_of_europe_and_its_neighbours_are_there() {
    let mut document = invoice(
        vec![DocumentLine::of("Аренда сервера — Ωμέγα, Łódź, İstanbul, Æsir, Žižkov", 1, 123_456)],
        "TRY".parse().unwrap(),
    );
    document.buyer.name = "Юлия Щербакова-Ґудзь".to_owned();
    document.buyer.company = String::new();
    let text = text_of(&document);
    assert_has(
        &text,
        &[
            "Юлия Щербакова-Ґудзь",
            "Аренда сервера — Ωμέγα",
            "Łódź",
            "İstanbul",
            "Æsir",
            "Žižkov",
            "₺ 1,234.56",
            "₺ 1,469.13",
        ],
    );
}

#[test]
fn many_and_long_lines_go_on_on_further_pages() {
    let long = "A description that goes on and on ".repeat(12);
    let word = "Donaudampfschifffahrtsgesellschaft".repeat(8);
    let mut lines: Vec<_> =
        (1..=90).map(|number| DocumentLine::of(&format!("Item {number:02}"), number, 1_001)).collect();
    lines.push(DocumentLine::of(&long, 1, 1));
    lines.push(DocumentLine::of(&word, 1, 1));
    let document = invoice(lines, Currency::EUR);
    let text = text_of(&document);
    let pages: Vec<&str> = text.split('\u{c}').filter(|page| !page.trim().is_empty()).collect();
    assert!(pages.len() >= 4, "{} pages", pages.len());
    for (index, page) in pages.iter().enumerate() {
        assert!(page.contains(&format!("Page {} of {}", index + 1, pages.len())), "{page}");
    }
    assert_has(pages[1], &["Invoice INV-2027-000042, continued", "Description", "Unit price"]);
    for number in 1..=90 {
        assert_has(&text, &[&format!("Item {number:02}")]);
    }
    let total = domain::format::Locale::English.money(document.totals.total).replace('\u{a0}', " ");
    assert_has(&text, &[&total]);
}

#[test]
fn nothing_known_is_nothing_said() {
    let document = InvoiceDocument {
        seller: Seller::default(),
        buyer: Buyer::default(),
        due_at: None,
        tax_country: None,
        tax_rate: TaxRate::ZERO,
        ..invoice(Vec::new(), Currency::EUR)
    };
    let text = text_of(&document);
    assert_has(&text, &["INV-2027-000042", "Total", "€ 0.00"]);
    for absent in ["VAT number", "IBAN", "Please pay", "PAID"] {
        assert!(!text.contains(absent), "{absent} in:\n{text}");
    }
}

#[test]
fn the_same_facts_give_the_same_bytes() {
    assert_eq!(usual().to_pdf(), usual().to_pdf());
    assert!(usual().to_pdf().bytes.len() < 60_000);
}
