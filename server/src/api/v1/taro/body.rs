//! How sessions and their cards are spelt.

use chrono::{DateTime, Utc};
use plugin_taro::spread::Drawn;
use plugin_taro::{FollowUp, Session};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::api::v1::words::instant;

/// A card as it lies.
#[derive(Debug, Serialize, ToSchema)]
pub struct TaroCardOut {
    /// `PAST`, `PRESENT`, `FUTURE` or `ADDITIONAL`.
    position: &'static str,
    /// Its name in addresses and bodies.
    #[schema(example = "ace-of-cups")]
    card: String,
    #[schema(example = "Ace of Cups")]
    name: &'static str,
    /// None for the major arcana.
    suit: Option<&'static str>,
    /// `UPRIGHT` or `REVERSED`.
    orientation: &'static str,
    /// In a few words, as it lies.
    meaning: &'static str,
}

impl From<Drawn> for TaroCardOut {
    fn from(drawn: Drawn) -> Self {
        Self {
            position: drawn.position.as_str(),
            card: drawn.card.slug(),
            name: drawn.card.card().name,
            suit: drawn.card.suit(),
            orientation: drawn.orientation(),
            meaning: drawn.meaning(),
        }
    }
}

fn cards(drawn: Vec<Drawn>) -> Vec<TaroCardOut> {
    drawn.into_iter().map(TaroCardOut::from).collect()
}

/// How a session went on.
#[derive(Debug, Serialize, ToSchema)]
pub struct TaroFollowUpOut {
    /// From 1.
    number: i32,
    /// `SAME_CARDS`, `ADDITIONAL` or `NEW_SPREAD`.
    #[serde(rename = "type")]
    #[schema(rename = "type")]
    kind: &'static str,
    /// What was drawn for it.
    cards: Vec<TaroCardOut>,
    created_at: String,
}

impl From<FollowUp> for TaroFollowUpOut {
    fn from(follow_up: FollowUp) -> Self {
        Self {
            number: follow_up.number,
            kind: follow_up.kind.as_str(),
            cards: cards(follow_up.cards),
            created_at: instant(follow_up.created_at),
        }
    }
}

/// A session.
#[derive(Debug, Serialize, ToSchema)]
pub struct TaroSessionOut {
    id: Uuid,
    /// `ACTIVE` or `EXPIRED`.
    status: &'static str,
    /// The three cards of its beginning.
    cards: Vec<TaroCardOut>,
    follow_ups: Vec<TaroFollowUpOut>,
    started_at: String,
    /// Half an hour after its beginning.
    expires_at: String,
    seconds_left: i64,
    /// Whether it is over within three minutes.
    is_expiring: bool,
    /// The same in words, when it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    warning: Option<&'static str>,
}

impl TaroSessionOut {
    pub(super) fn new(session: Session, now: DateTime<Utc>) -> Self {
        let is_expiring = session.is_expiring(now);
        Self {
            id: session.id,
            status: if session.is_active(now) { "ACTIVE" } else { "EXPIRED" },
            started_at: instant(session.started_at),
            expires_at: instant(session.expires_at),
            seconds_left: session.seconds_left(now),
            is_expiring,
            warning: is_expiring.then_some("The session ends within three minutes"),
            cards: cards(session.cards),
            follow_ups: session.follow_ups.into_iter().map(TaroFollowUpOut::from).collect(),
        }
    }
}

/// One session.
#[derive(Debug, Serialize, ToSchema)]
pub struct TaroSessionBody {
    pub(super) session: TaroSessionOut,
    /// The cards that lie on the table after its follow-ups.
    pub(super) table: Vec<TaroCardOut>,
    /// How many follow-ups there may still be; none for as many as one likes.
    pub(super) follow_ups_left: Option<i64>,
}

/// Sessions, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct TaroSessionsOut {
    sessions: Vec<TaroSessionOut>,
    /// What to give as `before` for those that follow; none at the end.
    next_before: Option<Uuid>,
}

impl TaroSessionsOut {
    pub(in crate::api::v1) fn new(found: Vec<Session>, limit: i64, now: DateTime<Utc>) -> Self {
        let is_full = i64::try_from(found.len()).is_ok_and(|count| count == limit);
        let next_before = found.last().filter(|_| is_full).map(|session| session.id);
        let sessions = found.into_iter().map(|session| TaroSessionOut::new(session, now)).collect();
        Self { sessions, next_before }
    }
}
