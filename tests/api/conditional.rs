//! Conditional requests, and copies that are never stale.

use http::Method;
use serde_json::{Value, json};

use crate::support::app::App;

#[test]
fn a_reader_who_has_it_already_gets_304() {
    let app = App::new();
    let (ada, bob) = (app.organizer("Ada"), app.attendee("Bob"));
    let event = app.event(&ada, json!({}));
    app.register(&bob, &event);
    for (path, by) in [
        ("/api/events".to_owned(), &bob),
        (format!("/api/events/{event}"), &bob),
        (format!("/api/events/{event}"), &ada),
        ("/api/me".to_owned(), &bob),
        ("/api/me/events".to_owned(), &ada),
        ("/api/me/registrations".to_owned(), &bob),
        (format!("/api/events/{event}/register"), &bob),
        (format!("/api/events/{event}/registrations"), &ada),
        ("/api/health".to_owned(), &bob),
    ] {
        let etag = app.get(&path).by(by).send().expect(200).etag();
        for list in [etag.clone(), format!("W/{etag}"), format!("\"x\", {etag}"), "*".to_owned()] {
            let answer = app.get(&path).by(by).header("if-none-match", &list).send().expect(304);
            assert_eq!((answer.text(), answer.etag()), ("", etag.clone()), "{path}");
            assert_eq!(answer.header("content-type"), None);
        }
        app.get(&path).by(by).header("if-none-match", "\"x\"").send().expect(200);
    }
}

#[test]
fn an_entity_tag_follows_what_the_reader_sees() {
    let app = App::new();
    let (ada, bob) = (app.organizer("Ada"), app.attendee("Bob"));
    let id = app.event(&ada, json!({ "join_url": "https://meet.example/x" }));
    let path = format!("/api/events/{id}");
    let tag = || app.get(&path).send().etag();
    let first = tag();
    assert_eq!(tag(), first);
    assert_ne!(app.get(&path).by(&ada).send().etag(), first, "the organizer sees more");
    app.register(&bob, &id);
    let crowded = app.get(&path).by(&ada).send().etag();
    assert!(crowded.starts_with("\"1."), "{crowded}");
    app.put(&path).by(&ada).json(&json!({ "capacity": 9 })).send().expect(200);
    assert!(tag().starts_with("\"2."), "{}", tag());
}

#[test]
fn an_edit_of_what_has_changed_meanwhile_does_not_happen() {
    let app = App::new();
    let ada = app.organizer("Ada");
    let path = format!("/api/events/{}", app.event(&ada, json!({})));
    let read = app.get(&path).by(&ada).send().etag();
    let edit = |capacity: u32, tag: &str| {
        app.put(&path).by(&ada).header("if-match", tag).json(&json!({ "capacity": capacity })).send()
    };
    edit(1, &read).expect(200);
    for stale in [read.as_str(), "W/\"1.x\"", "\"+2.x\"", "\"02.x\"", "w/\"2.x\"", "\"x\"", "nonsense", ""] {
        edit(9, stale).expect_problem(412, "precondition_failed");
        app.delete(&path)
            .by(&ada)
            .header("if-match", stale)
            .send()
            .expect_problem(412, "precondition_failed");
    }
    assert_eq!(app.get(&path).send().json()["event"]["capacity"], 1);
    edit(2, "\"7.x\", \"2.whatever\"").expect(200);
    edit(3, "*").expect(200);
    // An edge that compresses has made the tag weak.
    edit(4, "W/\"4.x\"").expect(200);
    app.delete(&path).by(&ada).header("if-match", "\"5.\"").send().expect(204);
}

#[test]
fn an_edit_only_of_what_does_not_exist_does_not_happen() {
    let app = App::new();
    let ada = app.organizer("Ada");
    let path = format!("/api/events/{}", app.event(&ada, json!({})));
    for path in [path.as_str(), "/api/events/018fa6e3-1a2b-7c4d-8e9f-0a1b2c3d4e5f"] {
        let (status, code) =
            if path.ends_with("4e5f") { (404, "not_found") } else { (412, "precondition_failed") };
        let call = |method| app.call(method, path).by(&ada).header("if-none-match", " * ");
        call(Method::PUT).json(&json!({ "capacity": 9 })).send().expect_problem(status, code);
        call(Method::PATCH).header("if-match", "*").json(&json!({})).send().expect_problem(status, code);
        call(Method::DELETE).send().expect_problem(status, code);
    }
    assert_eq!(app.get(&path).send().json()["event"]["capacity"], Value::Null);
}

#[test]
fn a_condition_that_cannot_be_read_is_not_met() {
    let app = App::new();
    let ada = app.organizer("Ada");
    let path = format!("/api/events/{}", app.event(&ada, json!({})));
    let edit = app.put(&path).by(&ada).header("if-match", "\"ü\"").json(&json!({ "capacity": 9 }));
    edit.send().expect_problem(412, "precondition_failed");
    let edit = app.put(&path).by(&ada).header("if-match", "\"ü\", \"1.x\"").json(&json!({ "capacity": 9 }));
    edit.send().expect(200);
}

#[test]
fn people_who_register_never_get_in_the_way_of_an_edit() {
    let app = App::new();
    let (ada, bob) = (app.organizer("Ada"), app.attendee("Bob"));
    let id = app.event(&ada, json!({}));
    let path = format!("/api/events/{id}");
    let read = app.get(&path).by(&ada).send().etag();
    app.register(&bob, &id);
    app.put(&path).by(&ada).header("if-match", &read).json(&json!({ "capacity": 5 })).send().expect(200);
}

#[test]
fn of_many_edits_with_one_tag_one_wins() {
    let app = App::new();
    let ada = app.organizer("Ada");
    let path = format!("/api/events/{}", app.event(&ada, json!({})));
    let read = app.get(&path).by(&ada).send().etag();
    let edit = |capacity: u32| {
        let edit = app.put(&path).by(&ada).header("if-match", &read);
        edit.json(&json!({ "capacity": capacity })).send().status()
    };
    let won: Vec<_> = (1..=100).filter(|capacity| edit(*capacity) == 200).collect();
    assert_eq!(won, [1]);
}

#[test]
fn an_event_is_sent_from_memory_for_as_long_as_its_lease_lasts() {
    let app = App::new();
    let ada = app.organizer("Ada");
    let path = format!("/api/events/{}", app.event(&ada, json!({})));
    app.advance_ms(60_000);
    for path in [path.as_str(), "/api/events"] {
        app.get(path).send().expect(200);
        let before = app.state().hops;
        for _ in 0..60 {
            app.advance_ms(10);
            app.get(path).send().expect(200);
        }
        assert_eq!(app.state().hops, before, "{path}");
        for _ in 0..300 {
            app.advance_ms(10);
            app.get(path).send().expect(200);
        }
        let hops = app.state().hops - before;
        assert!((3..=6).contains(&hops), "{path}: {hops} in 3.6 s");
    }
}

#[test]
fn no_isolate_ever_shows_what_was_before_an_acknowledged_change() {
    let app = App::new();
    let ada = app.organizer("Ada");
    let elsewhere = app.another_isolate();
    let path = format!("/api/events/{}", app.event(&ada, json!({ "capacity": 1000 })));
    let capacity = |app: &App| app.get(&path).send().json()["event"]["capacity"].clone();
    let listed = |app: &App| app.get("/api/events").send().json()["events"][0]["capacity"].clone();
    for (round, pause_ms) in (1..).zip([0, 1, 5, 100, 400, 1_000, 5_000, 60_000, 3, 900]) {
        app.advance_ms(pause_ms);
        for isolate in [&app, &elsewhere] {
            capacity(isolate);
            listed(isolate);
        }
        app.put(&path).by(&ada).json(&json!({ "capacity": round })).send().expect(200);
        for isolate in [&elsewhere, &app] {
            assert_eq!((capacity(isolate), listed(isolate)), (json!(round), json!(round)));
        }
    }
    app.delete(&path).by(&ada).send().expect(204);
    for isolate in [&elsewhere, &app] {
        isolate.get(&path).send().expect(404);
        assert_eq!(listed(isolate), Value::Null);
    }
}

#[test]
fn without_leases_every_read_asks() {
    let app = App::with(&[("CACHE_LEASE_MS", "0")]);
    let ada = app.organizer("Ada");
    let path = format!("/api/events/{}", app.event(&ada, json!({})));
    app.advance_ms(60_000);
    let before = app.state().hops;
    (0..10).for_each(|_| drop(app.get(&path).send().expect(200)));
    assert_eq!(app.state().hops, before + 10);
}

#[test]
fn seats_in_a_copy_are_at_most_a_few_seconds_old() {
    let app = App::new();
    let (ada, bob) = (app.organizer("Ada"), app.attendee("Bob"));
    let id = app.event(&ada, json!({}));
    app.advance_ms(60_000);
    let path = format!("/api/events/{id}");
    let confirmed = |value: Value| value["seats"]["confirmed"].clone();
    app.get(&path).send();
    app.get("/api/events").send();
    app.register(&bob, &id);
    app.advance_ms(2_000);
    app.deliver_outboxes();
    app.advance_ms(1_000);
    assert_eq!(confirmed(app.get(&path).send().json()["event"].clone()), 1);
    assert_eq!(confirmed(app.get("/api/events").send().json()["events"][0].clone()), 1);
}

#[test]
fn head_answers_as_get_without_the_body() {
    let app = App::new();
    let ada = app.organizer("Ada");
    let path = format!("/api/events/{}", app.event(&ada, json!({})));
    for path in [path.as_str(), "/api/events", "/api/health"] {
        let get = app.get(path).send();
        let head = app.call(Method::HEAD, path).send().expect(200);
        assert_eq!((head.text(), head.etag()), ("", get.etag()));
        assert_eq!(head.header("content-length"), Some(get.text().len().to_string().as_str()));
    }
    app.call(Method::HEAD, "/api/nothing").send().expect(404);
}
