//! The caller's own account: the name, the export, the log.

use serde_json::{Value, json};

use crate::support::app::{App, PASSWORD, Person};

fn rename(app: &App, person: &Person, name: Value) -> Value {
    app.patch("/api/me").by(person).json(&json!({ "name": name })).send().expect(200).json()["user"].clone()
}

fn organizer_name(app: &App, path: &str) -> Value {
    app.get(path).send().expect(200).json()["event"]["organizer"]["name"].clone()
}

#[test]
fn the_name_can_be_changed_and_taken_away() {
    let app = App::new();
    let ada = app.attendee("Ada");
    assert_eq!(rename(&app, &ada, json!(" Ada Lovelace "))["name"], "Ada Lovelace");
    assert_eq!(rename(&app, &ada, json!(null))["name"], json!(null));
    let body = json!({ "id": "x", "role": "organizer", "email": "eve@example.com" });
    let user = app.patch("/api/me").by(&ada).json(&body).send().expect(200).json()["user"].clone();
    assert_eq!(
        (&user["id"], &user["role"], &user["email"]),
        (&json!(ada.id), &json!("attendee"), &json!(ada.email))
    );
    let bad = app.patch("/api/me").by(&ada).json(&json!({ "name": "" })).send().bad_fields();
    assert_eq!(bad, [("name".to_owned(), "blank".to_owned())]);
    app.patch("/api/me").json(&json!({ "name": "Eve" })).send().expect_problem(401, "unauthenticated");
}

#[test]
fn a_name_outlives_a_restart() {
    let mut app = App::new();
    let ada = app.attendee("Ada");
    rename(&app, &ada, json!("Bea"));
    app.restart();
    assert_eq!(app.get("/api/me").by(&ada).send().expect(200).json()["user"]["name"], "Bea");
}

#[test]
fn events_and_lists_carry_the_new_name_within_seconds() {
    let app = App::new();
    let other = app.another_isolate();
    let ada = app.organizer("Ada");
    let path = format!("/api/events/{}", app.event(&ada, json!({})));
    assert_eq!(organizer_name(&other, &path), "Ada");
    let etag = other.get(&path).send().etag();
    rename(&app, &ada, json!("Bea"));
    rename(&app, &ada, json!("Cleo"));
    app.deliver_outboxes();
    app.advance_ms(3_000);
    app.deliver_outboxes();
    for isolate in [&app, &other] {
        assert_eq!(organizer_name(isolate, &path), "Cleo");
        let list = isolate.get("/api/events").send().expect(200).json();
        assert_eq!(list["events"][0]["organizer"]["name"], "Cleo");
    }
    // A change of name gets in the way of nobody who edits.
    let edit = app.put(&path).by(&ada).header("if-match", &etag).json(&json!({ "title": "x" }));
    edit.send().expect(200);
    assert_eq!(organizer_name(&app, &path), "Cleo");
}

#[test]
fn the_export_holds_everything() {
    let app = App::new();
    let (ada, bob) = (app.organizer("Ada"), app.organizer("Bob"));
    let (own, draft) = (app.event(&ada, json!({})), app.event(&ada, json!({ "status": "draft" })));
    let (stands, ended) = (app.event(&bob, json!({})), app.event(&bob, json!({})));
    app.register(&ada, &stands);
    app.register(&ada, &ended);
    app.leave(&ada, &ended);
    app.state().come_to_rest();
    let elsewhere = app.log_in(&ada.email);
    let answer = app.get("/api/me/export").by(&ada).send().expect(200);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let export = answer.json();
    assert_eq!(export["user"]["email"], ada.email.as_str());
    let current: Vec<_> =
        export["sessions"].as_array().unwrap().iter().map(|session| session["current"].clone()).collect();
    assert_eq!(current, [json!(true), json!(false)]);
    let ids = |list: &str, member: &str| -> Vec<String> {
        let items = export[list].as_array().unwrap();
        let mut ids: Vec<_> = items.iter().map(|item| item[member].as_str().unwrap().to_owned()).collect();
        ids.sort();
        ids
    };
    let sorted = |mut ids: Vec<String>| {
        ids.sort();
        ids
    };
    assert_eq!(ids("events", "id"), sorted(vec![own, draft]));
    assert_eq!(ids("registrations", "event_id"), sorted(vec![stands, ended]));
    assert_eq!(export["complete"], true);
    let text = answer.text();
    assert!(!text.contains("$2b$") && !text.contains(&elsewhere.refresh_token) && !text.contains(&ada.token));
    app.get("/api/me/export").send().expect_problem(401, "unauthenticated");
}

/// The kinds and numbers of the security events in the export.
fn history(app: &App, person: &Person) -> Vec<(String, u64)> {
    let export = app.get("/api/me/export").by(person).send().expect(200).json();
    let events = export["security_events"].as_array().unwrap();
    let kind = |event: &Value| event["kind"].as_str().unwrap().to_owned();
    events.iter().map(|event| (kind(event), event["times"].as_u64().unwrap())).collect()
}

#[test]
fn an_account_remembers_what_has_happened_to_it() {
    let app = App::new();
    let ada = app.attendee("Ada");
    for _ in 0..3 {
        app.log_in_with(&ada.email, "wrong");
    }
    let other = app.log_in(&ada.email);
    app.post("/api/logout").by(&other).send().expect(204);
    let next = app.refresh(&app.log_in(&ada.email).refresh_token).expect(200).person();
    let _ = app.refresh(&next.refresh_token);
    app.advance_ms(31_000);
    app.refresh(&next.refresh_token).expect(401);
    let body = json!({ "current_password": PASSWORD, "new_password": "another long password" });
    app.put("/api/me/password").by(&ada).json(&body).send().expect(204);
    let expected = [
        ("sign_up", 1),
        ("login", 1),
        ("login_failed", 3),
        ("login", 1),
        ("logout", 1),
        ("login", 1),
        ("refresh_reused", 1),
        ("password_changed", 1),
    ];
    assert_eq!(history(&app, &ada), expected.map(|(kind, times)| (kind.to_owned(), times)));
}

#[test]
fn the_last_fifty_are_remembered_and_guessing_pushes_none_of_them_out() {
    let app = App::new();
    let ada = app.attendee("Ada");
    for _ in 0..500 {
        app.log_in_with(&ada.email, "wrong");
        app.advance_ms(1_000);
    }
    let kinds: Vec<_> = history(&app, &ada).into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(kinds, ["sign_up", "login", "login_failed"]);
    app.advance_ms(900_000);
    for _ in 0..30 {
        let other = app.log_in(&ada.email);
        app.post("/api/logout").by(&other).send().expect(204);
    }
    let history = history(&app, &app.log_in(&ada.email));
    assert_eq!((history.len(), history[0].0.as_str()), (50, "logout"));
}

#[test]
fn security_events_are_logged_without_a_word_about_the_person() {
    let app = App::new();
    let ada = app.attendee("Adelheid");
    app.log_in_with(&ada.email, "a wrong guess");
    app.log_in_with("eve@example.com", "a wrong guess");
    let next = app.refresh(&ada.refresh_token).expect(200).person();
    app.advance_ms(31_000);
    app.refresh(&ada.refresh_token).expect(401);
    let ada = app.log_in(&ada.email);
    let body = json!({ "current_password": PASSWORD, "new_password": "another long password" });
    app.put("/api/me/password").by(&ada).json(&body).send().expect(204);
    let body = json!({ "password": "another long password" });
    app.delete("/api/me").by(&ada).json(&body).send().expect(204);
    let state = app.state();
    let lines = state.log.iter().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let lines: Vec<Value> = lines.filter(|line| line["event"] == "security").collect();
    let told = lines.iter().map(|line| {
        let known = line["user_id"] == ada.id.as_str();
        assert!(known || line["user_id"].is_null());
        assert_eq!(line["request_id"].as_str().unwrap().len(), 36);
        (line["kind"].as_str().unwrap(), line["level"].as_str().unwrap(), known)
    });
    let expected = [
        ("sign_up", "info", true),
        ("login", "info", true),
        ("login_failed", "warn", false),
        ("login_failed", "warn", false),
        ("refresh_reused", "warn", true),
        ("login", "info", true),
        ("password_changed", "info", true),
        ("deleted", "info", true),
    ];
    assert_eq!(told.collect::<Vec<_>>(), expected);
    let log = state.log.join("\n");
    for private in ["delheid", "eve@", "guess", PASSWORD, &next.token, &next.refresh_token, &ada.token] {
        assert!(!log.contains(private), "{private}");
    }
}

#[test]
fn another_mail_confirms_the_address() {
    let app = App::new();
    let ada = app.attendee("Ada");
    let resend = || app.post("/api/verify-email/resend").by(&ada).send();
    let first = app.token_mailed("/api/verify-email");
    resend().expect(202);
    let second = app.token_mailed("/api/verify-email");
    assert_ne!(first, second);
    app.post("/api/verify-email").json(&json!({ "token": second })).send().expect(204);
    app.post("/api/verify-email")
        .json(&json!({ "token": first }))
        .send()
        .expect_problem(422, "invalid_token");
    resend().expect(202);
    assert_eq!(app.mails_to(&ada), ["confirm_address", "confirm_address"], "it is confirmed already");
    app.post("/api/verify-email/resend").send().expect_problem(401, "unauthenticated");
}

#[test]
fn a_few_mails_a_day_are_enough() {
    let app = App::new();
    let ada = app.attendee("Ada");
    let resend = || app.post("/api/verify-email/resend").by(&ada).send();
    (0..4).for_each(|_| drop(resend().expect(202)));
    let answer = resend().expect_problem(429, "rate_limited");
    let seconds: i64 = answer.header("retry-after").unwrap().parse().unwrap();
    assert_eq!(seconds, 24 * 60 * 60);
    assert_eq!(app.mails_to(&ada).len(), 5);
}

#[test]
fn an_export_asks_a_bounded_number_of_events_and_says_what_it_leaves_out() {
    let app = App::with(&[("CHANGES_BURST", "1000")]);
    let ada = app.organizer("Ada");
    for _ in 0..401 {
        app.advance_ms(1);
        app.register(&ada, &app.event(&ada, json!({})));
    }
    app.state().come_to_rest();
    let ada = app.log_in(&ada.email);
    let asked = app.state().hops;
    let export = app.get("/api/me/export").by(&ada).send().expect(200).json();
    assert!(app.state().hops - asked <= 810, "{} questions", app.state().hops - asked);
    for list in ["events", "registrations"] {
        assert_eq!(export[list].as_array().unwrap().len(), 400, "{list}");
    }
    assert_eq!(export["complete"], false);
}
