//! Finding guests while somebody is on the phone.

use domain::access::{Permit, right};
use domain::guest::{GuestRow, phone_digits};
use domain::ids::GuestId;
use platform::database::Transaction;
use uuid::Uuid;

use crate::{Pms, Result};

/// How many guests one page of a search shows.
pub const PAGE: i64 = 50;

/// How many guests are looked at for each way to match. A search that finds as many wants more letters.
pub(crate) const MATCHES: usize = 500;

/// Sorts after every text that begins with a prefix.
const LAST: char = '\u{10ffff}';

/// The half-open range of texts that begin with `prefix`.
fn range(prefix: &str) -> (String, String) {
    (prefix.to_owned(), format!("{prefix}{LAST}"))
}

/// What is looked for: a name in either order, of which either part may have several words, or the last of several family
/// names, or the beginning of an e-mail address, or the beginning or end of a telephone number, or a whole identity number.
pub(crate) struct Pattern {
    pub whole: (String, String),
    pub early: (String, String),
    pub after: (String, String),
    pub late: (String, String),
    pub last: (String, String),
    pub phone: (String, String),
    /// The end of a telephone number, read backwards.
    pub phone_end: (String, String),
    pub gov_id: String,
}

impl Pattern {
    pub(crate) fn of(text: &str) -> Self {
        let text = text.replace('\0', "").to_lowercase();
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        // `Ana María Ruiz` may be Ana with two family names, or Ana María with one.
        let early = text.split_once(' ').unwrap_or((&text, ""));
        let late = text.rsplit_once(' ').unwrap_or((&text, ""));
        let digits = phone_digits(&text);
        // Who calls says the number as it is dialled here, with zeros in place of the country.
        let local = digits.trim_start_matches('0').chars().rev().collect::<String>();
        Self {
            whole: range(&text),
            early: range(early.0),
            after: range(early.1),
            late: range(late.0),
            last: range(late.1),
            // Two digits match half of all telephone numbers.
            phone: range(if digits.len() >= 3 { &digits } else { "-" }),
            phone_end: range(if local.len() >= 6 { &local } else { "-" }),
            gov_id: text.to_uppercase(),
        }
    }
}

/// The ids of guests that match: of each way to match the first [`MATCHES`] in order. As many, or more, may mean that some
/// are missing.
pub(crate) async fn matching_ids(transaction: &mut Transaction, pattern: &Pattern) -> Result<Vec<Uuid>> {
    let ids = sqlx::query_scalar!(
        r#"SELECT id AS "id!" FROM (
               (SELECT id FROM guests WHERE first_name_key >= $1 AND first_name_key < $2 ORDER BY first_name_key LIMIT $14)
               UNION (SELECT id FROM guests WHERE last_name_key >= $1 AND last_name_key < $2 ORDER BY last_name_key LIMIT $14)
               UNION (SELECT id FROM guests WHERE email_key >= $1 AND email_key < $2 ORDER BY email_key LIMIT $14)
               UNION (SELECT id FROM guests WHERE first_name_key >= $3 AND first_name_key < $4
                          AND (last_name_key >= $5 AND last_name_key < $6 OR last_word_key >= $5 AND last_word_key < $6)
                      ORDER BY first_name_key LIMIT $14)
               UNION (SELECT id FROM guests WHERE first_name_key >= $7 AND first_name_key < $8
                          AND (last_name_key >= $9 AND last_name_key < $10 OR last_word_key >= $9 AND last_word_key < $10)
                      ORDER BY first_name_key LIMIT $14)
               UNION (SELECT id FROM guests WHERE last_name_key >= $3 AND last_name_key < $4
                          AND first_name_key >= $5 AND first_name_key < $6 ORDER BY last_name_key LIMIT $14)
               UNION (SELECT id FROM guests WHERE last_name_key >= $7 AND last_name_key < $8
                          AND first_name_key >= $9 AND first_name_key < $10 ORDER BY last_name_key LIMIT $14)
               UNION (SELECT id FROM guests WHERE last_word_key >= $1 AND last_word_key < $2 ORDER BY last_word_key LIMIT $14)
               UNION (SELECT id FROM guests WHERE last_word_key >= $3 AND last_word_key < $4
                          AND first_name_key >= $5 AND first_name_key < $6 ORDER BY last_word_key LIMIT $14)
               UNION (SELECT id FROM guests WHERE phone_reversed >= $15 AND phone_reversed < $16 ORDER BY phone_reversed LIMIT $14)
               UNION (SELECT id FROM guests WHERE phone_digits >= $11 AND phone_digits < $12 ORDER BY phone_digits LIMIT $14)
               UNION (SELECT id FROM guests WHERE gov_id = $13)
           ) AS found"#,
        pattern.whole.0,
        pattern.whole.1,
        pattern.early.0,
        pattern.early.1,
        pattern.after.0,
        pattern.after.1,
        pattern.late.0,
        pattern.late.1,
        pattern.last.0,
        pattern.last.1,
        pattern.phone.0,
        pattern.phone.1,
        pattern.gov_id,
        i64::try_from(MATCHES).unwrap_or(i64::MAX),
        pattern.phone_end.0,
        pattern.phone_end.1,
    )
    .fetch_all(&mut **transaction)
    .await?;
    Ok(ids)
}

impl Pms {
    /// Guests whose name, e-mail address or telephone number begins with `text`, or whose number ends with it, or whose
    /// identity number it is, by name;
    /// without a text the newest ones. `after` is the last guest of the page before.
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
            matching_ids(&mut transaction, &Pattern::of(text)).await?
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
               LEFT JOIN guests last ON NOT $3 AND last.id = $4
               WHERE g.id = ANY($1)
                 AND (last.id IS NULL OR (lower(g.last_name), lower(g.first_name), g.id)
                                         > (lower(last.last_name), lower(last.first_name), last.id))
               ORDER BY CASE WHEN $3 THEN g.id END DESC, lower(g.last_name), lower(g.first_name), g.id LIMIT $5"#,
            &ids,
            Uuid::from(permit.hotel_id()),
            text.trim().is_empty(),
            after.map(Uuid::from),
            PAGE,
        )
        .fetch_all(&mut *transaction)
        .await?;
        transaction.end_of_reading();
        Ok(rows)
    }
}
