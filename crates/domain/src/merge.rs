//! Forms that two people have open at once: neither takes back unseen what the other wrote.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::problem::{FieldProblem, ProblemCode, same_lines};

/// What was meant, or what both changed.
pub type Merged<F> = Result<F, Vec<FieldProblem>>;

/// What somebody means who was shown `shown`, a form as JSON, and sent `typed`, while it is `known` by now: a field that they
/// did not touch keeps what a colleague made of it. A field that both changed is [`ProblemCode::ChangedMeanwhile`]. Where
/// `shown` does not say what the form showed, all that was typed is meant.
pub fn merge<F: Serialize + DeserializeOwned>(typed: F, shown: &str, known: &F) -> Merged<F> {
    let (Some(mut merged), Ok(shown), Some(known)) =
        (fields(&typed), serde_json::from_str::<Map<String, Value>>(shown), fields(known))
    else {
        return Ok(typed);
    };
    let mut problems = Vec::new();
    for (field, typed) in &mut merged {
        let (Some(shown), Some(known)) = (shown.get(field), known.get(field)) else { continue };
        if is_same(typed, shown) {
            typed.clone_from(known);
        } else if !is_same(known, shown) && !is_same(known, typed) {
            let now = known.as_str().map_or_else(|| known.to_string(), str::to_owned);
            problems.push(FieldProblem { field: field.clone(), code: ProblemCode::ChangedMeanwhile { now } });
        }
    }
    if problems.is_empty() {
        Ok(serde_json::from_value(Value::Object(merged)).unwrap_or(typed))
    } else {
        Err(problems)
    }
}

fn fields(form: &impl Serialize) -> Option<Map<String, Value>> {
    match serde_json::to_value(form) {
        Ok(Value::Object(fields)) => Some(fields),
        _ => None,
    }
}

/// Whether two values are the same to whoever reads them in a form.
fn is_same(one: &Value, other: &Value) -> bool {
    match (one.as_str(), other.as_str()) {
        (Some(one), Some(other)) => same_lines(one) == same_lines(other),
        _ => one == other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::guest::GuestForm;

    fn guest(phone: &str, city: &str, note: &str) -> GuestForm {
        GuestForm { phone: phone.into(), city: city.into(), note: note.into(), ..GuestForm::default() }
    }

    fn merged(typed: GuestForm, shown: &GuestForm, known: &GuestForm) -> Merged<GuestForm> {
        merge(typed, &serde_json::to_string(shown).unwrap(), known)
    }

    #[test]
    fn each_has_what_they_typed() {
        let shown = guest("1", "Porto", "late\nquiet");
        let typed = guest("2", "Porto", "late\r\nquiet ");
        let known = guest("1", "Lisbon", "late\nquiet\nVIP");
        assert_eq!(merged(typed, &shown, &known), Ok(guest("2", "Lisbon", "late\nquiet\nVIP")));
    }

    #[test]
    fn what_both_changed_is_told_with_what_it_is_now() {
        let (shown, known) = (guest("1", "Porto", ""), guest("1", "Porto", "VIP"));
        let problems = merged(guest("1", "Lisbon", "nuts"), &shown, &known).unwrap_err();
        let code = ProblemCode::ChangedMeanwhile { now: "VIP".into() };
        assert_eq!(problems, [FieldProblem { field: "note".into(), code }]);
        // Who saw it and sends theirs again means it; so does who typed the same.
        assert_eq!(merged(guest("1", "Porto", "nuts"), &known, &known).unwrap().note, "nuts");
        assert_eq!(merged(guest("1", "Porto", "VIP"), &shown, &known).unwrap().note, "VIP");
    }

    #[test]
    fn who_was_shown_nothing_means_everything() {
        let (typed, known) = (guest("", "Porto", ""), guest("1", "Lisbon", "VIP"));
        for nothing in ["", "no JSON", "[]"] {
            assert_eq!(merge(typed.clone(), nothing, &known), Ok(typed.clone()));
        }
    }
}
