//! The page where an invoice is paid.

use domain::access::AccountPermit;
use domain::billing::{BillingPeriod, InvoiceStatus, TaxRate, Totals};
use domain::ids::{AccountId, InvoiceId};
use domain::money::Money;
use platform::database::Transaction;
use plugin_api::payment::{Interval, NewSession, Payer, Reading, SessionLine, SessionStatus, Subject};
use serde_json::json;
use uuid::Uuid;

use super::{apply, close_later};
use crate::catalogue::currency;
use crate::checkout::publish;
use crate::payments::{Capture, settle};
use crate::{Billing, Error, Result};

/// What a payer brings along.
#[derive(Debug, Clone)]
pub struct Checkout {
    /// Where the provider sends its receipt.
    pub email: Option<String>,
    /// Where people go when they have paid; `{session}` stands for the page's id.
    pub success_url: String,
    /// Where people go who do not pay.
    pub cancel_url: String,
}

/// A page where an invoice is paid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PayPage {
    /// The provider's id of it.
    pub session_id: String,
    /// Its address.
    pub url: String,
}

/// What became of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Paying {
    /// What became of it.
    pub status: SessionStatus,
    /// What is, or was, to be paid.
    pub total: Option<Money>,
    /// The invoice that is paid on it.
    pub invoice_id: InvoiceId,
}

/// What a page needs to know of an invoice.
struct Payable {
    account_id: AccountId,
    number: String,
    status: InvoiceStatus,
    tax_rate: TaxRate,
    totals: Totals,
    /// Where it is paid, or would be: a provider and its page.
    page: Option<(String, String)>,
    /// The way that was chosen for it.
    payment_method: Option<String>,
    expired_sessions: i32,
    customer: Option<String>,
    name: Option<String>,
    lines: Vec<PayableLine>,
}

struct PayableLine {
    description: String,
    net: Money,
    /// The period of the plan that it begins; none for everything else.
    period: Option<BillingPeriod>,
}

impl Billing {
    /// The page where an invoice of the account is paid: the one that is open already, or a new one. What was paid in the
    /// meantime is settled. A page of another provider is closed: who cannot pay there pays elsewhere.
    pub async fn create_session(
        &self,
        permit: AccountPermit<'_>,
        provider: &str,
        invoice_id: InvoiceId,
        checkout: &Checkout,
    ) -> Result<PayPage> {
        let provider = self.provider_in_use(provider)?;
        let mut payable = self.payable(permit, invoice_id).await?;
        if let Some((at, session)) = payable.page.take() {
            let is_elsewhere = at != provider.slug();
            let known = match self.read_and_apply(&at, &Subject::Session(session.clone())).await {
                Err(Error::Provider(_) | Error::NoProvider) if is_elsewhere => None,
                reading => reading?.and_then(|it| it.session),
            };
            match known {
                Some(known) if known.status == SessionStatus::Open => {
                    if let Some(url) = known.url.filter(|_| !is_elsewhere) {
                        return Ok(PayPage { session_id: session, url });
                    }
                }
                Some(known) if known.status != SessionStatus::Expired => {
                    return Err(Error::InvoiceState("Invoice already paid".to_owned()));
                }
                _ => {}
            }
            payable = self.payable(permit, invoice_id).await?;
        }
        if payable.status != InvoiceStatus::Pending {
            let status = payable.status.as_str().to_uppercase();
            return Err(Error::InvoiceState(format!("Invoice is {status}, expected PENDING")));
        }
        let new = payable.into_session(invoice_id, checkout);
        let made = provider.create_session(&new).await?;
        let now = self.clock.now();
        let mut transaction = self.begin(permit).await?;
        let kept = sqlx::query!(
            // Should somebody come back to a provider, the page that was closed there is not to be made again.
            r#"WITH before AS (SELECT provider, provider_session_id FROM invoices WHERE account_id = $1 AND id = $2 FOR UPDATE)
               UPDATE invoices SET provider = $3, provider_session_id = $4, updated_at = $5,
                      expired_sessions = expired_sessions
                          + (before.provider_session_id IS NOT NULL AND before.provider IS DISTINCT FROM $3)::integer
               FROM before WHERE account_id = $1 AND id = $2 AND status = 'pending'
               RETURNING before.provider, before.provider_session_id AS session"#,
            Uuid::from(permit.account_id()),
            Uuid::from(invoice_id),
            provider.slug(),
            made.id,
            now,
        )
        .fetch_optional(&mut *transaction)
        .await?;
        apply::remember_customer(&mut transaction, permit.account_id(), made.customer.as_deref()).await?;
        let Some(before) = kept else {
            // Paid otherwise, or void, while the page was made: nobody is led to it, and nobody else would close it.
            close_later(&mut transaction, provider.slug().to_owned(), made.id, now).await?;
            transaction.commit().await?;
            return Err(Error::InvoiceState("Invoice is not to be paid any more".to_owned()));
        };
        // Another provider's, or one that was made at the same moment for who comes back to another address.
        let other = before.provider.zip(before.session);
        if let Some((at, session)) =
            other.filter(|(at, session)| at != provider.slug() || *session != made.id)
        {
            close_later(&mut transaction, at, session, now).await?;
        }
        let payload = json!({
            "account_id": permit.account_id(), "invoice_id": invoice_id, "provider": provider.slug(),
        });
        publish(&mut transaction, permit, "checkout.initiated", invoice_id.into(), payload, now).await?;
        transaction.commit().await?;
        Ok(PayPage { session_id: made.id, url: made.url })
    }

    /// Sees to it that an invoice of the account gets paid: it is settled where nothing is owed, or where the provider has
    /// its money; else this gives the page where it is paid.
    pub async fn pay(
        &self,
        permit: AccountPermit<'_>,
        invoice_id: InvoiceId,
        checkout: &Checkout,
    ) -> Result<Option<PayPage>> {
        let payable = self.payable(permit, invoice_id).await?;
        match payable.status {
            InvoiceStatus::Paid => return Err(Error::InvoiceState("Invoice already paid".to_owned())),
            InvoiceStatus::Pending if payable.totals.total.minor == 0 => {
                let mut transaction = self.begin(permit).await?;
                let nothing = Capture::of_nothing(payable.totals.total);
                settle(&mut transaction, invoice_id, nothing, self.clock.now()).await?;
                transaction.commit().await?;
                return Ok(None);
            }
            _ => {}
        }
        let provider = self.provider_for(&payable)?;
        match self.create_session(permit, provider, invoice_id, checkout).await {
            // What was paid on the page of before is settled by now.
            Err(Error::InvoiceState(why)) => match self.payable(permit, invoice_id).await?.status {
                InvoiceStatus::Paid => Ok(None),
                _ => Err(Error::InvoiceState(why)),
            },
            page => page.map(Some),
        }
    }

    /// The page where an invoice of the account is paid, at the provider where that was begun or that was chosen for it, else
    /// at the one that is offered.
    pub async fn pay_page(
        &self,
        permit: AccountPermit<'_>,
        invoice_id: InvoiceId,
        checkout: &Checkout,
    ) -> Result<PayPage> {
        let provider = self.provider_for(&self.payable(permit, invoice_id).await?)?;
        self.create_session(permit, provider, invoice_id, checkout).await
    }

    fn provider_for(&self, payable: &Payable) -> Result<&'static str> {
        let begun = payable.page.as_ref().map(|(at, _)| at.as_str());
        let mut wanted = begun.into_iter().chain(payable.payment_method.as_deref());
        let known = wanted.find_map(|slug| self.provider_in_use(slug).ok());
        known.map_or_else(|| self.offered(), Ok).map(|provider| provider.slug())
    }

    /// What became of a page of the account at a provider; what was paid on it is settled, should no event have said so yet.
    pub async fn session_status(
        &self,
        permit: AccountPermit<'_>,
        provider: &str,
        session_id: &str,
    ) -> Result<Paying> {
        let provider = self.provider(provider)?.slug();
        self.paying(permit, Some(provider), session_id).await
    }

    /// The same for who comes back from whichever page: with its id, or with that of the invoice where a provider says
    /// where to before it knows the page's.
    pub async fn came_back(&self, permit: AccountPermit<'_>, session_or_invoice: &str) -> Result<Paying> {
        self.paying(permit, None, session_or_invoice).await
    }

    async fn paying(
        &self,
        permit: AccountPermit<'_>,
        provider: Option<&str>,
        session_or_invoice: &str,
    ) -> Result<Paying> {
        // Postgres cannot store NUL, so no page has such an id.
        let asked = session_or_invoice.replace('\0', "\u{fffd}");
        let mut transaction = self.begin(permit).await?;
        let own = sqlx::query!(
            r#"SELECT id AS "id: InvoiceId", status, provider AS "provider!", provider_session_id AS "session!" FROM invoices
               WHERE account_id = $1 AND provider IS NOT NULL AND provider_session_id IS NOT NULL
                 AND (provider_session_id = $3 AND provider = coalesce($2, provider) OR $2 IS NULL AND id::text = $3)"#,
            Uuid::from(permit.account_id()),
            provider,
            asked,
        )
        .fetch_optional(&mut *transaction)
        .await?
        .ok_or(Error::NoSession)?;
        transaction.commit().await?;
        let reading = match self.read_and_apply(&own.provider, &Subject::Session(own.session)).await {
            // Its word was there before it went away.
            Err(Error::Provider(problem)) if problem.is_passing() && own.status == "paid" => {
                return Ok(Paying { status: SessionStatus::Paid, total: None, invoice_id: own.id });
            }
            reading => reading?,
        };
        let Reading { invoice_id, session, .. } = reading.ok_or(Error::NoSession)?;
        let session = session.ok_or(Error::NoSession)?;
        Ok(Paying { status: session.status, total: session.total, invoice_id })
    }

    /// The provider's page where the payer changes their card.
    pub async fn portal(&self, permit: AccountPermit<'_>, return_url: &str) -> Result<String> {
        let provider = self.providers.with_portal().map_or_else(|| self.offered(), Ok)?;
        let customer = self.customer(permit).await?.ok_or(Error::NotACustomerYet)?;
        Ok(provider.portal(&customer, return_url).await?)
    }

    /// Whether the account has a card at the provider that could be changed.
    pub async fn has_card(&self, permit: AccountPermit<'_>) -> Result<bool> {
        Ok(self.providers.with_portal().is_some() && self.customer(permit).await?.is_some())
    }

    /// The provider's id of the account, if it ever paid there.
    async fn customer(&self, permit: AccountPermit<'_>) -> Result<Option<String>> {
        let mut transaction = self.begin(permit).await?;
        let customer = sqlx::query_scalar!(
            "SELECT provider_customer_id FROM billing_accounts WHERE id = $1",
            Uuid::from(permit.account_id()),
        )
        .fetch_optional(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(customer.flatten())
    }

    async fn payable(&self, permit: AccountPermit<'_>, id: InvoiceId) -> Result<Payable> {
        let mut transaction = self.begin(permit).await?;
        let payable = Payable::load(&mut transaction, permit.account_id(), id).await?;
        transaction.commit().await?;
        Ok(payable)
    }
}

impl Payable {
    async fn load(transaction: &mut Transaction, account_id: AccountId, id: InvoiceId) -> Result<Self> {
        let row = sqlx::query!(
            r#"SELECT i.number, i.status, i.currency AS "currency: String", i.subtotal_minor, i.tax_minor, i.tax_rate,
                      i.provider, i.provider_session_id, i.payment_method, i.expired_sessions, a.provider_customer_id,
                      nullif(trim(coalesce(p.company, concat_ws(' ', p.first_name, p.last_name))), '') AS name
               FROM invoices i JOIN billing_accounts a ON a.id = i.account_id
               LEFT JOIN billing_profiles p ON p.account_id = i.account_id
               WHERE i.account_id = $1 AND i.id = $2"#,
            Uuid::from(account_id),
            Uuid::from(id),
        )
        .fetch_optional(&mut **transaction)
        .await?
        .ok_or(Error::NoInvoice)?;
        let lines = sqlx::query!(
            r#"SELECT l.description, l.total_minor AS "total_minor!", p.billing_period AS "billing_period?"
               FROM invoice_lines l JOIN invoices i ON i.account_id = l.account_id AND i.id = l.invoice_id
               LEFT JOIN plans p ON p.id = l.catalog_item_id AND l.item_type = 'subscription' AND i.reason = 'purchase'
               WHERE l.account_id = $1 AND l.invoice_id = $2 ORDER BY l.position"#,
            Uuid::from(account_id),
            Uuid::from(id),
        )
        .fetch_all(&mut **transaction)
        .await?;
        let currency = currency(&row.currency)?;
        let money = |minor| Money::new(minor, currency);
        let subtotal = money(row.subtotal_minor);
        let tax = money(row.tax_minor);
        Ok(Self {
            account_id,
            number: row.number,
            status: row.status.parse()?,
            tax_rate: TaxRate::new(row.tax_rate).unwrap_or(TaxRate::ZERO),
            totals: Totals { subtotal, tax, total: subtotal.checked_add(tax)? },
            page: row.provider.zip(row.provider_session_id),
            payment_method: row.payment_method,
            expired_sessions: row.expired_sessions,
            customer: row.provider_customer_id,
            name: row.name,
            lines: lines
                .into_iter()
                .map(|line| {
                    let period = line.billing_period.map(|period| period.parse()).transpose()?;
                    Ok(PayableLine { description: line.description, net: money(line.total_minor), period })
                })
                .collect::<Result<_>>()?,
        })
    }

    fn into_session(self, invoice_id: InvoiceId, checkout: &Checkout) -> NewSession {
        let lines = with_tax(&self.lines, self.tax_rate, self.totals);
        NewSession {
            key: format!("{invoice_id}-{}", self.expired_sessions),
            invoice_id,
            invoice_number: self.number,
            payer: Payer {
                account_id: self.account_id,
                customer: self.customer,
                email: checkout.email.clone(),
                name: self.name,
            },
            lines,
            success_url: checkout.success_url.clone(),
            cancel_url: checkout.cancel_url.clone(),
        }
    }
}

/// Lines with their tax, which come to the invoice's total. What is paid again and again carries the tax that it has by
/// itself, since that is what its renewals cost; the other lines share the rest, cents by the largest remainder.
fn with_tax(lines: &[PayableLine], rate: TaxRate, totals: Totals) -> Vec<SessionLine> {
    let interval = |line: &PayableLine| line.period.and_then(Interval::of);
    let recurring: i64 =
        lines.iter().filter(|line| interval(line).is_some()).map(|line| rate.of_net(line.net).minor).sum();
    let others = lines.iter().filter(|line| interval(line).is_none());
    let weights: Vec<u32> = others.map(|line| u32::try_from(line.net.minor).unwrap_or(u32::MAX)).collect();
    let rest = Money::new(totals.tax.minor - recurring, totals.tax.currency);
    let mut shares = rest.allocate(&weights).into_iter();
    lines
        .iter()
        .map(|line| {
            let interval = interval(line);
            let tax = match interval {
                Some(_) => rate.of_net(line.net),
                None => shares.next().unwrap_or(Money::zero(line.net.currency)),
            };
            let amount = Money::new(line.net.minor + tax.minor, line.net.currency);
            SessionLine { name: line.description.clone(), amount, interval }
        })
        .collect()
}
