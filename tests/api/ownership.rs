//! Who may see and change what: drafts, other people's events, unlisted events.

use serde_json::{Value, json};

use crate::support::app::App;

#[test]
fn a_draft_does_not_exist_for_anybody_but_its_organizer() {
    let app = App::new();
    let (ada, eve, bob) = (app.organizer("Ada"), app.organizer("Eve"), app.attendee("Bob"));
    let id = app.event(&ada, json!({ "status": "draft" }));
    let path = format!("/api/events/{id}");
    let registration = format!("{path}/registrations/01b8dd58-e200-7000-8000-000000000001");
    assert_eq!(app.get(&path).by(&ada).send().expect(200).json()["event"]["status"], "draft");
    for call in [
        app.get(&path),
        app.get(&path).by(&eve),
        app.get(&path).by(&bob),
        app.put(&path).by(&eve).json(&json!({ "capacity": 1 })),
        app.put(&path).by(&eve).json(&json!({ "capacity": 0 })),
        app.delete(&path).by(&eve),
        app.get(&format!("{path}/registrations")).by(&eve),
        app.delete(&registration).by(&eve),
        app.post(&format!("{registration}/check-in")).by(&eve),
        app.post(&format!("{path}/register")).by(&bob),
        app.get(&format!("{path}/register")).by(&bob),
        app.post(&format!("{path}/join")).by(&bob),
    ] {
        call.send().expect_problem(404, "not_found");
    }
    let own = app.post(&format!("{path}/register")).by(&ada);
    own.send().expect_problem(409, "registration_not_open");
    app.put(&path).by(&ada).json(&json!({ "status": "published" })).send().expect(200);
    app.get(&path).send().expect(200);
}

#[test]
fn a_draft_is_never_shown_from_a_copy() {
    let app = App::new();
    let ada = app.organizer("Ada");
    let path = format!("/api/events/{}", app.event(&ada, json!({})));
    app.advance_ms(60_000);
    app.get(&path).send().expect(200);
    app.put(&path).by(&ada).json(&json!({ "status": "draft" })).send().expect(200);
    app.get(&path).send().expect(404);
    app.get(&path).by(&ada).send().expect(200);
    app.get(&path).send().expect(404);
}

#[test]
fn other_peoples_events_are_forbidden_before_anything_else_is_said() {
    let app = App::new();
    let (ada, eve, bob) = (app.organizer("Ada"), app.organizer("Eve"), app.attendee("Bob"));
    let id = app.event(&ada, json!({}));
    let registration = app.register(&bob, &id);
    let path = format!("/api/events/{id}");
    let theirs = format!("{path}/registrations/{}", registration["id"].as_str().unwrap());
    for by in [&eve, &bob] {
        for call in [
            app.put(&path).json(&json!({ "capacity": 1 })),
            app.put(&path).json(&json!({ "capacity": 0, "date": "never" })),
            app.put(&path).json(&json!({ "capacity": 1 })).header("if-match", "\"9.x\""),
            app.delete(&path),
            app.get(&format!("{path}/registrations")),
            app.delete(&theirs),
            app.post(&format!("{theirs}/check-in")),
            app.delete(&format!("{theirs}/check-in")),
        ] {
            call.by(by).send().expect_problem(403, "forbidden");
        }
    }
    assert_eq!(app.standing(&bob, &id), ("confirmed".to_owned(), None));
}

#[test]
fn without_a_token_nothing_can_be_changed() {
    let app = App::new();
    let (ada, bob) = (app.organizer("Ada"), app.attendee("Bob"));
    let id = app.event(&ada, json!({}));
    let registration = app.register(&bob, &id);
    let path = format!("/api/events/{id}");
    let theirs = format!("{path}/registrations/{}", registration["id"].as_str().unwrap());
    for call in [
        app.put(&path).json(&json!({ "capacity": 1 })),
        app.delete(&path),
        app.post(&format!("{path}/register")),
        app.get(&format!("{path}/register")),
        app.delete(&format!("{path}/register")),
        app.get(&format!("{path}/registrations")),
        app.delete(&theirs),
        app.post(&format!("{theirs}/check-in")),
        app.post(&format!("{path}/join")),
        app.get("/api/me/events"),
        app.get("/api/me/registrations"),
    ] {
        call.send().expect_problem(401, "unauthenticated");
    }
}

#[test]
fn an_unlisted_event_is_open_to_who_has_its_id() {
    let app = App::new();
    let (ada, bob) = (app.organizer("Ada"), app.attendee("Bob"));
    let id = app.event(&ada, json!({ "visibility": "unlisted" }));
    assert_eq!(app.get("/api/events").send().json()["events"], json!([]));
    app.get(&format!("/api/events/{id}")).send().expect(200);
    app.register(&bob, &id);
}

#[test]
fn the_own_list_holds_every_event_in_every_status() {
    let app = App::new();
    let (ada, eve) = (app.organizer("Ada"), app.organizer("Eve"));
    let ids: Vec<Value> = ["draft", "published", "cancelled"]
        .iter()
        .zip(1..)
        .map(|(status, day)| {
            json!(app.event(&ada, json!({ "status": status, "date": format!("2030-06-0{day}") })))
        })
        .chain([json!(app.event(&ada, json!({ "visibility": "unlisted", "date": "2030-06-09" })))])
        .collect();
    app.event(&eve, json!({}));
    let own = app.get("/api/me/events").by(&ada).send().expect(200);
    assert_eq!(own.header("cache-control"), Some("no-store"));
    let listed: Vec<Value> =
        own.json()["events"].as_array().unwrap().iter().map(|event| event["id"].clone()).collect();
    assert_eq!(listed, ids);
}
