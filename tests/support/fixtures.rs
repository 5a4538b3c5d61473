//! People and events by number, for tests that speak to objects.

use event_platform::auth::digest;
use event_platform::domain::account::{Name, Role};
use event_platform::domain::event::{Change, Description, Details, EventPatch, JoinUrl, Organizer};
use event_platform::domain::moderation::Suspension;
use event_platform::domain::schedule::{parse_date, parse_time};
use event_platform::domain::{
    AccountKey, Email, EmailStatus, EventId, Invalid, RegistrationId, Secret, SessionId, Timestamp, UserId,
};
use event_platform::objects::account::{Holder, NewSession, OneTimeToken, SignUp};
use event_platform::objects::catalog::{Order, Query, Scope};
use event_platform::objects::event::{Command, Create, Participant};
use event_platform::objects::messages::account_change::{AccountChange, ChangeKind};

use super::world::START;

/// The number of whoever organizes the events.
pub(crate) const ORGANIZER: u32 = 4_000_000_000;

fn entropy(number: u32) -> [u8; 10] {
    let mut entropy = [0; 10];
    entropy[6..].copy_from_slice(&number.to_be_bytes());
    entropy
}

pub(crate) fn user(number: u32) -> UserId {
    UserId::new(START, &entropy(number))
}

pub(crate) fn event_id(number: u32) -> EventId {
    EventId::new(START, &entropy(number))
}

pub(crate) fn registration_id(number: u32) -> RegistrationId {
    RegistrationId::new(START, &entropy(number))
}

pub(crate) fn session_id(number: u32) -> SessionId {
    SessionId::new(START, &entropy(number))
}

pub(crate) fn email(number: u32) -> Email {
    Email::parse(&format!("person-{number}@example.com")).unwrap()
}

pub(crate) fn account_key(number: u32) -> AccountKey {
    digest::account_key(&email(number)).unwrap()
}

fn name(number: u32) -> Option<Name> {
    number.is_multiple_of(2).then(|| Name::parse(&format!("Person {number}")).unwrap())
}

pub(crate) fn participant(number: u32) -> Participant {
    Participant {
        id: user(number),
        account: account_key(number),
        name: name(number),
        email: email(number),
        origin: None,
        email_status: EmailStatus::Ok,
        email_status_changes: 0,
    }
}

pub(crate) fn organizer() -> Organizer {
    Organizer {
        id: user(ORGANIZER),
        account: Some(account_key(ORGANIZER)),
        name: name(ORGANIZER),
        name_changes: 0,
        suspension: Suspension::default(),
    }
}

/// An hour that begins at 12:20 on the day on which the virtual clock starts, at 12:00.
pub(crate) fn soon() -> EventPatch {
    EventPatch {
        date: Change::Set(parse_date("2030-01-01").unwrap()),
        time: Change::Set(parse_time("12:20").unwrap()),
        description: Change::Set(Description::parse("Rust at the edge").unwrap()),
        join_url: Change::Set(JoinUrl::parse("https://meet.example/secret").unwrap()),
        ..EventPatch::default()
    }
}

pub(crate) fn details(patch: &EventPatch) -> Details {
    Details::create(patch, Invalid::default()).unwrap()
}

/// Creates event `number`.
pub(crate) fn create(number: u32, patch: &EventPatch) -> Command {
    Command::Create(Box::new(Create {
        id: event_id(number),
        organizer: organizer(),
        details: details(patch),
        fingerprint: None,
    }))
}

/// Changes an event as its organizer.
pub(crate) fn update(patch: EventPatch) -> Command {
    Command::Update { by: user(ORGANIZER), patch: Box::new(patch), if_match: None }
}

/// A capacity to be set; `None` takes the limit away.
pub(crate) fn capacity(seats: Option<u32>) -> EventPatch {
    EventPatch { capacity: seats.map_or(Change::Reset, Change::Set), ..EventPatch::default() }
}

/// Registers person `number` under `registration`.
pub(crate) fn register(registration: u32, number: u32) -> Command {
    Command::Register { id: registration_id(registration), participant: Box::new(participant(number)) }
}

/// The first page of everything that `scope` holds.
pub(crate) fn everything(scope: Scope) -> Query {
    Query {
        scope,
        words: None,
        tag: None,
        organizer: None,
        from: None,
        to: None,
        order: Order::StartsAt,
        after: None,
        limit: 50,
    }
}

/// Makes the account of person `number`, under the user id of that number.
pub(crate) fn sign_up(number: u32) -> SignUp {
    SignUp {
        id: user(number),
        email: email(number),
        name: name(number),
        role: Role::default(),
        password_hash: hash(number),
        verification: token(&format!("verify {number}"), START.plus_ms(86_400_000)),
        verification_link: Secret::new(format!("https://events.example/v/{number}")),
    }
}

/// What stands for the password's hash.
pub(crate) fn hash(number: u32) -> Secret<String> {
    Secret::new(format!("$2b$04$hash-of-{number}"))
}

pub(crate) fn token(text: &str, expires_at: Timestamp) -> OneTimeToken {
    OneTimeToken { digest: digest::text(text.as_bytes()), expires_at }
}

/// Who asks with the session of number `session` for person `person`.
pub(crate) fn holder(person: u32, session: u32) -> Holder {
    Holder { user: user(person), session: session_id(session), changes: None }
}

/// That the account of person `number` is gone.
pub(crate) fn erased(number: u32) -> AccountChange {
    AccountChange { user: user(number), kind: ChangeKind::Erased }
}

/// A session of number `number` that stands for so long from `now`.
pub(crate) fn session(number: u32, now: Timestamp, ttl_ms: i64) -> NewSession {
    let refresh = token(&format!("refresh {number}"), now.plus_ms(ttl_ms));
    NewSession { id: session_id(number), refresh }
}
