//! Bearer tokens: JSON Web Tokens (RFC 7519), HS256, `sub` the user's id, 30 minutes (spec `reception.md` 3.2).

use chrono::{DateTime, TimeDelta, Utc};
use domain::access::Actor;
use domain::ids::{OrganisationId, UserId};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use platform::settings::Secret;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::{Error, Result, companies};

/// How long a bearer token is accepted.
pub(crate) const LIFETIME: TimeDelta = TimeDelta::minutes(30);

/// How long one is accepted with which an admin acts in somebody's name.
pub(crate) const IMPERSONATION_LIFETIME: TimeDelta = TimeDelta::minutes(15);

/// The keys that sign and verify.
pub(crate) struct AccessKeys {
    encoding: EncodingKey,
    decoding: DecodingKey,
    validation: Validation,
}

#[derive(Serialize, Deserialize)]
struct Claims {
    /// The user's id.
    sub: Uuid,
    /// Seconds since 1970: when it was issued, and from when on it is refused.
    iat: i64,
    exp: i64,
    /// The family of refresh tokens it came with; it ends with them.
    fam: Uuid,
    /// For clients that look into it (spec `hotel-modules.md` 2.2): the user's company, and whether they run it. What
    /// holds is looked up for each request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    company_id: Option<Uuid>,
    #[serde(default)]
    is_admin: bool,
    /// The admin who acts in the user's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    impersonated_by: Option<Uuid>,
}

/// Whom a bearer token is for.
pub(crate) struct Bearer {
    pub(crate) user_id: UserId,
    pub(crate) family_id: Uuid,
    pub(crate) company_id: Option<OrganisationId>,
    pub(crate) is_admin: bool,
    pub(crate) impersonated_by: Option<UserId>,
}

impl Bearer {
    /// A token of a person, with a family of refresh tokens.
    pub(crate) fn of(actor: &Actor, family_id: Uuid) -> Self {
        Self {
            user_id: actor.user_id,
            family_id,
            company_id: companies::of(actor),
            is_admin: companies::is_admin(actor),
            impersonated_by: actor.impersonated_by,
        }
    }

    /// How long it is accepted.
    pub(crate) fn lifetime(&self) -> TimeDelta {
        if self.impersonated_by.is_some() { IMPERSONATION_LIFETIME } else { LIFETIME }
    }
}

impl AccessKeys {
    pub(crate) fn new(secret: &Secret) -> Self {
        // A key for this purpose alone: what is signed for another cannot be passed here.
        let key = Sha256::digest(format!("bearer tokens\0{}", secret.expose()));
        let mut validation = Validation::new(Algorithm::HS256);
        // The time comes from our clock.
        validation.validate_exp = false;
        validation.validate_aud = false;
        validation.required_spec_claims.clear();
        Self {
            encoding: EncodingKey::from_secret(&key),
            decoding: DecodingKey::from_secret(&key),
            validation,
        }
    }

    /// Signs a token for a user.
    pub(crate) fn sign(&self, bearer: &Bearer, now: DateTime<Utc>) -> Result<String> {
        let claims = Claims {
            sub: bearer.user_id.into(),
            iat: now.timestamp(),
            exp: (now + bearer.lifetime()).timestamp(),
            fam: bearer.family_id,
            company_id: bearer.company_id.map(Uuid::from),
            is_admin: bearer.is_admin,
            impersonated_by: bearer.impersonated_by.map(Uuid::from),
        };
        jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &self.encoding)
            .map_err(|error| Error::Internal(format!("a token could not be signed: {error}")))
    }

    /// Reads a token that we signed and that has not expired.
    pub(crate) fn verify(&self, token: &str, now: DateTime<Utc>) -> Result<Bearer> {
        let claims = jsonwebtoken::decode::<Claims>(token, &self.decoding, &self.validation)
            .map_err(|_| Error::BadToken)?
            .claims;
        if claims.exp <= now.timestamp() {
            return Err(Error::ExpiredToken);
        }
        Ok(Bearer {
            user_id: claims.sub.into(),
            family_id: claims.fam,
            company_id: claims.company_id.map(Into::into),
            is_admin: claims.is_admin,
            impersonated_by: claims.impersonated_by.map(Into::into),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(secret: &str) -> AccessKeys {
        AccessKeys::new(&Secret::new(secret))
    }

    fn bearer() -> Bearer {
        let actor = Actor { user_id: Uuid::from_u128(7).into(), ..Actor::nobody() };
        Bearer::of(&actor, Uuid::from_u128(8))
    }

    #[test]
    fn a_token_in_somebody_elses_name_says_so_and_ends_sooner() {
        let now: DateTime<Utc> = "2027-03-10T12:00:00Z".parse().unwrap();
        let admin: UserId = Uuid::from_u128(9).into();
        let token = keys("k").sign(&Bearer { impersonated_by: Some(admin), ..bearer() }, now).unwrap();
        let last = now + IMPERSONATION_LIFETIME - TimeDelta::seconds(1);
        assert_eq!(keys("k").verify(&token, last).unwrap().impersonated_by, Some(admin));
        let over = keys("k").verify(&token, now + IMPERSONATION_LIFETIME);
        assert!(matches!(over, Err(Error::ExpiredToken)));
    }

    #[test]
    fn a_token_is_accepted_for_thirty_minutes_and_not_a_second_longer() {
        let now: DateTime<Utc> = "2027-03-10T12:00:00Z".parse().unwrap();
        let token = keys("k").sign(&bearer(), now).unwrap();
        let read = keys("k").verify(&token, now + LIFETIME - TimeDelta::seconds(1)).unwrap();
        assert_eq!((read.user_id, read.family_id), (bearer().user_id, bearer().family_id));
        assert!(matches!(keys("k").verify(&token, now + LIFETIME), Err(Error::ExpiredToken)));
    }

    #[test]
    fn a_token_of_another_key_or_without_a_signature_is_refused() {
        let now: DateTime<Utc> = "2027-03-10T12:00:00Z".parse().unwrap();
        let token = keys("k").sign(&bearer(), now).unwrap();
        assert!(matches!(keys("other").verify(&token, now), Err(Error::BadToken)));
        let body = token.split('.').nth(1).unwrap();
        // {"alg":"none","typ":"JWT"}
        for forged in [
            format!("eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{body}."),
            format!("{token}x"),
            "a.b.c".into(),
            String::new(),
        ] {
            assert!(matches!(keys("k").verify(&forged, now), Err(Error::BadToken)), "{forged}");
        }
    }
}
