//! `GET /desk/live`: what another desk does, as server-sent events. A page that hears `change` loads its data again.

use std::convert::Infallible;
use std::time::Duration;

use app::server_ctx::SignedIn;
use axum::Extension;
use axum::extract::State;
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use domain::access::right;
use domain::ids::{HotelId, UserId};
use futures::Stream;
use http::{HeaderName, HeaderValue, StatusCode};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};
use tokio::time::Instant;

use crate::state::AppState;
use crate::web::session::SessionToken;

/// At most five changes a second reach a page; those in between are one.
const APART: Duration = Duration::from_millis(200);

/// The path.
pub const PATH: &str = "/desk/live";

/// Opens the stream for somebody who may see the desk of the hotel in use.
pub async fn stream(
    State(state): State<AppState>,
    signed_in: Option<Extension<SignedIn>>,
    token: Option<Extension<SessionToken>>,
) -> Response {
    let (Some(Extension(signed_in)), Some(Extension(token))) = (signed_in, token) else {
        return StatusCode::UNAUTHORIZED.into_response();
    };
    let permitted =
        signed_in.hotel_id.filter(|hotel_id| signed_in.actor.permit::<right::ViewDesk>(*hotel_id).is_ok());
    let Some(hotel_id) = permitted else {
        return StatusCode::FORBIDDEN.into_response();
    };
    let watch = Watch {
        changes: state.live.subscribe(),
        hotel_id,
        user_id: signed_in.actor.user_id,
        token: token.0,
        next_check: Instant::now() + state.keep_alive,
        last_sent: None,
        state,
    };
    // nginx would hold events back.
    let unbuffered = (HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    ([unbuffered], Sse::new(watch.events())).into_response()
}

/// One open page.
struct Watch {
    state: AppState,
    changes: Receiver<HotelId>,
    hotel_id: HotelId,
    user_id: UserId,
    token: String,
    next_check: Instant,
    last_sent: Option<Instant>,
}

enum Step {
    Change,
    Lagged,
    Check,
    End,
}

impl Watch {
    fn events(self) -> impl Stream<Item = Result<Event, Infallible>> {
        // At once, so that the page knows that it is connected, and how soon to come back when it is not.
        let hello = Event::default().comment("live").retry(Duration::from_secs(1));
        futures::stream::unfold((self, Some(hello)), |(mut watch, hello)| async move {
            let event = match hello {
                Some(hello) => hello,
                None => watch.next().await?,
            };
            Some((Ok(event), (watch, None)))
        })
    }

    /// The next event; none when the stream is over.
    async fn next(&mut self) -> Option<Event> {
        match self.step().await {
            Step::Change => {
                self.rest().await?;
                self.last_sent = Some(Instant::now());
                Some(Event::default().event("change").data("{}"))
            }
            Step::Lagged => Some(Event::default().event("lagged").data("{}")),
            Step::Check => {
                self.next_check = Instant::now() + self.state.keep_alive;
                if self.session_ended().await { None } else { Some(Event::default().comment("alive")) }
            }
            Step::End => None,
        }
    }

    async fn step(&mut self) -> Step {
        loop {
            tokio::select! {
                () = self.state.stop.cancelled() => return Step::End,
                () = tokio::time::sleep_until(self.next_check) => return Step::Check,
                change = self.changes.recv() => match change {
                    Ok(hotel_id) if hotel_id == self.hotel_id => return Step::Change,
                    Ok(_) => {}
                    Err(RecvError::Lagged(_)) => return Step::Lagged,
                    Err(RecvError::Closed) => return Step::End,
                },
            }
        }
    }

    /// Waits until enough time has passed since the last event, and swallows what comes in the meantime.
    async fn rest(&mut self) -> Option<()> {
        if let Some(last_sent) = self.last_sent {
            tokio::select! {
                () = self.state.stop.cancelled() => return None,
                () = tokio::time::sleep_until(last_sent + APART) => {}
            }
        }
        loop {
            match self.changes.try_recv() {
                // Too many changes while resting are as good as one.
                Ok(_) | Err(TryRecvError::Lagged(_)) => {}
                Err(TryRecvError::Empty | TryRecvError::Closed) => return Some(()),
            }
        }
    }

    /// Whether the session was ended or expired, or is somebody else's, as when acting in somebody's name ended. A database
    /// that is away for a moment ends nothing.
    async fn session_ended(&self) -> bool {
        match self.state.services.identity.session(&self.token).await {
            Ok(session) => session.is_none_or(|session| session.actor.user_id != self.user_id),
            Err(_) => false,
        }
    }
}
