//! What operators see of objects, dead letters, and the Catalog built again.

use serde_json::{Value, json};

use super::admin::{key, order};
use crate::support::app::{App, event_address};
use crate::support::node::Address;

fn look(app: &App, object: &str) -> Value {
    app.get(&format!("/api/admin/objects/{object}")).by_operator().send().expect(200).json()["object"].clone()
}

#[test]
fn an_object_says_what_it_holds_in_numbers() {
    let app = App::new();
    let (ada, bob) = (app.organizer("Ada"), app.attendee("Bob"));
    let event = app.event(&ada, json!({}));
    app.register(&bob, &event);
    let held = look(&app, &format!("event/{event}"));
    assert_eq!((&held["tables"]["event"], &held["tables"]["registrations"]), (&json!(1), &json!(1)));
    assert_eq!(held["outbox"]["messages"], 2);
    app.advance_ms(7_000);
    assert_eq!(look(&app, &format!("event/{event}"))["outbox"]["oldest_age_seconds"], 7);
    app.state().come_to_rest();
    assert_eq!(look(&app, &format!("event/{event}"))["outbox"]["oldest_at"], json!(null));
    assert_eq!(look(&app, &format!("account/{}", key(&ada)))["tables"]["sessions"], 1);
    let catalog = look(&app, "catalog/catalog");
    assert_eq!((&catalog["kind"], &catalog["tables"]["events"]), (&json!("catalog"), &json!(1)));
    assert!(!catalog.to_string().contains("example.com") && !held.to_string().contains("example.com"));
    for path in ["event/nonsense", "catalog/other", "nothing/catalog"] {
        let path = format!("/api/admin/objects/{path}");
        app.get(&path).by_operator().send().expect_problem(404, "not_found");
    }
}

#[test]
fn a_dead_letter_is_listed_and_sent_again() {
    let app = App::new();
    let (ada, bob, cy) = (app.organizer("Ada"), app.attendee("Bob"), app.attendee("Cy"));
    app.deliver_outboxes();
    let event = app.event(&ada, json!({}));
    app.state().post.refuses = Some("@example.com".to_owned());
    app.register(&bob, &event);
    app.register(&cy, &event);
    app.state().come_to_rest();
    let path = format!("/api/admin/objects/event/{event}/dead-letters");
    let list = |query: &str| app.get(&format!("{path}{query}")).by_operator().send().expect(200);
    let first = list("?limit=1");
    let page = first.json();
    assert_eq!(page["dead_letters"][0]["reason"], "refused");
    assert_eq!(page["dead_letters"][0]["kind"], "registered");
    assert!(!first.text().contains("example.com"));
    let next = list(&format!("?limit=1&cursor={}", page["next_cursor"].as_str().unwrap())).json();
    assert_eq!(next["next_cursor"], json!(null));

    app.state().post.refuses = None;
    let resend = |body: Value| {
        app.post(&format!("{path}/resend")).by_operator().json(&body).send().expect(200).json()["resent"]
            .clone()
    };
    assert_eq!(resend(json!({ "ids": ["999"] })), 0);
    assert_eq!(resend(json!({ "ids": [page["dead_letters"][0]["id"]] })), 1);
    assert_eq!(app.mails_to(&bob).last(), Some(&"registered"));
    assert!(!app.mails_to(&cy).contains(&"registered"));
    assert_eq!(resend(json!({})), 1);
    assert_eq!(app.mails_to(&cy).last(), Some(&"registered"));
    assert_eq!(list("").json()["dead_letters"], json!([]));
    assert_eq!(resend(json!({})), 0);
}

#[test]
fn what_waits_for_another_try_is_tried_at_once() {
    let app = App::new();
    let (ada, bob) = (app.organizer("Ada"), app.attendee("Bob"));
    app.deliver_outboxes();
    let event = app.event(&ada, json!({}));
    app.state().post.up = false;
    app.register(&bob, &event);
    (0..12).for_each(|_| {
        app.advance_ms(60_000);
        app.deliver_outboxes();
    });
    app.state().post.up = true;
    assert!(!app.mails_to(&bob).contains(&"registered"), "the next try is minutes away");
    let due = order(&app, &format!("objects/event/{event}/retry")).expect(200).json();
    assert_eq!(due["due"], 1);
    assert_eq!(app.mails_to(&bob).last(), Some(&"registered"));
}

#[test]
fn going_back_in_time_is_refused_where_there_is_no_history() {
    let app = App::new();
    let ada = app.organizer("Ada");
    let event = app.event(&ada, json!({}));
    let rewind = |to: &str| {
        let path = format!("/api/admin/objects/event/{event}/rewind");
        app.post(&path).by_operator().json(&json!({ "to": to })).send()
    };
    rewind("2030-01-01T11:00:00Z").expect_problem(501, "not_supported");
    for to in ["yesterday", "2029-11-01T00:00:00Z", "2030-02-01T00:00:00Z"] {
        rewind(to).bad_fields();
    }
    order(&app, &format!("objects/event/{event}/copy")).expect_problem(501, "not_supported");
}

/// Builds the Catalog again, page by page; how many events reported and how many there are none of.
fn rebuild(app: &App, mut body: Value) -> (u64, u64) {
    let (mut reported, mut missing) = (0, 0);
    loop {
        let done = app.post("/api/admin/catalog/rebuild").by_operator().json(&body).send().expect(200).json();
        reported += done["reported"].as_u64().unwrap();
        missing += done["missing"].as_u64().unwrap();
        if done["next_cursor"].is_null() {
            return (reported, missing);
        }
        body = json!({ "cursor": done["next_cursor"] });
    }
}

fn all_listed(app: &App) -> Value {
    app.state().come_to_rest();
    let mut events = app.get("/api/events?limit=200").send().expect(200).json()["events"].clone();
    for event in events.as_array_mut().unwrap() {
        event["version"] = json!(null);
    }
    events
}

#[test]
fn a_lost_catalog_is_built_again_from_the_ids_of_its_events() {
    let app = App::new();
    let (ada, bob) = (app.organizer("Ada"), app.attendee("Bob"));
    let events: Vec<String> =
        (0..3).map(|at| app.event(&ada, json!({ "title": format!("No. {at}") }))).collect();
    app.register(&bob, &events[1]);
    app.delete(&format!("/api/events/{}", events[2])).by(&ada).send().expect(204);
    let known = all_listed(&app);
    {
        let mut state = app.state();
        let catalog = state.node(&Address::Catalog);
        event_platform::objects::sql::Sql::wipe(&catalog.sql).unwrap();
        catalog.crash();
    }
    app.advance_ms(20_000);
    assert_eq!(all_listed(&app), json!([]));
    let nobody = crate::support::fixtures::event_id(9).to_string();
    let ids: Vec<&String> = events.iter().chain([&nobody]).collect();
    assert_eq!(rebuild(&app, json!({ "events": ids })), (3, 1));
    assert_eq!(all_listed(&app), known);
    assert_eq!(app.get("/api/events?q=no").send().json()["events"].as_array().unwrap().len(), 2);
    let own = app.get("/api/me/registrations").by(&bob).send().expect(200).json();
    assert_eq!(own["registrations"][0]["event_id"], events[1].as_str());
}

#[test]
fn the_catalog_is_rebuilt_from_what_it_knows_page_by_page() {
    let app = App::new();
    let ada = app.organizer("Ada");
    let events: Vec<String> = (0..60).map(|_| app.event(&ada, json!({}))).collect();
    app.state().come_to_rest();
    // An event that is gone, and one that is older than what the Catalog has heard.
    app.state().nodes.remove(&event_address(&events[0]));
    let path = format!("/api/events/{}", events[1]);
    app.put(&path).by(&ada).json(&json!({ "title": "Newer" })).send().expect(200);
    {
        let mut state = app.state();
        let node = state.node(&event_address(&events[1]));
        let older = "UPDATE event SET version = 1, details = json_set(details, '$.title', 'Older')";
        event_platform::objects::sql::Sql::run(&node.sql, older, &[]).unwrap();
        node.crash();
    }
    assert_eq!(rebuild(&app, json!({})), (59, 1));
    let listed = all_listed(&app);
    assert_eq!(listed.as_array().unwrap().len(), 59);
    let titles: Vec<&Value> = listed.as_array().unwrap().iter().map(|event| &event["title"]).collect();
    assert!(titles.contains(&&json!("Older")) && !titles.contains(&&json!("Newer")));
}
