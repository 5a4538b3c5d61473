//! The operators' calls. They exist only if the deployment has an `ADMIN_TOKEN`.

use serde_json::{Value, json};

use super::examples;
use super::json_schema::{
    OPTIONAL, REQUIRED, count, id, instant, object, one_of, or_null, page, reference, text,
};
use super::operation::Operation;
use crate::api::shared::problem::Problem;

/// The tag that these calls share.
pub(super) const TAG: &str = "Admin";

const ACCOUNT: &str = "4yqk0R8vJt2sZc6aLxPfHw4yqk0R8vJt2sZc6aLxPf0";

pub(super) fn operations() -> Vec<Operation> {
    let account = json!({ "account": {
        "key": ACCOUNT,
        "user_id": "018fa6e2-7c3b-7d10-9f5e-3a1c5b7d9e01",
        "role": "organizer",
        "email_verified": true,
        "created_at": "2024-05-01T09:30:00Z",
        "suspended": false,
        "sessions": 1,
        "failed_logins": 0,
    }});
    let event = json!({ "event": examples::event(), "hidden": false, "organizer_suspended": false });
    let object = json!({ "object": {
        "kind": "event",
        "name": "018fa6e3-1a2b-7c4d-8e9f-0a1b2c3d4e5f",
        "schema_version": 3,
        "tables": { "event": 1, "outbox": 1, "parked": 0, "registrations": 42 },
        "database_bytes": 90_112,
        "outbox": { "messages": 1, "oldest_at": "2024-05-02T10:00:00Z", "oldest_age_seconds": 1, "next_due_at": "2024-05-02T10:00:01Z", "most_attempts": 0 },
        "alarm_at": "2024-05-02T10:00:01Z",
    }});
    let template = json!({ "id": "7", "kind": "registered", "reason": "refused", "attempts": 1, "parked_at": "2024-05-02T10:00:00Z" });
    let copied = json!({ "taken": "20261125T031500Z", "rows": 44 });
    vec![
        Operation::post("/api/admin/accounts/lookup", "adminLookUpAccount", TAG)
            .says("The account of an address", "An account's key names its object. It follows from the address alone.")
            .body("Address", &json!({ "email": "testuser@example.com" }))
            .answers(200, "The account.", "AdminAccount", &account, &[])
            .refuses([Problem::not_found()]),
        Operation::get("/api/admin/accounts/{account}", "adminAccount", TAG)
            .says("An account", "")
            .answers(200, "The account.", "AdminAccount", &account, &[]),
        Operation::post("/api/admin/accounts/{account}/suspend", "adminSuspendAccount", TAG)
            .says("Suspend an account", "Its sessions end at once and its password opens nothing. Within seconds its events are in no list and 404 to everybody.")
            .answers(200, "The account as it is now.", "AdminAccount", &account, &[]),
        Operation::post("/api/admin/accounts/{account}/restore", "adminRestoreAccount", TAG)
            .says("Take a suspension back", "Its events come back within seconds; sessions do not.")
            .answers(200, "The account as it is now.", "AdminAccount", &account, &[]),
        Operation::get("/api/admin/events/{id}", "adminEvent", TAG)
            .says("An event, however it stands", "")
            .answers(200, "The event.", "AdminEvent", &event, &[]),
        Operation::post("/api/admin/events/{id}/take-down", "adminTakeDownEvent", TAG)
            .says("Take an event down", "From the answer on it is in no list, 404 to all but its organizer, and nobody can register.")
            .answers(200, "The event as it is now.", "AdminEvent", &event, &[]),
        Operation::post("/api/admin/events/{id}/restore", "adminRestoreEvent", TAG)
            .says("Put an event back that was taken down", "")
            .answers(200, "The event as it is now.", "AdminEvent", &event, &[]),
        Operation::post("/api/admin/catalog/rebuild", "adminRebuildCatalog", TAG)
            .says("Have events report to the Catalog again", "Those that are named, or a page of all that the Catalog has heard of: go on with `next_cursor` until it is `null`. Each event's version rises by one.")
            .body("Rebuild", &json!({ "cursor": "018fa6e3-1a2b-7c4d-8e9f-0a1b2c3d4e5f" }))
            .answers(200, "What was done.", "Rebuilt", &json!({ "reported": 49, "missing": 1, "next_cursor": null }), &[]),
        Operation::get("/api/admin/objects/{kind}/{name}", "adminObject", TAG)
            .says("What an object holds", "Numbers, and nothing about anybody.")
            .answers(200, "The object.", "AdminObject", &object, &[]),
        Operation::get("/api/admin/objects/{kind}/{name}/dead-letters", "adminDeadLetters", TAG)
            .says("Mails that were refused or given up", "The oldest first; the newest 100 are kept.")
            .takes(&["Limit", "Cursor"])
            .answers(200, "A page.", "DeadLetterPage", &examples::page("dead_letters", &template), &["Link"])
            .refuses([Problem::invalid()]),
        Operation::post("/api/admin/objects/{kind}/{name}/dead-letters/resend", "adminResend", TAG)
            .says("Send dead letters again", "Those that are named, or all that have not lost their point.")
            .body("Resend", &json!({ "ids": ["7"] }))
            .answers(200, "How many wait to be sent again.", "Resent", &json!({ "resent": 1 }), &[]),
        Operation::post("/api/admin/objects/{kind}/{name}/retry", "adminRetry", TAG)
            .says("Try everything again that waits in an outbox", "It is due now, and the alarm is set.")
            .answers(200, "How many messages wait.", "Retried", &json!({ "due": 1 }), &[]),
        Operation::post("/api/admin/objects/{kind}/{name}/rewind", "adminRewind", TAG)
            .says("Put an object back to a moment", "With the platform's point-in-time recovery, up to 30 days back. All that has come since is gone. 501 where the runtime keeps no history.")
            .body("Rewind", &json!({ "to": "2026-11-23T02:40:00Z" }))
            .answers(202, "The object restarts from that moment.", "Rewound", &json!({ "undo": "0000007b-0000b26e-00001538-0c3e87bb37b3db5cc52eedb93cd3b96b" }), &[])
            .refuses([Problem::not_supported(String::new())]),
        Operation::post("/api/admin/objects/{kind}/{name}/copy", "adminCopy", TAG)
            .says("Write a copy of an object to the bucket now", "404 for an object with nothing to copy, 501 where no bucket is bound.")
            .answers(200, "The copy.", "Copied", &copied, &[])
            .refuses([Problem::not_supported(String::new())]),
        Operation::post("/api/admin/objects/{kind}/{name}/copy/restore", "adminRestoreCopy", TAG)
            .says("Put a copy in the place of all that an object holds", "The copy is looked through first: 409 when it is not whole, and then nothing was changed.")
            .body("RestoreCopy", &json!({ "taken": "20261125T031500Z" }))
            .answers(200, "The copy that was read back.", "Copied", &copied, &[])
            .refuses([Problem::not_supported(String::new()), Problem::damaged_copy(String::new())]),
    ]
    .into_iter()
    .map(Operation::with_operator_token)
    .collect()
}

pub(super) fn schemas() -> Value {
    let flag = |description: &str| json!({ "type": "boolean", "description": description });
    let account = object(
        "An account as an operator sees it.",
        &[
            ("key", REQUIRED, text("Names the account's object.")),
            ("user_id", REQUIRED, id("UUIDv7.")),
            ("role", REQUIRED, one_of(&["organizer", "attendee"], "Organizers create events.")),
            ("email_verified", REQUIRED, flag("Whether the address is confirmed.")),
            ("created_at", REQUIRED, instant("When the account was made.")),
            ("suspended", REQUIRED, flag("Whether it is suspended.")),
            ("sessions", REQUIRED, count("Sessions that stand.")),
            ("failed_logins", REQUIRED, count("Failures since the last success.")),
        ],
    );
    let outbox = object(
        "What waits to leave the object.",
        &[
            ("messages", REQUIRED, count("How many.")),
            ("oldest_at", REQUIRED, or_null(instant("Since when the oldest waits."))),
            ("oldest_age_seconds", REQUIRED, count("How long that is.")),
            ("next_due_at", REQUIRED, or_null(instant("When the next is due."))),
            ("most_attempts", REQUIRED, count("Tries of the one that was tried most.")),
        ],
    );
    let held = object(
        "What an object holds.",
        &[
            ("kind", REQUIRED, one_of(&["account", "event", "catalog"], "What it is.")),
            ("name", REQUIRED, text("A key, an id, or `catalog`.")),
            ("schema_version", REQUIRED, count("Steps of the schema.")),
            (
                "tables",
                REQUIRED,
                json!({ "type": "object", "additionalProperties": { "type": "integer" }, "description": "Rows by table." }),
            ),
            ("database_bytes", REQUIRED, or_null(count("Where the storage tells."))),
            ("outbox", REQUIRED, outbox),
            (
                "alarm_at",
                REQUIRED,
                or_null(instant("When the object is woken; `null` where no alarm is set.")),
            ),
        ],
    );
    let template = object(
        "A mail that was refused or given up.",
        &[
            ("id", REQUIRED, text("Its number in the object.")),
            ("kind", REQUIRED, text("As in the log, `registered` say.")),
            ("reason", REQUIRED, one_of(&["refused", "given_up", "expired"], "Why it is here.")),
            ("attempts", REQUIRED, count("Tries.")),
            ("parked_at", REQUIRED, instant("Since when it is here.")),
        ],
    );
    let ids = |description: &str, max: u32| json!({ "type": ["array", "null"], "maxItems": max, "items": { "type": "string" }, "description": description });
    json!({
        "AdminAccount": object("An account.", &[("account", REQUIRED, account)]),
        "AdminEvent": object("An event, and what the operator has decided about it.", &[
            ("event", REQUIRED, reference("Event")),
            ("hidden", REQUIRED, flag("Whether it is 404 to all but its organizer.")),
            ("organizer_suspended", REQUIRED, flag("Whether its organizer is suspended.")),
        ]),
        "AdminObject": object("An object.", &[("object", REQUIRED, held)]),
        "DeadLetter": template,
        "DeadLetterPage": page("dead_letters", "DeadLetter"),
        "Resend": object("Which.", &[("ids", OPTIONAL, ids("Numbers of dead letters; all but the expired if left out.", 100))]),
        "Resent": object("How many.", &[("resent", REQUIRED, count("Dead letters that wait to be sent again."))]),
        "Retried": object("How many.", &[("due", REQUIRED, count("Messages in the outbox."))]),
        "Rebuild": object("Which events.", &[
            ("events", OPTIONAL, ids("Ids of events, at most 50; a page of those that the Catalog has heard of if left out.", 50)),
            ("cursor", OPTIONAL, json!({ "type": ["string", "null"], "description": "The `next_cursor` of the page before." })),
        ]),
        "Rebuilt": object("What was done.", &[
            ("reported", REQUIRED, count("Events that have reported.")),
            ("missing", REQUIRED, count("Ids of no event; the Catalog forgets those that it knew.")),
            ("next_cursor", REQUIRED, or_null(text("Where the next page begins; `null` on the last one."))),
        ]),
        "Rewind": object("How far.", &[("to", REQUIRED, json!({ "type": "string", "format": "date-time", "description": "A time of the last 30 days." }))]),
        "Rewound": object("That it is about to happen.", &[("undo", REQUIRED, text("The platform's bookmark that takes it back."))]),
        "RestoreCopy": object("Which copy.", &[("taken", REQUIRED, text("The time in the copy's keys, `20261125T031500Z`."))]),
        "Copied": object("A copy.", &[
            ("taken", REQUIRED, text("The time in its keys.")),
            ("rows", REQUIRED, count("Rows of all tables.")),
        ]),
    })
}
