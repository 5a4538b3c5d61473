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
