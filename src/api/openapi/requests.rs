//! The JSON of requests as JSON Schema. The bounds come from the rules themselves.

use serde_json::{Value, json};

use super::json_schema::{OPTIONAL, REQUIRED, object, one_of, or_null, text};
use crate::domain::{Password, limits};

/// The schema of every request's body by name.
pub(super) fn all() -> Value {
    let email = json!({ "type": "string", "format": "email", "description": "At most 254 bytes. The part before the `@` is ASCII; the domain may be in any script, and counts in its ASCII form (UTS #46). Case and outer white space do not count." });
    let password = json!({
        "type": "string",
        "format": "password",
        // UTF-8 uses up to four bytes per character.
        "minLength": Password::MIN_BYTES / 4,
        "maxLength": Password::MAX_BYTES,
        "description": format!(
            "{} to {} bytes of UTF-8, no NUL, none of the well-known common ones.",
            Password::MIN_BYTES, Password::MAX_BYTES
        ),
    });
    let known_password =
        json!({ "type": "string", "format": "password", "description": "The present password." });
    let name = json!({
        "type": ["string", "null"],
        "minLength": 1,
        "maxLength": limits::NAME_MAX_CHARS,
        "description": "One line.",
    });
    let role =
        or_null(one_of(&["organizer", "attendee"], "Organizers create events. `attendee` if left out."));
    let token = text("As it was handed out.");
    json!({
        "SignUp": object("Who wants an account.", &[
            ("email", REQUIRED, email.clone()),
            ("password", REQUIRED, password.clone()),
            ("role", OPTIONAL, role),
            ("name", OPTIONAL, name.clone()),
        ]),
        "Credentials": object("Who somebody is, and the proof.", &[
            ("email", REQUIRED, json!({ "type": "string", "description": "The account's address." })),
            ("password", REQUIRED, known_password.clone()),
        ]),
        "RefreshToken": object("What keeps a session going.", &[("refresh_token", REQUIRED, token.clone())]),
        "MailedToken": object("What a mail has brought.", &[("token", REQUIRED, token.clone())]),
        "Address": object("Whose account it is.", &[("email", REQUIRED, json!({ "type": "string", "description": "The account's address." }))]),
        "PasswordReset": object("A token from a mail, and the password to be.", &[
            ("token", REQUIRED, token),
            ("password", REQUIRED, password.clone()),
        ]),
        "PasswordChange": object("The password that is, and the one to be.", &[
            ("current_password", REQUIRED, known_password.clone()),
            ("new_password", REQUIRED, password),
        ]),
        "ProfileChange": object("What to change.", &[("name", OPTIONAL, name)]),
        "PasswordProof": object("The proof that it is really you.", &[("password", REQUIRED, known_password)]),
        "NewEvent": event_fields(REQUIRED, "An event to be."),
        "EventChange": event_fields(OPTIONAL, "The fields to change; the others stay. `null` puts a field back to its default."),
    })
}

fn event_fields(core: bool, description: &str) -> Value {
    let text_up_to = |max: usize, description: &str| json!({ "type": "string", "minLength": 1, "maxLength": max, "description": description });
    object(
        description,
        &[
            (
                "date",
                core,
                json!({ "type": "string", "format": "date", "pattern": "^(19|[2-9][0-9])[0-9]{2}-[0-9]{2}-[0-9]{2}$", "description": "The day it begins, in `timezone`; years 1900 to 9998." }),
            ),
            (
                "time",
                core,
                json!({ "type": "string", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$", "description": "The time of day it begins, in `timezone`. One that a clock change skips is `nonexistent_time`; of one that happens twice the first is meant." }),
            ),
            (
                "description",
                core,
                text_up_to(limits::DESCRIPTION_MAX_CHARS, "What it is about; not only white space."),
            ),
            (
                "title",
                OPTIONAL,
                or_null(text_up_to(
                    limits::TITLE_MAX_CHARS,
                    "One line. The description's first line if left out.",
                )),
            ),
            (
                "timezone",
                OPTIONAL,
                json!({ "type": ["string", "null"], "default": "UTC", "description": "An IANA name like `Europe/Berlin`." }),
            ),
            (
                "duration_minutes",
                OPTIONAL,
                json!({ "type": ["integer", "null"], "minimum": 1, "maximum": limits::DURATION_MAX_MINUTES, "default": 60, "description": "Real minutes from begin to end." }),
            ),
            (
                "capacity",
                OPTIONAL,
                json!({ "type": ["integer", "null"], "minimum": 1, "maximum": limits::CAPACITY_MAX, "default": null, "description": "Seats; `null` for no limit." }),
            ),
            (
                "waitlist",
                OPTIONAL,
                json!({ "type": ["boolean", "null"], "default": true, "description": "Whether people may wait once the seats are gone." }),
            ),
            (
                "status",
                OPTIONAL,
                json!({ "type": ["string", "null"], "enum": ["draft", "published", "cancelled", null], "default": "published", "description": "`cancelled` is for good; back to `draft` only while nobody is registered." }),
            ),
            (
                "visibility",
                OPTIONAL,
                json!({ "type": ["string", "null"], "enum": ["public", "unlisted", null], "default": "public", "description": "`unlisted`: in no list, open to who has the id." }),
            ),
            (
                "registration_opens_at",
                OPTIONAL,
                json!({ "type": ["string", "null"], "format": "date-time", "default": null, "description": "Inclusive; `null` for no bound." }),
            ),
            (
                "registration_closes_at",
                OPTIONAL,
                json!({ "type": ["string", "null"], "format": "date-time", "default": null, "description": "Exclusive; not before it opens; `null` for no bound." }),
            ),
            (
                "join_url",
                OPTIONAL,
                json!({ "type": ["string", "null"], "format": "uri", "pattern": "^https://", "maxLength": limits::JOIN_URL_MAX_BYTES, "default": null, "description": "Shown to the organizer and to confirmed participants alone; without a user name in it. One that is not in ASCII is kept in its ASCII form." }),
            ),
            (
                "tags",
                OPTIONAL,
                json!({ "type": ["array", "null"], "maxItems": limits::TAGS_MAX, "items": { "type": "string", "minLength": 1, "maxLength": limits::TAG_MAX_CHARS }, "default": [], "description": "Of equal ones the first is kept." }),
            ),
        ],
    )
}
