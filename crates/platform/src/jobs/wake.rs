//! Being woken by `NOTIFY`, so that work begins at once and not at the next look.

use std::time::Duration;

use sqlx::PgPool;
use sqlx::postgres::PgListener;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// How long until a lost listener is made again. The regular look goes on meanwhile.
const RECONNECT_AFTER: Duration = Duration::from_secs(1);

/// About a second, a little different each time, so that processes do not look all at once.
pub(crate) fn poll_interval() -> Duration {
    Duration::from_millis(rand::random_range(900..=1100))
}

/// Wakes `wake` at each notification until `stop`.
pub(crate) async fn listen(pool: &PgPool, channel: &'static str, wake: &Notify, stop: &CancellationToken) {
    while !stop.is_cancelled() {
        tokio::select! {
            () = stop.cancelled() => return,
            result = notifications(pool, channel, wake) => {
                if let Err(error) = result {
                    tracing::warn!(%error, channel, "jobs.listener_lost");
                }
            }
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(RECONNECT_AFTER) => {}
        }
    }
}

async fn notifications(pool: &PgPool, channel: &str, wake: &Notify) -> Result<(), sqlx::Error> {
    let mut listener = PgListener::connect_with(pool).await?;
    listener.listen(channel).await?;
    loop {
        // None says that the connection was lost and made again, and notifications may have been missed.
        let _: Option<_> = listener.try_recv().await?;
        wake.notify_one();
    }
}
