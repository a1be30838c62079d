//! What another desk does, within a second: `NOTIFY` in the transaction of the change, one listener in each process, one
//! broadcast to every open page of that hotel.

use std::sync::Arc;
use std::time::Duration;

use domain::ids::HotelId;
use sqlx::PgPool;
use sqlx::postgres::PgListener;
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;

/// The channel; its payload is a hotel's id.
pub const CHANNEL: &str = "keyrack_live";

/// How many changes a slow page may lag behind before it is told to load everything again.
const CAPACITY: usize = 256;

/// Hands changes of hotels to open pages.
#[derive(Debug, Clone)]
pub struct Live {
    changes: broadcast::Sender<HotelId>,
}

impl Default for Live {
    fn default() -> Self {
        Self { changes: broadcast::channel(CAPACITY).0 }
    }
}

impl Live {
    /// Changes from now on, of all hotels.
    pub fn subscribe(&self) -> broadcast::Receiver<HotelId> {
        self.changes.subscribe()
    }

    /// How many pages are open in this process.
    pub fn pages(&self) -> usize {
        self.changes.receiver_count()
    }

    /// Listens until `stop`; a lost connection is made again.
    pub async fn run(self: Arc<Self>, pool: PgPool, stop: CancellationToken) {
        while !stop.is_cancelled() {
            tokio::select! {
                () = stop.cancelled() => return,
                result = self.listen(&pool) => {
                    if let Err(error) = result {
                        tracing::warn!(%error, "live.listener_lost");
                    }
                    tokio::time::sleep(Duration::from_millis(500)).await;
                }
            }
        }
    }

    async fn listen(&self, pool: &PgPool) -> Result<(), sqlx::Error> {
        let mut listener = PgListener::connect_with(pool).await?;
        listener.listen(CHANNEL).await?;
        while let Some(notification) = listener.try_recv().await? {
            if let Ok(hotel_id) = notification.payload().parse() {
                // No open page is no error.
                let _ = self.changes.send(hotel_id);
            }
        }
        Ok(())
    }
}
