//! What operators do with accounts and events.

use event_platform::auth::digest;
use http::Method;
use serde_json::{Value, json};

use crate::support::app::{ADMIN_TOKEN, Answer, App, Person};
use crate::support::node::Address;

/// The key of somebody's account.
pub(crate) fn key(person: &Person) -> String {
    digest::text(person.email.as_bytes())
}

pub(crate) fn order(app: &App, path: &str) -> Answer {
    app.post(&format!("/api/admin/{path}")).by_operator().send()
}

fn listed(app: &App) -> Vec<String> {
    let events = app.get("/api/events").send().expect(200).json();
    events["events"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| event["id"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn without_a_token_of_the_deployment_there_is_nothing() {
    let app = App::with(&[("ADMIN_TOKEN", "")]);
    let ada = app.organizer("Ada");
    for (method, path) in [
        (Method::POST, "accounts/lookup".to_owned()),
        (Method::GET, format!("accounts/{}", key(&ada))),
        (Method::TRACE, format!("accounts/{}", key(&ada))),
        (Method::POST, "nothing".to_owned()),
    ] {
        let call = || app.call(method.clone(), &format!("/api/admin/{path}"));
        call().by_operator().send_unchecked().expect_problem(404, "not_found");
        call().by(&ada).send_unchecked().expect_problem(404, "not_found");
    }
}

#[test]
fn a_short_token_is_a_bad_setting() {
    let app = App::with(&[("ADMIN_TOKEN", "thirty-one bytes are too little")]);
    app.get("/api/health").send().expect_problem(503, "misconfigured");
}

#[test]
fn only_the_operators_token_opens_anything_and_each_try_is_logged() {
    let app = App::new();
    let ada = app.organizer("Ada");
    let path = format!("/api/admin/accounts/{}", key(&ada));
    app.state().log.clear();
    app.get(&path).send().expect_problem(401, "unauthenticated");
    app.get(&path).by(&ada).send().expect_problem(401, "unauthenticated");
    app.get(&path).header("authorization", &format!("Bearer {ADMIN_TOKEN}x")).send().expect(401);
    app.get(&format!("{path}?token={}", ADMIN_TOKEN.replace(' ', "%20"))).send().expect(401);
    let answer = app.get(&path).by_operator().send().expect(200);
    let state = app.state();
    let lines: Vec<Value> = state.log.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    let security: Vec<&Value> = lines.iter().filter(|line| line["event"] == "security").collect();
    let kinds: Vec<_> = security.iter().map(|line| line["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["admin_refused", "admin_refused", "admin_refused", "admin_refused", "admin"]);
    let line = security.last().unwrap();
    assert_eq!(line["action"], "GET /api/admin/accounts/{account}");
    assert_eq!((&line["object"], &line["object_name"]), (&json!("account"), &json!(key(&ada))));
    assert_eq!(line["request_id"], answer.header("x-request-id").unwrap());
    assert!(state.log.iter().all(|line| !line.contains(ADMIN_TOKEN) && !line.contains(&ada.email)));
}

#[test]
fn an_account_is_looked_up_by_address() {
    let app = App::new();
    let ada = app.organizer("Ada");
    let look = |email: &str| {
        app.post("/api/admin/accounts/lookup").by_operator().json(&json!({ "email": email })).send()
    };
    let found = look(" ADA@example.com").expect(200);
    let account = &found.json()["account"];
    assert_eq!((&account["key"], &account["user_id"]), (&json!(key(&ada)), &json!(ada.id)));
    assert_eq!((&account["suspended"], &account["sessions"]), (&json!(false), &json!(1)));
    assert!(!found.text().contains("example.com") && !found.text().contains("Ada"));
    look("nobody@example.com").expect_problem(404, "not_found");
    look("nonsense").bad_fields();
    app.get("/api/admin/accounts/nonsense").by_operator().send().expect_problem(404, "not_found");
}

#[test]
fn a_suspended_account_opens_nothing_and_says_nothing() {
    let app = App::new();
    let ada = app.organizer("Ada");
    let feed = app.post("/api/me/calendar-key").by(&ada).send().expect(201).json();
    let feed = feed["url"].as_str().unwrap().trim_start_matches("https://events.example").to_owned();
    app.post("/api/password/forgot").json(&json!({ "email": ada.email })).send().expect(202);
    let reset = app.token_mailed("/api/password/reset");
    let suspended = order(&app, &format!("accounts/{}/suspend", key(&ada))).expect(200).json();
    assert_eq!(suspended["account"]["suspended"], true);
    assert_eq!(suspended["account"]["sessions"], 0);

    app.get("/api/me").by(&ada).send().expect_problem(401, "unauthenticated");
    app.refresh(&ada.refresh_token).expect_problem(401, "invalid_refresh_token");
    app.get(&feed).send().expect_problem(404, "not_found");
    let body = json!({ "token": reset, "password": "another long password" });
    app.post("/api/password/reset").json(&body).send().expect_problem(422, "invalid_token");
    let unknown = app.log_in_with("nobody@example.com", crate::support::app::PASSWORD);
    let theirs = app.log_in_with(&ada.email, crate::support::app::PASSWORD);
    let body = |answer: &Answer| {
        let mut body = answer.json();
        body["request_id"] = json!(null);
        (answer.status(), body)
    };
    assert_eq!(body(&unknown), body(&theirs), "the right password tells nothing");
    for _ in 0..9 {
        app.log_in_with(&ada.email, crate::support::app::PASSWORD).expect(401);
    }
    app.log_in_with(&ada.email, crate::support::app::PASSWORD).expect(429);
    let sent = app.mails_to(&ada).len();
    app.advance_ms(3_700_000);
    app.post("/api/password/forgot").json(&json!({ "email": ada.email })).send().expect(202);
    assert_eq!(app.mails_to(&ada).len(), sent, "no mail to choose a new password");

    let restored = order(&app, &format!("accounts/{}/restore", key(&ada))).expect(200).json();
    assert_eq!(restored["account"]["suspended"], false);
    let ada = app.log_in(&ada.email);
    let export = app.get("/api/me/export").by(&ada).send().expect(200).json();
    let kinds: Vec<&Value> =
        export["security_events"].as_array().unwrap().iter().map(|event| &event["kind"]).collect();
    assert!(kinds.contains(&&json!("suspended")) && kinds.contains(&&json!("restored")));
}

#[test]
fn a_suspension_outlives_a_restart() {
    let mut app = App::new();
    let ada = app.organizer("Ada");
    order(&app, &format!("accounts/{}/suspend", key(&ada))).expect(200);
    app.restart();
    app.log_in_with(&ada.email, crate::support::app::PASSWORD).expect_problem(401, "invalid_credentials");
    let again = order(&app, &format!("accounts/{}/suspend", key(&ada))).expect(200).json();
    assert_eq!(again["account"]["suspended"], true);
}

#[test]
fn the_events_of_a_suspended_organizer_are_hidden_and_come_back() {
    let app = App::new();
    let (ada, bob) = (app.organizer("Ada"), app.attendee("Bob"));
    let event = app.event(&ada, json!({}));
    let draft = app.event(&ada, json!({ "status": "draft" }));
    app.register(&bob, &event);
    app.deliver_outboxes();
    let path = format!("/api/events/{event}");
    app.get(&path).send().expect(200);
    order(&app, &format!("accounts/{}/suspend", key(&ada))).expect(200);
    app.deliver_outboxes();

    assert_eq!(listed(&app), [""; 0]);
    for isolate in [&app, &app.another_isolate()] {
        isolate.get(&path).send().expect_problem(404, "not_found");
        isolate.get(&path).by(&ada).send().expect_problem(404, "not_found");
        isolate.get(&format!("{path}/calendar.ics")).send().expect_problem(404, "not_found");
        isolate.post(&format!("{path}/register")).by(&bob).send().expect_problem(404, "not_found");
        isolate.get(&format!("{path}/register")).by(&bob).send().expect_problem(404, "not_found");
        let own = isolate.get("/api/me/registrations").by(&bob).send().expect(200).json();
        assert_eq!(own["registrations"], json!([]));
    }
    let seen = app.get(&format!("/api/admin/events/{event}")).by_operator().send().expect(200).json();
    assert_eq!((&seen["hidden"], &seen["organizer_suspended"]), (&json!(true), &json!(true)));
    assert_eq!(seen["event"]["status"], "published");

    order(&app, &format!("accounts/{}/restore", key(&ada))).expect(200);
    app.deliver_outboxes();
    assert_eq!(listed(&app), [event.as_str()]);
    app.get(&path).send().expect(200);
    assert_eq!(app.standing(&bob, &event), ("confirmed".to_owned(), None));
    app.get(&format!("/api/events/{draft}")).send().expect_problem(404, "not_found");
}

#[test]
fn an_event_that_was_made_while_its_organizer_was_suspended_is_hidden() {
    let app = App::new();
    let ada = app.organizer("Ada");
    app.event(&ada, json!({ "status": "draft" }));
    app.deliver_outboxes();
    // The suspension reaches the Catalog; the event below was on its way before.
    order(&app, &format!("accounts/{}/suspend", key(&ada))).expect(200);
    app.deliver_outboxes();
    let id = crate::support::fixtures::event_id(7);
    let organizer = event_platform::domain::event::Organizer {
        id: event_platform::domain::UserId::parse(&ada.id).unwrap(),
        ..crate::support::fixtures::organizer()
    };
    let details = crate::support::fixtures::details(&crate::support::fixtures::soon());
    let create = event_platform::objects::event::Create { id, organizer, details, fingerprint: None };
    let command = event_platform::objects::event::Command::Create(Box::new(create));
    let late = event_platform::objects::Envelope::new(command);
    let _: event_platform::objects::Answer<Value> = app.state().ask(&Address::Event(id), late).unwrap();
    app.deliver_outboxes();
    assert_eq!(listed(&app), [""; 0]);
    app.get(&format!("/api/events/{id}")).send().expect_problem(404, "not_found");
}

#[test]
fn an_event_that_was_taken_down_is_there_for_its_organizer_alone() {
    let app = App::new();
    let (ada, bob, eve) = (app.organizer("Ada"), app.attendee("Bob"), app.organizer("Eve"));
    let event = app.event(&ada, json!({ "title": "A talk" }));
    app.register(&bob, &event);
    app.deliver_outboxes();
    let path = format!("/api/events/{event}");
    let taken = order(&app, &format!("events/{event}/take-down")).expect(200).json();
    assert_eq!((&taken["hidden"], &taken["organizer_suspended"]), (&json!(true), &json!(false)));
    // At once, before any outbox was looked at.
    assert_eq!(listed(&app), [""; 0]);
    assert_eq!(app.get("/api/events?q=talk").send().json()["events"], json!([]));
    for isolate in [&app, &app.another_isolate()] {
        isolate.get(&path).send().expect_problem(404, "not_found");
        isolate.get(&path).by(&bob).send().expect_problem(404, "not_found");
        isolate.post(&format!("{path}/register")).by(&eve).send().expect_problem(404, "not_found");
        isolate.post(&format!("{path}/join")).by(&bob).send().expect_problem(404, "not_found");
        isolate.put(&path).by(&eve).json(&json!({ "title": "x" })).send().expect_problem(404, "not_found");
        let own = isolate.get(&path).by(&ada).send().expect(200).json();
        assert_eq!(
            (&own["event"]["status"], &own["event"]["taken_down"]),
            (&json!("published"), &json!(true))
        );
    }
    let mine = app.get("/api/me/events").by(&ada).send().expect(200).json();
    assert_eq!(mine["events"][0]["taken_down"], true);
    app.post(&format!("{path}/register")).by(&ada).send().expect_problem(409, "registration_closed");
    // The organizer can mend it, and not put it back.
    let mended = app.put(&path).by(&ada).json(&json!({ "title": "Mended", "status": "published" })).send();
    assert_eq!(mended.expect(200).json()["event"]["taken_down"], true);
    assert_eq!(listed(&app), [""; 0]);
    let again = order(&app, &format!("events/{event}/take-down")).expect(200).json();
    assert_eq!(again["event"]["version"], 3, "nothing to change");

    let back = order(&app, &format!("events/{event}/restore")).expect(200).json();
    assert_eq!((&back["hidden"], &back["event"].get("taken_down")), (&json!(false), &None));
    assert_eq!(listed(&app), [event.as_str()]);
    assert_eq!(app.get("/api/events?q=mended").send().json()["events"][0]["id"], event.as_str());
    assert_eq!(app.standing(&bob, &event), ("confirmed".to_owned(), None));
}

#[test]
fn a_take_down_outlives_a_restart_and_tells_nobody() {
    let mut app = App::new();
    let (ada, bob) = (app.organizer("Ada"), app.attendee("Bob"));
    let event = app.event(&ada, json!({ "date": "2030-01-02", "time": "13:00" }));
    app.register(&bob, &event);
    app.deliver_outboxes();
    order(&app, &format!("events/{event}/take-down")).expect(200);
    app.restart();
    app.get(&format!("/api/events/{event}")).send().expect_problem(404, "not_found");
    let before = app.mails_to(&bob);
    app.advance_ms(2 * 3_600_000);
    assert_eq!(app.mails_to(&bob), before, "no reminder of what is hidden");
    app.delete(&format!("/api/events/{event}")).by(&app.log_in(&ada.email)).send().expect(204);
    order(&app, &format!("events/{event}/restore")).expect_problem(404, "not_found");
    assert_eq!(app.mails_to(&bob).last(), Some(&"event_deleted"));
}

#[test]
fn what_does_not_exist_stays_so() {
    let app = App::new();
    let nobody = digest::text(b"nobody@example.com");
    let event = crate::support::fixtures::event_id(9);
    for path in [
        format!("accounts/{nobody}/suspend"),
        format!("events/{event}/take-down"),
        format!("objects/event/{event}/retry"),
        format!("objects/account/{nobody}/retry"),
    ] {
        order(&app, &path).expect_problem(404, "not_found");
    }
    assert!(app.state().nodes.values().all(|node| node.sql.dump().is_empty()));
}
