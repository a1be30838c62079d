//! Whether what the clients were told is what the database holds.

use sqlx::{Connection, PgConnection};

use super::client::{Booking, gov_id};

/// What must hold, and a query for the rows that break it. `told` is what the clients were told last about each booking,
/// `told_deeds` everything that was acknowledged.
const RULES: &[(&str, &str)] = &[
    (
        "every acknowledged booking is there, once",
        "SELECT format('%s: %s stays', t.gov_id, count(s.id)) FROM told t
         LEFT JOIN guests g ON g.gov_id = t.gov_id LEFT JOIN stays s ON s.guest_id = g.id
         GROUP BY t.gov_id, t.stay_id HAVING count(s.id) <> 1 OR NOT bool_and(s.id = t.stay_id)",
    ),
    (
        "it has the room, the dates and the state that were acknowledged last",
        "SELECT format('%s: told %s %s %s %s, is %s %s %s %s', t.gov_id, t.room, t.arrival, t.departure, t.status,
                       r.number, s.arrival, s.departure, s.status)
         FROM told t JOIN stays s ON s.id = t.stay_id JOIN rooms r ON r.id = s.room_id
         WHERE (r.number, s.arrival, s.departure, s.status) IS DISTINCT FROM (t.room, t.arrival, t.departure, t.status)",
    ),
    (
        "no two live stays share a room and a night",
        "SELECT format('room %s: %s to %s and %s to %s', r.number, a.arrival, a.departure, b.arrival, b.departure)
         FROM stays a JOIN stays b ON b.room_id = a.room_id AND b.id > a.id JOIN rooms r ON r.id = a.room_id
         WHERE a.arrival < b.departure AND b.arrival < a.departure
           AND a.status IN ('reserved', 'checked_in') AND b.status IN ('reserved', 'checked_in')",
    ),
    (
        "no half booking: guest, booking and stay are there together",
        "SELECT format('%s: %s bookings, %s stays', g.gov_id, count(b.id), count(s.id)) FROM guests g
         LEFT JOIN bookings b ON b.guest_id = g.id LEFT JOIN stays s ON s.booking_id = b.id AND s.guest_id = g.id
         GROUP BY g.id, g.gov_id HAVING count(b.id) <> count(s.id) OR count(b.id) = 0",
    ),
    (
        "nothing is there that no client was told of: no refused request was carried out, none twice",
        "SELECT format('%s: %s to %s, %s; the answer to its request is %s', g.gov_id, s.arrival, s.departure, s.status,
                       coalesce((SELECT k.status::text FROM idempotency_keys k
                                 WHERE k.key = format('chaos-%s-0', substr(g.gov_id, 6))), 'not kept'))
         FROM stays s JOIN guests g ON g.id = s.guest_id
         WHERE NOT EXISTS (SELECT FROM told t WHERE t.stay_id = s.id)",
    ),
    (
        "the history has each acknowledged deed once, and no other",
        "SELECT format('%s %s: %s acknowledged, %s kept', coalesce(t.stay_id, a.subject), coalesce(t.action, a.action),
                       coalesce(t.times, 0), coalesce(a.times, 0))
         FROM (SELECT stay_id, action, count(*) AS times FROM told_deeds GROUP BY stay_id, action) t
         FULL JOIN (SELECT subject, action, count(*) AS times FROM audit_log WHERE action LIKE 'stay.%'
                    GROUP BY subject, action) a ON a.subject = t.stay_id AND a.action = t.action
         WHERE t.times IS DISTINCT FROM a.times",
    ),
    (
        "what is taken of each room type on each night is the number of its live stays",
        "SELECT format('%s on %s: %s taken, %s stays', t.name, night, coalesce(n.taken, 0), coalesce(s.stays, 0))
         FROM room_type_nights n
         FULL JOIN (SELECT room_type_id, night::date AS night, count(*) AS stays FROM stays
                    CROSS JOIN generate_series(arrival, departure - 1, interval '1 day') AS night
                    WHERE status IN ('reserved', 'checked_in') GROUP BY 1, 2) s USING (room_type_id, night)
         JOIN room_types t ON t.id = room_type_id
         WHERE coalesce(n.taken, 0) <> coalesce(s.stays, 0)",
    ),
    (
        "each night of a stay has its price, and they add up",
        "SELECT format('%s: %s to %s, %s', s.id, s.arrival, s.departure, s.nightly_minor)
         FROM stays s JOIN rooms r ON r.id = s.room_id JOIN room_types t ON t.id = r.room_type_id
         WHERE cardinality(s.nightly_minor) <> s.departure - s.arrival
            OR s.total_minor <> t.rate_minor * (s.departure - s.arrival) OR t.rate_minor <> ANY (s.nightly_minor)",
    ),
];

/// Looks as superuser; for each rule what breaks it.
pub async fn check(database: &str, bookings: &[Booking]) -> anyhow::Result<Vec<(&'static str, Vec<String>)>> {
    let mut connection = PgConnection::connect(database).await?;
    sqlx::raw_sql(
        "CREATE TEMP TABLE told (gov_id text, stay_id uuid, room text, arrival date, departure date, status text);
         CREATE TEMP TABLE told_deeds (stay_id uuid, action text)",
    )
    .execute(&mut connection)
    .await?;
    let each = |text: fn(&Booking) -> String| bookings.iter().map(text).collect::<Vec<_>>();
    sqlx::query("INSERT INTO told SELECT * FROM unnest($1::text[], $2::uuid[], $3::text[], $4::date[], $5::date[], $6::text[])")
        .bind(each(|booking| gov_id(booking.number)))
        .bind(bookings.iter().map(|booking| booking.stay_id).collect::<Vec<_>>())
        .bind(each(|booking| booking.room.clone()))
        .bind(bookings.iter().map(|booking| booking.arrival).collect::<Vec<_>>())
        .bind(bookings.iter().map(|booking| booking.departure).collect::<Vec<_>>())
        .bind(each(|booking| booking.status.to_owned()))
        .execute(&mut connection)
        .await?;
    let (stays, deeds): (Vec<_>, Vec<_>) = bookings
        .iter()
        .flat_map(|booking| booking.deeds.iter().map(|deed| (booking.stay_id, (*deed).to_owned())))
        .unzip();
    sqlx::query("INSERT INTO told_deeds SELECT * FROM unnest($1::uuid[], $2::text[])")
        .bind(stays)
        .bind(deeds)
        .execute(&mut connection)
        .await?;
    let mut results = Vec::new();
    for (rule, query) in RULES {
        results.push((*rule, sqlx::query_scalar(*query).fetch_all(&mut connection).await?));
    }
    Ok(results)
}
