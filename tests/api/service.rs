//! Health, settings, CORS and the log.

use http::Method;
use serde_json::{Value, json};

use crate::support::app::App;

#[test]
fn health_says_that_it_is_up_and_which_version() {
    let answer = App::new().get("/api/health").send().expect(200).json();
    assert_eq!(answer, json!({ "status": "ok", "version": env!("CARGO_PKG_VERSION") }));
}

#[test]
fn a_deployment_with_a_bad_setting_answers_nothing_else() {
    for setting in
        [("JWT_SECRET", "short"), ("JWT_SECRET", " "), ("BCRYPT_COST", "15"), ("CACHE_LEASE_MS", "x")]
    {
        let app = App::with(&[setting]);
        for path in ["/api/health", "/api/events", "/api/me", "/nothing"] {
            let answer = app.get(path).send().expect_problem(503, "misconfigured");
            assert!(!answer.text().contains(setting.0), "{}", answer.text());
        }
        app.post("/api/register").json(&json!({})).send().expect_problem(503, "misconfigured");
        assert!(app.state().log[0].contains(setting.0) && !app.state().log[0].contains("short"));
    }
}

#[test]
fn a_preflight_is_answered_for_every_origin() {
    let app = App::new();
    let answer = app
        .call(Method::OPTIONS, "/api/events")
        .header("origin", "https://front.example")
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "authorization,content-type,if-match")
        .send()
        .expect(204);
    assert_eq!(answer.text(), "");
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    assert_eq!(answer.header("access-control-allow-credentials"), None);
    let allowed = answer.header("access-control-allow-headers").unwrap();
    for name in ["authorization", "content-type", "if-match", "if-none-match", "idempotency-key"] {
        assert!(allowed.contains(name), "{allowed}");
    }
}

#[test]
fn only_the_origins_of_the_setting_may_call() {
    let app = App::with(&[("CORS_ORIGINS", "https://a.example, https://b.example")]);
    let origin = |origin: &str| app.get("/api/events").header("origin", origin).send();
    let allowed = origin("https://b.example");
    assert_eq!(allowed.header("access-control-allow-origin"), Some("https://b.example"));
    assert_eq!(allowed.header("vary").map(str::to_lowercase).as_deref(), Some("origin"));
    let exposed = allowed.header("access-control-expose-headers").unwrap();
    for name in ["etag", "location", "link", "retry-after", "x-request-id"] {
        assert!(exposed.contains(name), "{exposed}");
    }
    assert_eq!(origin("https://evil.example").header("access-control-allow-origin"), None);
}

#[test]
fn one_line_is_logged_per_request_with_the_route_and_not_the_path() {
    let app = App::new();
    let ada = app.organizer("Ada");
    let event = app.event(&ada, json!({}));
    app.state().log.clear();
    let answer = app.get(&format!("/api/events/{event}/register?secret=1")).by(&ada).send().expect(404);
    let state = app.state();
    let line: Value = serde_json::from_str(&state.log[0]).unwrap();
    let expected = json!({
        "level": "info",
        "event": "request",
        "method": "GET",
        "route": "/api/events/{id}/register",
        "status": 404,
        "duration_ms": 0,
        "request_id": answer.header("x-request-id").unwrap(),
        "user_id": ada.id,
        "cause": null,
    });
    for (field, value) in line.as_object().unwrap() {
        assert_eq!(*value, expected[field], "{field}");
    }
    assert_eq!(state.log.len(), 1);
}
