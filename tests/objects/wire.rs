//! The JSON of all that is stored or sent between objects. Old rows and messages on their way are
//! written like this: a string here changes only together with a migration that reads the old one.

mod accounts;
mod admin;
mod events;
mod lists;
mod released;

use std::fmt::Debug;

use event_platform::domain::account::{Name, Profile, Role};
use event_platform::domain::event::{
    Change, Description, EventPatch, Organizer, Status, Tags, Title, Visibility,
};
use event_platform::domain::roster::Seats;
use event_platform::domain::schedule::{parse_date, parse_time, parse_timezone};
use event_platform::domain::{
    EmailStatus, FieldError, Invalid, Jurisdiction, Rate, Refusal, Residence, Secret, Timestamp,
};
use event_platform::mail::{EventBrief, LinkChange, Mail, MailTemplate, RemindedBefore};
use event_platform::objects::account::{self, SignUp};
use event_platform::objects::catalog::{self, Cursor, Order, Participation, Query, Report, Scope};
use event_platform::objects::event::{
    self, Create, IfMatch, Participant, Registration, SeatStatus, Snapshot,
};
use event_platform::objects::messages::account_change::{AccountChange, ChangeKind};
use event_platform::objects::messages::envelope::CommandId;
use event_platform::objects::outbox::OutboxMessage;
use event_platform::objects::{Answer, Envelope, Outcome, Stamp};
use serde::{Serialize, de::DeserializeOwned};

use crate::support::fixtures::*;
use crate::support::naive::NaiveEvent;
use crate::support::world::START;

/// Demands that a value is written like this, and that this is read as the value.
#[track_caller]
fn pin<T: Serialize + DeserializeOwned + 'static>(value: &T, golden: &str) {
    assert_eq!(serde_json::to_string(value).unwrap(), golden);
    released::record::<T>(golden);
    let read: T = serde_json::from_str(golden).unwrap_or_else(|error| panic!("{error}: {golden}"));
    assert_eq!(serde_json::to_string(&read).unwrap(), golden);
}

/// Demands that commands are written like this, each as an envelope around `golden`.
#[track_caller]
fn pin_commands<C: Serialize + DeserializeOwned + Debug + 'static>(commands: Vec<(C, &str)>) {
    for (command, golden) in commands {
        let text = format!(r#"{{"command":{golden},"have":null,"protocol":3}}"#);
        pin(&Envelope::new(command), &text);
        // As the first version wrote it.
        let first: Envelope<C> =
            serde_json::from_str(&format!(r#"{{"command":{golden},"have":null}}"#)).unwrap();
        assert_eq!((first.protocol, first.id), (1, None));
    }
}

/// Demands that replies are written like this, each as an answer around `golden`.
#[track_caller]
fn pin_replies<R: Serialize + DeserializeOwned + Debug + 'static>(replies: Vec<(R, &str)>) {
    for (reply, golden) in replies {
        let answer = Answer { outcome: Outcome::Reply(reply), ..Answer::refused(Refusal::NotFound) };
        let golden = format!(
            r#"{{"stamp":{{"loaded_at":0,"turns":0}},"lease_ms":0,"outcome":{{"reply":{golden}}},"protocol":3}}"#
        );
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
const ORGANIZER_JSON: &str = r#"{"id":"01b8dd58-e200-7000-8000-0000ee6b2800","account":"Iuuv3AuoKMVP1d840RojQAxB6czlW7R2_DKx5ORNvno","name":"Person 4000000000","name_changes":0}"#;
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
        sequence: 1,
        organizer: None,
        registration: None,
        origin: None,
    };
    let full = || EventBrief {
        sequence: 4,
        organizer: organizer().name,
        registration: Some(registration_id(2)),
        origin: Some("https://events.example".to_owned()),
        ..event()
    };
    let full_json = format!(
        r#"{},"version":4,"organizer":"Person 4000000000","registration":"01b8dd58-e200-7000-8000-000000000002","origin":"https://events.example"}}"#,
        BRIEF.strip_suffix('}').unwrap()
    );
    let link = LinkChange { before: Some("https://meet.example/a".to_owned()), now: None };
    let schedule = r#"{"date":"2030-01-01","time":"12:20:00","timezone":"UTC","duration_minutes":60}"#;
    let templates = [
        (
            MailTemplate::ConfirmAddress { link: Secret::new("https://x.example/?token=a".to_owned()) },
            r#"{"confirm_address":{"link":"https://x.example/?token=a"}}"#.to_owned(),
        ),
        (MailTemplate::Registered { event: event() }, format!(r#"{{"registered":{{"event":{BRIEF}}}}}"#)),
        (
            MailTemplate::Waitlisted { event: event(), position: 3 },
            format!(r#"{{"waitlisted":{{"event":{BRIEF},"position":3}}}}"#),
        ),
        (MailTemplate::SeatIsYours { event: event() }, format!(r#"{{"seat_is_yours":{{"event":{BRIEF}}}}}"#)),
        (
            MailTemplate::RegistrationCancelled { event: event(), by_organizer: true, had_seat: false },
            format!(
                r#"{{"registration_cancelled":{{"event":{BRIEF},"by_organizer":true,"had_seat":false}}}}"#
            ),
        ),
        (
            MailTemplate::EventChanged {
                event: full(),
                before: Some(event().schedule),
                link: Some(link),
                has_seat: true,
            },
            format!(
                r#"{{"event_changed":{{"event":{full_json},"before":{schedule},"link":{{"before":"https://meet.example/a","now":null}},"has_seat":true}}}}"#
            ),
        ),
        (
            MailTemplate::EventCancelled { event: full(), has_seat: true },
            format!(r#"{{"event_cancelled":{{"event":{full_json},"has_seat":true}}}}"#),
        ),
        (
            MailTemplate::EventDeleted { event: full(), has_seat: false },
            format!(r#"{{"event_deleted":{{"event":{full_json},"has_seat":false}}}}"#),
        ),
        (
            MailTemplate::Reminder { event: full(), before: RemindedBefore::Day, join_url: None },
            format!(r#"{{"reminder":{{"event":{full_json},"before":"day","join_url":null}}}}"#),
        ),
        (
            MailTemplate::Reminder {
                event: full(),
                before: RemindedBefore::Quarter,
                join_url: Some("https://meet.example/a".to_owned()),
            },
            format!(
                r#"{{"reminder":{{"event":{full_json},"before":"quarter","join_url":"https://meet.example/a"}}}}"#
            ),
        ),
        (
            MailTemplate::ResetPassword { link: Secret::new("https://x.example/?token=a".to_owned()) },
            r#"{"reset_password":{"link":"https://x.example/?token=a"}}"#.to_owned(),
        ),
        (MailTemplate::PasswordChanged, r#""password_changed""#.to_owned()),
    ];
    for (template, golden) in templates {
        match template {
            // A mail that is new here needs its golden string above.
            MailTemplate::ConfirmAddress { .. }
            | MailTemplate::Registered { .. }
            | MailTemplate::Waitlisted { .. }
            | MailTemplate::SeatIsYours { .. }
            | MailTemplate::RegistrationCancelled { .. }
            | MailTemplate::EventChanged { .. }
            | MailTemplate::EventCancelled { .. }
            | MailTemplate::EventDeleted { .. }
            | MailTemplate::Reminder { .. }
            | MailTemplate::ResetPassword { .. }
            | MailTemplate::PasswordChanged => {}
        }
        let mail = Mail { to: email(1), name: None, template };
        let golden = format!(r#"{{"mail":{{"to":"person-1@example.com","name":null,"letter":{golden}}}}}"#);
        pin(&OutboxMessage::Mail(mail), &golden);
    }
    pin(&OutboxMessage::Report(None), r#"{"report":null}"#);
    pin(
        &OutboxMessage::AccountChange(Box::new(erased(1)), vec![event_id(2)]),
        r#"{"notice":[{"user":"01b8dd58-e200-7000-8000-000000000001","news":"erased"},["01b8dd58-e200-7000-8000-000000000002"]]}"#,
    );
    pin(
        &OutboxMessage::AccountChangeFor(event_id(2), Box::new(renamed())),
        &format!(r#"{{"tell":["{}",{RENAMED}]}}"#, event_id(2)),
    );
}

/// That somebody has another name.
fn renamed() -> AccountChange {
    let name = Some(Name::parse("Ada").unwrap());
    AccountChange { user: user(1), kind: ChangeKind::Renamed { name, changes: 2 } }
}

/// That mail to somebody comes back.
fn bounced() -> AccountChange {
    AccountChange {
        user: user(1),
        kind: ChangeKind::EmailStatus { status: EmailStatus::Bounced, changes: 1 },
    }
}

const BOUNCED: &str = r#"{"user":"01b8dd58-e200-7000-8000-000000000001","news":{"email_status":{"status":"bounced","changes":1}}}"#;
const RENAMED: &str =
    r#"{"user":"01b8dd58-e200-7000-8000-000000000001","news":{"renamed":{"name":"Ada","changes":2}}}"#;

#[test]
fn what_older_versions_have_written_is_read() {
    let old = r#"{"id":"01b8dd58-e200-7000-8000-0000ee6b2800","account":"Iuuv3AuoKMVP1d840RojQAxB6czlW7R2_DKx5ORNvno","name":"Person 4000000000"}"#;
    assert_eq!(serde_json::from_str::<Organizer>(old).unwrap(), organizer());
    let old = r#"{"id":"01b8dd58-e200-7000-8000-000000000001","email":"person-1@example.com","name":null,"role":"attendee","email_verified":true,"created_at":0}"#;
    assert_eq!(serde_json::from_str::<Profile>(old).unwrap().name_changes, 0);
}

/// Mails that an earlier version has left in an outbox.
#[test]
fn what_waits_in_an_old_outbox() {
    let old = format!(r#"{{"registration_cancelled":{{"event":{BRIEF},"by_organizer":true}}}}"#);
    let read: MailTemplate = serde_json::from_str(&old).unwrap();
    assert!(matches!(read, MailTemplate::RegistrationCancelled { had_seat: false, .. }), "{read:?}");
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
        (Refusal::InvalidRefreshToken, r#""invalid_refresh_token""#),
        (Refusal::HasEvents, r#""has_events""#),
        (Refusal::Overloaded, r#""overloaded""#),
    ];
    for (refusal, golden) in refusals {
        let answer = Answer::<event::Reply>::refused(refusal);
        let golden = format!(
            r#"{{"stamp":{{"loaded_at":0,"turns":0}},"lease_ms":0,"outcome":{{"refused":{golden}}},"protocol":3}}"#
        );
        pin(&answer, &golden);
    }
    pin(&Outcome::<event::Reply>::Unchanged, r#""unchanged""#);
    let stamp = Answer::<event::Reply>::refused(Refusal::NotFound).stamp;
    let envelope = Envelope::knowing(event::Command::Read, Some(stamp));
    pin(&envelope, r#"{"command":"read","have":{"loaded_at":0,"turns":0},"protocol":3}"#);
    let salted: Stamp = serde_json::from_str(r#"{"loaded_at":7,"turns":1,"salt":9}"#).unwrap();
    pin(&salted, r#"{"loaded_at":7,"turns":1,"salt":9}"#);
    let envelope = Envelope { id: Some(CommandId::new(10)), ..Envelope::new(event::Command::Read) };
    let golden = r#"{"command":"read","have":null,"protocol":3,"id":"0000000000000000000000000000000a"}"#;
    pin(&envelope, golden);
}
