//! Taking a seat, giving it back, and the own list.

use serde_json::{Value, json};

use crate::support::app::{App, Person};

#[test]
fn a_registration_says_all_about_itself() {
    let app = App::new();
    let (ada, bob) = (app.organizer("Ada"), app.attendee("Bob"));
    let event = app.event(&ada, json!({ "join_url": "https://meet.example/x" }));
    let registration = app.register(&bob, &event);
    let expected = json!({
        "id": registration["id"],
        "event_id": event,
        "user": { "id": bob.id, "name": "Bob", "email": "bob@example.com" },
        "status": "confirmed",
        "position": null,
        "registered_at": "2030-01-01T12:00:00Z",
        "confirmed_at": "2030-01-01T12:00:00Z",
        "checked_in_at": null,
        "join_url": "https://meet.example/x",
    });
    assert_eq!(registration, expected);
    let own = app.get(&format!("/api/events/{event}/register")).by(&bob).send().expect(200);
    assert_eq!(own.json()["registration"], expected);
    assert_eq!(own.header("cache-control"), Some("no-store"));
}

#[test]
fn registering_again_gives_what_stands_and_never_a_second_seat() {
    let app = App::new();
    let (ada, bob, cy) = (app.organizer("Ada"), app.attendee("Bob"), app.attendee("Cy"));
    let event = app.event(&ada, json!({ "capacity": 1 }));
    for person in [&bob, &cy] {
        let first = app.register(person, &event);
        for _ in 0..100 {
            let again = app.post(&format!("/api/events/{event}/register")).by(person).send().expect(200);
            assert_eq!(again.json()["registration"], first);
        }
    }
    let seats = app.get(&format!("/api/events/{event}")).by(&ada).send().json()["event"]["seats"].clone();
    assert_eq!(seats, json!({ "confirmed": 1, "waitlisted": 1, "remaining": 0 }));
    assert_eq!(app.mails_to(&bob), ["confirm_address", "registered"]);
    assert_eq!(app.mails_to(&cy), ["confirm_address", "waitlisted"]);
}

#[test]
fn who_is_registered_hears_so_even_when_nobody_else_may_register() {
    let app = App::new();
    let (ada, bob) = (app.organizer("Ada"), app.attendee("Bob"));
    let event = app.event(&ada, json!({ "capacity": 1, "waitlist": false }));
    app.register(&bob, &event);
    let change = json!({ "registration_closes_at": "2030-01-01T00:00:00Z" });
    app.put(&format!("/api/events/{event}")).by(&ada).json(&change).send().expect(200);
    app.post(&format!("/api/events/{event}/register")).by(&bob).send().expect(200);
}

#[test]
fn a_full_event_without_a_waitlist_is_full() {
    let app = App::new();
    let (ada, bob, cy) = (app.organizer("Ada"), app.attendee("Bob"), app.attendee("Cy"));
    let event = app.event(&ada, json!({ "capacity": 1, "waitlist": false }));
    app.register(&bob, &event);
    app.post(&format!("/api/events/{event}/register")).by(&cy).send().expect_problem(409, "event_full");
    app.leave(&bob, &event);
    assert_eq!(app.register(&cy, &event)["status"], "confirmed");
}

#[test]
fn registration_is_open_from_its_first_moment_until_just_before_its_last() {
    let app = App::new();
    let ada = app.organizer("Ada");
    let window = json!({
        "registration_opens_at": "2030-01-01T12:00:10Z",
        "registration_closes_at": "2030-01-01T12:00:20Z",
    });
    let event = app.event(&ada, window);
    let register = |name: &str| {
        let person = app.attendee(name);
        app.post(&format!("/api/events/{event}/register")).by(&person).send()
    };
    app.advance_ms(9_999);
    register("Bob").expect_problem(409, "registration_not_open");
    app.advance_ms(1);
    register("Cy").expect(201);
    app.advance_ms(9_999);
    register("Dee").expect(201);
    app.advance_ms(1);
    register("Eve").expect_problem(409, "registration_closed");
}

#[test]
fn nobody_registers_for_a_cancelled_event_but_may_still_leave() {
    let app = App::new();
    let (ada, bob, cy) = (app.organizer("Ada"), app.attendee("Bob"), app.attendee("Cy"));
    let event = app.event(&ada, json!({ "capacity": 1 }));
    app.register(&bob, &event);
    app.register(&cy, &event);
    app.put(&format!("/api/events/{event}"))
        .by(&ada)
        .json(&json!({ "status": "cancelled" }))
        .send()
        .expect(200);
    let dee = app.attendee("Dee");
    app.post(&format!("/api/events/{event}/register")).by(&dee).send().expect_problem(409, "event_cancelled");
    app.leave(&bob, &event);
    assert_eq!(app.standing(&cy, &event), ("waitlisted".to_owned(), Some(1)));
}

#[test]
fn who_is_not_registered_has_no_registration_and_cannot_leave() {
    let app = App::new();
    let (ada, bob) = (app.organizer("Ada"), app.attendee("Bob"));
    let event = app.event(&ada, json!({}));
    let path = format!("/api/events/{event}/register");
    app.get(&path).by(&bob).send().expect_problem(404, "not_found");
    app.delete(&path).by(&bob).send().expect_problem(404, "not_found");
    app.register(&bob, &event);
    app.leave(&bob, &event);
    app.get(&path).by(&bob).send().expect_problem(404, "not_found");
    app.delete(&path).by(&bob).send().expect_problem(404, "not_found");
}

/// The titles of somebody's own list, as it is now.
fn own_list(app: &App, person: &Person) -> Vec<Value> {
    let list = app.get("/api/me/registrations").by(person).send().expect(200).json();
    list["registrations"].as_array().unwrap().iter().map(|own| own["event"]["title"].clone()).collect()
}

#[test]
fn the_own_list_shows_a_registration_before_anything_was_delivered() {
    let app = App::new();
    let (ada, bob) = (app.organizer("Ada"), app.attendee("Bob"));
    let (first, second) = (app.event(&ada, json!({ "title": "First" })), {
        app.advance_ms(1);
        app.event(&ada, json!({ "title": "Second" }))
    });
    assert_eq!(own_list(&app, &bob), Vec::<Value>::new());
    app.register(&bob, &first);
    assert_eq!(own_list(&app, &bob), ["First"]);
    app.register(&bob, &second);
    assert_eq!(own_list(&app, &bob), ["Second", "First"]);
    app.leave(&bob, &first);
    assert_eq!(own_list(&app, &bob), ["Second"]);
    app.register(&bob, &first);
    assert_eq!(own_list(&app, &bob), ["Second", "First"]);
}

#[test]
fn the_own_list_is_the_same_after_everything_was_delivered_and_after_a_restart() {
    let mut app = App::new();
    let (ada, bob) = (app.organizer("Ada"), app.attendee("Bob"));
    let event = app.event(&ada, json!({ "title": "Stays", "join_url": "https://meet.example/x" }));
    let gone = app.event(&ada, json!({ "title": "Goes" }));
    app.register(&bob, &event);
    app.register(&bob, &gone);
    app.leave(&bob, &gone);
    let list = |app: &App| app.get("/api/me/registrations").by(&bob).send().expect(200).json();
    let at_once = list(&app);
    assert_eq!(at_once["registrations"][0]["join_url"], "https://meet.example/x");
    app.state().come_to_rest();
    let token = app.log_in(&bob.email);
    let list = |app: &App| app.get("/api/me/registrations").by(&token).send().expect(200).json();
    assert_eq!(list(&app), at_once);
    app.restart();
    assert_eq!(list(&app), at_once);
}

#[test]
fn the_own_list_comes_in_pages() {
    let app = App::new();
    let (ada, bob) = (app.organizer("Ada"), app.attendee("Bob"));
    for number in 0..7 {
        app.advance_ms(1);
        let event = app.event(&ada, json!({ "title": number.to_string() }));
        app.register(&bob, &event);
    }
    let mut path = "/api/me/registrations?limit=3".to_owned();
    let mut pages = Vec::new();
    loop {
        let page = app.get(&path).by(&bob).send().expect(200);
        let titles: Vec<_> = page.json()["registrations"]
            .as_array()
            .unwrap()
            .iter()
            .map(|own| own["event"]["title"].as_str().unwrap().to_owned())
            .collect();
        pages.push(titles.concat());
        let Some(cursor) = page.json()["next_cursor"].as_str().map(str::to_owned) else {
            assert_eq!(page.header("link"), None);
            break;
        };
        path = format!("/api/me/registrations?limit=3&cursor={cursor}");
        assert_eq!(page.header("link"), Some(format!("<{path}>; rel=\"next\"").as_str()));
    }
    assert_eq!(pages, ["654", "321", "0"]);
}

#[test]
fn a_page_of_the_own_list_asks_a_bounded_number_of_events() {
    let app = App::new();
    let (ada, bob) = (app.organizer("Ada"), app.attendee("Bob"));
    for _ in 0..60 {
        app.advance_ms(1);
        app.register(&bob, &app.event(&ada, json!({})));
    }
    let (mut path, mut pages) = ("/api/me/registrations?limit=200".to_owned(), Vec::new());
    loop {
        let asked = app.state().hops;
        let page = app.get(&path).by(&bob).send().expect(200).json();
        let items = page["registrations"].as_array().unwrap().len();
        // Besides the events, the account twice and the Catalog once.
        assert!(app.state().hops - asked <= 53, "{} questions", app.state().hops - asked);
        pages.push(items);
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        path = format!("/api/me/registrations?limit=200&cursor={cursor}");
    }
    assert_eq!(pages, [50, 10]);
}
