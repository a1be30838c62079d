//! What a change in the middle of a period costs or gives back.

use chrono::DateTime;

use crate::error::ApiError;
use crate::model::Timestamp;
use crate::model::invoice::InvoiceLine;
use crate::model::subscription::{Subscription, SubscriptionItem};
use crate::state::State;

/// The part of `amount` for `part` of `whole` seconds, half away from zero.
pub fn share(amount: i64, part: i64, whole: i64) -> i64 {
    if whole <= 0 || part <= 0 {
        return 0;
    }
    let (amount, part, whole) = (i128::from(amount), i128::from(part.min(whole)), i128::from(whole));
    let half = if amount < 0 { -whole } else { whole };
    i64::try_from((2 * amount * part + half) / (2 * whole)).unwrap_or_default()
}

/// Credits for the unused time of items that change, and, unless the period starts anew, debits for the rest of the
/// period with what replaces them.
pub fn lines(
    state: &mut State,
    before: &Subscription,
    after: &[SubscriptionItem],
    now: Timestamp,
    new_period: bool,
) -> Result<Vec<InvoiceLine>, ApiError> {
    let same = |one: &SubscriptionItem, other: &SubscriptionItem| {
        one.id == other.id && one.price == other.price && one.quantity == other.quantity
    };
    let mut lines = Vec::new();
    for item in &before.items {
        if new_period || !after.iter().any(|it| same(it, item)) {
            lines.push(line(state, before, item, now, true)?);
        }
    }
    if !new_period {
        for item in after {
            if !before.items.iter().any(|it| same(it, item)) {
                lines.push(line(state, before, item, now, false)?);
            }
        }
    }
    Ok(lines)
}

fn line(
    state: &mut State,
    subscription: &Subscription,
    item: &SubscriptionItem,
    now: Timestamp,
    credit: bool,
) -> Result<InvoiceLine, ApiError> {
    let price = state.prices.fetch(&item.price)?;
    let name = state.products.find(&price.product)?.name.clone();
    let left = subscription.current_period_end - now;
    let whole = subscription.current_period_end - subscription.current_period_start;
    let amount = share(price.unit_amount * item.quantity, left, whole);
    let day =
        DateTime::from_timestamp(now, 0).map(|it| it.format("%-d %b %Y").to_string()).unwrap_or_default();
    Ok(InvoiceLine {
        id: state.ids.make("il"),
        amount: if credit { -amount } else { amount },
        description: format!("{} time on {name} after {day}", if credit { "Unused" } else { "Remaining" }),
        period_start: now,
        period_end: subscription.current_period_end,
        price: price.id,
        quantity: item.quantity,
        proration: true,
        subscription_item: None,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::share;

    #[test]
    fn rounds_half_away_from_zero() {
        assert_eq!(share(5, 1, 2), 3);
        assert_eq!(share(-5, 1, 2), -3);
        assert_eq!(share(2999, 15, 30), 1500);
        assert_eq!(share(2999, 0, 30), 0);
        assert_eq!(share(2999, 40, 30), 2999);
    }

    proptest! {
        #[test]
        fn lies_between_nothing_and_all(amount in -1_000_000_i64..1_000_000, part in -5_i64..5_000_000, whole in -5_i64..5_000_000) {
            let share = share(amount, part, whole);
            prop_assert!(share.abs() <= amount.abs());
            prop_assert!(share == 0 || share.signum() == amount.signum());
        }

        #[test]
        fn both_parts_make_the_whole_give_or_take_the_rounding(amount in 0_i64..1_000_000, part in 1_i64..1_000_000, rest in 1_i64..1_000_000) {
            let sum = share(amount, part, part + rest) + share(amount, rest, part + rest);
            prop_assert!((sum - amount).abs() <= 1);
        }
    }
}
