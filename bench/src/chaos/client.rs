//! A client: takes one booking after another, does what its life says, and writes down what was acknowledged.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use chrono::{Days, NaiveDate};
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use uuid::Uuid;

use super::plan::{Deed, life};
use super::trouble::Outages;
use crate::http::{Answer, Connection, write};

/// How long a client attends to a booking whose answer does not come before it goes on with the next one. (A request that
/// was cut off is not carried out again within a minute, and nobody's clients stand still for that long.)
const ATTENTION: Duration = Duration::from_secs(1);

/// How long an answer may take; the server waits ten seconds for the first of two equal requests.
const ANSWER: Duration = Duration::from_secs(15);

/// A request that has had no answer for so long is given up, which fails the run.
const GIVE_UP: Duration = Duration::from_mins(4);

/// What a client was told about a booking, last.
#[derive(Debug)]
pub struct Booking {
    /// Its place in the plan, which makes the guest's identity number.
    pub number: u32,
    pub stay_id: Uuid,
    pub room: String,
    pub arrival: NaiveDate,
    pub departure: NaiveDate,
    pub status: &'static str,
    /// What was acknowledged, in order, by its name in the history.
    pub deeds: Vec<&'static str>,
}

/// What all clients saw.
#[derive(Debug, Default)]
pub struct Seen {
    pub bookings: Vec<Booking>,
    pub acknowledged: BTreeMap<&'static str, u32>,
    pub statuses: BTreeMap<u16, u32>,
    /// Refused because the room, or the last one of its type, was taken.
    pub taken: u32,
    /// Requests that were sent again, and those whose answer had been kept for them.
    pub retries: u32,
    pub replayed: u32,
    pub lost: u32,
    /// 503 while nothing was down.
    pub unexplained: u32,
    /// Refusals that a client which knows its booking does not get; answers that say something else than was asked.
    pub surprises: Vec<String>,
    /// Requests that never got an answer.
    pub unanswered: Vec<String>,
}

/// What all clients share.
#[derive(Debug)]
pub struct World {
    pub seed: u64,
    pub operations: u32,
    pub address: String,
    pub bearer: String,
    /// The numbers of the rooms.
    pub rooms: Vec<String>,
    pub today: NaiveDate,
    pub outages: Outages,
    /// How many operations were answered.
    pub answered: AtomicU32,
    pub next: AtomicU32,
    pub seen: Mutex<Seen>,
}

impl World {
    pub fn note<T>(&self, work: impl FnOnce(&mut Seen) -> T) -> T {
        work(&mut self.seen.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub fn is_over(&self) -> bool {
        self.answered.load(Ordering::Relaxed) >= self.operations
    }
}

/// Takes bookings until there were enough operations, then waits for those that it had to leave.
pub async fn client(world: Arc<World>) -> anyhow::Result<()> {
    let mut left = JoinSet::new();
    while !world.is_over() {
        let number = world.next.fetch_add(1, Ordering::Relaxed);
        let mut life = Box::pin(live(Arc::clone(&world), number));
        loop {
            if let Ok(done) = timeout(ATTENTION, &mut life).await {
                done?;
            } else if world.outages.is_on() {
                continue;
            } else {
                left.spawn(life);
            }
            break;
        }
    }
    while let Some(done) = left.join_next().await {
        done??;
    }
    Ok(())
}

/// The life of one booking.
async fn live(world: Arc<World>, number: u32) -> anyhow::Result<()> {
    let mut connection = None;
    let mut booking: Option<Booking> = None;
    for (index, (deed, hangs_up)) in life(world.seed, number).into_iter().enumerate() {
        let request = request(&world, number, index, booking.as_ref(), deed);
        let begun = Instant::now();
        let Ok(answer) = ask(&world, &mut connection, &request, hangs_up).await else {
            let what = format!("{number}.{index} {deed:?}, for {} s", begun.elapsed().as_secs());
            world.note(|seen| seen.unanswered.push(what));
            break;
        };
        world.answered.fetch_add(1, Ordering::Relaxed);
        let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        if answer.status == 409 && matches!(problem(&body), "room_taken" | "room_occupied" | "sold_out") {
            world.note(|seen| seen.taken += 1);
            // Without a booking there is nothing more to do; one that could not be changed is as it was.
            if booking.is_none() {
                break;
            }
            continue;
        }
        if !(200..300).contains(&answer.status) {
            let what = format!("{number}.{index} {deed:?}: {} {}", answer.status, body["detail"]);
            world.note(|seen| seen.surprises.push(what));
            break;
        }
        let told = acknowledge(&world, number, booking.take(), deed, &body)
            .with_context(|| format!("not an answer to {deed:?}: {body}"))?;
        world.note(|seen| {
            *seen.acknowledged.entry(deed.name()).or_default() += 1;
            if !agrees(&told, &body) {
                seen.surprises.push(format!("{number}.{index} {deed:?} was answered {body}"));
            }
        });
        booking = Some(told);
    }
    world.note(|seen| seen.bookings.extend(booking));
    Ok(())
}

fn request(world: &World, number: u32, index: usize, booking: Option<&Booking>, deed: Deed) -> Vec<u8> {
    let id = booking.map_or_else(String::new, |booking| booking.stay_id.to_string());
    let night = |night| (world.today + Days::new(night)).to_string();
    let (method, path, body) = match deed {
        Deed::Book { room, arrival, nights, at_desk } => (
            "POST",
            if at_desk { "/operations/check-in" } else { "/bookings/" }.to_owned(),
            json!({
                "room_id": world.rooms[room], "check_in_at": night(arrival),
                "expected_check_out_at": night(arrival + nights), "guest_name": "Chaos Guest", "guest_gov_id": gov_id(number),
            }),
        ),
        Deed::Move { arrival, nights } => (
            "PATCH",
            format!("/bookings/{id}"),
            json!({ "check_in_at": night(arrival), "expected_check_out_at": night(arrival + nights) }),
        ),
        Deed::ChangeRoom { room } => {
            ("PATCH", format!("/bookings/{id}"), json!({ "room_id": world.rooms[room] }))
        }
        Deed::CheckIn => ("PATCH", format!("/operations/check-in/{id}"), Value::Null),
        Deed::CheckOut => ("PATCH", format!("/operations/check-out/{id}"), Value::Null),
        Deed::Cancel => ("DELETE", format!("/bookings/{id}"), Value::Null),
    };
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let headers = format!("{}Idempotency-Key: chaos-{number}-{index}\r\n", world.bearer);
    write(method, &path, &headers, &body)
}

/// The identity number of a booking's guest: every booking has a guest of its own.
pub fn gov_id(number: u32) -> String {
    format!("CHAOS{number}")
}

/// Sends a request until it is answered, always with the same key.
async fn ask(
    world: &World,
    connection: &mut Option<Connection>,
    request: &[u8],
    hangs_up: bool,
) -> anyhow::Result<Answer> {
    let begun = Instant::now();
    // Longer than it takes to send it, shorter than most answers take.
    let mut patience = if hangs_up { Duration::from_millis(3) } else { ANSWER };
    while begun.elapsed() < GIVE_UP {
        let sent = Instant::now();
        let answer = timeout(patience, send(world, connection, request)).await;
        patience = ANSWER;
        let pause = if let Ok(Ok(answer)) = answer {
            let is_running = answer.status == 409 && {
                let body = serde_json::from_slice(&answer.body).unwrap_or_default();
                problem(&body) == "still_running"
            };
            world.note(|seen| {
                *seen.statuses.entry(answer.status).or_default() += 1;
                seen.replayed += u32::from(answer.head.contains("\nidempotent-replayed:"));
                seen.unexplained += u32::from(answer.status == 503 && !world.outages.explain(sent));
            });
            match answer.status {
                500.. => 200,
                _ if is_running => 3000,
                _ => return Ok(answer),
            }
        } else {
            // What is still to come on this connection belongs to nobody.
            *connection = None;
            world.note(|seen| seen.lost += 1);
            50
        };
        world.note(|seen| seen.retries += 1);
        sleep(Duration::from_millis(pause)).await;
    }
    bail!("no answer")
}

async fn send(world: &World, connection: &mut Option<Connection>, request: &[u8]) -> anyhow::Result<Answer> {
    let open = match connection.take() {
        Some(open) => open,
        None => Connection::open(&world.address).await?,
    };
    connection.insert(open).send(request, true).await
}

/// The code of a refusal.
fn problem(body: &Value) -> &str {
    body["type"].as_str().unwrap_or_default().trim_start_matches("urn:keyrack:problem:")
}

/// The booking after a deed that was acknowledged.
fn acknowledge(
    world: &World,
    number: u32,
    booking: Option<Booking>,
    deed: Deed,
    body: &Value,
) -> anyhow::Result<Booking> {
    let night = |night| world.today + Days::new(night);
    let mut told = match booking {
        Some(booking) => booking,
        None => Booking {
            number,
            stay_id: body["booking_id"].as_str().context("no id")?.parse()?,
            room: String::new(),
            arrival: world.today,
            departure: world.today,
            status: "reserved",
            deeds: Vec::new(),
        },
    };
    match deed {
        Deed::Book { room, arrival, nights, at_desk } => {
            told.room.clone_from(&world.rooms[room]);
            (told.arrival, told.departure) = (night(arrival), night(arrival + nights));
            told.status = if at_desk { "checked_in" } else { "reserved" };
        }
        Deed::Move { arrival, nights } => {
            (told.arrival, told.departure) = (night(arrival), night(arrival + nights));
        }
        Deed::ChangeRoom { room } => told.room.clone_from(&world.rooms[room]),
        Deed::CheckIn => told.status = "checked_in",
        Deed::CheckOut => {
            told.status = "checked_out";
            // Whoever leaves on the day of arrival has slept one night, and gives the others back.
            told.departure = told.arrival + Days::new(1);
        }
        Deed::Cancel => told.status = "cancelled",
    }
    told.deeds.push(deed.in_history());
    Ok(told)
}

/// Whether an answer says the same. Those to check-ins and check-outs have no room and no dates.
fn agrees(told: &Booking, body: &Value) -> bool {
    let word = match told.status {
        "reserved" => "Active",
        "checked_in" => "CheckedIn",
        "checked_out" => "Completed",
        _ => "Cancelled",
    };
    let same = |name: &str, wanted: &str| body[name].as_str().is_none_or(|text| text.starts_with(wanted));
    body["status"] == word
        && body["booking_id"] == told.stay_id.to_string()
        && same("room_number", &told.room)
        && same("check_in_at", &told.arrival.to_string())
        && same("expected_check_out_at", &told.departure.to_string())
}
