//! Logging in, the pauses after failures, and what a token is good for.

use serde_json::{Value, json};

use crate::support::app::{Answer, App, PASSWORD};

fn try_password(app: &App, email: &str, password: &str) -> Answer {
    app.post("/api/login").json(&json!({ "email": email, "password": password })).send()
}

/// Fails so often in a row, without pauses in between.
fn fail(app: &App, email: &str, times: usize) {
    for _ in 0..times {
        try_password(app, email, "wrong").expect_problem(401, "invalid_credentials");
    }
}

/// The seconds to wait that a 429 names.
fn pause(answer: Answer) -> i64 {
    let answer = answer.expect_problem(429, "rate_limited");
    answer.header("retry-after").unwrap().parse().unwrap()
}

#[test]
fn a_login_opens_a_session() {
    let app = App::new();
    let ada = app.organizer("Ada");
    let answer = try_password(&app, " ADA@example.com ", PASSWORD).expect(200);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let session = answer.json();
    let keys: Vec<_> = session.as_object().unwrap().keys().cloned().collect();
    assert_eq!(keys, ["expires_in", "refresh_token", "token", "token_type", "user"]);
    assert_eq!((&session["token_type"], &session["expires_in"]), (&json!("Bearer"), &json!(3600)));
    assert_eq!(session["user"]["id"], ada.id.as_str());
}

#[test]
fn an_unknown_address_and_a_wrong_password_get_one_answer() {
    let app = App::new();
    app.attendee("Ada");
    let body = |answer: Answer| {
        let mut body = answer.expect_problem(401, "invalid_credentials").json();
        body["request_id"] = Value::Null;
        body
    };
    let wrong = body(try_password(&app, "ada@example.com", "wrong"));
    for (email, password) in
        [("eve@example.com", PASSWORD), ("no address", PASSWORD), ("ada@example.com", "")]
    {
        assert_eq!(body(try_password(&app, email, password)), wrong, "{email}");
    }
    let too_long = format!("{PASSWORD}{}", "x".repeat(72));
    assert_eq!(body(try_password(&app, "ada@example.com", &too_long)), wrong);
}

#[test]
fn ten_failures_are_free_and_then_even_the_right_password_waits() {
    let app = App::new();
    app.attendee("Ada");
    fail(&app, "ada@example.com", 10);
    assert_eq!(pause(try_password(&app, "ada@example.com", "wrong")), 1);
    assert_eq!(pause(try_password(&app, "ada@example.com", PASSWORD)), 1);
    app.advance_ms(1_000);
    try_password(&app, "ada@example.com", PASSWORD).expect(200);
    fail(&app, "ada@example.com", 10);
}

#[test]
fn pauses_grow_to_a_quarter_of_an_hour_for_known_and_unknown_addresses() {
    let app = App::new();
    app.attendee("Ada");
    for email in ["ada@example.com", "eve@example.com"] {
        fail(&app, email, 10);
        let mut pauses = vec![pause(try_password(&app, email, "wrong"))];
        for _ in 0..11 {
            app.advance_ms(pauses.last().unwrap() * 1_000);
            pauses.push(pause(try_password(&app, email, "wrong")));
        }
        assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900], "{email}");
    }
    app.advance_ms(900_000);
    try_password(&app, "ada@example.com", PASSWORD).expect(200);
}

#[test]
fn a_restart_does_not_end_a_pause() {
    let mut app = App::new();
    app.attendee("Ada");
    for email in ["ada@example.com", "eve@example.com"] {
        fail(&app, email, 10);
    }
    app.restart();
    assert_eq!(pause(try_password(&app, "ada@example.com", PASSWORD)), 1);
    assert_eq!(pause(try_password(&app, "eve@example.com", PASSWORD)), 1);
}

#[test]
fn a_few_failures_at_any_address_store_nothing() {
    let app = App::new();
    fail(&app, "eve@example.com", 4);
    assert!(app.state().nodes.values().all(|node| node.sql.dump().is_empty()));
}

#[test]
fn what_is_not_a_token_of_ours_is_401() {
    let app = App::new();
    let ada = app.attendee("Ada");
    let other = App::with(&[("JWT_SECRET", "another secret of more than 32 bytes")]).attendee("Ada");
    let token = &ada.token;
    let calls = [
        app.get("/api/me"),
        app.get("/api/me").header("authorization", "Bearer"),
        app.get("/api/me").header("authorization", "Bearer x.y.z"),
        app.get("/api/me").header("authorization", &format!("Basic {token}")),
        app.get("/api/me").header("authorization", &format!("Bearer {}", other.token)),
        app.get("/api/me").header("authorization", &format!("Bearer {}", &token[..token.len() - 3])),
        app.get("/api/me").by(&ada).by(&ada),
        app.get(&format!("/api/me?access_token={token}&token={token}")),
    ];
    for call in calls {
        let answer = call.send().expect_problem(401, "unauthenticated");
        assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
    }
    app.get("/api/me").header("authorization", &format!("bearer {token}")).send().expect(200);
}

#[test]
fn a_token_works_for_an_hour() {
    let app = App::new();
    let ada = app.attendee("Ada");
    app.advance_ms(3_600_000);
    app.get("/api/me").by(&ada).send().expect(200);
    app.advance_ms(6_000);
    app.get("/api/me").by(&ada).send().expect_problem(401, "unauthenticated");
}

#[test]
fn of_too_many_sessions_the_oldest_ends() {
    let app = App::new();
    let sessions: Vec<_> =
        std::iter::once(app.attendee("Ada")).chain((0..50).map(|_| app.log_in("ada@example.com"))).collect();
    app.get("/api/me").by(&sessions[0]).send().expect_problem(401, "unauthenticated");
    for session in &sessions[1..] {
        app.get("/api/me").by(session).send().expect(200);
    }
}

#[test]
fn calls_that_need_no_token_ignore_a_bad_one() {
    let app = App::new();
    let ada = app.organizer("Ada");
    let event = app.event(&ada, json!({}));
    for path in ["/api/events", &format!("/api/events/{event}"), "/api/health"] {
        app.get(path).header("authorization", "Bearer nonsense").send().expect(200);
    }
}
