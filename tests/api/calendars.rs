//! Events as iCalendar files, the personal feed, and the links in mail.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::support::app::{App, Person};

fn lines(file: &str) -> Vec<String> {
    file.replace("\r\n ", "").split("\r\n").map(str::to_owned).collect()
}

#[test]
fn an_event_is_a_file_for_calendars_without_its_link() {
    let app = App::new();
    let ada = app.organizer("Ada");
    let fields = json!({
        "title": "Tea, cake; more", "timezone": "Europe/London", "date": "2030-07-01", "time": "14:00",
        "description": "First\nsecond", "join_url": "https://meet.example/secret-room",
    });
    let event = app.event(&ada, fields);
    let path = format!("/api/events/{event}/calendar.ics");
    let answer = app.get(&path).send().expect(200);
    assert_eq!(answer.header("content-type"), Some("text/calendar; charset=utf-8"));
    let file = lines(answer.text());
    for expected in [
        format!("UID:{event}"),
        "SEQUENCE:0".to_owned(),
        "DTSTART:20300701T130000Z".to_owned(),
        "DTEND:20300701T140000Z".to_owned(),
        "SUMMARY:Tea\\, cake\\; more".to_owned(),
        "STATUS:CONFIRMED".to_owned(),
        format!("URL:https://events.example/#/events/{event}"),
    ] {
        assert!(file.contains(&expected), "{expected} in {file:?}");
    }
    for by in [app.get(&path), app.get(&path).by(&ada)] {
        assert!(!by.send().text().contains("secret-room"));
    }
    let etag = answer.etag();
    assert!(etag.starts_with('"'), "{etag}");
    app.get(&path).header("if-none-match", &etag).send().expect(304);
    app.put(&format!("/api/events/{event}")).by(&ada).json(&json!({ "time": "15:00" })).send().expect(200);
    let changed = app.get(&path).header("if-none-match", &etag).send().expect(200);
    let file = lines(changed.text());
    assert!(file.contains(&"SEQUENCE:1".to_owned()) && file.contains(&format!("UID:{event}")));
    app.put(&format!("/api/events/{event}"))
        .by(&ada)
        .json(&json!({ "status": "cancelled" }))
        .send()
        .expect(200);
    assert!(lines(app.get(&path).send().text()).contains(&"STATUS:CANCELLED".to_owned()));
    app.delete(&format!("/api/events/{event}")).by(&ada).send().expect(204);
    app.get(&path).send().expect(404);
}

#[test]
fn a_default_title_keeps_its_words_apart() {
    let app = App::new();
    let ada = app.organizer("Ada");
    let event =
        app.event(&ada, json!({ "description": "\n\tAgenda\t\u{7} Talks\u{2028}Second line\u{b}third" }));
    let shown = app.get(&format!("/api/events/{event}")).send().json();
    assert_eq!(shown["event"]["title"], "Agenda Talks");
    let file = lines(app.get(&format!("/api/events/{event}/calendar.ics")).send().text());
    assert!(file.contains(&"SUMMARY:Agenda Talks".to_owned()), "{file:?}");
    let description = file.iter().find(|line| line.starts_with("DESCRIPTION:")).unwrap();
    assert!(description.ends_with("\\n\tAgenda\t  Talks\\nSecond line\\nthird"), "{description}");
}

#[test]
fn a_summer_of_another_century_is_at_the_right_time() {
    let app = App::new();
    let fields = json!({ "timezone": "Europe/Berlin", "date": "2100-07-01", "time": "12:00" });
    let event = app.event(&app.organizer("Ada"), fields);
    let file = lines(app.get(&format!("/api/events/{event}/calendar.ics")).send().text());
    for expected in ["DTSTART:21000701T100000Z", "DTEND:21000701T110000Z"] {
        assert!(file.iter().any(|line| line == expected), "{expected} in {file:?}");
    }
}

#[test]
fn a_draft_is_a_file_for_its_organizer_alone() {
    let app = App::new();
    let (ada, bob) = (app.organizer("Ada"), app.attendee("Bob"));
    let event = app.event(&ada, json!({ "status": "draft" }));
    let path = format!("/api/events/{event}/calendar.ics");
    app.get(&path).send().expect(404);
    app.get(&path).by(&bob).send().expect(404);
    app.get(&path).by(&ada).send().expect(200);
    app.get("/api/events/nonsense/calendar.ics").send().expect(404);
    app.post("/api/logout").by(&ada).send().expect(204);
    app.get(&path).by(&ada).send().expect(404);
}

/// The path and query of a new feed.
fn feed(app: &App, person: &Person) -> String {
    let answer = app.post("/api/me/calendar-key").by(person).send().expect(201).json();
    answer["url"].as_str().unwrap().strip_prefix("https://events.example").unwrap().to_owned()
}

#[test]
fn a_feed_holds_the_events_at_which_its_owner_has_a_seat() {
    let mut app = App::new();
    let (ada, bob, cy) = (app.organizer("Ada"), app.attendee("Bob"), app.attendee("Cy"));
    let events: Vec<_> = (0..3).map(|_| app.event(&ada, json!({ "capacity": 1 }))).collect();
    app.register(&bob, &events[0]);
    app.register(&bob, &events[1]);
    app.register(&cy, &events[2]);
    app.register(&bob, &events[2]);
    app.state().come_to_rest();
    let path = feed(&app, &bob);
    app.restart();
    let answer = app.get(&path).send().expect(200);
    assert_eq!(answer.header("content-type"), Some("text/calendar; charset=utf-8"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let uids = |text: &str| {
        let uids = lines(text).into_iter().filter_map(|line| line.strip_prefix("UID:").map(str::to_owned));
        let mut uids: Vec<_> = uids.collect();
        uids.sort();
        uids
    };
    let mut expected = events[..2].to_vec();
    expected.sort();
    assert_eq!(uids(answer.text()), expected, "a place on the waitlist is no appointment");
    app.get(&path).header("if-none-match", &answer.etag()).send().expect(304);
    app.leave(&bob, &events[0]);
    let left = app.get(&path).header("if-none-match", &answer.etag()).send().expect(200);
    assert_eq!(uids(left.text()), events[1..2]);
}

/// RFC 5545 asks for a component in every calendar.
#[test]
fn a_feed_without_events_is_a_calendar_with_a_time_zone() {
    let app = App::new();
    let bob = app.attendee("Bob");
    let answer = app.get(&feed(&app, &bob)).send().expect(200);
    let file = lines(answer.text());
    let components: Vec<_> = file.iter().filter_map(|line| line.strip_prefix("BEGIN:")).collect();
    assert_eq!(components, ["VCALENDAR", "VTIMEZONE", "STANDARD"]);
}

#[test]
fn another_key_replaces_the_one_before_and_others_open_nothing() {
    let app = App::new();
    let bob = app.attendee("Bob");
    let first = feed(&app, &bob);
    app.get(&first).send().expect(200);
    let second = feed(&app, &bob);
    assert_ne!(first, second);
    app.get(&first).send().expect_problem(404, "not_found");
    app.get(&second).send().expect(200);
    let guess = format!("{}A", &second[..second.len() - 1]);
    for path in ["/api/me/calendar.ics", "/api/me/calendar.ics?key=x.y", &guess, &second.replace('.', "")] {
        app.get(path).send().expect(404);
    }
    app.post("/api/me/calendar-key").send().expect_problem(401, "unauthenticated");
    let key = second.split_once("key=").unwrap().1.to_owned();
    let state = app.state();
    assert!(
        state.nodes.values().all(|node| !node.sql.dump().join("\n").contains(&key)),
        "a digest is stored"
    );
    assert!(state.log.iter().all(|line| !line.contains(&key)), "the log says nothing of it");
}

/// The link of this purpose in the last mail to somebody.
fn link(app: &App, person: &Person, purpose: &str) -> String {
    app.deliver_outboxes();
    let state = app.state();
    let sent = state.post.sent.iter().rfind(|sent| sent.mail.to.as_str() == person.email).unwrap();
    let body: Value = serde_json::from_str(&sent.body).unwrap();
    let text = body["text"].as_str().unwrap();
    let url = text.lines().find(|line| line.contains(&format!("/{purpose}?key="))).expect("a link");
    url.strip_prefix("https://events.example").expect("it leads here").to_owned()
}

/// The method and the SEQUENCE of each calendar file that was sent to somebody.
fn attached(app: &App, person: &Person) -> Vec<(String, u64)> {
    app.deliver_outboxes();
    let state = app.state();
    let theirs = state.post.sent.iter().filter(|sent| sent.mail.to.as_str() == person.email);
    let read = |body: &str| {
        let body: Value = serde_json::from_str(body).unwrap();
        let file = STANDARD.decode(body["attachments"][0]["content"].as_str()?).unwrap();
        let file = lines(std::str::from_utf8(&file).unwrap());
        let value = |name: &str| file.iter().find_map(|line| line.strip_prefix(name)).unwrap().to_owned();
        Some((value("METHOD:"), value("SEQUENCE:").parse().unwrap()))
    };
    theirs.filter_map(|sent| read(&sent.body)).collect()
}

/// A calendar keeps the entry with the highest SEQUENCE.
#[test]
fn each_file_for_one_person_has_a_higher_sequence_than_the_one_before() {
    let mut app = App::new();
    let (ada, bob, cy) = (app.organizer("Ada"), app.attendee("Bob"), app.attendee("Cy"));
    let event = app.event(&ada, json!({ "capacity": 1, "date": "2030-01-10" }));
    let path = format!("/api/events/{event}");
    for _ in 0..2 {
        app.register(&bob, &event);
        app.register(&cy, &event);
        app.leave(&bob, &event);
        app.restart();
        app.leave(&cy, &event);
    }
    app.register(&bob, &event);
    app.put(&path).by(&ada).json(&json!({ "time": "15:00" })).send().expect(200);
    app.state().come_to_rest();
    app.advance_ms(180_000);
    app.deliver_outboxes();
    app.put(&path).by(&ada).json(&json!({ "status": "cancelled" })).send().expect(200);
    for (person, expected) in [
        (&bob, ["REQUEST", "CANCEL", "REQUEST", "CANCEL", "REQUEST", "REQUEST", "CANCEL"].as_slice()),
        (&cy, &["REQUEST", "CANCEL", "REQUEST", "CANCEL"]),
    ] {
        let (methods, sequences): (Vec<_>, Vec<_>) = attached(&app, person).into_iter().unzip();
        assert_eq!(methods, expected);
        assert!(sequences.windows(2).all(|pair| pair[0] < pair[1]), "{sequences:?}");
    }
}

#[test]
fn the_link_to_cancel_asks_first_and_gives_the_seat_to_who_waits() {
    let app = App::new();
    let (ada, bob, cy) = (app.organizer("Ada"), app.attendee("Bob"), app.attendee("Cy"));
    let event = app.event(&ada, json!({ "capacity": 1, "title": "Tea & <cake>" }));
    app.register(&bob, &event);
    app.register(&cy, &event);
    let cancel = link(&app, &bob, "cancel");
    for _ in 0..2 {
        let page = app.get(&cancel).send().expect_page(200);
        assert!(
            page.text().contains("<form method=\"post\">")
                && page.text().contains("Tea &#38; &#60;cake&#62;")
        );
        assert_eq!(page.header("referrer-policy"), Some("no-referrer"));
        assert!(page.header("content-security-policy").unwrap().contains("default-src 'none'"));
    }
    assert_eq!(app.standing(&bob, &event).0, "confirmed", "looking at it does nothing");
    app.post(&cancel).body("application/x-www-form-urlencoded", "").send().expect(200);
    app.get(&format!("/api/events/{event}/register")).by(&bob).send().expect(404);
    assert_eq!(app.standing(&cy, &event).0, "confirmed");
    assert_eq!(app.mails_to(&bob).last(), Some(&"registration_cancelled"));
    app.register(&bob, &event);
    let again = app.post(&cancel).send().expect_page(200);
    assert!(again.text().contains("has ended"));
    assert_eq!(app.standing(&bob, &event).0, "waitlisted", "a spent link ends no other registration");
}

#[test]
fn a_link_of_a_registration_that_has_ended_says_so_and_whether_another_one_stands() {
    let mut app = App::new();
    let (ada, bob, cy) = (app.organizer("Ada"), app.attendee("Bob"), app.attendee("Cy"));
    let event = app.event(&ada, json!({ "date": "2030-01-02", "time": "13:00" }));
    app.register(&bob, &event);
    app.deliver_outboxes();
    app.state().come_to_rest();
    let (cancel, unremind) = (link(&app, &bob, "cancel"), link(&app, &bob, "unremind"));
    let bob = app.log_in(&bob.email);
    let says = |app: &App, another: bool| {
        for page in [&cancel, &unremind] {
            for answer in [app.get(page).send().expect_page(200), app.post(page).send().expect_page(200)] {
                let text = answer.text();
                assert!(text.contains("This registration has ended.") && !text.contains("<form"), "{text}");
                assert_eq!(text.contains("you have registered again since"), another, "{text}");
            }
        }
    };
    app.leave(&bob, &event);
    app.register(&app.log_in(&cy.email), &event);
    says(&app, false);
    for _ in 0..3 {
        app.register(&bob, &event);
        says(&app, true);
        assert_eq!(app.standing(&bob, &event).0, "confirmed");
        app.leave(&bob, &event);
        app.restart();
        says(&app, false);
    }
    app.register(&bob, &event);
    let newer = link(&app, &bob, "cancel");
    assert!(app.get(&newer).send().expect_page(200).text().contains("<form method=\"post\">"));
    app.delete_account(&bob);
    app.state().come_to_rest();
    says(&app, false);
    app.delete(&format!("/api/events/{event}")).by(&app.log_in(&ada.email)).send().expect(204);
    says(&app, false);
}

#[test]
fn a_link_that_was_tampered_with_does_nothing() {
    let app = App::new();
    let (ada, bob, cy) = (app.organizer("Ada"), app.attendee("Bob"), app.attendee("Cy"));
    let event = app.event(&ada, json!({}));
    let own = app.register(&bob, &event)["id"].as_str().unwrap().to_owned();
    let other = app.register(&cy, &event)["id"].as_str().unwrap().to_owned();
    let cancel = link(&app, &bob, "cancel");
    let (path, _) = cancel.split_once('?').unwrap();
    for broken in [
        path.to_owned(),
        format!("{path}?key="),
        cancel[..cancel.len() - 2].to_owned(),
        cancel.replace(&own, &other),
        cancel.replace("/cancel?", "/unremind?"),
    ] {
        app.get(&broken).send().expect_page(422);
        app.post(&broken).send().expect(422);
    }
    assert_eq!(app.standing(&bob, &event).0, "confirmed");
    assert_eq!(app.standing(&cy, &event).0, "confirmed");
}

#[test]
fn one_click_ends_the_reminders_and_keeps_the_seat() {
    let app = App::new();
    let (ada, bob) = (app.organizer("Ada"), app.attendee("Bob"));
    let event = app.event(&ada, json!({ "date": "2030-01-02", "time": "13:00" }));
    app.register(&bob, &event);
    app.deliver_outboxes();
    app.state().come_to_rest();
    assert_eq!(app.mails_to(&bob).last(), Some(&"reminder_day"));
    let unremind = {
        let state = app.state();
        let body: Value = serde_json::from_str(&state.post.sent.last().unwrap().body).unwrap();
        assert_eq!(body["headers"]["List-Unsubscribe-Post"], "List-Unsubscribe=One-Click");
        let header = body["headers"]["List-Unsubscribe"].as_str().unwrap();
        header.trim_matches(['<', '>']).strip_prefix("https://events.example").unwrap().to_owned()
    };
    app.get(&unremind).send().expect(200);
    app.post(&unremind)
        .body("application/x-www-form-urlencoded", "List-Unsubscribe=One-Click")
        .send()
        .expect(200);
    app.advance_ms(2 * 86_400_000);
    assert_eq!(app.mails_to(&bob).last(), Some(&"reminder_day"));
    assert_eq!(app.standing(&app.log_in(&bob.email), &event).0, "confirmed");
}
