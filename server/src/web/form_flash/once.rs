//! A form that is sent twice (a double click, the back button) is carried out once: the second gets the first's redirect.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::response::{IntoResponse, Response};
use domain::access::Actor;
use http::header::{LOCATION, SET_COOKIE};
use http::{HeaderValue, StatusCode};
use platform::database::is_unavailable;
use serde::{Deserialize, Serialize};

use super::notice_of;
use super::post::Outcome;
use crate::state::AppState;
use crate::web::error_page::Refusal;
use crate::web::idempotency::{Answer, Key, Once, Verdict, hash_of, once};

/// The hidden field: a random text, new on every page.
pub const TOKEN_FIELD: &str = "form_token";

/// How long the second of two equal posts waits for the first.
const MAX_WAIT: Duration = Duration::from_secs(10);

/// One post of a form.
pub struct Post {
    pub actor: Option<Arc<Actor>>,
    pub action: String,
    pub body: Bytes,
    pub refusal: Refusal,
}

/// What the second post is told.
#[derive(Serialize, Deserialize)]
struct Done {
    location: String,
    notice: Option<String>,
}

impl Post {
    /// Does `work` unless the same was done before. Without a token, or signed out, it is simply done: what makes an account
    /// knows its own second click by the account (`Identity::second_click`).
    pub async fn run(
        self,
        state: &AppState,
        work: impl Future<Output = Outcome> + Send + 'static,
    ) -> Response {
        let (Some(actor), Some(token)) = (&self.actor, token(&self.body)) else {
            return work.await.response;
        };
        let request_hash = hash_of(state, &[self.action.as_bytes(), &self.body]);
        // Somebody who goes back and types something else sends another form, under the same token.
        let beginning = u64::from_be_bytes(request_hash[..8].try_into().unwrap_or_default());
        let key = Key { name: format!("form:{token}:{beginning:x}"), request_hash };
        let work = async move {
            let outcome = work.await;
            let verdict = done(&outcome).map_or(Verdict::Forget, Verdict::Keep);
            (outcome.response, verdict)
        };
        match once(state, actor, key, MAX_WAIT, work).await {
            Ok(Once::Done(response)) => response,
            Ok(Once::Answered(answer)) => self.again(&answer),
            Ok(Once::Running | Once::OtherRequest) => self.refusal.with(StatusCode::SERVICE_UNAVAILABLE),
            Err(error) if is_unavailable(&error) => self.refusal.with(StatusCode::SERVICE_UNAVAILABLE),
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "form.not_claimed");
                self.refusal.with(StatusCode::INTERNAL_SERVER_ERROR)
            }
        }
    }

    fn again(&self, answer: &Answer) -> Response {
        let Ok(done) = serde_json::from_slice::<Done>(&answer.body) else {
            return self.refusal.with(StatusCode::INTERNAL_SERVER_ERROR);
        };
        let mut response = (answer.status, [(LOCATION, done.location)]).into_response();
        if let Some(notice) = done.notice.and_then(|notice| HeaderValue::from_str(&notice).ok()) {
            response.headers_mut().append(SET_COOKIE, notice);
        }
        response
    }
}

/// What to keep of a post that was carried out: where it leads and its notice. Other cookies are for one browser once.
fn done(outcome: &Outcome) -> Option<Answer> {
    let headers = outcome.response.headers();
    let location = headers.get(LOCATION)?.to_str().ok()?.to_owned();
    let notice = notice_of(headers).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let body = serde_json::to_vec(&Done { location, notice }).ok()?;
    outcome.is_done.then(|| Answer {
        status: outcome.response.status(),
        content_type: Some("application/json".to_owned()),
        body,
    })
}

/// For whom the page was made that the form was on, if its token says so.
pub fn made_for(body: &Bytes) -> Option<String> {
    token(body)?.split_once('_').map(|(_, made_for)| made_for.to_owned())
}

fn token(body: &Bytes) -> Option<String> {
    let (_, token) = form_urlencoded::parse(body).find(|(name, _)| name == TOKEN_FIELD)?;
    let is_token = (8..=64).contains(&token.len())
        && token.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    is_token.then(|| token.into_owned())
}
