//! iCalendar (RFC 5545): events as files for calendar programs.
//!
//! Times are written in UTC. An event has one start time and never recurs, so a calendar needs no time zone
//! rules, and none can get them wrong: it shows the time in its owner's zone. The event's own date, time and
//! zone are in the description. The join link is never part of a file, because files are passed on.
//!
//! The lines are written here, and the tests read them back with another author's parser. The crate
//! `icalendar` could write them too, but brings a clock, a date parser and 17 KB of Worker; `ics` writes
//! lines that are longer than RFC 5545 §3.1 allows.

use std::borrow::Cow;

use chrono::{Datelike, Timelike};

use crate::domain::schedule::Schedule;
use crate::domain::text::{is_line_end, one_line};
use crate::domain::{EventId, Timestamp};

/// What the recipient should do with a file that comes by mail (RFC 5546 §3.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Add the event, or replace the existing entry with this one.
    Request,
    /// Cancel the event.
    Cancel,
}

impl Method {
    /// The value that RFC 5546 defines.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Request => "REQUEST",
            Self::Cancel => "CANCEL",
        }
    }
}

/// What a calendar is told about an event.
#[derive(Debug, Clone)]
pub struct Entry<'a> {
    /// The event. Its id is the entry's permanent UID.
    pub id: EventId,
    /// SEQUENCE: of two entries with the same UID, a calendar keeps the one with the higher number.
    pub sequence: u64,
    /// When this was current.
    pub as_of: Timestamp,
    /// Its title.
    pub title: Cow<'a, str>,
    /// What it is about.
    pub description: &'a str,
    /// When it takes place.
    pub schedule: &'a Schedule,
    /// Whether it will not take place.
    pub cancelled: bool,
    /// A page for people with more about it.
    pub url: Option<String>,
}

/// The sender and the recipient of an entry that goes by mail.
#[derive(Debug, Clone, Copy)]
pub struct Parties<'a> {
    /// The organizer's name, if they have one.
    pub organizer: Option<&'a str>,
    /// The address that stands for the organizer: the sender of the mail, never the organizer's own.
    pub sender: &'a str,
    /// The recipient's name.
    pub attendee: Option<&'a str>,
    /// The recipient's mail address.
    pub address: &'a str,
}

/// A file for download: entries, and the name that calendars show for all of them. A file needs at least one
/// component (§3.6), so without entries it has a time zone, which every program knows and none shows.
#[must_use]
pub fn published(name: Option<&str>, entries: &[Entry<'_>]) -> String {
    let mut file = Lines::begin();
    if let Some(name) = name {
        file.text("X-WR-CALNAME", name);
        file.line("REFRESH-INTERVAL;VALUE=DURATION:PT1H");
    }
    for entry in entries {
        file.event(entry, None);
    }
    if entries.is_empty() {
        UTC_ZONE.iter().for_each(|line| file.line(line));
    }
    file.end()
}

/// The time zone UTC (§3.6.5).
const UTC_ZONE: [&str; 8] = [
    "BEGIN:VTIMEZONE",
    "TZID:UTC",
    "BEGIN:STANDARD",
    "DTSTART:19700101T000000",
    "TZOFFSETFROM:+0000",
    "TZOFFSETTO:+0000",
    "END:STANDARD",
    "END:VTIMEZONE",
];

/// A file that is attached to a mail.
#[must_use]
pub fn mailed(method: Method, entry: &Entry<'_>, parties: &Parties<'_>) -> String {
    let mut file = Lines::begin();
    file.line(&format!("METHOD:{}", method.as_str()));
    file.event(entry, Some(parties));
    file.end()
}

/// The content lines of a file (RFC 5545 §3.1).
struct Lines(String);

impl Lines {
    /// The longest line in octets, without its line break.
    const LINE_MAX_BYTES: usize = 75;

    fn begin() -> Self {
        let mut lines = Self(String::with_capacity(1_024));
        lines.line("BEGIN:VCALENDAR");
        lines.line("VERSION:2.0");
        lines.line("PRODID:-//event-platform//event-platform//EN");
        lines.line("CALSCALE:GREGORIAN");
        lines
    }

    fn end(mut self) -> String {
        self.line("END:VCALENDAR");
        self.0
    }

    fn event(&mut self, entry: &Entry<'_>, parties: Option<&Parties<'_>>) {
        self.line("BEGIN:VEVENT");
        self.line(&format!("UID:{}", entry.id));
        self.line(&format!("DTSTAMP:{}", utc(entry.as_of)));
        self.line(&format!("DTSTART:{}", utc(entry.schedule.starts_at())));
        self.line(&format!("DTEND:{}", utc(entry.schedule.ends_at())));
        self.line(&format!("SEQUENCE:{}", entry.sequence));
        self.text("SUMMARY", &one_line(&entry.title));
        if !entry.description.is_empty() {
            self.text("DESCRIPTION", entry.description);
        }
        self.line(if entry.cancelled { "STATUS:CANCELLED" } else { "STATUS:CONFIRMED" });
        if let Some(url) = &entry.url {
            self.line(&format!("URL:{url}"));
        }
        if let Some(parties) = parties {
            let organizer = common_name(parties.organizer.or(Some("Events")));
            self.line(&format!("ORGANIZER{organizer}:mailto:{}", parties.sender));
            let attendee = common_name(parties.attendee);
            self.line(&format!("ATTENDEE{attendee};PARTSTAT=ACCEPTED;RSVP=FALSE:mailto:{}", parties.address));
        }
        self.line("END:VEVENT");
    }

    /// A property with a text value (§3.3.11), which has no control characters but tabs.
    fn text(&mut self, name: &str, text: &str) {
        let mut line = format!("{name}:");
        let text = text.replace("\r\n", "\n");
        for c in text.chars() {
            match c {
                '\\' | ';' | ',' => line.extend(['\\', c]),
                c if is_line_end(c) => line.push_str("\\n"),
                c if c.is_control() && c != '\t' => line.push(' '),
                other => line.push(other),
            }
        }
        self.line(&line);
    }

    /// Writes a line, folded between characters and without control characters.
    fn line(&mut self, line: &str) {
        let mut width: usize = 0;
        for c in line.chars().filter(|c| *c == '\t' || !c.is_control()) {
            width = width.saturating_add(c.len_utf8());
            if width > Self::LINE_MAX_BYTES {
                self.0.push_str("\r\n ");
                width = c.len_utf8().saturating_add(1);
            }
            self.0.push(c);
        }
        self.0.push_str("\r\n");
    }
}

/// The parameter with a person's name. What cannot stand between quotes (§3.2) is encoded by RFC 6868.
fn common_name(name: Option<&str>) -> String {
    name.map_or_else(String::new, |name| {
        let encoded =
            name.replace('^', "^^").replace('"', "^'").replace("\r\n", "\n").replace(is_line_end, "^n");
        format!(";CN=\"{encoded}\"")
    })
}

/// `20240701T130000Z` (§3.3.5, form 2).
fn utc(at: Timestamp) -> String {
    let at = at.to_chrono();
    format!(
        "{:04}{:02}{:02}T{:02}{:02}{:02}Z",
        at.year(),
        at.month(),
        at.day(),
        at.hour(),
        at.minute(),
        at.second()
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn folded(line: &str) -> String {
        let mut lines = Lines(String::new());
        lines.line(line);
        lines.0
    }

    proptest! {
        #[test]
        fn lines_are_short_and_unfold_to_what_they_were(line in "\\PC{0,300}") {
            let folded = folded(&line);
            prop_assert!(folded.split("\r\n").all(|part| part.len() <= 75), "{}", folded);
            prop_assert_eq!(folded.replace("\r\n ", ""), format!("{line}\r\n"));
        }
    }

    #[test]
    fn nothing_breaks_out_of_its_line() {
        let mut lines = Lines(String::new());
        lines.text("SUMMARY", "a\r\nATTACH:x\rb\u{b}c\u{2028}d\u{7}e; f, g\\h\ti");
        assert_eq!(lines.0, "SUMMARY:a\\nATTACH:x\\nb\\nc\\nd e\\; f\\, g\\\\h\ti\r\n");
        assert_eq!(common_name(Some("A \"B\"; ^C\r\nD\nE")), ";CN=\"A ^'B^'; ^^C^nD^nE\"");
    }
}
