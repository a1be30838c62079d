//! Typed identifiers. Values are UUIDv7, made by `platform::ids::new`, so that they sort by the time of their making.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! id_type {
    ($($(#[$meta:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[cfg_attr(feature = "sqlx", derive(sqlx::Type), sqlx(transparent))]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(value_type = Uuid))]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::try_parse(text).map(Self)
            }
        }

        impl From<Uuid> for $name {
            fn from(value: Uuid) -> Self {
                Self(value)
            }
        }

        impl From<$name> for Uuid {
            fn from(value: $name) -> Self {
                value.0
            }
        }
    )+};
}

id_type! {
    /// A company that owns hotels and employs staff: the tenant.
    OrganisationId,
    /// A house with rooms.
    HotelId,
    /// A person who can sign in.
    UserId,
    /// What somebody may do who helps to run the platform.
    PlatformRoleId,
    /// A signed-in browser.
    SessionId,
    /// A kind of room that is sold at one price, such as "Double".
    RoomTypeId,
    /// One room with a number on its door.
    RoomId,
    /// A period in which a room is out of order.
    RoomClosureId,
    /// A person who stays, or has stayed.
    GuestId,
    /// What a guest ordered in one go: one or more stays.
    BookingId,
    /// One room for one range of nights within a booking.
    StayId,
    /// Who is billed: a customer or an organisation, and of the same value as its id.
    AccountId,
    /// What one subscribes to.
    PlanId,
    /// A group of plans.
    PlanCategoryId,
    /// What one buys in addition to a plan, or without one.
    AddonId,
    /// A number of tokens at a price.
    TokenBundleId,
    /// One account's subscription to a plan.
    SubscriptionId,
    /// One account's subscription to an add-on.
    AddonSubscriptionId,
    /// The purchase of a token bundle.
    BundlePurchaseId,
    /// A bill.
    InvoiceId,
}
