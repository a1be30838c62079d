//! The ledger of tokens.

use billing::lists::Search;
use domain::access::AdminPermit;

use super::{given, limit, next_of, searched};
use crate::admin::model::{Cell, Subject, Table, Wanted, link};
use crate::error::AppError;
use crate::server_ctx::Services;
use crate::texts::texts;

/// The name of a kind, as the filter of the list has it.
fn kind(kind: String) -> String {
    let known = Subject::Tokens.states().into_iter().find(|(value, _)| *value == kind);
    known.map_or(kind, |(_, name)| name.to_owned())
}

pub async fn list(services: &Services, permit: AdminPermit<'_>, wanted: &Wanted) -> Result<Table, AppError> {
    let t = &texts().admin;
    let search = Search {
        status: given(&wanted.state)?,
        account_id: given(&wanted.account)?,
        text: searched(wanted),
        after: given(&wanted.after)?,
        limit: limit(wanted),
    };
    let mut found = services.billing.find_token_entries(permit, &search).await?;
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
                Cell::Text(kind(it.kind)),
                Cell::Number(it.amount),
            ]
        })
        .collect();
    Ok(table)
}
