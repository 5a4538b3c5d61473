//! Events.

use serde_json::json;

use super::examples;
use super::operation::Operation;
use crate::api::shared::problem::Problem;
use crate::domain::Refusal;

const TAG: &str = "Events";

pub(super) fn operations() -> Vec<Operation> {
    let event = json!({ "event": examples::event() });
    let change = |operation: Operation, summary: &str, description: &str| {
        operation
            .says(summary, description)
            .with_token_for_change()
            .takes(&["IfMatch"])
            .body("EventChange", &examples::event_change())
            .answers(200, "The event as it is now.", "OneEvent", &event, &["ETag"])
            .refuses([
                Refusal::Forbidden,
                Refusal::CapacityBelowConfirmed,
                Refusal::InvalidTransition,
                Refusal::PreconditionFailed,
            ])
    };
    vec![
        Operation::get("/api/events", "listEvents", TAG)
            .says("Find events", "Published, public events, past ones too, the one that starts first at the top. With `q`, events with all words in the title come first.")
            .takes(&["Words", "Tag", "OrganizerId", "From", "To", "ListedStatus", "Sort", "Limit", "Cursor"])
            .answers(200, "A page.", "EventPage", &examples::page("events", &examples::event()), &["Link"])
            .leads_to(200, "$response.body#/events/0/id", "id", &["readEvent"])
            .refuses([Problem::invalid()]),
        Operation::post("/api/events", "createEvent", TAG)
            .says("Create an event", "For organizers. With an `Idempotency-Key` a repeat makes no second event: it is answered with the event that the first one made, or 404 once that was deleted.")
            .with_token_for_change()
            .takes(&["IdempotencyKey"])
            .body("NewEvent", &examples::new_event())
            .answers(201, "The event.", "OneEvent", &event, &["ETag", "Location"])
            .leads_to(201, "$response.body#/event/id", "id", &[
                "readEvent", "replaceEvent", "changeEvent", "deleteEvent", "register", "listRegistrations", "eventCalendar",
            ])
            .refuses([Refusal::Forbidden, Refusal::NotFound, Refusal::IdempotencyKeyReused]),
        Operation::get("/api/events/{id}", "readEvent", TAG)
            .says("Read an event", "A draft is 404 to all but its organizer, and `join_url` is `null` to them.")
            .with_or_without_token()
            .answers(200, "The event.", "OneEvent", &event, &[]),
        change(
            Operation::put("/api/events/{id}", "replaceEvent", TAG),
            "Change an event",
            "The fields that were sent change, the others stay. Its organizer only. Those registered are told of a new date, time, zone or link.",
        ),
        change(
            Operation::patch("/api/events/{id}", "changeEvent", TAG),
            "Change an event (the same as PUT)",
            "",
        ),
        Operation::delete("/api/events/{id}", "deleteEvent", TAG)
            .says("Delete an event", "From then on it is 404 everywhere, and those registered are told. Its organizer only.")
            .with_token_for_change()
            .takes(&["IfMatch"])
            .answers_nothing(204, "The event is gone.")
            .refuses([Refusal::Forbidden, Refusal::PreconditionFailed]),
        Operation::get("/api/events/{id}/calendar.ics", "eventCalendar", TAG)
            .says("An event for your calendar", "iCalendar (RFC 5545). It never holds `join_url`.")
            .with_or_without_token()
            .answers_with(200, "The event.", "text/calendar", json!({ "schema": { "type": "string" } }), &["Content-Disposition"]),
    ]
}
