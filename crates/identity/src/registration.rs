//! A new company with its first hotel and its owner.

use domain::access::Role;
use domain::hotel::Registration;
use domain::ids::{HotelId, OrganisationId, UserId};
use domain::problem::ProblemCode;
use platform::audit::{self, Deed};
use platform::database::Transaction;
use serde_json::json;
use uuid::Uuid;

use crate::staff::insert_membership;
use crate::{Error, Identity, Result, people};

/// The longest part of a company code that comes from the name.
const LONGEST_SLUG: usize = 40;

/// Letters and digits that are not taken for each other.
const CODE_LETTERS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

impl Identity {
    /// Writes organisation, hotel, owner and membership inside `transaction`, which was opened with
    /// [`begin_in`](platform::database::Database::begin_in) for the new organisation and its owner. The owner signs in
    /// with their e-mail address; one that somebody has is a problem at `owner_email`, an unknown time zone one at
    /// `time_zone`.
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
            "INSERT INTO organisations (id, code, name, created_at) VALUES ($1, $2, $3, $4)",
            organisation,
            company_code(&hotel.name, rand::random()),
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
        people::tell(transaction, Some(organisation_id), "user.created", owner_id, json!({}), now).await
    }
}

/// A code that people can type: the name's letters, and eight that make it unlike any other.
fn company_code(name: &str, random: u64) -> String {
    let mut code = String::new();
    for letter in name.chars().map(|c| c.to_ascii_lowercase()) {
        if code.len() >= LONGEST_SLUG {
            break;
        }
        if letter.is_ascii_alphanumeric() {
            code.push(letter);
        } else if !code.is_empty() && !code.ends_with('-') {
            code.push('-');
        }
    }
    let slug = code.trim_end_matches('-');
    let mut code = if slug.is_empty() { "hotel-".to_owned() } else { format!("{slug}-") };
    for position in 0..8 {
        let index = (random >> (5 * position)) & 31;
        code.push(char::from(CODE_LETTERS[usize::try_from(index).unwrap_or(0)]));
    }
    code
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_name_gives_a_code_that_can_be_typed(name: String, random: u64) {
            let code = company_code(&name, random);
            prop_assert!(code.len() <= LONGEST_SLUG + 9);
            prop_assert!(code.split('-').all(|part| !part.is_empty()), "{code}");
            prop_assert!(code.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'), "{code}");
        }

        #[test]
        fn the_same_name_gives_another_code_each_time(first in 0..1u64 << 40, second in 0..1u64 << 40) {
            prop_assume!(first != second);
            prop_assert_ne!(company_code("Harbour House", first), company_code("Harbour House", second));
        }
    }

    #[test]
    fn the_name_can_be_recognised() {
        assert_eq!(company_code("  Harbour & House!", 0), "harbour-house-00000000");
        assert_eq!(company_code("ホテル", u64::MAX), "hotel-zzzzzzzz");
    }
}
