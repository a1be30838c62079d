//! A new company with its first hotel and its owner, and further hotels of a company. A company's code is the next number
//! (spec `hotel-modules.md` 2.2).

use chrono::{DateTime, Utc};
use domain::access::{AdminPermit, OwnerPermit, Role};
use domain::hotel::{HotelDraft, NewHotel, Registration};
use domain::ids::{HotelId, OrganisationId, UserId};
use domain::money::Currency;
use domain::problem::ProblemCode;
use platform::audit::{self, Deed};
use platform::database::Transaction;
use serde_json::json;
use uuid::Uuid;

use crate::staff::insert_membership;
use crate::{Error, Identity, Result, mails, people};

impl Identity {
    /// Writes organisation, hotel, owner and membership inside `transaction`, which was opened with
    /// [`begin_in`](platform::database::Database::begin_in) for the new organisation and its owner. The owner signs in
    /// with their e-mail address; one that somebody has is a problem at `owner_email`, an unknown time zone one at
    /// `time_zone`. The owner is welcomed by mail.
    pub async fn register(
        &self,
        transaction: &mut Transaction,
        organisation_id: OrganisationId,
        hotel_id: HotelId,
        owner_id: UserId,
        registration: &Registration,
    ) -> Result<()> {
        let hotel = &registration.hotel;
        if !platform::clock::is_time_zone(&hotel.time_zone) {
            return Err(Error::at("time_zone", ProblemCode::NotOnOffer));
        }
        let hash = self.passwords.hash(&registration.password).await?;
        let now = self.clock.now();
        let (organisation, hotel_uuid) = (Uuid::from(organisation_id), Uuid::from(hotel_id));
        sqlx::query!(
            "INSERT INTO organisations (id, code, name, created_at) VALUES ($1, next_company_code(), $2, $3)",
            organisation,
            hotel.name,
            now,
        )
        .execute(&mut **transaction)
        .await?;
        insert_hotel(transaction, organisation_id, hotel_id, hotel, registration.currency, now).await?;
        let taken = [("users_email_key", "owner_email"), ("users_username_key", "owner_email")];
        sqlx::query!(
            "INSERT INTO users (id, organisation_id, email, username, full_name, password_hash, created_at)
             VALUES ($1, $2, $3, $3, $4, $5, $6)",
            Uuid::from(owner_id),
            organisation,
            registration.owner_email,
            registration.owner_name,
            hash,
            now,
        )
        .execute(&mut **transaction)
        .await
        .map_err(|error| Error::taken(error, &taken))?;
        insert_membership(transaction, organisation_id, hotel_id, owner_id, Role::Owner, now).await?;
        let deed = Deed {
            organisation_id: Some(organisation_id),
            hotel_id: Some(hotel_id),
            user_id: Some(owner_id),
            action: "hotel.registered",
            subject: Some(hotel_uuid),
            facts: json!({ "hotel": hotel.name, "owner": registration.owner_email }),
        };
        audit::record(&mut **transaction, deed, now).await?;
        let (email, name) = (&registration.owner_email, &registration.owner_name);
        let welcome = mails::hotel_welcome(email, name, &hotel.name, &self.base_url);
        platform::mail::enqueue(transaction, welcome, now).await?;
        people::tell(transaction, Some(organisation_id), "user.created", owner_id, json!({}), now).await
    }

    /// Writes a further hotel of the owner's company inside `transaction`, which is the owner's. They become its owner; its
    /// subscription is that of the company's other hotels.
    pub async fn add_hotel(
        &self,
        transaction: &mut Transaction,
        permit: OwnerPermit<'_>,
        hotel_id: HotelId,
        new: &NewHotel,
    ) -> Result<()> {
        let now = self.clock.now();
        let (organisation_id, actor) = (permit.organisation_id(), permit.actor());
        self.insert_further(transaction, organisation_id, hotel_id, new, actor.user_id).await?;
        insert_membership(transaction, organisation_id, hotel_id, actor.user_id, Role::Owner, now).await?;
        Ok(())
    }

    /// The same by the platform's admin, for the company whose owners become the hotel's; [`Error::NotFound`] if there is
    /// none. `transaction` is one in that company.
    pub async fn add_hotel_for(
        &self,
        transaction: &mut Transaction,
        permit: AdminPermit<'_>,
        organisation_id: OrganisationId,
        hotel_id: HotelId,
        new: &NewHotel,
    ) -> Result<()> {
        self.insert_further(transaction, organisation_id, hotel_id, new, permit.actor().user_id).await?;
        sqlx::query!(
            "INSERT INTO memberships (organisation_id, hotel_id, user_id, role, created_at)
             SELECT $1, $2, user_id, 'owner', $3
             FROM (SELECT user_id FROM memberships WHERE organisation_id = $1 AND role = 'owner'
                   UNION SELECT id FROM users WHERE organisation_id = $1 AND is_company_admin) AS owners",
            Uuid::from(organisation_id),
            Uuid::from(hotel_id),
            self.clock.now(),
        )
        .execute(&mut **transaction)
        .await?;
        Ok(())
    }

    async fn insert_further(
        &self,
        transaction: &mut Transaction,
        organisation_id: OrganisationId,
        hotel_id: HotelId,
        new: &NewHotel,
        by: UserId,
    ) -> Result<()> {
        if !platform::clock::is_time_zone(&new.hotel.time_zone) {
            return Err(Error::at("time_zone", ProblemCode::NotOnOffer));
        }
        let now = self.clock.now();
        let known =
            sqlx::query_scalar!("SELECT id FROM organisations WHERE id = $1", Uuid::from(organisation_id))
                .fetch_optional(&mut **transaction)
                .await?;
        known.ok_or(Error::NotFound)?;
        insert_hotel(transaction, organisation_id, hotel_id, &new.hotel, new.currency, now).await?;
        let deed = Deed {
            organisation_id: Some(organisation_id),
            hotel_id: Some(hotel_id),
            user_id: Some(by),
            action: "hotel.registered",
            subject: Some(hotel_id.into()),
            facts: json!({ "hotel": new.hotel.name }),
        };
        audit::record(&mut **transaction, deed, now).await?;
        Ok(())
    }
}

/// Writes a hotel. The first of a company may be used from now on; a further one as long as the first.
async fn insert_hotel(
    transaction: &mut Transaction,
    organisation_id: OrganisationId,
    hotel_id: HotelId,
    hotel: &HotelDraft,
    currency: Currency,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "INSERT INTO hotels (organisation_id, id, name, address, phone, email, time_zone, currency, terms,
                             subscription_valid, valid_from, valid_to, created_at)
         SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9,
                coalesce(first.subscription_valid, true), coalesce(first.valid_from, $10), first.valid_to, $10
         FROM (SELECT) AS one
         LEFT JOIN LATERAL (SELECT subscription_valid, valid_from, valid_to FROM hotels WHERE organisation_id = $1
                            ORDER BY created_at, id LIMIT 1) AS first ON true",
        Uuid::from(organisation_id),
        Uuid::from(hotel_id),
        hotel.name,
        hotel.address,
        hotel.phone,
        hotel.email,
        hotel.time_zone,
        currency.code(),
        hotel.terms,
        now,
    )
    .execute(&mut **transaction)
    .await?;
    Ok(())
}
