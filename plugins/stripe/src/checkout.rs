//! The page where an invoice is paid, refunds, and the billing portal.

use std::collections::HashMap;

use plugin_api::payment::{Interval, NewSession, Payer, ProviderError, Session, SessionLine};
use stripe::StripeRequest;
use stripe_billing::billing_portal_session::CreateBillingPortalSession;
use stripe_checkout::checkout_session::{
    CreateCheckoutSession, CreateCheckoutSessionLineItems, CreateCheckoutSessionLineItemsPriceData,
    CreateCheckoutSessionLineItemsPriceDataRecurring,
    CreateCheckoutSessionLineItemsPriceDataRecurringInterval, CreateCheckoutSessionPaymentIntentData,
    CreateCheckoutSessionSubscriptionData, ExpireCheckoutSession, ProductData,
};
use stripe_core::customer::{CreateCustomer, RetrieveCustomer, RetrieveCustomerReturned};
use stripe_core::refund::{CreateRefund, ListRefund};
use stripe_shared::{CheckoutSessionMode, CheckoutSessionUiMode};
use stripe_types::Currency;

use crate::amount::to_stripe;
use crate::client::{once, problem};
use crate::{INVOICE_KEY, Stripe};

impl Stripe {
    pub(crate) async fn make_session(&self, new: &NewSession) -> Result<Session, ProviderError> {
        let customer = self.customer(new).await?;
        let metadata = HashMap::from([(INVOICE_KEY.to_owned(), new.invoice_id.0.to_string())]);
        let mut request = CreateCheckoutSession::new()
            .ui_mode(CheckoutSessionUiMode::HostedPage)
            .customer(customer.clone())
            .client_reference_id(new.invoice_number.clone())
            .metadata(metadata.clone())
            .line_items(new.lines.iter().map(line).collect::<Result<Vec<_>, _>>()?)
            .success_url(new.success_url.replace("{session}", "{CHECKOUT_SESSION_ID}"))
            .cancel_url(new.cancel_url.clone());
        request = if new.recurring().is_some() {
            let mut data = CreateCheckoutSessionSubscriptionData::new();
            data.metadata = Some(metadata);
            request.mode(CheckoutSessionMode::Subscription).subscription_data(data)
        } else {
            let mut data = CreateCheckoutSessionPaymentIntentData::new();
            data.metadata = Some(metadata);
            data.description = Some(new.invoice_number.clone());
            request.mode(CheckoutSessionMode::Payment).payment_intent_data(data)
        };
        let made = request
            .customize()
            // Somebody may try again from another page, after this one was made and before anybody knew.
            .request_strategy(once(format!(
                "session-{}-{}",
                new.key,
                fingerprint(&[Some(&customer), Some(&new.success_url), Some(&new.cancel_url)])
            )))
            .send(&self.client)
            .await
            .map_err(|error| problem(&error))?;
        let url =
            made.url.ok_or_else(|| ProviderError::Refused("the page cannot be paid any more".to_owned()))?;
        Ok(Session { id: made.id.to_string(), url, customer: Some(customer) })
    }

    /// The payer at Stripe: the known one, if it is still there; else a new one, once for each account.
    async fn customer(&self, new: &NewSession) -> Result<String, ProviderError> {
        let mut key = format!("customer-{}", new.payer.account_id.0);
        if let Some(known) = &new.payer.customer {
            match RetrieveCustomer::new(known.clone())
                .send(&self.client)
                .await
                .map_err(|error| problem(&error))
            {
                Ok(RetrieveCustomerReturned::Customer(customer)) => return Ok(customer.id.to_string()),
                Ok(RetrieveCustomerReturned::DeletedCustomer(_)) | Err(ProviderError::Unknown) => {
                    key = format!("{key}-after-{known}");
                }
                Err(error) => return Err(error),
            }
        }
        let Payer { account_id, email, name, .. } = &new.payer;
        // The same account with other data is another request, which the same key would refuse.
        let key = format!("{key}-{}", fingerprint(&[email.as_deref(), name.as_deref()]));
        let mut request = CreateCustomer::new()
            .metadata(HashMap::from([("account_id".to_owned(), account_id.0.to_string())]));
        if let Some(email) = email {
            request = request.email(email.clone());
        }
        if let Some(name) = name {
            request = request.name(name.clone());
        }
        let made = request.customize().request_strategy(once(key)).send(&self.client).await;
        Ok(made.map_err(|error| problem(&error))?.id.to_string())
    }

    pub(crate) async fn give_back(&self, payment_reference: &str) -> Result<(), ProviderError> {
        let before = ListRefund::new()
            .payment_intent(payment_reference)
            .limit(100)
            .send(&self.client)
            .await
            .map_err(|error| problem(&error))?;
        // After one that came to nothing the next is another, or Stripe would repeat what it said of that one.
        let came_to_nothing = |status: &str| matches!(status, "failed" | "canceled");
        let failed =
            before.data.iter().filter(|it| it.status.as_deref().is_some_and(came_to_nothing)).count();
        let request = CreateRefund::new().payment_intent(payment_reference);
        let made = request
            .customize()
            .request_strategy(once(format!("refund-{payment_reference}-{failed}")))
            .send(&self.client)
            .await;
        match made {
            Ok(_) => Ok(()),
            Err(stripe::StripeError::Stripe(told, _))
                if told.code == Some(stripe::ApiErrorsCode::ChargeAlreadyRefunded) =>
            {
                Ok(())
            }
            Err(error) => Err(problem(&error)),
        }
    }

    pub(crate) async fn expire_session(&self, session: &str) -> Result<(), ProviderError> {
        let expired = ExpireCheckoutSession::new(session).send(&self.client).await;
        expired.map(drop).map_err(|error| problem(&error))
    }

    pub(crate) async fn portal_address(
        &self,
        customer: &str,
        return_url: &str,
    ) -> Result<String, ProviderError> {
        let made = CreateBillingPortalSession::new()
            .customer(customer)
            .return_url(return_url)
            .send(&self.client)
            .await;
        Ok(made.map_err(|error| problem(&error))?.url)
    }
}

/// Tells apart requests that share everything else.
pub(crate) fn fingerprint(parts: &[Option<&str>]) -> String {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    parts.hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

fn line(line: &SessionLine) -> Result<CreateCheckoutSessionLineItems, ProviderError> {
    let mut price = CreateCheckoutSessionLineItemsPriceData::new(currency(line)?);
    price.unit_amount = Some(to_stripe(line.amount)?);
    price.product_data = Some(ProductData::new(line.name.as_str()));
    price.recurring = line.interval.map(|interval| {
        use CreateCheckoutSessionLineItemsPriceDataRecurringInterval as Unit;
        let (unit, count) = match interval {
            Interval::Weeks(count) => (Unit::Week, count),
            Interval::Months(count) => (Unit::Month, count),
            Interval::Year => (Unit::Year, 1),
        };
        let mut recurring = CreateCheckoutSessionLineItemsPriceDataRecurring::new(unit);
        recurring.interval_count = Some(count.into());
        recurring
    });
    let mut item = CreateCheckoutSessionLineItems::new();
    item.price_data = Some(price);
    item.quantity = Some(1);
    Ok(item)
}

pub(crate) fn currency(line: &SessionLine) -> Result<Currency, ProviderError> {
    line.amount
        .currency
        .code()
        .to_lowercase()
        .parse()
        .map_err(|_| ProviderError::Refused(format!("Stripe does not take {}", line.amount.currency)))
}
