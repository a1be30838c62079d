//! What the model says of the cards.

use domain::access::AccountPermit;
use domain::ids::AccountId;
use plugin_api::language::{Message, Role, SharedModel, ask};
use uuid::Uuid;

use crate::cards::CardNumber;
use crate::model::{MOST_ANSWERS, Session};
use crate::prompts::{Purpose, prompt};
use crate::sessions::{going_on, told};
use crate::spread::Drawn;
use crate::store;
use crate::{Error, Result, Taro};

/// The most characters of an answer.
const LONGEST_ANSWER: usize = 3_000;

/// What was said, and what is left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// The model's answer; none where nothing was asked.
    pub answer: Option<String>,
    /// How many tokens are left.
    pub balance: i64,
}

impl Taro {
    /// What the cards on the table say of somebody's situation, for the price of the session.
    pub async fn situation(&self, permit: AccountPermit<'_>, id: Uuid, situation: &str) -> Result<String> {
        let situation = told("situation_text", situation)?;
        let (session, instruction) = self.asked(permit, id, Purpose::Situation).await?;
        self.included(permit, id, &instruction, &session.table(), ("Situation", situation)).await
    }

    /// What a card on the table means where it lies, for the price of the session.
    pub async fn explain(&self, permit: AccountPermit<'_>, id: Uuid, card: &str) -> Result<(Drawn, String)> {
        let card = CardNumber::of_slug(card.trim());
        let (session, instruction) = self.asked(permit, id, Purpose::CardExplanation).await?;
        let table = session.table();
        let drawn = table.iter().find(|it| Some(it.card) == card).copied();
        let drawn = drawn.ok_or_else(|| Error::Invalid("card is not on the table".to_owned()))?;
        let question = drawn.to_string();
        let answer = self.included(permit, id, &instruction, &table, ("Card to explain", &question)).await?;
        Ok((drawn, answer))
    }

    /// A session that goes on, and what the model is told first.
    async fn asked(
        &self,
        permit: AccountPermit<'_>,
        id: Uuid,
        purpose: Purpose,
    ) -> Result<(Session, String)> {
        let mut transaction = self.database.begin_as(permit.actor()).await?;
        let session = store::session(&mut transaction, permit.account_id(), id).await?;
        let instruction = prompt(&mut transaction, purpose).await?;
        transaction.end_of_reading();
        going_on(&session, self.clock.now())?;
        Ok((session, instruction))
    }

    /// An answer for the price of the session, of which there are [`MOST_ANSWERS`]. It is counted before the model is asked,
    /// so that many at once are not more, and given back where there is none.
    async fn included(
        &self,
        permit: AccountPermit<'_>,
        id: Uuid,
        instruction: &str,
        table: &[Drawn],
        (title, question): (&str, &str),
    ) -> Result<String> {
        let model = self.model()?;
        if !self.count_answer(permit, id, 1).await? {
            return Err(Error::AnswerLimit);
        }
        let answer = read(model, instruction.to_owned(), table, title, question).await;
        if answer.is_err() {
            self.count_answer(permit, id, -1).await?;
        }
        answer
    }

    async fn count_answer(&self, permit: AccountPermit<'_>, id: Uuid, by: i32) -> Result<bool> {
        let account_id: AccountId = permit.account_id();
        let mut transaction = self.database.begin_as(permit.actor()).await?;
        let counted = sqlx::query!(
            "UPDATE taro_sessions SET answers = answers + $3 WHERE account_id = $1 AND id = $2 AND answers + $3 BETWEEN 0 AND $4",
            Uuid::from(account_id),
            id,
            by,
            MOST_ANSWERS,
        )
        .execute(&mut *transaction)
        .await?
        .rows_affected();
        transaction.commit().await?;
        Ok(counted == 1)
    }
}

/// What the model says of the cards and of what somebody asks.
pub(crate) async fn read(
    model: &SharedModel,
    instruction: String,
    table: &[Drawn],
    title: &str,
    question: &str,
) -> Result<String> {
    let cards: Vec<String> = table.iter().map(Drawn::to_string).collect();
    let asked = format!("Cards on the table:\n{}\n\n{title}:\n{question}", cards.join("\n"));
    let messages = [Message::new(Role::System, instruction), Message::new(Role::User, asked)];
    Ok(ask(model.as_ref(), &messages, LONGEST_ANSWER).await?)
}
