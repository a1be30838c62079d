//! What the admin asks for of a user, looked at as a whole before any of it is done.

use billing::Billing;
use billing::accounts::{Profile, StoredProfile};
use domain::problem::FieldProblem;
use identity::managed::{Standing, UserChange};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use crate::api::v1::profile::{DETAILS, apply};
use crate::problem::Problem;

/// Whether somebody may sign in, by its name.
pub(super) fn standing(text: &str) -> Result<Standing, Problem> {
    match text.trim().to_uppercase().as_str() {
        "ACTIVE" => Ok(Standing::Active),
        "SUSPENDED" | "PENDING" => Ok(Standing::Suspended),
        "DELETED" => Ok(Standing::Deleted),
        _ => Err(Problem::bad_request("Invalid status")),
    }
}

/// A user, or what changes about one; what is absent stays.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct ManagedUserIn {
    pub(super) email: Option<String>,
    /// Eight characters at least.
    pub(super) password: Option<String>,
    /// `ACTIVE`, or `SUSPENDED` and `PENDING`, with which nobody signs in.
    status: Option<String>,
    is_active: Option<bool>,
    /// `USER`, `ADMIN`, `VENDOR`, which is a user here, or a role that the admin made. The admin alone gives roles.
    role: Option<String>,
    /// First and last name in one.
    name: Option<String>,
    /// Name and address.
    #[schema(value_type = Option<Object>)]
    details: Option<Map<String, Value>>,
    /// How many tokens there shall be; the difference is entered into the ledger.
    token_balance: Option<i64>,
    /// Keyrack keeps no money for customers: nothing but 0 is accepted.
    balance: Option<f64>,
    /// The version that was read: if there is a newer one, nothing is changed.
    version: Option<i32>,
    /// The members of `details` are accepted here too.
    #[serde(flatten)]
    #[schema(ignore)]
    rest: Map<String, Value>,
}

/// What a body asks for, after all of it was looked at.
pub(super) struct Wanted {
    pub user: UserChange,
    /// What changes about name and address: made of what is known when it is written, or it would take back what somebody
    /// else changes meanwhile.
    pub details: Map<String, Value>,
    pub token_balance: Option<i64>,
}

impl ManagedUserIn {
    pub(super) fn read(mut self, stored: Option<StoredProfile>) -> Result<Wanted, Problem> {
        let wants = self.status.as_deref().map(standing).transpose()?;
        let is_active = match (self.is_active, wants) {
            (_, Some(Standing::Deleted)) => {
                return Err(Problem::bad_request("status cannot be DELETED: delete the user instead"));
            }
            (Some(is_active), _) => Some(is_active),
            (None, wants) => wants.map(|standing| standing == Standing::Active),
        };
        if self.balance.is_some_and(|balance| balance != 0.0) {
            return Err(Problem::bad_request("balance must be 0: no money is kept for users"));
        }
        let token_balance = self.token_balance.map(Billing::check_token_balance).transpose()?;
        let mut details = self.details.take().unwrap_or_default();
        let rest = std::mem::take(&mut self.rest);
        details.extend(rest.into_iter().filter(|(name, _)| DETAILS.contains(&name.as_str())));
        if let Some(name) = &self.name {
            let (first, last) = name.trim().split_once(' ').unwrap_or((name.trim(), ""));
            details.entry("first_name").or_insert_with(|| json!(first));
            details.entry("last_name").or_insert_with(|| json!(last.trim()));
        }
        let refused = |problems: Vec<FieldProblem>| {
            let text = problems.first().map_or_else(String::new, ToString::to_string);
            Problem::bad_request(text).errors(&problems)
        };
        let mut full_name = self.name;
        if !details.is_empty() {
            let known = stored.map(|stored| stored.profile).unwrap_or_default();
            let profile = apply(known, details.clone()).and_then(Profile::checked).map_err(refused)?;
            let names = [profile.first_name.as_deref(), profile.last_name.as_deref()];
            let name = names.into_iter().flatten().collect::<Vec<_>>().join(" ");
            full_name = (!name.is_empty()).then_some(name);
        }
        let user = UserChange {
            email: self.email,
            password: self.password,
            full_name,
            is_active,
            role: self.role,
            version: self.version,
        };
        Ok(Wanted { user, details, token_balance })
    }
}
