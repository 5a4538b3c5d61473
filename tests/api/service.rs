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

/// Asks for the health of a deployment at a URL.
fn health_at(app: &App, origin: &str) -> u16 {
    app.at(origin, "/api/health").send_unchecked().status()
}

#[test]
fn a_deployment_that_prints_mail_or_has_no_url_answers_this_machine_alone() {
    for (settings, at_fault) in [
        (&[("ALLOW_LOG_MAIL", "")][..], "MAIL_PROVIDER"),
        (&[("PUBLIC_URL", "")], "PUBLIC_URL"),
        (&[("PUBLIC_URL", ""), ("MAIL_PROVIDER", "resend")], "PUBLIC_URL"),
    ] {
        let app = App::with(settings);
        for origin in [
            "http://localhost:8787",
            "http://LOCALHOST",
            "http://app.localhost",
            "http://127.0.0.1:1",
            "http://127.9.9.9",
            "http://[::1]:8787",
        ] {
            assert_eq!(health_at(&app, origin), 200, "{origin}");
        }
        assert!(!app.state().log.iter().any(|line| line.contains("misconfigured")));
        for origin in [
            "https://events.example",
            "http://localhost.events.example",
            "http://localhost.",
            "http://notlocalhost",
            "http://localhost@events.example",
            "http://localhost:80@events.example",
            "http://127.0.0.1.events.example",
            "http://0.0.0.0",
            "http://192.168.0.2:8787",
            "http://[::ffff:127.0.0.1]",
            "http://[::2]",
        ] {
            for path in ["/api/health", "/api/events", "/nothing"] {
                app.at(origin, path).send_unchecked().expect_problem(503, "misconfigured");
            }
        }
        let state = app.state();
        let told: Vec<_> = state.log.iter().filter(|line| line.contains("\"misconfigured\"")).collect();
        assert_eq!(told.len(), 1, "once an isolate: {told:?}");
        assert!(told[0].contains(at_fault), "{told:?}");
    }
}

#[test]
fn what_is_refused_from_elsewhere_has_done_nothing() {
    let app = App::with(&[("ALLOW_LOG_MAIL", "false")]);
    let body = json!({ "email": "ada@example.com", "password": "SecurePassword123" });
    app.post("/api/register").json(&body).send().expect_problem(503, "misconfigured");
    app.post("/api/password/forgot").json(&body).send().expect_problem(503, "misconfigured");
    assert!(!app.stores("ada@example.com"));
    app.deliver_outboxes();
    assert!(app.state().post.sent.is_empty());
}

#[test]
fn a_deployment_with_a_provider_and_a_url_answers_everybody() {
    for settings in [&[("MAIL_PROVIDER", "resend"), ("ALLOW_LOG_MAIL", "")][..], &[]] {
        let app = App::with(settings);
        assert_eq!(health_at(&app, "https://events.example"), 200);
        assert_eq!(health_at(&app, "http://localhost:8787"), 200);
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
