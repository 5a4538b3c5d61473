//! Creating, reading and deleting an event.

use serde_json::{Value, json};

use crate::support::app::{App, event_address};

/// The least that an event needs.
fn least() -> Value {
    json!({ "date": "2024-05-25", "time": "14:00", "description": "Virtual Tech Conference" })
}

fn with(fields: Value) -> Value {
    let mut body = least();
    body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    body
}

#[test]
fn three_fields_alone_make_an_event() {
    let app = App::new();
    let ada = app.organizer("Ada");
    let answer = app.post("/api/events").by(&ada).json(&least()).send().expect(201);
    let event = answer.json()["event"].clone();
    let id = event["id"].as_str().unwrap();
    assert_eq!(answer.header("location"), Some(format!("/api/events/{id}").as_str()));
    assert!(answer.etag().starts_with("\"1."), "{}", answer.etag());
    let expected = json!({
        "id": id,
        "title": "Virtual Tech Conference",
        "description": "Virtual Tech Conference",
        "date": "2024-05-25",
        "time": "14:00",
        "timezone": "UTC",
        "duration_minutes": 60,
        "starts_at": "2024-05-25T14:00:00Z",
        "ends_at": "2024-05-25T15:00:00Z",
        "capacity": null,
        "waitlist": true,
        "status": "published",
        "visibility": "public",
        "registration_opens_at": null,
        "registration_closes_at": null,
        "join_url": null,
        "tags": [],
        "organizer": { "id": ada.id, "name": "Ada" },
        "seats": { "confirmed": 0, "waitlisted": 0, "remaining": null },
        "version": 1,
        "created_at": "2030-01-01T12:00:00Z",
        "updated_at": "2030-01-01T12:00:00Z",
    });
    assert_eq!(event, expected);
    assert_eq!(app.get(&format!("/api/events/{id}")).send().expect(200).json()["event"], expected);
}

#[test]
fn what_is_set_is_what_is_read() {
    let app = App::new();
    let ada = app.organizer("Ada");
    let fields = json!({
        "title": "Rust ☕",
        "timezone": "Europe/Berlin",
        "duration_minutes": 90,
        "capacity": 25,
        "waitlist": false,
        "visibility": "unlisted",
        "registration_opens_at": "2024-05-01T00:00:00Z",
        "registration_closes_at": "2024-05-25T11:00:00Z",
        "join_url": "https://meet.example/rust",
        "tags": ["rust", "Wasm"],
    });
    let event = app.post("/api/events").by(&ada).json(&with(fields.clone())).send().expect(201).json();
    for (field, value) in fields.as_object().unwrap() {
        assert_eq!(event["event"][field], *value, "{field}");
    }
    assert_eq!(event["event"]["starts_at"], "2024-05-25T12:00:00Z");
    assert_eq!(event["event"]["ends_at"], "2024-05-25T13:30:00Z");
    assert_eq!(event["event"]["seats"]["remaining"], 25);
}

#[test]
fn what_a_client_cannot_decide_is_ignored() {
    let app = App::new();
    let (ada, bob) = (app.organizer("Ada"), app.organizer("Bob"));
    let theirs =
        json!({ "id": "x", "organizer": { "id": bob.id }, "version": 7, "created_at": "1999", "seats": 1 });
    let event = app.post("/api/events").by(&ada).json(&with(theirs.clone())).send().expect(201).json();
    let path = format!("/api/events/{}", event["event"]["id"].as_str().unwrap());
    let changed = app.put(&path).by(&ada).json(&theirs).send().expect(200).json();
    for event in [event, changed] {
        assert_eq!(event["event"]["organizer"]["id"], ada.id.as_str());
        assert_eq!(
            (&event["event"]["version"], &event["event"]["created_at"]),
            (&json!(1), &json!("2030-01-01T12:00:00Z"))
        );
    }
}

#[test]
fn each_bad_field_is_refused_with_its_code() {
    let app = App::new();
    let ada = app.organizer("Ada");
    for (field, value, code) in [
        ("date", json!("25.05.2024"), "invalid_date"),
        ("date", json!("2024-02-30"), "invalid_date"),
        ("date", json!(20_240_525), "invalid_type"),
        ("time", json!("24:00"), "invalid_time"),
        ("description", json!(" \n "), "blank"),
        ("description", json!("x".repeat(10_001)), "too_long"),
        ("title", json!("   "), "blank"),
        ("title", json!("ü".repeat(201)), "too_long"),
        ("title", json!("a\nb"), "invalid_characters"),
        ("timezone", json!("Mars/Olympus"), "unknown_timezone"),
        ("duration_minutes", json!(0), "out_of_range"),
        ("duration_minutes", json!(44_641), "out_of_range"),
        ("duration_minutes", json!(1.5), "invalid_type"),
        ("capacity", json!(0), "out_of_range"),
        ("capacity", json!(-1), "out_of_range"),
        ("capacity", json!(1_000_001), "out_of_range"),
        ("capacity", json!(u64::MAX), "out_of_range"),
        ("capacity", json!("10"), "invalid_type"),
        ("waitlist", json!("yes"), "invalid_type"),
        ("status", json!("Published"), "unknown_status"),
        ("visibility", json!("private"), "unknown_visibility"),
        ("registration_opens_at", json!("2024-05-25"), "invalid_time"),
        ("join_url", json!("http://meet.example"), "invalid_url"),
        ("join_url", json!("javascript:alert(1)"), "invalid_url"),
        ("tags", json!("rust"), "invalid_type"),
        ("tags", json!([""]), "invalid_tag"),
        ("tags", json!(["x".repeat(33)]), "invalid_tag"),
        ("tags", json!((0..11).map(|n| n.to_string()).collect::<Vec<_>>()), "too_many"),
    ] {
        let body = with(json!({ field: value }));
        let bad = app.post("/api/events").by(&ada).json(&body).send().bad_fields();
        assert_eq!(bad, [(field.to_owned(), code.to_owned())], "{value}");
    }
}

#[test]
fn all_that_is_wrong_is_said_at_once() {
    let app = App::new();
    let ada = app.organizer("Ada");
    let body = json!({
        "date": "tomorrow",
        "capacity": 0,
        "registration_opens_at": "2024-05-02T00:00:00Z",
        "registration_closes_at": "2024-05-01T00:00:00Z",
    });
    let bad = app.post("/api/events").by(&ada).json(&body).send().bad_fields();
    let fields: Vec<_> = bad.iter().map(|(field, _)| field.as_str()).collect();
    assert_eq!(fields, ["date", "capacity", "time", "description", "registration_closes_at"]);
}

#[test]
fn wall_clock_time_is_meant_where_the_event_takes_place() {
    let app = App::new();
    let ada = app.organizer("Ada");
    let at = |date: &str, time: &str| {
        let body = with(json!({ "date": date, "time": time, "timezone": "Europe/Berlin" }));
        app.post("/api/events").by(&ada).json(&body).send()
    };
    for date in ["2025-03-30", "2100-03-28"] {
        let skipped = at(date, "02:30").bad_fields();
        assert_eq!(skipped, [("time".to_owned(), "nonexistent_time".to_owned())], "{date}");
    }
    let doubled = at("2025-10-26", "02:30").expect(201).json();
    assert_eq!(doubled["event"]["starts_at"], "2025-10-26T00:30:00Z");
}

#[test]
fn only_organizers_make_events() {
    let app = App::new();
    let bob = app.attendee("Bob");
    app.post("/api/events").json(&least()).send().expect_problem(401, "unauthenticated");
    app.post("/api/events").by(&bob).json(&least()).send().expect_problem(403, "forbidden");
}

#[test]
fn a_deleted_event_is_gone_everywhere() {
    let app = App::new();
    let (ada, bob) = (app.organizer("Ada"), app.attendee("Bob"));
    let id = app.event(&ada, json!({ "capacity": 1 }));
    let registration = app.register(&bob, &id);
    let path = format!("/api/events/{id}");
    let elsewhere = app.another_isolate();
    elsewhere.get(&path).send().expect(200);
    app.delete(&path).by(&ada).send().expect(204);

    for app in [&app, &elsewhere] {
        app.get(&path).send().expect_problem(404, "not_found");
        app.get(&path).by(&ada).send().expect_problem(404, "not_found");
        assert_eq!(app.get("/api/events").send().json()["events"], json!([]));
    }
    app.put(&path).by(&ada).json(&json!({ "capacity": 2 })).send().expect_problem(404, "not_found");
    app.delete(&path).by(&ada).send().expect_problem(404, "not_found");
    app.get(&format!("{path}/registrations")).by(&ada).send().expect_problem(404, "not_found");
    let theirs = format!("{path}/registrations/{}", registration["id"].as_str().unwrap());
    app.delete(&theirs).by(&ada).send().expect_problem(404, "not_found");
    app.post(&format!("{theirs}/check-in")).by(&ada).send().expect_problem(404, "not_found");
    app.get(&format!("{path}/register")).by(&bob).send().expect_problem(404, "not_found");
    app.post(&format!("{path}/register")).by(&bob).send().expect_problem(404, "not_found");
    app.delete(&format!("{path}/register")).by(&bob).send().expect_problem(404, "not_found");
    app.post(&format!("{path}/join")).by(&bob).send().expect_problem(404, "not_found");
    for (person, list) in [(&ada, "events"), (&bob, "registrations")] {
        let own = app.get(&format!("/api/me/{list}")).by(person).send().expect(200).json();
        assert_eq!(own[list], json!([]));
    }
}

#[test]
fn a_repeated_idempotency_key_meets_the_first_event() {
    let app = App::new();
    let (ada, eve) = (app.organizer("Ada"), app.organizer("Eve"));
    let create = |by, key: &str, body: &Value| {
        app.post("/api/events").by(by).header("idempotency-key", key).json(body).send()
    };
    let first = create(&ada, "one", &least()).expect(201);
    let again = create(&ada, "one", &least()).expect(201);
    assert_eq!(again.json(), first.json());
    assert_eq!(again.header("location"), first.header("location"));
    create(&ada, "one", &with(json!({ "capacity": 3 }))).expect_problem(422, "idempotency_key_reused");
    for other in [create(&ada, "two", &least()), create(&eve, "one", &least())] {
        assert_ne!(other.expect(201).json()["event"]["id"], first.json()["event"]["id"]);
    }
    assert_eq!(app.get("/api/events").send().json()["events"].as_array().unwrap().len(), 3);
}

#[test]
fn nobody_can_compute_the_id_of_an_event_from_its_idempotency_key() {
    let id = |others: usize| {
        let app = App::new();
        let ada = app.organizer("Ada");
        (0..others).for_each(|_| drop(app.event(&ada, json!({}))));
        let first = app.post("/api/events").by(&ada).header("idempotency-key", "order-17").json(&least());
        first.send().expect(201).json()["event"]["id"].as_str().unwrap().to_owned()
    };
    let (one, other) = (id(0), id(1));
    assert_eq!(one[..8], other[..8], "a UUIDv7 begins with the time");
    assert_ne!(one, other, "the same person and key, and other random bits");
}

#[test]
fn an_idempotency_key_outlives_restarts_and_brings_nothing_back() {
    let mut app = App::new();
    let ada = app.organizer("Ada");
    let first = app.post("/api/events").by(&ada).header("idempotency-key", "k").json(&least()).send().json();
    app.restart();
    let create = || app.post("/api/events").by(&ada).header("idempotency-key", "k").json(&least()).send();
    assert_eq!(create().expect(201).json(), first);
    let path = format!("/api/events/{}", first["event"]["id"].as_str().unwrap());
    app.delete(&path).by(&ada).send().expect(204);
    create().expect_problem(404, "not_found");
}

#[test]
fn asking_for_an_event_that_never_was_stores_nothing() {
    let app = App::new();
    let bob = app.attendee("Bob");
    let id = "01b8dd58-e200-7000-8000-000000000001";
    app.get(&format!("/api/events/{id}")).send().expect_problem(404, "not_found");
    app.post(&format!("/api/events/{id}/register")).by(&bob).send().expect_problem(404, "not_found");
    app.put(&format!("/api/events/{id}")).by(&bob).json(&json!({})).send().expect_problem(404, "not_found");
    assert_eq!(app.state().node(&event_address(id)).sql.dump(), Vec::<String>::new());
}

#[test]
fn events_outlive_a_restart() {
    let mut app = App::new();
    let (ada, bob) = (app.organizer("Ada"), app.attendee("Bob"));
    let id =
        app.event(&ada, json!({ "capacity": 1, "join_url": "https://meet.example/x", "tags": ["rust"] }));
    app.register(&bob, &id);
    let read = |app: &App| app.get(&format!("/api/events/{id}")).by(&ada).send().expect(200).json();
    let before = read(&app);
    app.restart();
    assert_eq!(read(&app), before);
}

#[test]
fn a_whole_number_may_be_written_with_an_empty_fraction() {
    let app = App::new();
    let ada = app.organizer("Ada");
    let post = |capacity: &str| {
        let body = r#"{"date":"2030-06-01","time":"14:00","description":"x","capacity":?}"#;
        app.post("/api/events").by(&ada).body("application/json", &body.replace('?', capacity)).send()
    };
    for capacity in ["10", "10.0", "1e1"] {
        assert_eq!(post(capacity).expect(201).json()["event"]["capacity"], 10, "{capacity}");
    }
    let refused = |code: &str| vec![("capacity".to_owned(), code.to_owned())];
    assert_eq!(post("10.5").bad_fields(), refused("invalid_type"));
    for capacity in ["0.0", "-1e0", "1e300", "18446744073709551616"] {
        assert_eq!(post(capacity).bad_fields(), refused("out_of_range"), "{capacity}");
    }
}
