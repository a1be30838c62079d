//! Roles of those who help to run the platform, for its admin (spec `subscription-billing.md` 5.11, "RBAC").
//!
//! The admin alone sees and changes them: whoever could change roles could give themselves everything.

use domain::access::{AdminPermit, PlatformPermission, Resource};
use domain::ids::PlatformRoleId;
use domain::problem::{ProblemCode, Problems, optional_text, required_text};
use platform::database::{Transaction, violated_constraint};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{Error, Identity, Result, people};

/// The longest name and slug.
const NAME: usize = 100;

/// The longest description.
const DESCRIPTION: usize = 1_000;

/// A role as the admin sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManagedRole {
    /// The id.
    pub id: PlatformRoleId,
    /// Its name for machines, such as `support`.
    pub slug: String,
    /// Its name for people.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// What it permits.
    pub permissions: Vec<PlatformPermission>,
    /// Whether it is one of the system's, which stay as they are.
    pub is_system: bool,
    /// How many have it.
    pub user_count: i64,
    /// Counts changes.
    pub version: i32,
}

/// What a new role is, or what changes about one; what is absent stays.
#[derive(Debug, Clone, Default)]
pub struct RoleChange {
    /// Its name for people.
    pub name: Option<String>,
    /// Its name for machines; made of the name where a new role has none, and never changed afterwards.
    pub slug: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// What it permits, such as `invoices.manage`.
    pub permissions: Option<Vec<String>>,
    /// The version that was read; another one is [`Error::ChangedMeanwhile`].
    pub version: Option<i32>,
}

/// What of a change can be looked at without the database.
struct Checked {
    name: Option<String>,
    description: Option<String>,
    permissions: Option<Vec<String>>,
}

impl RoleChange {
    fn checked(&self) -> Result<Checked> {
        let mut problems = Problems::new();
        let name = self.name.as_deref().map(|name| required_text(name, NAME)).transpose();
        let name = problems.take("name", name).flatten();
        let description =
            self.description.as_deref().map(|text| optional_text(text, DESCRIPTION)).transpose();
        let description = problems.take("description", description).flatten().map(Option::unwrap_or_default);
        let permissions = self.permissions.as_ref().map(|names| {
            let known: Vec<PlatformPermission> = names.iter().filter_map(|name| name.parse().ok()).collect();
            if known.len() != names.len() || known.iter().any(|one| one.resource == Resource::Roles) {
                problems.add("permissions", ProblemCode::NotOnOffer);
            }
            let mut texts: Vec<String> = known.iter().map(ToString::to_string).collect();
            texts.sort_unstable();
            texts.dedup();
            texts
        });
        Ok(problems.or(Checked { name, description, permissions })?)
    }
}

/// Small letters and digits, and hyphens between them.
fn slug_of(text: &str) -> String {
    let text = text.to_lowercase();
    let words = text.split(|c: char| !c.is_ascii_lowercase() && !c.is_ascii_digit());
    words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join("-")
}

impl Identity {
    /// All roles, the system's first.
    pub async fn platform_roles(&self, permit: AdminPermit<'_>) -> Result<Vec<ManagedRole>> {
        permit.actor().admin()?;
        let mut transaction = self.database.begin_admin(&permit).await?;
        let found = load(&mut transaction, None).await?;
        transaction.commit().await?;
        Ok(found)
    }

    /// One role.
    pub async fn platform_role(&self, permit: AdminPermit<'_>, id: PlatformRoleId) -> Result<ManagedRole> {
        permit.actor().admin()?;
        let mut transaction = self.database.begin_admin(&permit).await?;
        let found = one(&mut transaction, id).await?;
        transaction.commit().await?;
        Ok(found)
    }

    /// Makes a role. Problems are at `name`, `slug`, `description` and `permissions`.
    pub async fn create_platform_role(
        &self,
        permit: AdminPermit<'_>,
        change: &RoleChange,
    ) -> Result<ManagedRole> {
        permit.actor().admin()?;
        let checked = change.checked()?;
        let name = checked.name.ok_or_else(|| Error::at("name", ProblemCode::Required))?;
        let slug = slug_of(change.slug.as_deref().filter(|slug| !slug.trim().is_empty()).unwrap_or(&name));
        if slug.is_empty() || slug.len() > NAME {
            return Err(Error::at("slug", ProblemCode::Required));
        }
        let (id, now): (PlatformRoleId, _) = (platform::ids::new(), self.clock.now());
        let permissions = checked.permissions.unwrap_or_default();
        let mut transaction = self.database.begin_admin(&permit).await?;
        sqlx::query!(
            "INSERT INTO platform_roles (id, slug, name, description, permissions, created_at, updated_at)
             VALUES ($1, $2, $3, $4, $5, $6, $6)",
            Uuid::from(id),
            slug,
            name,
            checked.description.unwrap_or_default(),
            &permissions,
            now,
        )
        .execute(&mut *transaction)
        .await
        .map_err(|error| Error::taken(error, &[("platform_roles_slug_key", "slug")]))?;
        let facts = json!({ "slug": slug, "name": name, "permissions": permissions });
        record(&mut transaction, permit, "role.created", id, facts, now).await?;
        let made = one(&mut transaction, id).await?;
        transaction.commit().await?;
        Ok(made)
    }

    /// Changes a role, for all who have it from their next request on. The system's are [`Error::Conflict`].
    pub async fn change_platform_role(
        &self,
        permit: AdminPermit<'_>,
        id: PlatformRoleId,
        change: &RoleChange,
    ) -> Result<ManagedRole> {
        permit.actor().admin()?;
        let checked = change.checked()?;
        let now = self.clock.now();
        let mut transaction = self.database.begin_admin(&permit).await?;
        let before = locked(&mut transaction, id).await?;
        if change.version.is_some_and(|version| version != before.version) {
            return Err(Error::ChangedMeanwhile);
        }
        sqlx::query!(
            "UPDATE platform_roles SET name = coalesce($2, name), description = coalesce($3, description),
                                       permissions = coalesce($4, permissions), updated_at = $5
             WHERE id = $1",
            Uuid::from(id),
            checked.name,
            checked.description,
            checked.permissions.as_deref(),
            now,
        )
        .execute(&mut *transaction)
        .await?;
        let changed = one(&mut transaction, id).await?;
        let facts = json!({ "slug": changed.slug, "name": changed.name, "permissions": changed.permissions });
        record(&mut transaction, permit, "role.changed", id, facts, now).await?;
        transaction.commit().await?;
        Ok(changed)
    }

    /// Deletes a role that nobody has. The system's are [`Error::Conflict`].
    pub async fn delete_platform_role(&self, permit: AdminPermit<'_>, id: PlatformRoleId) -> Result<()> {
        permit.actor().admin()?;
        let now = self.clock.now();
        let mut transaction = self.database.begin_admin(&permit).await?;
        let role = locked(&mut transaction, id).await?;
        sqlx::query!("DELETE FROM platform_roles WHERE id = $1", Uuid::from(id))
            .execute(&mut *transaction)
            .await
            .map_err(|error| match violated_constraint(&error) {
                Some("users_platform_role_fkey") => Error::Conflict("Role is in use"),
                _ => Error::Database(error),
            })?;
        record(&mut transaction, permit, "role.deleted", id, json!({ "slug": role.slug }), now).await?;
        Ok(transaction.commit().await?)
    }
}

/// A role that somebody is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Admin,
    User,
    Other(Uuid),
}

impl Role {
    /// The role with this slug, in small or large letters. The admin alone gives roles.
    pub(crate) async fn given(
        transaction: &mut Transaction,
        permit: AdminPermit<'_>,
        slug: &str,
    ) -> Result<Self> {
        permit.actor().admin()?;
        match slug.trim().to_lowercase().as_str() {
            "admin" => Ok(Self::Admin),
            // Nothing depends on being a vendor.
            "user" | "vendor" => Ok(Self::User),
            other => {
                let slug = other.replace('\0', "\u{fffd}");
                let id = sqlx::query_scalar!("SELECT id FROM platform_roles WHERE slug = $1", slug)
                    .fetch_optional(&mut **transaction)
                    .await?;
                id.map(Self::Other).ok_or_else(|| Error::at("role", ProblemCode::NotOnOffer))
            }
        }
    }

    pub(crate) fn id(self) -> Option<Uuid> {
        match self {
            Self::Other(id) => Some(id),
            Self::Admin | Self::User => None,
        }
    }
}

/// A role that may be changed, under its lock.
async fn locked(transaction: &mut Transaction, id: PlatformRoleId) -> Result<ManagedRole> {
    sqlx::query!("SELECT FROM platform_roles WHERE id = $1 FOR UPDATE", Uuid::from(id))
        .execute(&mut **transaction)
        .await?;
    let role = one(transaction, id).await?;
    if role.is_system { Err(Error::Conflict("System roles cannot be changed or deleted")) } else { Ok(role) }
}

async fn one(transaction: &mut Transaction, id: PlatformRoleId) -> Result<ManagedRole> {
    load(transaction, Some(id)).await?.pop().ok_or(Error::NotFound)
}

async fn load(transaction: &mut Transaction, id: Option<PlatformRoleId>) -> Result<Vec<ManagedRole>> {
    let rows = sqlx::query!(
        r#"SELECT r.id AS "id: PlatformRoleId", r.slug, r.name, r.description, r.permissions, r.is_system, r.version,
                  CASE r.slug
                      WHEN 'admin' THEN (SELECT count(*) FROM users u WHERE u.is_platform_admin AND u.deleted_at IS NULL)
                      WHEN 'user' THEN (SELECT count(*) FROM users u WHERE NOT u.is_platform_admin AND u.platform_role_id IS NULL
                                                                       AND u.deleted_at IS NULL)
                      ELSE (SELECT count(*) FROM users u WHERE u.platform_role_id = r.id)
                  END AS "user_count!"
           FROM platform_roles r WHERE $1::uuid IS NULL OR r.id = $1
           ORDER BY r.is_system DESC, r.name, r.id LIMIT 500"#,
        id.map(Uuid::from),
    )
    .fetch_all(&mut **transaction)
    .await?;
    let roles = rows.into_iter().map(|row| ManagedRole {
        permissions: if row.is_system && row.slug == "admin" {
            PlatformPermission::all().collect()
        } else {
            row.permissions.iter().filter_map(|name| name.parse().ok()).collect()
        },
        id: row.id,
        slug: row.slug,
        name: row.name,
        description: row.description,
        is_system: row.is_system,
        user_count: row.user_count,
        version: row.version,
    });
    Ok(roles.collect())
}

async fn record(
    transaction: &mut Transaction,
    permit: AdminPermit<'_>,
    action: &'static str,
    id: PlatformRoleId,
    facts: Value,
    now: chrono::DateTime<chrono::Utc>,
) -> Result<()> {
    people::record(transaction, None, permit.actor().user_id, action, id.into(), facts, now).await
}
