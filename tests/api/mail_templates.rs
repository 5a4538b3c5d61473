//! Mails to everybody at an event: it has changed, will not take place, begins soon.

use event_platform::domain::Timestamp;
use event_platform::mail::MailTemplate;
use serde_json::{Value, json};

use crate::support::app::{App, Person, event_address};

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;

/// An organizer, somebody with the one seat, somebody who waits, and the event.
fn full_house() -> (App, Person, Person, Person, String) {
    let app = App::new();
    let (ada, bob, cy) = (app.organizer("Ada"), app.attendee("Bob"), app.attendee("Cy"));
    let link = "https://meet.example/first";
    let event = app.event(&ada, json!({ "capacity": 1, "date": "2030-01-10", "join_url": link }));
    app.register(&bob, &event);
    app.register(&cy, &event);
    app.deliver_outboxes();
    app.state().post.sent.clear();
    (app, ada, bob, cy, event)
}

fn change(app: &App, by: &Person, event: &str, fields: Value) {
    app.put(&format!("/api/events/{event}")).by(by).json(&fields).send().expect(200);
}

/// The same person in a new session: tokens live for an hour.
fn again(app: &App, person: &Person) -> Person {
    app.log_in(&person.email)
}

/// Moves the clock to this instant, delivering on the way what is due.
fn go_to(app: &App, at: &str) {
    let at = Timestamp::parse_rfc3339(at).unwrap();
    let mut state = app.state();
    while let Some(next) = state.nodes.values().filter_map(crate::support::node::Node::alarm_at).min() {
        if next > at {
            break;
        }
        state.now = state.now.max(next);
        state.deliver_outboxes();
    }
    state.now = state.now.max(at);
}

fn wait(app: &App, ms: i64) {
    let at = app.state().now.plus_ms(ms);
    go_to(app, &at.to_rfc3339());
}

/// The subject and the text of what was sent last to somebody.
fn last_text(app: &App, person: &Person) -> String {
    let state = app.state();
    let sent = state.post.sent.iter().rfind(|sent| sent.mail.to.as_str() == person.email).unwrap();
    let body: Value = serde_json::from_str(&sent.body).unwrap();
    let own = match body {
        Value::Array(mails) => {
            mails.into_iter().find(|mail| mail["to"][0].as_str().unwrap().contains(&person.email)).unwrap()
        }
        own => own,
    };
    format!("{}\n{}", own["subject"].as_str().unwrap(), own["text"].as_str().unwrap())
}

#[test]
fn edits_within_two_minutes_make_one_mail_of_old_and_new() {
    let (app, ada, bob, cy, event) = full_house();
    change(&app, &ada, &event, json!({ "time": "15:00" }));
    wait(&app, MINUTE_MS);
    change(&app, &ada, &event, json!({ "time": "16:30", "timezone": "Europe/London" }));
    wait(&app, 50_000);
    assert!(app.mails_to(&bob).is_empty(), "more edits may come");
    wait(&app, 15_000);
    assert_eq!(app.mails_to(&bob), ["event_changed"]);
    assert_eq!(app.mails_to(&cy), ["event_changed"], "who waits wants to know, too");
    let text = last_text(&app, &bob);
    assert!(text.contains("Thursday, 10 January 2030, 16:30 (Europe/London, UTC+00:00)"), "{text}");
    assert!(text.contains("It was to begin on Thursday, 10 January 2030, 14:00 (UTC, UTC+00:00)"), "{text}");
    assert!(!text.contains("15:00"), "what stood for a minute matters to nobody: {text}");
    wait(&app, HOUR_MS);
    assert_eq!(app.mails_to(&bob).len(), 1);
}

#[test]
fn what_was_changed_and_changed_back_is_no_news() {
    let (app, ada, bob, _, event) = full_house();
    change(&app, &ada, &event, json!({ "time": "15:00" }));
    change(&app, &ada, &event, json!({ "time": "14:00" }));
    wait(&app, HOUR_MS);
    assert!(app.mails_to(&bob).is_empty());
}

#[test]
fn what_does_not_matter_to_readers_is_not_told() {
    let (app, ada, bob, _, event) = full_house();
    for fields in [
        json!({ "title": "Another" }),
        json!({ "description": "Others" }),
        json!({ "tags": ["x"], "visibility": "unlisted" }),
        json!({ "duration_minutes": 90 }),
        json!({ "registration_closes_at": "2030-01-09T00:00:00Z" }),
    ] {
        change(&app, &ada, &event, fields);
    }
    wait(&app, HOUR_MS);
    assert!(app.mails_to(&bob).is_empty());
}

/// The link is for those who have a seat.
#[test]
fn a_new_link_is_told_to_those_with_a_seat_alone() {
    let (app, ada, bob, cy, event) = full_house();
    change(&app, &ada, &event, json!({ "join_url": "https://meet.example/second" }));
    wait(&app, 3 * MINUTE_MS);
    assert_eq!(app.mails_to(&bob), ["event_changed"]);
    let text = last_text(&app, &bob);
    assert!(text.contains("https://meet.example/first") && text.contains("https://meet.example/second"));
    assert!(app.mails_to(&cy).is_empty());
}

#[test]
fn who_comes_after_an_edit_has_nothing_to_hear_of_it() {
    let (app, ada, _, _, event) = full_house();
    change(&app, &ada, &event, json!({ "time": "15:00" }));
    let dan = app.attendee("Dan");
    app.register(&dan, &event);
    wait(&app, HOUR_MS);
    assert_eq!(app.mails_to(&dan), ["confirm_address", "waitlisted"]);
}

/// A restart between the edit and the mail changes nothing.
#[test]
fn a_mail_that_waits_survives_a_restart() {
    let (mut app, ada, bob, _, event) = full_house();
    change(&app, &ada, &event, json!({ "time": "15:00" }));
    app.restart();
    wait(&app, 3 * MINUTE_MS);
    assert_eq!(app.mails_to(&bob), ["event_changed"]);
}

#[test]
fn everybody_hears_once_that_an_event_is_cancelled_or_deleted() {
    for (cancelled, deleted) in [(true, false), (false, true), (true, true)] {
        let (app, ada, bob, cy, event) = full_house();
        if cancelled {
            change(&app, &ada, &event, json!({ "status": "cancelled" }));
            wait(&app, MINUTE_MS);
        }
        if deleted {
            app.delete(&format!("/api/events/{event}")).by(&ada).send().expect(204);
            wait(&app, MINUTE_MS);
        }
        let expected = if cancelled { "event_cancelled" } else { "event_deleted" };
        assert_eq!(app.mails_to(&bob), [expected]);
        assert_eq!(app.mails_to(&cy), [expected]);
        go_to(&app, "2030-01-11T00:00:00Z");
        assert_eq!(app.mails_to(&bob), [expected], "and nothing reminds of it");
    }
}

#[test]
fn an_edit_that_ends_in_a_cancellation_is_told_as_one() {
    let (app, ada, bob, _, event) = full_house();
    change(&app, &ada, &event, json!({ "time": "15:00" }));
    change(&app, &ada, &event, json!({ "status": "cancelled" }));
    wait(&app, HOUR_MS);
    assert_eq!(app.mails_to(&bob), ["event_cancelled"]);
}

#[test]
fn reminders_come_a_day_and_a_quarter_of_an_hour_before() {
    let (app, _, bob, cy, _) = full_house();
    go_to(&app, "2030-01-09T13:59:50Z");
    assert!(app.state().post.sent.is_empty());
    go_to(&app, "2030-01-09T14:00:01Z");
    assert_eq!(app.mails_to(&bob), ["reminder_day"]);
    go_to(&app, "2030-01-10T13:44:50Z");
    assert_eq!(app.mails_to(&bob), ["reminder_day"]);
    go_to(&app, "2030-01-10T13:45:01Z");
    assert_eq!(app.mails_to(&bob), ["reminder_day", "reminder_quarter"]);
    assert!(last_text(&app, &bob).contains("https://meet.example/first"));
    go_to(&app, "2030-02-01T00:00:00Z");
    assert_eq!(app.mails_to(&bob).len(), 2);
    assert!(app.mails_to(&cy).is_empty(), "who has no seat goes nowhere");
}

#[test]
fn reminders_move_with_the_event() {
    let (app, ada, bob, _, event) = full_house();
    go_to(&app, "2030-01-09T15:00:00Z");
    assert_eq!(app.mails_to(&bob), ["reminder_day"]);
    change(&app, &again(&app, &ada), &event, json!({ "date": "2030-01-20" }));
    go_to(&app, "2030-01-19T13:59:00Z");
    assert_eq!(app.mails_to(&bob), ["reminder_day", "event_changed"]);
    go_to(&app, "2030-01-21T00:00:00Z");
    let all = ["reminder_day", "event_changed", "reminder_day", "reminder_quarter"];
    assert_eq!(app.mails_to(&bob), all);
}

#[test]
fn nobody_is_reminded_of_the_past_or_of_what_they_have_left() {
    let (app, ada, bob, cy, event) = full_house();
    let late = app.attendee("Dan");
    change(&app, &ada, &event, json!({ "capacity": 3 }));
    go_to(&app, "2030-01-09T20:00:00Z");
    let (late, bob) = (again(&app, &late), again(&app, &bob));
    app.register(&late, &event);
    app.leave(&bob, &event);
    go_to(&app, "2030-01-12T00:00:00Z");
    assert_eq!(app.mails_to(&bob), ["reminder_day", "registration_cancelled"]);
    assert_eq!(app.mails_to(&cy), ["seat_is_yours", "reminder_day", "reminder_quarter"]);
    assert_eq!(app.mails_to(&late), ["confirm_address", "registered", "reminder_quarter"]);
    let past = app.event(&again(&app, &ada), json!({ "date": "2030-01-11" }));
    app.register(&again(&app, &bob), &past);
    go_to(&app, "2030-02-01T00:00:00Z");
    assert_eq!(app.mails_to(&bob).last(), Some(&"registered"));
}

/// A reminder that could not be delivered before the start has lost its point, and one whose
/// reader has left since is taken back.
#[test]
fn reminders_that_wait_for_the_provider_do_not_come_late() {
    let (app, _, bob, _, event) = full_house();
    go_to(&app, "2030-01-09T13:00:00Z");
    app.state().post.up = false;
    go_to(&app, "2030-01-10T14:10:00Z");
    app.state().post.up = true;
    go_to(&app, "2030-01-13T00:00:00Z");
    assert!(app.mails_to(&bob).is_empty());
    let sql = &app.state().nodes[&event_address(&event)].sql;
    let parked = event_platform::objects::sql::Sql::run(sql, "SELECT reason FROM parked", &[]).unwrap();
    assert!(!parked.is_empty() && parked.iter().all(|row| row.get::<String>(0).unwrap() == "expired"));
}

#[test]
fn a_reminder_on_its_way_is_taken_back_when_its_reader_leaves() {
    let (app, _, bob, _, event) = full_house();
    go_to(&app, "2030-01-09T13:00:00Z");
    app.state().post.up = false;
    go_to(&app, "2030-01-09T14:01:00Z");
    app.leave(&again(&app, &bob), &event);
    app.state().post.up = true;
    go_to(&app, "2030-01-09T16:00:00Z");
    assert_eq!(app.mails_to(&bob), ["registration_cancelled"]);
}

/// Attached files have one UID and a SEQUENCE that rises with the event.
#[test]
fn each_mail_asks_the_calendar_for_what_it_says() {
    let (app, ada, bob, _, event) = full_house();
    change(&app, &ada, &event, json!({ "time": "15:00" }));
    wait(&app, 3 * MINUTE_MS);
    change(&app, &ada, &event, json!({ "status": "cancelled" }));
    wait(&app, 3 * MINUTE_MS);
    let state = app.state();
    let theirs = state.post.sent.iter().filter(|sent| sent.mail.to.as_str() == bob.email);
    let methods: Vec<_> =
        theirs.map(|sent| (sent.mail.template.method(), sequence(&sent.mail.template))).collect();
    use event_platform::calendar::Method::{Cancel, Request};
    assert_eq!(methods, [(Some(Request), 4), (Some(Cancel), 5)], "two registrations count as well");
}

fn sequence(template: &MailTemplate) -> u64 {
    template.event().unwrap().sequence
}

/// A full house after the event, which ends at 15:00.
fn after_the_end() -> (App, Person, Person, Person, String) {
    let (app, ada, bob, cy, event) = full_house();
    go_to(&app, "2030-01-10T15:00:00Z");
    app.state().post.sent.clear();
    let (ada, bob, cy) = (again(&app, &ada), again(&app, &bob), again(&app, &cy));
    (app, ada, bob, cy, event)
}

#[test]
fn a_seat_at_an_event_that_is_over_is_no_news() {
    let (app, ada, bob, cy, event) = after_the_end();
    app.leave(&bob, &event);
    change(&app, &ada, &event, json!({ "capacity": 5 }));
    wait(&app, HOUR_MS);
    assert_eq!(app.standing(&cy, &event).0, "confirmed");
    assert!(app.mails_to(&cy).is_empty());
    assert_eq!(app.mails_to(&bob), ["registration_cancelled"], "what somebody does is confirmed");
    app.register(&again(&app, &bob), &event);
    assert_eq!(app.mails_to(&bob), ["registration_cancelled", "registered"]);
}

#[test]
fn a_change_of_an_event_that_is_over_is_no_news() {
    let (app, ada, bob, cy, event) = after_the_end();
    change(&app, &ada, &event, json!({ "join_url": "https://meet.example/recording" }));
    change(&app, &ada, &event, json!({ "time": "13:00" }));
    wait(&app, HOUR_MS);
    assert!(app.mails_to(&bob).is_empty() && app.mails_to(&cy).is_empty());
    change(&app, &again(&app, &ada), &event, json!({ "date": "2030-02-10" }));
    wait(&app, HOUR_MS);
    assert_eq!(app.mails_to(&bob), ["event_changed"], "it takes place once more");
    assert_eq!(app.mails_to(&cy), ["event_changed"]);
}

#[test]
fn a_change_that_is_gathered_past_the_end_is_no_news() {
    let (app, ada, bob, _, event) = full_house();
    go_to(&app, "2030-01-10T14:59:00Z");
    app.state().post.sent.clear();
    change(&app, &again(&app, &ada), &event, json!({ "join_url": "https://meet.example/second" }));
    wait(&app, HOUR_MS);
    assert!(app.mails_to(&bob).is_empty());
}

#[test]
fn who_waits_for_an_event_hears_that_it_was_moved_into_the_past() {
    let (app, ada, bob, _, event) = full_house();
    change(&app, &ada, &event, json!({ "date": "2029-01-10" }));
    wait(&app, HOUR_MS);
    assert_eq!(app.mails_to(&bob), ["event_changed"]);
}

#[test]
fn the_cancellation_or_deletion_of_an_event_that_is_over_is_no_news() {
    for (cancelled, deleted) in [(true, false), (false, true), (true, true)] {
        let (app, ada, bob, cy, event) = after_the_end();
        if cancelled {
            change(&app, &ada, &event, json!({ "status": "cancelled" }));
            wait(&app, MINUTE_MS);
        }
        if deleted {
            app.delete(&format!("/api/events/{event}")).by(&ada).send().expect(204);
        }
        wait(&app, HOUR_MS);
        assert!(app.mails_to(&bob).is_empty() && app.mails_to(&cy).is_empty());
    }
}

/// What operators hide is told when they show it again, if it has a point by then.
#[test]
fn a_cancellation_that_comes_to_light_after_the_end_is_no_news() {
    for (shown_at, expected) in
        [("2030-01-10T14:30:00Z", ["event_cancelled"].as_slice()), ("2030-01-10T15:30:00Z", &[])]
    {
        let (app, ada, bob, _, event) = full_house();
        let path = format!("/api/admin/events/{event}");
        app.post(&format!("{path}/take-down")).by_operator().send().expect(200);
        change(&app, &ada, &event, json!({ "status": "cancelled" }));
        go_to(&app, shown_at);
        assert!(app.mails_to(&bob).is_empty());
        app.post(&format!("{path}/restore")).by_operator().send().expect(200);
        wait(&app, MINUTE_MS);
        assert_eq!(app.mails_to(&bob), expected, "{shown_at}");
    }
}
