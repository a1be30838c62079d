//! Pages of lists, newest first.

use std::ops::RangeInclusive;

use serde_json::{Value, json};

use super::Call;
use crate::error::ApiError;
use crate::model::{Dated, Record, Timestamp};
use crate::render::Render;
use crate::state::State;

const DEFAULT: i64 = 10;
const MOST: i64 = 100;

/// The page of `records` a call asks for.
pub fn page<'a, T: Record + Dated + Render + 'a>(
    state: &State,
    call: &Call,
    url: &str,
    records: impl Iterator<Item = &'a T>,
) -> Result<Value, ApiError> {
    let range = created_range(call)?;
    let records: Vec<&T> = records.filter(|record| range.contains(&record.created())).collect();
    let (window, has_more) =
        window(call, T::NAME, &records.iter().map(|record| record.id()).collect::<Vec<_>>())?;
    let data: Vec<Value> =
        records.get(window).unwrap_or_default().iter().map(|record| record.render(state)).collect();
    Ok(json!({ "object": "list", "data": data, "has_more": has_more, "url": url }))
}

/// What `created` asks for: a moment, or bounds such as `created[gte]`.
fn created_range(call: &Call) -> Result<RangeInclusive<Timestamp>, ApiError> {
    let params = call.params();
    let Ok(Some(bounds)) = params.child("created") else {
        return Ok(params.int("created")?.map_or(Timestamp::MIN..=Timestamp::MAX, |at| at..=at));
    };
    let from = [bounds.int("gte")?, bounds.int("gt")?.map(|it| it.saturating_add(1))];
    let to = [bounds.int("lte")?, bounds.int("lt")?.map(|it| it.saturating_sub(1))];
    let from = from.into_iter().flatten().max().unwrap_or(Timestamp::MIN);
    Ok(from..=to.into_iter().flatten().min().unwrap_or(Timestamp::MAX))
}

/// The page of values that have ids of their own, such as the lines of an invoice.
pub fn page_of_values(call: &Call, what: &str, url: &str, values: Vec<Value>) -> Result<Value, ApiError> {
    let ids: Vec<&str> = values.iter().map(|value| value["id"].as_str().unwrap_or_default()).collect();
    let (window, has_more) = window(call, what, &ids)?;
    let data = values.get(window).unwrap_or_default();
    Ok(json!({ "object": "list", "data": data, "has_more": has_more, "url": url }))
}

/// Which positions the call asks for, and whether more follow in the direction it reads.
fn window(call: &Call, what: &str, ids: &[&str]) -> Result<(std::ops::Range<usize>, bool), ApiError> {
    let params = call.params();
    let limit = params.int("limit")?.unwrap_or(DEFAULT);
    let after = params.filled("starting_after")?;
    let before = params.filled("ending_before")?;
    call.finish()?;
    if !(1..=MOST).contains(&limit) {
        return Err(ApiError::invalid_param("limit", format!("This value must be between 1 and {MOST}."))
            .with_code("parameter_invalid_integer"));
    }
    let limit = usize::try_from(limit).unwrap_or_default();
    let position = |id: &str, param: &str| {
        ids.iter().position(|it| *it == id).ok_or_else(|| ApiError::no_such(what, id, param))
    };
    match (after, before) {
        (Some(_), Some(_)) => Err(ApiError::invalid_param(
            "ending_before",
            "You may only specify one of these parameters: starting_after, ending_before.",
        )),
        (None, Some(id)) => {
            let end = position(&id, "ending_before")?;
            let start = end.saturating_sub(limit);
            Ok((start..end, start > 0))
        }
        (after, None) => {
            let start = after.map_or(Ok(0), |id| position(&id, "starting_after").map(|at| at + 1))?;
            let end = (start + limit).min(ids.len());
            Ok((start..end, end < ids.len()))
        }
    }
}
