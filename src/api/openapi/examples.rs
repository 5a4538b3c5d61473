//! The examples in the reference: the same organizer, event and participant throughout.

use serde_json::{Value, json};

const USER: &str = "018fa6e2-7c3b-7d10-9f5e-3a1c5b7d9e01";
const EVENT: &str = "018fa6e3-1a2b-7c4d-8e9f-0a1b2c3d4e5f";
const REGISTRATION: &str = "018fa6e4-5b6c-7d8e-9f0a-1b2c3d4e5f60";

/// A token as in a mail.
pub(super) const TOKEN: &str = "Wb3TjYl2Qd0l4m7cUe1nXw.4yqk0R8vJt2sZc6aLxPfHw";

pub(super) fn sign_up() -> Value {
    json!({ "email": "testuser@example.com", "password": "SecurePassword123", "role": "organizer" })
}

pub(super) fn credentials() -> Value {
    json!({ "email": "testuser@example.com", "password": "SecurePassword123" })
}

pub(super) fn user() -> Value {
    json!({
        "id": USER,
        "email": "testuser@example.com",
        "name": "Ada",
        "role": "organizer",
        "email_verified": true,
        "created_at": "2024-05-01T09:30:00Z",
    })
}

pub(super) fn session() -> Value {
    json!({
        "token": "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiI…",
        "token_type": "Bearer",
        "expires_in": 3600,
        "refresh_token": TOKEN,
        "user": user(),
    })
}

pub(super) fn new_event() -> Value {
    json!({ "date": "2024-05-25", "time": "14:00", "description": "Virtual Tech Conference" })
}

pub(super) fn event_change() -> Value {
    json!({ "date": "2024-05-26", "time": "16:00", "description": "Updated Tech Conference" })
}

pub(super) fn event() -> Value {
    json!({
        "id": EVENT,
        "title": "Virtual Tech Conference",
        "description": "Virtual Tech Conference",
        "date": "2024-05-25",
        "time": "14:00",
        "timezone": "UTC",
        "duration_minutes": 60,
        "starts_at": "2024-05-25T14:00:00Z",
        "ends_at": "2024-05-25T15:00:00Z",
        "capacity": 100,
        "waitlist": true,
        "status": "published",
        "visibility": "public",
        "registration_opens_at": null,
        "registration_closes_at": null,
        "join_url": null,
        "tags": ["tech"],
        "organizer": { "id": USER, "name": "Ada" },
        "seats": { "confirmed": 42, "waitlisted": 0, "remaining": 58 },
        "version": 1,
        "created_at": "2024-05-01T09:31:00Z",
        "updated_at": "2024-05-01T09:31:00Z",
    })
}

pub(super) fn registration() -> Value {
    json!({
        "id": REGISTRATION,
        "event_id": EVENT,
        "user": { "id": USER, "name": "Ada", "email": "testuser@example.com" },
        "status": "confirmed",
        "position": null,
        "registered_at": "2024-05-02T10:00:00Z",
        "confirmed_at": "2024-05-02T10:00:00Z",
        "checked_in_at": null,
        "join_url": null,
    })
}

pub(super) fn own_registration() -> Value {
    let mut registration = registration();
    if let Some(members) = registration.as_object_mut() {
        members.insert("event".to_owned(), event());
    }
    registration
}

pub(super) fn page(things: &str, item: &Value) -> Value {
    json!({ things: [item], "next_cursor": null })
}

pub(super) fn export() -> Value {
    json!({
        "user": user(),
        "email_status": "ok",
        "sessions": [{
            "id": "018fa6e2-8d4c-7e21-8a6f-4b2d6c8e0f12",
            "created_at": "2024-05-01T09:30:30Z",
            "expires_at": "2024-05-31T09:30:30Z",
            "current": true,
        }],
        "failed_logins": 0,
        "security_events": [{ "at": "2024-05-01T09:30:30Z", "kind": "login", "times": 1 }],
        "events": [event()],
        "registrations": [own_registration()],
        "complete": true,
    })
}
