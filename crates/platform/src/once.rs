//! The request that is being carried out, where it is to be carried out once (see `server/src/web/idempotency`).

use domain::ids::UserId;
use sqlx::PgConnection;
use uuid::Uuid;

tokio::task_local! {
    static REQUEST: Request;
}

/// A request that carries an `Idempotency-Key`.
#[derive(Debug, Clone)]
pub struct Request {
    /// Whose key it is.
    pub user_id: UserId,
    /// The key.
    pub key: String,
}

/// Carries out `work` as `request`: what it commits is marked as done by it.
pub async fn scope<T>(request: Request, work: impl Future<Output = T>) -> T {
    REQUEST.scope(request, work).await
}

/// Marks the request as carried out, in the transaction that does so. Nothing outside of [`scope`].
pub(crate) async fn mark(connection: &mut PgConnection, subject: Option<Uuid>) -> Result<(), sqlx::Error> {
    let Ok(request) = REQUEST.try_with(Request::clone) else { return Ok(()) };
    sqlx::query!(
        "UPDATE idempotency_keys SET subject = coalesce(subject, $3, '00000000-0000-0000-0000-000000000000')
         WHERE user_id = $1 AND key = $2 AND status IS NULL",
        Uuid::from(request.user_id),
        request.key,
        subject,
    )
    .execute(connection)
    .await?;
    Ok(())
}
