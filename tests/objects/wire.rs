//! The JSON of all that is stored or sent between objects. Old rows and messages on their way are
//! written like this: a string here changes only together with a migration that reads the old one.

use std::fmt::Debug;

use event_platform::domain::account::{Name, Profile, Role};
use event_platform::domain::event::{Change, Description, EventPatch, Status, Tags, Title, Visibility};
use event_platform::domain::roster::Seats;
use event_platform::domain::schedule::{parse_date, parse_time, parse_timezone};
use event_platform::domain::{FieldError, Invalid, Refusal, Secret, Timestamp};
use event_platform::mail::{EventBrief, Letter, Mail};
use event_platform::objects::account::{self, SignUp};
use event_platform::objects::catalog::{self, Cursor, Order, Participation, Query, Report, Scope};
use event_platform::objects::event::{self, Create, IfMatch, Registration, SeatStatus, Snapshot};
use event_platform::objects::outbox::Parcel;
use event_platform::objects::{Answer, Envelope, Outcome};
use serde::{Serialize, de::DeserializeOwned};

use crate::support::fixtures::*;
use crate::support::naive::NaiveEvent;
use crate::support::world::START;

/// Demands that a value is written like this, and that this is read as the value.
#[track_caller]
fn pin<T: Serialize + DeserializeOwned>(value: &T, golden: &str) {
    assert_eq!(serde_json::to_string(value).unwrap(), golden);
    let read: T = serde_json::from_str(golden).unwrap_or_else(|error| panic!("{error}: {golden}"));
    assert_eq!(serde_json::to_string(&read).unwrap(), golden);
}

/// Demands that commands are written like this, each as an envelope around `golden`.
#[track_caller]
fn pin_commands<C: Serialize + DeserializeOwned + Debug>(commands: Vec<(C, &str)>) {
    for (command, golden) in commands {
        pin(&Envelope { command, have: None }, &format!(r#"{{"command":{golden},"have":null}}"#));
    }
}

/// Demands that replies are written like this, each as an answer around `golden`.
#[track_caller]
fn pin_replies<R: Serialize + DeserializeOwned + Debug>(replies: Vec<(R, &str)>) {
    for (reply, golden) in replies {
        let answer = Answer { outcome: Outcome::Reply(reply), ..Answer::refused(Refusal::NotFound) };
        let golden =
            format!(r#"{{"stamp":{{"loaded_at":0,"turns":0}},"lease_ms":0,"outcome":{{"reply":{golden}}}}}"#);
        pin(&answer, &golden);
    }
}

/// Every field set, and to something else than its default.
fn everything_set() -> EventPatch {
    EventPatch {
        title: Change::Set(Title::parse("Rust").unwrap()),
        description: Change::Set(Description::parse("All day.").unwrap()),
        date: Change::Set(parse_date("2024-05-25").unwrap()),
        time: Change::Set(parse_time("14:00").unwrap()),
        timezone: Change::Set(parse_timezone("Europe/Berlin").unwrap()),
        duration_minutes: Change::Set(90),
        capacity: Change::Set(25),
        waitlist: Change::Set(false),
        status: Change::Set(Status::Draft),
        visibility: Change::Set(Visibility::Unlisted),
        registration_opens_at: Change::Set(Timestamp::from_ms(1)),
        registration_closes_at: Change::Set(Timestamp::from_ms(2)),
        join_url: soon().join_url,
        tags: Change::Set(Tags::parse(["rust", "wasm"]).unwrap()),
    }
}

const DETAILS: &str = r#"{"title":"Rust","description":"All day.","schedule":{"date":"2024-05-25","time":"14:00:00","timezone":"Europe/Berlin","duration_minutes":90},"capacity":25,"waitlist":false,"status":"draft","visibility":"unlisted","registration":{"opens_at":1,"closes_at":2},"join_url":"https://meet.example/secret","tags":["rust","wasm"]}"#;
const LEAST: &str = r#"{"title":null,"description":"Rust at the edge","schedule":{"date":"2030-01-01","time":"12:20:00","timezone":"UTC","duration_minutes":60},"capacity":null,"waitlist":true,"status":"published","visibility":"public","registration":{"opens_at":null,"closes_at":null},"join_url":"https://meet.example/secret","tags":[]}"#;
const ORGANIZER_JSON: &str = r#"{"id":"01b8dd58-e200-7000-8000-0000ee6b2800","account":"Iuuv3AuoKMVP1d840RojQAxB6czlW7R2_DKx5ORNvno","name":"Person 4000000000"}"#;
const BRIEF: &str = r#"{"id":"01b8dd58-e200-7000-8000-000000000001","title":"Rust at the edge","schedule":{"date":"2030-01-01","time":"12:20:00","timezone":"UTC","duration_minutes":60}}"#;

fn snapshot() -> Snapshot {
    let mut naive = NaiveEvent::default();
    naive.execute(START, &create(1, &soon()));
    let seats = Seats { confirmed: 1, waitlisted: 2, remaining: Some(3) };
    Snapshot { seats, ..naive.event().unwrap() }
}

fn snapshot_json() -> String {
    format!(
        r#"{{"id":"01b8dd58-e200-7000-8000-000000000001","organizer":{ORGANIZER_JSON},"details":{LEAST},"seats":{{"confirmed":1,"waitlisted":2,"remaining":3}},"version":1,"created_at":1893499200000,"updated_at":1893499200000}}"#
    )
}

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
    }
}

fn registration_json(status: &str) -> String {
    format!(
        r#"{{"id":"01b8dd58-e200-7000-8000-000000000001","event":"01b8dd58-e200-7000-8000-000000000001","user":"01b8dd58-e200-7000-8000-000000000002","name":"Person 2","email":"person-2@example.com","status":"{status}","position":7,"registered_at":1,"confirmed_at":2,"checked_in_at":null,"join_url":"https://meet.example/secret"}}"#
    )
}

#[test]
fn what_an_event_stores_of_itself() {
    pin(&details(&everything_set()), DETAILS);
    pin(&details(&soon()), LEAST);
    pin(&organizer(), ORGANIZER_JSON);
    for (status, golden) in
        [(Status::Draft, "draft"), (Status::Published, "published"), (Status::Cancelled, "cancelled")]
    {
        pin(&status, &format!("\"{golden}\""));
    }
    for (visibility, golden) in [(Visibility::Public, "public"), (Visibility::Unlisted, "unlisted")] {
        pin(&visibility, &format!("\"{golden}\""));
    }
}

#[test]
fn what_waits_in_an_outbox() {
    let event = || EventBrief {
        id: event_id(1),
        title: "Rust at the edge".to_owned(),
        schedule: details(&soon()).schedule().clone(),
    };
    let letters = [
        (
            Letter::ConfirmAddress { link: Secret::new("https://x.example/?token=a".to_owned()) },
            r#"{"confirm_address":{"link":"https://x.example/?token=a"}}"#.to_owned(),
        ),
        (Letter::Registered { event: event() }, format!(r#"{{"registered":{{"event":{BRIEF}}}}}"#)),
        (
            Letter::Waitlisted { event: event(), position: 3 },
            format!(r#"{{"waitlisted":{{"event":{BRIEF},"position":3}}}}"#),
        ),
        (Letter::SeatIsYours { event: event() }, format!(r#"{{"seat_is_yours":{{"event":{BRIEF}}}}}"#)),
        (
            Letter::RegistrationCancelled { event: event(), by_organizer: true },
            format!(r#"{{"registration_cancelled":{{"event":{BRIEF},"by_organizer":true}}}}"#),
        ),
    ];
    for (letter, golden) in letters {
        match letter {
            // A letter that is new here needs its golden string above.
            Letter::ConfirmAddress { .. }
            | Letter::Registered { .. }
            | Letter::Waitlisted { .. }
            | Letter::SeatIsYours { .. }
            | Letter::RegistrationCancelled { .. } => {}
        }
        let mail = Mail { to: email(1), name: None, letter };
        let golden = format!(r#"{{"mail":{{"to":"person-1@example.com","name":null,"letter":{golden}}}}}"#);
        pin(&Parcel::Mail(mail), &golden);
    }
    pin(&Parcel::Report(None), r#"{"report":null}"#);
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
        | Command::Leave { .. }
        | Command::List { .. }
        | Command::Remove { .. }
        | Command::CheckIn { .. }
        | Command::Join { .. } => {}
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
        (Command::Mine { user: user(1) }, r#"{"mine":{"user":"01b8dd58-e200-7000-8000-000000000001"}}"#),
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
        (Reply::Page { registrations: both.into(), next: Some(7) }, &page),
        (
            Reply::Join { join_url: "https://meet.example/secret".to_owned() },
            r#"{"join":{"join_url":"https://meet.example/secret"}}"#,
        ),
    ]);
}

#[test]
fn what_is_asked_of_an_account_and_what_it_answers() {
    use account::{Command, Reply};
    let name = Some(Name::parse("Ada").unwrap());
    let signed_up =
        Command::SignUp(Box::new(SignUp { name: name.clone(), role: Role::Organizer, ..sign_up(1) }));
    match signed_up {
        // A command that is new here needs its golden string below.
        Command::Exists
        | Command::SignUp(_)
        | Command::BeginLogin
        | Command::FinishLogin { .. }
        | Command::Authorize { .. }
        | Command::VerifyEmail { .. }
        | Command::Visits => {}
    }
    let session = session(2, START, 5);
    let authorize = Command::Authorize { user: user(1), session: session.id, visiting: Some(event_id(3)) };
    pin_commands(vec![
        (Command::Exists, r#""exists""#),
        (
            signed_up,
            r#"{"sign_up":{"id":"01b8dd58-e200-7000-8000-000000000001","email":"person-1@example.com","name":"Ada","role":"organizer","password_hash":"$2b$04$hash-of-1","verification":{"digest":"yTzGZurxC8OcP6c2F0ekMusyz5Evn9eXm-lVmQD6QCk","expires_at":1893585600000},"verification_link":"https://events.example/v/1"}}"#,
        ),
        (Command::BeginLogin, r#""begin_login""#),
        (
            Command::FinishLogin { matched: Some(hash(1)), session },
            r#"{"finish_login":{"matched":"$2b$04$hash-of-1","session":{"id":"01b8dd58-e200-7000-8000-000000000002","refresh":{"digest":"tbrAyxAlBkoGm2aopCWX0kTDKOytjvvDCoHRF-Dp8MU","expires_at":1893499200005}}}}"#,
        ),
        (
            authorize,
            r#"{"authorize":{"user":"01b8dd58-e200-7000-8000-000000000001","session":"01b8dd58-e200-7000-8000-000000000002","visiting":"01b8dd58-e200-7000-8000-000000000003"}}"#,
        ),
        (Command::VerifyEmail { token: "t".to_owned() }, r#"{"verify_email":{"token":"t"}}"#),
        (Command::Visits, r#""visits""#),
    ]);
    let profile = Profile {
        id: user(1),
        email: email(1),
        name,
        role: Role::Attendee,
        email_verified: true,
        created_at: START,
    };
    pin_replies(vec![
        (Reply::Done, r#""done""#),
        (Reply::Exists(true), r#"{"exists":true}"#),
        (Reply::Challenge(Some(hash(1))), r#"{"challenge":"$2b$04$hash-of-1"}"#),
        (Reply::Challenge(None), r#"{"challenge":null}"#),
        (Reply::Failed(Refusal::InvalidCredentials), r#"{"failed":"invalid_credentials"}"#),
        (
            Reply::Profile(Box::new(profile)),
            r#"{"profile":{"id":"01b8dd58-e200-7000-8000-000000000001","email":"person-1@example.com","name":"Ada","role":"attendee","email_verified":true,"created_at":1893499200000}}"#,
        ),
        (Reply::Visits(vec![event_id(1)]), r#"{"visits":["01b8dd58-e200-7000-8000-000000000001"]}"#),
    ]);
}

#[test]
fn what_is_asked_of_the_catalog_and_what_it_answers() {
    use catalog::{Command, Reply};
    let event = snapshot_json();
    let report = Command::Report(Box::new(Report {
        event: event_id(1),
        version: 2,
        as_of: START,
        news: true,
        entry: Some(snapshot()),
        participations: vec![Participation { change: 3, user: user(1), seq: 2, stands: true }],
    }));
    match report {
        // A command that is new here needs its golden string below.
        Command::List(_) | Command::Participations { .. } | Command::Report(_) => {}
    }
    let reported = format!(
        r#"{{"report":{{"event":"01b8dd58-e200-7000-8000-000000000001","version":2,"as_of":1893499200000,"news":true,"entry":{event},"participations":[{{"change":3,"user":"01b8dd58-e200-7000-8000-000000000001","seq":2,"stands":true}}]}}}}"#
    );
    let full = Query {
        words: Some(vec!["rust".to_owned()]),
        tag: Some("wasm".to_owned()),
        organizer: Some(user(1)),
        from: Some(Timestamp::from_ms(1)),
        to: Some(Timestamp::from_ms(2)),
        after: Some(Cursor { past_titles: true, at: 5 }),
        ..everything(Scope::Public(Status::Published))
    };
    let own = Query { order: Order::Relevance, ..everything(Scope::Own(user(1))) };
    pin_commands(vec![
        (report, &reported),
        (
            Command::List(full),
            r#"{"list":{"scope":{"public":"published"},"words":["rust"],"tag":"wasm","organizer":"01b8dd58-e200-7000-8000-000000000001","from":1,"to":2,"order":"starts_at","after":{"past_titles":true,"at":5},"limit":50}}"#,
        ),
        (
            Command::List(own),
            r#"{"list":{"scope":{"own":"01b8dd58-e200-7000-8000-000000000001"},"words":null,"tag":null,"organizer":null,"from":null,"to":null,"order":"relevance","after":null,"limit":50}}"#,
        ),
        (
            Command::Participations { user: user(1), before: Some(event_id(2)), limit: 9 },
            r#"{"participations":{"user":"01b8dd58-e200-7000-8000-000000000001","before":"01b8dd58-e200-7000-8000-000000000002","limit":9}}"#,
        ),
    ]);
    let next = Some(Cursor { past_titles: false, at: 5 });
    pin_replies(vec![
        (Reply::Done, r#""done""#),
        (
            Reply::Participations { events: vec![event_id(1)], more: true },
            r#"{"participations":{"events":["01b8dd58-e200-7000-8000-000000000001"],"more":true}}"#,
        ),
        (
            Reply::Page { events: vec![snapshot()], next },
            &format!(r#"{{"page":{{"events":[{event}],"next":{{"past_titles":false,"at":5}}}}}}"#),
        ),
    ]);
}

#[test]
fn cursors_that_clients_hold() {
    for (order, golden) in [
        (Order::Relevance, "relevance"),
        (Order::StartsAt, "starts_at"),
        (Order::StartsAtDescending, "starts_at_descending"),
        (Order::CreatedAt, "created_at"),
        (Order::CreatedAtDescending, "created_at_descending"),
    ] {
        let golden = format!(r#"["{golden}",{{"past_titles":false,"at":5}}]"#);
        pin(&(order, Cursor { past_titles: false, at: 5 }), &golden);
    }
}

#[test]
fn how_a_command_ends() {
    let invalid = Invalid::from(FieldError::new("date", "invalid_date", "Give a date."));
    let refusals = [
        (Refusal::EmailTaken, r#""email_taken""#),
        (Refusal::InvalidCredentials, r#""invalid_credentials""#),
        (Refusal::RateLimited { retry_after: 3 }, r#"{"rate_limited":{"retry_after":3}}"#),
        (Refusal::Unauthenticated, r#""unauthenticated""#),
        (Refusal::Forbidden, r#""forbidden""#),
        (Refusal::NotFound, r#""not_found""#),
        (Refusal::PreconditionFailed, r#""precondition_failed""#),
        (
            Refusal::Invalid(invalid),
            r#"{"invalid":[{"field":"date","code":"invalid_date","message":"Give a date."}]}"#,
        ),
        (Refusal::CapacityBelowConfirmed, r#""capacity_below_confirmed""#),
        (Refusal::InvalidTransition, r#""invalid_transition""#),
        (Refusal::EventFull, r#""event_full""#),
        (Refusal::RegistrationNotOpen, r#""registration_not_open""#),
        (Refusal::RegistrationClosed, r#""registration_closed""#),
        (Refusal::EventCancelled, r#""event_cancelled""#),
        (Refusal::NotConfirmed, r#""not_confirmed""#),
        (Refusal::NotRegistered, r#""not_registered""#),
        (Refusal::NotOpenYet, r#""not_open_yet""#),
        (Refusal::EventOver, r#""event_over""#),
        (Refusal::NoJoinUrl, r#""no_join_url""#),
        (Refusal::IdempotencyKeyReused, r#""idempotency_key_reused""#),
        (Refusal::InvalidToken, r#""invalid_token""#),
        (Refusal::Overloaded, r#""overloaded""#),
    ];
    for (refusal, golden) in refusals {
        let answer = Answer::<event::Reply>::refused(refusal);
        let golden = format!(
            r#"{{"stamp":{{"loaded_at":0,"turns":0}},"lease_ms":0,"outcome":{{"refused":{golden}}}}}"#
        );
        pin(&answer, &golden);
    }
    pin(&Outcome::<event::Reply>::Unchanged, r#""unchanged""#);
    let stamp = Answer::<event::Reply>::refused(Refusal::NotFound).stamp;
    let envelope = Envelope { command: event::Command::Read, have: Some(stamp) };
    pin(&envelope, r#"{"command":"read","have":{"loaded_at":0,"turns":0}}"#);
}
