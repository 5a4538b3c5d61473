//! Creating, changing and deleting an event.

use super::held::{Held, REPORT_AGAIN_AFTER_MS, REPORT_KEY, Reported};
use super::store;
use crate::domain::event::{Details, EventPatch};
use crate::domain::roster::{Roster, Sizes};
use crate::domain::{Refusal, UserId};
use crate::objects::messages::event::{Command, Create, IfMatch, Reply};
use crate::objects::object::{Check, Fault, Transaction};
use crate::objects::outbox::OutboxMessage;
use crate::objects::sql::{Sql, SqlError};

/// Creates the event, or finds the one that `place` holds.
pub(super) fn create(
    place: &mut Option<Held>,
    sizes: Sizes,
    tx: &mut Transaction<'_>,
    create: Create,
) -> Result<Reply, Fault> {
    if let Some(held) = place {
        // Without a key, nobody else can have drawn this id.
        let repeated = held.fingerprint == create.fingerprint && held.organizer.id == create.organizer.id;
        return match (repeated, held.deleted) {
            (true, false) => Ok(Reply::Event(Box::new(held.snapshot()))),
            (true, true) => Err(Refusal::NotFound.into()),
            (false, _) => Err(Refusal::IdempotencyKeyReused.into()),
        };
    }
    let mut held = Held {
        id: create.id,
        organizer: create.organizer,
        details: create.details,
        version: 1,
        created_at: tx.now,
        updated_at: tx.now,
        deleted: false,
        fingerprint: create.fingerprint,
        roster: Roster::new(sizes),
        last_change: 0,
        told_change: 0,
        reported: Reported::default(),
        revision: 1,
        broadcasts: Vec::new(),
        taken_down: false,
    };
    held.save_and_report(tx)?;

    let snapshot = held.snapshot();
    *place = Some(held);
    Ok(Reply::Event(Box::new(snapshot)))
}

impl Held {
    pub(super) fn update(
        &mut self,
        tx: &mut Transaction<'_>,
        by: UserId,
        patch: &EventPatch,
        if_match: Option<&IfMatch>,
    ) -> Result<Reply, Fault> {
        let details = self.updated(by, patch, if_match)?;
        tx.unchanged = details == self.details;
        if !tx.unchanged {
            let before = std::mem::replace(&mut self.details, details);
            self.version = self.version.saturating_add(1);
            self.updated_at = tx.now;
            self.save_and_report(tx)?;
            self.tell_of_change(tx, &before)?;
            self.promote(tx)?;
        }
        Ok(Reply::Event(Box::new(self.snapshot())))
    }

    pub(super) fn delete(
        &mut self,
        tx: &mut Transaction<'_>,
        by: UserId,
        if_match: Option<&IfMatch>,
    ) -> Result<Reply, Fault> {
        self.may_delete(by, if_match)?;
        self.version = self.version.saturating_add(1);
        self.updated_at = tx.now;
        self.deleted = true;
        // Nobody will see the event again. The Catalog forgets the organizer, and so does the event.
        (self.organizer.name, self.organizer.account) = (None, None);
        self.save_and_report(tx)?;
        self.tell_of_end(tx, !self.details.is_over(tx.now))?;
        Ok(Reply::Done)
    }

    /// What a command that changes the event would do, checked in memory.
    pub(super) fn check(&self, sql: &dyn Sql, command: &Command) -> Result<Check<Reply>, Fault> {
        match command {
            Command::Update { by, patch, if_match } => {
                if self.updated(*by, patch, if_match.as_ref())? != self.details {
                    return Ok(Check::Change);
                }
                // The current state may not have been acknowledged to anybody yet. Then the Catalog is told
                // first.
                if self.reported.version == Some(self.version) {
                    Ok(Check::Done(Reply::Event(Box::new(self.snapshot()))))
                } else {
                    Ok(Check::Write)
                }
            }
            Command::Delete { by, if_match } => {
                self.may_delete(*by, if_match.as_ref())?;
                Ok(Check::Change)
            }
            Command::AccountChange(account_change) if !self.concerns(sql, account_change)? => {
                Ok(Check::Done(Reply::Done))
            }
            _ => Ok(Check::Change),
        }
    }

    /// The details after a patch.
    fn updated(
        &self,
        by: UserId,
        patch: &EventPatch,
        if_match: Option<&IfMatch>,
    ) -> Result<Details, Refusal> {
        self.only_organizer(by)?;
        self.at_version(if_match)?;
        let details = self.details.changed(patch)?;
        self.roster.admits_change(&self.details, &details)?;
        Ok(details)
    }

    fn may_delete(&self, by: UserId, if_match: Option<&IfMatch>) -> Result<(), Refusal> {
        self.only_organizer(by)?;
        self.at_version(if_match)
    }

    fn at_version(&self, if_match: Option<&IfMatch>) -> Result<(), Refusal> {
        let holds = if_match.is_none_or(|condition| condition.admits(self.version));
        if holds { Ok(()) } else { Err(Refusal::PreconditionFailed) }
    }

    /// Stores the event, and the message that repeats its report in case the first try is lost.
    pub(super) fn save_and_report(&mut self, tx: &mut Transaction<'_>) -> Result<(), SqlError> {
        self.reported.waiting_since.get_or_insert(tx.now);
        store::save(tx.sql, self)?;
        tx.post(REPORT_KEY, &OutboxMessage::Report(None), tx.now.plus_ms(REPORT_AGAIN_AFTER_MS))
    }
}
