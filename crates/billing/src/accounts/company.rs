//! Whose account it is, where it is a company's.

use domain::access::AdminPermit;
use domain::ids::AccountId;
use uuid::Uuid;

use crate::{Billing, Result};

impl Billing {
    /// The name of the company whose account it is; none for a customer's.
    pub async fn company_name(&self, permit: AdminPermit<'_>, id: AccountId) -> Result<Option<String>> {
        let mut transaction = self.database.begin_admin(&permit).await?;
        let name = sqlx::query_scalar!("SELECT name FROM organisations WHERE id = $1", Uuid::from(id))
            .fetch_optional(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(name)
    }
}
