//! Checking in, and joining while the doors are open.

use serde_json::json;

use crate::support::app::{Answer, App, Person};

const LINK: &str = "https://meet.example/secret";

/// An event on the day the clock starts, at 14:00 for an hour, with one seat.
fn event(app: &App, organizer: &Person) -> String {
    app.event(organizer, json!({ "date": "2030-01-01", "time": "14:00", "capacity": 1, "join_url": LINK }))
}

fn check_in_path(event: &str, registration: &serde_json::Value) -> String {
    format!("/api/events/{event}/registrations/{}/check-in", registration["id"].as_str().unwrap())
}

#[test]
fn checking_in_can_be_repeated_and_undone() {
    let app = App::new();
    let (ada, bob) = (app.organizer("Ada"), app.attendee("Bob"));
    let event = event(&app, &ada);
    let path = check_in_path(&event, &app.register(&bob, &event));
    let checked_in = |answer: Answer| answer.expect(200).json()["registration"]["checked_in_at"].clone();
    assert_eq!(checked_in(app.post(&path).by(&ada).send()), "2030-01-01T12:00:00Z");
    app.advance_ms(60_000);
    assert_eq!(checked_in(app.post(&path).by(&ada).send()), "2030-01-01T12:00:00Z");
    assert_eq!(checked_in(app.delete(&path).by(&ada).send()), json!(null));
    assert_eq!(checked_in(app.delete(&path).by(&ada).send()), json!(null));
    assert_eq!(checked_in(app.post(&path).by(&ada).send()), "2030-01-01T12:01:00Z");
}

#[test]
fn a_check_in_outlives_a_restart() {
    let mut app = App::new();
    let (ada, bob) = (app.organizer("Ada"), app.attendee("Bob"));
    let event = event(&app, &ada);
    let path = check_in_path(&event, &app.register(&bob, &event));
    app.post(&path).by(&ada).send().expect(200);
    app.restart();
    let own = app.get(&format!("/api/events/{event}/register")).by(&bob).send().json();
    assert_eq!(own["registration"]["checked_in_at"], "2030-01-01T12:00:00Z");
}

#[test]
fn who_waits_cannot_be_checked_in() {
    let app = App::new();
    let (ada, bob, cy) = (app.organizer("Ada"), app.attendee("Bob"), app.attendee("Cy"));
    let event = event(&app, &ada);
    app.register(&bob, &event);
    let path = check_in_path(&event, &app.register(&cy, &event));
    app.post(&path).by(&ada).send().expect_problem(409, "not_confirmed");
    app.leave(&bob, &event);
    app.post(&path).by(&ada).send().expect(200);
}

#[test]
fn an_ended_registration_cannot_be_checked_in() {
    let app = App::new();
    let (ada, bob) = (app.organizer("Ada"), app.attendee("Bob"));
    let event = event(&app, &ada);
    let path = check_in_path(&event, &app.register(&bob, &event));
    app.leave(&bob, &event);
    app.post(&path).by(&ada).send().expect_problem(404, "not_found");
}

#[test]
fn the_doors_are_open_from_a_quarter_of_an_hour_before_until_the_end() {
    let app = App::new();
    let (ada, bob) = (app.organizer("Ada"), app.attendee("Bob"));
    let event = event(&app, &ada);
    app.register(&bob, &event);
    let minute = 60_000;
    let mut bob = bob;
    let mut join = |advance_ms: i64| {
        app.advance_ms(advance_ms);
        bob = app.log_in("bob@example.com");
        app.post(&format!("/api/events/{event}/join")).by(&bob).send()
    };
    join(105 * minute - 1).expect_problem(409, "not_open_yet");
    assert_eq!(join(1).expect(200).json(), json!({ "join_url": LINK }));
    join(75 * minute - 1).expect(200);
    join(1).expect_problem(409, "event_over");
}

#[test]
fn joining_marks_the_participant_as_attending_from_the_first_time_on() {
    let app = App::new();
    let (ada, bob) = (app.organizer("Ada"), app.attendee("Bob"));
    let event = event(&app, &ada);
    app.register(&bob, &event);
    app.advance_ms(110 * 60_000);
    let bob = app.log_in(&bob.email);
    for _ in 0..2 {
        let joined = app.post(&format!("/api/events/{event}/join")).by(&bob).send().expect(200);
        assert_eq!(joined.header("cache-control"), Some("no-store"));
        let own = app.get(&format!("/api/events/{event}/register")).by(&bob).send().json();
        assert_eq!(own["registration"]["checked_in_at"], "2030-01-01T13:50:00Z");
        app.advance_ms(1_000);
    }
}

#[test]
fn only_confirmed_participants_join() {
    let app = App::new();
    let (ada, bob, cy) = (app.organizer("Ada"), app.attendee("Bob"), app.attendee("Cy"));
    let event = event(&app, &ada);
    app.register(&bob, &event);
    app.register(&cy, &event);
    app.advance_ms(110 * 60_000);
    for email in ["cy@example.com", "ada@example.com"] {
        let person = app.log_in(email);
        let join = app.post(&format!("/api/events/{event}/join")).by(&person).send();
        join.expect_problem(403, "not_registered");
    }
}

#[test]
fn nobody_joins_without_a_link_or_a_cancelled_event() {
    let app = App::new();
    let (ada, bob) = (app.organizer("Ada"), app.attendee("Bob"));
    let event = event(&app, &ada);
    app.register(&bob, &event);
    app.advance_ms(110 * 60_000);
    let (ada, bob) = (app.log_in(&ada.email), app.log_in(&bob.email));
    let change = |fields| app.put(&format!("/api/events/{event}")).by(&ada).json(&fields).send().expect(200);
    let join = || app.post(&format!("/api/events/{event}/join")).by(&bob).send();
    change(json!({ "join_url": null }));
    join().expect_problem(409, "no_join_url");
    change(json!({ "join_url": LINK, "status": "cancelled" }));
    join().expect_problem(409, "event_cancelled");
}
