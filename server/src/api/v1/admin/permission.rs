//! What a path of the admin needs: looking is `view`, everything else `manage`, of the resource that the path is about.

use domain::access::{PlatformPermission, Resource};
use http::Method;

/// The permission that a request needs. None where no role is enough: for the admin alone, and for paths that nobody has
/// thought of here.
pub fn needed(method: &Method, path: &str) -> Option<PlatformPermission> {
    let resource = resource(path).filter(|resource| *resource != Resource::Roles)?;
    Some(if method.is_safe() {
        PlatformPermission::view(resource)
    } else {
        PlatformPermission::manage(resource)
    })
}

/// What a path is about.
pub fn resource(path: &str) -> Option<Resource> {
    if path.starts_with("/api/v1/webhooks/payment") {
        return Some(Resource::Invoices);
    }
    if path.starts_with("/api/admin/customers") {
        return Some(Resource::Companies);
    }
    if path.starts_with("/api/v1/plugins/analytics/") {
        return Some(Resource::Analytics);
    }
    if path.starts_with("/api/v1/admin/taro/users/") {
        return Some(Resource::Users);
    }
    let name = path.strip_prefix("/api/v1/admin/")?.split('/').next()?;
    Some(match name {
        "analytics" => Resource::Analytics,
        "users" | "client-events" => Resource::Users,
        "subscriptions" => Resource::Subscriptions,
        "invoices" | "credit-notes" => Resource::Invoices,
        "tarif-plans" | "plans" | "tarif-plan-categories" | "addons" | "token-bundles" => Resource::Catalogue,
        "payment-methods" => Resource::PaymentMethods,
        "countries" | "currencies" | "taxes" | "plugins" | "taro" | "settings" => Resource::Settings,
        "webhooks" | "provider-events" => Resource::Webhooks,
        "roles" | "permissions" => Resource::Roles,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looking_needs_less_than_changing() {
        let plans = "/api/v1/admin/tarif-plans/";
        assert_eq!(needed(&Method::GET, plans), Some(PlatformPermission::view(Resource::Catalogue)));
        assert_eq!(needed(&Method::DELETE, plans), Some(PlatformPermission::manage(Resource::Catalogue)));
        let (sessions, prompts) = ("/api/v1/admin/taro/users/1/sessions", "/api/v1/admin/taro/prompts");
        assert_eq!(needed(&Method::GET, sessions), Some(PlatformPermission::view(Resource::Users)));
        assert_eq!(needed(&Method::POST, prompts), Some(PlatformPermission::manage(Resource::Settings)));
        let payment = "/api/v1/webhooks/payment";
        assert_eq!(needed(&Method::POST, payment), Some(PlatformPermission::manage(Resource::Invoices)));
    }

    #[test]
    fn what_nobody_thought_of_is_the_admins_alone() {
        for path in [
            "/api/v1/admin/roles",
            "/api/v1/admin/profile",
            "/api/v1/admin/",
            "/api/v1/administration/users",
            "/api/admin/impersonate",
            "/desk",
        ] {
            assert_eq!(needed(&Method::GET, path), None, "{path}");
        }
    }

    /// A new path of the admin is the admin's alone until somebody says what it is about.
    #[test]
    fn every_path_of_the_admin_is_about_something() {
        let document = crate::api::document();
        let paths = document["paths"].as_object().unwrap().keys();
        let unknown: Vec<_> = paths
            .filter(|path| path.starts_with("/api/v1/admin/") && resource(path).is_none())
            .filter(|path| !path.starts_with("/api/v1/admin/profile"))
            .collect();
        assert!(unknown.is_empty(), "{unknown:?}");
    }
}
