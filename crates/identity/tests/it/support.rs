//! Two companies with a hotel and three people each.

use std::sync::Arc;

use chrono::TimeDelta;
use domain::access::{Actor, Membership, Permit, Right, Role};
use domain::hotel::{HotelDraft, Registration};
use domain::ids::{HotelId, OrganisationId, SessionId, UserId};
use domain::money::Currency;
use domain::problem::ProblemCode;
use domain::staff::StaffForm;
use identity::{Client, Error, Identity, NewSession};
use platform::clock::MovableClock;
use platform::database::{Database, for_test};
use platform::settings::{PasswordCost, Settings};
use sqlx::PgPool;

pub const START: &str = "2027-03-10T12:00:00Z";
pub const PASSWORD: &str = "HarbourDesk1!";
/// Where the real users are, and somewhere else.
pub const HERE: &str = "192.0.2.10";
pub const ELSEWHERE: &str = "198.51.100.20";

pub struct House {
    pub organisation_id: OrganisationId,
    pub hotel_id: HotelId,
    pub owner: Actor,
    pub manager: Actor,
    pub reception: Actor,
}

pub struct World {
    /// The owner of all tables, who sees every row.
    pub superuser: PgPool,
    pub database: Database,
    pub clock: MovableClock,
    pub settings: Settings,
    pub identity: Identity,
    pub harbour: House,
    pub mill: House,
}

impl World {
    pub async fn new(superuser: PgPool) -> Self {
        Self::with(superuser, |_| ()).await
    }

    pub async fn with(superuser: PgPool, set: impl FnOnce(&mut Settings)) -> Self {
        let database = for_test(&superuser);
        let clock = MovableClock::at(START.parse().unwrap());
        let mut settings =
            Settings { password_cost: PasswordCost::LEAST, ..Settings::read(&|_| None).unwrap() };
        set(&mut settings);
        let identity = Identity::new(database.clone(), Arc::new(clock.clone()), &settings);
        let harbour = house(&identity, &database, "harbour", "Harbour House").await;
        let mill = house(&identity, &database, "mill", "Old Mill Inn").await;
        // Their welcome is not what tests look for.
        sqlx::query("DELETE FROM jobs").execute(&superuser).await.unwrap();
        Self { superuser, database, clock, settings, identity, harbour, mill }
    }

    /// The service of a server that was started just now.
    pub fn restarted(&self) -> Identity {
        Identity::new(self.database.clone(), Arc::new(self.clock.clone()), &self.settings)
    }

    pub async fn sign_in(&self, actor: &Actor) -> NewSession {
        self.identity.sign_in(&actor.username, PASSWORD, &client(HERE)).await.unwrap()
    }

    pub async fn can_sign_in(&self, actor: &Actor, password: &str) -> bool {
        self.identity.sign_in(&actor.username, password, &client("203.0.113.1")).await.is_ok()
    }

    pub async fn has_ended(&self, session: &NewSession) -> bool {
        self.identity.session(&session.token).await.unwrap().is_none()
    }

    pub async fn count(&self, sql: &'static str) -> i64 {
        sqlx::query_scalar(sql).fetch_one(&self.superuser).await.unwrap()
    }

    /// How often something was written into the audit log.
    pub async fn deeds(&self, action: &str) -> i64 {
        let sql = "SELECT count(*) FROM audit_log WHERE action = $1";
        sqlx::query_scalar(sql).bind(action).fetch_one(&self.superuser).await.unwrap()
    }

    /// Everything a stranger must not be able to change, as one text.
    pub async fn fingerprint(&self) -> String {
        let sql = "SELECT concat(
            (SELECT string_agg(u::text, ',' ORDER BY id) FROM users u),
            (SELECT string_agg(m::text, ',' ORDER BY user_id, hotel_id) FROM memberships m),
            (SELECT string_agg(s::text, ',' ORDER BY id) FROM sessions s),
            (SELECT string_agg(r::text, ',' ORDER BY id) FROM refresh_tokens r),
            (SELECT string_agg(p::text, ',' ORDER BY token_hash) FROM password_resets p),
            (SELECT count(*) FROM audit_log))";
        sqlx::query_scalar(sql).fetch_one(&self.superuser).await.unwrap()
    }

    /// Gives somebody a role in another hotel of the harbour's company.
    pub async fn second_hotel(&self, name: &str, actor: &Actor, role: Role) -> HotelId {
        let hotel_id: HotelId = platform::ids::new();
        sqlx::query("INSERT INTO hotels (organisation_id, id, name, time_zone, currency, created_at) VALUES ($1, $2, $3, 'UTC', 'EUR', now())")
            .bind(self.harbour.organisation_id)
            .bind(hotel_id)
            .bind(name)
            .execute(&self.superuser)
            .await
            .unwrap();
        sqlx::query("INSERT INTO memberships (organisation_id, hotel_id, user_id, role, created_at) VALUES ($1, $2, $3, $4, now())")
            .bind(self.harbour.organisation_id)
            .bind(hotel_id)
            .bind(actor.user_id)
            .bind(role.as_str())
            .execute(&self.superuser)
            .await
            .unwrap();
        hotel_id
    }

    pub async fn deactivate(&self, actor: &Actor) {
        let sql = "UPDATE users SET is_active = false WHERE id = $1";
        sqlx::query(sql).bind(actor.user_id).execute(&self.superuser).await.unwrap();
    }

    pub fn minutes_pass(&self, minutes: i64) {
        self.clock.advance(TimeDelta::minutes(minutes));
    }
}

impl House {
    pub fn permit<R: Right>(&self) -> Permit<'_, R> {
        self.owner.permit(self.hotel_id).unwrap()
    }

    pub fn managers_permit<R: Right>(&self) -> Permit<'_, R> {
        self.manager.permit(self.hotel_id).unwrap()
    }
}

pub fn client(address: &str) -> Client {
    Client { address: address.parse().unwrap(), user_agent: "Firefox/150".to_owned() }
}

pub fn unknown_session() -> SessionId {
    platform::ids::new()
}

pub fn form(username: &str, role: Role) -> StaffForm {
    StaffForm {
        username: username.to_owned(),
        full_name: format!("{username} of the {role} desk"),
        role: role.to_string(),
        password: PASSWORD.to_owned(),
        ..StaffForm::default()
    }
}

/// The field and the code of the only problem.
pub fn problem<T: std::fmt::Debug>(result: Result<T, Error>) -> (String, ProblemCode) {
    match result {
        Err(Error::Invalid(problems)) if problems.len() == 1 => {
            (problems[0].field.clone(), problems[0].code.clone())
        }
        other => panic!("not one problem: {other:?}"),
    }
}

pub fn registration(hotel_name: &str, owner_email: &str) -> Registration {
    Registration {
        hotel: HotelDraft {
            name: hotel_name.to_owned(),
            address: "1 Quay, Porto".to_owned(),
            phone: None,
            email: None,
            time_zone: "Europe/Lisbon".to_owned(),
            terms: String::new(),
        },
        currency: Currency::EUR,
        owner_name: "Olga Owner".to_owned(),
        owner_email: owner_email.to_owned(),
        password: PASSWORD.to_owned(),
        rooms: Vec::new(),
    }
}

pub fn actor(
    organisation_id: OrganisationId,
    user_id: UserId,
    username: &str,
    at: (HotelId, &str),
    role: Role,
) -> Actor {
    Actor {
        user_id,
        organisation_id: Some(organisation_id),
        full_name: username.to_owned(),
        username: username.to_owned(),
        memberships: vec![Membership {
            hotel_id: at.0,
            hotel_name: at.1.to_owned(),
            time_zone: "UTC".to_owned(),
            role,
            is_subscribed: true,
            subscribed_until: None,
        }],
        ..Actor::nobody()
    }
}

async fn house(identity: &Identity, database: &Database, word: &str, hotel_name: &str) -> House {
    let organisation_id: OrganisationId = platform::ids::new();
    let (hotel_id, owner_id): (HotelId, UserId) = (platform::ids::new(), platform::ids::new());
    let email = format!("owner@{word}.example");
    let mut transaction = database.begin_in(organisation_id, owner_id).await.unwrap();
    let registration = registration(hotel_name, &email);
    identity.register(&mut transaction, organisation_id, hotel_id, owner_id, &registration).await.unwrap();
    transaction.commit().await.unwrap();
    let at = (hotel_id, hotel_name);
    let owner = actor(organisation_id, owner_id, &email, at, Role::Owner);
    let permit = || owner.permit(hotel_id).unwrap();
    let (manager, reception) = (format!("manager-{word}"), format!("reception-{word}"));
    let manager_id = identity.create_staff(permit(), &form(&manager, Role::Manager), true).await.unwrap().id;
    let reception_id =
        identity.create_staff(permit(), &form(&reception, Role::Reception), true).await.unwrap().id;
    House {
        organisation_id,
        hotel_id,
        manager: actor(organisation_id, manager_id, &manager, at, Role::Manager),
        reception: actor(organisation_id, reception_id, &reception, at, Role::Reception),
        owner,
    }
}
