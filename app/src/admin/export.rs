//! A list as a file: all of it, as it is shown, a part at a time.

#[cfg(feature = "ssr")]
use domain::access::AdminPermit;

#[cfg(feature = "ssr")]
use super::model::{Subject, Table, Wanted};
#[cfg(feature = "ssr")]
use crate::error::AppError;

/// A part of a list, for the file that has all of it.
#[cfg(feature = "ssr")]
pub async fn part(
    services: &crate::server_ctx::Services,
    permit: AdminPermit<'_>,
    subject: Subject,
    wanted: &Wanted,
) -> Result<Table, AppError> {
    super::subjects::list(services, permit, subject, wanted).await
}
