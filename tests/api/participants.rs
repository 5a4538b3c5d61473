//! The organizer's view of who is registered.

use event_platform::api::BrokenOff;
use event_platform::objects::event::Reply;
use event_platform::objects::{Answer, Envelope};
use http::Method;
use serde_json::{Value, json};

use crate::support::app::{App, PASSWORD, Person, event_address, next_piece};
use crate::support::fixtures::register;

#[test]
fn the_organizer_lists_registrations_in_the_order_of_arrival() {
    let app = App::new();
    let ada = app.organizer("Ada");
    let event = app.event(&ada, json!({ "capacity": 2 }));
    let people: Vec<_> = ["Bob", "Cy", "Dee", "Eli", "Fay"].map(|name| app.attendee(name)).into();
    people.iter().for_each(|person| drop(app.register(person, &event)));
    app.leave(&people[1], &event);
    let path = format!("/api/events/{event}/registrations");
    let list = |query: &str| {
        let page = app.get(&format!("{path}{query}")).by(&ada).send().expect(200).json();
        let seats = page["registrations"].as_array().unwrap().clone();
        let line = |seat: &Value| {
            let (name, status) = (seat["user"]["name"].as_str().unwrap(), seat["status"].as_str().unwrap());
            format!("{name} {status} {}", seat["position"])
        };
        (seats.iter().map(line).collect::<Vec<_>>(), page["next_cursor"].as_str().map(str::to_owned))
    };
    let all = [
        "Bob confirmed null",
        "Cy cancelled null",
        "Dee confirmed null",
        "Eli waitlisted 1",
        "Fay waitlisted 2",
    ];
    assert_eq!(list(""), (all.map(str::to_owned).into(), None));
    assert_eq!(list("?status=confirmed").0, ["Bob confirmed null", "Dee confirmed null"]);
    assert_eq!(list("?status=waitlisted").0, ["Eli waitlisted 1", "Fay waitlisted 2"]);
    assert_eq!(list("?status=cancelled").0, ["Cy cancelled null"]);
    let (page, next) = list("?limit=3");
    assert_eq!(page, all[..3]);
    assert_eq!(
        list(&format!("?limit=3&cursor={}", next.unwrap())),
        (all[3..].iter().map(|line| (*line).into()).collect(), None)
    );
    let (page, next) = list("?status=waitlisted&limit=1");
    assert_eq!(page, ["Eli waitlisted 1"]);
    assert_eq!(list(&format!("?status=waitlisted&limit=1&cursor={}", next.unwrap())).0, ["Fay waitlisted 2"]);
}

#[test]
fn a_bad_parameter_of_a_list_is_named() {
    let app = App::new();
    let ada = app.organizer("Ada");
    let event = app.event(&ada, json!({}));
    let path = format!("/api/events/{event}/registrations?status=lost&limit=201&cursor=!");
    let bad = app.get(&path).by(&ada).send().bad_fields();
    assert_eq!(
        bad.iter().map(|(field, _)| field.as_str()).collect::<Vec<_>>(),
        ["status", "limit", "cursor"]
    );
    for limit in ["0", "-1", "x", ""] {
        app.get(&format!("/api/me/registrations?limit={limit}"))
            .by(&ada)
            .send()
            .expect_problem(422, "validation_failed");
    }
}

#[test]
fn the_organizer_gets_the_whole_list_as_a_harmless_spreadsheet() {
    let app = App::new();
    let ada = app.organizer("Ada");
    let event = app.event(&ada, json!({ "join_url": "https://meet.example/x" }));
    for (email, name) in [("bob@example.com", "=1+1"), ("cy@example.com", "Cy, \"the\" Third")] {
        let body = json!({ "email": email, "password": PASSWORD, "name": name });
        app.post("/api/register").json(&body).send().expect(201);
        app.register(&app.log_in(email), &event);
    }
    let path = format!("/api/events/{event}/registrations");
    let sheet = app.get(&path).by(&ada).header("accept", "text/csv").send().expect(200);
    assert_eq!(sheet.header("content-type"), Some("text/csv; charset=utf-8"));
    let lines: Vec<_> = sheet.text().split("\r\n").collect();
    assert_eq!(lines.len(), 4, "{}", sheet.text());
    assert!(!lines[1].contains(",=1+1") && !lines[1].contains("\"=1+1"), "{}", lines[1]);
    assert!(lines[2].contains("\"Cy, \"\"the\"\" Third\""), "{}", lines[2]);
    app.get(&path)
        .by(&app.attendee("Eve"))
        .header("accept", "text/csv")
        .send()
        .expect_problem(403, "forbidden");
}

#[test]
fn the_organizer_can_end_a_registration() {
    let app = App::new();
    let (ada, bob, cy) = (app.organizer("Ada"), app.attendee("Bob"), app.attendee("Cy"));
    let event = app.event(&ada, json!({ "capacity": 1 }));
    let registration = app.register(&bob, &event);
    app.register(&cy, &event);
    let path = format!("/api/events/{event}/registrations/{}", registration["id"].as_str().unwrap());
    app.delete(&path).by(&ada).send().expect(204);
    app.get(&format!("/api/events/{event}/register")).by(&bob).send().expect(404);
    assert_eq!(app.standing(&cy, &event), ("confirmed".to_owned(), None));
    assert_eq!(app.mails_to(&bob), ["confirm_address", "registered", "registration_cancelled"]);
    app.delete(&path).by(&ada).send().expect_problem(404, "not_found");
}

#[test]
fn a_registration_belongs_to_its_event() {
    let app = App::new();
    let (ada, bob) = (app.organizer("Ada"), app.attendee("Bob"));
    let (event, other) = (app.event(&ada, json!({})), app.event(&ada, json!({})));
    let registration = app.register(&bob, &event);
    for id in [registration["id"].as_str().unwrap(), "nonsense"] {
        let path = format!("/api/events/{other}/registrations/{id}");
        app.delete(&path).by(&ada).send().expect_problem(404, "not_found");
        app.post(&format!("{path}/check-in")).by(&ada).send().expect_problem(404, "not_found");
    }
}

/// An event of 2,500 people, put there past the API.
fn crowded(app: &App, organizer: &Person) -> String {
    let event = app.event(organizer, json!({ "capacity": 1_200 }));
    let address = event_address(&event);
    for number in 0..2_500 {
        let envelope = Envelope::new(register(number, number));
        let answer: Answer<Reply> = app.state().ask(&address, envelope).unwrap();
        assert!(answer.is_granted(), "{answer:?}");
    }
    event
}

#[test]
fn a_long_spreadsheet_is_read_no_faster_than_it_is_sent() {
    let app = App::new();
    let ada = app.organizer("Ada");
    let event = crowded(&app, &ada);
    let path = format!("/api/events/{event}/registrations");
    let (head, mut pieces) = app.get(&path).by(&ada).header("accept", "text/csv").begin();
    assert_eq!((head.status(), head.header("etag"), head.header("content-length")), (200, None, None));
    let (asked, mut lines) = (app.state().hops, 0);
    for (piece, questions) in [(1_001, 0), (1_000, 1), (500, 2)] {
        let text = next_piece(&mut pieces).unwrap().unwrap();
        lines += text.matches("\r\n").count();
        assert_eq!((text.matches("\r\n").count(), app.state().hops - asked), (piece, questions));
    }
    assert_eq!((next_piece(&mut pieces), lines), (None, 2_501));

    let whole = app.get(&path).by(&ada).header("accept", "text/csv").send().expect(200);
    let rows: Vec<Vec<&str>> = whole.text().lines().skip(1).map(|line| line.split(',').collect()).collect();
    let positions = rows.iter().filter(|row| row[1] == "waitlisted").map(|row| row[2].parse().unwrap());
    assert_eq!(positions.collect::<Vec<u32>>(), (1..=1_300).collect::<Vec<_>>());
    let waiting = app.get(&format!("{path}?status=waitlisted")).by(&ada).header("accept", "text/csv").send();
    assert_eq!(waiting.expect(200).text().lines().count(), 1_301);
    let head = app.call(Method::HEAD, &path).by(&ada).header("accept", "text/csv").send().expect(200);
    assert_eq!((head.header("content-length"), head.text()), (None, ""));
}

#[test]
fn a_spreadsheet_that_cannot_be_read_to_its_end_is_broken_off() {
    let app = App::new();
    let ada = app.organizer("Ada");
    let event = crowded(&app, &ada);
    let path = format!("/api/events/{event}/registrations");
    let (_, mut pieces) = app.get(&path).by(&ada).header("accept", "text/csv").begin();
    assert!(next_piece(&mut pieces).unwrap().is_ok());
    app.delete(&format!("/api/events/{event}")).by(&ada).send().expect(204);
    assert_eq!(next_piece(&mut pieces), Some(Err(BrokenOff)));
    let state = app.state();
    let told = state.log.iter().find(|line| line.contains("answer_broken_off")).expect("a line in the log");
    assert!(told.contains("\"request_id\":\"") && told.contains("/api/events/{id}/registrations"), "{told}");
}
