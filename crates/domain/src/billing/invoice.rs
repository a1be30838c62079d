//! Invoices: their states, and totals of which the parts add up.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::TaxRate;
use crate::money::{Currency, Money, MoneyError};
use crate::text_enum::text_enum;

text_enum! {
    /// The state of an invoice.
    InvoiceStatus {
        /// Not paid yet.
        Pending => "pending",
        /// Paid.
        Paid => "paid",
        /// The payment failed for good.
        Failed => "failed",
        /// Voided: nothing is owed.
        Cancelled => "cancelled",
        /// The money was given back.
        Refunded => "refunded",
    }
}

text_enum! {
    /// What is done to an invoice.
    InvoiceAction {
        /// The money is there.
        Pay => "pay",
        /// The payment failed for good.
        Fail => "fail",
        /// Nothing is owed.
        Void => "void",
        /// The money is given back.
        Refund => "refund",
        /// The refund was taken back.
        Restore => "restore",
    }
}

impl InvoiceStatus {
    /// Whether money can still come for it.
    pub fn is_open(self) -> bool {
        self.after(InvoiceAction::Pay).is_some()
    }

    /// Whether it should have been paid by `now`.
    pub fn is_overdue(self, due_at: Option<DateTime<Utc>>, now: DateTime<Utc>) -> bool {
        self.is_open() && due_at.is_some_and(|due| due < now)
    }

    /// The state after an action; none if the action does not fit. A paid invoice is not voided but refunded (the
    /// original voids it, a defect: spec 5.8); a failed payment can be tried again.
    pub fn after(self, action: InvoiceAction) -> Option<Self> {
        match (self, action) {
            (Self::Pending | Self::Failed, InvoiceAction::Pay) | (Self::Refunded, InvoiceAction::Restore) => {
                Some(Self::Paid)
            }
            (Self::Pending, InvoiceAction::Fail) => Some(Self::Failed),
            (Self::Pending | Self::Failed, InvoiceAction::Void) => Some(Self::Cancelled),
            (Self::Paid, InvoiceAction::Refund) => Some(Self::Refunded),
            _ => None,
        }
    }
}

/// What an invoice comes to: net lines, and the tax computed once on their sum, so that lines, tax and total add up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// The sum of the lines, without tax.
    pub subtotal: Money,
    /// The tax on it.
    pub tax: Money,
    /// What is to be paid.
    pub total: Money,
}

impl Totals {
    /// The totals of net line amounts at one rate. Refuses what does not fit into minor units.
    pub fn of(
        lines: impl IntoIterator<Item = Money>,
        rate: TaxRate,
        currency: Currency,
    ) -> Result<Self, MoneyError> {
        let subtotal = lines.into_iter().try_fold(Money::zero(currency), Money::checked_add)?;
        let tax = rate.of_net(subtotal);
        Ok(Self { subtotal, tax, total: subtotal.checked_add(tax)? })
    }

    /// The totals of what was paid, tax included (spec 5.11): the total is never changed.
    pub fn within(total: Money, rate: TaxRate) -> Self {
        let subtotal = rate.net_of(total);
        Self { subtotal, tax: Money::new(total.minor - subtotal.minor, total.currency), total }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_paid_is_refunded_and_never_voided() {
        use InvoiceAction as A;
        use InvoiceStatus as S;
        assert_eq!(S::Paid.after(A::Void), None);
        assert_eq!(S::Paid.after(A::Pay), None, "a second payment is no second activation");
        assert_eq!(S::Paid.after(A::Refund).and_then(|status| status.after(A::Restore)), Some(S::Paid));
        assert_eq!(S::Cancelled.after(A::Pay), None);
        for status in S::ALL {
            for action in A::ALL {
                if let Some(after) = status.after(*action) {
                    assert_ne!(after, *status);
                }
            }
        }
    }

    proptest! {
        #[test]
        fn the_parts_of_an_invoice_add_up(
            lines in proptest::collection::vec(0_i64..100_000_000, 0..20), rate in 0_i32..=10_000,
        ) {
            let rate = TaxRate::new(rate).unwrap();
            let money = lines.iter().map(|minor| Money::new(*minor, Currency::EUR));
            let totals = Totals::of(money, rate, Currency::EUR).unwrap();
            prop_assert_eq!(totals.subtotal.minor, lines.iter().sum::<i64>());
            prop_assert_eq!(totals.subtotal.minor + totals.tax.minor, totals.total.minor);
            prop_assert!(totals.tax.minor <= totals.subtotal.minor);
        }

        #[test]
        fn sums_that_do_not_fit_are_refused(lines in proptest::collection::vec(i64::MAX / 2..i64::MAX, 3..5)) {
            let money = lines.into_iter().map(|minor| Money::new(minor, Currency::EUR));
            prop_assert_eq!(Totals::of(money, TaxRate::ZERO, Currency::EUR), Err(MoneyError::Overflow));
        }
    }
}
