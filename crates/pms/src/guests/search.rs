//! Finding guests while somebody is on the phone.

use domain::access::{Permit, right};
use domain::guest::{GuestRow, phone_digits};
use domain::ids::GuestId;
use platform::database::Transaction;
use uuid::Uuid;

use crate::{Pms, Result};

/// How many guests one page of a search shows.
pub const PAGE: i64 = 50;

/// Sorts after every text that begins with a prefix.
const LAST: char = '\u{10ffff}';

/// The half-open range of texts that begin with `prefix`.
fn range(prefix: &str) -> (String, String) {
    (prefix.to_owned(), format!("{prefix}{LAST}"))
}

/// The ids of guests whose name (the words in any order), e-mail address, telephone or identity number begins with
/// `text`; at most [`PAGE`].
pub(crate) async fn matching_ids(transaction: &mut Transaction, text: &str) -> Result<Vec<Uuid>> {
    let text = text.trim().replace('\0', "").to_lowercase();
    let mut words = text.split_whitespace();
    let (first, second) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
    let digits = phone_digits(&text);
    // Two digits match half of all telephone numbers.
    let phone = range(if digits.len() >= 3 { &digits } else { "-" });
    let (from, to) = range(first);
    let (second_from, second_to) = range(second);
    let (email_from, email_to) = range(&text);
    let ids = sqlx::query_scalar!(
        r#"SELECT id AS "id!" FROM (
               (SELECT id FROM guests WHERE first_name_key >= $1 AND first_name_key < $2
                    AND last_name_key >= $3 AND last_name_key < $4 LIMIT $10)
               UNION
               (SELECT id FROM guests WHERE last_name_key >= $1 AND last_name_key < $2
                    AND first_name_key >= $3 AND first_name_key < $4 LIMIT $10)
               UNION (SELECT id FROM guests WHERE email_key >= $5 AND email_key < $6 LIMIT $10)
               UNION (SELECT id FROM guests WHERE phone_digits >= $7 AND phone_digits < $8 LIMIT $10)
               UNION (SELECT id FROM guests WHERE gov_id = $9)
           ) AS found LIMIT $10"#,
        from,
        to,
        second_from,
        second_to,
        email_from,
        email_to,
        phone.0,
        phone.1,
        text.to_uppercase(),
        PAGE,
    )
    .fetch_all(&mut **transaction)
    .await?;
    Ok(ids)
}

impl Pms {
    /// Guests whose name, e-mail address, telephone or identity number begins with `text`; without a text the newest
    /// ones, those made before `after`.
    pub async fn guests(
        &self,
        permit: Permit<'_, right::ManageGuests>,
        text: &str,
        after: Option<GuestId>,
    ) -> Result<Vec<GuestRow>> {
        let mut transaction = self.database.begin(&permit).await?;
        let ids = if text.trim().is_empty() {
            sqlx::query_scalar!(
                "SELECT id FROM guests WHERE ($1::uuid IS NULL OR id < $1) ORDER BY id DESC LIMIT $2",
                after.map(Uuid::from),
                PAGE,
            )
            .fetch_all(&mut *transaction)
            .await?
        } else {
            matching_ids(&mut transaction, text).await?
        };
        let rows = sqlx::query_as!(
            GuestRow,
            r#"SELECT g.id AS "id: GuestId", btrim(g.first_name || ' ' || g.last_name) AS "name!", g.email, g.phone, g.city,
                      coalesce(visits.stays, 0) AS "stays!", visits.last_departure
               FROM guests g
               LEFT JOIN LATERAL (
                   SELECT count(*) AS stays, max(s.departure) FILTER (WHERE s.status = 'checked_out') AS last_departure
                   FROM stays s
                   WHERE s.organisation_id = g.organisation_id AND s.guest_id = g.id AND s.hotel_id = $2
                     AND s.status IN ('checked_in', 'checked_out')
               ) AS visits ON true
               WHERE g.id = ANY($1)
               ORDER BY CASE WHEN $3 THEN g.id END DESC, lower(g.last_name), lower(g.first_name), g.id"#,
            &ids,
            Uuid::from(permit.hotel_id()),
            text.trim().is_empty(),
        )
        .fetch_all(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(rows)
    }
}
