//! Where the data lives is decided once, by the first write, and cannot be changed in silence.

use event_platform::domain::EventId;
use event_platform::objects::Envelope;
use event_platform::objects::catalog::{Command, Report};
use serde_json::json;

use crate::support::app::{App, PASSWORD};

/// Looks, and tries to write: both must be turned away, and nothing must have been asked of any object
/// for the write.
fn expect_turned_away(app: &App) {
    app.get("/api/events").send().expect_problem(503, "misconfigured");
    let hops = app.state().hops;
    let body = json!({ "email": "late@example.com", "password": PASSWORD });
    app.post("/api/register").json(&body).send().expect_problem(503, "misconfigured");
    app.get("/api/health").send().expect_problem(503, "misconfigured");
    assert_eq!(app.state().hops, hops);
}

/// The same where a write comes first.
fn expect_write_turned_away(app: &App) {
    let hops = app.state().hops;
    let body = json!({ "email": "late@example.com", "password": PASSWORD });
    app.post("/api/register").json(&body).send().expect_problem(503, "misconfigured");
    assert_eq!(app.state().hops, hops);
    expect_turned_away(app);
}

#[test]
fn a_jurisdiction_that_was_used_cannot_be_changed_in_silence() {
    let within = |jurisdiction| App::with(&[("JURISDICTION", jurisdiction)]);
    for (founded, others) in [
        (within("eu"), ["fedramp", "none"]),
        (within("fedramp"), ["eu", ""]),
        (App::new(), ["eu", "fedramp"]),
    ] {
        let ada = founded.attendee("Ada");
        for other in others {
            expect_turned_away(&founded.with_setting("JURISDICTION", other));
            expect_write_turned_away(&founded.with_setting("JURISDICTION", other));
        }
        let again = founded.another_isolate();
        again.get("/api/me").by(&ada).send().expect(200);
        again.log_in(&ada.email);
    }
}

#[test]
fn the_log_says_what_the_setting_has_to_be() {
    let app = App::with(&[("JURISDICTION", "eu")]);
    app.attendee("Ada");
    let other = app.with_setting("JURISDICTION", "none");
    other.get("/api/events").send().expect(503);
    other.get("/api/events").send().expect(503);
    let lines = app.state().log.iter().filter(|line| line.contains("JURISDICTION has to be eu")).count();
    assert_eq!(lines, 1);
}

#[test]
fn looking_decides_nothing() {
    let app = App::new();
    app.get("/api/events").send().expect(200);
    let event = crate::support::fixtures::event_id(1);
    app.get(&format!("/api/events/{event}")).send().expect(404);
    let eu = app.with_setting("JURISDICTION", "eu");
    eu.attendee("Ada");
    expect_turned_away(&app);
}

#[test]
fn data_from_before_there_was_a_choice_is_outside_any_jurisdiction() {
    let app = App::new();
    let event = EventId::new(app.state().now, &[0; 10]);
    let report = Report {
        event,
        version: 1,
        as_of: app.state().now,
        changed: false,
        entry: None,
        participations: Vec::new(),
        waited_ms: 0,
    };
    let envelope = Envelope::new(Command::Report(Box::new(report)));
    app.state().registered(&envelope).unwrap();
    expect_write_turned_away(&app.with_setting("JURISDICTION", "eu"));
    app.attendee("Ada");
}

#[test]
fn an_isolate_asks_once() {
    let app = App::new();
    let ada = app.attendee("Ada");
    app.state().registry_is_away = true;
    app.log_in(&ada.email);
    app.get("/api/me").by(&ada).send().expect(200);
}

#[test]
fn while_nobody_can_say_where_the_data_lives_reads_are_answered_and_writes_are_not() {
    let app = App::new();
    let ada = app.attendee("Ada");
    app.state().registry_is_away = true;
    let fresh = app.another_isolate();
    fresh.get("/api/me").by(&ada).send().expect(200);
    fresh.get("/api/health").send().expect(200);
    let hops = app.state().hops;
    assert!(fresh.log_in_with(&ada.email, PASSWORD).status() >= 500);
    assert_eq!(app.state().hops, hops);
    app.state().registry_is_away = false;
    fresh.log_in(&ada.email);
}
