//! Who calls too often is held back, and nobody else.

use event_platform::api::ports::RateLimit;
use serde_json::{Value, json};

use crate::support::app::{Answer, App, PASSWORD, Person};

/// A deployment that binds these limits.
fn bound(limits: &[(RateLimit, usize)]) -> App {
    let app = App::new();
    app.state().rate_limits.extend(limits.iter().copied());
    app
}

fn from(app: &App, client: &str, path: &'static str, body: &Value) -> Answer {
    app.post(path).header("cf-connecting-ip", client).json(body).send()
}

fn guess(app: &App, client: &str, email: &str) -> Answer {
    from(app, client, "/api/login", &json!({ "email": email, "password": "not the password" }))
}

fn forget(app: &App, client: &str, email: &str) -> Answer {
    from(app, client, "/api/password/forgot", &json!({ "email": email }))
}

fn sign_up(app: &App, client: &str, email: &str) -> Answer {
    from(app, client, "/api/register", &json!({ "email": email, "password": PASSWORD }))
}

#[track_caller]
fn expect_limited(answer: Answer, seconds: &str) {
    let answer = answer.expect_problem(429, "rate_limited");
    assert_eq!(answer.header("retry-after"), Some(seconds));
}

#[test]
fn each_call_that_hashes_a_password_counts_for_its_client() {
    let app = App::new();
    let ada = app.attendee("Ada");
    app.state().rate_limits.insert(RateLimit::Client, 0);
    for call in [
        app.post("/api/register"),
        app.post("/api/login"),
        app.post("/api/password/forgot"),
        app.post("/api/password/reset"),
        app.put("/api/me/password"),
        app.delete("/api/me"),
    ] {
        expect_limited(call.by(&ada).json(&json!({})).send(), "10");
    }
    let form = app.post("/api/password/reset/form").body("application/x-www-form-urlencoded", "token=a");
    expect_limited(form.send(), "10");
    app.get("/api/events").send().expect(200);
    app.get("/api/me").by(&ada).send().expect(200);
}

#[test]
fn one_client_is_held_back_and_no_other() {
    let app = bound(&[(RateLimit::Client, 20)]);
    for n in 0..20 {
        guess(&app, "192.0.2.1", &format!("nobody-{n}@example.com")).expect(401);
    }
    expect_limited(guess(&app, "192.0.2.1", "nobody@example.com"), "10");
    guess(&app, "192.0.2.2", "nobody@example.com").expect(401);
    app.advance_ms(10_000);
    guess(&app, "192.0.2.1", "nobody@example.com").expect(401);
}

#[test]
fn addresses_of_one_network_are_one_client() {
    let app = bound(&[(RateLimit::Client, 2)]);
    for (first, second, third, other) in [
        ("2001:db8::1", "2001:db8::ffff:2", "2001:db8:0:0:ffff::3", "2001:db8:0:1::1"),
        ("192.0.2.1", "::ffff:192.0.2.1", "::ffff:c000:201", "192.0.2.2"),
        ("nonsense", "", "192.0.2.1, 192.0.2.9", "192.0.2.3"),
    ] {
        guess(&app, first, "a@example.com").expect(401);
        guess(&app, second, "b@example.com").expect(401);
        expect_limited(guess(&app, third, "c@example.com"), "10");
        guess(&app, other, "d@example.com").expect(401);
    }
    let without = json!({ "email": "e@example.com", "password": PASSWORD });
    expect_limited(app.post("/api/login").json(&without).send(), "10");
}

#[test]
fn one_account_is_asked_so_often_by_however_many_clients() {
    let app = bound(&[(RateLimit::Account, 5)]);
    for n in 0..5 {
        guess(&app, &format!("192.0.2.{n}"), "ada@example.com").expect(401);
    }
    expect_limited(guess(&app, "192.0.2.9", " ADA@example.com"), "10");
    expect_limited(sign_up(&app, "192.0.2.9", "ada@example.com"), "10");
    guess(&app, "192.0.2.9", "bob@example.com").expect(401);
    app.advance_ms(10_000);
    sign_up(&app, "192.0.2.9", "ada@example.com").expect(201);
}

#[test]
fn who_is_held_back_uses_up_nothing_of_an_account() {
    let app = bound(&[(RateLimit::Client, 1), (RateLimit::Account, 2)]);
    for n in 0..9 {
        guess(&app, "192.0.2.1", "ada@example.com").expect(if n == 0 { 401 } else { 429 });
    }
    guess(&app, "192.0.2.2", "ada@example.com").expect(401);
}

#[test]
fn one_client_has_few_mails_sent() {
    let app = bound(&[(RateLimit::Mail, 5)]);
    let ada = app.attendee("Ada");
    let resend = |person: &Person| {
        let call = app.post("/api/verify-email/resend").by(person);
        call.header("cf-connecting-ip", "192.0.2.1").send()
    };
    resend(&ada).expect(202);
    for n in 0..4 {
        forget(&app, "192.0.2.1", &format!("nobody-{n}@example.com")).expect(202);
    }
    expect_limited(forget(&app, "192.0.2.1", &ada.email), "60");
    expect_limited(resend(&ada), "60");
    forget(&app, "192.0.2.2", &ada.email).expect(202);
    app.advance_ms(60_000);
    resend(&ada).expect(202);
    // Who signs up or logs in is not in the way of mail, nor mail in theirs.
    sign_up(&app, "192.0.2.1", "bob@example.com").expect(201);
}

#[test]
fn a_household_signs_up_and_a_flood_of_sign_ups_ends() {
    let app = bound(&[(RateLimit::Client, 20), (RateLimit::SignUp, 20)]);
    for n in 0..20 {
        sign_up(&app, "192.0.2.1", &format!("person-{n}@example.com")).expect(201);
    }
    app.advance_ms(10_000);
    expect_limited(sign_up(&app, "192.0.2.1", "one-more@example.com"), "60");
    // What sends no mail does not count.
    sign_up(&app, "192.0.2.1", "person-1@example.com").expect_problem(409, "email_taken");
    app.log_in("person-1@example.com");
    app.advance_ms(50_000);
    sign_up(&app, "192.0.2.1", "one-more@example.com").expect(201);
}

#[test]
fn one_address_gets_few_mails_and_nobody_is_told() {
    let app = bound(&[(RateLimit::AccountMail, 3)]);
    let ada = app.attendee("Ada");
    for n in 0..9 {
        forget(&app, &format!("192.0.2.{n}"), &ada.email).expect(202);
    }
    // The sign-up was the first.
    assert_eq!(app.mails_to(&ada), ["confirm_address", "reset_password", "reset_password"]);
    // The owner chooses a new password with what has come, and logs in.
    let body = json!({ "token": app.token_mailed("/api/password/reset"), "password": "AnotherPassword456" });
    app.post("/api/password/reset").json(&body).send().expect(204);
    app.log_in_with(&ada.email, "AnotherPassword456").expect(200);
}

#[test]
fn one_address_is_not_signed_up_over_and_over() {
    let app = bound(&[(RateLimit::AccountMail, 3)]);
    for _ in 0..3 {
        let ada = app.attendee("Ada");
        app.delete_account(&ada);
    }
    expect_limited(sign_up(&app, "192.0.2.1", "ada@example.com"), "60");
    app.advance_ms(60_000);
    sign_up(&app, "192.0.2.1", "ada@example.com").expect(201);
}

/// A deployment in which a session may change five things at once, and two a second.
fn few_changes() -> App {
    App::with(&[("CHANGES_BURST", "5"), ("CHANGES_PER_SECOND", "2"), ("CACHE_LEASE_MS", "0")])
}

#[test]
fn a_script_creates_three_hundred_events_in_a_row() {
    let app = App::with(&[("CACHE_LEASE_MS", "0")]);
    let ada = app.organizer("Ada");
    for n in 0..300 {
        app.event(&ada, json!({ "title": format!("Event {n}") }));
    }
}

#[test]
fn a_session_that_changes_too_much_is_held_back_whichever_isolate_it_asks() {
    let app = few_changes();
    let other = app.another_isolate();
    let (ada, bob) = (app.organizer("Ada"), app.attendee("Bob"));
    let event = app.event(&ada, json!({}));
    let path = format!("/api/events/{event}");
    for n in 0..2 {
        app.put(&path).by(&ada).json(&json!({ "title": format!("Title {n}") })).send().expect(200);
        // What is refused counts, too.
        other.patch(&path).by(&ada).json(&json!({ "capacity": 0 })).send().expect(422);
    }
    for app in [&app, &other] {
        expect_limited(app.put(&path).by(&ada).json(&json!({ "title": "More" })).send(), "1");
        expect_limited(app.delete(&path).by(&ada).send(), "1");
    }
    // Reads do not count, and neither do other sessions, those of the same person among them.
    for _ in 0..9 {
        app.get("/api/me").by(&ada).send().expect(200);
    }
    app.register(&bob, &event);
    let again = app.log_in(&ada.email);
    app.put(&path).by(&again).json(&json!({ "title": "Again" })).send().expect(200);
    app.advance_ms(1_000);
    app.put(&path).by(&ada).json(&json!({ "title": "Later" })).send().expect(200);
    app.delete(&path).by(&ada).send().expect(204);
    expect_limited(app.post("/api/events").by(&ada).json(&json!({})).send(), "1");
}

#[test]
fn everything_that_a_session_changes_counts() {
    let app = few_changes();
    let ada = app.organizer("Ada");
    let event = app.event(&ada, json!({}));
    let registration = app.register(&ada, &event)["id"].as_str().unwrap().to_owned();
    let one = format!("/api/events/{event}/registrations/{registration}");
    for _ in 0..3 {
        app.post(&format!("{one}/check-in")).by(&ada).send().expect(200);
    }
    let body = json!({ "name": "A", "password": PASSWORD, "current_password": PASSWORD });
    for call in [
        app.post("/api/events"),
        app.put(&format!("/api/events/{event}")),
        app.patch(&format!("/api/events/{event}")),
        app.delete(&format!("/api/events/{event}")),
        app.post(&format!("/api/events/{event}/register")),
        app.delete(&format!("/api/events/{event}/register")),
        app.post(&format!("/api/events/{event}/join")),
        app.delete(&one),
        app.post(&format!("{one}/check-in")),
        app.delete(&format!("{one}/check-in")),
        app.patch("/api/me"),
        app.put("/api/me/password"),
        app.delete("/api/me"),
        app.post("/api/me/calendar-key"),
        app.post("/api/verify-email/resend"),
    ] {
        expect_limited(call.by(&ada).json(&body).send(), "1");
    }
    // A session can always be ended.
    app.post("/api/logout").by(&ada).send().expect(204);
}

#[test]
fn a_restart_lets_a_session_begin_anew() {
    let mut app = few_changes();
    let ada = app.organizer("Ada");
    (0..5).for_each(|_| drop(app.event(&ada, json!({}))));
    expect_limited(app.post("/api/events").by(&ada).json(&json!({})).send(), "1");
    app.restart();
    app.event(&ada, json!({}));
}
