//! Passwords: forgotten, reset, changed, and hashes that were made elsewhere.

use serde_json::json;

use crate::support::app::{Answer, App, PASSWORD, Person};

const NEW: &str = "another long password";

fn forgot(app: &App, email: &str) -> Answer {
    app.post("/api/password/forgot").json(&json!({ "email": email })).send()
}

fn reset(app: &App, token: &str, password: &str) -> Answer {
    app.post("/api/password/reset").json(&json!({ "token": token, "password": password })).send()
}

fn change(app: &App, person: &Person, current: &str, new: &str) -> Answer {
    let body = json!({ "current_password": current, "new_password": new });
    app.put("/api/me/password").by(person).json(&body).send()
}

/// Asks for a mail and takes the token out of it.
fn reset_token(app: &App, email: &str) -> String {
    forgot(app, email).expect(202);
    app.token_mailed("/api/password/reset")
}

#[test]
fn a_forgotten_password_is_replaced_and_every_session_ends() {
    let app = App::new();
    let ada = app.attendee("Ada");
    let elsewhere = app.log_in(&ada.email);
    let token = reset_token(&app, " ADA@example.com ");
    assert_eq!(app.mails_to(&ada), ["confirm_address", "reset_password"]);
    reset(&app, &token, NEW).expect(204);
    for session in [&ada, &elsewhere] {
        app.get("/api/me").by(session).send().expect_problem(401, "unauthenticated");
        app.refresh(&session.refresh_token).expect_problem(401, "invalid_refresh_token");
    }
    app.log_in_with(&ada.email, PASSWORD).expect_problem(401, "invalid_credentials");
    app.log_in_with(&ada.email, NEW).expect(200);
    assert_eq!(app.mails_to(&ada), ["confirm_address", "reset_password", "password_changed"]);
    reset(&app, &token, "yet another password").expect_problem(422, "invalid_token");
}

#[test]
fn a_reset_link_works_for_an_hour_and_a_used_one_takes_the_others_with_it() {
    let app = App::new();
    app.attendee("Ada");
    let late = reset_token(&app, "ada@example.com");
    app.advance_ms(60 * 60 * 1000);
    reset(&app, &late, NEW).expect_problem(422, "invalid_token");
    let (first, second) = (reset_token(&app, "ada@example.com"), reset_token(&app, "ada@example.com"));
    assert_ne!(first, second);
    reset(&app, &first, NEW).expect(204);
    reset(&app, &second, NEW).expect_problem(422, "invalid_token");
}

#[test]
fn no_other_token_resets_a_password() {
    let app = App::new();
    let ada = app.attendee("Ada");
    let verification = app.token_mailed("/api/verify-email");
    let token = reset_token(&app, &ada.email);
    for other in ["", "x", &verification, &ada.refresh_token, &ada.token, &token[1..], &format!("{token}x")] {
        reset(&app, other, NEW).expect_problem(422, "invalid_token");
    }
    app.post("/api/verify-email")
        .json(&json!({ "token": token }))
        .send()
        .expect_problem(422, "invalid_token");
    let bad = app.post("/api/password/reset").json(&json!({ "password": "short" })).send().bad_fields();
    assert_eq!(bad, [("token", "required"), ("password", "too_short")].map(|(f, c)| (f.into(), c.into())));
    reset(&app, &token, NEW).expect(204);
}

#[test]
fn whether_an_address_has_an_account_is_not_told() {
    let app = App::new();
    let ada = app.attendee("Ada");
    app.deliver_outboxes();
    let answer = |email: &str| {
        let answer = forgot(&app, email).expect(202);
        (answer.text().to_owned(), answer.header("cache-control").map(str::to_owned))
    };
    let known = answer(&ada.email);
    for email in ["eve@example.com", "no address"] {
        assert_eq!(answer(email), known, "{email}");
    }
    app.deliver_outboxes();
    assert_eq!(app.state().post.sent.len(), 2);
    assert!(!app.stores("eve@example.com"));
    app.post("/api/password/forgot").json(&json!({})).send().expect(422);
}

#[test]
fn a_mailbox_is_not_flooded() {
    let app = App::new();
    let ada = app.attendee("Ada");
    for _ in 0..20 {
        forgot(&app, &ada.email).expect(202);
    }
    let mails = app.mails_to(&ada);
    assert_eq!(mails.iter().filter(|kind| **kind == "reset_password").count(), 5);
    app.advance_ms(60 * 60 * 1000);
    reset(&app, &reset_token(&app, &ada.email), NEW).expect(204);
}

#[test]
fn a_reset_lets_the_owner_in_whom_somebody_keeps_out_by_guessing() {
    let app = App::new();
    let ada = app.attendee("Ada");
    for _ in 0..12 {
        app.log_in_with(&ada.email, "a wrong guess");
    }
    app.log_in_with(&ada.email, PASSWORD).expect_problem(429, "rate_limited");
    let token = reset_token(&app, &ada.email);
    reset(&app, &token, NEW).expect(204);
    app.log_in_with(&ada.email, NEW).expect(200);
}

#[test]
fn the_link_in_the_mail_leads_to_a_page_that_resets() {
    let app = App::new();
    let ada = app.attendee("Ada");
    let token = reset_token(&app, &ada.email);
    let path = format!("/api/password/reset?token={token}");
    let page = app.get(&path).send().expect_page(200);
    assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
    assert_eq!(page.header("cache-control"), Some("no-store"));
    assert_eq!(page.header("referrer-policy"), Some("no-referrer"));
    let policy = page.header("content-security-policy").unwrap();
    assert!(
        policy.starts_with("default-src 'none';") && policy.contains("frame-ancestors 'none'"),
        "{policy}"
    );
    assert!(page.text().contains(r#"action="reset/form""#) && page.text().contains(&token));
    assert!(page.text().contains(r#"type="password""#));

    let send = |token: &str, password: &str| {
        let body = form_urlencoded::Serializer::new(String::new())
            .extend_pairs([("token", token), ("password", password)])
            .finish();
        app.post("/api/password/reset/form").body("application/x-www-form-urlencoded", &body).send()
    };
    let refused = send(&token, "password1").expect_page(422);
    assert!(refused.text().contains("most common") && refused.text().contains(&token), "{}", refused.text());
    assert!(!send("\"><script>", "short").expect(422).text().contains("<script"));
    let done = send(&token, "a new & longer one").expect_page(200);
    assert!(done.text().contains("is changed"), "{}", done.text());
    app.log_in_with(&ada.email, "a new & longer one").expect(200);
    for spent in [app.get(&path).send(), send(&token, NEW)] {
        assert!(spent.expect_page(422).text().contains("used or has expired"));
    }
    app.post("/api/password/reset/form").json(&json!({})).send().expect(415);
}

#[test]
fn a_changed_password_ends_the_other_sessions() {
    let app = App::new();
    let ada = app.attendee("Ada");
    let elsewhere = app.log_in(&ada.email);
    change(&app, &ada, "wrong", NEW).expect_problem(401, "invalid_credentials");
    change(&app, &ada, PASSWORD, NEW).expect(204);
    app.get("/api/me").by(&ada).send().expect(200);
    app.refresh(&ada.refresh_token).expect(200);
    app.get("/api/me").by(&elsewhere).send().expect_problem(401, "unauthenticated");
    app.refresh(&elsewhere.refresh_token).expect_problem(401, "invalid_refresh_token");
    app.log_in_with(&ada.email, PASSWORD).expect_problem(401, "invalid_credentials");
    app.log_in_with(&ada.email, NEW).expect(200);
    assert_eq!(app.mails_to(&ada), ["confirm_address", "password_changed"]);
}

#[test]
fn a_changed_password_makes_reset_links_worthless() {
    let app = App::new();
    let ada = app.attendee("Ada");
    let token = reset_token(&app, &ada.email);
    change(&app, &ada, PASSWORD, NEW).expect(204);
    reset(&app, &token, "yet another password").expect_problem(422, "invalid_token");
}

#[test]
fn guessing_within_a_session_is_counted_like_guessing_at_the_door() {
    let app = App::new();
    let ada = app.attendee("Ada");
    for _ in 0..10 {
        change(&app, &ada, "wrong", NEW).expect_problem(401, "invalid_credentials");
    }
    change(&app, &ada, PASSWORD, NEW).expect_problem(429, "rate_limited");
    app.delete("/api/me").by(&ada).json(&json!({ "password": PASSWORD })).send().expect(429);
    app.log_in_with(&ada.email, PASSWORD).expect_problem(429, "rate_limited");
    app.advance_ms(1_000);
    change(&app, &ada, PASSWORD, NEW).expect(204);
}

#[test]
fn the_fields_of_a_change_are_named() {
    let app = App::new();
    let ada = app.attendee("Ada");
    let bad = change(&app, &ada, PASSWORD, "password").bad_fields();
    assert_eq!(bad, [("new_password".to_owned(), "too_common".to_owned())]);
    let bad = app.put("/api/me/password").by(&ada).json(&json!({})).send().bad_fields();
    let required =
        ["current_password", "new_password"].map(|field| (field.to_owned(), "required".to_owned()));
    assert_eq!(bad, required);
    app.put("/api/me/password").json(&json!({})).send().expect_problem(401, "unauthenticated");
}

/// Puts a hash in the place of the account's own.
fn plant_hash(app: &App, hash: &str) {
    let mut state = app.state();
    let holds_account = |node: &&mut crate::support::node::Node| {
        node.sql.dump().iter().any(|row| row.starts_with("account: "))
    };
    let account = state.nodes.values_mut().find(holds_account).unwrap();
    let set = "UPDATE account SET password_hash = ?";
    event_platform::objects::sql::Sql::run(&account.sql, set, &[hash.into()]).unwrap();
    account.crash();
}

#[test]
fn hashes_from_elsewhere_verify_and_weaker_ones_are_replaced_at_the_next_login() {
    // `SecurePassword123` by other implementations of bcrypt, at cost 4.
    let bare = bcrypt::hash_with_salt(PASSWORD, 4, *b"sixteen bytes of").unwrap();
    for version in [bcrypt::Version::TwoA, bcrypt::Version::TwoB, bcrypt::Version::TwoY] {
        let app = App::with(&[("BCRYPT_COST", "5")]);
        let ada = app.attendee("Ada");
        let hash = bare.format_for_version(version);
        plant_hash(&app, &hash);
        app.log_in_with(&ada.email, "not it").expect_problem(401, "invalid_credentials");
        assert!(app.stores(&hash), "a wrong password replaces nothing");
        app.log_in_with(&ada.email, PASSWORD).expect(200);
        assert!(!app.stores(&hash) && app.stores("$2b$05$"), "{hash}");
        app.log_in_with(&ada.email, PASSWORD).expect(200);
    }
}

#[test]
fn a_hash_that_is_as_strong_or_stronger_stays() {
    let app = App::new();
    let ada = app.attendee("Ada");
    let hash = bcrypt::hash_with_salt(PASSWORD, 5, *b"sixteen bytes of").unwrap();
    let hash = hash.format_for_version(bcrypt::Version::TwoY);
    plant_hash(&app, &hash);
    app.log_in_with(&ada.email, PASSWORD).expect(200);
    assert!(app.stores(&hash));
}
