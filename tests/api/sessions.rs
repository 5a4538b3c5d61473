//! Sessions: how they go on, and that they end when they should.

use serde_json::json;

use crate::support::app::{App, PASSWORD, Person};

fn log_out(app: &App, person: &Person) {
    app.post("/api/logout").by(person).send().expect(204);
}

#[test]
fn a_refresh_gives_another_pair_for_the_same_session() {
    let app = App::new();
    let ada = app.attendee("Ada");
    app.advance_ms(2_000);
    let answer = app.refresh(&ada.refresh_token).expect(200);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let keys: Vec<_> = answer.json().as_object().unwrap().keys().cloned().collect();
    assert_eq!(keys, ["expires_in", "refresh_token", "token", "token_type", "user"]);
    let next = answer.person();
    assert_eq!((&next.id, &next.email), (&ada.id, &ada.email));
    assert!(next.token != ada.token && next.refresh_token != ada.refresh_token);
    for person in [&ada, &next] {
        app.get("/api/me").by(person).send().expect(200);
    }
}

#[test]
fn a_refresh_token_that_is_used_twice_ends_the_session_for_both_holders() {
    let app = App::new();
    let ada = app.attendee("Ada");
    let elsewhere = app.log_in(&ada.email);
    let thief = app.refresh(&ada.refresh_token).expect(200).person();
    let thief = app.refresh(&thief.refresh_token).expect(200).person();
    let refused = app.refresh(&ada.refresh_token).expect_problem(401, "invalid_refresh_token");
    assert_eq!(refused.header("www-authenticate"), Some("Bearer"));
    for person in [&ada, &thief] {
        app.get("/api/me").by(person).send().expect_problem(401, "unauthenticated");
        app.refresh(&person.refresh_token).expect_problem(401, "invalid_refresh_token");
    }
    app.get("/api/me").by(&elsewhere).send().expect(200);
    app.refresh(&elsewhere.refresh_token).expect(200);
}

#[test]
fn two_tabs_that_refresh_at_one_moment_get_one_successor() {
    let app = App::new();
    let ada = app.attendee("Ada");
    let first = app.refresh(&ada.refresh_token).expect(200).person();
    app.advance_ms(30_000);
    let second = app.refresh(&ada.refresh_token).expect(200).person();
    assert_eq!(first.refresh_token, second.refresh_token);
    app.get("/api/me").by(&first).send().expect(200);
    app.get("/api/me").by(&second).send().expect(200);
    let next = app.refresh(&first.refresh_token).expect(200).person();
    app.refresh(&ada.refresh_token).expect_problem(401, "invalid_refresh_token");
    app.refresh(&next.refresh_token).expect_problem(401, "invalid_refresh_token");
}

#[test]
fn after_thirty_seconds_a_used_refresh_token_is_theft() {
    let app = App::new();
    let ada = app.attendee("Ada");
    let next = app.refresh(&ada.refresh_token).expect(200).person();
    app.advance_ms(30_001);
    app.refresh(&ada.refresh_token).expect_problem(401, "invalid_refresh_token");
    app.refresh(&next.refresh_token).expect_problem(401, "invalid_refresh_token");
}

#[test]
fn nonsense_refreshes_nothing_and_ends_nothing() {
    let app = App::new();
    let ada = app.attendee("Ada");
    let token = &ada.refresh_token;
    let other = app.attendee("Bob").refresh_token;
    for nonsense in ["", "x", "a.b.c", &token[1..], &format!("x{token}"), &other[..50], &ada.token] {
        app.refresh(nonsense).expect_problem(401, "invalid_refresh_token");
    }
    app.post("/api/token/refresh").json(&json!({})).send().expect(422);
    app.refresh(token).expect(200);
}

#[test]
fn sessions_outlive_a_restart_and_so_does_the_memory_of_spent_tokens() {
    let mut app = App::new();
    let ada = app.attendee("Ada");
    let next = app.refresh(&ada.refresh_token).expect(200).person();
    app.restart();
    let last = app.refresh(&next.refresh_token).expect(200).person();
    app.restart();
    app.refresh(&ada.refresh_token).expect_problem(401, "invalid_refresh_token");
    app.get("/api/me").by(&last).send().expect_problem(401, "unauthenticated");
}

#[test]
fn a_session_ends_thirty_days_after_its_last_refresh_and_after_a_year_at_the_latest() {
    const DAY_MS: i64 = 24 * 60 * 60 * 1000;
    let app = App::new();
    let idle = app.attendee("Idle");
    app.advance_ms(30 * DAY_MS);
    app.refresh(&idle.refresh_token).expect_problem(401, "invalid_refresh_token");

    let mut busy = app.attendee("Busy");
    for _ in 0..18 {
        app.advance_ms(20 * DAY_MS);
        busy = app.refresh(&busy.refresh_token).expect(200).person();
    }
    app.advance_ms(5 * DAY_MS);
    app.refresh(&busy.refresh_token).expect_problem(401, "invalid_refresh_token");
}

#[test]
fn a_logout_ends_its_session_and_no_other() {
    let app = App::new();
    let here = app.attendee("Ada");
    let there = app.log_in(&here.email);
    log_out(&app, &here);
    app.get("/api/me").by(&here).send().expect_problem(401, "unauthenticated");
    app.post("/api/logout").by(&here).send().expect_problem(401, "unauthenticated");
    app.refresh(&here.refresh_token).expect_problem(401, "invalid_refresh_token");
    app.get("/api/me").by(&there).send().expect(200);
}

#[test]
fn a_logout_is_heard_in_every_isolate_by_the_next_write() {
    let app = App::new();
    let other = app.another_isolate();
    let ada = app.organizer("Ada");
    let event = app.event(&ada, json!({}));
    other.put(&format!("/api/events/{event}")).by(&ada).json(&json!({ "title": "x" })).send().expect(200);
    log_out(&app, &ada);
    for isolate in [&other, &app] {
        let path = format!("/api/events/{event}");
        isolate
            .put(&path)
            .by(&ada)
            .json(&json!({ "title": "y" }))
            .send()
            .expect_problem(401, "unauthenticated");
        isolate.delete(&path).by(&ada).send().expect_problem(401, "unauthenticated");
        isolate.get("/api/me/events").by(&ada).send().expect_problem(401, "unauthenticated");
    }
}

#[test]
fn a_plain_read_shows_more_to_an_ended_session_for_thirty_seconds_at_most() {
    let app = App::new();
    let other = app.another_isolate();
    let ada = app.organizer("Ada");
    let draft = format!("/api/events/{}", app.event(&ada, json!({ "status": "draft" })));
    let linked = app.event(&ada, json!({ "join_url": "https://meet.example/secret" }));
    let linked = format!("/api/events/{linked}");
    let link = |app: &App| app.get(&linked).by(&ada).send().expect(200).json()["event"]["join_url"].clone();
    for isolate in [&app, &other] {
        isolate.get(&draft).by(&ada).send().expect(200);
        assert_eq!(link(isolate), "https://meet.example/secret");
    }
    log_out(&app, &ada);
    app.get(&draft).by(&ada).send().expect_problem(404, "not_found");
    assert_eq!(link(&app), json!(null));
    app.advance_ms(30_000);
    other.get(&draft).by(&ada).send().expect_problem(404, "not_found");
    assert_eq!(link(&other), json!(null));
}

#[test]
fn drafts_of_a_session_that_stands_are_read_without_asking_its_account_each_time() {
    let app = App::new();
    let ada = app.organizer("Ada");
    let draft = format!("/api/events/{}", app.event(&ada, json!({ "status": "draft" })));
    let hops = |app: &App| {
        let before = app.state().hops;
        app.get(&draft).by(&ada).send().expect(200);
        app.state().hops - before
    };
    assert_eq!(hops(&app), 1, "the event alone: creating it has shown that the session stands");
    app.advance_ms(30_000);
    assert_eq!((hops(&app), hops(&app)), (2, 1));
}

#[test]
fn sessions_of_an_older_version_can_be_refreshed() {
    let app = App::new();
    let ada = app.attendee("Ada");
    {
        // What the first version of the schema has left behind.
        let mut state = app.state();
        let account = state.nodes.values_mut().find(|node| !node.sql.dump().is_empty()).unwrap();
        let outbox = event_platform::objects::outbox::TABLE.split_inclusive(';');
        let undo = [
            "DROP INDEX sessions_family",
            "ALTER TABLE sessions DROP COLUMN family",
            "ALTER TABLE account DROP COLUMN name_changes",
            "DROP TABLE security_events",
            "DROP TABLE outbox",
            "DROP TABLE parked",
            "DROP TABLE feed",
            "DROP TABLE email_status",
            "DROP TABLE answered",
            "DROP TABLE suspension",
            "DROP TABLE backup",
            "DROP TABLE event_keys",
            "ALTER TABLE sessions DROP COLUMN spent_digest",
            "ALTER TABLE sessions DROP COLUMN spent_at",
            "UPDATE schema_version SET version = 1",
        ];
        for statement in undo.into_iter().chain(outbox).filter(|statement| !statement.trim().is_empty()) {
            event_platform::objects::sql::Sql::run(&account.sql, statement, &[]).unwrap();
        }
        account.crash();
    }
    let next = app.refresh(&ada.refresh_token).expect(200).person();
    app.get("/api/me").by(&next).send().expect(200);
    app.advance_ms(31_000);
    app.refresh(&ada.refresh_token).expect_problem(401, "invalid_refresh_token");
    app.get("/api/me").by(&next).send().expect_problem(401, "unauthenticated");
    app.log_in_with(&ada.email, PASSWORD).expect(200);
}
