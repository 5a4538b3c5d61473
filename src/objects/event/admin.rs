//! What an operator asks of an event.
//!
//! An event that was taken down, or whose organizer is suspended, is *hidden*: outside this object it is a
//! draft, whatever status its organizer has set. So everything that hides drafts from others hides it, too,
//! including in the Catalog and in isolates of the previous version.

use super::held::{Held, SizedEvent};
use super::store;
use crate::domain::Refusal;
use crate::domain::event::Hidden;
use crate::domain::moderation::Suspension;
use crate::objects::messages::event::{AdminOrder, Reply};
use crate::objects::object::{Check, Fault, Kind, Transaction};
use crate::objects::sql::SqlError;

impl AdminOrder {
    pub(super) const fn kind(&self) -> Kind {
        match self {
            Self::TakeDown | Self::PutBack | Self::ReportAgain { .. } => Kind::GuardedWrite,
            Self::Maintenance(maintenance) => maintenance.kind(),
        }
    }

    /// Whether the Catalog is told before the answer.
    pub(super) const fn announces(&self) -> bool {
        !matches!(self, Self::Maintenance(_))
    }
}

impl<const COMPLETE_MAX: u32, const BLOCK_BITS: u32> SizedEvent<COMPLETE_MAX, BLOCK_BITS> {
    /// What a guarded order would do.
    pub(super) fn check_admin(&self, order: &AdminOrder) -> Result<Check<Reply>, Fault> {
        let held = self.held.as_ref().ok_or(Refusal::NotFound)?;
        let wanted = match order {
            AdminOrder::ReportAgain { .. } | AdminOrder::Maintenance(_) => return Ok(Check::Change),
            AdminOrder::TakeDown => true,
            AdminOrder::PutBack => false,
        };
        match held.deleted {
            true => Err(Refusal::NotFound.into()),
            false if held.taken_down != wanted => Ok(Check::Change),
            // The current state may not have been acknowledged to anybody yet. Then the Catalog is told
            // first.
            false if held.reported.version != Some(held.version) => Ok(Check::Write),
            false => Ok(Check::Done(Reply::Event(Box::new(held.snapshot())))),
        }
    }

    pub(super) fn administer(&mut self, tx: &mut Transaction<'_>, order: AdminOrder) -> Result<Reply, Fault> {
        if let AdminOrder::Maintenance(maintenance) = order {
            return Ok(Reply::Maintenance(maintenance.carry_out(tx)?));
        }
        let held = self.held.as_mut().ok_or(Refusal::NotFound)?;
        match order {
            AdminOrder::ReportAgain { known } => held.report_again(tx, known),
            _ if held.deleted => Err(Refusal::NotFound.into()),
            AdminOrder::TakeDown => held.set_taken_down(tx, true),
            AdminOrder::PutBack => held.set_taken_down(tx, false),
            AdminOrder::Maintenance(_) => Err(Refusal::NotFound.into()),
        }
    }
}

impl Held {
    /// Why the event is hidden, if it is.
    pub(super) fn hidden(&self) -> Option<Hidden> {
        let hidden = self.taken_down || self.organizer.suspension.suspended;
        hidden.then(|| Hidden { status: self.details.status(), taken_down: self.taken_down })
    }

    /// Refuses if the event is hidden; for callers who are not its organizer.
    pub(super) fn is_open(&self) -> Result<(), Refusal> {
        if self.hidden().is_some() { Err(Refusal::NotFound) } else { Ok(()) }
    }

    fn set_taken_down(&mut self, tx: &mut Transaction<'_>, taken_down: bool) -> Result<Reply, Fault> {
        if self.taken_down == taken_down {
            tx.unchanged = true;
            return Ok(Reply::Event(Box::new(self.snapshot())));
        }
        tx.sql.run("DELETE FROM takedown", &[])?;
        if taken_down {
            tx.sql.run("INSERT INTO takedown (since) VALUES (?)", &[tx.now.into()])?;
        }
        self.taken_down = taken_down;
        self.version = self.version.saturating_add(1);
        self.save_and_report(tx)?;
        Ok(Reply::Event(Box::new(self.snapshot())))
    }

    /// Records that the organizer's account was suspended or restored, and returns whether anything changed.
    pub(super) fn organizer_suspended(
        &mut self,
        tx: &mut Transaction<'_>,
        suspension: Suspension,
    ) -> Result<bool, SqlError> {
        if self.organizer.suspension.changes >= suspension.changes {
            return Ok(false);
        }
        let before = self.hidden();
        self.organizer.suspension = suspension;
        if before == self.hidden() || self.deleted {
            store::save(tx.sql, self)?;
            return Ok(false);
        }
        self.version = self.version.saturating_add(1);
        self.save_and_report(tx)?;
        Ok(true)
    }

    /// A Catalog that has lost the event, or knows a later state than the event itself, accepts a newer
    /// version as a whole. The participants follow with the reports from the outbox.
    fn report_again(&mut self, tx: &mut Transaction<'_>, known: u64) -> Result<Reply, Fault> {
        self.version = self.version.max(known).saturating_add(1);
        self.told_change = 0;
        self.save_and_report(tx)?;
        Ok(Reply::Done)
    }
}
