//! A new company with its first hotel and its owner. Its code is the next number (spec `hotel-modules.md` 2.2).

use domain::access::Role;
use domain::hotel::Registration;
use domain::ids::{HotelId, OrganisationId, UserId};
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
        sqlx::query!(
            "INSERT INTO hotels (organisation_id, id, name, address, phone, email, time_zone, currency, terms,
                                 subscription_valid, valid_from, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, true, $10, $10)",
            organisation,
            hotel_uuid,
            hotel.name,
            hotel.address,
            hotel.phone,
            hotel.email,
            hotel.time_zone,
            registration.currency.code(),
            hotel.terms,
            now,
        )
        .execute(&mut **transaction)
        .await?;
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
}
