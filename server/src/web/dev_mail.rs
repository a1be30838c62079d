//! `/dev/mail`: the mail of a developer's machine, which has no SMTP server.

use std::fmt::Write;

use axum::extract::{Path, State};
use axum::response::{Html, IntoResponse, Response};
use axum::{Router, routing};
use http::header::{CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE, X_FRAME_OPTIONS};
use http::{HeaderValue, StatusCode};
use platform::mail::{self, KeptMail};
use platform::settings::Settings;

use crate::problem::Problem;
use crate::state::AppState;

/// A mail's HTML may style itself and nothing else.
pub const MAIL_POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; sandbox";

/// Whether it is there: on a developer's machine without an SMTP server.
pub fn is_offered(settings: &Settings) -> bool {
    settings.smtp.is_none() && settings.is_local()
}

/// The list, each mail, and the HTML of a mail in a frame of its own.
pub fn router() -> Router<AppState> {
    Router::new()
        .route("/dev/mail", routing::get(list))
        .route("/dev/mail/{at}", routing::get(show))
        .route("/dev/mail/{at}/html", routing::get(html))
        .route("/dev/mail/{at}/files/{index}", routing::get(attachment))
}

async fn list(State(state): State<AppState>) -> Response {
    let mails = match mail::kept(&state.database).await {
        Ok(mails) => mails,
        Err(error) => return Problem::from(error).into_response(),
    };
    let mut rows = String::new();
    for kept in &mails {
        let (to, subject) = (escape(&kept.message.to), escape(&kept.message.subject));
        let at = kept.at.format("%Y-%m-%d %H:%M:%S UTC");
        // Writing to a text cannot fail.
        let _ = write!(rows, "<li><a href=\"/dev/mail/{}\">{subject}</a> to {to}, {at}</li>", id(kept));
    }
    let body =
        if rows.is_empty() { "<p>No mail was sent yet.</p>".to_owned() } else { format!("<ul>{rows}</ul>") };
    Html(document("Mail", &body)).into_response()
}

async fn show(State(state): State<AppState>, Path(at): Path<i64>) -> Response {
    let kept = match find(&state, at).await {
        Ok(kept) => kept,
        Err(response) => return response,
    };
    let message = &kept.message;
    let frame = match message.html {
        Some(_) => format!(
            "<iframe title=\"HTML\" width=\"100%\" height=\"600\" sandbox src=\"/dev/mail/{at}/html\"></iframe>"
        ),
        None => String::new(),
    };
    let mut files = String::new();
    for (index, file) in message.attachments.iter().enumerate() {
        let name = escape(&file.name);
        // Writing to a text cannot fail.
        let _ = write!(files, "<p><a href=\"/dev/mail/{at}/files/{index}\">{name}</a></p>");
    }
    let body = format!(
        "<p>To {}, {}</p><pre>{}</pre>{frame}{files}<p><a href=\"/dev/mail\">All mail</a></p>",
        escape(&message.to),
        kept.at.format("%Y-%m-%d %H:%M:%S UTC"),
        with_links(&message.text),
    );
    Html(document(&message.subject, &body)).into_response()
}

async fn html(State(state): State<AppState>, Path(at): Path<i64>) -> Response {
    let kept = match find(&state, at).await {
        Ok(kept) => kept,
        Err(response) => return response,
    };
    let headers = [
        (CONTENT_SECURITY_POLICY, HeaderValue::from_static(MAIL_POLICY)),
        (X_FRAME_OPTIONS, HeaderValue::from_static("SAMEORIGIN")),
    ];
    (headers, Html(kept.message.html.unwrap_or_default())).into_response()
}

async fn attachment(State(state): State<AppState>, Path((at, index)): Path<(i64, usize)>) -> Response {
    let kept = match find(&state, at).await {
        Ok(kept) => kept,
        Err(response) => return response,
    };
    let Some(file) = kept.message.attachments.get(index) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    // Whatever it is, it is saved and not shown.
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("application/octet-stream")),
        (CONTENT_DISPOSITION, HeaderValue::from_static("attachment")),
    ];
    (headers, file.bytes()).into_response()
}

async fn find(state: &AppState, at: i64) -> Result<KeptMail, Response> {
    let mails = mail::kept(&state.database).await.map_err(|error| Problem::from(error).into_response())?;
    mails.into_iter().find(|kept| id(kept) == at).ok_or_else(|| StatusCode::NOT_FOUND.into_response())
}

/// Names a mail by its time, in microseconds.
fn id(kept: &KeptMail) -> i64 {
    kept.at.timestamp_micros()
}

fn document(title: &str, body: &str) -> String {
    let title = escape(title);
    format!(
        "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title} · /dev/mail</title></head>\
         <body><main><h1>{title}</h1>{body}</main></body></html>"
    )
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// The text, with its addresses to click on.
fn with_links(text: &str) -> String {
    let mut html = String::new();
    for word in text.split_inclusive(char::is_whitespace) {
        let address = word.trim_end();
        let blank = &word[address.len()..];
        if address.starts_with("http://") || address.starts_with("https://") {
            let address = escape(address);
            let _ = write!(html, "<a href=\"{address}\">{address}</a>{blank}");
        } else {
            html.push_str(&escape(word));
        }
    }
    html
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_can_be_clicked_and_everything_else_is_text() {
        assert_eq!(
            with_links("<b> go\nhttps://desk.example/?a=1&b=\"\n"),
            "&lt;b&gt; go\n<a href=\"https://desk.example/?a=1&amp;b=&quot;\">https://desk.example/?a=1&amp;b=&quot;</a>\n"
        );
    }
}
