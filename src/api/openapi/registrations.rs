//! Registrations.

use serde_json::json;

use super::examples;
use super::operation::Operation;
use crate::api::shared::problem::Problem;
use crate::domain::Refusal;

const TAG: &str = "Registrations";
const ONE: &str = "/api/events/{id}/registrations/{registration}";
const CANCEL: &str = "/api/events/{id}/registrations/{registration}/cancel";
const UNREMIND: &str = "/api/events/{id}/registrations/{registration}/unremind";
const CHECK_IN: &str = "/api/events/{id}/registrations/{registration}/check-in";

pub(super) fn operations() -> Vec<Operation> {
    let registration = json!({ "registration": examples::registration() });
    let of_organizer = ["removeRegistration", "checkIn", "undoCheckIn"];
    let own = |operation: Operation, status: u16, description: &str| {
        operation
            .answers(status, description, "OneRegistration", &registration, &[])
            .leads_to(
                status,
                "$response.body#/registration/event_id",
                "id",
                &["myRegistration", "leave", "join"],
            )
            .leads_to_registration(status, &of_organizer)
    };
    // For people who follow a link in a mail: HTML pages only, and no token but the link's own key.
    let page = |operation: Operation, summary: &str, description: &str| {
        operation
            .says(summary, description)
            .takes(&["Key"])
            .shows(200, "A page that asks, or says what was done.")
            .shows(422, "A page that says that the link does not work.")
    };
    let register = Operation::post("/api/events/{id}/register", "register", TAG)
        .says(
            "Register for an event",
            "Confirmed, or waitlisted when the seats are gone. Never a second seat.",
        )
        .with_token_for_change();
    let register = own(register, 201, "The registration.");
    let register = own(register, 200, "The registration that stands already.");
    let list = Operation::get("/api/events/{id}/registrations", "listRegistrations", TAG)
        .says("Who is registered", "In the order of arrival. A client that prefers `text/csv` (`Accept`, by weight) gets the whole list, whatever `limit` and `cursor` say, safe to open in a spreadsheet. Its organizer only.")
        .with_token()
        .takes(&["RegistrationStatus", "ByteOrderMark", "Limit", "Cursor"])
        .answers(200, "A page, or the whole list as CSV.", "RegistrationPage", &examples::page("registrations", &examples::registration()), &["Link", "Content-Disposition"])
        .answers_with(200, "", "text/csv", json!({ "schema": { "type": "string" } }), &[])
        .may_be_streamed(200)
        .refuses([Problem::forbidden(), Problem::invalid()]);
    vec![
        register.refuses([
            Refusal::EventFull,
            Refusal::RegistrationNotOpen,
            Refusal::RegistrationClosed,
            Refusal::EventCancelled,
        ]),
        Operation::get("/api/events/{id}/register", "myRegistration", TAG)
            .says("Your registration", "")
            .with_token()
            .answers(200, "The registration.", "OneRegistration", &registration, &[]),
        Operation::delete("/api/events/{id}/register", "leave", TAG)
            .says("Give your seat back", "It goes to the head of the waitlist in the same step.")
            .with_token_for_change()
            .answers_nothing(204, "You are no longer registered."),
        Operation::post("/api/events/{id}/join", "join", TAG)
            .says("Join an event", "The link, and you are marked as attending. From 15 minutes before the start until the end, for confirmed participants.")
            .with_token_for_change()
            .answers(200, "The link.", "Join", &json!({ "join_url": "https://meet.example.com/conference" }), &[])
            .refuses([
                Refusal::NotRegistered,
                Refusal::EventCancelled,
                Refusal::NotOpenYet,
                Refusal::EventOver,
                Refusal::NoJoinUrl,
            ]),
        list,
        Operation::delete(ONE, "removeRegistration", TAG)
            .says("Cancel somebody's registration", "Its organizer only.")
            .with_token_for_change()
            .answers_nothing(204, "It is cancelled.")
            .refuses([Refusal::Forbidden]),
        Operation::post(CHECK_IN, "checkIn", TAG)
            .says("Mark somebody as present", "Repeatable. Its organizer only.")
            .with_token_for_change()
            .answers(200, "The registration.", "OneRegistration", &registration, &[])
            .refuses([Refusal::Forbidden, Refusal::NotConfirmed]),
        Operation::delete(CHECK_IN, "undoCheckIn", TAG)
            .says("Take the mark back", "Repeatable. Its organizer only.")
            .with_token_for_change()
            .answers(200, "The registration.", "OneRegistration", &registration, &[])
            .refuses([Refusal::Forbidden, Refusal::NotConfirmed]),
        page(
            Operation::get(CANCEL, "openCancelLink", TAG),
            "Follow the link that cancels a registration",
            "A page with a button. It changes nothing.",
        ),
        page(Operation::post(CANCEL, "cancelByLink", TAG), "Cancel by link", "What the button does."),
        page(
            Operation::get(UNREMIND, "openUnremindLink", TAG),
            "Follow the link that ends reminders",
            "A page with a button. It changes nothing.",
        ),
        page(
            Operation::post(UNREMIND, "unremindByLink", TAG),
            "End reminders by link",
            "What the button does, and the one of mail programs (RFC 8058).",
        ),
    ]
}
