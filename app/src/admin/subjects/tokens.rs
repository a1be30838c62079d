//! The ledger of tokens.

use domain::access::AdminPermit;

use super::{given, limit, next_of};
use crate::admin::model::{Cell, Subject, Table, Wanted, link};
use crate::error::AppError;
use crate::server_ctx::Services;
use crate::texts::texts;

fn kind(kind: &str) -> &str {
    let t = &texts().admin;
    match kind {
        "purchase" => t.token_purchase,
        "usage" => t.token_usage,
        "refund" => t.token_refund,
        "bonus" => t.token_bonus,
        "adjustment" => t.token_adjustment,
        "subscription" => t.token_subscription,
        other => other,
    }
}

pub async fn list(services: &Services, permit: AdminPermit<'_>, wanted: &Wanted) -> Result<Table, AppError> {
    let t = &texts().admin;
    let (account, before) = (given(&wanted.account)?, given(&wanted.after)?);
    let mut found = services.billing.token_entries_of(permit, account, before, limit(wanted)).await?;
    let mut table = Table::of(&[t.token_when, t.user, t.description, t.kind, t.token_amount_moved]);
    table.next = next_of(&mut found, wanted, |it| it.id.to_string());
    table.rows = found
        .into_iter()
        .map(|it| {
            let owner = match (it.company, it.email) {
                (Some(name), _) => link(name, Subject::Companies, it.account_id),
                (None, Some(email)) => link(email, Subject::Users, it.account_id),
                (None, None) => Cell::None,
            };
            vec![
                Cell::Instant(it.created_at),
                owner,
                Cell::Text(it.description),
                Cell::Text(kind(&it.kind).to_owned()),
                Cell::Number(it.amount),
            ]
        })
        .collect();
    Ok(table)
}
