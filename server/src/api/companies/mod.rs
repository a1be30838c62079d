//! Company accounts for machines (spec `hotel-modules.md` 2.2): registration and sign-in with a company code, one's own
//! company, and all of them for the platform's admin.

mod auth;
mod bought;
mod company;
mod customers;
mod impersonate;

use domain::problem::ProblemCode;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::problem::Problem;
use crate::state::AppState;

/// The family's paths.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(auth::register))
        .routes(routes!(auth::login))
        .routes(routes!(auth::me))
        .routes(routes!(company::own))
        .routes(routes!(customers::list))
        .routes(routes!(customers::get, customers::change))
        .routes(routes!(impersonate::impersonate))
}

/// In the words of this family: bad fields are 400.
fn refusal(error: identity::Error) -> Problem {
    match error {
        identity::Error::Invalid(problems) => {
            let is_taken = |field: &str| {
                problems.iter().any(|it| it.code == ProblemCode::AlreadyInUse && it.field.ends_with(field))
            };
            let text = match problems.first() {
                Some(_) if is_taken("_username") => "Username already exists".to_owned(),
                Some(_) if is_taken("_email") => "User with this email already exists".to_owned(),
                Some(problem) => problem.to_string(),
                None => "Invalid request".to_owned(),
            };
            Problem::bad_request(text).errors(&problems)
        }
        other => other.into(),
    }
}
