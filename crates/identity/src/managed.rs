//! Everybody, for the admin of the platform (spec `subscription-billing.md` 5.11, "users").

use chrono::{DateTime, Utc};
use domain::access::AdminPermit;
use domain::ids::{OrganisationId, UserId};
use domain::problem::{ProblemCode, Problems, email, required_text};
use platform::database::Transaction;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::access_end::end_access;
use crate::platform_roles::Role;
use crate::{Error, Identity, Result, mails, people};

/// The longest name.
const NAME: usize = 201;

/// A user as the admin sees them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManagedUser {
    /// The id.
    pub id: UserId,
    /// The address; the user name of those who have none.
    pub email: String,
    /// Full name.
    pub full_name: String,
    /// The organisation that employs the user, if any.
    pub organisation_id: Option<OrganisationId>,
    /// Whether the user may sign in.
    pub is_active: bool,
    /// Whether the user runs the platform.
    pub is_platform_admin: bool,
    /// The slug of the role on the platform: `admin`, `user`, or one that the admin made.
    pub role: String,
    /// When the user was deleted; the row stays, without a name.
    pub deleted_at: Option<DateTime<Utc>>,
    /// Counts changes.
    pub version: i32,
    /// When the user was made.
    pub created_at: DateTime<Utc>,
    /// When the admin last changed the user.
    pub updated_at: Option<DateTime<Utc>>,
}

/// Whether somebody may sign in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// May sign in.
    Active,
    /// May not.
    Suspended,
    /// Is deleted.
    Deleted,
}

/// Which users are wanted.
#[derive(Debug, Clone)]
pub struct UserQuery {
    /// Only those of this standing; all but the deleted ones if absent.
    pub standing: Option<Standing>,
    /// Only those whose address has this part.
    pub search: Option<String>,
    /// How many at most.
    pub limit: i64,
    /// After how many.
    pub offset: i64,
}

/// What a new user is, or what changes about one; what is absent stays.
#[derive(Debug, Clone, Default)]
pub struct UserChange {
    /// The address.
    pub email: Option<String>,
    /// The password, of eight characters at least.
    pub password: Option<String>,
    /// The full name; a new user without one is called by the part of the address before the @.
    pub full_name: Option<String>,
    /// Whether the user may sign in.
    pub is_active: Option<bool>,
    /// The role on the platform, by its slug. The admin alone gives and takes roles.
    pub role: Option<String>,
    /// The version that was read; another one is [`Error::ChangedMeanwhile`].
    pub version: Option<i32>,
}

/// What of a change can be looked at without the database.
struct Checked {
    email: Option<String>,
    password: Option<String>,
    full_name: Option<String>,
}

impl UserChange {
    fn checked(&self) -> Result<Checked> {
        let mut problems = Problems::new();
        let address = self.email.as_deref().map(email).transpose();
        let email = problems.take("email", address).flatten();
        let full_name = self.full_name.as_deref().map(|name| required_text(name, NAME)).transpose();
        let full_name = problems.take("name", full_name).flatten();
        let password = self.password.clone();
        let length = password.as_deref().map(|password| password.chars().count());
        match length {
            Some(..8) => problems.add("password", ProblemCode::TooShort { min: 8 }),
            Some(201..) => problems.add("password", ProblemCode::TooLong { max: 200 }),
            _ => {}
        }
        Ok(problems.or(Checked { email, password, full_name })?)
    }
}

/// Reads users by a condition.
macro_rules! select_users {
    ($condition:literal, $($argument:expr),* $(,)?) => {
        sqlx::query_as!(
            ManagedUser,
            r#"SELECT id AS "id: UserId", coalesce(email, username) AS "email!", full_name,
                      organisation_id AS "organisation_id: OrganisationId", is_active, is_platform_admin,
                      CASE WHEN is_platform_admin THEN 'admin'
                           ELSE coalesce((SELECT r.slug FROM platform_roles r WHERE r.id = platform_role_id), 'user') END AS "role!",
                      deleted_at, version, created_at, updated_at
               FROM users "# + $condition,
            $($argument),*
        )
    };
}

/// What `is_active` is, if that matters, and whether there is a `deleted_at`.
fn columns(standing: Option<Standing>) -> (Option<bool>, bool) {
    match standing {
        None => (None, false),
        Some(Standing::Active) => (Some(true), false),
        Some(Standing::Suspended) => (Some(false), false),
        Some(Standing::Deleted) => (None, true),
    }
}

impl Identity {
    /// Everybody, newest first: a part of them, and how many there are.
    pub async fn managed_users(
        &self,
        permit: AdminPermit<'_>,
        query: &UserQuery,
    ) -> Result<(Vec<ManagedUser>, i64)> {
        let (active, deleted) = columns(query.standing);
        let mut transaction = self.database.begin_admin(&permit).await?;
        let users = select_users!(
            r#"WHERE ($1::boolean IS NULL OR is_active = $1) AND (deleted_at IS NOT NULL) = $2
                 AND ($3::text IS NULL OR position(lower($3) IN coalesce(email, username)) > 0)
               ORDER BY created_at DESC, id DESC LIMIT $4 OFFSET $5"#,
            active,
            deleted,
            query.search,
            query.limit,
            query.offset,
        )
        .fetch_all(&mut *transaction)
        .await?;
        let total = sqlx::query_scalar!(
            r#"SELECT count(*) AS "count!" FROM users
               WHERE ($1::boolean IS NULL OR is_active = $1) AND (deleted_at IS NOT NULL) = $2
                 AND ($3::text IS NULL OR position(lower($3) IN coalesce(email, username)) > 0)"#,
            active,
            deleted,
            query.search,
        )
        .fetch_one(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok((users, total))
    }

    /// Everybody, newest first, after the one before: those of this standing (all but the deleted ones if absent) whose
    /// address begins with `beginning`.
    pub async fn find_users(
        &self,
        permit: AdminPermit<'_>,
        standing: Option<Standing>,
        beginning: Option<&str>,
        after: Option<UserId>,
        limit: i64,
    ) -> Result<Vec<ManagedUser>> {
        let (active, deleted) = columns(standing);
        let beginning = beginning.map(|text| platform::database::beginning(&text.to_lowercase()));
        let mut transaction = self.database.begin_admin(&permit).await?;
        platform::database::plan_for_values(&mut transaction).await?;
        let users = select_users!(
            r#"WHERE ($1::boolean IS NULL OR is_active = $1) AND (deleted_at IS NOT NULL) = $2
                 AND ($3::text IS NULL OR coalesce(email, username) LIKE $3)
                 AND ($4::uuid IS NULL OR (created_at, id) < (SELECT b.created_at, b.id FROM users b WHERE b.id = $4))
               ORDER BY created_at DESC, id DESC LIMIT $5"#,
            active,
            deleted,
            beginning,
            after.map(Uuid::from),
            limit,
        )
        .fetch_all(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(users)
    }

    /// One user.
    pub async fn managed_user(&self, permit: AdminPermit<'_>, id: UserId) -> Result<ManagedUser> {
        let mut transaction = self.database.begin_admin(&permit).await?;
        let found = load(&mut transaction, id).await?;
        transaction.commit().await?;
        Ok(found)
    }

    /// Makes a user without an organisation: a customer, or another admin, who is written about it if they may sign in.
    /// Problems are at `email`, `password` and `name`.
    pub async fn create_user(&self, permit: AdminPermit<'_>, change: &UserChange) -> Result<ManagedUser> {
        let checked = change.checked()?;
        let email = checked.email.ok_or_else(|| Error::at("email", ProblemCode::Required))?;
        let password = checked.password.ok_or_else(|| Error::at("password", ProblemCode::Required))?;
        let hash = self.passwords.hash(&password).await?;
        let name = checked
            .full_name
            .unwrap_or_else(|| email.split_once('@').map_or(email.as_str(), |(local, _)| local).to_owned());
        let id: UserId = platform::ids::new();
        let now = self.clock.now();
        let mut transaction = self.database.begin_identity().await?;
        let role = match &change.role {
            Some(role) => Role::given(&mut transaction, permit, role).await?,
            None => Role::User,
        };
        sqlx::query!(
            "INSERT INTO users (id, email, username, full_name, password_hash, is_active, is_platform_admin, platform_role_id,
                                created_at)
             VALUES ($1, $2, $2, $3, $4, $5, $6, $7, $8)",
            Uuid::from(id),
            email,
            name,
            hash,
            change.is_active.unwrap_or(true),
            role == Role::Admin,
            role.id(),
            now,
        )
        .execute(&mut *transaction)
        .await
        .map_err(taken)?;
        let facts = json!({ "email": email, "role": change.role });
        record(&mut transaction, permit, "user.created", id, facts, now).await?;
        people::tell(&mut transaction, None, "user.created", id, json!({}), now).await?;
        let made = load(&mut transaction, id).await?;
        if made.is_active {
            let message = mails::account_made(&made.email, &made.full_name, &self.base_url);
            platform::mail::enqueue(&mut transaction, message, now).await?;
        }
        transaction.commit().await?;
        Ok(made)
    }

    /// Changes a user. Who is suspended or has another password is signed out everywhere; who may sign in is told of
    /// another address at the one that was. Nobody suspends or demotes themselves: so there is always an admin.
    pub async fn change_user(
        &self,
        permit: AdminPermit<'_>,
        id: UserId,
        change: &UserChange,
    ) -> Result<ManagedUser> {
        let checked = change.checked()?;
        let hash = match &checked.password {
            Some(password) => Some(self.passwords.hash(password).await?),
            None => None,
        };
        let now = self.clock.now();
        let mut transaction = self.database.begin_identity().await?;
        let before = lock(&mut transaction, id).await?;
        if change.version.is_some_and(|version| version != before.version) {
            return Err(Error::ChangedMeanwhile);
        }
        if before.deleted_at.is_some() {
            return Err(Error::Conflict("User is deleted"));
        }
        let is_active = change.is_active.unwrap_or(before.is_active);
        refuse_above(permit, &before)?;
        let role = match change.role.as_deref().filter(|role| !role.eq_ignore_ascii_case(&before.role)) {
            Some(role) => Some(Role::given(&mut transaction, permit, role).await?),
            None => None,
        };
        if before.organisation_id.is_some() && matches!(role, Some(Role::Other(_))) {
            return Err(Error::Conflict("User works for an organisation"));
        }
        if id == permit.actor().user_id && !is_active {
            return Err(Error::Conflict("You cannot suspend your own account"));
        }
        if id == permit.actor().user_id && role.is_some() {
            return Err(Error::Conflict("You cannot take your own admin role away"));
        }
        sqlx::query!(
            "UPDATE users
             SET username = CASE WHEN $2::text IS NOT NULL AND username = email THEN $2 ELSE username END, email = coalesce($2, email),
                 full_name = coalesce($3, full_name), password_hash = coalesce($4, password_hash), is_active = $5,
                 is_platform_admin = CASE WHEN $8 THEN $6 ELSE is_platform_admin END,
                 platform_role_id = CASE WHEN $8 THEN $9 ELSE platform_role_id END, updated_at = $7
             WHERE id = $1",
            Uuid::from(id),
            checked.email,
            checked.full_name,
            hash,
            is_active,
            role == Some(Role::Admin),
            now,
            role.is_some(),
            role.and_then(Role::id),
        )
        .execute(&mut *transaction)
        .await
        .map_err(taken)?;
        if !is_active || hash.is_some() {
            end_access(&mut transaction, id, None, now).await?;
        }
        if hash.is_some() {
            self.tell_password_changed(&mut transaction, id, now).await?;
        }
        let has_new_email = checked.email.as_ref().is_some_and(|email| *email != before.email);
        // Staff may have a user name alone, which is no address.
        if has_new_email && before.is_active && before.email.contains('@') {
            self.tell_address_changed(&mut transaction, &before.email, &before.full_name, now).await?;
        }
        let facts = json!({
            "email": checked.email, "is_active": is_active, "role": change.role, "password_set": hash.is_some(),
        });
        record(&mut transaction, permit, "user.changed", id, facts, now).await?;
        if is_active != before.is_active {
            people::tell_status(&mut transaction, before.organisation_id, id, is_active, now).await?;
        }
        let changed = load(&mut transaction, id).await?;
        transaction.commit().await?;
        Ok(changed)
    }

    /// Deletes a user: the row stays because invoices refer to it, without name, address and password. Staff are their
    /// organisation's to remove, and nobody deletes themselves.
    pub async fn delete_user(&self, permit: AdminPermit<'_>, id: UserId) -> Result<()> {
        let now = self.clock.now();
        let mut transaction = self.database.begin_identity().await?;
        let user = lock(&mut transaction, id).await?;
        refuse_deletion(permit, &user)?;
        let name = format!("deleted-{id}");
        sqlx::query!(
            "UPDATE users
             SET email = NULL, username = $2, full_name = 'Deleted user', password_hash = '', is_active = false,
                 is_platform_admin = false, platform_role_id = NULL, deleted_at = $3, updated_at = $3
             WHERE id = $1",
            Uuid::from(id),
            name,
            now,
        )
        .execute(&mut *transaction)
        .await?;
        end_access(&mut transaction, id, None, now).await?;
        record(&mut transaction, permit, "user.deleted", id, json!({}), now).await?;
        people::tell(&mut transaction, None, "user.deleted", id, json!({}), now).await?;
        Ok(transaction.commit().await?)
    }

    /// Whether a user can be deleted: what [`Identity::delete_user`] would refuse.
    pub async fn refuse_user_deletion(&self, permit: AdminPermit<'_>, id: UserId) -> Result<ManagedUser> {
        let user = self.managed_user(permit, id).await?;
        refuse_deletion(permit, &user)?;
        Ok(user)
    }
}

/// The admin alone changes those who have a part in running the platform, or work for a hotel: a new password for one of
/// them would be a way to what they may do.
fn refuse_above(permit: AdminPermit<'_>, user: &ManagedUser) -> Result<()> {
    if user.role != "user" || user.organisation_id.is_some() {
        permit.actor().admin()?;
    }
    Ok(())
}

fn refuse_deletion(permit: AdminPermit<'_>, user: &ManagedUser) -> Result<()> {
    if user.deleted_at.is_some() {
        return Err(Error::NotFound);
    }
    refuse_above(permit, user)?;
    if user.organisation_id.is_some() {
        return Err(Error::Conflict("User works for an organisation"));
    }
    if user.id == permit.actor().user_id {
        return Err(Error::Conflict("You cannot delete your own account"));
    }
    Ok(())
}

fn taken(error: sqlx::Error) -> Error {
    let fields = ["users_email_key", "users_username_key", "users_username_is_no_other_email"];
    Error::taken(error, &fields.map(|constraint| (constraint, "email")))
}

async fn lock(transaction: &mut Transaction, id: UserId) -> Result<ManagedUser> {
    sqlx::query!("SELECT FROM users WHERE id = $1 FOR NO KEY UPDATE", Uuid::from(id))
        .execute(&mut **transaction)
        .await?;
    load(transaction, id).await
}

async fn load(transaction: &mut Transaction, id: UserId) -> Result<ManagedUser> {
    select_users!("WHERE id = $1", Uuid::from(id),)
        .fetch_optional(&mut **transaction)
        .await?
        .ok_or(Error::NotFound)
}

async fn record(
    transaction: &mut Transaction,
    permit: AdminPermit<'_>,
    action: &'static str,
    id: UserId,
    facts: Value,
    now: DateTime<Utc>,
) -> Result<()> {
    people::record(transaction, None, permit.actor().user_id, action, id.into(), facts, now).await
}
