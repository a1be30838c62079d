//! Who may do what: roles, permissions, and a proof that a permission was checked.
//!
//! A service method that changes something takes a [`Permit`]; a permit can be had from [`Actor::permit`] alone, so a
//! forgotten check does not compile.

mod platform;

use std::marker::PhantomData;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

pub use self::platform::{Action, PlatformPermission, PlatformRole, Resource};
use crate::ids::{AccountId, HotelId, OrganisationId, UserId};
use crate::text_enum::text_enum;

text_enum! {
    /// What a member of staff is in one hotel.
    Role {
        /// Everything, including other owners.
        Owner => "owner",
        /// Everything but owners.
        Manager => "manager",
        /// The front desk.
        Reception => "reception",
        /// The state of rooms.
        Housekeeping => "housekeeping",
    }
}

text_enum! {
    /// Something that not everybody may do in a hotel.
    Permission {
        /// See the desk: today, rooms, bookings.
        ViewDesk => "view_desk",
        /// Book, change, check in, check out, cancel.
        ManageBookings => "manage_bookings",
        /// Give a price other than the rate.
        OverridePrice => "override_price",
        /// See and change guests.
        ManageGuests => "manage_guests",
        /// Mark rooms clean, dirty or inspected.
        SetRoomStatus => "set_room_status",
        /// Create rooms and types, change rates, put rooms out of order.
        ManageRooms => "manage_rooms",
        /// Download reports.
        ViewReports => "view_reports",
        /// Create, change and deactivate staff.
        ManageStaff => "manage_staff",
        /// Change the hotel's own data.
        ManageHotel => "manage_hotel",
        /// Read who did what.
        ViewAudit => "view_audit",
        /// Buy, change and cancel what the organisation subscribes to.
        ManageBilling => "manage_billing",
    }
}

impl Role {
    /// Whether the role includes `permission`.
    pub fn allows(self, permission: Permission) -> bool {
        use Permission as P;
        match self {
            Self::Owner | Self::Manager => true,
            Self::Reception => matches!(
                permission,
                P::ViewDesk | P::ManageBookings | P::ManageGuests | P::SetRoomStatus | P::ViewReports
            ),
            Self::Housekeeping => matches!(permission, P::ViewDesk | P::SetRoomStatus),
        }
    }

    /// Whether somebody with this role may give, change or take away `other`.
    pub fn may_assign(self, other: Self) -> bool {
        match self {
            Self::Owner => true,
            Self::Manager => other != Self::Owner,
            Self::Reception | Self::Housekeeping => false,
        }
    }
}

/// A role in a hotel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Membership {
    /// The hotel.
    pub hotel_id: HotelId,
    /// The hotel's name.
    pub hotel_name: String,
    /// IANA name of the hotel's time zone.
    pub time_zone: String,
    /// The role there.
    pub role: Role,
    /// Whether the hotel is marked as subscribed (`reception.md` 3.7).
    pub is_subscribed: bool,
    /// When its subscription ends; none without an end.
    pub subscribed_until: Option<DateTime<Utc>>,
}

impl Membership {
    /// Whether the hotel's subscription has lapsed, so that new bookings and reports are refused.
    pub fn has_lapsed(&self, now: DateTime<Utc>) -> bool {
        !self.is_subscribed || self.subscribed_until.is_some_and(|end| end <= now)
    }
}

/// Somebody signed in, as one request sees them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    /// The user.
    pub user_id: UserId,
    /// The organisation that employs the user; none for customers and travellers.
    pub organisation_id: Option<OrganisationId>,
    /// The user's full name.
    pub full_name: String,
    /// What the user signs in with.
    pub username: String,
    /// Whether the user runs the platform.
    pub is_platform_admin: bool,
    /// What the user may do on the platform without being its admin.
    #[serde(default)]
    pub platform_role: Option<PlatformRole>,
    /// Whether the user runs the organisation as a whole, also while it has no hotel.
    #[serde(default)]
    pub is_company_admin: bool,
    /// The platform's admin who acts in the user's name, if one does.
    #[serde(default)]
    pub impersonated_by: Option<UserId>,
    /// The hotels the user works in.
    pub memberships: Vec<Membership>,
}

/// The permission is missing. Says nothing about whether the thing exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not allowed")]
pub struct Forbidden;

/// A permission as a type, so that a [`Permit`] for one cannot be passed for another.
pub trait Right {
    /// The permission this type stands for.
    const PERMISSION: Permission;
}

macro_rules! rights {
    ($($name:ident),+ $(,)?) => {
        /// One type for each [`Permission`].
        pub mod right {
            $(
                #[doc = concat!("Stands for [`Permission::", stringify!($name), "`](super::Permission::", stringify!($name), ").")]
                #[derive(Debug, Clone, Copy)]
                pub struct $name;
                impl super::Right for $name {
                    const PERMISSION: super::Permission = super::Permission::$name;
                }
            )+
        }
    };
}

rights!(
    ViewDesk,
    ManageBookings,
    OverridePrice,
    ManageGuests,
    SetRoomStatus,
    ManageRooms,
    ViewReports,
    ManageStaff,
    ManageHotel,
    ViewAudit,
    ManageBilling,
);

/// Proof that `actor` has the permission `R` in a hotel.
#[derive(Debug)]
pub struct Permit<'a, R> {
    actor: &'a Actor,
    organisation_id: OrganisationId,
    hotel_id: HotelId,
    time_zone: &'a str,
    role: Role,
    right: PhantomData<R>,
}

impl<R> Clone for Permit<'_, R> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<R> Copy for Permit<'_, R> {}

impl<'a, R> Permit<'a, R> {
    /// Who was permitted.
    pub fn actor(&self) -> &'a Actor {
        self.actor
    }

    /// The hotel the permission is for.
    pub fn hotel_id(&self) -> HotelId {
        self.hotel_id
    }

    /// The organisation that owns the hotel.
    pub fn organisation_id(&self) -> OrganisationId {
        self.organisation_id
    }

    /// IANA name of the hotel's time zone.
    pub fn time_zone(&self) -> &'a str {
        self.time_zone
    }

    /// The actor's role in the hotel.
    pub fn role(&self) -> Role {
        self.role
    }

    /// A further permission of the same actor in the same hotel.
    pub fn also<S: Right>(&self) -> Result<Permit<'a, S>, Forbidden> {
        self.actor.permit(self.hotel_id)
    }
}

/// Proof that `actor` may buy, change and cancel on a billing account.
#[derive(Debug, Clone, Copy)]
pub struct AccountPermit<'a> {
    actor: &'a Actor,
    account_id: AccountId,
}

impl<'a> AccountPermit<'a> {
    /// Who was permitted.
    pub fn actor(&self) -> &'a Actor {
        self.actor
    }

    /// The account.
    pub fn account_id(&self) -> AccountId {
        self.account_id
    }

    /// Whether it is an organisation's.
    pub fn is_company(&self) -> bool {
        self.account_id.0 != self.actor.user_id.0
    }
}

/// Proof that `actor` owns an organisation: is an owner in one of its hotels, or runs it as a whole.
#[derive(Debug, Clone, Copy)]
pub struct OwnerPermit<'a> {
    actor: &'a Actor,
    organisation_id: OrganisationId,
}

impl<'a> OwnerPermit<'a> {
    /// Who was permitted.
    pub fn actor(&self) -> &'a Actor {
        self.actor
    }

    /// The organisation.
    pub fn organisation_id(&self) -> OrganisationId {
        self.organisation_id
    }
}

/// Proof that `actor` runs the platform, or may do something that it is run with.
#[derive(Debug, Clone, Copy)]
pub struct AdminPermit<'a> {
    actor: &'a Actor,
}

impl<'a> AdminPermit<'a> {
    /// Who was permitted.
    pub fn actor(&self) -> &'a Actor {
        self.actor
    }
}

impl Actor {
    /// The actor's membership of a hotel.
    pub fn membership(&self, hotel_id: HotelId) -> Option<&Membership> {
        self.memberships.iter().find(|membership| membership.hotel_id == hotel_id)
    }

    /// Proves that the actor may do `R` in the hotel.
    pub fn permit<R: Right>(&self, hotel_id: HotelId) -> Result<Permit<'_, R>, Forbidden> {
        let membership = self.membership(hotel_id).ok_or(Forbidden)?;
        let organisation_id = self.organisation_id.ok_or(Forbidden)?;
        if !membership.role.allows(R::PERMISSION) {
            return Err(Forbidden);
        }
        Ok(Permit {
            actor: self,
            organisation_id,
            hotel_id,
            time_zone: &membership.time_zone,
            role: membership.role,
            right: PhantomData,
        })
    }

    /// Nobody: reads what everybody may.
    pub fn nobody() -> Self {
        Self {
            user_id: UserId(uuid::Uuid::nil()),
            organisation_id: None,
            full_name: String::new(),
            username: String::new(),
            is_platform_admin: false,
            platform_role: None,
            is_company_admin: false,
            impersonated_by: None,
            memberships: Vec::new(),
        }
    }

    /// Whether the actor runs the organisation they work for: as a whole, or any of its hotels.
    pub fn runs_company(&self) -> bool {
        self.organisation_id.is_some()
            && (self.is_company_admin
                || self
                    .memberships
                    .iter()
                    .any(|membership| membership.role.allows(Permission::ManageBilling)))
    }

    /// Proves that the actor may use the account that is their own.
    pub fn own_account(&self) -> AccountPermit<'_> {
        AccountPermit { actor: self, account_id: AccountId(self.user_id.0) }
    }

    /// Proves that the actor may use the account of the organisation they run: as a whole, or any of its hotels.
    pub fn company_account(&self) -> Result<AccountPermit<'_>, Forbidden> {
        let organisation_id = self.organisation_id.ok_or(Forbidden)?;
        if !self.runs_company() {
            return Err(Forbidden);
        }
        Ok(AccountPermit { actor: self, account_id: AccountId(organisation_id.0) })
    }

    /// Proves that the actor owns the organisation they work for, and may add hotels to it.
    pub fn owner(&self) -> Result<OwnerPermit<'_>, Forbidden> {
        let organisation_id = self.organisation_id.ok_or(Forbidden)?;
        let owns = self.memberships.iter().any(|membership| membership.role == Role::Owner);
        if owns || self.is_company_admin {
            Ok(OwnerPermit { actor: self, organisation_id })
        } else {
            Err(Forbidden)
        }
    }

    /// Proves that the actor runs the platform. Nobody does so in somebody else's name.
    pub fn admin(&self) -> Result<AdminPermit<'_>, Forbidden> {
        if self.is_platform_admin && self.impersonated_by.is_none() {
            Ok(AdminPermit { actor: self })
        } else {
            Err(Forbidden)
        }
    }

    /// The hotel a request without one means: the first the user works in.
    pub fn home_hotel(&self) -> Option<HotelId> {
        self.memberships.first().map(|membership| membership.hotel_id)
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn actor(role: Role) -> (Actor, HotelId) {
        let hotel_id = HotelId(Uuid::from_u128(7));
        let membership = Membership {
            hotel_id,
            hotel_name: "Harbour House".into(),
            time_zone: "UTC".into(),
            role,
            is_subscribed: true,
            subscribed_until: None,
        };
        let actor = Actor {
            user_id: UserId(Uuid::from_u128(1)),
            organisation_id: Some(OrganisationId(Uuid::from_u128(2))),
            full_name: "Ada".into(),
            username: "ada".into(),
            memberships: vec![membership],
            ..Actor::nobody()
        };
        (actor, hotel_id)
    }

    #[test]
    fn housekeeping_sets_room_status_and_books_nothing() {
        let (actor, hotel) = actor(Role::Housekeeping);
        assert!(actor.permit::<right::SetRoomStatus>(hotel).is_ok());
        assert!(actor.permit::<right::ManageBookings>(hotel).is_err());
    }

    #[test]
    fn nobody_has_a_permission_in_a_hotel_they_do_not_work_in() {
        let (actor, _) = actor(Role::Owner);
        assert!(actor.permit::<right::ViewDesk>(HotelId(Uuid::from_u128(8))).is_err());
    }

    #[test]
    fn who_runs_a_company_buys_for_it_also_without_a_hotel() {
        let (reception, _) = actor(Role::Reception);
        assert!(!reception.runs_company() && reception.company_account().is_err());
        let founder = Actor { is_company_admin: true, memberships: Vec::new(), ..reception.clone() };
        assert!(founder.company_account().is_ok_and(|permit| permit.is_company()));
        let customer = Actor { is_company_admin: true, organisation_id: None, ..reception };
        assert!(!customer.runs_company(), "there is no company to run");
    }

    #[test]
    fn nobody_runs_the_platform_in_somebody_elses_name() {
        let admin = Actor { is_platform_admin: true, ..Actor::nobody() };
        assert!(admin.admin().is_ok());
        let other = Some(UserId(Uuid::from_u128(9)));
        assert!(Actor { impersonated_by: other, ..admin }.admin().is_err());
    }

    #[test]
    fn a_manager_cannot_make_an_owner() {
        assert!(!Role::Manager.may_assign(Role::Owner));
        assert!(Role::Manager.may_assign(Role::Manager));
        assert!(!Role::Reception.may_assign(Role::Housekeeping));
    }
}
