//! Forms without JavaScript.
//!
//! A plain form post to a server function is answered with a redirect. Leptos puts a refusal into the address of that
//! redirect, where it would stay in histories and could be made up by anybody; so it is taken out, kept with what was
//! typed for five minutes, and given to the next page alone, which shows it at the fields. The page of a new booking has
//! steps, each of which is its own address: it is given to all of them, so that who must choose another room need not type
//! the guest again. A form that carries a `form_token` is carried out once, however often it is sent.

mod once;
mod post;
mod store;

use app::routes;
use app::shared::page::NoticeCode;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::header::{CONTENT_TYPE, SET_COOKIE};
use http::{HeaderMap, HeaderValue, Method};

use crate::state::AppState;
use crate::web::{cookies, error_page, paths};

/// Leads to the refusal and what was typed.
const FLASH: &str = "flash";

/// How long they are kept, in seconds.
const FLASH_SECONDS: u32 = 5 * 60;

/// Says in one word what was just done, such as `booked`.
const NOTICE: &str = "notice";

/// Looks after plain form posts, and after the page that comes next.
pub async fn layer(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    if request.method() == Method::POST
        && path.starts_with(paths::ACTIONS)
        && is_plain_form(request.headers())
    {
        return post::handle(&state, request, next).await;
    }
    let is_page = request.method() == Method::GET
        && !paths::is_asset(path)
        && error_page::accepts_html(request.headers());
    if is_page && (has(&request, FLASH) || has(&request, NOTICE)) {
        return show(&state, request, next).await;
    }
    next.run(request).await
}

fn has(request: &Request, cookie: &str) -> bool {
    cookies::get(request.headers(), cookie).is_some()
}

/// Whether a browser sent this by itself. Our scripts ask for data, not for a page.
fn is_plain_form(headers: &HeaderMap) -> bool {
    let is_form = headers
        .get(CONTENT_TYPE)
        .is_some_and(|value| value.as_bytes().starts_with(b"application/x-www-form-urlencoded"));
    is_form && error_page::accepts_html(headers)
}

/// Hands the page what the last post left for it, once.
async fn show(state: &AppState, mut request: Request, next: Next) -> Response {
    let is_https = state.settings.is_https();
    let mut spent = Vec::new();
    if let Some(token) = cookies::get(request.headers(), FLASH).map(str::to_owned) {
        let page = request.uri().path();
        let step = step(request.headers(), page, &state.settings.base_url);
        let found = match step {
            Step::Next => store::look(state, &token, page).await,
            Step::None | Step::Anew => store::take(state, &token, page).await,
        };
        match found {
            Ok(Some(flash)) => {
                if step != Step::Next {
                    spent.push(cookies::clear(FLASH, is_https));
                }
                if step != Step::Anew {
                    request.extensions_mut().insert(flash);
                }
            }
            Ok(None) => {}
            // The page is still worth showing.
            Err(error) => tracing::warn!(%error, "form_flash.not_loaded"),
        }
    }
    if let Some(code) =
        cookies::get(request.headers(), NOTICE).filter(|code| is_code(code)).map(str::to_owned)
    {
        spent.push(cookies::clear(NOTICE, is_https));
        request.extensions_mut().insert(NoticeCode(code));
    }
    let mut response = next.run(request).await;
    for cookie in spent.into_iter().flatten() {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    response
}

/// Where a reader stands in a page of steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// The page has none, or nobody says where the reader comes from.
    None,
    /// They come from the page itself.
    Next,
    /// They begin: what was typed for somebody else is not for this guest.
    Anew,
}

fn step(headers: &HeaderMap, page: &str, base_url: &str) -> Step {
    match post::page_of_ours(headers, base_url) {
        Some(from) if page == routes::NEW_BOOKING && post::path_of(&from) == page => Step::Next,
        Some(_) if page == routes::NEW_BOOKING => Step::Anew,
        _ => Step::None,
    }
}

/// A notice names a text of the catalogue, and after a dot the stay that it is about; nobody puts words of their own on
/// our pages.
fn is_code(text: &str) -> bool {
    let (name, about) = text.split_once('.').map_or((text, None), |(name, about)| (name, Some(about)));
    let is_name =
        (1..=40).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    is_name && about.is_none_or(|about| uuid::Uuid::try_parse(about).is_ok())
}

/// The first `Set-Cookie` of the notice in an answer.
fn notice_of(headers: &HeaderMap) -> Option<&HeaderValue> {
    headers.get_all(SET_COOKIE).iter().find(|value| {
        value.as_bytes().strip_prefix(NOTICE.as_bytes()).is_some_and(|rest| rest.first() == Some(&b'='))
    })
}
