//! Between the API and events.

use super::*;

fn registration(status: SeatStatus) -> Registration {
    Registration {
        id: registration_id(1),
        event: event_id(1),
        user: user(2),
        name: participant(2).name,
        email: email(2),
        status,
        position: Some(7),
        registered_at: Timestamp::from_ms(1),
        confirmed_at: Some(Timestamp::from_ms(2)),
        checked_in_at: None,
        join_url: Some("https://meet.example/secret".to_owned()),
        email_status: EmailStatus::Ok,
    }
}

fn registration_json(status: &str) -> String {
    format!(
        r#"{{"id":"01b8dd58-e200-7000-8000-000000000001","event":"01b8dd58-e200-7000-8000-000000000001","user":"01b8dd58-e200-7000-8000-000000000002","name":"Person 2","email":"person-2@example.com","status":"{status}","position":7,"registered_at":1,"confirmed_at":2,"checked_in_at":null,"join_url":"https://meet.example/secret"}}"#
    )
}

#[test]
fn what_is_asked_of_an_event() {
    use event::Command;
    let by = user(ORGANIZER);
    let asked = Command::Create(Box::new(Create {
        id: event_id(1),
        organizer: organizer(),
        details: details(&everything_set()),
        fingerprint: Some("f".to_owned()),
    }));
    match asked {
        // A command that is new here needs its golden string below.
        Command::Create(_)
        | Command::Read
        | Command::Update { .. }
        | Command::Delete { .. }
        | Command::Register { .. }
        | Command::Mine { .. }
        | Command::Record(_)
        | Command::AccountChange(_)
        | Command::Leave { .. }
        | Command::List { .. }
        | Command::Remove { .. }
        | Command::CheckIn { .. }
        | Command::Join { .. }
        | Command::Withdraw { .. }
        | Command::Unremind { .. }
        | Command::Linked { .. }
        | Command::Admin(_) => {}
    }
    let created = format!(
        r#"{{"create":{{"id":"01b8dd58-e200-7000-8000-000000000001","organizer":{ORGANIZER_JSON},"details":{DETAILS},"fingerprint":"f"}}}}"#
    );
    let set = r#"{"title":{"set":"Rust"},"description":{"set":"All day."},"date":{"set":"2024-05-25"},"time":{"set":"14:00:00"},"timezone":{"set":"Europe/Berlin"},"duration_minutes":{"set":90},"capacity":{"set":25},"waitlist":{"set":false},"status":{"set":"draft"},"visibility":{"set":"unlisted"},"registration_opens_at":{"set":1},"registration_closes_at":{"set":2},"join_url":{"set":"https://meet.example/secret"},"tags":{"set":["rust","wasm"]}}"#;
    let updated = format!(r#"{{"update":{{"by":"{by}","patch":{set},"if_match":{{"versions":[1,2]}}}}}}"#);
    let if_match = Some(IfMatch::Versions(vec![1, 2]));
    let patch = Box::new(everything_set());
    let reset = EventPatch { title: Change::Reset, ..EventPatch::default() };
    let kept = r#"{"title":"reset","description":"keep","date":"keep","time":"keep","timezone":"keep","duration_minutes":"keep","capacity":"keep","waitlist":"keep","status":"keep","visibility":"keep","registration_opens_at":"keep","registration_closes_at":"keep","join_url":"keep","tags":"keep"}"#;
    pin_commands(vec![
        (asked, &created),
        (Command::Read, r#""read""#),
        (Command::Update { by, patch, if_match }, &updated),
        (update(reset), &format!(r#"{{"update":{{"by":"{by}","patch":{kept},"if_match":null}}}}"#)),
        (
            Command::Delete { by: user(1), if_match: Some(IfMatch::Any) },
            r#"{"delete":{"by":"01b8dd58-e200-7000-8000-000000000001","if_match":"any"}}"#,
        ),
        (
            register(1, 2),
            r#"{"register":{"id":"01b8dd58-e200-7000-8000-000000000001","participant":{"id":"01b8dd58-e200-7000-8000-000000000002","account":"XKfR4aRYwLfP3f09otq8L9AnxAF4-nxDd8xjduYKcKs","name":"Person 2","email":"person-2@example.com"}}}"#,
        ),
        (
            Command::Register {
                id: registration_id(1),
                participant: Box::new(Participant {
                    email_status: EmailStatus::Complained,
                    email_status_changes: 3,
                    ..participant(1)
                }),
            },
            r#"{"register":{"id":"01b8dd58-e200-7000-8000-000000000001","participant":{"id":"01b8dd58-e200-7000-8000-000000000001","account":"xVDFHZAHwSVYuAWw6Qq9tSwU5n92j5EdG4Hvz-nfFwg","name":null,"email":"person-1@example.com","email_status":"complained","email_status_changes":3}}}"#,
        ),
        (Command::Mine { user: user(1) }, r#"{"mine":{"user":"01b8dd58-e200-7000-8000-000000000001"}}"#),
        (Command::Record(user(1)), r#"{"record":"01b8dd58-e200-7000-8000-000000000001"}"#),
        (Command::AccountChange(Box::new(renamed())), &format!(r#"{{"notice":{RENAMED}}}"#)),
        (Command::AccountChange(Box::new(bounced())), &format!(r#"{{"notice":{BOUNCED}}}"#)),
        (Command::Leave { user: user(1) }, r#"{"leave":{"user":"01b8dd58-e200-7000-8000-000000000001"}}"#),
        (
            Command::List { by: user(1), status: Some(SeatStatus::Waitlisted), after: Some(5), limit: 9 },
            r#"{"list":{"by":"01b8dd58-e200-7000-8000-000000000001","status":"waitlisted","after":5,"limit":9}}"#,
        ),
        (
            Command::Remove { by: user(1), id: registration_id(2) },
            r#"{"remove":{"by":"01b8dd58-e200-7000-8000-000000000001","id":"01b8dd58-e200-7000-8000-000000000002"}}"#,
        ),
        (
            Command::CheckIn { by: user(1), id: registration_id(2), present: true },
            r#"{"check_in":{"by":"01b8dd58-e200-7000-8000-000000000001","id":"01b8dd58-e200-7000-8000-000000000002","present":true}}"#,
        ),
        (
            Command::Withdraw { id: registration_id(2) },
            r#"{"withdraw":{"id":"01b8dd58-e200-7000-8000-000000000002"}}"#,
        ),
        (
            Command::Unremind { id: registration_id(2) },
            r#"{"unremind":{"id":"01b8dd58-e200-7000-8000-000000000002"}}"#,
        ),
        (
            Command::Linked { id: registration_id(2) },
            r#"{"linked":{"id":"01b8dd58-e200-7000-8000-000000000002"}}"#,
        ),
        (Command::Join { user: user(1) }, r#"{"join":{"user":"01b8dd58-e200-7000-8000-000000000001"}}"#),
    ]);
}

#[test]
fn what_an_event_answers() {
    use event::Reply;
    let (event, confirmed) = (snapshot_json(), registration_json("confirmed"));
    let own = || Box::new(registration(SeatStatus::Confirmed));
    let both = [registration(SeatStatus::Waitlisted), registration(SeatStatus::Cancelled)];
    let page = format!(
        r#"{{"page":{{"registrations":[{},{}],"next":7}}}}"#,
        registration_json("waitlisted"),
        registration_json("cancelled")
    );
    pin_replies(vec![
        (Reply::Event(Box::new(snapshot())), &format!(r#"{{"event":{event}}}"#)),
        (Reply::Done, r#""done""#),
        (
            Reply::Registration { new: true, registration: own() },
            &format!(r#"{{"registration":{{"new":true,"registration":{confirmed}}}}}"#),
        ),
        (
            Reply::Mine { registration: own(), event: Box::new(snapshot()) },
            &format!(r#"{{"mine":{{"registration":{confirmed},"event":{event}}}}}"#),
        ),
        (
            Reply::Registration {
                new: false,
                registration: Box::new(Registration { email_status: EmailStatus::Bounced, ..*own() }),
            },
            &format!(
                r#"{{"registration":{{"new":false,"registration":{},"email_status":"bounced"}}}}}}"#,
                confirmed.strip_suffix('}').unwrap()
            ),
        ),
        (Reply::Page { registrations: both.into(), next: Some(7) }, &page),
        (
            Reply::Join { join_url: "https://meet.example/secret".to_owned() },
            r#"{"join":{"join_url":"https://meet.example/secret"}}"#,
        ),
    ]);
}
