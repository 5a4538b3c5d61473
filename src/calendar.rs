//! iCalendar (RFC 5545): events as files that calendars read.
//!
//! Instants are written in UTC. An event has one instant of start and never recurs, so there is
//! nothing that a calendar would need rules of a time zone for, and none can get them wrong: it
//! shows the instant in its owner's zone. The event's own date, time and zone stand in the
//! description. The link to join is never part of a file: files are passed on.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use icalendar::{Calendar, Component, Event, Property};

use crate::domain::schedule::Schedule;
use crate::domain::{EventId, Timestamp};

/// What the receiver is to do with a file that comes by mail (RFC 5546 §3.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Enter the event, or take this for what is there.
    Request,
    /// Strike the event out.
    Cancel,
}

impl Method {
    /// As RFC 5546 writes it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Request => "REQUEST",
            Self::Cancel => "CANCEL",
        }
    }
}

/// What a calendar is told of an event.
#[derive(Debug, Clone)]
pub struct Entry<'a> {
    /// Which event: the entry's UID for ever.
    pub id: EventId,
    /// Its version, from which the SEQUENCE follows: it rises with every change.
    pub version: u64,
    /// When this was true.
    pub as_of: Timestamp,
    /// Its title.
    pub title: Cow<'a, str>,
    /// What it is about.
    pub description: &'a str,
    /// When it takes place.
    pub schedule: &'a Schedule,
    /// Whether it will not take place.
    pub cancelled: bool,
    /// Where more is said of it.
    pub url: Option<String>,
}

/// Between whom an entry travels by mail.
#[derive(Debug, Clone, Copy)]
pub struct Parties<'a> {
    /// Whose event it is, if they have a name.
    pub organizer: Option<&'a str>,
    /// The address that stands for the organizer: the sender of the mail, never their own.
    pub sender: &'a str,
    /// What the reader is called.
    pub attendee: Option<&'a str>,
    /// Where the reader gets mail.
    pub address: &'a str,
}

/// A file to be fetched: entries, and a name that calendars show for all of them.
#[must_use]
pub fn published(name: Option<&str>, entries: &[Entry<'_>]) -> String {
    let mut calendar = blank();
    if let Some(name) = name {
        calendar.append_property(Property::new("X-WR-CALNAME", clean(name)));
        calendar.append_property(Property::new("REFRESH-INTERVAL", "PT1H").add_parameter("VALUE", "DURATION").done());
    }
    for entry in entries {
        calendar.push(event(entry).done());
    }
    calendar.to_string()
}

/// A file that goes with a mail.
#[must_use]
pub fn mailed(method: Method, entry: &Entry<'_>, parties: &Parties<'_>) -> String {
    let mut calendar = blank();
    calendar.append_property(Property::new("METHOD", method.as_str()));
    let mut event = event(entry);
    if method == Method::Cancel {
        event.add_property("STATUS", "CANCELLED");
    }
    let organizer = parties.organizer.unwrap_or("Events");
    event.append_property(person("ORGANIZER", Some(organizer), parties.sender).done());
    event.append_property(
        person("ATTENDEE", parties.attendee, parties.address)
            .add_parameter("PARTSTAT", "ACCEPTED")
            .add_parameter("RSVP", "FALSE")
            .done(),
    );
    calendar.push(event.done());
    calendar.to_string()
}

fn blank() -> Calendar {
    let mut calendar = Calendar::empty();
    calendar.append_property(Property::new("VERSION", "2.0"));
    calendar.append_property(Property::new("PRODID", "-//event-platform//event-platform//EN"));
    calendar.append_property(Property::new("CALSCALE", "GREGORIAN"));
    calendar
}

fn event(entry: &Entry<'_>) -> Event {
    let mut event = Event::new();
    event.uid(&entry.id.to_string());
    event.add_property("DTSTAMP", utc(entry.as_of));
    event.add_property("DTSTART", utc(entry.schedule.starts_at()));
    event.add_property("DTEND", utc(entry.schedule.ends_at()));
    event.sequence(u32::try_from(entry.version.saturating_sub(1)).unwrap_or(u32::MAX));
    event.summary(&clean(&entry.title));
    let description = clean(entry.description);
    if !description.is_empty() {
        event.description(&description);
    }
    event.add_property("STATUS", if entry.cancelled { "CANCELLED" } else { "CONFIRMED" });
    if let Some(url) = &entry.url {
        event.add_property("URL", url.as_str());
    }
    event
}

fn person(role: &str, name: Option<&str>, address: &str) -> Property {
    let mut property = Property::new(role, format!("mailto:{address}"));
    if let Some(name) = name {
        // No quote may stand in a parameter's value (RFC 5545 §3.2).
        let name: String = clean(name).chars().map(|c| if matches!(c, '"' | '\n') { ' ' } else { c }).collect();
        property.add_parameter("CN", &name);
    }
    property
}

/// `20240701T130000Z` (RFC 5545 §3.3.5, form 2).
fn utc(at: Timestamp) -> String {
    let at: DateTime<Utc> = at.to_chrono();
    at.format("%Y%m%dT%H%M%SZ").to_string()
}

/// Lines end in LF here, and no other control character is part of a text (RFC 5545 §3.3.11).
fn clean(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    text.chars().filter(|c| *c == '\n' || *c == '\t' || !c.is_control()).collect()
}
