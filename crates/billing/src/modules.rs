//! Which modules a company has, and until when (spec `hotel-modules.md` 2.1, 2.3; DESIGN 5.1): what its subscriptions
//! open, and what the admin of the platform grants. Others ask here; what they make of it is theirs.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, TimeDelta, Utc};
use domain::access::{AccountPermit, Actor, AdminPermit};
use domain::billing::SubscriptionState;
use domain::billing::subscription::StateColumns;
use domain::ids::OrganisationId;
use platform::database::Transaction;
use platform::outbox::{self, Event};
use serde_json::json;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::payments::record;
use crate::subscriptions::Subscription;
use crate::subscriptions::clockwork::COLLECTION_DAYS;
use crate::subscriptions::read::to_modules;
use crate::{Billing, Error, Result};

/// The modules there are, whether or not a plan for them is on offer just now.
pub const MODULES: [&str; 2] = ["hotel", "tour"];

/// The module that every company has unless it is taken away (spec 2.1: `{"tour": true}`).
const INCLUDED: &str = "tour";

/// The most subscriptions to modules that are looked at of one company: nobody has more in use.
const MOST: i64 = 500;

/// Whether a company has a module.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// It never had it.
    Never,
    /// It paid for it, or tried it out, until then: an instant that may be over.
    Until(DateTime<Utc>),
    /// It has it without paying, until that is taken back.
    Unlimited,
}

impl Access {
    /// Whether the module is open at `now`.
    pub fn is_open(self, now: DateTime<Utc>) -> bool {
        match self {
            Self::Never => false,
            Self::Until(end) => now < end,
            Self::Unlimited => true,
        }
    }
}

/// Until when a subscription opens what it is for. A provider that collects it has some days after the end, since its
/// word comes later and it tries a refused card again.
pub(crate) fn open_until(state: &SubscriptionState, is_collected: bool) -> Option<DateTime<Utc>> {
    let waits = is_collected && matches!(state, SubscriptionState::Active { .. });
    let grace = if waits { TimeDelta::days(COLLECTION_DAYS.into()) } else { TimeDelta::zero() };
    state.access_until()?.checked_add_signed(grace)
}

/// Whether an event of this kind may change which modules its organisation has.
pub fn is_news(kind: &str) -> bool {
    ["subscription.", "payment.", "refund.", "checkout.", "module."].iter().any(|part| kind.starts_with(part))
}

/// The access that an organisation has to a module by what is stored now. Looked at again it is the same, so that
/// whoever follows it can be told anything any number of times. For workers.
pub async fn access(
    connection: &mut PgConnection,
    organisation_id: OrganisationId,
    module: &str,
) -> Result<Access> {
    let found = load(connection, &[organisation_id], Some(module)).await?;
    Ok(found.get(&organisation_id).and_then(|of| of.get(module)).map_or(Access::Never, Held::access))
}

/// What is stored of a company's module.
#[derive(Debug, Clone, Copy, Default)]
struct Held {
    /// Whether it has it without paying.
    is_granted: bool,
    /// Until when it paid for it, or tried it out.
    paid_until: Option<DateTime<Utc>>,
}

impl Held {
    fn access(&self) -> Access {
        if self.is_granted { Access::Unlimited } else { self.paid_until.map_or(Access::Never, Access::Until) }
    }
}

type ByModule = BTreeMap<String, Held>;

fn accesses(held: &ByModule) -> BTreeMap<String, Access> {
    held.iter().map(|(module, held)| (module.clone(), held.access())).collect()
}

/// What some organisations have of one module, or of all.
async fn load(
    connection: &mut PgConnection,
    organisations: &[OrganisationId],
    module: Option<&str>,
) -> Result<HashMap<OrganisationId, ByModule>> {
    let ids: Vec<Uuid> = organisations.iter().copied().map(Uuid::from).collect();
    let subscriptions = sqlx::query!(
        r#"SELECT o.id AS "organisation_id!: OrganisationId", s.module AS "module!", s.status AS "status!", s.started_at, s.expires_at,
                  s.trial_end_at, s.cancelled_at, s.paused_at, s.is_collected AS "is_collected!"
           FROM unnest($1::uuid[]) AS o (id)
           CROSS JOIN LATERAL (
               SELECT p.module, s.status, s.started_at, s.expires_at, s.trial_end_at, s.cancelled_at, s.paused_at,
                      s.is_collected
               FROM subscriptions s JOIN plans p ON p.id = s.plan_id
               WHERE s.account_id = o.id AND s.status <> 'pending' AND p.module IS NOT NULL AND ($2::text IS NULL OR p.module = $2)
               ORDER BY s.created_at DESC, s.id DESC LIMIT $3
           ) s"#,
        &ids,
        module,
        MOST,
    )
    .fetch_all(&mut *connection)
    .await?;
    let grants = sqlx::query!(
        r#"SELECT organisation_id AS "organisation_id: OrganisationId", module, is_granted FROM module_grants
           WHERE organisation_id = ANY ($1) AND ($2::text IS NULL OR module = $2)"#,
        &ids,
        module,
    )
    .fetch_all(&mut *connection)
    .await?;
    let mut found: HashMap<OrganisationId, ByModule> =
        organisations.iter().map(|id| (*id, by_default(module))).collect();
    for row in grants {
        let held = Held { is_granted: row.is_granted, paid_until: None };
        found.entry(row.organisation_id).or_default().insert(row.module, held);
    }
    for row in subscriptions {
        let state = SubscriptionState::try_from(StateColumns {
            status: row.status.parse()?,
            started_at: row.started_at,
            expires_at: row.expires_at,
            trial_end_at: row.trial_end_at,
            cancelled_at: row.cancelled_at,
            paused_at: row.paused_at,
        })?;
        let held = found.entry(row.organisation_id).or_default().entry(row.module).or_default();
        held.paid_until = held.paid_until.max(open_until(&state, row.is_collected));
    }
    Ok(found)
}

/// What a company bought, and who it is at its payment provider.
#[derive(Debug, Clone, Default)]
pub struct Purchases {
    /// Its subscriptions to modules, newest first.
    pub subscriptions: Vec<Subscription>,
    /// The provider's id of it, if it ever went there to pay.
    pub customer: Option<String>,
}

async fn purchases(
    transaction: &mut Transaction,
    organisations: &[OrganisationId],
) -> Result<HashMap<OrganisationId, Purchases>> {
    // An organisation's account has its id.
    let ids: Vec<Uuid> = organisations.iter().copied().map(Uuid::from).collect();
    let customers = sqlx::query!(
        r#"SELECT id AS "id: OrganisationId", provider_customer_id FROM billing_accounts WHERE id = ANY ($1)"#,
        &ids,
    )
    .fetch_all(&mut **transaction)
    .await?;
    let mut found: HashMap<OrganisationId, Purchases> = customers
        .into_iter()
        .map(|row| (row.id, Purchases { customer: row.provider_customer_id, ..Purchases::default() }))
        .collect();
    for subscription in to_modules(transaction, &ids).await? {
        let of = OrganisationId(subscription.account_id.into());
        found.entry(of).or_default().subscriptions.push(subscription);
    }
    Ok(found)
}

/// What a company has of which nothing is stored.
fn by_default(module: Option<&str>) -> ByModule {
    let named = MODULES.into_iter().filter(|name| module.is_none_or(|module| module == *name));
    named.map(|name| (name.to_owned(), Held { is_granted: name == INCLUDED, paid_until: None })).collect()
}

impl Billing {
    /// The modules of the company that the actor works for, whatever they may do there; none for those who work for none.
    pub async fn own_modules(&self, actor: &Actor) -> Result<BTreeMap<String, Access>> {
        let Some(organisation_id) = actor.organisation_id else { return Ok(BTreeMap::new()) };
        let mut transaction = self.database.begin_as(actor).await?;
        let found = load(&mut transaction, &[organisation_id], None).await?.remove(&organisation_id);
        transaction.commit().await?;
        Ok(found.map(|held| accesses(&held)).unwrap_or_default())
    }

    /// What the company of the account bought.
    pub async fn purchases(&self, permit: AccountPermit<'_>) -> Result<Purchases> {
        let id = OrganisationId(permit.account_id().into());
        let mut transaction = self.begin(permit).await?;
        let found = purchases(&mut transaction, &[id]).await?.remove(&id);
        transaction.commit().await?;
        Ok(found.unwrap_or_default())
    }

    /// What some companies bought, for the admin.
    pub async fn purchases_of(
        &self,
        permit: AdminPermit<'_>,
        organisations: &[OrganisationId],
    ) -> Result<HashMap<OrganisationId, Purchases>> {
        let mut transaction = self.database.begin_admin(&permit).await?;
        let found = purchases(&mut transaction, organisations).await?;
        transaction.commit().await?;
        Ok(found)
    }

    /// The modules of some companies, for the admin.
    pub async fn modules_of(
        &self,
        permit: AdminPermit<'_>,
        organisations: &[OrganisationId],
    ) -> Result<HashMap<OrganisationId, BTreeMap<String, Access>>> {
        let mut transaction = self.database.begin_admin(&permit).await?;
        let found = load(&mut transaction, organisations, None).await?;
        transaction.commit().await?;
        Ok(found.into_iter().map(|(id, held)| (id, accesses(&held))).collect())
    }

    /// Gives a company modules without payment, or takes that back, inside the admin's `transaction`. What is paid for
    /// cannot be taken away like this ([`Error::Conflict`]): its subscription is cancelled or refunded instead. A module
    /// that does not exist is [`Error::Invalid`].
    pub async fn grant_modules(
        &self,
        transaction: &mut Transaction,
        permit: AdminPermit<'_>,
        organisation_id: OrganisationId,
        wanted: &BTreeMap<String, bool>,
    ) -> Result<()> {
        let now = self.clock.now();
        let mut known = load(transaction, &[organisation_id], None).await?;
        let known = known.remove(&organisation_id).unwrap_or_default();
        for (module, is_wanted) in wanted {
            let Some(held) = known.get(module).filter(|_| MODULES.contains(&module.as_str())) else {
                return Err(Error::Invalid("modules_enabled names a module that does not exist".to_owned()));
            };
            if !is_wanted && held.paid_until.is_some_and(|end| now < end) {
                return Err(Error::Conflict(format!(
                    "Module '{module}' is paid for. Cancel or refund its subscription instead."
                )));
            }
        }
        let (names, grants): (Vec<String>, Vec<bool>) = wanted
            .iter()
            .filter(|(module, is_wanted)| {
                known.get(*module).is_some_and(|held| held.access().is_open(now)) != **is_wanted
            })
            .map(|(module, is_wanted)| (module.clone(), *is_wanted))
            .unzip();
        if names.is_empty() {
            return Ok(());
        }
        sqlx::query!(
            "INSERT INTO module_grants (organisation_id, module, is_granted, changed_at)
             SELECT $1, module, is_granted, $4 FROM unnest($2::text[], $3::boolean[]) AS t (module, is_granted)
             ON CONFLICT (organisation_id, module) DO UPDATE SET is_granted = excluded.is_granted, changed_at = excluded.changed_at",
            Uuid::from(organisation_id),
            &names,
            &grants,
            now,
        )
        .execute(&mut **transaction)
        .await?;
        let facts = json!(names.into_iter().zip(grants).collect::<BTreeMap<_, _>>());
        let event = Event {
            organisation_id: Some(organisation_id),
            kind: "module.granted",
            subject: organisation_id.into(),
            payload: facts.clone(),
        };
        outbox::publish(&mut **transaction, event, now).await?;
        record(transaction, permit, "module.granted", organisation_id.into(), facts, now).await
    }
}

#[cfg(test)]
mod tests {
    use domain::billing::BillingPeriod;

    use super::*;

    #[test]
    fn a_provider_has_some_days_for_what_it_collects_and_nobody_else() {
        let now: DateTime<Utc> = "2027-01-31T12:00:00Z".parse().unwrap();
        let end = BillingPeriod::Monthly.end(now);
        let active = SubscriptionState::Pending.activated(now, BillingPeriod::Monthly).unwrap();
        assert_eq!(open_until(&active, false), Some(end));
        assert_eq!(open_until(&active, true), Some(end + TimeDelta::days(3)));
        assert_eq!(open_until(&active.cancelled(now), true), Some(end), "nothing more will be collected");
        let later = now + TimeDelta::days(3);
        assert_eq!(open_until(&active.paused(later).unwrap(), true), Some(later));
        assert_eq!(open_until(&SubscriptionState::Pending.cancelled(now), false), None);
    }

    #[test]
    fn what_is_granted_has_no_end_and_what_was_paid_has_one() {
        let now: DateTime<Utc> = "2027-01-31T12:00:00Z".parse().unwrap();
        let held = |is_granted, paid_until| Held { is_granted, paid_until }.access();
        assert_eq!(held(true, Some(now)), Access::Unlimited);
        assert_eq!(held(false, Some(now)), Access::Until(now));
        assert!(!held(false, Some(now)).is_open(now) && held(true, None).is_open(now));
        assert_eq!(held(false, None), Access::Never);
    }
}
