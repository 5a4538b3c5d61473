//! Signing up, confirming an address, and the caller's own account.

use http::Method;
use serde_json::json;

use crate::support::app::{App, PASSWORD};

#[test]
fn signing_up_answers_with_the_user_and_nothing_else() {
    let app = App::new();
    let body =
        json!({ "email": " Ada@Example.COM ", "password": PASSWORD, "role": "organizer", "name": " Ada " });
    let answer = app.post("/api/register").json(&body).send().expect(201).json();
    let id = answer["user"]["id"].as_str().unwrap();
    let user = json!({
        "id": id,
        "email": "ada@example.com",
        "name": "Ada",
        "role": "organizer",
        "email_verified": false,
        "created_at": "2030-01-01T12:00:00Z",
    });
    assert_eq!(answer, json!({ "user": user }));
    assert_eq!(uuid_version(id), '7');
}

fn uuid_version(id: &str) -> char {
    id.chars().nth(14).unwrap()
}

#[test]
fn who_names_no_role_takes_part_and_needs_no_name() {
    let app = App::new();
    let body = json!({ "email": "bob@example.com", "password": PASSWORD, "role": null, "name": null });
    let user = app.post("/api/register").json(&body).send().expect(201).json();
    assert_eq!((&user["user"]["role"], &user["user"]["name"]), (&json!("attendee"), &json!(null)));
}

#[test]
fn two_spellings_of_one_address_are_one_account() {
    let app = App::new();
    let ada = app.attendee("Ada");
    let body = json!({ "email": "ADA@example.com", "password": "AnotherPassword1" });
    app.post("/api/register").json(&body).send().expect_problem(409, "email_taken");
    assert_eq!(app.log_in("Ada@EXAMPLE.com").id, ada.id);
}

#[test]
fn every_bad_field_is_named_at_once() {
    let app = App::new();
    let body = json!({ "email": "nobody", "password": "short", "role": "admin", "name": "" });
    let bad = app.post("/api/register").json(&body).send().bad_fields();
    let expected =
        [("email", "invalid_email"), ("password", "too_short"), ("name", "blank"), ("role", "unknown_role")];
    assert_eq!(bad, expected.map(|(field, code)| (field.to_owned(), code.to_owned())));

    let bad = app.post("/api/register").json(&json!({ "password": 12_345_678 })).send().bad_fields();
    assert_eq!(bad, [("email", "required"), ("password", "invalid_type")].map(|(f, c)| (f.into(), c.into())));
}

#[test]
fn a_password_that_bcrypt_would_cut_or_everybody_guesses_is_refused() {
    let app = App::new();
    for (password, code) in [
        ("seven77".to_owned(), "too_short"),
        ("x".repeat(73), "too_long"),
        ("before\0after".to_owned(), "invalid_characters"),
        ("Password1".to_owned(), "too_common"),
    ] {
        let body = json!({ "email": "ada@example.com", "password": password });
        let bad = app.post("/api/register").json(&body).send().bad_fields();
        assert_eq!(bad, [("password".to_owned(), code.to_owned())]);
    }
    let body = json!({ "email": "ada@example.com", "password": "x".repeat(72) });
    app.post("/api/register").json(&body).send().expect(201);
}

#[test]
fn a_refused_sign_up_leaves_nothing_behind() {
    let app = App::new();
    let body = json!({ "email": "ada@example.com", "password": PASSWORD, "role": "admin" });
    app.post("/api/register").json(&body).send().expect(422);
    assert!(app.state().nodes.values().all(|node| node.sql.dump().is_empty()));
    assert_eq!(app.state().log.len(), 1);
}

#[test]
fn the_own_account_is_what_was_signed_up() {
    let app = App::new();
    let ada = app.organizer("Ada");
    let me = app.get("/api/me").by(&ada).send().expect(200);
    assert_eq!(me.header("cache-control"), Some("no-store"));
    assert_eq!(me.json()["user"]["id"], ada.id.as_str());
    assert_eq!(me.json()["user"]["role"], "organizer");
}

/// The token in the confirmation mail that was sent last.
fn confirmation_token(app: &App) -> String {
    app.token_mailed("/api/verify-email")
}

#[test]
fn the_link_in_the_mail_confirms_the_address_once() {
    let app = App::new();
    let ada = app.attendee("Ada");
    let token = confirmation_token(&app);
    let verify = || app.post("/api/verify-email").json(&json!({ "token": token })).send();
    verify().expect(204);
    let me = app.get("/api/me").by(&ada).send().json();
    assert_eq!(me["user"]["email_verified"], true);
    verify().expect_problem(422, "invalid_token");
}

#[test]
fn following_the_link_shows_a_page_whose_button_confirms() {
    let app = App::new();
    let ada = app.attendee("Ada");
    let token = confirmation_token(&app);
    let path = format!("/api/verify-email?token={token}");
    app.call(Method::HEAD, &path).send().expect(200);
    for _ in 0..2 {
        let shown = app.get(&path).send().expect_page(200);
        let page = shown.text();
        assert!(page.contains(r#"action="verify-email/form""#) && page.contains(&token), "{page}");
    }
    let verified = || app.get("/api/me").by(&ada).send().json()["user"]["email_verified"].clone();
    assert_eq!(verified(), false, "opening the page has changed nothing");
    let press = || {
        app.post("/api/verify-email/form")
            .body("application/x-www-form-urlencoded", &format!("token={token}"))
            .send()
    };
    let pressed = press().expect_page(200);
    let page = pressed.text();
    assert!(page.contains("is confirmed") && verified() == true, "{page}");
    for spent in [press(), app.get(&path).send(), app.get("/api/verify-email").send()] {
        let shown = spent.expect_page(422);
        let page = shown.text();
        assert!(page.contains("used or has expired") && !page.contains("<form"), "{page}");
    }
}

#[test]
fn a_domain_in_any_script_is_one_account_shown_as_it_was_typed() {
    let app = App::new();
    let sign_up = |email: &str| {
        app.post("/api/register").json(&json!({ "email": email, "password": "SecurePassword123" })).send()
    };
    let login = |email: &str| {
        app.post("/api/login").json(&json!({ "email": email, "password": "SecurePassword123" })).send()
    };
    assert_eq!(sign_up(" Info@EXÄMPLE.de").expect(201).json()["user"]["email"], "info@exämple.de");
    for same in ["info@exämple.de", "info@xn--exmple-cua.de", "INFO@exa\u{308}mple.de"] {
        sign_up(same).expect_problem(409, "email_taken");
        assert_eq!(login(same).expect(200).json()["user"]["email"], "info@exämple.de");
    }
    for bad in ["ädä@example.com", "a@exam_ple.com", "a@10.0.0.1", "a@example.123"] {
        let fields = sign_up(bad).bad_fields();
        assert_eq!(fields, [("email".to_owned(), "invalid_email".to_owned())], "{bad}");
    }
}

#[test]
fn a_password_is_one_from_whichever_keyboard() {
    let app = App::new();
    let call = |path: &str, password: &str| {
        app.post(path).json(&json!({ "email": "ada@example.com", "password": password })).send()
    };
    call("/api/register", "pre\u{301}sence-1").expect(201);
    for same in ["pre\u{301}sence-1", "pr\u{e9}sence-1"] {
        call("/api/login", same).expect(200);
    }
    call("/api/login", "presence-1").expect_problem(401, "invalid_credentials");
}

#[test]
fn a_link_works_for_a_day() {
    let app = App::new();
    app.attendee("Ada");
    let token = confirmation_token(&app);
    app.advance_ms(24 * 60 * 60 * 1000);
    let verify = |token: &str| app.post("/api/verify-email").json(&json!({ "token": token })).send();
    verify(&token).expect_problem(422, "invalid_token");
    for nonsense in ["", "x", &format!("{token}x"), &token[1..]] {
        verify(nonsense).expect_problem(422, "invalid_token");
    }
    let bad = app.post("/api/verify-email").json(&json!({})).send().bad_fields();
    assert_eq!(bad, [("token".to_owned(), "required".to_owned())]);
}

#[test]
fn an_account_outlives_a_restart_with_its_sessions() {
    let mut app = App::new();
    let ada = app.organizer("Ada");
    let before = app.get("/api/me").by(&ada).send().expect(200).json();
    app.restart();
    assert_eq!(app.get("/api/me").by(&ada).send().expect(200).json(), before);
    assert_eq!(app.log_in(&ada.email).id, ada.id);
}
