//! Categories of plans: a tree under the root, of which each can allow one subscription (spec 5.7). For the admin.

use chrono::{DateTime, Utc};
use domain::access::AdminPermit;
use domain::ids::{PlanCategoryId, PlanId};
use platform::database::Transaction;
use serde_json::json;
use uuid::Uuid;

use crate::payments::record;
use crate::{Billing, Error, Result, input};

/// The category that stands above all.
pub const ROOT: Uuid = Uuid::from_u128(1);

/// The most plans that are attached or detached at once.
const MOST_PLANS: usize = 1_000;

/// A category.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Category {
    /// The id.
    pub id: PlanCategoryId,
    /// What people call it.
    pub name: String,
    /// Its name in addresses.
    pub slug: String,
    /// What it is about.
    pub description: String,
    /// The category above it, if any.
    pub parent_id: Option<PlanCategoryId>,
    /// Whether an account can have one subscription of its plans at most.
    pub is_single: bool,
    /// Its place among its siblings.
    pub sort_order: i32,
    /// How many plans are in it.
    pub plan_count: i64,
    /// Counts changes.
    pub version: i32,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

/// What a new category is, or what changes about one; what is absent stays.
#[derive(Debug, Clone, Default)]
pub struct CategoryChange {
    /// The name.
    pub name: Option<String>,
    /// Its name in addresses; made of the name where a new category has none.
    pub slug: Option<String>,
    /// What it is about.
    pub description: Option<String>,
    /// The category above it; `Some(None)` takes it out.
    pub parent_id: Option<Option<PlanCategoryId>>,
    /// Whether it allows one subscription.
    pub is_single: Option<bool>,
    /// Its place among its siblings.
    pub sort_order: Option<i32>,
    /// The version that was read; another one is [`Error::ChangedMeanwhile`].
    pub version: Option<i32>,
}

impl Billing {
    /// All categories in their order; at most a thousand.
    pub async fn categories(&self, permit: AdminPermit<'_>) -> Result<Vec<Category>> {
        let mut transaction = self.database.begin_admin(&permit).await?;
        let found = load(&mut transaction, None).await?;
        transaction.commit().await?;
        Ok(found)
    }

    /// One category.
    pub async fn category(&self, permit: AdminPermit<'_>, id: PlanCategoryId) -> Result<Category> {
        let mut transaction = self.database.begin_admin(&permit).await?;
        let found = one(&mut transaction, id).await?;
        transaction.commit().await?;
        Ok(found)
    }

    /// Makes a category.
    pub async fn create_category(
        &self,
        permit: AdminPermit<'_>,
        change: &CategoryChange,
    ) -> Result<Category> {
        let id: PlanCategoryId = platform::ids::new();
        let now = self.clock.now();
        let name = input::required("name", change.name.as_deref(), input::NAME, "Name is required")?;
        let category = Category {
            id,
            slug: input::slug(change.slug.as_deref(), &name)?,
            name,
            description: String::new(),
            parent_id: None,
            is_single: true,
            sort_order: 0,
            plan_count: 0,
            version: 0,
            created_at: now,
            updated_at: now,
        };
        let category = category.changed(change)?;
        let mut transaction = self.database.begin_admin(&permit).await?;
        lock_tree(&mut transaction).await?;
        refuse_parent(&mut transaction, &category).await?;
        save(&mut transaction, &category, now).await?;
        let facts = json!({ "name": category.name, "slug": category.slug });
        record(&mut transaction, permit, "plan_category.created", id.into(), facts, now).await?;
        let made = one(&mut transaction, id).await?;
        transaction.commit().await?;
        Ok(made)
    }

    /// Changes a category. A parent that is the category itself, or below it, is refused (the original looks at the
    /// first alone).
    pub async fn change_category(
        &self,
        permit: AdminPermit<'_>,
        id: PlanCategoryId,
        change: &CategoryChange,
    ) -> Result<Category> {
        let now = self.clock.now();
        let mut transaction = self.database.begin_admin(&permit).await?;
        lock_tree(&mut transaction).await?;
        let before = one(&mut transaction, id).await?;
        input::refuse_stale(change.version, before.version)?;
        let after = before.clone().changed(change)?;
        if Uuid::from(id) == ROOT && (after.slug != before.slug || after.parent_id.is_some()) {
            return Err(Error::Invalid("Cannot move or rename the slug of the root category".to_owned()));
        }
        if after.parent_id != before.parent_id {
            refuse_parent(&mut transaction, &after).await?;
        }
        save(&mut transaction, &after, now).await?;
        if after.is_single != before.is_single {
            keep_single(&mut transaction, id).await?;
        }
        let facts = json!({ "name": after.name, "slug": after.slug, "is_single": after.is_single, "parent_id": after.parent_id });
        record(&mut transaction, permit, "plan_category.changed", id.into(), facts, now).await?;
        let changed = one(&mut transaction, id).await?;
        transaction.commit().await?;
        Ok(changed)
    }

    /// Deletes a category that has none below it; its plans stay, without it.
    pub async fn delete_category(&self, permit: AdminPermit<'_>, id: PlanCategoryId) -> Result<()> {
        if Uuid::from(id) == ROOT {
            return Err(Error::Invalid("Cannot delete root category".to_owned()));
        }
        let now = self.clock.now();
        let mut transaction = self.database.begin_admin(&permit).await?;
        lock_tree(&mut transaction).await?;
        let category = one(&mut transaction, id).await?;
        let has_children = sqlx::query_scalar!(
            r#"SELECT EXISTS (SELECT FROM plan_categories WHERE parent_id = $1) AS "found!""#,
            Uuid::from(id),
        )
        .fetch_one(&mut *transaction)
        .await?;
        if has_children {
            return Err(Error::Invalid(
                "Cannot delete category with children. Delete children first.".to_owned(),
            ));
        }
        sqlx::query!("DELETE FROM plan_categories WHERE id = $1", Uuid::from(id))
            .execute(&mut *transaction)
            .await?;
        let facts = json!({ "name": category.name, "slug": category.slug });
        record(&mut transaction, permit, "plan_category.deleted", id.into(), facts, now).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Puts plans into a category; those that are in it stay. Refused where the category allows one subscription and
    /// somebody has two of its plans.
    pub async fn attach_plans(
        &self,
        permit: AdminPermit<'_>,
        id: PlanCategoryId,
        plans: &[PlanId],
    ) -> Result<Category> {
        let now = self.clock.now();
        let plans = some_plans(plans)?;
        let mut transaction = self.database.begin_admin(&permit).await?;
        lock_tree(&mut transaction).await?;
        attach(&mut transaction, permit, id, &plans, now).await?;
        let changed = one(&mut transaction, id).await?;
        transaction.commit().await?;
        Ok(changed)
    }

    /// Takes plans out of a category; those that are not in it stay so.
    pub async fn detach_plans(
        &self,
        permit: AdminPermit<'_>,
        id: PlanCategoryId,
        plans: &[PlanId],
    ) -> Result<Category> {
        let now = self.clock.now();
        let plans = some_plans(plans)?;
        let mut transaction = self.database.begin_admin(&permit).await?;
        lock_tree(&mut transaction).await?;
        detach(&mut transaction, permit, id, &plans, now).await?;
        let changed = one(&mut transaction, id).await?;
        transaction.commit().await?;
        Ok(changed)
    }
}

impl Category {
    /// With what the admin changes.
    fn changed(mut self, change: &CategoryChange) -> Result<Self> {
        if let Some(name) = &change.name {
            self.name = input::required("name", Some(name), input::NAME, "Name cannot be empty")?;
        }
        if change.slug.is_some() {
            self.slug = input::slug(change.slug.as_deref(), &self.name)?;
        }
        if let Some(description) = &change.description {
            self.description = input::text("description", description, input::DESCRIPTION)?;
        }
        if let Some(parent_id) = change.parent_id {
            if parent_id == Some(self.id) {
                return Err(Error::Invalid("Category cannot be its own parent".to_owned()));
            }
            self.parent_id = parent_id;
        }
        self.is_single = change.is_single.unwrap_or(self.is_single);
        self.sort_order = change.sort_order.unwrap_or(self.sort_order);
        Ok(self)
    }
}

/// Which categories a plan is put into, and which it is taken out of, by a change of the plan.
pub(super) struct Moves {
    into: Vec<PlanCategoryId>,
    out_of: Vec<PlanCategoryId>,
}

impl Moves {
    /// What makes `wanted` all the categories of a plan. From here on nobody else changes categories, nor buys where
    /// something moves: this comes before the plan itself is locked, since whoever buys or attaches locks it last.
    pub(super) async fn find(
        transaction: &mut Transaction,
        plan: PlanId,
        wanted: &[PlanCategoryId],
    ) -> Result<Self> {
        lock_tree(transaction).await?;
        let known = sqlx::query_scalar!(
            r#"SELECT category_id AS "category_id: PlanCategoryId" FROM plans_in_categories WHERE plan_id = $1"#,
            Uuid::from(plan),
        )
        .fetch_all(&mut **transaction)
        .await?;
        let into: Vec<_> = wanted.iter().copied().filter(|id| !known.contains(id)).collect();
        let out_of: Vec<_> = known.into_iter().filter(|id| !wanted.contains(id)).collect();
        if !into.is_empty() || !out_of.is_empty() {
            lock_subscriptions(transaction).await?;
        }
        Ok(Self { into, out_of })
    }

    /// Moves the plan. Refused as [`Billing::attach_plans`] is.
    pub(super) async fn make(
        &self,
        transaction: &mut Transaction,
        permit: AdminPermit<'_>,
        plan: PlanId,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let plans = [Uuid::from(plan)];
        for id in &self.into {
            attach(transaction, permit, *id, &plans, now).await?;
        }
        for id in &self.out_of {
            detach(transaction, permit, *id, &plans, now).await?;
        }
        Ok(())
    }
}

/// Puts plans into a category, once the tree is locked.
async fn attach(
    transaction: &mut Transaction,
    permit: AdminPermit<'_>,
    id: PlanCategoryId,
    plans: &[Uuid],
    now: DateTime<Utc>,
) -> Result<()> {
    one(transaction, id).await?;
    refuse_unknown(transaction, plans).await?;
    sqlx::query!(
        "INSERT INTO plans_in_categories (plan_id, category_id) SELECT id, $1 FROM unnest($2::uuid[]) AS plan (id)
         ON CONFLICT DO NOTHING",
        Uuid::from(id),
        plans,
    )
    .execute(&mut **transaction)
    .await
    // One that was there a moment ago.
    .map_err(|error| Error::in_use(error, "plan_ids names a plan that was just deleted"))?;
    keep_single(transaction, id).await?;
    let facts = json!({ "plans": plans });
    record(transaction, permit, "plan_category.plans_attached", id.into(), facts, now).await
}

/// Takes plans out of a category, once the tree is locked.
async fn detach(
    transaction: &mut Transaction,
    permit: AdminPermit<'_>,
    id: PlanCategoryId,
    plans: &[Uuid],
    now: DateTime<Utc>,
) -> Result<()> {
    one(transaction, id).await?;
    refuse_unknown(transaction, plans).await?;
    sqlx::query!(
        "DELETE FROM plans_in_categories WHERE category_id = $1 AND plan_id = ANY ($2)",
        Uuid::from(id),
        plans,
    )
    .execute(&mut **transaction)
    .await?;
    keep_single(transaction, id).await?;
    let facts = json!({ "plans": plans });
    record(transaction, permit, "plan_category.plans_detached", id.into(), facts, now).await
}

/// The plans without doubles.
fn some_plans(plans: &[PlanId]) -> Result<Vec<Uuid>> {
    if plans.is_empty() {
        return Err(Error::Invalid("plan_ids is required".to_owned()));
    }
    if plans.len() > MOST_PLANS {
        return Err(input::invalid("plan_ids", format_args!("must be at most {MOST_PLANS}")));
    }
    let mut ids: Vec<Uuid> = plans.iter().copied().map(Uuid::from).collect();
    ids.sort_unstable();
    ids.dedup();
    Ok(ids)
}

/// Lets changes of the tree come one after the other: two at once could each put one category under the other.
async fn lock_tree(transaction: &mut Transaction) -> Result<()> {
    sqlx::query!("SELECT FROM plan_categories WHERE id = $1 FOR NO KEY UPDATE", ROOT)
        .execute(&mut **transaction)
        .await?;
    Ok(())
}

async fn refuse_unknown(transaction: &mut Transaction, plans: &[Uuid]) -> Result<()> {
    let unknown = sqlx::query_scalar!(
        r#"SELECT id AS "id!" FROM unnest($1::uuid[]) AS plan (id) WHERE NOT EXISTS (SELECT FROM plans p WHERE p.id = plan.id) LIMIT 1"#,
        plans,
    )
    .fetch_optional(&mut **transaction)
    .await?;
    unknown.map_or(Ok(()), |id| Err(Error::Invalid(format!("Plan {id} not found"))))
}

/// Refuses a parent that is not there, or is below the category.
async fn refuse_parent(transaction: &mut Transaction, category: &Category) -> Result<()> {
    let Some(parent_id) = category.parent_id else { return Ok(()) };
    let above = sqlx::query_scalar!(
        r#"WITH RECURSIVE above AS (
               SELECT id, parent_id FROM plan_categories WHERE id = $1
               UNION SELECT c.id, c.parent_id FROM plan_categories c JOIN above a ON c.id = a.parent_id
           )
           SELECT id AS "id!" FROM above"#,
        Uuid::from(parent_id),
    )
    .fetch_all(&mut **transaction)
    .await?;
    if above.is_empty() {
        return Err(Error::Invalid(format!("Parent category {parent_id} not found")));
    }
    if above.contains(&category.id.into()) {
        return Err(Error::Invalid("Category cannot be below itself".to_owned()));
    }
    Ok(())
}

async fn save(transaction: &mut Transaction, category: &Category, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "INSERT INTO plan_categories (id, name, slug, description, parent_id, is_single, sort_order, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8)
         ON CONFLICT (id) DO UPDATE SET
             name = excluded.name, slug = excluded.slug, description = excluded.description, parent_id = excluded.parent_id,
             is_single = excluded.is_single, sort_order = excluded.sort_order, updated_at = excluded.updated_at",
        Uuid::from(category.id),
        category.name,
        category.slug,
        category.description,
        category.parent_id.map(Uuid::from),
        category.is_single,
        category.sort_order,
        now,
    )
    .execute(&mut **transaction)
    .await
    .map_err(|error| {
        Error::refused_by(error, "plan_categories_slug_key", || {
            Error::Invalid(format!("Category with slug '{}' already exists", category.slug))
        })
    })?;
    Ok(())
}

async fn lock_subscriptions(transaction: &mut Transaction) -> Result<()> {
    sqlx::query!("LOCK TABLE subscriptions IN SHARE ROW EXCLUSIVE MODE").execute(&mut **transaction).await?;
    Ok(())
}

/// Writes anew who holds the places of a category, after its plans or its kind changed. Nobody may buy meanwhile, and
/// the key refuses a category that allows one while somebody has two.
async fn keep_single(transaction: &mut Transaction, id: PlanCategoryId) -> Result<()> {
    lock_subscriptions(transaction).await?;
    sqlx::query!("DELETE FROM single_subscriptions WHERE category_id = $1", Uuid::from(id))
        .execute(&mut **transaction)
        .await?;
    sqlx::query!(
        "INSERT INTO single_subscriptions (account_id, category_id, subscription_id)
         SELECT s.account_id, c.id, s.id
         FROM plan_categories c JOIN plans_in_categories m ON m.category_id = c.id JOIN subscriptions s ON s.plan_id = m.plan_id
         WHERE c.id = $1 AND c.is_single AND s.status IN ('trialing', 'active', 'paused')",
        Uuid::from(id),
    )
    .execute(&mut **transaction)
    .await
    .map_err(|error| {
        Error::refused_by(error, "single_subscriptions_one", || {
            Error::Conflict("Some users have more than one active subscription to its plans".to_owned())
        })
    })?;
    Ok(())
}

async fn one(transaction: &mut Transaction, id: PlanCategoryId) -> Result<Category> {
    load(transaction, Some(id.into())).await?.pop().ok_or(Error::Missing("Category"))
}

/// All categories, or one of them.
async fn load(transaction: &mut Transaction, id: Option<Uuid>) -> Result<Vec<Category>> {
    let found = sqlx::query_as!(
        Category,
        r#"SELECT c.id AS "id: PlanCategoryId", c.name, c.slug, c.description, c.parent_id AS "parent_id: PlanCategoryId", c.is_single,
                  c.sort_order, (SELECT count(*) FROM plans_in_categories m WHERE m.category_id = c.id) AS "plan_count!", c.version,
                  c.created_at, c.updated_at
           FROM plan_categories c WHERE $1::uuid IS NULL OR c.id = $1 ORDER BY c.sort_order, c.name, c.id LIMIT 1000"#,
        id,
    )
    .fetch_all(&mut **transaction)
    .await?;
    Ok(found)
}
