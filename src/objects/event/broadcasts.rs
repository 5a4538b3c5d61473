//! Mails to all participants: the event has changed, is cancelled, or begins soon.
//!
//! The fact and one row, the broadcast, are written in one transaction. When the broadcast is due, the alarm
//! makes the mails, one page at a time and only while the outbox has room. Each page is written in one
//! transaction together with the position reached. So a crash between pages neither skips nor repeats
//! anybody, and ten thousand participants cost the organizer's request no more than one.
//!
//! A mail says what is true when it is made. What a participant knows about the event is a *revision*, stored
//! with the registration. However many edits there were, a participant gets one mail about the difference
//! between that revision and the current state, and none if there is no difference. An event without
//! participants has neither revisions nor reminders.
//!
//! What happens to an event that is over is no news. An event that is moved to another time is over when both
//! times have passed: whoever waits for it has to hear that it was moved into the past.

use super::broadcast::{Broadcast, Kind};
use super::broadcast_store::{self as store, Reader, Revision, TOLD_OF_END};
use super::email_status_store;
use super::held::Held;
use crate::domain::event::{Details, Status};
use crate::domain::{EmailStatus, Timestamp};
use crate::mail::{LinkChange, Mail, MailTemplate, RemindedBefore};
use crate::objects::object::Transaction;
use crate::objects::outbox::{Outbox, OutboxMessage};
use crate::objects::sql::SqlError;

/// Milliseconds from the first of several edits to the one mail about all of them.
const CHANGES_GATHER_MS: i64 = 2 * 60 * 1000;
/// Mails per page.
const PAGE: u32 = 200;
const DAY_MS: i64 = 24 * 60 * 60 * 1000;
const QUARTER_MS: i64 = 15 * 60 * 1000;

impl Held {
    /// Nothing is sent about a hidden event. Broadcasts wait, and those that are no longer of use by then are
    /// dropped.
    pub(super) fn broadcast_due(&self) -> Option<Timestamp> {
        if self.hidden().is_some() && !self.deleted {
            return None;
        }
        self.broadcasts.iter().map(|broadcast| broadcast.due_at).min()
    }

    /// Plans to tell participants about a change, if it matters to them.
    pub(super) fn tell_of_change(&mut self, tx: &Transaction<'_>, before: &Details) -> Result<(), SqlError> {
        let to_come = !(before.is_over(tx.now) && self.details.is_over(tx.now));
        if self.details.status() == Status::Cancelled {
            return if before.status() == Status::Cancelled { Ok(()) } else { self.tell_of_end(tx, to_come) };
        }
        if self.roster.is_empty() {
            return self.drop_reminders(tx);
        }
        let (known, now) = (revision(before), revision(&self.details));
        if to_come && matters(&known, &now) {
            store::save_revision(tx.sql, self.revision, &known)?;
            self.revision = self.version;
            store::save_revision(tx.sql, self.revision, &now)?;
            let gathers = |known: &Broadcast| known.kind == Kind::Changed && known.due_at > tx.now;
            if !self.broadcasts.iter().any(gathers) {
                self.put(tx, Kind::Changed, tx.now.plus_ms(CHANGES_GATHER_MS))?;
            }
        }
        if before.schedule().starts_at() != self.details.schedule().starts_at() {
            self.drop_reminders(tx)?;
        }
        self.plan_reminders(tx)
    }

    /// The event is cancelled or deleted, so everything else that was still to be sent about it is dropped.
    pub(super) fn tell_of_end(&mut self, tx: &Transaction<'_>, to_come: bool) -> Result<(), SqlError> {
        self.drop_reminders(tx)?;
        self.take_back(tx, Kind::Changed)?;
        if to_come && !self.roster.is_empty() { self.put(tx, Kind::Ended, tx.now) } else { Ok(()) }
    }

    /// Plans the remaining reminders, unless they are already planned.
    pub(super) fn plan_reminders(&mut self, tx: &Transaction<'_>) -> Result<(), SqlError> {
        if self.details.status() != Status::Published {
            return Ok(());
        }
        let starts_at = self.details.schedule().starts_at();
        for (kind, before_ms) in [(Kind::ReminderDay, DAY_MS), (Kind::ReminderQuarter, QUARTER_MS)] {
            let due_at = starts_at.plus_ms(before_ms.saturating_neg());
            if due_at > tx.now && !self.broadcasts.iter().any(|known| known.kind == kind) {
                self.put(tx, kind, due_at)?;
            }
        }
        Ok(())
    }

    fn drop_reminders(&mut self, tx: &Transaction<'_>) -> Result<(), SqlError> {
        for kind in [Kind::ReminderDay, Kind::ReminderQuarter] {
            self.take_back(tx, kind)?;
            Outbox::withdraw(tx.sql, &format!("{}/", kind.as_str()))?;
        }
        Ok(())
    }

    fn put(&mut self, tx: &Transaction<'_>, kind: Kind, due_at: Timestamp) -> Result<(), SqlError> {
        let broadcast = Broadcast { kind, due_at, after_seq: -1 };
        store::save(tx.sql, &broadcast)?;
        self.broadcasts.retain(|known| known.kind != kind);
        self.broadcasts.push(broadcast);
        Ok(())
    }

    fn take_back(&mut self, tx: &Transaction<'_>, kind: Kind) -> Result<(), SqlError> {
        if self.broadcasts.iter().any(|known| known.kind == kind) {
            store::delete(tx.sql, kind)?;
            self.broadcasts.retain(|known| known.kind != kind);
        }
        Ok(())
    }

    /// Makes the mails of the next page of the broadcast that is due.
    pub(super) fn write_broadcast(&mut self, tx: &mut Transaction<'_>) -> Result<(), SqlError> {
        let due = self.broadcasts.iter().filter(|broadcast| broadcast.due_at <= tx.now);
        let Some(broadcast) = due.min_by_key(|broadcast| broadcast.due_at).copied() else {
            return Ok(());
        };
        let expires_at = self.expiry(broadcast.kind);
        if expires_at.is_some_and(|expires_at| expires_at <= tx.now) || self.has_outlived(&broadcast, tx.now)
        {
            return self.take_back(tx, broadcast.kind);
        }
        let readers = store::readers(tx.sql, broadcast.after_seq, PAGE)?;
        let statuses = email_status_store::of_all(tx.sql, readers.iter().map(|reader| reader.user))?;
        let revisions = if broadcast.kind == Kind::Changed { store::revisions(tx.sql)? } else { Vec::new() };
        let reached = |reader: &&Reader| statuses.get(&reader.user).is_none_or(EmailStatus::is_ok);
        for reader in readers.iter().filter(reached) {
            let known = revisions.iter().find(|(version, _)| *version == reader.told);
            if let Some(template) = self.template(&broadcast, reader, known.map(|(_, known)| known), tx.now) {
                let key = match broadcast.kind {
                    Kind::Ended => format!("{}/{}", template.kind(), reader.registration),
                    _ => format!("{}/{}/{}", template.kind(), reader.registration, self.revision),
                };
                let mail = Mail { to: reader.email.clone(), name: reader.name.clone(), template };
                match expires_at {
                    Some(expires_at) => tx.post_until(&key, &OutboxMessage::Mail(mail), expires_at)?,
                    None => tx.post(&key, &OutboxMessage::Mail(mail), tx.now)?,
                }
            }
        }
        self.write_page(tx, broadcast, &readers)
    }

    /// Stores how far the broadcast has got, and what the readers now know.
    fn write_page(
        &mut self,
        tx: &Transaction<'_>,
        broadcast: Broadcast,
        readers: &[Reader],
    ) -> Result<(), SqlError> {
        let last = readers.last().map(|reader| reader.seq);
        let told = match broadcast.kind {
            Kind::Changed => Some(self.revision),
            Kind::Ended => Some(TOLD_OF_END),
            Kind::ReminderDay | Kind::ReminderQuarter => None,
        };
        if let (Some(told), Some(last)) = (told, last) {
            store::mark_told(tx.sql, broadcast.after_seq, last, told)?;
        }
        let full = readers.len() >= usize::try_from(PAGE).unwrap_or(usize::MAX);
        if let (true, Some(last)) = (full, last.and_then(|seq| i64::try_from(seq).ok())) {
            let further = Broadcast { after_seq: last, ..broadcast };
            store::save(tx.sql, &further)?;
            self.broadcasts.retain(|known| known.kind != broadcast.kind);
            self.broadcasts.push(further);
            return Ok(());
        }
        self.take_back(tx, broadcast.kind)?;
        if broadcast.kind == Kind::Changed {
            store::delete_revisions_before(tx.sql, self.revision)?;
        }
        Ok(())
    }

    /// Whether the event was to come when it was cancelled and is over now that the first may hear of it: it
    /// was hidden meanwhile. If some have heard of it, everybody does.
    fn has_outlived(&self, broadcast: &Broadcast, now: Timestamp) -> bool {
        let was_to_come = !self.details.is_over(broadcast.due_at);
        broadcast.kind == Kind::Ended && broadcast.after_seq < 0 && was_to_come && self.details.is_over(now)
    }

    /// When a mail of this kind is no longer of use.
    fn expiry(&self, kind: Kind) -> Option<Timestamp> {
        let starts_at = self.details.schedule().starts_at();
        match kind {
            Kind::ReminderDay => Some(starts_at.plus_ms(QUARTER_MS.saturating_neg())),
            Kind::ReminderQuarter => Some(starts_at),
            Kind::Changed | Kind::Ended => None,
        }
    }

    /// The mail for this reader, if any.
    fn template(
        &self,
        broadcast: &Broadcast,
        reader: &Reader,
        known: Option<&Revision>,
        at: Timestamp,
    ) -> Option<MailTemplate> {
        let event = self.brief(reader.registration, reader.origin.as_ref());
        let has_seat = reader.has_seat;
        match broadcast.kind {
            Kind::Changed => {
                let (known, now) = (known?, revision(&self.details));
                if known.schedule.ends_at() <= at && self.details.is_over(at) {
                    return None;
                }
                let link = (has_seat && known.join_url != now.join_url)
                    .then(|| LinkChange { before: known.join_url.clone(), now: now.join_url.clone() });
                let moved = moved(known, &now);
                (moved || link.is_some()).then(|| {
                    let before = moved.then(|| known.schedule.clone());
                    MailTemplate::EventChanged { event, before, link, has_seat }
                })
            }
            Kind::Ended if reader.told == TOLD_OF_END => None,
            Kind::Ended if self.deleted => Some(MailTemplate::EventDeleted { event, has_seat }),
            Kind::Ended => Some(MailTemplate::EventCancelled { event, has_seat }),
            Kind::ReminderDay | Kind::ReminderQuarter => {
                let in_time = reader.registered_at <= broadcast.due_at;
                (has_seat && in_time && reader.wants_reminders).then(|| MailTemplate::Reminder {
                    event,
                    before: if broadcast.kind == Kind::ReminderDay {
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

fn revision(details: &Details) -> Revision {
    Revision { schedule: details.schedule().clone(), join_url: details.join_url().map(str::to_owned) }
}

/// Whether the date, time, zone or link differs, which the reader must know. A new length alone is not told.
fn matters(before: &Revision, now: &Revision) -> bool {
    moved(before, now) || before.join_url != now.join_url
}

fn moved(before: &Revision, now: &Revision) -> bool {
    let place = |revision: &Revision| {
        let schedule = &revision.schedule;
        (schedule.date(), schedule.time(), schedule.timezone())
    };
    place(before) != place(now)
}
