//! What must not be seen, and by whom not.

use serde_json::json;

use crate::support::app::{App, PASSWORD, Person};
use crate::support::node::Address;

const LINK: &str = "https://meet.example/the-secret-room";

struct Meeting {
    app: App,
    organizer: Person,
    confirmed: Person,
    waiting: Person,
    stranger: Person,
    event: String,
}

/// An event with a link, one participant who may see it and three people who may not.
fn meeting() -> Meeting {
    let app = App::new();
    let organizer = app.organizer("Ada");
    let event = app.event(&organizer, json!({ "capacity": 1, "join_url": LINK }));
    let [confirmed, waiting, stranger] = ["Bob", "Cy", "Eve"].map(|name| app.attendee(name));
    app.register(&confirmed, &event);
    app.register(&waiting, &event);
    Meeting { app, organizer, confirmed, waiting, stranger, event }
}

#[test]
fn the_link_is_for_the_organizer_and_confirmed_participants() {
    let Meeting { app, organizer, confirmed, event, .. } = meeting();
    let path = format!("/api/events/{event}");
    assert_eq!(app.get(&path).by(&organizer).send().json()["event"]["join_url"], LINK);
    let own = app.get(&format!("{path}/register")).by(&confirmed).send().json();
    assert_eq!(own["registration"]["join_url"], LINK);
    let list = app.get("/api/me/registrations").by(&confirmed).send().json();
    assert_eq!(list["registrations"][0]["join_url"], LINK);
}

#[test]
fn the_link_is_in_nothing_that_anybody_else_reads() {
    let Meeting { app, organizer, confirmed, waiting, stranger, event } = meeting();
    let path = format!("/api/events/{event}");
    app.advance_ms(60_000);
    app.get(&path).by(&organizer).send().expect(200);
    for isolate in [&app, &app.another_isolate()] {
        let answers = [
            isolate.get("/api/events").send(),
            isolate.get("/api/events").by(&organizer).send(),
            isolate.get("/api/me/events").by(&organizer).send(),
            isolate.get(&path).send(),
            isolate.get(&path).by(&confirmed).send(),
            isolate.get(&path).by(&waiting).send(),
            isolate.get(&path).by(&stranger).send(),
            isolate.get(&format!("{path}/register")).by(&waiting).send(),
            isolate.post(&format!("{path}/register")).by(&waiting).send(),
            isolate.get("/api/me/registrations").by(&waiting).send(),
            isolate.get(&format!("{path}/registrations")).by(&organizer).send(),
            isolate.get(&format!("{path}/registrations")).by(&organizer).header("accept", "text/csv").send(),
        ];
        for answer in answers {
            assert_eq!(answer.status(), 200);
            assert!(!answer.text().contains("the-secret-room"), "{}", answer.text());
        }
    }
}

#[test]
fn the_link_is_in_no_mail_no_log_and_not_in_the_catalog() {
    let Meeting { app, organizer, confirmed, event, .. } = meeting();
    app.put(&format!("/api/events/{event}"))
        .by(&organizer)
        .json(&json!({ "capacity": 2 }))
        .send()
        .expect(200);
    app.leave(&confirmed, &event);
    app.state().come_to_rest();
    let mut state = app.state();
    assert!(state.post.sent.len() >= 8, "{}", state.post.sent.len());
    assert!(state.post.sent.iter().all(|sent| !sent.body.contains("secret-room")));
    assert!(state.log.iter().all(|line| !line.contains("secret-room")));
    let catalog = state.node(&Address::Catalog).sql.dump();
    assert!(!catalog.is_empty() && catalog.iter().all(|row| !row.contains("secret-room")));
}

#[test]
fn a_link_that_was_taken_away_or_a_seat_given_back_shows_nothing_more() {
    let Meeting { app, organizer, confirmed, event, .. } = meeting();
    let path = format!("/api/events/{event}");
    app.put(&path).by(&organizer).json(&json!({ "join_url": null })).send().expect(200);
    let own = app.get(&format!("{path}/register")).by(&confirmed).send().json();
    assert_eq!(own["registration"]["join_url"], json!(null));
    app.put(&path).by(&organizer).json(&json!({ "join_url": LINK })).send().expect(200);
    app.leave(&confirmed, &event);
    let back = app.register(&confirmed, &event);
    assert_eq!((&back["status"], &back["join_url"]), (&json!("waitlisted"), &json!(null)));
}

#[test]
fn the_log_names_nobody() {
    let Meeting { app, waiting, event, .. } = meeting();
    app.post("/api/login")
        .json(&json!({ "email": "bob@example.com", "password": "a wrong one" }))
        .send()
        .expect(401);
    app.post("/api/verify-email").json(&json!({ "token": "a-bad-token" })).send().expect(422);
    app.leave(&waiting, &event);
    app.state().come_to_rest();
    let state = app.state();
    for line in &state.log {
        for secret in ["example.com", "Bob", "a wrong one", PASSWORD, "a-bad-token", "token="] {
            assert!(!line.contains(secret), "{line}");
        }
        assert!(!line.contains(&waiting.token), "{line}");
    }
}

#[test]
fn neither_passwords_nor_tokens_are_stored_as_they_are() {
    let app = App::new();
    let body = json!({ "email": "ada@example.com", "password": PASSWORD });
    app.post("/api/register").json(&body).send().expect(201);
    let session = app.post("/api/login").json(&body).send().expect(200).json();
    app.state().come_to_rest();
    let rows: Vec<String> = app.state().nodes.values().flat_map(|node| node.sql.dump()).collect();
    assert!(rows.iter().any(|row| row.contains("$2b$04$")));
    for secret in [PASSWORD, session["token"].as_str().unwrap(), session["refresh_token"].as_str().unwrap()] {
        assert!(rows.iter().all(|row| !row.contains(secret)));
    }
    assert!(!session.to_string().contains("$2b$"));
}

#[test]
fn the_confirmation_link_is_forgotten_once_it_was_sent() {
    let app = App::new();
    app.attendee("Ada");
    app.state().come_to_rest();
    let state = app.state();
    let rows: Vec<String> = state.nodes.values().flat_map(|node| node.sql.dump()).collect();
    assert!(!rows.is_empty() && rows.iter().all(|row| !row.contains("verify-email?token=")));
}
