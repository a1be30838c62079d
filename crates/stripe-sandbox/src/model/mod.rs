//! The objects of the sandbox, as they are kept. How they look on the wire is `render`'s business.

pub mod card;
pub mod checkout;
pub mod customer;
pub mod dispute;
pub mod endpoint;
pub mod event;
pub mod invoice;
pub mod payment;
pub mod portal;
pub mod price;
pub mod subscription;
pub mod test_clock;

use std::collections::BTreeMap;

/// Unix seconds, as Stripe counts time.
pub type Timestamp = i64;

/// The last second of the year 9999: no clock goes further.
pub const LATEST: Timestamp = 253_402_300_799;

/// Names and values the integrator attaches.
pub type Metadata = BTreeMap<String, String>;

/// Something that is kept under an id.
pub trait Record {
    /// What errors call it: `No such customer: 'cus_1'`.
    const NAME: &'static str;
    fn id(&self) -> &str;
}

/// Something that came to be at a moment lists can be narrowed to.
pub trait Dated {
    fn created(&self) -> Timestamp;
}

macro_rules! dated {
    ($($type:ty),+ $(,)?) => {
        $(impl $crate::model::Dated for $type {
            fn created(&self) -> $crate::model::Timestamp {
                self.created
            }
        })+
    };
}

dated!(
    card::PaymentMethod,
    checkout::CheckoutSession,
    customer::Customer,
    dispute::Dispute,
    endpoint::WebhookEndpoint,
    event::Event,
    invoice::Invoice,
    payment::Charge,
    payment::PaymentIntent,
    payment::Refund,
    price::Price,
    price::Product,
    subscription::Subscription,
    test_clock::TestClock,
);

macro_rules! record {
    ($($type:ty = $name:literal),+ $(,)?) => {
        $(impl $crate::model::Record for $type {
            const NAME: &'static str = $name;
            fn id(&self) -> &str {
                &self.id
            }
        })+
    };
}
pub(crate) use record;
