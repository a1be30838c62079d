//! Who may do what on the platform itself (spec `subscription-billing.md` 5.11, "RBAC"): permissions are named
//! `resource.action`, a role holds some of them, and the platform's admin holds all.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize};

use super::{Actor, AdminPermit, Forbidden};
use crate::problem::UnknownValue;
use crate::text_enum::text_enum;

text_enum! {
    /// A part of what the platform is run with.
    Resource {
        /// Figures of the business.
        Analytics => "analytics",
        /// Users, and what their front ends tell.
        Users => "users",
        /// Companies and their people.
        Companies => "companies",
        /// Subscriptions.
        Subscriptions => "subscriptions",
        /// Invoices, payments and refunds.
        Invoices => "invoices",
        /// What is sold: plans, categories, add-ons, token bundles.
        Catalogue => "catalogue",
        /// Ways to pay.
        PaymentMethods => "payment_methods",
        /// Who sells, where, and with which taxes and currencies.
        Settings => "settings",
        /// What payment providers sent, and what is told to others.
        Webhooks => "webhooks",
        /// Jobs, and those that failed for good.
        Jobs => "jobs",
        /// Roles, and who has which.
        Roles => "roles",
    }
}

text_enum! {
    /// What is done with a resource.
    Action {
        /// Look at it.
        View => "view",
        /// Change it. Whoever may change something may look at it.
        Manage => "manage",
    }
}

/// What somebody needs who does something on the platform; as text `invoices.manage`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PlatformPermission {
    /// With what.
    pub resource: Resource,
    /// What.
    pub action: Action,
}

impl PlatformPermission {
    /// To look at something.
    pub const fn view(resource: Resource) -> Self {
        Self { resource, action: Action::View }
    }

    /// To change something.
    pub const fn manage(resource: Resource) -> Self {
        Self { resource, action: Action::Manage }
    }

    /// Every permission that a role can hold. Roles themselves are the admin's alone: whoever could change them could
    /// give themselves everything.
    pub fn all() -> impl Iterator<Item = Self> {
        let resources = Resource::ALL.iter().filter(|&&resource| resource != Resource::Roles);
        resources.flat_map(|&resource| [Self::view(resource), Self::manage(resource)])
    }

    /// Whether having this one is having `other`.
    pub fn includes(self, other: Self) -> bool {
        self.resource == other.resource && (self.action == other.action || self.action == Action::Manage)
    }
}

impl fmt::Display for PlatformPermission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.resource, self.action)
    }
}

impl FromStr for PlatformPermission {
    type Err = UnknownValue;

    fn from_str(text: &str) -> Result<Self, UnknownValue> {
        let unknown = || UnknownValue { kind: "PlatformPermission", value: text.to_owned() };
        let (resource, action) = text.split_once('.').ok_or_else(unknown)?;
        Ok(Self {
            resource: resource.parse().map_err(|_| unknown())?,
            action: action.parse().map_err(|_| unknown())?,
        })
    }
}

impl TryFrom<String> for PlatformPermission {
    type Error = UnknownValue;

    fn try_from(text: String) -> Result<Self, UnknownValue> {
        text.parse()
    }
}

impl From<PlatformPermission> for String {
    fn from(permission: PlatformPermission) -> Self {
        permission.to_string()
    }
}

/// The role that somebody has on the platform, with what it permits.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlatformRole {
    /// Its name for machines, such as `support`.
    pub slug: String,
    /// What it permits. One that this version does not know permits nothing.
    #[serde(deserialize_with = "known")]
    pub permissions: Vec<PlatformPermission>,
}

fn known<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<PlatformPermission>, D::Error> {
    let names = Vec::<String>::deserialize(deserializer)?;
    Ok(names.iter().filter_map(|name| name.parse().ok()).collect())
}

impl Actor {
    /// Whether the actor may do that on the platform. Nobody may in somebody else's name.
    pub fn has(&self, wanted: PlatformPermission) -> bool {
        let held = |role: &PlatformRole| role.permissions.iter().any(|held| held.includes(wanted));
        self.impersonated_by.is_none()
            && (self.is_platform_admin || self.platform_role.as_ref().is_some_and(held))
    }

    /// Whether the actor may do any of that.
    pub fn has_any(&self, wanted: impl IntoIterator<Item = PlatformPermission>) -> bool {
        wanted.into_iter().any(|wanted| self.has(wanted))
    }

    /// Whether the actor may do all of that.
    pub fn has_all(&self, wanted: impl IntoIterator<Item = PlatformPermission>) -> bool {
        wanted.into_iter().all(|wanted| self.has(wanted))
    }

    /// Whether there is anything of the platform that the actor may look at.
    pub fn helps_run_platform(&self) -> bool {
        self.has_any(PlatformPermission::all())
    }

    /// Proves that the actor may do that on the platform.
    pub fn platform_permit(&self, wanted: PlatformPermission) -> Result<AdminPermit<'_>, Forbidden> {
        if self.has(wanted) { Ok(AdminPermit { actor: self }) } else { Err(Forbidden) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::UserId;

    fn support() -> Actor {
        let permissions = vec![
            PlatformPermission::view(Resource::Invoices),
            PlatformPermission::manage(Resource::Subscriptions),
        ];
        Actor { platform_role: Some(PlatformRole { slug: "support".into(), permissions }), ..Actor::nobody() }
    }

    #[test]
    fn a_role_permits_what_it_holds_and_nothing_else() {
        let actor = support();
        let (view, manage) = (PlatformPermission::view, PlatformPermission::manage);
        assert!(actor.has(view(Resource::Invoices)) && !actor.has(manage(Resource::Invoices)));
        assert!(actor.has_all([view(Resource::Subscriptions), manage(Resource::Subscriptions)]));
        assert!(actor.has_any([view(Resource::Users), view(Resource::Invoices)]));
        assert!(!actor.has_all([view(Resource::Users), view(Resource::Invoices)]));
        assert!(actor.platform_permit(view(Resource::Jobs)).is_err() && actor.admin().is_err());
        assert!(actor.helps_run_platform() && !Actor::nobody().helps_run_platform());
    }

    #[test]
    fn the_admin_has_every_permission_unless_acting_for_somebody() {
        let admin = Actor { is_platform_admin: true, ..Actor::nobody() };
        assert!(admin.has_all(PlatformPermission::all()));
        assert!(admin.has(PlatformPermission::manage(Resource::Roles)));
        let acting = Actor { impersonated_by: Some(UserId(uuid::Uuid::from_u128(9))), ..admin };
        assert!(!acting.has_any(PlatformPermission::all()));
        let acting = Actor { impersonated_by: acting.impersonated_by, ..support() };
        assert!(!acting.helps_run_platform());
    }

    #[test]
    fn a_permission_that_is_not_known_any_more_permits_nothing() {
        let role = serde_json::json!({ "slug": "old", "permissions": ["invoices.view", "fax.manage"], "name": "Old" });
        let role: PlatformRole = serde_json::from_value(role).unwrap();
        assert_eq!(role.permissions, [PlatformPermission::view(Resource::Invoices)]);
    }

    #[test]
    fn permissions_are_read_as_they_are_written() {
        for permission in PlatformPermission::all() {
            assert_eq!(permission.to_string().parse(), Ok(permission));
            assert_ne!(permission.resource, Resource::Roles);
        }
        assert_eq!(
            PlatformPermission::manage(Resource::PaymentMethods).to_string(),
            "payment_methods.manage"
        );
        for text in ["", "invoices", "invoices.", ".view", "invoices.view.all", "Invoices.view"] {
            assert!(text.parse::<PlatformPermission>().is_err(), "{text}");
        }
    }
}
