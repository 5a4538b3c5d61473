//! What clients see of events. The contract is `docs/api.md`.

use chrono::Timelike;
use serde::Serialize;

use crate::api::shared::view::{Id, Instant};
use crate::domain::roster::Seats;
use crate::domain::{EventId, UserId};
use crate::objects::messages::event::Snapshot;

/// `{"event": …}`
#[derive(Serialize)]
pub(in crate::api) struct OneEvent<'a> {
    pub(in crate::api) event: Event<'a>,
}

/// A page of events.
#[derive(Serialize)]
pub(in crate::api) struct EventPage<'a> {
    pub(in crate::api) events: Vec<Event<'a>>,
    pub(in crate::api) next_cursor: Option<&'a str>,
}

#[derive(Serialize)]
struct Organizer<'a> {
    id: Id<UserId>,
    name: Option<&'a str>,
}

#[derive(Serialize)]
pub(in crate::api) struct Event<'a> {
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
    /// Present only if it is true: the operator has taken the event down, and only its organizer sees it.
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

/// Who views an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::api) enum Viewer {
    /// Its organizer, who sees the join link.
    Organizer,
    /// Anybody else.
    Anyone,
}

/// An event as its organizer sees it.
pub(in crate::api) fn own_event(snapshot: &Snapshot) -> Event<'_> {
    event(snapshot, Viewer::Organizer)
}

pub(in crate::api) fn event(snapshot: &Snapshot, viewer: Viewer) -> Event<'_> {
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
