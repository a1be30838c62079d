//! REST. Being written.

use utoipa_axum::router::OpenApiRouter;

use crate::state::AppState;

/// All families.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
}
