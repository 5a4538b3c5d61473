//! JSON that is well-formed but holds a value that is not read: a number out of range, half of a surrogate
//! pair, or more than 127 levels of nesting. What is wrong is that field, and not the whole body.

use serde::de::IgnoredAny;
use serde_json::{Map, Value};

use crate::api::shared::separated::separated;

/// A body that could not be parsed as a whole, with something that no field accepts in the place of each
/// value that is not read; `None` if the body is not well-formed. What is not an object becomes `null`.
pub(in crate::api) fn read(raw: &[u8]) -> Option<Value> {
    let text = std::str::from_utf8(raw).ok()?;
    let _: IgnoredAny = serde_json::from_str(text).ok()?;
    let object = text.trim().strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
    let Some(object) = object else { return Some(Value::Null) };
    let mut members = Map::new();
    for member in separated(object, ',') {
        let mut sides = separated(member, ':');
        let (Some(name), Some(value)) = (sides.next(), sides.next()) else { continue };
        // None of our fields has a name that cannot be read.
        if let Ok(Value::String(name)) = serde_json::from_str(name) {
            members.insert(name, serde_json::from_str(value).unwrap_or_else(|_| stand_in(value.trim())));
        }
    }
    Some(Value::Object(members))
}

/// Has the type of the value where that matters for the error.
fn stand_in(value: &str) -> Value {
    match value.chars().next() {
        // As long as the shortest password, so that it is not its length that is named.
        Some('"') => Value::from("\0 is not a text"),
        Some('{' | '[') => Value::Object(Map::new()),
        _ => Value::from(i64::MAX),
    }
}
