//! A hotel's subscription follows the module `hotel` of its organisation (DESIGN 5.1): billing knows what was bought,
//! the property management system what a hotel may do, and neither knows the other.
//!
//! An event only says that there is news. What holds is read anew in the transaction that notes the event as read, so
//! events may be repeated, and may be told in another order than they happened in: the last one that is told finds all
//! that was committed before it, and whatever is committed later has an event of its own.

use async_trait::async_trait;
use billing::modules::{self, Access};
use chrono::{DateTime, Utc};
use platform::jobs::HandlerResult;
use platform::outbox::{Consumer, Published};
use sqlx::PgConnection;

/// The module that opens the front desk.
const MODULE: &str = "hotel";

/// Lets hotels follow what is bought.
#[derive(Debug, Clone, Copy)]
pub struct HotelSubscriptions;

#[async_trait]
impl Consumer for HotelSubscriptions {
    fn name(&self) -> &'static str {
        "pms.hotel_subscriptions"
    }

    fn wants(&self, event: &Published) -> bool {
        event.organisation_id.is_some() && modules::is_news(&event.kind)
    }

    async fn handle(
        &self,
        connection: &mut PgConnection,
        event: &Published,
        now: DateTime<Utc>,
    ) -> HandlerResult {
        let Some(organisation_id) = event.organisation_id else { return Ok(()) };
        let access = match modules::access(connection, organisation_id, MODULE).await {
            Ok(access) => access,
            Err(error @ billing::Error::Database(_)) => return Err(error.into()),
            // One row that cannot be must not keep the hotels of all others.
            Err(error) => {
                tracing::error!(%error, %organisation_id, "hotel_subscriptions.not_followed");
                return Ok(());
            }
        };
        let end = match access {
            // Whoever never bought it keeps what registration gave.
            Access::Never => return Ok(()),
            Access::Until(end) => Some(end),
            Access::Unlimited => None,
        };
        let changed = pms::hotel::subscription::follow(connection, organisation_id, end, now).await?;
        if changed > 0 {
            tracing::info!(%organisation_id, hotels = changed, ?end, "hotel_subscriptions.followed");
        }
        Ok(())
    }
}
