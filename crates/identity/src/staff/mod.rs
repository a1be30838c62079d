//! The people of a hotel, as its owners and managers see and change them.
//!
//! Who may do what to whom: a role is given, changed and taken away by those whose own role
//! [may](domain::access::Role::may_assign) do so. Deactivating somebody and setting their password reach beyond one
//! hotel, so there the highest role counts that the person has anywhere in the organisation. Nobody deactivates or
//! demotes themselves, and an organisation is never left without an active owner.

mod repo;

pub(crate) use repo::insert_membership;

use domain::access::{Actor, Permit, Role, right};
use domain::ids::{HotelId, UserId};
use domain::problem::ProblemCode;
use domain::staff::{StaffForm, StaffMember};
use platform::audit::{self, Deed};
use serde_json::json;

use crate::access_end::end_access;
use crate::profile::own_name;
use crate::reset::new_password_checked;
use crate::{Error, Identity, Result, people};

impl Identity {
    /// The people who work in the hotel, or did: active ones first, by name.
    pub async fn staff(&self, permit: Permit<'_, right::ManageStaff>) -> Result<Vec<StaffMember>> {
        let mut transaction = self.database.begin(&permit).await?;
        let staff = repo::list(&mut transaction, permit.hotel_id()).await?;
        transaction.commit().await?;
        Ok(staff)
    }

    /// Creates a member of staff of the hotel. Problems are at the form's fields; a user name or an address that
    /// somebody has is [`ProblemCode::AlreadyInUse`] there. A role above one's own is [`Error::Forbidden`]. Somebody who is
    /// not active yet cannot sign in.
    pub async fn create_staff(
        &self,
        permit: Permit<'_, right::ManageStaff>,
        form: &StaffForm,
        is_active: bool,
    ) -> Result<StaffMember> {
        own_name(permit.actor())?;
        let draft = form.check()?;
        if !permit.role().may_assign(draft.role) {
            return Err(Error::Forbidden);
        }
        // One login, one person: see the constraint users_username_is_no_other_email.
        if draft.username.contains('@') && draft.email.as_ref() != Some(&draft.username) {
            return Err(Error::at("email", ProblemCode::Wrong));
        }
        let hash = self.passwords.hash(&draft.password).await?;
        let now = self.clock.now();
        let id: UserId = platform::ids::new();
        // An address that was typed as the user name is wrong there.
        let email_field = if form.email.trim().is_empty() { "username" } else { "email" };
        let fields = [("users_username_key", "username"), ("users_email_key", email_field)];
        let mut transaction = self.database.begin(&permit).await?;
        repo::insert(&mut transaction, &permit, id, &draft, &hash, is_active, now)
            .await
            .map_err(|error| Error::taken(error, &fields))?;
        let facts = json!({ "username": draft.username, "role": draft.role, "is_active": is_active });
        audit::record(&mut *transaction, Deed::of(&permit, "staff.created", id, facts), now).await?;
        let organisation_id = Some(permit.organisation_id());
        people::tell(&mut transaction, organisation_id, "user.created", id, json!({}), now).await?;
        transaction.commit().await?;
        Ok(StaffMember {
            id,
            username: draft.username,
            email: draft.email,
            full_name: draft.full_name,
            role: draft.role,
            is_active,
            works_elsewhere: false,
            last_signed_in_at: None,
        })
    }

    /// Gives somebody another role in the hotel, and lets them sign in or not; what is none stays. Deactivation ends all
    /// they are signed in with. Somebody who does not work in the hotel is [`Error::NotFound`]; what the rules above do not
    /// allow is [`Error::Forbidden`].
    pub async fn change_staff(
        &self,
        permit: Permit<'_, right::ManageStaff>,
        user_id: UserId,
        role: Option<Role>,
        is_active: Option<bool>,
    ) -> Result<()> {
        own_name(permit.actor())?;
        let now = self.clock.now();
        let mut transaction = self.database.begin(&permit).await?;
        // Two owners who demote each other at once must not both succeed.
        repo::lock_organisation(&mut transaction, permit.organisation_id()).await?;
        let before =
            repo::lock_member(&mut transaction, permit.hotel_id(), user_id).await?.ok_or(Error::NotFound)?;
        let (role, is_active) = (role.unwrap_or(before.role), is_active.unwrap_or(before.is_active));
        if before.role == role && before.is_active == is_active {
            return Ok(());
        }
        let may_change_role = permit.role().may_assign(before.role) && permit.role().may_assign(role);
        let may_change_access =
            before.is_active == is_active || permit.role().may_assign(before.highest_role);
        if user_id == permit.actor().user_id || !may_change_role || !may_change_access {
            return Err(Error::Forbidden);
        }
        repo::change(&mut transaction, permit.hotel_id(), user_id, role, is_active).await?;
        let was_owner = before.highest_role == Role::Owner && before.is_active;
        if was_owner && !repo::has_active_owner(&mut transaction, permit.organisation_id()).await? {
            return Err(Error::Forbidden);
        }
        let ended = if is_active { 0 } else { end_access(&mut transaction, user_id, None, now).await? };
        let facts = json!({
            "role": role, "role_before": before.role,
            "is_active": is_active, "is_active_before": before.is_active, "sessions_ended": ended,
        });
        audit::record(&mut *transaction, Deed::of(&permit, "staff.changed", user_id, facts), now).await?;
        if before.is_active != is_active {
            let organisation_id = Some(permit.organisation_id());
            people::tell_status(&mut transaction, organisation_id, user_id, is_active, now).await?;
        }
        Ok(transaction.commit().await?)
    }

    /// The people of the actor's other hotels, who could be given a role in this one.
    pub async fn staff_elsewhere(&self, permit: Permit<'_, right::ManageStaff>) -> Result<Vec<StaffMember>> {
        let mut transaction = self.database.begin(&permit).await?;
        let people = repo::elsewhere(&mut transaction, permit.actor(), permit.hotel_id()).await?;
        transaction.commit().await?;
        Ok(people)
    }

    /// Gives somebody of another of the actor's hotels a role in this one. Somebody who works in none of the actor's hotels
    /// is [`Error::NotFound`], a role above one's own [`Error::Forbidden`], and who works here already has
    /// [`Identity::change_staff`].
    pub async fn give_role(
        &self,
        permit: Permit<'_, right::ManageStaff>,
        user_id: UserId,
        role: Role,
    ) -> Result<()> {
        own_name(permit.actor())?;
        let (organisation_id, hotel_id) = (permit.organisation_id(), permit.hotel_id());
        let now = self.clock.now();
        let mut transaction = self.database.begin(&permit).await?;
        // Of two who give one person a role at once the second is told.
        repo::lock_organisation(&mut transaction, organisation_id).await?;
        repo::colleague(&mut transaction, permit.actor(), user_id).await?.ok_or(Error::NotFound)?;
        if repo::lock_member(&mut transaction, hotel_id, user_id).await?.is_some() {
            return Err(Error::Conflict("The user works in this hotel already"));
        }
        if !permit.role().may_assign(role) {
            return Err(Error::Forbidden);
        }
        insert_membership(&mut transaction, organisation_id, hotel_id, user_id, role, now).await?;
        let facts = json!({ "role": role });
        audit::record(&mut *transaction, Deed::of(&permit, "staff.changed", user_id, facts), now).await?;
        Ok(transaction.commit().await?)
    }

    /// Takes away somebody's role in the hotel, who goes on working in another one of the company; who works in no other
    /// is a conflict: such a person is deactivated. Somebody who does not work in the hotel is [`Error::NotFound`]; what
    /// the rules above do not allow is [`Error::Forbidden`].
    pub async fn remove_role(&self, permit: Permit<'_, right::ManageStaff>, user_id: UserId) -> Result<()> {
        own_name(permit.actor())?;
        let now = self.clock.now();
        let mut transaction = self.database.begin(&permit).await?;
        // Of two who take away somebody's last two roles at once the second is told.
        repo::lock_organisation(&mut transaction, permit.organisation_id()).await?;
        let before =
            repo::lock_member(&mut transaction, permit.hotel_id(), user_id).await?.ok_or(Error::NotFound)?;
        if user_id == permit.actor().user_id || !permit.role().may_assign(before.role) {
            return Err(Error::Forbidden);
        }
        if !repo::remove_membership(&mut transaction, permit.hotel_id(), user_id).await? {
            return Err(Error::Conflict("The user works in no other hotel and can only be deactivated"));
        }
        let was_owner = before.role == Role::Owner && before.is_active;
        if was_owner && !repo::has_active_owner(&mut transaction, permit.organisation_id()).await? {
            return Err(Error::Forbidden);
        }
        let facts = json!({ "role_before": before.role });
        audit::record(&mut *transaction, Deed::of(&permit, "staff.removed", user_id, facts), now).await?;
        Ok(transaction.commit().await?)
    }

    /// Sets the password of somebody who works in the hotel, and ends all they are signed in with. One's own is changed
    /// with [`Identity::change_password`], which asks for the present one: here that is [`Error::Forbidden`]. A password
    /// that cannot be accepted is a problem at `password`.
    pub async fn set_staff_password(
        &self,
        permit: Permit<'_, right::ManageStaff>,
        user_id: UserId,
        new: &str,
    ) -> Result<()> {
        own_name(permit.actor())?;
        let hash = self.passwords.hash(&new_password_checked("password", new)?).await?;
        let now = self.clock.now();
        let mut transaction = self.database.begin(&permit).await?;
        let member =
            repo::lock_member(&mut transaction, permit.hotel_id(), user_id).await?.ok_or(Error::NotFound)?;
        if user_id == permit.actor().user_id || !permit.role().may_assign(member.highest_role) {
            return Err(Error::Forbidden);
        }
        people::set_password(&mut transaction, user_id, &hash).await?;
        let ended = end_access(&mut transaction, user_id, None, now).await?;
        self.tell_password_changed(&mut transaction, user_id, now).await?;
        let facts = json!({ "sessions_ended": ended });
        audit::record(&mut *transaction, Deed::of(&permit, "password.changed", user_id, facts), now).await?;
        Ok(transaction.commit().await?)
    }

    /// Somebody who works in one of the actor's hotels, the actor included, with their role there: in the actor's first
    /// hotel, which is told, if they share several. Everybody else is [`Error::NotFound`].
    pub async fn colleague(&self, actor: &Actor, user_id: UserId) -> Result<(HotelId, StaffMember)> {
        let mut transaction = self.database.begin_as(actor).await?;
        let colleague = repo::colleague(&mut transaction, actor, user_id).await?;
        transaction.commit().await?;
        colleague.ok_or(Error::NotFound)
    }
}
