//! Sessions: begun, gone on with, and read.

use chrono::{DateTime, Utc};
use domain::access::AccountPermit;
use plugin_api::language::SharedModel;
use uuid::Uuid;

use crate::limits::count;
use crate::model::{FOLLOW_UP_COST, FollowUp, LIFETIME, LONGEST_QUESTION, SESSION_COST, Session};
use crate::prompts::{Purpose, prompt};
use crate::readings::read;
use crate::spread::{FollowUpKind, follow_up, spread, table};
use crate::store;
use crate::{Error, Reading, Result, Taro};

impl Taro {
    /// Draws three cards for [`SESSION_COST`] tokens, unless the day has as many sessions as it may. Gives how many tokens
    /// are left.
    pub async fn begin(&self, permit: AccountPermit<'_>) -> Result<(Session, i64)> {
        let (account_id, now) = (permit.account_id(), self.clock.now());
        let session = Session {
            id: platform::ids::new(),
            cards: spread(self.chance.seed()),
            follow_ups: Vec::new(),
            started_at: now,
            expires_at: now + LIFETIME,
        };
        let begun = async {
            let mut transaction = self.database.begin_as(permit.actor()).await?;
            let allowed = self.allowed(&mut transaction, account_id).await?;
            let left = self
                .billing
                .debit_tokens_in(&mut transaction, permit, SESSION_COST, Some(session.id), "Taro: a session")
                .await?;
            count(&mut transaction, account_id, now.date_naive(), allowed.daily).await?;
            store::insert(&mut transaction, account_id, &session).await?;
            transaction.commit().await?;
            Ok(left)
        };
        let left = begun.await;
        let left = self.with_balance(permit, SESSION_COST, left).await?;
        Ok((session, left))
    }

    /// Goes on with a session for [`FOLLOW_UP_COST`] tokens: draws the cards of its kind and, where there is a question, has
    /// the model answer it by what lies on the table then. With the same cards a question is needed.
    pub async fn follow_up(
        &self,
        permit: AccountPermit<'_>,
        session_id: Uuid,
        kind: FollowUpKind,
        question: Option<&str>,
    ) -> Result<(FollowUp, Reading)> {
        let question = question.map(str::trim).filter(|text| !text.is_empty());
        if question.is_none() && kind == FollowUpKind::SameCards {
            return Err(Error::Invalid("question is required with the same cards".to_owned()));
        }
        let question = question.map(|text| told("question", text)).transpose()?;
        let (account_id, now) = (permit.account_id(), self.clock.now());
        let mut transaction = self.database.begin_as(permit.actor()).await?;
        let session = store::session(&mut transaction, account_id, session_id).await?;
        going_on(&session, now)?;
        let limit = self.allowed(&mut transaction, account_id).await?.follow_ups;
        let instruction = match question {
            Some(_) => Some(prompt(&mut transaction, Purpose::FollowUp).await?),
            None => None,
        };
        transaction.end_of_reading();
        if session.follow_ups_left(limit) == Some(0) {
            return Err(Error::FollowUpLimit);
        }
        let on_table = session.table();
        let cards = follow_up(self.chance.seed(), kind, &on_table);
        if cards.is_empty() && kind != FollowUpKind::SameCards {
            return Err(Error::Invalid("All cards are on the table".to_owned()));
        }
        let answer = match (question, instruction) {
            (Some(question), Some(instruction)) => {
                let model = self.model()?;
                let balance = self.billing.token_balance(permit).await?;
                if balance < FOLLOW_UP_COST {
                    return Err(Error::NotEnough { needed: FOLLOW_UP_COST, balance });
                }
                let seen = table(&on_table, [(kind, &cards[..])]);
                Some(read(model, instruction, &seen, "Question", question).await?)
            }
            _ => None,
        };
        let number = i32::try_from(session.follow_ups.len()).unwrap_or(i32::MAX).saturating_add(1);
        let follow_up = FollowUp { number, kind, cards, created_at: now };
        let description = format!("Taro: follow-up {number}");
        let kept = async {
            let mut transaction = self.database.begin_as(permit.actor()).await?;
            let left = self
                .billing
                .debit_tokens_in(&mut transaction, permit, FOLLOW_UP_COST, Some(session_id), &description)
                .await?;
            store::add_follow_up(&mut transaction, account_id, session_id, &follow_up).await?;
            transaction.commit().await?;
            Ok(left)
        };
        let left = kept.await;
        let balance = self.with_balance(permit, FOLLOW_UP_COST, left).await?;
        Ok((follow_up, Reading { answer, balance }))
    }

    /// A session, and how many follow-ups it may still have; none for as many as one likes.
    pub async fn session(&self, permit: AccountPermit<'_>, id: Uuid) -> Result<(Session, Option<i64>)> {
        let mut transaction = self.database.begin_as(permit.actor()).await?;
        let session = store::session(&mut transaction, permit.account_id(), id).await?;
        let limit = self.allowed(&mut transaction, permit.account_id()).await?.follow_ups;
        transaction.end_of_reading();
        let left = session.follow_ups_left(limit);
        Ok((session, left))
    }

    /// The account's sessions, newest first: at most `limit`, older than one of them.
    pub async fn history(
        &self,
        permit: AccountPermit<'_>,
        before: Option<Uuid>,
        limit: i64,
    ) -> Result<Vec<Session>> {
        let mut transaction = self.database.begin_as(permit.actor()).await?;
        let found = store::sessions(&mut transaction, permit.account_id(), before, limit).await?;
        transaction.end_of_reading();
        Ok(found)
    }

    pub(crate) fn model(&self) -> Result<&SharedModel> {
        self.model.as_ref().ok_or(Error::NotConfigured)
    }

    /// Says of too few tokens how many there are. The transaction that they did not do for is taken back by now.
    async fn with_balance(&self, permit: AccountPermit<'_>, needed: i64, result: Result<i64>) -> Result<i64> {
        match result {
            Err(Error::Billing(billing::Error::InsufficientTokens)) => {
                Err(Error::NotEnough { needed, balance: self.billing.token_balance(permit).await? })
            }
            other => other,
        }
    }
}

/// Refuses a session that is over.
pub(crate) fn going_on(session: &Session, now: DateTime<Utc>) -> Result<()> {
    if session.is_active(now) { Ok(()) } else { Err(Error::Expired) }
}

/// What somebody told of a field, if it can be.
pub(crate) fn told<'a>(field: &str, text: &'a str) -> Result<&'a str> {
    let text = text.trim();
    if text.is_empty() {
        return Err(Error::Invalid(format!("{field} is required")));
    }
    if text.chars().count() > LONGEST_QUESTION {
        return Err(Error::Invalid(format!("{field} must be at most {LONGEST_QUESTION} characters long")));
    }
    Ok(text)
}
