//! What Stripe knows of a purchase.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use domain::ids::InvoiceId;
use plugin_api::payment::{
    PaidPeriod, PaymentReading, ProviderError, Reading, Returned, SessionReading, SessionStatus, Subject,
    SubscriptionReading, SubscriptionStanding,
};
use stripe_billing::invoice::ListInvoice;
use stripe_billing::invoice_payment::{
    ListInvoicePayment, ListInvoicePaymentPayment, ListInvoicePaymentPaymentType,
};
use stripe_billing::subscription::RetrieveSubscription;
use stripe_checkout::checkout_session::RetrieveCheckoutSession;
use stripe_core::dispute::ListDispute;
use stripe_core::payment_intent::RetrievePaymentIntent;
use stripe_shared::{
    Charge, CheckoutSession, CheckoutSessionPaymentStatus, CheckoutSessionStatus, DisputeStatus, Invoice,
    InvoiceStatus, PaymentIntent, PaymentIntentStatus, Subscription, SubscriptionStatus,
};

use crate::amount::from_stripe;
use crate::client::problem;
use crate::{INVOICE_KEY, Stripe};

/// How many periods are read at a time: the most that Stripe gives.
const PAGE: i64 = 100;

impl Stripe {
    pub(crate) async fn read_subject(&self, subject: &Subject) -> Result<Option<Reading>, ProviderError> {
        let read = match subject {
            Subject::Session(id) => self.read_session(id).await,
            Subject::Subscription(id) => self.read_subscription(id).await,
            Subject::Payment(id) => self.read_payment(id).await,
        };
        match read {
            // Of another account, or of a sandbox that was emptied.
            Err(ProviderError::Unknown) => Ok(None),
            other => other,
        }
    }

    async fn read_session(&self, id: &str) -> Result<Option<Reading>, ProviderError> {
        let session = RetrieveCheckoutSession::new(id)
            .expand(vec!["payment_intent.latest_charge".to_owned()])
            .send(&self.client)
            .await
            .map_err(|error| problem(&error))?;
        let Some(invoice_id) = session.metadata.as_ref().and_then(ours) else { return Ok(None) };
        let total = session.amount_total.zip(session.currency.as_ref());
        let total = total.map(|(units, currency)| from_stripe(units, currency)).transpose()?;
        let reading = SessionReading {
            id: session.id.to_string(),
            status: session_status(&session),
            url: session.url.clone(),
            total,
        };
        let subscription = session.subscription.as_ref().map(|it| it.id().to_string());
        let mut whole = match subscription {
            Some(subscription) => self.read_subscription(&subscription).await?,
            None => None,
        }
        .unwrap_or(Reading {
            invoice_id,
            customer: None,
            session: None,
            payment: None,
            subscription: None,
        });
        whole.customer = whole.customer.or(session.customer.as_ref().map(|it| it.id().to_string()));
        if let Some(intent) = session.payment_intent.as_ref().and_then(|it| it.as_object()) {
            whole.payment = Some(payment(intent)?);
        }
        whole.session = Some(reading);
        Ok(Some(whole))
    }

    async fn read_subscription(&self, id: &str) -> Result<Option<Reading>, ProviderError> {
        let subscription =
            RetrieveSubscription::new(id).send(&self.client).await.map_err(|error| problem(&error))?;
        let Some(invoice_id) = ours(&subscription.metadata) else { return Ok(None) };
        // Newest first; those that nothing is asked for yet are left out.
        let invoices = self.invoices(id).await?;
        let finished = invoices.iter().rev().filter(|it| it.status != Some(InvoiceStatus::Draft));
        let periods = finished.map(period).collect::<Result<Vec<_>, _>>()?;
        Ok(Some(Reading {
            invoice_id,
            customer: Some(subscription.customer.id().to_string()),
            session: None,
            payment: periods.first().and_then(|first| first.payment.clone()),
            subscription: Some(SubscriptionReading {
                id: id.to_owned(),
                standing: standing(&subscription),
                renews: !subscription.cancel_at_period_end && subscription.cancel_at.is_none(),
                periods,
            }),
        }))
    }

    /// All that money was asked for, newest first: down to the first, which is the purchase.
    async fn invoices(&self, subscription: &str) -> Result<Vec<Invoice>, ProviderError> {
        let mut found: Vec<Invoice> = Vec::new();
        loop {
            let mut request = ListInvoice::new()
                .subscription(subscription)
                .limit(PAGE)
                .expand(vec!["data.payments".to_owned()]);
            if let Some(last) = found.last().and_then(|last| last.id.as_ref()) {
                request = request.starting_after(last.to_string());
            }
            let page = request.send(&self.client).await.map_err(|error| problem(&error))?;
            let is_last = !page.has_more || page.data.is_empty();
            found.extend(page.data);
            if is_last {
                return Ok(found);
            }
        }
    }

    async fn read_payment(&self, id: &str) -> Result<Option<Reading>, ProviderError> {
        let intent = RetrievePaymentIntent::new(id)
            .expand(vec!["latest_charge".to_owned()])
            .send(&self.client)
            .await
            .map_err(|error| problem(&error))?;
        let refunded = charge(&intent).map_or(0, |charge| charge.amount_refunded);
        let returned = Returned {
            refunded_minor: from_stripe(refunded, &intent.currency)?.minor,
            is_disputed: charge(&intent).is_some_and(|charge| charge.disputed),
            is_lost: self.is_lost_to_dispute(&intent).await?,
        };
        let this = PaymentReading { returned: Some(returned), ..payment(&intent)? };
        if let Some(invoice_id) = ours(&intent.metadata) {
            let customer = intent.customer.as_ref().map(|it| it.id().to_string());
            return Ok(Some(Reading {
                invoice_id,
                customer,
                session: None,
                payment: Some(this),
                subscription: None,
            }));
        }
        let Some(mut whole) = self.read_collected(id).await? else { return Ok(None) };
        let is_this = |payment: &&mut PaymentReading| payment.reference == this.reference;
        if let Some(first) = whole.payment.as_mut().filter(is_this) {
            *first = this.clone();
        }
        if let Some(subscription) = &mut whole.subscription {
            let of_periods = subscription.periods.iter_mut().filter_map(|period| period.payment.as_mut());
            for known in of_periods.filter(is_this) {
                *known = this.clone();
            }
        }
        Ok(Some(whole))
    }

    /// The subscription that a payment was collected for, if it was for one.
    async fn read_collected(&self, payment: &str) -> Result<Option<Reading>, ProviderError> {
        let mut of = ListInvoicePaymentPayment::new(ListInvoicePaymentPaymentType::PaymentIntent);
        of.payment_intent = Some(payment.to_owned());
        let found = ListInvoicePayment::new()
            .payment(of)
            .expand(vec!["data.invoice".to_owned()])
            .send(&self.client)
            .await
            .map_err(|error| problem(&error))?;
        let invoice = found.data.first().and_then(|it| it.invoice.as_object());
        let parent = invoice.and_then(|it| it.parent.as_ref()?.subscription_details.as_ref());
        match parent.map(|it| it.subscription.id().to_string()) {
            Some(subscription) => self.read_subscription(&subscription).await,
            None => Ok(None),
        }
    }

    /// Whether the payer's bank took the money back for good.
    async fn is_lost_to_dispute(&self, intent: &PaymentIntent) -> Result<bool, ProviderError> {
        if !charge(intent).is_some_and(|charge| charge.disputed) {
            return Ok(false);
        }
        let disputes = ListDispute::new()
            .payment_intent(intent.id.to_string())
            .send(&self.client)
            .await
            .map_err(|error| problem(&error))?;
        Ok(disputes.data.iter().any(|dispute| dispute.status == DisputeStatus::Lost))
    }
}

/// The invoice of ours that something belongs to.
fn ours(metadata: &HashMap<String, String>) -> Option<InvoiceId> {
    metadata.get(INVOICE_KEY)?.parse().ok()
}

fn instant(timestamp: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(timestamp, 0).unwrap_or_default()
}

fn session_status(session: &CheckoutSession) -> SessionStatus {
    use CheckoutSessionPaymentStatus as Payment;
    match (&session.status, &session.payment_status) {
        (_, Payment::Paid | Payment::NoPaymentRequired) => SessionStatus::Paid,
        (Some(CheckoutSessionStatus::Complete), _) => SessionStatus::Processing,
        (Some(CheckoutSessionStatus::Expired), _) => SessionStatus::Expired,
        _ => SessionStatus::Open,
    }
}

fn standing(subscription: &Subscription) -> SubscriptionStanding {
    match subscription.status {
        SubscriptionStatus::Incomplete | SubscriptionStatus::IncompleteExpired => {
            SubscriptionStanding::Incomplete
        }
        SubscriptionStatus::PastDue | SubscriptionStatus::Unpaid => SubscriptionStanding::PastDue,
        SubscriptionStatus::Canceled => SubscriptionStanding::Ended,
        _ => SubscriptionStanding::Running,
    }
}

fn charge(intent: &PaymentIntent) -> Option<&Charge> {
    intent.latest_charge.as_ref()?.as_object()
}

fn payment(intent: &PaymentIntent) -> Result<PaymentReading, ProviderError> {
    let charge = charge(intent);
    let is_captured = intent.status == PaymentIntentStatus::Succeeded;
    Ok(PaymentReading {
        reference: intent.id.to_string(),
        amount: from_stripe(intent.amount, &intent.currency)?,
        captured_at: is_captured.then(|| instant(charge.map_or(intent.created, |charge| charge.created))),
        returned: None,
        has_failed: intent.status == PaymentIntentStatus::RequiresPaymentMethod
            && intent.last_payment_error.is_some(),
    })
}

fn period(invoice: &Invoice) -> Result<PaidPeriod, ProviderError> {
    let is_paid = invoice.status == Some(InvoiceStatus::Paid);
    let total = from_stripe(invoice.total, &invoice.currency)?;
    // The invoice's own period is the one before; what is paid for is on its lines.
    let ends_at = invoice.lines.data.iter().map(|line| line.period.end).max().unwrap_or(invoice.period_end);
    let paid = invoice.payments.as_ref().and_then(|all| all.data.iter().find(|it| it.status == "paid"));
    let payment = paid.and_then(|it| Some((it, it.payment.payment_intent.as_ref()?))).map(|(it, intent)| {
        Ok(PaymentReading {
            reference: intent.id().to_string(),
            amount: from_stripe(it.amount_paid.unwrap_or(invoice.amount_paid), &invoice.currency)?,
            captured_at: Some(instant(it.status_transitions.paid_at.unwrap_or(it.created))),
            returned: None,
            has_failed: false,
        })
    });
    Ok(PaidPeriod {
        reference: invoice.id.as_ref().map(ToString::to_string).unwrap_or_default(),
        ends_at: instant(ends_at),
        total,
        is_paid,
        attempts: u32::try_from(invoice.attempt_count).unwrap_or(u32::MAX),
        payment: payment.transpose()?,
        pay_url: invoice.hosted_invoice_url.clone().filter(|_| invoice.status == Some(InvoiceStatus::Open)),
    })
}
