//! Creating, changing and deleting an event.

use super::protocol::{Create, IfMatch, Reply};
use super::{Event, Held, REPORT_AGAIN_AFTER_MS, REPORT_KEY, Reported, store};
use crate::domain::event::EventPatch;
use crate::domain::roster::Roster;
use crate::domain::{Refusal, UserId};
use crate::objects::outbox::Parcel;
use crate::objects::sql::SqlError;
use crate::objects::{Fault, Turn};

impl Event {
    pub(super) fn create(&mut self, turn: &mut Turn<'_>, create: Create) -> Result<Reply, Fault> {
        if let Some(held) = &self.held {
            let repeated = held.fingerprint.is_some() && held.fingerprint == create.fingerprint;
            return match (repeated, held.deleted) {
                (true, false) => Ok(Reply::Event(Box::new(held.snapshot()))),
                (true, true) => Err(Refusal::NotFound.into()),
                (false, _) => Err(Refusal::IdempotencyKeyReused.into()),
            };
        }
        let held = Held {
            id: create.id,
            organizer: create.organizer,
            details: create.details,
            version: 1,
            created_at: turn.now,
            updated_at: turn.now,
            deleted: false,
            fingerprint: create.fingerprint,
            roster: Roster::default(),
            last_change: 0,
            told_change: 0,
            reported: Reported::default(),
            edition: 1,
            circulars: Vec::new(),
        };
        held.save_and_report(turn)?;

        let snapshot = held.snapshot();
        self.held = Some(held);
        Ok(Reply::Event(Box::new(snapshot)))
    }
}

impl Held {
    pub(super) fn update(
        &mut self,
        turn: &mut Turn<'_>,
        by: UserId,
        patch: &EventPatch,
        if_match: Option<&IfMatch>,
    ) -> Result<Reply, Fault> {
        self.only_organizer(by)?;
        self.at_version(if_match)?;
        let details = self.details.changed(patch)?;
        self.roster.admits_change(&self.details, &details)?;
        if details != self.details {
            let before = std::mem::replace(&mut self.details, details);
            self.version = self.version.saturating_add(1);
            self.updated_at = turn.now;
            self.save_and_report(turn)?;
            self.tell_of_change(turn, &before)?;
            let promoted = self.roster.promote(&self.details, turn.now);
            self.confirm(turn, &promoted)?;
        }
        Ok(Reply::Event(Box::new(self.snapshot())))
    }

    pub(super) fn delete(
        &mut self,
        turn: &mut Turn<'_>,
        by: UserId,
        if_match: Option<&IfMatch>,
    ) -> Result<Reply, Fault> {
        self.only_organizer(by)?;
        self.at_version(if_match)?;
        self.version = self.version.saturating_add(1);
        self.updated_at = turn.now;
        self.deleted = true;
        // Nobody will see the event again, the Catalog forgets whose it was, and so does the event.
        (self.organizer.name, self.organizer.account) = (None, None);
        self.save_and_report(turn)?;
        self.tell_of_end(turn)?;
        Ok(Reply::Done)
    }

    fn at_version(&self, if_match: Option<&IfMatch>) -> Result<(), Refusal> {
        let holds = if_match.is_none_or(|condition| condition.admits(self.version));
        if holds { Ok(()) } else { Err(Refusal::PreconditionFailed) }
    }

    /// Writes the event and the parcel that repeats its report, should the first try be lost.
    pub(super) fn save_and_report(&self, turn: &mut Turn<'_>) -> Result<(), SqlError> {
        store::save(turn.sql, self)?;
        turn.post(REPORT_KEY, &Parcel::Report(None), turn.now.plus_ms(REPORT_AGAIN_AFTER_MS))
    }
}
