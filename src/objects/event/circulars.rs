//! Letters to everybody: the event has changed, will not take place, or begins soon.
//!
//! The fact and one row, the circular, are written in one turn. When it is due, the alarm makes
//! letters of it, a page at a time and only while the outbox has room, each page in one
//! transaction with the place reached. So a crash between pages neither skips nor repeats anybody,
//! and ten thousand participants cost the organizer's call no more than one.
//!
//! A letter says what is true when it is made. What a participant knows of the event is an
//! *edition*, remembered with the registration: however many edits there were, a participant hears
//! once of the difference between that and what stands, and nothing when there is none. An event
//! without participants has neither editions nor reminders.

use super::circular_store::{self as store, Edition, Reader, TOLD_OF_END};
use super::{Held, email_status};
use crate::domain::event::{Details, Status};
use crate::domain::{EmailStatus, Timestamp};
use crate::mail::{Letter, LinkChange, Mail, RemindedBefore};
use crate::objects::Turn;
use crate::objects::outbox::{Outbox, Parcel};
use crate::objects::sql::SqlError;

/// Milliseconds from the first of many edits to the one letter about all of them.
const CHANGES_GATHER_MS: i64 = 2 * 60 * 1000;
/// Letters of one page.
const PAGE: u32 = 200;
const DAY_MS: i64 = 24 * 60 * 60 * 1000;
const QUARTER_MS: i64 = 15 * 60 * 1000;

/// What is to be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Changed,
    Ended,
    ReminderDay,
    ReminderQuarter,
}

impl Kind {
    const ALL: [Self; 4] = [Self::Changed, Self::Ended, Self::ReminderDay, Self::ReminderQuarter];

    /// The name that is stored, which the keys of the reminders begin with.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Changed => "changed",
            Self::Ended => "ended",
            Self::ReminderDay => "reminder_day",
            Self::ReminderQuarter => "reminder_quarter",
        }
    }

    pub(super) fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

/// Something that everybody is to be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Circular {
    pub(super) kind: Kind,
    pub(super) due_at: Timestamp,
    /// How far it has got in the order of arrival.
    pub(super) after_seq: i64,
}

impl Held {
    /// Nothing is told of an event that is hidden: it waits, and what has lost its point by then goes.
    pub(super) fn circular_due(&self) -> Option<Timestamp> {
        if self.hidden().is_some() && !self.deleted {
            return None;
        }
        self.circulars.iter().map(|circular| circular.due_at).min()
    }

    /// Sees to it that people hear of a change, as far as it matters to them.
    pub(super) fn tell_of_change(&mut self, turn: &Turn<'_>, before: &Details) -> Result<(), SqlError> {
        if self.details.status() == Status::Cancelled {
            return if before.status() == Status::Cancelled { Ok(()) } else { self.tell_of_end(turn) };
        }
        if self.roster.is_empty() {
            return self.drop_reminders(turn);
        }
        let (known, now) = (edition(before), edition(&self.details));
        if matters(&known, &now) {
            store::save_edition(turn.sql, self.edition, &known)?;
            self.edition = self.version;
            store::save_edition(turn.sql, self.edition, &now)?;
            let gathers = |known: &Circular| known.kind == Kind::Changed && known.due_at > turn.now;
            if !self.circulars.iter().any(gathers) {
                self.put(turn, Kind::Changed, turn.now.plus_ms(CHANGES_GATHER_MS))?;
            }
        }
        if before.schedule().starts_at() != self.details.schedule().starts_at() {
            self.drop_reminders(turn)?;
        }
        self.plan_reminders(turn)
    }

    /// The event will not take place: all that was still to be told of it has lost its point.
    pub(super) fn tell_of_end(&mut self, turn: &Turn<'_>) -> Result<(), SqlError> {
        self.drop_reminders(turn)?;
        self.take_back(turn, Kind::Changed)?;
        if self.roster.is_empty() { Ok(()) } else { self.put(turn, Kind::Ended, turn.now) }
    }

    /// Plans the reminders that are still to come, if they are not planned already.
    pub(super) fn plan_reminders(&mut self, turn: &Turn<'_>) -> Result<(), SqlError> {
        if self.details.status() != Status::Published {
            return Ok(());
        }
        let starts_at = self.details.schedule().starts_at();
        for (kind, before_ms) in [(Kind::ReminderDay, DAY_MS), (Kind::ReminderQuarter, QUARTER_MS)] {
            let due_at = starts_at.plus_ms(before_ms.saturating_neg());
            if due_at > turn.now && !self.circulars.iter().any(|known| known.kind == kind) {
                self.put(turn, kind, due_at)?;
            }
        }
        Ok(())
    }

    fn drop_reminders(&mut self, turn: &Turn<'_>) -> Result<(), SqlError> {
        for kind in [Kind::ReminderDay, Kind::ReminderQuarter] {
            self.take_back(turn, kind)?;
            Outbox::withdraw(turn.sql, &format!("{}/", kind.as_str()))?;
        }
        Ok(())
    }

    fn put(&mut self, turn: &Turn<'_>, kind: Kind, due_at: Timestamp) -> Result<(), SqlError> {
        let circular = Circular { kind, due_at, after_seq: -1 };
        store::save(turn.sql, &circular)?;
        self.circulars.retain(|known| known.kind != kind);
        self.circulars.push(circular);
        Ok(())
    }

    fn take_back(&mut self, turn: &Turn<'_>, kind: Kind) -> Result<(), SqlError> {
        if self.circulars.iter().any(|known| known.kind == kind) {
            store::delete(turn.sql, kind)?;
            self.circulars.retain(|known| known.kind != kind);
        }
        Ok(())
    }

    /// Makes letters of the next page of the circular that is due.
    pub(super) fn write_circular(&mut self, turn: &mut Turn<'_>) -> Result<(), SqlError> {
        let due = self.circulars.iter().filter(|circular| circular.due_at <= turn.now);
        let Some(circular) = due.min_by_key(|circular| circular.due_at).copied() else {
            return Ok(());
        };
        let expires_at = self.expiry(circular.kind);
        if expires_at.is_some_and(|expires_at| expires_at <= turn.now) {
            return self.take_back(turn, circular.kind);
        }
        let readers = store::readers(turn.sql, circular.after_seq, PAGE)?;
        let statuses = email_status::of_all(turn.sql, readers.iter().map(|reader| reader.user))?;
        let editions = if circular.kind == Kind::Changed { store::editions(turn.sql)? } else { Vec::new() };
        let reached = |reader: &&Reader| statuses.get(&reader.user).is_none_or(EmailStatus::is_ok);
        for reader in readers.iter().filter(reached) {
            let known = editions.iter().find(|(version, _)| *version == reader.told);
            if let Some(letter) = self.letter(&circular, reader, known.map(|(_, known)| known)) {
                let key = match circular.kind {
                    Kind::Ended => format!("{}/{}", letter.kind(), reader.registration),
                    _ => format!("{}/{}/{}", letter.kind(), reader.registration, self.edition),
                };
                let mail = Mail { to: reader.email.clone(), name: reader.name.clone(), letter };
                match expires_at {
                    Some(expires_at) => turn.post_until(&key, &Parcel::Mail(mail), expires_at)?,
                    None => turn.post(&key, &Parcel::Mail(mail), turn.now)?,
                }
            }
        }
        self.turn_page(turn, circular, &readers)
    }

    /// Notes how far the circular has got, and who knows what now.
    fn turn_page(&mut self, turn: &Turn<'_>, circular: Circular, readers: &[Reader]) -> Result<(), SqlError> {
        let last = readers.last().map(|reader| reader.seq);
        let told = match circular.kind {
            Kind::Changed => Some(self.edition),
            Kind::Ended => Some(TOLD_OF_END),
            Kind::ReminderDay | Kind::ReminderQuarter => None,
        };
        if let (Some(told), Some(last)) = (told, last) {
            store::mark_told(turn.sql, circular.after_seq, last, told)?;
        }
        let full = readers.len() >= usize::try_from(PAGE).unwrap_or(usize::MAX);
        if let (true, Some(last)) = (full, last.and_then(|seq| i64::try_from(seq).ok())) {
            let further = Circular { after_seq: last, ..circular };
            store::save(turn.sql, &further)?;
            self.circulars.retain(|known| known.kind != circular.kind);
            self.circulars.push(further);
            return Ok(());
        }
        self.take_back(turn, circular.kind)?;
        if circular.kind == Kind::Changed {
            store::delete_editions_before(turn.sql, self.edition)?;
        }
        Ok(())
    }

    /// When a letter of this kind has lost its point.
    fn expiry(&self, kind: Kind) -> Option<Timestamp> {
        let starts_at = self.details.schedule().starts_at();
        match kind {
            Kind::ReminderDay => Some(starts_at.plus_ms(QUARTER_MS.saturating_neg())),
            Kind::ReminderQuarter => Some(starts_at),
            Kind::Changed | Kind::Ended => None,
        }
    }

    /// What this reader is to be told, if anything.
    fn letter(&self, circular: &Circular, reader: &Reader, known: Option<&Edition>) -> Option<Letter> {
        let event = self.brief(reader.registration, reader.origin.as_ref());
        let has_seat = reader.has_seat;
        match circular.kind {
            Kind::Changed => {
                let (known, now) = (known?, edition(&self.details));
                let link = (has_seat && known.join_url != now.join_url)
                    .then(|| LinkChange { before: known.join_url.clone(), now: now.join_url.clone() });
                let moved = moved(known, &now);
                (moved || link.is_some()).then(|| {
                    let before = moved.then(|| known.schedule.clone());
                    Letter::EventChanged { event, before, link, has_seat }
                })
            }
            Kind::Ended if reader.told == TOLD_OF_END => None,
            Kind::Ended if self.deleted => Some(Letter::EventDeleted { event, has_seat }),
            Kind::Ended => Some(Letter::EventCancelled { event, has_seat }),
            Kind::ReminderDay | Kind::ReminderQuarter => {
                let in_time = reader.registered_at <= circular.due_at;
                (has_seat && in_time && reader.wants_reminders).then(|| Letter::Reminder {
                    event,
                    before: if circular.kind == Kind::ReminderDay {
                        RemindedBefore::Day
                    } else {
                        RemindedBefore::Quarter
                    },
                    join_url: self.details.join_url().map(str::to_owned),
                })
            }
        }
    }
}

fn edition(details: &Details) -> Edition {
    Edition { schedule: details.schedule().clone(), join_url: details.join_url().map(str::to_owned) }
}

/// Date, time, zone or link: what the reader has to know. The length is not among them.
fn matters(before: &Edition, now: &Edition) -> bool {
    moved(before, now) || before.join_url != now.join_url
}

fn moved(before: &Edition, now: &Edition) -> bool {
    let place = |edition: &Edition| {
        let schedule = &edition.schedule;
        (schedule.date(), schedule.time(), schedule.timezone())
    };
    place(before) != place(now)
}
