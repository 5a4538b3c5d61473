//! What clients see: the JSON of users, events and registrations. The contract is `docs/api.md`.

use chrono::Timelike;
use serde::Serialize;

use crate::domain::account::Profile;
use crate::domain::roster::Seats;
use crate::domain::{EmailStatus, EventId, RegistrationId, SessionId, Timestamp, UserId};
use crate::objects::account::{SecurityEvent, SessionRecord};
use crate::objects::event::{Registration, SeatStatus, Snapshot};

/// An instant as RFC 3339 in UTC.
pub(super) struct Instant(pub(super) Timestamp);

impl Serialize for Instant {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0.to_rfc3339())
    }
}

/// An id as text.
pub(super) struct Id<T>(pub(super) T);

impl<T: std::fmt::Display> Serialize for Id<T> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

#[derive(Serialize)]
pub(super) struct User<'a> {
    id: Id<UserId>,
    email: &'a str,
    name: Option<&'a str>,
    role: &'static str,
    email_verified: bool,
    created_at: Instant,
}

pub(super) fn user(profile: &Profile) -> User<'_> {
    User {
        id: Id(profile.id),
        email: profile.email.as_str(),
        name: profile.name.as_ref().map(crate::domain::account::Name::as_str),
        role: profile.role.as_str(),
        email_verified: profile.email_verified,
        created_at: Instant(profile.created_at),
    }
}

/// `{"user": …}`
#[derive(Serialize)]
pub(super) struct OneUser<'a> {
    pub(super) user: User<'a>,
}

/// `{"event": …}`
#[derive(Serialize)]
pub(super) struct OneEvent<'a> {
    pub(super) event: Event<'a>,
}

/// `{"registration": …}`
#[derive(Serialize)]
pub(super) struct OneRegistration<'a> {
    pub(super) registration: RegistrationView<'a>,
}

/// Where an event takes place.
#[derive(Serialize)]
pub(super) struct Join {
    pub(super) join_url: String,
}

/// A page of events.
#[derive(Serialize)]
pub(super) struct EventPage<'a> {
    pub(super) events: Vec<Event<'a>>,
    pub(super) next_cursor: Option<&'a str>,
}

/// A page of registrations.
#[derive(Serialize)]
pub(super) struct RegistrationPage<'a> {
    pub(super) registrations: Vec<RegistrationView<'a>>,
    pub(super) next_cursor: Option<&'a str>,
}

/// A session, for its user.
#[derive(Serialize)]
pub(super) struct SessionView {
    id: Id<SessionId>,
    created_at: Instant,
    expires_at: Instant,
    /// Whether it is the one that asks.
    current: bool,
}

pub(super) fn session(session: &SessionRecord, current: SessionId) -> SessionView {
    SessionView {
        id: Id(session.id),
        created_at: Instant(session.created_at),
        expires_at: Instant(session.expires_at),
        current: session.id == current,
    }
}

/// Something that has happened to an account.
#[derive(Serialize)]
pub(super) struct SecurityView {
    at: Instant,
    kind: &'static str,
    times: u32,
}

pub(super) fn security_event(event: &SecurityEvent) -> SecurityView {
    SecurityView { at: Instant(event.at), kind: event.kind.as_str(), times: event.times }
}

#[derive(Serialize)]
struct Organizer<'a> {
    id: Id<UserId>,
    name: Option<&'a str>,
}

#[derive(Serialize)]
pub(super) struct Event<'a> {
    id: Id<EventId>,
    title: String,
    description: &'a str,
    date: String,
    time: String,
    timezone: &'static str,
    duration_minutes: u32,
    starts_at: Instant,
    ends_at: Instant,
    capacity: Option<u32>,
    waitlist: bool,
    status: &'static str,
    /// Only where it is so: the operator has taken the event down, and its organizer alone sees it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    taken_down: bool,
    visibility: &'static str,
    registration_opens_at: Option<Instant>,
    registration_closes_at: Option<Instant>,
    join_url: Option<&'a str>,
    tags: &'a [String],
    organizer: Organizer<'a>,
    seats: Seats,
    version: u64,
    created_at: Instant,
    updated_at: Instant,
}

/// Who looks at an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Viewer {
    /// Its organizer, who sees the join link.
    Organizer,
    /// Anybody else.
    Anyone,
}

/// An event as its organizer sees it.
pub(super) fn own_event(snapshot: &Snapshot) -> Event<'_> {
    event(snapshot, Viewer::Organizer)
}

pub(super) fn event(snapshot: &Snapshot, viewer: Viewer) -> Event<'_> {
    let details = &snapshot.details;
    let schedule = details.schedule();
    Event {
        id: Id(snapshot.id),
        title: details.title(),
        description: details.description(),
        date: schedule.date().to_string(),
        time: format!("{:02}:{:02}", schedule.time().hour(), schedule.time().minute()),
        timezone: schedule.timezone().name(),
        duration_minutes: schedule.duration_minutes(),
        starts_at: Instant(schedule.starts_at()),
        ends_at: Instant(schedule.ends_at()),
        capacity: details.capacity(),
        waitlist: details.waitlist(),
        status: snapshot.hidden.map_or(details.status(), |hidden| hidden.status).as_str(),
        taken_down: snapshot.hidden.is_some_and(|hidden| hidden.taken_down),
        visibility: details.visibility().as_str(),
        registration_opens_at: details.registration().opens_at.map(Instant),
        registration_closes_at: details.registration().closes_at.map(Instant),
        join_url: details.join_url().filter(|_| viewer == Viewer::Organizer),
        tags: details.tags(),
        organizer: Organizer {
            id: Id(snapshot.organizer.id),
            name: snapshot.organizer.name.as_ref().map(crate::domain::account::Name::as_str),
        },
        seats: snapshot.seats,
        version: snapshot.version,
        created_at: Instant(snapshot.created_at),
        updated_at: Instant(snapshot.updated_at),
    }
}

#[derive(Serialize)]
struct Person<'a> {
    id: Id<UserId>,
    name: Option<&'a str>,
    email: &'a str,
}

#[derive(Serialize)]
pub(super) struct RegistrationView<'a> {
    id: Id<RegistrationId>,
    event_id: Id<EventId>,
    user: Person<'a>,
    status: SeatStatus,
    position: Option<u32>,
    registered_at: Instant,
    confirmed_at: Option<Instant>,
    checked_in_at: Option<Instant>,
    join_url: Option<&'a str>,
    /// For the organizer alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    email_status: Option<EmailStatus>,
    #[serde(skip_serializing_if = "Option::is_none")]
    event: Option<Event<'a>>,
}

pub(super) fn registration(registration: &Registration) -> RegistrationView<'_> {
    RegistrationView {
        id: Id(registration.id),
        event_id: Id(registration.event),
        user: Person {
            id: Id(registration.user),
            name: registration.name.as_ref().map(crate::domain::account::Name::as_str),
            email: registration.email.as_str(),
        },
        status: registration.status,
        position: registration.position,
        registered_at: Instant(registration.registered_at),
        confirmed_at: registration.confirmed_at.map(Instant),
        checked_in_at: registration.checked_in_at.map(Instant),
        join_url: registration.join_url.as_deref(),
        email_status: None,
        event: None,
    }
}

/// A registration as the event's organizer sees it.
pub(super) fn registration_for_organizer(registration: &Registration) -> RegistrationView<'_> {
    RegistrationView { email_status: Some(registration.email_status), ..self::registration(registration) }
}

/// A registration in the participant's own list, with its event.
pub(super) fn registration_with_event<'a>(
    own: &'a Registration,
    snapshot: &'a Snapshot,
) -> RegistrationView<'a> {
    RegistrationView { event: Some(event(snapshot, Viewer::Anyone)), ..registration(own) }
}
