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
fn an_empty_list_of_origins_lets_nobody_in() {
    for setting in ["", " "] {
        let app = App::with(&[("CORS_ORIGINS", setting)]);
        let read = app.get("/api/events").header("origin", "https://a.example").send().expect(200);
        assert_eq!(read.header("access-control-allow-origin"), None);
        assert_eq!(read.header("vary"), Some("origin"));
        let preflight = app
            .call(Method::OPTIONS, "/api/events")
            .header("origin", "https://a.example")
            .header("access-control-request-method", "POST");
        assert_eq!(preflight.send().expect(204).header("access-control-allow-origin"), None);
    }
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

#[test]
fn a_deep_check_goes_through_an_object_and_the_catalog_once_a_second() {
    let app = App::new();
    let deep = || app.get("/api/health?deep=1").send();
    let hops = app.state().hops;
    let expected = json!({ "status": "ok", "version": env!("CARGO_PKG_VERSION"), "report_lag_seconds": 0 });
    (0..50).for_each(|_| assert_eq!(deep().expect(200).json(), expected));
    assert_eq!(app.state().hops, hops + 2);
    app.advance_ms(1_000);
    app.state().overloaded = true;
    deep().expect_problem(503, "not_ready");
    app.state().overloaded = false;
    deep().expect_problem(503, "not_ready");
    app.get("/api/health").send().expect(200);
    app.advance_ms(1_000);
    deep().expect(200);
    let objects = app.state().nodes.values().all(|node| node.sql.dump().is_empty());
    assert!(objects, "a check stores nothing");
}

#[test]
fn a_deep_check_tells_how_late_reports_have_lately_come() {
    let app = App::new();
    let (ada, bob) = (app.organizer("Ada"), app.attendee("Bob"));
    let event = app.event(&ada, json!({}));
    app.register(&bob, &event);
    // The alarm rings late.
    app.advance_ms(90_000);
    app.deliver_outboxes();
    let lag = || app.get("/api/health?deep=1").send().expect(200).json()["report_lag_seconds"].clone();
    assert_eq!(lag(), 90);
    app.advance_ms(601_000);
    assert_eq!(lag(), 0);
}

#[test]
fn a_share_of_the_ordinary_lines_is_logged_and_all_that_matters() {
    let app = App::with(&[("LOG_SAMPLING", "0.25")]);
    (0..400).for_each(|_| drop(app.get("/api/health").send().expect(200)));
    let kept = app.state().log.len();
    assert!((50..150).contains(&kept), "{kept} of 400");
    app.state().log.clear();
    let app = App::with(&[("LOG_SAMPLING", "0")]);
    let ada = app.attendee("Ada");
    app.log_in_with(&ada.email, "wrong");
    app.state().overloaded = true;
    app.get("/api/events").send().expect(503);
    let lines: Vec<Value> = app.state().log.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    let kinds: Vec<(&str, &str)> =
        lines.iter().map(|line| (line["event"].as_str().unwrap(), line["level"].as_str().unwrap())).collect();
    let expected = [("security", "info"), ("security", "info"), ("security", "warn"), ("request", "error")];
    assert_eq!(kinds, expected);
}

#[test]
fn questions_and_leases_are_measured() {
    use event_platform::metrics::{Metric, Subject};
    let app = App::new();
    let ada = app.organizer("Ada");
    let event = app.event(&ada, json!({}));
    app.advance_ms(60_000);
    app.state().measured.clear();
    let path = format!("/api/events/{event}");
    app.get(&path).send().expect(200);
    app.get(&path).send().expect(200);
    app.get("/api/events").send().expect(200);
    app.get("/api/me").by(&ada).send().expect(200);
    let expected = [
        (Metric::LeaseMiss, Subject::Event, 1),
        (Metric::QuestionMs, Subject::Event, 0),
        (Metric::LeaseHit, Subject::Event, 1),
        (Metric::LeaseMiss, Subject::Catalog, 1),
        (Metric::QuestionMs, Subject::Catalog, 0),
        (Metric::QuestionMs, Subject::Account, 0),
    ];
    assert_eq!(app.state().measured, expected);
}
