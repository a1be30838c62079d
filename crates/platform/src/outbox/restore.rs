//! After a dump was restored into another cluster, the transaction numbers of events are those of the old one. If the new
//! cluster counts lower, new events would lie before the cursors and never be told.

use sqlx::PgConnection;

use crate::database::Database;

/// Puts events and cursors that come from another cluster before all transactions of this one. Events that consumers
/// were about to read stay unread; a few that they have read may be told again.
pub(super) async fn repair(database: &Database) -> Result<(), sqlx::Error> {
    let mut connection = database.worker().acquire().await?;
    if !is_foreign(&mut connection).await? {
        return Ok(());
    }
    drop(connection);
    let mut transaction = database.begin_worker().await?;
    sqlx::query!("LOCK TABLE event_cursors IN SHARE ROW EXCLUSIVE MODE").execute(&mut *transaction).await?;
    // Another process may have been first.
    if !is_foreign(&mut transaction).await? {
        return Ok(());
    }
    sqlx::query!(
        "UPDATE event_cursors AS cursor SET transaction = '0', position = least(cursor.position, (
             SELECT min(position) - 1 FROM events
             WHERE (events.transaction, events.position) > (cursor.transaction, cursor.position)))"
    )
    .execute(&mut *transaction)
    .await?;
    sqlx::query!("UPDATE events SET transaction = '0' WHERE transaction <> '0'")
        .execute(&mut *transaction)
        .await?;
    transaction.commit().await?;
    tracing::warn!("outbox.restored_from_another_cluster");
    Ok(())
}

/// Whether there are numbers that no transaction of this cluster has had yet.
async fn is_foreign(connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM event_cursors WHERE transaction >= pg_snapshot_xmax(pg_current_snapshot()))
               OR EXISTS (SELECT FROM events WHERE transaction >= pg_snapshot_xmax(pg_current_snapshot()))
               AS "is_foreign!""#
    )
    .fetch_one(connection)
    .await
}
