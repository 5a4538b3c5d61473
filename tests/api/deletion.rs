//! The end of an account, and that nothing of it remains.

use serde_json::json;

use crate::support::app::{App, PASSWORD, Person};

fn rest(app: &App) {
    app.state().come_to_rest();
}

/// What the organizer sees of an event's registrations: names and statuses.
fn list(app: &App, organizer: &Person, event: &str) -> Vec<(String, String)> {
    let path = format!("/api/events/{event}/registrations");
    let answer = app.get(&path).by(organizer).send().expect(200).json();
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let registrations = answer["registrations"].as_array().unwrap();
    registrations.iter().map(|one| (text(&one["user"]["name"]), text(&one["status"]))).collect()
}

fn stands(name: &str, status: &str) -> (String, String) {
    (name.to_owned(), status.to_owned())
}

#[test]
fn a_deletion_takes_the_password_and_ends_every_session() {
    let app = App::new();
    let ada = app.attendee("Ada");
    let elsewhere = app.log_in(&ada.email);
    let delete = |body| app.delete("/api/me").by(&ada).json(&body).send();
    delete(json!({ "password": "wrong" })).expect_problem(401, "invalid_credentials");
    delete(json!({})).expect_problem(422, "validation_failed");
    app.get("/api/me").by(&ada).send().expect(200);
    delete(json!({ "password": PASSWORD })).expect(204);
    for session in [&ada, &elsewhere] {
        app.get("/api/me").by(session).send().expect_problem(401, "unauthenticated");
        app.refresh(&session.refresh_token).expect_problem(401, "invalid_refresh_token");
    }
    app.log_in_with(&ada.email, PASSWORD).expect_problem(401, "invalid_credentials");
}

#[test]
fn seats_are_given_back_and_the_waitlist_moves_up() {
    let app = App::new();
    let ada = app.organizer("Ada");
    let (bob, cy, dee) = (app.attendee("Bob"), app.attendee("Cy"), app.attendee("Dee"));
    let event = app.event(&ada, json!({ "capacity": 1 }));
    for person in [&bob, &cy, &dee] {
        app.register(person, &event);
    }
    rest(&app);
    app.delete_account(&bob);
    rest(&app);
    assert_eq!(app.standing(&cy, &event), ("confirmed".to_owned(), None));
    assert_eq!(app.standing(&dee, &event), ("waitlisted".to_owned(), Some(1)));
    assert_eq!(list(&app, &ada, &event), [stands("Cy", "confirmed"), stands("Dee", "waitlisted")]);
    assert_eq!(app.mails_to(&cy).last(), Some(&"seat_is_yours"));
    assert_eq!(app.mails_to(&bob), ["confirm_address", "registered"], "nobody writes to who is gone");
}

#[test]
fn neither_name_nor_address_remains_anywhere() {
    let mut app = App::new();
    let ada = app.organizer("Ada");
    let bob = app.attendee("Bobolink");
    let events: Vec<_> = (0..4).map(|_| app.event(&ada, json!({}))).collect();
    events.iter().for_each(|event| drop(app.register(&bob, event)));
    app.leave(&bob, &events[1]);
    app.delete(&format!("/api/events/{}", events[2])).by(&ada).send().expect(204);
    app.put(&format!("/api/events/{}", events[3]))
        .by(&ada)
        .json(&json!({ "status": "cancelled" }))
        .send()
        .expect(200);
    rest(&app);
    assert!(app.stores("bobolink@example.com") && app.stores("Bobolink"));
    app.delete_account(&bob);
    rest(&app);
    assert!(!app.stores("bobolink@example.com") && !app.stores("Bobolink"));
    assert_eq!(list(&app, &ada, &events[0]), []);
    let csv =
        app.get(&format!("/api/events/{}/registrations", events[1])).by(&ada).header("accept", "text/csv");
    assert_eq!(csv.send().expect(200).text().lines().count(), 1);
    app.restart();
    app.get(&format!("/api/events/{}", events[0])).send().expect(200);
}

#[test]
fn the_account_itself_leaves_an_empty_database() {
    let app = App::new();
    let bob = app.attendee("Bob");
    rest(&app);
    app.delete_account(&bob);
    rest(&app);
    let state = app.state();
    let accounts =
        state.nodes.iter().filter(|(at, _)| matches!(at, crate::support::node::Address::Account(_)));
    for (at, node) in accounts {
        assert_eq!(node.sql.dump(), Vec::<String>::new(), "{at:?}");
    }
}

#[test]
fn mails_that_still_wait_are_never_sent() {
    let app = App::new();
    let (ada, bob) = (app.organizer("Ada"), app.attendee("Bob"));
    let event = app.event(&ada, json!({}));
    app.deliver_outboxes();
    app.state().post.up = false;
    app.register(&bob, &event);
    app.leave(&bob, &event);
    app.register(&bob, &event);
    app.post("/api/password/forgot").json(&json!({ "email": bob.email })).send().expect(202);
    app.delete_account(&bob);
    app.advance_ms(60_000);
    app.deliver_outboxes();
    app.state().post.up = true;
    rest(&app);
    assert_eq!(app.mails_to(&bob), ["confirm_address"]);
}

#[test]
fn a_registration_on_its_way_while_the_account_ends_is_found_and_erased() {
    let app = App::new();
    let (ada, bob, cy) = (app.organizer("Ada"), app.attendee("Bobolink"), app.attendee("Cy"));
    let event = app.event(&ada, json!({ "capacity": 1 }));
    rest(&app);
    app.delete_account(&bob);
    rest(&app);
    // The session was confirmed before the account ended; the order arrives only now.
    let participant = event_platform::objects::event::Participant {
        id: event_platform::domain::UserId::parse(&bob.id).unwrap(),
        account: crate::support::fixtures::account_key(1),
        name: event_platform::domain::account::Name::parse("Bobolink").ok(),
        email: event_platform::domain::Email::parse(&bob.email).unwrap(),
        origin: None,
        email_status: event_platform::domain::EmailStatus::Ok,
        email_status_changes: 0,
    };
    let command = event_platform::objects::event::Command::Register {
        id: crate::support::fixtures::registration_id(1),
        participant: Box::new(participant),
    };
    let late = event_platform::objects::Envelope::new(command);
    let answer: event_platform::objects::Answer<serde_json::Value> =
        app.state().ask(&crate::support::app::event_address(&event), late).unwrap();
    assert!(answer.is_granted());
    app.register(&cy, &event);
    rest(&app);
    assert!(!app.stores("bobolink@example.com") && !app.stores("Bobolink"));
    assert_eq!(app.standing(&cy, &event), ("confirmed".to_owned(), None));
}

#[test]
fn a_second_sign_up_starts_from_nothing() {
    let app = App::new();
    let (ada, bob) = (app.organizer("Ada"), app.attendee("Bob"));
    let event = app.event(&ada, json!({}));
    app.register(&bob, &event);
    let feed = app.post("/api/me/calendar-key").by(&bob).send().expect(201).json();
    let feed = feed["url"].as_str().unwrap().split_once("/api/").unwrap().1.to_owned();
    app.get(&format!("/api/{feed}")).send().expect(200);
    app.delete_account(&bob);
    // All of this happens before anybody has heard of the deletion.
    let again = app.attendee("Bob");
    assert_ne!(again.id, bob.id);
    app.get("/api/me").by(&bob).send().expect_problem(401, "unauthenticated");
    app.get(&format!("/api/{feed}")).send().expect(404);
    app.get(&format!("/api/events/{event}/register")).by(&again).send().expect(404);
    let registration = app.register(&again, &event);
    rest(&app);
    assert_eq!(app.standing(&again, &event).0, "confirmed");
    assert_eq!(list(&app, &ada, &event), [stands("Bob", "confirmed")]);
    let mine = app.get("/api/me/registrations").by(&again).send().expect(200).json();
    assert_eq!(mine["registrations"][0]["id"], registration["id"]);
    app.get("/api/me").by(&bob).send().expect_problem(401, "unauthenticated");
}

#[test]
fn who_organizes_a_published_event_to_come_cannot_go() {
    let app = App::new();
    let ada = app.organizer("Ada");
    let delete = || app.delete("/api/me").by(&ada).json(&json!({ "password": PASSWORD })).send();
    let running = json!({ "date": "2029-12-02", "time": "12:30", "duration_minutes": 44_640 });
    for fields in [json!({}), json!({ "visibility": "unlisted" }), running] {
        let event = app.event(&ada, fields);
        delete().expect_problem(409, "has_events");
        app.get("/api/me").by(&ada).send().expect(200);
        app.put(&format!("/api/events/{event}"))
            .by(&ada)
            .json(&json!({ "status": "cancelled" }))
            .send()
            .expect(200);
    }
    let wrong = app.delete("/api/me").by(&ada).json(&json!({ "password": "wrong" })).send();
    wrong.expect_problem(401, "invalid_credentials");
    delete().expect(204);
}

#[test]
fn what_an_organizer_leaves_behind_names_nobody() {
    let app = App::new();
    let (ada, bob) = (app.organizer("Adelheid"), app.attendee("Bob"));
    let past = app.event(&ada, json!({ "date": "2020-01-01" }));
    let draft = app.event(&ada, json!({ "status": "draft" }));
    let cancelled = app.event(&ada, json!({}));
    app.register(&bob, &cancelled);
    app.put(&format!("/api/events/{cancelled}"))
        .by(&ada)
        .json(&json!({ "status": "cancelled" }))
        .send()
        .expect(200);
    let deleted = app.event(&ada, json!({}));
    app.delete(&format!("/api/events/{deleted}")).by(&ada).send().expect(204);
    rest(&app);
    app.delete_account(&ada);
    rest(&app);
    assert!(!app.stores("adelheid@example.com") && !app.stores("Adelheid"));
    for event in [&past, &cancelled] {
        let event = app.get(&format!("/api/events/{event}")).send().expect(200).json();
        assert_eq!(event["event"]["organizer"], json!({ "id": ada.id, "name": null }));
    }
    let listed = app.get("/api/events").send().expect(200).json();
    assert_eq!(listed["events"][0]["organizer"]["name"], json!(null));
    app.get(&format!("/api/events/{draft}")).by(&ada).send().expect(404);
    app.get(&format!("/api/events/{cancelled}/register")).by(&bob).send().expect(200);
}

#[test]
fn an_event_made_while_its_organizer_goes_is_cancelled_and_names_nobody() {
    let app = App::new();
    let ada = app.organizer("Adelheid");
    let first = app.event(&ada, json!({ "status": "draft" }));
    rest(&app);
    app.delete_account(&ada);
    rest(&app);
    let organizer = event_platform::domain::event::Organizer {
        id: event_platform::domain::UserId::parse(&ada.id).unwrap(),
        account: Some(crate::support::fixtures::account_key(1)),
        name: event_platform::domain::account::Name::parse("Adelheid").ok(),
        name_changes: 0,
        suspension: event_platform::domain::moderation::Suspension::default(),
    };
    let event = crate::support::fixtures::event_id(7);
    let command =
        event_platform::objects::event::Command::Create(Box::new(event_platform::objects::event::Create {
            id: event,
            organizer,
            details: crate::support::fixtures::details(&crate::support::fixtures::soon()),
            fingerprint: None,
        }));
    let late = event_platform::objects::Envelope::new(command);
    let address = crate::support::node::Address::Event(event);
    let answer: event_platform::objects::Answer<serde_json::Value> = app.state().ask(&address, late).unwrap();
    assert!(answer.is_granted());
    rest(&app);
    let shown = app.get(&format!("/api/events/{event}")).send().expect(200).json();
    assert_eq!(shown["event"]["status"], "cancelled");
    assert!(!app.stores("Adelheid"), "{first} and {event}");
}

#[test]
fn what_failed_at_an_unknown_address_is_forgotten_with_its_database() {
    let app = App::new();
    for _ in 0..12 {
        app.log_in_with("eve@example.com", "wrong");
    }
    assert!(app.state().nodes.values().any(|node| !node.sql.dump().is_empty()));
    app.advance_ms(60 * 60 * 1000 + 1);
    rest(&app);
    assert!(app.state().nodes.values().all(|node| node.sql.dump().is_empty()));
    app.log_in_with("eve@example.com", "wrong").expect_problem(401, "invalid_credentials");
    app.attendee("Eve");
}

#[test]
fn failures_that_still_count_are_not_forgotten() {
    let app = App::new();
    for _ in 0..11 {
        app.log_in_with("eve@example.com", "wrong");
        app.log_in_with("eve@example.com", "wrong");
        app.advance_ms(20_000);
        app.deliver_outboxes();
    }
    app.advance_ms(59 * 60 * 1000);
    app.deliver_outboxes();
    assert!(app.state().nodes.values().any(|node| !node.sql.dump().is_empty()));
}
