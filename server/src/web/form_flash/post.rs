//! A plain form post: what came of it, as a redirect that can be reloaded and walked back over.

use app::error::{AppError, Conflict};
use app::server_ctx::SignedIn;
use app::shared::form::FormFlash;
use app::shared::page;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::{HOST, LOCATION, REFERER, SET_COOKIE};
use http::{HeaderMap, HeaderValue, StatusCode, Uri};
use leptos::server_fn::error::ServerFnUrlError;

use super::once::{self, TOKEN_FIELD};
use super::{FLASH, FLASH_SECONDS, store};
use crate::state::AppState;
use crate::web::{cookies, error_page, limits};

/// Leptos wants an absolute address to come back to; this one stands for ours and is never sent to a browser.
const OURS: &str = "http://keyrack.invalid";

/// What a post came to.
pub struct Outcome {
    /// The answer.
    pub response: Response,
    /// Whether it was carried out; else the form may be sent again.
    pub is_done: bool,
}

/// Carries out the post and turns its answer into a clean redirect.
pub async fn handle(state: &AppState, request: Request, next: Next) -> Response {
    let refusal = error_page::Refusal::of(&request);
    let (mut parts, body) = request.into_parts();
    let Ok(bytes) = to_bytes(body, limits::MAX_BODY).await else {
        return refusal.with(StatusCode::PAYLOAD_TOO_LARGE);
    };
    let actor = parts.extensions.get::<SignedIn>().map(|signed_in| signed_in.actor.clone());
    let action = parts.uri.path().to_owned();
    let back = came_from(&parts.headers, &state.settings.base_url);
    // Whatever the browser said, the redirect of a refusal leads to a page of ours.
    if let Ok(referer) = HeaderValue::from_str(&format!("{OURS}{back}")) {
        parts.headers.insert(REFERER, referer);
    }
    // The page was made for somebody else, who was signed in here then, or in whose name the admin acted.
    let is_of_another = actor
        .as_ref()
        .zip(once::made_for(&bytes))
        .is_some_and(|(actor, made_for)| made_for != page::made_for(actor.user_id));
    if is_of_another {
        let error = AppError::Conflict(Conflict::ChangedMeanwhile);
        let flash = FormFlash { action_path: action, page: path_of(&back), error, values: typed(&bytes) };
        return refuse(state, &flash, StatusCode::SEE_OTHER.into_response(), &back).await;
    }
    let was_refused = cookies::get(&parts.headers, FLASH).is_some();
    let request = Request::from_parts(parts, Body::from(bytes.clone()));
    let once = once::Post { actor, action: action.clone(), body: bytes.clone(), refusal };
    let state_for_work = state.clone();
    let work = async move {
        let response = next.run(request).await;
        let mut outcome = finish(&state_for_work, response, &action, &back, &bytes).await;
        // What was refused before is done with: it is not for the next guest.
        let spent = cookies::clear(FLASH, state_for_work.settings.is_https());
        if let (true, true, Some(spent)) = (outcome.is_done, was_refused, spent) {
            outcome.response.headers_mut().append(SET_COOKIE, spent);
        }
        outcome
    };
    once.run(state, work).await
}

/// Reads what Leptos made of the post.
async fn finish(state: &AppState, mut response: Response, action: &str, back: &str, body: &Bytes) -> Outcome {
    let location = response.headers().get(LOCATION).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let Some(location) = location.filter(|_| response.status().is_redirection()) else {
        return Outcome { is_done: response.status().is_success(), response };
    };
    let ours = location.strip_prefix(OURS);
    if let Some(error) = ours.and_then(refusal_in) {
        let page = path_of(back);
        let flash = FormFlash { action_path: action.to_owned(), page, error, values: typed(body) };
        return Outcome { response: refuse(state, &flash, response, back).await, is_done: false };
    }
    *response.status_mut() = StatusCode::SEE_OTHER;
    if let Some(ours) = ours.and_then(|ours| HeaderValue::from_str(ours).ok()) {
        response.headers_mut().insert(LOCATION, ours);
    }
    Outcome { response, is_done: true }
}

/// Back to the form, with what was wrong waiting for it.
async fn refuse(state: &AppState, flash: &FormFlash, response: Response, back: &str) -> Response {
    let cookie = match store::keep(state, flash).await {
        Ok(token) => cookies::set(FLASH, &token, FLASH_SECONDS, state.settings.is_https()),
        Err(error) => {
            tracing::warn!(%error, "form_flash.not_kept");
            None
        }
    };
    let mut redirect = (StatusCode::SEE_OTHER, [(LOCATION, back.to_owned())]).into_response();
    // Cookies that the server function set stay.
    let set_by_action = response.headers().get_all(SET_COOKIE).iter().cloned();
    for cookie in set_by_action.chain(cookie) {
        redirect.headers_mut().append(SET_COOKIE, cookie);
    }
    redirect
}

/// A path without its query.
pub(super) fn path_of(path_and_query: &str) -> String {
    path_and_query.split('?').next().unwrap_or_default().to_owned()
}

/// The refusal that Leptos put into an address.
fn refusal_in(path_and_query: &str) -> Option<AppError> {
    let query = path_and_query.split_once('?')?.1;
    let (_, error) = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "__err")?;
    Some(ServerFnUrlError::<AppError>::decode_err(&error))
}

/// What was typed, but for passwords, which nobody keeps, and the token, of which the next page has a new one. Postgres has no
/// place for a NUL.
fn typed(body: &Bytes) -> Vec<(String, String)> {
    form_urlencoded::parse(body)
        .filter(|(name, _)| !name.to_ascii_lowercase().contains("password") && name != TOKEN_FIELD)
        .map(|(name, value)| (name.replace('\0', ""), value.replace('\0', "\u{fffd}")))
        .collect()
}

/// The page the form is on: path and query of `Referer` if that is a page of ours, else the start page.
fn came_from(headers: &HeaderMap, base_url: &str) -> String {
    page_of_ours(headers, base_url).unwrap_or_else(|| "/".to_owned())
}

pub(super) fn page_of_ours(headers: &HeaderMap, base_url: &str) -> Option<String> {
    let text = |value: &HeaderValue| value.to_str().ok().map(str::to_owned);
    let referer: Uri = text(headers.get(REFERER)?)?.parse().ok()?;
    let authority = referer.authority()?.as_str();
    let is_host = headers.get(HOST).and_then(text).is_some_and(|host| host == authority);
    let is_base = base_url.split_once("://").is_some_and(|(_, host)| host == authority);
    // `//evil.example` would be another site.
    if !(is_host || is_base) || referer.path().starts_with("//") {
        return None;
    }
    let Some(query) = referer.query() else {
        return Some(referer.path().to_owned());
    };
    let kept =
        form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name != "__path" && name != "__err");
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(kept).finish();
    Some(if query.is_empty() { referer.path().to_owned() } else { format!("{}?{query}", referer.path()) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn came(referer: &'static str) -> String {
        let mut headers = HeaderMap::new();
        headers.insert(HOST, HeaderValue::from_static("127.0.0.1:3000"));
        headers.insert(REFERER, HeaderValue::from_static(referer));
        came_from(&headers, "https://desk.example")
    }

    #[test]
    fn a_refusal_leads_back_to_our_own_page_only() {
        assert_eq!(came("http://127.0.0.1:3000/desk/new?room=7"), "/desk/new?room=7");
        assert_eq!(came("https://desk.example/desk/new"), "/desk/new");
        assert_eq!(came("https://evil.example/desk/new"), "/");
        assert_eq!(came("http://127.0.0.1:3000//evil.example/"), "/");
        assert_eq!(came("nonsense"), "/");
    }

    #[test]
    fn an_earlier_refusal_is_taken_out_of_the_address() {
        assert_eq!(came("https://desk.example/a?x=1&__path=p&__err=e&y=%C3%A9"), "/a?x=1&y=%C3%A9");
        assert_eq!(came("https://desk.example/a?__path=p&__err=e"), "/a");
    }

    #[test]
    fn passwords_are_not_kept() {
        let body = Bytes::from_static(
            b"login=ada&password=secret&form%5BNew_Password%5D=secret&form_token=t&note=a+b%00",
        );
        let typed = typed(&body);
        assert_eq!(
            typed,
            [("login".to_owned(), "ada".to_owned()), ("note".to_owned(), "a b\u{fffd}".to_owned())]
        );
    }
}
