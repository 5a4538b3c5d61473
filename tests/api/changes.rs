//! Changing an event: which fields, and which changes are refused.

use http::Method;
use serde_json::{Value, json};

use crate::support::app::App;

#[test]
fn a_change_touches_the_fields_that_were_sent() {
    let app = App::new();
    let ada = app.organizer("Ada");
    let id = app.event(&ada, json!({ "capacity": 5, "tags": ["rust"], "title": "Fixed" }));
    let path = format!("/api/events/{id}");
    let before = app.get(&path).send().json()["event"].clone();
    app.advance_ms(5_000);
    let answer =
        app.put(&path).by(&ada).json(&json!({ "time": "16:00", "capacity": null })).send().expect(200);
    assert!(answer.etag().starts_with("\"2."), "{}", answer.etag());
    let mut expected = before;
    for (field, value) in [
        ("time", json!("16:00")),
        ("starts_at", json!("2030-06-01T16:00:00Z")),
        ("ends_at", json!("2030-06-01T17:00:00Z")),
        ("capacity", json!(null)),
        ("seats", json!({ "confirmed": 0, "waitlisted": 0, "remaining": null })),
        ("version", json!(2)),
        ("updated_at", answer.json()["event"]["updated_at"].clone()),
    ] {
        expected[field] = value;
    }
    assert_eq!(answer.json()["event"], expected);
    assert_ne!(expected["updated_at"], expected["created_at"]);
    let patched = app.call(Method::PATCH, &path).by(&ada).json(&json!({ "title": null })).send();
    assert_eq!(patched.expect(200).json()["event"]["title"], "Rust at the edge");
}

#[test]
fn a_change_that_changes_nothing_makes_no_new_version() {
    let app = App::new();
    let ada = app.organizer("Ada");
    let path = format!("/api/events/{}", app.event(&ada, json!({ "capacity": 5 })));
    let before = app.get(&path).by(&ada).send().etag();
    for body in [json!({}), json!({ "capacity": 5 })] {
        assert_eq!(app.put(&path).by(&ada).json(&body).send().expect(200).etag(), before);
    }
}

#[test]
fn a_default_title_follows_the_description_until_one_is_set() {
    let app = App::new();
    let ada = app.organizer("Ada");
    let path = format!("/api/events/{}", app.event(&ada, json!({})));
    let change =
        |body: Value| app.put(&path).by(&ada).json(&body).send().expect(200).json()["event"]["title"].clone();
    assert_eq!(change(json!({ "description": "\n Second line first \nand more" })), "Second line first");
    assert_eq!(change(json!({ "title": "Set" })), "Set");
    assert_eq!(change(json!({ "description": "Another" })), "Set");
    assert_eq!(change(json!({ "title": null })), "Another");
}

#[test]
fn required_fields_cannot_be_cleared_and_contradictions_are_found() {
    let app = App::new();
    let ada = app.organizer("Ada");
    let path = format!(
        "/api/events/{}",
        app.event(&ada, json!({ "registration_opens_at": "2030-02-01T00:00:00Z" }))
    );
    let bad = app.put(&path).by(&ada).json(&json!({ "date": null, "time": null })).send().bad_fields();
    assert_eq!(bad.iter().map(|(field, _)| field.as_str()).collect::<Vec<_>>(), ["date", "time"]);
    let early = json!({ "registration_closes_at": "2030-01-01T00:00:00Z" });
    let bad = app.put(&path).by(&ada).json(&early).send().bad_fields();
    assert_eq!(bad, [("registration_closes_at".to_owned(), "closes_before_opens".to_owned())]);
}

#[test]
fn an_event_stays_cancelled_and_becomes_a_draft_only_while_nobody_is_registered() {
    let app = App::new();
    let (ada, bob) = (app.organizer("Ada"), app.attendee("Bob"));
    let id = app.event(&ada, json!({}));
    let status = |status: &str| {
        app.put(&format!("/api/events/{id}")).by(&ada).json(&json!({ "status": status })).send()
    };
    status("draft").expect(200);
    status("published").expect(200);
    app.register(&bob, &id);
    status("draft").expect_problem(409, "invalid_transition");
    status("cancelled").expect(200);
    for next in ["published", "draft"] {
        status(next).expect_problem(409, "invalid_transition");
    }
    status("cancelled").expect(200);
}

#[test]
fn no_more_seats_can_be_taken_away_than_are_free() {
    let app = App::new();
    let ada = app.organizer("Ada");
    let id = app.event(&ada, json!({ "capacity": 3 }));
    for name in ["Bob", "Cy"] {
        app.register(&app.attendee(name), &id);
    }
    let resize = |capacity: u32| {
        app.put(&format!("/api/events/{id}")).by(&ada).json(&json!({ "capacity": capacity })).send()
    };
    resize(1).expect_problem(409, "capacity_below_confirmed");
    assert_eq!(resize(2).expect(200).json()["event"]["seats"]["remaining"], 0);
}
