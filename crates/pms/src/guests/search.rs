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

/// The ids of guests whose name, e-mail address, telephone or identity number begins with `text`; at most [`PAGE`].
/// A name may be typed in either order, and either part of it may have several words.
pub(crate) async fn matching_ids(transaction: &mut Transaction, text: &str) -> Result<Vec<Uuid>> {
    let text = text.replace('\0', "").to_lowercase();
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    // `Ana María Ruiz` may be Ana with two family names, or Ana María with one.
    let early = text.split_once(' ').unwrap_or((&text, ""));
    let late = text.rsplit_once(' ').unwrap_or((&text, ""));
    let digits = phone_digits(&text);
    // Two digits match half of all telephone numbers.
    let phone = range(if digits.len() >= 3 { &digits } else { "-" });
    let (whole_from, whole_to) = range(&text);
    let ((early_from, early_to), (after_from, after_to)) = (range(early.0), range(early.1));
    let ((late_from, late_to), (last_from, last_to)) = (range(late.0), range(late.1));
    let ids = sqlx::query_scalar!(
        r#"SELECT id AS "id!" FROM (
               (SELECT id FROM guests WHERE first_name_key >= $1 AND first_name_key < $2 LIMIT $14)
               UNION (SELECT id FROM guests WHERE last_name_key >= $1 AND last_name_key < $2 LIMIT $14)
               UNION (SELECT id FROM guests WHERE email_key >= $1 AND email_key < $2 LIMIT $14)
               UNION (SELECT id FROM guests WHERE first_name_key >= $3 AND first_name_key < $4
                          AND last_name_key >= $5 AND last_name_key < $6 LIMIT $14)
               UNION (SELECT id FROM guests WHERE first_name_key >= $7 AND first_name_key < $8
                          AND last_name_key >= $9 AND last_name_key < $10 LIMIT $14)
               UNION (SELECT id FROM guests WHERE last_name_key >= $3 AND last_name_key < $4
                          AND first_name_key >= $5 AND first_name_key < $6 LIMIT $14)
               UNION (SELECT id FROM guests WHERE last_name_key >= $7 AND last_name_key < $8
                          AND first_name_key >= $9 AND first_name_key < $10 LIMIT $14)
               UNION (SELECT id FROM guests WHERE phone_digits >= $11 AND phone_digits < $12 LIMIT $14)
               UNION (SELECT id FROM guests WHERE gov_id = $13)
           ) AS found LIMIT $14"#,
        whole_from,
        whole_to,
        early_from,
        early_to,
        after_from,
        after_to,
        late_from,
        late_to,
        last_from,
        last_to,
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
                "SELECT id FROM guests WHERE id < $1 ORDER BY id DESC LIMIT $2",
                after.map_or(Uuid::max(), Uuid::from),
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
