//! The building blocks of JSON Schemas (draft 2020-12, as in OpenAPI 3.1).

use serde_json::{Map, Value, json};

/// A member that may be missing.
pub(super) const OPTIONAL: bool = false;
pub(super) const REQUIRED: bool = true;

pub(super) fn reference(schema: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{schema}") })
}

pub(super) fn object(description: &str, members: &[(&str, bool, Value)]) -> Value {
    let required: Vec<&str> =
        members.iter().filter(|(_, required, _)| *required).map(|(name, ..)| *name).collect();
    let properties: Map<String, Value> =
        members.iter().map(|(name, _, schema)| ((*name).to_owned(), schema.clone())).collect();
    let mut object = json!({ "type": "object", "description": description, "required": required, "properties": properties });
    if let (true, Some(members)) = (required.is_empty(), object.as_object_mut()) {
        members.remove("required");
    }
    object
}

pub(super) fn text(description: &str) -> Value {
    json!({ "type": "string", "description": description })
}

pub(super) fn id(description: &str) -> Value {
    json!({ "type": "string", "format": "uuid", "description": description })
}

pub(super) fn instant(description: &str) -> Value {
    json!({ "type": "string", "format": "date-time", "description": description })
}

pub(super) fn count(description: &str) -> Value {
    json!({ "type": "integer", "minimum": 0, "description": description })
}

/// The same, or `null`.
pub(super) fn or_null(mut schema: Value) -> Value {
    if let Some(members) = schema.as_object_mut() {
        if let Some(kind) = members.get("type").cloned() {
            members.insert("type".to_owned(), json!([kind, "null"]));
        }
        if let Some(values) = members.get_mut("enum").and_then(Value::as_array_mut) {
            values.push(Value::Null);
        }
    }
    schema
}

pub(super) fn one_of(values: &[&str], description: &str) -> Value {
    json!({ "type": "string", "enum": values, "description": description })
}

pub(super) fn page(things: &str, of: &str) -> Value {
    let next = or_null(text("Where the next page begins; `null` on the last one."));
    object(
        "One page of a list.",
        &[
            (things, REQUIRED, json!({ "type": "array", "items": reference(of) })),
            ("next_cursor", REQUIRED, next),
        ],
    )
}
