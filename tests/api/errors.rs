//! How an error looks, and what provokes the common ones.

use http::Method;
use serde_json::json;

use crate::support::app::{App, event_address};

#[test]
fn a_problem_says_what_the_contract_says_and_nothing_else() {
    let app = App::new();
    let answer = app.get("/api/nothing").send().expect_problem(404, "not_found");
    let request_id = answer.header("x-request-id").unwrap().to_owned();
    let expected = json!({
        "type": "about:blank",
        "title": "Not Found",
        "status": 404,
        "detail": "There is nothing here.",
        "code": "not_found",
        "request_id": request_id,
    });
    assert_eq!(answer.json(), expected);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(answer.header("etag"), None);
    let invalid = app.post("/api/register").json(&json!({})).send().expect(422).json();
    let error = json!({ "field": "email", "code": "required", "message": "This field is required." });
    assert_eq!(invalid["errors"][0], error);
}

#[test]
fn a_body_is_a_json_object_and_says_so() {
    let app = App::new();
    let register = || app.post("/api/register");
    register().send().expect_problem(400, "malformed_json");
    for text in ["", "{", "{\"a\":1,}", "nonsense", "\u{feff}{}", "{} {}"] {
        register().body("application/json", text).send().expect_problem(400, "malformed_json");
    }
    for text in ["[]", "null", "42", "\"text\""] {
        register().body("application/json", text).send().expect_problem(422, "validation_failed");
    }
    for kind in
        ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", "application/problem+json"]
    {
        register().body(kind, "{}").send().expect_problem(415, "unsupported_media_type");
    }
    for kind in ["application/json; charset=utf-8", "Application/JSON", "application/json ;charset=x"] {
        register().body(kind, "{}").send().expect_problem(422, "validation_failed");
    }
}

#[test]
fn a_body_has_at_most_64_kib() {
    let app = App::new();
    let padded = |bytes: usize| format!("{{\"x\":\"{}\"}}", "x".repeat(bytes - 8));
    let send = |bytes| app.post("/api/register").body("application/json", &padded(bytes)).send();
    send(65_536).expect_problem(422, "validation_failed");
    send(65_537).expect_problem(413, "body_too_large");
}

#[test]
fn a_method_that_a_path_does_not_know_is_405_with_those_it_does() {
    let app = App::new();
    for (method, path, allowed) in [
        (Method::DELETE, "/api/events", ["GET", "POST"].as_slice()),
        (Method::GET, "/api/register", &["POST"]),
        (Method::PUT, "/api/me", &["GET"]),
        (Method::POST, "/api/events/x", &["GET", "PUT", "PATCH", "DELETE"]),
        (Method::PUT, "/api/health", &["GET"]),
    ] {
        let answer = app.call(method, path).send().expect_problem(405, "method_not_allowed");
        let allow = answer.header("allow").unwrap();
        for method in allowed {
            assert!(allow.split(',').any(|known| known.trim() == *method), "{path}: {allow}");
        }
    }
}

#[test]
fn a_path_that_is_only_like_one_of_ours_leads_nowhere() {
    let app = App::new();
    for path in [
        "/",
        "/api",
        "/api/",
        "/api/event",
        "/api/Events",
        "/api//events",
        "/x/api/events",
        "/api/events/",
        "/api/events/x/",
        "/api/events//register",
        "/api/events/x/register/",
        "/api/events/x/registrations/y/z",
        "/api/events/{id}/registrations/{registration}/check-in/x",
    ] {
        // A method that no path has tells those that are there.
        app.call(Method::TRACE, &path.replace(['{', '}'], "")).send().expect_problem(404, "not_found");
    }
}

#[test]
fn an_id_in_any_other_spelling_names_nothing() {
    let app = App::new();
    let ada = app.organizer("Ada");
    let id = app.event(&ada, json!({}));
    for id in
        ["x", "1", "%00", &id.to_uppercase(), &id.replace('-', ""), &format!("{id}0"), &format!("{{{id}}}")]
    {
        app.get(&format!("/api/events/{id}")).send().expect_problem(404, "not_found");
        app.post(&format!("/api/events/{id}/register")).by(&ada).send().expect_problem(404, "not_found");
    }
}

#[test]
fn every_answer_has_an_id_of_its_own_and_is_not_sniffed() {
    let app = App::new();
    let mut ids: Vec<_> = ["/api/health", "/api/events", "/api/me", "/nothing", "/api/events/x"]
        .iter()
        .map(|path| {
            let answer = app.get(path).send();
            assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
            answer.header("x-request-id").unwrap().to_owned()
        })
        .collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 5);
}

#[test]
fn a_full_queue_is_503_with_a_time_to_come_back() {
    let app = App::new();
    let (ada, bob) = (app.organizer("Ada"), app.attendee("Bob"));
    let event = app.event(&ada, json!({}));
    app.state().overloaded = true;
    let answer = app.post(&format!("/api/events/{event}/register")).by(&bob).send();
    let answer = answer.expect_problem(503, "overloaded");
    assert_eq!(answer.header("retry-after"), Some("1"));
}

#[test]
fn a_broken_disk_is_a_bland_500_and_nothing_has_happened() {
    let app = App::new();
    let (ada, bob) = (app.organizer("Ada"), app.attendee("Bob"));
    let event = app.event(&ada, json!({ "capacity": 1 }));
    let address = event_address(&event);
    let before = app.state().node(&address).sql.dump();
    for statements in 0.. {
        app.state().node(&address).sql.fail_after(statements);
        let answer = app.post(&format!("/api/events/{event}/register")).by(&bob).send();
        app.state().node(&address).sql.heal();
        if answer.status() == 201 {
            assert!(statements > 1, "registering takes more than {statements} statements");
            break;
        }
        let answer = answer.expect_problem(500, "internal");
        assert_eq!(answer.json()["detail"], "Something went wrong on our side.");
        assert!(!answer.text().contains("fire") && !answer.text().contains("storage"), "{}", answer.text());
        assert!(app.state().log.last().unwrap().contains("the disk is on fire"));
        assert_eq!(app.state().node(&address).sql.dump(), before);
        app.get(&format!("/api/events/{event}/register")).by(&bob).send().expect_problem(404, "not_found");
    }
    assert_eq!(app.standing(&bob, &event), ("confirmed".to_owned(), None));
}
