//! Measures Keyrack's budgets in one run (`./dev bench`), and kills it under load (`./dev chaos`).

mod chaos;
mod floor;
mod house;
mod http;
mod pages;
mod shop;
mod table;

use std::time::Duration;

use chrono::{Days, NaiveDate};
use clap::{Args, Parser};
use house::{Hotel, Server};
use http::{Connection, get, load, post};
use sqlx::PgPool;
use table::Table;
use uuid::Uuid;

/// The owners of hotels made for load, and of the demo's 24 rooms.
const LOADED: &str = "owner@load-%";
const HARBOUR: &str = "owner@harbour.example";

/// Clients of both the server and the floor.
const CLIENTS: u32 = 8;
/// Days from today to the first night that the server is asked to book: past the stays that are there.
const FIRST_NIGHT: u64 = 400;
/// Bookings are spread over so many nights, a prime, so that in steps of [`STEP`] no room and night comes twice.
const NIGHTS: u64 = 19_997;
/// Nights from one booking to the next.
const STEP: u64 = 101;

/// What the bench can do.
#[derive(Debug, Parser)]
enum Command {
    Budgets(Options),
    Chaos(chaos::Options),
}

/// Measures the budgets and prints them as a table.
#[derive(Debug, Args)]
struct Options {
    /// The server to measure.
    #[arg(long, env = "KEYRACK_BINARY")]
    binary: String,
    /// An empty database that may be filled; its owner must be a superuser.
    #[arg(long, env = "DATABASE_URL")]
    database: String,
    /// The built pages.
    #[arg(long, env = "KEYRACK_SITE", default_value = "target/site")]
    site: String,
    /// Seconds for each measurement.
    #[arg(long, default_value_t = 8)]
    seconds: u64,
    /// Measures billing alone.
    #[arg(long)]
    billing: bool,
    /// Measures the house alone, without billing and without a browser.
    #[arg(long, conflicts_with = "billing")]
    house: bool,
    /// Hotels of the large database.
    #[arg(long, default_value_t = 1000)]
    hotels: u32,
    /// Rooms of the hotel whose bookings are reported; six years of 2,000 rooms are a million stays.
    #[arg(long, default_value_t = 2000)]
    report_rooms: u32,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let options = match Command::parse() {
        Command::Budgets(options) => options,
        Command::Chaos(options) => {
            return if chaos::run(options).await? { Ok(()) } else { std::process::exit(1) };
        }
    };
    let bench = Bench { pool: PgPool::connect(&options.database).await?, table: Table::default(), options };
    if bench.run().await? { Ok(()) } else { anyhow::bail!("a budget was missed") }
}

/// How the Today page of a house did.
struct Today {
    /// Pages a second.
    rate: f64,
    /// At half of that rate.
    p99: Duration,
    /// Kilobytes of a page, uncompressed.
    size: f64,
}

struct Bench {
    options: Options,
    pool: PgPool,
    table: Table,
}

impl Bench {
    async fn run(mut self) -> anyhow::Result<bool> {
        self.keyrack(&["migrate"]).await?;
        self.keyrack(&["demo"]).await?;
        if self.options.billing {
            self.shop().await?;
            return Ok(self.table.print());
        }
        self.keyrack(&["demo", "--hotels", "1", "--rooms", "200", "--years", "1"]).await?;
        let server = self.start().await?;
        self.at_rest(&server).await?;
        let hotel = Hotel::find(&self.pool, &server, LOADED).await?;
        let small_p99 = self.availability(&server, &hotel, "200 rooms, 20,000 stays").await?;
        let large_house = self.today(&server, &hotel).await?;
        let house = Hotel::find(&self.pool, &server, HARBOUR).await?;
        let today = self.today(&server, &house).await?;
        self.table.add(
            "Today page, signed in",
            "≥ 800 pages/s",
            format!(
                "{:.0}/s in a house of 24 rooms ({:.0} kB each), {:.0}/s in one of 200 ({:.0} kB each)",
                today.rate, today.size, large_house.rate, large_house.size
            ),
            today.rate >= 800.0,
        );
        let p99 = today.p99.max(large_house.p99);
        let figure =
            format!("{:.1} ms with 24 rooms, {:.1} ms with 200", millis(today.p99), millis(large_house.p99));
        self.table.add("Today page, p99 at half load", "≤ 50 ms", figure, millis(p99) <= 50.0);
        if self.options.house {
            server.stop().await?;
        } else {
            self.browser(&server, &house).await?;
            server.stop().await?;
            self.shop().await?;
        }

        let started = std::time::Instant::now();
        self.keyrack(&[
            "demo",
            "--hotels",
            &self.options.hotels.to_string(),
            "--rooms",
            "20",
            "--years",
            "3",
        ])
        .await?;
        let stays: i64 = sqlx::query_scalar("SELECT count(*) FROM stays").fetch_one(&self.pool).await?;
        println!("  {stays} stays after {} s of loading", started.elapsed().as_secs());
        let server = self.start().await?;
        let hotel = Hotel::find(&self.pool, &server, LOADED).await?;
        let large_p99 = self.availability(&server, &hotel, "the same hotel among 5,000,000 stays").await?;
        let ratio = large_p99.as_secs_f64() / small_p99.as_secs_f64();
        self.table.add("availability, large p99 / small p99", "≤ 2", format!("{ratio:.2}"), ratio <= 2.0);
        self.bookings(&server, &hotel).await?;
        server.stop().await?;

        let rooms = self.options.report_rooms.to_string();
        self.keyrack(&["demo", "--hotels", "1", "--rooms", &rooms, "--years", "6"]).await?;
        let server = self.start().await?;
        let hotel = Hotel::find(&self.pool, &server, LOADED).await?;
        self.report(&server, &hotel).await?;
        server.stop().await?;
        Ok(self.table.print())
    }

    async fn shop(&mut self) -> anyhow::Result<()> {
        let server = self.start().await?;
        let time = Duration::from_secs(self.options.seconds);
        let mut shop =
            shop::Shop { pool: &self.pool, database: &self.options.database, time, table: &mut self.table };
        shop.run(&server).await?;
        server.stop().await
    }

    async fn keyrack(&self, arguments: &[&str]) -> anyhow::Result<()> {
        house::keyrack(&self.options.binary, &self.options.database, arguments).await
    }

    async fn start(&self) -> anyhow::Result<Server> {
        Server::start(&self.options.binary, &self.options.database).await
    }

    async fn at_rest(&mut self, server: &Server) -> anyhow::Result<()> {
        let ready = server.ready_after;
        self.table.add(
            "ready after start, migrated database",
            "≤ 1 s",
            format!("{} ms", ready.as_millis()),
            ready.as_secs() < 1,
        );
        tokio::time::sleep(Duration::from_secs(2)).await;
        let memory = server.memory()?;
        self.table.add("memory at rest", "≤ 80 MB", format!("{memory:.0} MB"), memory <= 80.0);
        Ok(())
    }

    /// `GET /rooms/available` against the same SQL; its p99 at half of its own capacity.
    async fn availability(&mut self, server: &Server, hotel: &Hotel, data: &str) -> anyhow::Result<Duration> {
        let today = today();
        let headers = hotel.bearer.clone();
        let request = move |number: u64| {
            let arrival = today + Days::new(number % 120);
            let departure = arrival + Days::new(1 + number % 5);
            get(
                &format!("/rooms/available?check_in_at={arrival}&expected_check_out_at={departure}"),
                &headers,
            )
        };
        let time = Duration::from_secs(self.options.seconds);
        // Warm caches and prepared statements on both sides.
        load(&server.address, CLIENTS, Duration::from_secs(2), None, 200, request.clone()).await?;
        let full = load(&server.address, CLIENTS, time, None, 200, request.clone()).await?;
        let half = load(&server.address, CLIENTS, time, Some(full.rate / 2.0), 200, request).await?;
        let hotel_id = format!("'{}'::uuid", hotel.hotel_id);
        let sql = floor::statement(
            "AS \"occupied_now!\"",
            &[
                &hotel_id,
                "(current_date + :shift::int)",
                "(current_date + :shift::int + :nights::int)",
                "NULL",
                "NULL",
            ],
        )?;
        let script = floor::transaction(
            &hotel.organisation_id.to_string(),
            &hotel.user_id.to_string(),
            "\\set shift random(0, 119)\n\\set nights random(1, 5)",
            &[sql],
        );
        let floor =
            floor::pgbench(&self.options.database, "keyrack_app", &script, CLIENTS, self.options.seconds)?;
        let ratio = full.rate / floor * 100.0;
        self.table.add(
            &format!("GET /rooms/available, {data}"),
            "≥ 50 % of pgbench",
            format!(
                "{:.0}/s of {floor:.0}/s = {ratio:.0} %, p99 at half load {:.1} ms",
                full.rate,
                millis(half.p99)
            ),
            ratio >= 50.0 && full.failed == 0,
        );
        Ok(half.p99)
    }

    /// The code that a browser loads, and Lighthouse.
    async fn browser(&mut self, server: &Server, hotel: &Hotel) -> anyhow::Result<()> {
        let (main, lazy) = pages::wasm_sizes(&self.options.site)?;
        self.table.add(
            "main wasm, brotli",
            "≤ 400 kB, later ones ≤ 150 kB",
            format!("{main:.0} kB, the largest later one {lazy:.0} kB"),
            main <= 400.0 && lazy <= 150.0,
        );
        let signed_in = serde_json::json!({ "Cookie": hotel.cookie.trim().trim_start_matches("Cookie: ") });
        for (name, path, headers) in
            [("sign-in", "/sign-in", serde_json::json!({})), ("Today", "/desk", signed_in)]
        {
            let scores = pages::lighthouse(&format!("http://{}{path}", server.address), &headers).await?;
            let [performance, accessibility, practices] = scores;
            self.table.add(
                &format!("Lighthouse on {name}"),
                "≥ 95",
                format!("performance {performance:.0}, accessibility {accessibility:.0}, best practices {practices:.0}"),
                scores.iter().all(|score| *score >= 95.0),
            );
        }
        Ok(())
    }

    /// The Today page, signed in.
    async fn today(&mut self, server: &Server, hotel: &Hotel) -> anyhow::Result<Today> {
        let headers = hotel.cookie.clone();
        let request = move |_| get("/desk", &headers);
        let page = Connection::open(&server.address).await?.send(&request(0), true).await?;
        anyhow::ensure!(page.status == 200, "the Today page answers {}", page.status);
        let time = Duration::from_secs(self.options.seconds);
        load(&server.address, CLIENTS, Duration::from_secs(2), None, 200, request.clone()).await?;
        let full = load(&server.address, CLIENTS, time, None, 200, request.clone()).await?;
        let half = load(&server.address, CLIENTS, time, Some(full.rate / 2.0), 200, request).await?;
        anyhow::ensure!(full.failed + half.failed == 0, "some Today pages failed");
        #[expect(clippy::cast_precision_loss, reason = "a page is smaller than 2^52 bytes")]
        let size = page.body.len() as f64 / 1000.0;
        Ok(Today { rate: full.rate, p99: half.p99, size })
    }

    /// `POST /bookings/` against the same statements.
    async fn bookings(&mut self, server: &Server, hotel: &Hotel) -> anyhow::Result<()> {
        let rooms = hotel.rooms(&self.pool).await?;
        let first = today() + Days::new(FIRST_NIGHT);
        let headers = hotel.bearer.clone();
        let count = u64::try_from(rooms.len())?;
        let script = Self::booking_script(hotel, &rooms)?;
        let request = move |number: u64| {
            let (room, _) = rooms[usize::try_from(number % count).unwrap_or(0)];
            let arrival = first + Days::new(number * STEP % NIGHTS);
            let body = format!(
                r#"{{"room_id":"{room}","check_in_at":"{arrival}T15:00:00","expected_check_out_at":"{}T11:00:00","guest_name":"Bench Guest","guest_gov_id":"B{number}"}}"#,
                arrival + Days::new(1)
            );
            post("/bookings/", &headers, &body)
        };
        let answer = Connection::open(&server.address).await?.send(&request(1_000_000), true).await?;
        let created = answer.status;
        anyhow::ensure!(
            (200..300).contains(&created),
            "POST /bookings/ answers {created}: {}",
            String::from_utf8_lossy(&answer.body)
        );
        let time = Duration::from_secs(self.options.seconds);
        let full = load(&server.address, CLIENTS, time, None, created, request).await?;
        let floor =
            floor::pgbench(&self.options.database, "keyrack_app", &script, CLIENTS, self.options.seconds)?;
        let ratio = full.rate / floor * 100.0;
        self.table.add(
            "POST /bookings/",
            "≥ 40 % of pgbench",
            format!("{:.0}/s of {floor:.0}/s = {ratio:.0} %, {} refused", full.rate, full.failed),
            ratio >= 40.0 && full.failed == 0,
        );
        Ok(())
    }

    /// The statements of a booking, over a room and a night that are free: after those that the server was asked for.
    fn booking_script(hotel: &Hotel, rooms: &[(Uuid, Uuid)]) -> anyhow::Result<String> {
        let (organisation, user) =
            (format!("'{}'::uuid", hotel.organisation_id), format!("'{}'::uuid", hotel.user_id));
        let hotel_id = format!("'{}'::uuid", hotel.hotel_id);
        // The room and its type, by their place in two lists that the statement holds as constants.
        let pick = |ids: Vec<String>| format!("('{{{}}}'::uuid[])[:room::int + 1]", ids.join(","));
        let room = pick(rooms.iter().map(|(room, _)| room.to_string()).collect());
        let room_type = pick(rooms.iter().map(|(_, room_type)| room_type.to_string()).collect());
        // Past every night that the server was asked for.
        let first = FIRST_NIGHT + NIGHTS;
        let arrival = &format!("(current_date + {first} + :day::int)");
        let departure = &format!("(current_date + {} + :day::int)", first + 1);
        let facts = floor::statement("SELECT time_zone, currency AS", &[&hotel_id, "now()"])?;
        let lock =
            floor::statement("SELECT FROM rooms WHERE hotel_id", &[&hotel_id, &format!("ARRAY[{room}]")])?;
        let check =
            floor::statement("r.number AS name", &[&hotel_id, &room, arrival, departure, "NULL", "NULL"])?;
        let guest = floor::statement(
            "INSERT INTO guests AS g",
            &[
                &organisation,
                ":guest_id",
                "'Bench'",
                "'Guest'",
                "NULL",
                "NULL",
                "''",
                ":gov_id",
                "NULL",
                "NULL",
                "NULL",
                "NULL",
                "NULL",
                "NULL",
                "now()",
            ],
        )?;
        let booking = floor::statement(
            "INSERT INTO bookings",
            &[&organisation, ":booking_id", &hotel_id, ":guest_id", ":reference", "NULL", &user, "now()"],
        )?;
        let stay = floor::statement(
            "INSERT INTO stays",
            &[
                &organisation,
                ":stay_id",
                &hotel_id,
                ":booking_id",
                ":guest_id",
                &room,
                arrival,
                departure,
                "1",
                "'reserved'",
                "'EUR'",
                "'{8900}'",
                "0",
                "0",
                "now()",
                "NULL",
                &room_type,
                "NULL",
                "NULL",
            ],
        )?;
        let deed = floor::statement(
            "INSERT INTO audit_log (id, organisation_id, hotel_id",
            &[":deed_id", &organisation, &hotel_id, &user, "'stay.booked'", ":stay_id", "'{}'", "now()"],
        )?;
        // pgbench has no UUIDs: random ones are made by a query whose columns become variables.
        // Rooms and nights in the order in which the server is asked for them: by chance some would be asked for twice.
        let rooms = rooms.len();
        let variables = format!(
            "\\set number :number + {CLIENTS}\n\\set room (:number + :client_id) % {rooms}\n\\set day (:number + :client_id) * {STEP} % {NIGHTS}\nSELECT gen_random_uuid() AS guest_id, gen_random_uuid() AS booking_id, gen_random_uuid() AS stay_id, gen_random_uuid() AS deed_id, upper(left(md5(random()::text), 12)) AS gov_id, 'KR-' || upper(left(md5(random()::text), 10)) AS reference \\gset"
        );
        let quoted = |text: String| {
            ["guest_id", "booking_id", "stay_id", "deed_id"]
                .iter()
                .fold(text, |text, name| text.replace(&format!(":{name}"), &format!(":{name}::uuid")))
        };
        let statements = [facts, lock, check, guest, booking, stay, deed].map(quoted);
        Ok(floor::transaction(
            &hotel.organisation_id.to_string(),
            &hotel.user_id.to_string(),
            &variables,
            &statements,
        ))
    }

    /// A report of a million bookings.
    async fn report(&mut self, server: &Server, hotel: &Hotel) -> anyhow::Result<()> {
        // One answer first, so that connections and buffers that any request needs are not counted as growth.
        let request = post("/reports/bookings?start_date=2000-01-01", &hotel.bearer, "");
        let warm = post("/reports/bookings?end_date=2000-01-01", &hotel.bearer, "");
        Connection::open(&server.address).await?.send(&warm, false).await?;
        let before = server.memory()?;
        let mut connection = Connection::open(&server.address).await?;
        let reader = tokio::spawn(async move { connection.send(&request, false).await });
        let mut peak = before;
        while !reader.is_finished() {
            peak = peak.max(server.memory()?);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let answer = reader.await??;
        anyhow::ensure!(answer.status == 200, "the report answers {}", answer.status);
        let rows: i64 = sqlx::query_scalar("SELECT count(*) FROM stays WHERE hotel_id = $1")
            .bind(hotel.hotel_id)
            .fetch_one(&self.pool)
            .await?;
        let growth = peak - before;
        self.table.add(
            &format!("CSV of {rows} bookings, memory growth"),
            "≤ 20 MB",
            format!("{growth:.1} MB, {:.1} s in all", answer.total.as_secs_f64()),
            growth <= 20.0,
        );
        let first = millis(answer.first_byte);
        self.table.add("CSV, first byte", "≤ 200 ms", format!("{first:.0} ms"), first <= 200.0);
        Ok(())
    }
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

#[expect(clippy::disallowed_methods, reason = "a measurement has no clock to move")]
fn today() -> NaiveDate {
    chrono::Utc::now().date_naive()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_statements_of_a_booking_are_those_of_the_server() {
        let nobody = Uuid::nil();
        let hotel = Hotel {
            organisation_id: nobody,
            hotel_id: nobody,
            user_id: nobody,
            cookie: String::new(),
            bearer: String::new(),
        };
        Bench::booking_script(&hotel, &[(nobody, nobody)]).unwrap();
    }
}
