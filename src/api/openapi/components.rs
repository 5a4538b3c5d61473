//! What operations share: parameters, headers, and authentication.

use serde_json::{Value, json};

use crate::domain::limits;

/// Ids are UUIDs of version 7 in lower case; any other spelling names nothing.
const UUID_V7: &str = "^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$";

pub(super) fn parameters() -> Value {
    let query = |name: &str, description: &str, schema: Value| json!({ "in": "query", "name": name, "description": description, "schema": schema });
    // A form sends an empty text for a blank field, which counts as missing.
    let filter = |name: &str, description: &str, schema: Value| json!({ "in": "query", "name": name, "description": description, "allowEmptyValue": true, "schema": schema });
    let header = |name: &str, description: &str, example: &str| json!({ "in": "header", "name": name, "description": description, "schema": { "type": "string" }, "example": example });
    let path = |name: &str, description: &str| {
        json!({
            "in": "path",
            "name": name,
            "required": true,
            "description": description,
            "schema": { "type": "string", "format": "uuid" },
        })
    };
    let text = || json!({ "type": "string" });
    let moment = || json!({ "type": "string", "examples": ["2024-05-25", "2024-05-25T14:00:00Z"] });
    json!({
        "EventId": path("id", "The event's id. A malformed one names nothing: 404."),
        "RegistrationId": path("registration", "The registration's id. A malformed one names nothing: 404."),
        "AccountKey": {
            "in": "path", "name": "account", "required": true,
            "description": "An account's key. A malformed one names nothing: 404.",
            "schema": { "type": "string" },
        },
        "ObjectKind": {
            "in": "path", "name": "kind", "required": true,
            "description": "What the object is; anything else is 404.",
            "schema": { "type": "string", "enum": ["account", "event", "catalog"] },
        },
        "ObjectName": {
            "in": "path", "name": "name", "required": true,
            "description": "An account's key, an event's id, or `catalog`. A malformed one names nothing: 404.",
            "schema": { "type": "string" },
        },
        "Deep": filter("deep", "`1`: ask an object and the Catalog, too. Anything else counts as left out.", text()),
        "MailProvider": json!({ "in": "path", "name": "provider", "required": true, "description": "Who tells. One that is not set up is 404.", "schema": { "type": "string", "enum": ["resend", "postmark", "sendgrid", "mailgun", "ses"] } }),
        "VerificationToken": query("token", "The token of the link.", text()),
        "Key": query("key", "The secret part of the address.", text()),
        "Words": filter("q", "Words in title, description and tags: all are required, in any case and without accents, each may be the beginning of a word.", text()),
        "Tag": filter("tag", "One tag, whole, in any case.", text()),
        "OrganizerId": filter("organizer", "A user's id.", json!({ "type": "string", "pattern": UUID_V7 })),
        "From": filter("from", "The earliest start, inclusive: a time, or a date for its first moment in UTC.", moment()),
        "To": filter("to", "The latest start, exclusive: a time, or a date for its first moment in UTC.", moment()),
        "ListedStatus": filter("status", "Which events.", json!({ "type": "string", "enum": ["published", "cancelled"], "default": "published" })),
        "RegistrationStatus": filter("status", "Which registrations; all if left out.", json!({ "type": "string", "enum": ["confirmed", "waitlisted", "cancelled"] })),
        "ByteOrderMark": filter("bom", "Whether the CSV begins with a byte-order mark, without which Excel garbles names; of no consequence for JSON.", json!({ "type": "boolean", "default": true })),
        "Sort": filter("sort", "The order; `starts_at` if left out, or by relevance with `q`.", json!({ "type": "string", "enum": ["starts_at", "-starts_at", "created_at", "-created_at"] })),
        "Limit": query("limit", "Items on a page.", json!({ "type": "integer", "minimum": 1, "maximum": limits::PAGE_MAX, "default": limits::PAGE_DEFAULT })),
        "Cursor": query("cursor", "The `next_cursor` of the page before. Opaque, and good for one order.", text()),
        "IdempotencyKey": header("Idempotency-Key", "Any text of yours, a UUID say. A repeat with the same key and body makes no second event.", "8f1f9b1c-3f6d-4c57-9d4c-1b2a3c4d5e6f"),
        "IfMatch": header("If-Match", "Do it only if the event's entity-tag is one of these. The part before the dot alone is compared; a tag that an edge has made weak counts like a strong one.", "\"1.4yqk0R8vJt2sZc6a\""),
        "IfNoneMatch": header("If-None-Match", "Answer 304 if the entity-tag is one of these.", "\"1.4yqk0R8vJt2sZc6a\""),
    })
}

pub(super) fn headers() -> Value {
    let header = |required: bool, description: &str, example: &str| json!({ "required": required, "description": description, "schema": { "type": "string" }, "example": example });
    let always = |description: &str, example: &str| header(true, description, example);
    let sometimes = |description: &str, example: &str| header(false, description, example);
    json!({
        "X-Request-Id": always("Names the request; give it when you ask about one.", super::operation::EXAMPLE_REQUEST_ID),
        "ETag": always("The strong entity-tag of the answer; of an event `\"<version>.<rest>\"`.", "\"1.4yqk0R8vJt2sZc6a\""),
        "ETag-Of-JSON": sometimes("The strong entity-tag of the answer, unless it is CSV, which is sent while it is read.", "\"4yqk0R8vJt2sZc6a\""),
        "Location": always("The path of what was made.", "/api/events/018fa6e3-1a2b-7c4d-8e9f-0a1b2c3d4e5f"),
        "Link": sometimes("The next page (RFC 8288), if there is one.", "</api/events?cursor=WzEsMl0>; rel=\"next\""),
        "Content-Disposition": sometimes("The name of the file, with CSV.", "attachment; filename=\"registrations.csv\""),
        "WWW-Authenticate": always("How to authenticate (RFC 6750).", "Bearer"),
        "Retry-After": {
            "required": false,
            "description": "Seconds to wait before the next try; with `rate_limited` and `overloaded`.",
            "schema": { "type": "integer", "minimum": 1 },
            "example": 10,
        },
    })
}

pub(super) fn security_schemes() -> Value {
    json!({
        "bearer": {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": "The `token` of `POST /api/login`.",
        },
        "operator": {
            "type": "http",
            "scheme": "bearer",
            "description": "The deployment's `ADMIN_TOKEN`, for operators alone.",
        },
    })
}
