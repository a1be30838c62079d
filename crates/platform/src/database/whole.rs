//! Several transactions of a request that become one: what a request did and the answer that is kept for it are
//! committed together, or neither is (see `server/src/web/idempotency`).

use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, PoisonError};

use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Executor, Postgres};

type Open = sqlx::Transaction<'static, Postgres>;

tokio::task_local! {
    static WHOLE: Whole;
}

/// A transaction on one of the pools, or a part of a [`Whole`]. Dropping it takes back what was done in it.
#[derive(Debug)]
pub struct Transaction {
    /// There until it is committed or dropped.
    open: Option<Open>,
    whole: Option<Whole>,
}

impl From<Open> for Transaction {
    fn from(open: Open) -> Self {
        Self { open: Some(open), whole: None }
    }
}

impl Transaction {
    /// Makes it last; as a part of a whole, once the whole does.
    pub async fn commit(mut self) -> Result<(), sqlx::Error> {
        match (self.open.take(), self.whole.take()) {
            (Some(open), Some(whole)) => drop(whole.set(State::Waiting(open, Undo::Nothing))),
            (Some(open), None) => open.commit().await?,
            (None, _) => {}
        }
        Ok(())
    }

    /// Ends it where it only read. Nobody waits for that: the connection tells Postgres when it goes back to its pool, and
    /// would have spoken to it then in any case.
    pub fn end_of_reading(mut self) {
        if let (Some(open), Some(whole)) = (self.open.take(), self.whole.take()) {
            whole.set(State::Waiting(open, Undo::Nothing));
        }
    }

    /// Takes back what was done in it.
    pub async fn rollback(mut self) -> Result<(), sqlx::Error> {
        match (self.open.take(), self.whole.take()) {
            (Some(open), Some(whole)) => drop(whole.set(State::Waiting(open, Undo::LastPart))),
            (Some(open), None) => open.rollback().await?,
            (None, _) => {}
        }
        Ok(())
    }
}

impl Drop for Transaction {
    fn drop(&mut self) {
        if let (Some(open), Some(whole)) = (self.open.take(), self.whole.take()) {
            whole.set(State::Waiting(open, Undo::LastPart));
        }
    }
}

impl Deref for Transaction {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        self.open.as_deref().expect("only commit and drop take it")
    }
}

impl DerefMut for Transaction {
    fn deref_mut(&mut self) -> &mut PgConnection {
        self.open.as_deref_mut().expect("only commit and drop take it")
    }
}

/// The transaction that all transactions of a person become parts of, while its scope lasts.
#[derive(Debug, Clone)]
pub struct Whole(Arc<Mutex<State>>);

#[derive(Debug)]
enum State {
    /// Between two parts.
    Waiting(Open, Undo),
    /// A part is being done. Another one at the same time is a transaction of its own.
    InUse,
    /// Its connection is lost, and with it all that was done.
    Lost,
}

#[derive(Debug, PartialEq, Eq)]
enum Undo {
    Nothing,
    LastPart,
}

impl Whole {
    /// Does `work`, in which every transaction that somebody signed in begins is a part of `transaction`. Returns it for
    /// the last words and its commit; none if a part is still in use, as by an answer that is a stream.
    pub async fn scope<T>(
        mut transaction: Transaction,
        work: impl Future<Output = T>,
    ) -> (T, Result<Option<Transaction>, sqlx::Error>) {
        let state = transaction.open.take().map_or(State::Lost, |open| State::Waiting(open, Undo::Nothing));
        let whole = Self(Arc::new(Mutex::new(state)));
        let value = WHOLE.scope(whole.clone(), work).await;
        (value, whole.end().await)
    }

    async fn end(self) -> Result<Option<Transaction>, sqlx::Error> {
        match self.set(State::Lost) {
            State::InUse => Ok(None),
            State::Lost => Err(sqlx::Error::WorkerCrashed),
            State::Waiting(open, Undo::Nothing) => Ok(Some(open.into())),
            State::Waiting(mut open, Undo::LastPart) => {
                open.execute("ROLLBACK TO SAVEPOINT part").await?;
                Ok(Some(open.into()))
            }
        }
    }

    /// The next part of the whole that this task is in, if it is in one.
    pub(super) async fn part(actor: &str) -> Result<Option<Transaction>, sqlx::Error> {
        let Ok(whole) = WHOLE.try_with(Clone::clone) else { return Ok(None) };
        let (mut open, undo) = match whole.set(State::Lost) {
            State::Waiting(open, undo) => (open, undo),
            State::InUse => {
                whole.set(State::InUse);
                return Ok(None);
            }
            State::Lost => return Err(sqlx::Error::WorkerCrashed),
        };
        let undo = if undo == Undo::LastPart { "ROLLBACK TO SAVEPOINT part; " } else { "" };
        open.execute(AssertSqlSafe(format!("{undo}SAVEPOINT part; {actor}"))).await?;
        whole.set(State::InUse);
        Ok(Some(Transaction { open: Some(open), whole: Some(whole) }))
    }

    fn set(&self, state: State) -> State {
        std::mem::replace(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner), state)
    }
}
