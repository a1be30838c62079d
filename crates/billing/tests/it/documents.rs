use billing::Error;
use billing::accounts::Profile;
use billing::checkout::Order;
use chrono::TimeDelta;
use sqlx::PgPool;
use uuid::Uuid;

use crate::support::{World, empty, order_of, pdf_text};

fn address(company: &str) -> Profile {
    Profile {
        first_name: Some("Jörg".to_owned()),
        last_name: Some("Müßig".to_owned()),
        company: Some(company.to_owned()),
        city: Some("Köln".to_owned()),
        country: Some("DE".to_owned()),
        config: serde_json::json!({}),
        ..Profile::default()
    }
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn an_invoice_as_pdf_says_what_the_database_holds_and_to_nobody_else(superuser: PgPool) {
    let world = World::new(superuser).await;
    world.set_tax(&world.ada, "DE", 1900).await;
    world.set_seller().await;
    let account = world.ada.own_account();
    world.billing.change_profile(account, None, |_| Ok(address("Größenwahn OHG"))).await.unwrap();
    let order = Order { plan_id: Some(world.basic), bundle_ids: vec![world.tokens, world.tokens], ..empty() };
    let ordered = world.order(&world.ada, order).await;
    let invoice = world.billing.invoice(account, ordered.invoice_id).await.unwrap();
    let pdf = world.billing.invoice_pdf(account, invoice.id).await.unwrap();
    assert_eq!(pdf.file_name, format!("invoice-{}.pdf", invoice.number));
    assert_eq!(world.billing.any_invoice_pdf(world.admin.admin().unwrap(), invoice.id).await.unwrap(), pdf);
    let strangers = world.billing.invoice_pdf(world.bob.own_account(), invoice.id).await;
    assert!(matches!(strangers, Err(Error::NoInvoice)));

    let text = pdf_text(&pdf.bytes);
    let (subtotal, tax, total): (i64, i64, i64) =
        sqlx::query_as("SELECT subtotal_minor, tax_minor, total_minor FROM invoices WHERE id = $1")
            .bind(invoice.id)
            .fetch_one(&world.superuser)
            .await
            .unwrap();
    let money = |minor| {
        let money = domain::money::Money::new(minor, domain::money::Currency::EUR);
        domain::format::Locale::English.money(money).replace('\u{a0}', " ")
    };
    for part in [
        "Nordlicht Hosting GmbH",
        "Größenwahn OHG",
        "Jörg Müßig",
        "Tax 19 %, Germany",
        &money(subtotal),
        &money(tax),
        &money(total),
        &invoice.number,
        "DE02 1203 0000 0000 2020 51",
    ] {
        assert!(text.contains(part), "{part} is missing in:\n{text}");
    }
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn buyer_and_seller_can_change_until_it_is_paid_and_not_after(superuser: PgPool) {
    let world = World::new(superuser).await;
    let account = world.ada.own_account();
    let ordered = world.order(&world.ada, order_of(world.basic)).await;
    let text = async || {
        let pdf = world.billing.invoice_pdf(account, ordered.invoice_id).await.unwrap();
        pdf_text(&pdf.bytes)
    };
    world.billing.change_profile(account, None, |_| Ok(address("First Ltd"))).await.unwrap();
    let open = text().await;
    assert!(open.contains("First Ltd") && open.contains("Open"), "{open}");
    world.billing.change_profile(account, None, |_| Ok(address("Second Ltd"))).await.unwrap();
    world.set_seller().await;
    world.pay(ordered.invoice_id).await;
    world.billing.change_profile(account, None, |_| Ok(address("Third Ltd"))).await.unwrap();
    sqlx::query("UPDATE seller_settings SET provider_name = 'Somebody else'")
        .execute(&world.superuser)
        .await
        .unwrap();
    let paid = text().await;
    assert!(paid.contains("Second Ltd") && paid.contains("Nordlicht") && paid.contains("PAID"), "{paid}");
    assert!(!paid.contains("Third Ltd") && !paid.contains("Somebody else"), "{paid}");
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_refund_makes_a_credit_note_and_its_reversal_another_that_cancels_it(superuser: PgPool) {
    let world = World::new(superuser).await;
    world.set_tax(&world.ada, "DE", 1900).await;
    let (account, admin) = (world.ada.own_account(), world.admin.admin().unwrap());
    let (_, id) = world.subscribe(&world.ada, world.basic).await;
    world.billing.refund(admin, id, "ADMIN_REFUND").await.unwrap();
    world.later(1);
    world.billing.restored(id).await.unwrap();
    world.later(1);
    world.billing.refund(admin, id, "re_2").await.unwrap();
    let invoice = world.billing.invoice(account, id).await.unwrap();
    let notes = &invoice.credit_notes;
    let facts: Vec<_> =
        notes.iter().map(|note| (note.number.as_str(), note.cancels, note.reference.as_str())).collect();
    assert_eq!(
        facts,
        [
            ("CN-2027-000001", None, "ADMIN_REFUND"),
            ("CN-2027-000002", Some(notes[0].id), "ADMIN_REFUND"),
            ("CN-2027-000003", None, "re_2"),
        ]
    );
    assert!(notes.iter().all(|note| note.total_minor == invoice.totals.total.minor));
    let owed: i64 = notes
        .iter()
        .map(|note| if note.cancels.is_some() { note.total_minor } else { -note.total_minor })
        .sum();
    assert_eq!(invoice.totals.total.minor + owed, 0, "all documents together come to what was kept");

    let credit = world.billing.credit_note_pdf(account, id, notes[0].id).await.unwrap();
    assert_eq!(credit.file_name, "credit-note-CN-2027-000001.pdf");
    let cancellation = world.billing.any_credit_note_pdf(admin, id, notes[1].id).await.unwrap();
    assert_eq!(cancellation.file_name, "cancellation-CN-2027-000002.pdf");
    let (credit, cancellation) = (pdf_text(&credit.bytes), pdf_text(&cancellation.bytes));
    assert!(credit.contains("−€ 11.89") && credit.contains(&invoice.number), "{credit}");
    assert!(cancellation.contains("CN-2027-000001") && cancellation.contains(" € 11.89"), "{cancellation}");
    let unknown = world.billing.credit_note_pdf(account, id, Uuid::nil()).await;
    assert!(matches!(unknown, Err(Error::NoCreditNote)));
    let strangers = world.billing.credit_note_pdf(world.bob.own_account(), id, notes[0].id).await;
    assert!(matches!(strangers, Err(Error::NoInvoice)));
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn credit_notes_are_numbered_without_a_gap_within_each_year(superuser: PgPool) {
    let world = World::new(superuser).await;
    let admin = world.admin.admin().unwrap();
    let mut numbers = Vec::new();
    for round in 0..4 {
        let ordered = world.order(&world.ada, Order { bundle_ids: vec![world.tokens], ..empty() }).await;
        world.pay(ordered.invoice_id).await;
        if round == 1 {
            // What cannot be refunded takes no number.
            world.billing.debit_tokens(world.ada.own_account(), 1, None, "chat").await.unwrap();
            assert!(world.billing.refund(admin, ordered.invoice_id, "r").await.is_err());
            world
                .pay(
                    world
                        .order(&world.ada, Order { bundle_ids: vec![world.tokens], ..empty() })
                        .await
                        .invoice_id,
                )
                .await;
        }
        world.billing.refund(admin, ordered.invoice_id, "r").await.unwrap();
        let invoice = world.billing.any_invoice(admin, ordered.invoice_id).await.unwrap();
        numbers.push(invoice.credit_notes[0].number.clone());
        if round == 2 {
            world.clock.advance(TimeDelta::days(365));
        }
    }
    assert_eq!(numbers, ["CN-2027-000001", "CN-2027-000002", "CN-2027-000003", "CN-2028-000001"]);
}
