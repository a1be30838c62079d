//! Mail against a real SMTP server, and kept.

mod server;

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use sqlx::PgPool;
use uuid::Uuid;

use self::server::Server;
use super::*;
use crate::clock::{Clock, MovableClock};
use crate::database;
use crate::jobs::{Handlers, Outcome, admin, run_all_due};
use crate::settings::{Secret, Smtp, SmtpEncryption};

struct World {
    database: Database,
    clock: MovableClock,
}

impl World {
    fn new(pool: &PgPool) -> Self {
        let clock = MovableClock::at("2026-11-20T12:00:00Z".parse().unwrap());
        Self { database: database::for_test(pool), clock }
    }

    async fn enqueue(&self, message: Message) {
        let mut transaction = self.database.begin_identity().await.unwrap();
        enqueue(&mut transaction, message, self.clock.now()).await.unwrap();
        transaction.commit().await.unwrap();
    }

    /// Sends what is due.
    async fn send(&self, mailer: &Mailer) -> Vec<(Uuid, Outcome)> {
        let handlers = Arc::new(mailer.clone().handle_in(Handlers::new()));
        let clock = Arc::new(self.clock.clone()) as crate::clock::SharedClock;
        let ran = run_all_due(&self.database, &clock, &handlers).await.unwrap();
        ran.into_iter().map(|ran| (ran.job_id, ran.outcome)).collect()
    }

    async fn send_to(&self, to: &str, settings: &Smtp) -> Outcome {
        self.enqueue(message(to)).await;
        self.send(&Mailer::new(Some(settings)).unwrap()).await[0].1
    }

    async fn last_error(&self, pool: &PgPool) -> String {
        sqlx::query_scalar("SELECT last_error FROM jobs ORDER BY id DESC LIMIT 1")
            .fetch_one(pool)
            .await
            .unwrap()
    }
}

fn message(to: &str) -> Message {
    Message {
        to: to.to_owned(),
        subject: "Schlüssel für Zimmer 7 🔑".to_owned(),
        text: "Grüße!\n.\nA line with a dot alone does not end the mail.\n".to_owned(),
        html: Some("<p>Grüße!</p>".to_owned()),
        attachments: Vec::new(),
    }
}

#[sqlx::test(migrator = "crate::database::MIGRATOR")]
async fn without_a_server_mail_is_kept_newest_first(pool: PgPool) {
    let world = World::new(&pool);
    let mailer = Mailer::new(None).unwrap();
    world.enqueue(message("ann@example.com")).await;
    assert_eq!(world.send(&mailer).await[0].1, Outcome::Done);
    world.clock.advance(TimeDelta::minutes(1));
    world.enqueue(Message { html: None, ..message("bob@example.com") }).await;
    world.send(&mailer).await;

    let kept = kept(&world.database).await.unwrap();
    let messages: Vec<Message> = kept.iter().map(|mail| mail.message.clone()).collect();
    assert_eq!(messages, [Message { html: None, ..message("bob@example.com") }, message("ann@example.com")]);
    assert_eq!(kept[0].at, world.clock.now());
    assert!(!format!("{kept:?}").contains("Grüße"), "what a mail says is not logged");
}

#[sqlx::test(migrator = "crate::database::MIGRATOR")]
async fn a_mail_arrives_as_text_and_as_html(pool: PgPool) {
    let (world, mut server) = (World::new(&pool), Server::start(&[]).await);
    let mailer = Mailer::new(Some(&server.settings())).unwrap();
    world.enqueue(message("Ann Bauer <ann@example.com>")).await;
    let sent = world.send(&mailer).await;
    assert_eq!(sent[0].1, Outcome::Done);

    let mail = server.received().await;
    assert_eq!(
        (mail.sender.as_str(), mail.recipients),
        ("desk@harbour.example", vec!["ann@example.com".to_owned()])
    );
    assert_eq!(mail.r#type, "multipart/alternative");
    assert_eq!(mail.text.unwrap().replace("\r\n", "\n").trim_end(), message("").text.trim_end());
    assert_eq!(mail.html.unwrap().trim_end(), "<p>Grüße!</p>");
    assert_eq!(mail.headers["subject"], "Schlüssel für Zimmer 7 🔑");
    assert_eq!(mail.headers["from"], "Harbour House <desk@harbour.example>");
    assert_eq!(mail.headers["to"], "Ann Bauer <ann@example.com>");
    assert_eq!(mail.headers["date"], "Fri, 20 Nov 2026 12:00:00 +0000");
    assert_eq!(mail.headers["auto-submitted"], "auto-generated");
    assert_eq!(mail.headers["message-id"], format!("<{}@harbour.example>", sent[0].0));
    assert!(kept(&world.database).await.unwrap().is_empty());
}

#[sqlx::test(migrator = "crate::database::MIGRATOR")]
async fn a_mail_without_html_is_plain(pool: PgPool) {
    let (world, mut server) = (World::new(&pool), Server::start(&[]).await);
    world.enqueue(Message { html: None, ..message("ann@example.com") }).await;
    world.send(&Mailer::new(Some(&server.settings())).unwrap()).await;
    let mail = server.received().await;
    assert_eq!((mail.r#type.as_str(), mail.html), ("text/plain", None));
    assert!(mail.text.unwrap().starts_with("Grüße!"));
}

#[sqlx::test(migrator = "crate::database::MIGRATOR")]
async fn files_come_with_a_mail_and_are_kept_with_it(pool: PgPool) {
    let (world, mut server) = (World::new(&pool), Server::start(&[]).await);
    let file = Attachment::new("invoice-1.pdf".to_owned(), "application/pdf", b"%PDF-1.3 \xff");
    let with_file = Message { attachments: vec![file.clone()], ..message("ann@example.com") };
    world.enqueue(with_file.clone()).await;
    world.send(&Mailer::new(Some(&server.settings())).unwrap()).await;
    let mail = server.received().await;
    assert_eq!(mail.r#type, "multipart/mixed");
    assert_eq!(mail.html.unwrap().trim_end(), "<p>Grüße!</p>");
    assert_eq!(mail.files["invoice-1.pdf"], serde_json::json!(["application/pdf", "255044462d312e3320ff"]));

    world.enqueue(Message { html: None, ..with_file }).await;
    world.send(&Mailer::new(None).unwrap()).await;
    assert_eq!(kept(&world.database).await.unwrap()[0].message.attachments, [file]);
}

#[sqlx::test(migrator = "crate::database::MIGRATOR")]
async fn a_mail_that_was_put_off_is_sent_later_under_the_same_id(pool: PgPool) {
    let (world, mut server) = (World::new(&pool), Server::start(&[]).await);
    let mailer = Mailer::new(Some(&server.settings())).unwrap();
    world.enqueue(message("later@example.com")).await;
    let first = world.send(&mailer).await;
    assert_eq!(first[0].1, Outcome::Failed);
    let error = world.last_error(&pool).await;
    assert!(error.contains("451") && error.contains("come back later"), "{error}");
    world.clock.advance(TimeDelta::seconds(5));
    assert_eq!(world.send(&mailer).await, [(first[0].0, Outcome::Done)]);
    assert_eq!(server.received().await.headers["message-id"], format!("<{}@harbour.example>", first[0].0));
}

#[sqlx::test(migrator = "crate::database::MIGRATOR")]
async fn an_address_that_does_not_exist_is_not_tried_again(pool: PgPool) {
    let (world, server) = (World::new(&pool), Server::start(&[]).await);
    for to in ["gone@example.com", "no address", "ann@example.com\r\nBcc: eve@example.com", ""] {
        assert_eq!(world.send_to(to, &server.settings()).await, Outcome::Dead, "{to}");
    }
    let dead = admin::dead_letters(&world.database).await.unwrap();
    assert_eq!(dead.len(), 4);
    assert!(dead.iter().any(|letter| letter.last_error.contains("there is nobody of that name")), "{dead:?}");
}

#[sqlx::test(migrator = "crate::database::MIGRATOR")]
async fn a_subject_cannot_add_a_header(pool: PgPool) {
    let (world, mut server) = (World::new(&pool), Server::start(&[]).await);
    let subject = "Hello\r\nBcc: eve@example.com\r\n\r\nand a body".to_owned();
    world.enqueue(Message { subject, ..message("ann@example.com") }).await;
    world.send(&Mailer::new(Some(&server.settings())).unwrap()).await;
    let mail = server.received().await;
    assert_eq!(mail.recipients, ["ann@example.com"]);
    assert_eq!(mail.headers.get("bcc"), None);
    assert_eq!(mail.headers["subject"], "Hello  Bcc: eve@example.com    and a body");
}

#[sqlx::test(migrator = "crate::database::MIGRATOR")]
async fn nothing_goes_out_in_clear_when_encryption_is_asked_for(pool: PgPool) {
    let (world, mut server) = (World::new(&pool), Server::start(&[]).await);
    for encryption in [SmtpEncryption::StartTls, SmtpEncryption::Tls] {
        let settings = Smtp { encryption, ..server.settings() };
        assert_eq!(world.send_to("ann@example.com", &settings).await, Outcome::Failed, "{encryption:?}");
    }
    assert_eq!(world.send_to("bob@example.com", &server.settings()).await, Outcome::Done);
    assert_eq!(server.received().await.recipients, ["bob@example.com"], "the first to arrive");
}

#[sqlx::test(migrator = "crate::database::MIGRATOR")]
async fn it_signs_in_and_a_wrong_password_may_be_put_right(pool: PgPool) {
    let (world, mut server) = (World::new(&pool), Server::start(&["password"]).await);
    let with = |password: &str| Smtp {
        user: Some("keyrack".to_owned()),
        password: Some(Secret::new(password)),
        ..server.settings()
    };
    let (wrong, right) = (with("guess"), with("secret"));
    assert_eq!(world.send_to("ann@example.com", &wrong).await, Outcome::Failed);
    let error = world.last_error(&pool).await;
    assert!(error.contains("535") && !error.contains("guess"), "{error}");
    world.clock.advance(TimeDelta::minutes(1));
    assert_eq!(world.send(&Mailer::new(Some(&right)).unwrap()).await[0].1, Outcome::Done);
    assert_eq!(server.received().await.recipients, ["ann@example.com"]);
}

#[sqlx::test(migrator = "crate::database::MIGRATOR")]
async fn a_server_that_hangs_or_is_away_is_tried_again(pool: PgPool) {
    let (world, server) = (World::new(&pool), Server::start(&[]).await);
    world.enqueue(message("slow@example.com")).await;
    let hasty = Mailer::with_timeout(Some(&server.settings()), Duration::from_millis(500)).unwrap();
    assert_eq!(world.send(&hasty).await[0].1, Outcome::Failed);
    assert_eq!(world.last_error(&pool).await, "the mail server took longer than 500ms");

    // A port that was free a moment ago.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    assert_eq!(world.send_to("ann@example.com", &Smtp { port, ..server.settings() }).await, Outcome::Failed);
    let error = world.last_error(&pool).await;
    assert!(error.contains("Connection refused"), "{error}");
}

#[test]
fn bad_settings_are_named() {
    let settings = Smtp {
        host: "mail.example".to_owned(),
        port: 587,
        user: None,
        password: None,
        from: "nobody".to_owned(),
        encryption: SmtpEncryption::StartTls,
    };
    let error = Mailer::new(Some(&settings)).unwrap_err();
    assert_eq!(error.to_string(), "SMTP_FROM=\"nobody\" is not an address");
}
