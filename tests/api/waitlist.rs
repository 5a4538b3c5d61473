//! Who gets a seat, and when: the heart of the product.

use serde_json::{Value, json};

use crate::support::app::{App, Person};

struct Hall {
    app: App,
    organizer: Person,
    event: String,
    people: Vec<Person>,
}

impl Hall {
    /// An event with so many seats, and people who register one after the other.
    fn new(seats: u32, people: usize) -> Self {
        let app = App::new();
        let organizer = app.organizer("Ada");
        let event = app.event(&organizer, json!({ "capacity": seats }));
        let people: Vec<_> = (0..people).map(|number| app.attendee(&format!("p{number}"))).collect();
        people.iter().for_each(|person| drop(app.register(person, &event)));
        Self { app, organizer, event, people }
    }

    fn leave(&self, person: usize) {
        self.app.leave(&self.people[person], &self.event);
    }

    fn register(&self, person: usize) -> Value {
        self.app.register(&self.people[person], &self.event)
    }

    fn change(&self, fields: &Value) -> crate::support::app::Answer {
        self.app.put(&format!("/api/events/{}", self.event)).by(&self.organizer).json(fields).send()
    }

    /// Everybody's place: `s` for a seat, the number of a place on the waitlist, `-` for none.
    fn places(&self) -> String {
        let place = |person: &Person| {
            let path = format!("/api/events/{}/register", self.event);
            let answer = self.app.get(&path).by(person).send();
            if answer.status() == 404 {
                return "-".to_owned();
            }
            match &answer.json()["registration"]["position"] {
                Value::Null => "s".to_owned(),
                position => position.to_string(),
            }
        };
        self.people.iter().map(place).collect::<Vec<_>>().join(" ")
    }
}

#[test]
fn seats_go_to_the_first_and_places_to_the_others_in_order() {
    assert_eq!(Hall::new(2, 5).places(), "s s 1 2 3");
}

#[test]
fn a_seat_that_is_given_back_goes_to_the_head_of_the_waitlist() {
    let hall = Hall::new(2, 5);
    hall.leave(0);
    assert_eq!(hall.places(), "- s s 1 2");
    hall.leave(2);
    assert_eq!(hall.places(), "- s - s 1");
}

#[test]
fn who_leaves_the_waitlist_lets_those_behind_move_up_and_nobody_in() {
    let hall = Hall::new(1, 4);
    hall.leave(2);
    assert_eq!(hall.places(), "s 1 - 2");
}

#[test]
fn who_comes_back_is_last_with_a_new_registration() {
    let hall = Hall::new(1, 4);
    hall.leave(1);
    let back = hall.register(1);
    assert_eq!((&back["status"], &back["position"]), (&json!("waitlisted"), &json!(3)));
    assert_eq!(hall.places(), "s 3 1 2");
    hall.leave(0);
    hall.register(0);
    assert_eq!(hall.places(), "3 2 s 1");
}

#[test]
fn a_raised_capacity_moves_the_waitlist_up_at_once() {
    let hall = Hall::new(1, 6);
    let event = hall.change(&json!({ "capacity": 3 })).expect(200).json();
    assert_eq!(event["event"]["seats"], json!({ "confirmed": 3, "waitlisted": 3, "remaining": 0 }));
    assert_eq!(hall.places(), "s s s 1 2 3");
    hall.change(&json!({ "capacity": null })).expect(200);
    assert_eq!(hall.places(), "s s s s s s");
}

#[test]
fn a_limit_set_at_last_oversells_nothing() {
    let hall = Hall::new(3, 3);
    hall.change(&json!({ "capacity": null })).expect(200);
    hall.change(&json!({ "capacity": 2 })).expect_problem(409, "capacity_below_confirmed");
    hall.change(&json!({ "capacity": 3 })).expect(200);
    let late = hall.app.attendee("late");
    assert_eq!(hall.app.register(&late, &hall.event)["position"], 1);
}

#[test]
fn those_who_wait_keep_waiting_when_the_waitlist_is_closed() {
    let hall = Hall::new(1, 3);
    hall.change(&json!({ "waitlist": false })).expect(200);
    assert_eq!(hall.places(), "s 1 2");
    hall.leave(0);
    assert_eq!(hall.places(), "- s 1");
    let late = hall.app.attendee("late");
    let path = format!("/api/events/{}/register", hall.event);
    hall.app.post(&path).by(&late).send().expect_problem(409, "event_full");
}

#[test]
fn who_moves_up_is_told_once_and_confirmed_from_then_on() {
    let hall = Hall::new(1, 2);
    hall.app.advance_ms(5_000);
    hall.leave(0);
    let path = format!("/api/events/{}/register", hall.event);
    let own = hall.app.get(&path).by(&hall.people[1]).send().json()["registration"].clone();
    assert_eq!(
        (&own["registered_at"], &own["confirmed_at"]),
        (&json!("2030-01-01T12:00:00Z"), &json!("2030-01-01T12:00:05Z"))
    );
    assert_eq!(
        hall.app.mails_to(&hall.people[0]),
        ["confirm_address", "registered", "registration_cancelled"]
    );
    assert_eq!(hall.app.mails_to(&hall.people[1]), ["confirm_address", "waitlisted", "seat_is_yours"]);
    hall.app.state().come_to_rest();
    assert_eq!(hall.app.mails_to(&hall.people[1]).len(), 3);
}

#[test]
fn the_order_outlives_restarts() {
    let mut hall = Hall::new(1, 5);
    hall.leave(2);
    hall.register(2);
    hall.app.restart();
    assert_eq!(hall.places(), "s 1 4 2 3");
    hall.leave(0);
    hall.app.restart();
    assert_eq!(hall.places(), "- s 3 1 2");
    hall.register(0);
    assert_eq!(hall.places(), "4 s 3 1 2");
}
