//! What belongs to a module is for companies that have it (spec `hotel-modules.md` 2.3), where the setting
//! `MODULES_ENABLED` says so; else it is open to everybody.
//!
//! A route of a module takes [`Gate`] of it: who gets into the handler may use the module.

use std::marker::PhantomData;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use domain::access::Actor;
use http::StatusCode;
use http::request::Parts;
use identity::companies::runs_platform;

use crate::problem::Problem;
use crate::state::AppState;
use crate::web::bearer;

/// A module as a type.
pub trait Module: Send + Sync + 'static {
    /// Its name.
    const NAME: &'static str;
}

/// The module `hotel`.
#[derive(Debug, Clone, Copy)]
pub struct Hotel;

impl Module for Hotel {
    const NAME: &'static str = "hotel";
}

/// The module `tour`.
#[derive(Debug, Clone, Copy)]
pub struct Tour;

impl Module for Tour {
    const NAME: &'static str = "tour";
}

/// That the caller may use the module, as an extractor. It names the caller where there is one: while the setting is off,
/// nobody has to be signed in for the gate's sake.
#[derive(Debug, Clone)]
pub struct Gate<M> {
    /// Who calls.
    pub caller: Option<Arc<Actor>>,
    module: PhantomData<M>,
}

/// Lets an actor pass to a module, or says why not.
pub async fn check(state: &AppState, actor: Option<&Actor>, module: &str) -> Result<(), Problem> {
    if !state.settings.modules_enabled {
        return Ok(());
    }
    let actor = actor.ok_or_else(|| Problem::unauthorised("Authentication required"))?;
    if actor.organisation_id.is_none() && !actor.is_platform_admin {
        return Err(Problem::forbidden("Company not found in token"));
    }
    if runs_platform(actor) {
        return Ok(());
    }
    let company = state.services.identity.own_company(actor).await.map_err(|error| match error {
        identity::Error::NotFound => Problem::not_found("Company not found"),
        other => other.into(),
    })?;
    let modules = state.services.billing.own_modules(actor).await?;
    let now = state.services.clock.now();
    if modules.get(module).is_some_and(|access| access.is_open(now)) {
        return Ok(());
    }
    tracing::warn!(module, company = company.map(|company| company.code), user_id = %actor.user_id, "module.refused");
    let text = format!("Module '{module}' is not enabled for your company. Please contact admin.");
    Err(Problem::new(StatusCode::FORBIDDEN, text).code("module_not_enabled"))
}

impl<M: Module> FromRequestParts<AppState> for Gate<M> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        let caller = match bearer::caller(state, parts).await {
            Ok(caller) => Some(caller),
            Err(problem) if problem.status() == StatusCode::UNAUTHORIZED => None,
            Err(problem) => return Err(problem),
        };
        check(state, caller.as_deref(), M::NAME).await?;
        Ok(Self { caller, module: PhantomData })
    }
}
