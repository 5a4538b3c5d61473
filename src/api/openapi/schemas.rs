//! The JSON of answers as JSON Schema (draft 2020-12, as in OpenAPI 3.1). `tests/api` checks every answer
//! against these.

use serde_json::{Value, json};

use super::json_schema::{
    OPTIONAL, REQUIRED, count, id, instant, object, one_of, or_null, page, reference, text,
};
use super::{admin, requests};

/// Every schema by name.
pub(super) fn all() -> Value {
    let mut schemas = answers();
    for more in [requests::all(), admin::schemas()] {
        if let (Some(schemas), Value::Object(more)) = (schemas.as_object_mut(), more) {
            schemas.extend(more);
        }
    }
    schemas
}

fn answers() -> Value {
    let user = object(
        "An account as its owner sees it.",
        &[
            ("id", REQUIRED, id("UUIDv7.")),
            (
                "email",
                REQUIRED,
                json!({ "type": "string", "format": "idn-email", "description": "As it was typed first, trimmed and in lower case. The domain may be in any script." }),
            ),
            ("name", REQUIRED, or_null(text("As given at sign-up."))),
            ("role", REQUIRED, one_of(&["organizer", "attendee"], "Organizers create events.")),
            (
                "email_verified",
                REQUIRED,
                json!({ "type": "boolean", "description": "Whether the link in the mail was followed." }),
            ),
            ("created_at", REQUIRED, instant("When the account was made.")),
        ],
    );
    let session = object(
        "A session that has begun or goes on.",
        &[
            ("token", REQUIRED, text("Send it as `Authorization: Bearer <token>`.")),
            ("token_type", REQUIRED, json!({ "const": "Bearer", "type": "string" })),
            ("expires_in", REQUIRED, count("Seconds for which `token` works.")),
            ("refresh_token", REQUIRED, text("Buys one new pair of tokens.")),
            ("user", REQUIRED, reference("User")),
        ],
    );
    let organizer = object(
        "Who organises an event.",
        &[
            ("id", REQUIRED, id("A user's id.")),
            ("name", REQUIRED, or_null(text("May follow a change of name with a delay of seconds."))),
        ],
    );
    let seats = object(
        "A snapshot of the seats, at most a few seconds old.",
        &[
            ("confirmed", REQUIRED, count("Seats taken.")),
            ("waitlisted", REQUIRED, count("People waiting.")),
            ("remaining", REQUIRED, or_null(count("Seats free; `null` without a limit."))),
        ],
    );
    let person = object(
        "Who is registered, as of the registration.",
        &[
            ("id", REQUIRED, id("A user's id.")),
            ("name", REQUIRED, or_null(text("The person's name."))),
            ("email", REQUIRED, json!({ "type": "string", "description": "The person's address." })),
        ],
    );
    let field_error = object(
        "What is wrong with one field or parameter.",
        &[
            ("field", REQUIRED, text("Its name; empty for the body as a whole.")),
            ("code", REQUIRED, text("A constant for programs.")),
            ("message", REQUIRED, text("A sentence for people.")),
        ],
    );
    let problem = object(
        "What went wrong (RFC 9457). Decide by `code`.",
        &[
            ("type", REQUIRED, text("Always `about:blank`.")),
            ("title", REQUIRED, text("The status in words.")),
            ("status", REQUIRED, json!({ "type": "integer", "description": "The HTTP status." })),
            ("detail", REQUIRED, text("A sentence for people; it may change.")),
            ("code", REQUIRED, text("A constant for programs.")),
            ("request_id", REQUIRED, text("As in `X-Request-Id`.")),
            (
                "errors",
                OPTIONAL,
                json!({ "type": "array", "items": reference("FieldError"), "description": "With `validation_failed` alone: every bad field at once." }),
            ),
        ],
    );
    json!({
        "User": user,
        "OneUser": object("A user.", &[("user", REQUIRED, reference("User"))]),
        "Session": session,
        "Organizer": organizer,
        "Seats": seats,
        "Event": event(),
        "OneEvent": object("An event.", &[("event", REQUIRED, reference("Event"))]),
        "EventPage": page("events", "Event"),
        "Person": person,
        "Registration": registration(false),
        "OwnRegistration": registration(true),
        "OneRegistration": object("A registration.", &[("registration", REQUIRED, reference("Registration"))]),
        "RegistrationPage": page("registrations", "Registration"),
        "OwnRegistrationPage": page("registrations", "OwnRegistration"),
        "Export": export(),
        "CalendarFeed": object("Where a calendar is fetched.", &[("url", REQUIRED, json!({ "type": "string", "format": "uri", "description": "Whoever has it sees where you go." }))]),
        "Join": object("Where an event takes place.", &[("join_url", REQUIRED, json!({ "type": "string", "format": "uri", "description": "The organizer's link." }))]),
        "Health": object("That the service is up.", &[("status", REQUIRED, json!({ "const": "ok", "type": "string" })), ("version", REQUIRED, text("The version that runs.")), ("report_lag_seconds", OPTIONAL, count("With `deep=1`: how late reports have lately reached the Catalog."))]),
        "FieldError": field_error,
        "Problem": problem,
    })
}

fn event() -> Value {
    object(
        "An event as it stands.",
        &[
            ("id", REQUIRED, id("UUIDv7.")),
            ("title", REQUIRED, text("One line.")),
            ("description", REQUIRED, text("What it is about.")),
            (
                "date",
                REQUIRED,
                json!({ "type": "string", "format": "date", "description": "The day it begins, in `timezone`." }),
            ),
            ("time", REQUIRED, text("The time of day it begins, `HH:MM` in `timezone`.")),
            ("timezone", REQUIRED, text("An IANA name.")),
            ("duration_minutes", REQUIRED, count("Real minutes from begin to end.")),
            ("starts_at", REQUIRED, instant("The begin as an instant.")),
            ("ends_at", REQUIRED, instant("The end as an instant.")),
            ("capacity", REQUIRED, or_null(count("Seats; `null` without a limit."))),
            (
                "waitlist",
                REQUIRED,
                json!({ "type": "boolean", "description": "Whether people may wait once the seats are gone." }),
            ),
            (
                "status",
                REQUIRED,
                one_of(&["draft", "published", "cancelled"], "A draft is seen by its organizer alone."),
            ),
            (
                "taken_down",
                OPTIONAL,
                json!({ "const": true, "type": "boolean", "description": "There only when the operator has taken the event down; its organizer alone still sees it." }),
            ),
            (
                "visibility",
                REQUIRED,
                one_of(&["public", "unlisted"], "An unlisted event is open to who has the id."),
            ),
            ("registration_opens_at", REQUIRED, or_null(instant("Inclusive; `null` for no bound."))),
            ("registration_closes_at", REQUIRED, or_null(instant("Exclusive; `null` for no bound."))),
            (
                "join_url",
                REQUIRED,
                or_null(text("For the organizer who reads one event; `null` for all others.")),
            ),
            (
                "tags",
                REQUIRED,
                json!({ "type": "array", "items": { "type": "string" }, "description": "In the organizer's order." }),
            ),
            ("organizer", REQUIRED, reference("Organizer")),
            ("seats", REQUIRED, reference("Seats")),
            ("version", REQUIRED, count("Counts the changes of the details: what `If-Match` compares.")),
            ("created_at", REQUIRED, instant("When it was made.")),
            ("updated_at", REQUIRED, instant("When its details were last changed.")),
        ],
    )
}

fn registration(with_event: bool) -> Value {
    let mut members = vec![
        ("id", REQUIRED, id("UUIDv7.")),
        ("event_id", REQUIRED, id("The event's id.")),
        ("user", REQUIRED, reference("Person")),
        ("status", REQUIRED, one_of(&["confirmed", "waitlisted", "cancelled"], "`confirmed` has a seat.")),
        (
            "position",
            REQUIRED,
            or_null(
                json!({ "type": "integer", "minimum": 1, "description": "The place on the waitlist; `null` otherwise." }),
            ),
        ),
        ("registered_at", REQUIRED, instant("When the person came.")),
        ("confirmed_at", REQUIRED, or_null(instant("When the seat was given."))),
        ("checked_in_at", REQUIRED, or_null(instant("When the person was seen."))),
        ("join_url", REQUIRED, or_null(text("For the confirmed participant alone."))),
    ];
    if !with_event {
        members.push(("email_status", OPTIONAL, email_status()));
    }
    if with_event {
        members.push(("event", REQUIRED, reference("Event")));
    }
    object("A person's seat, or place on the waitlist.", &members)
}

fn email_status() -> Value {
    one_of(
        &["ok", "bounced", "complained"],
        "Whether mail reaches the address: `bounced` came back for good, `complained` was called spam.",
    )
}

fn export() -> Value {
    let session = object(
        "A session that stands.",
        &[
            ("id", REQUIRED, id("UUIDv7.")),
            ("created_at", REQUIRED, instant("When it began.")),
            ("expires_at", REQUIRED, instant("When it ends unless it is gone on with.")),
            (
                "current",
                REQUIRED,
                json!({ "type": "boolean", "description": "Whether it is the one that asks." }),
            ),
        ],
    );
    let security_event = object(
        "Something that has happened to the account.",
        &[
            ("at", REQUIRED, instant("When, or when last.")),
            ("kind", REQUIRED, text("A constant for programs, `login` say.")),
            ("times", REQUIRED, count("How often in a row.")),
        ],
    );
    let list = |items: Value| json!({ "type": "array", "items": items });
    object(
        "Everything held about a user.",
        &[
            ("user", REQUIRED, reference("User")),
            ("email_status", REQUIRED, email_status()),
            ("sessions", REQUIRED, list(session)),
            ("failed_logins", REQUIRED, count("Failures since the last success.")),
            ("security_events", REQUIRED, list(security_event)),
            ("events", REQUIRED, list(reference("Event"))),
            ("registrations", REQUIRED, list(reference("OwnRegistration"))),
            (
                "complete",
                REQUIRED,
                json!({ "type": "boolean", "description": "Whether events and registrations are all there." }),
            ),
        ],
    )
}
