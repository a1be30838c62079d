//! What all pages share: frame, words for money and days, small pieces.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use chrono::DateTime;
use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::error::ApiError;
use crate::model::Timestamp;

const STYLE: &str = include_str!("style.css");
/// Nothing but our own style. Forms may lead anywhere, as a purchase ends at the shop.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'";

/// How wide a page's content is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Width {
    Wide,
    Narrow,
}

/// A whole page.
pub fn page(status: StatusCode, title: &str, width: Width, content: &Markup) -> Response {
    let body = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="robots" content="noindex";
                title { (title) " · Stripe sandbox" }
                style { (PreEscaped(STYLE)) }
            }
            body {
                header { p.note { strong { "Stripe sandbox" } ": no real money moves" } }
                main .narrow[width == Width::Narrow] { (content) }
            }
        }
    };
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    (status, headers, body.into_string()).into_response()
}

/// A page that only says something.
pub fn message(status: StatusCode, title: &str, content: &Markup) -> Response {
    page(status, title, Width::Narrow, &html! { div.card { h1 { (title) } (content) } })
}

/// A page for what went wrong.
pub fn problem(error: &ApiError) -> Response {
    let title =
        if error.status == StatusCode::NOT_FOUND { "There is nothing here" } else { "That did not work" };
    message(error.status, title, &html! { p { (error.message) } })
}

/// An amount as people write it.
pub fn money(amount: i64, currency: &str) -> String {
    let digits = match currency {
        "bif" | "clp" | "djf" | "gnf" | "jpy" | "kmf" | "krw" | "mga" | "pyg" | "rwf" | "ugx" | "vnd"
        | "vuv" | "xaf" | "xof" | "xpf" => 0,
        "bhd" | "jod" | "kwd" | "omr" | "tnd" => 3,
        _ => 2,
    };
    let symbol = match currency {
        "usd" => "$".to_owned(),
        "eur" => "€".to_owned(),
        "gbp" => "£".to_owned(),
        "jpy" => "¥".to_owned(),
        other => format!("{} ", other.to_uppercase()),
    };
    let unit = 10_u64.pow(digits);
    let whole = (amount.unsigned_abs() / unit).to_string();
    let grouped: Vec<&str> =
        whole.as_bytes().rchunks(3).rev().filter_map(|group| std::str::from_utf8(group).ok()).collect();
    let sign = if amount < 0 { "−" } else { "" };
    let width = digits as usize;
    match digits {
        0 => format!("{sign}{symbol}{}", grouped.join(",")),
        _ => format!("{sign}{symbol}{}.{:0width$}", grouped.join(","), amount.unsigned_abs() % unit),
    }
}

pub fn day(at: Timestamp) -> String {
    DateTime::from_timestamp(at, 0).map_or_else(String::new, |it| it.format("%-d %b %Y").to_string())
}

pub fn moment(at: Timestamp) -> String {
    DateTime::from_timestamp(at, 0)
        .map_or_else(String::new, |it| it.format("%-d %b %Y, %H:%M:%S UTC").to_string())
}

/// A status, with a colour where it is clearly good or bad. The word alone says it, too.
pub fn badge(status: &str) -> Markup {
    let good =
        matches!(status, "active" | "paid" | "succeeded" | "delivered" | "won" | "trialing" | "complete");
    let bad = matches!(
        status,
        "past_due"
            | "unpaid"
            | "failed"
            | "canceled"
            | "dropped"
            | "lost"
            | "needs_response"
            | "uncollectible"
    );
    html! { span.badge .good[good] .bad[bad] { (status.replace('_', " ")) } }
}

#[cfg(test)]
mod tests {
    use super::money;

    #[test]
    fn writes_amounts() {
        assert_eq!(money(2999, "usd"), "$29.99");
        assert_eq!(money(-123_456_789, "eur"), "−€1,234,567.89");
        assert_eq!(money(5, "chf"), "CHF 0.05");
        assert_eq!(money(1500, "jpy"), "¥1,500");
        assert_eq!(money(1234, "kwd"), "KWD 1.234");
    }
}
