//! What the event does when a user's name or address status changes, or when an account is deleted
//! ([`crate::objects::messages::account_change`]).

use super::held::Held;
use super::{email_status_store, store};
use crate::domain::UserId;
use crate::domain::account::Name;
use crate::domain::event::{Change, EventPatch, Status};
use crate::objects::idempotency;
use crate::objects::messages::account_change::{AccountChange, ChangeKind};
use crate::objects::object::{Fault, Transaction};
use crate::objects::sql::{Sql, SqlError};

impl Held {
    /// Whether the event has any data about the user.
    pub(super) fn concerns(&self, sql: &dyn Sql, account_change: &AccountChange) -> Result<bool, SqlError> {
        let organizes = self.organizer.id == account_change.user && self.organizer.account.is_some();
        Ok(organizes || store::address(sql, account_change.user)?.is_some())
    }

    /// Applies the change and returns whether anything changed.
    pub(super) fn account_change(
        &mut self,
        tx: &mut Transaction<'_>,
        account_change: &AccountChange,
    ) -> Result<bool, Fault> {
        match &account_change.kind {
            ChangeKind::Renamed { name, changes } => {
                Ok(self.organizer_renamed(tx, account_change.user, name.as_ref(), *changes)?)
            }
            ChangeKind::Suspension(suspension) => {
                let theirs = self.organizer.id == account_change.user && self.organizer.account.is_some();
                Ok(theirs && self.organizer_suspended(tx, *suspension)?)
            }
            ChangeKind::EmailStatus { status, changes } => {
                self.email_status(tx, account_change.user, *status, *changes)?;
                // Copies of the event do not show it.
                Ok(false)
            }
            ChangeKind::Erased => {
                let was_participant = self.forget_participant(tx, account_change.user)?;
                Ok(self.forget_organizer(tx, account_change.user)? || was_participant)
            }
        }
    }

    fn organizer_renamed(
        &mut self,
        tx: &mut Transaction<'_>,
        user: UserId,
        name: Option<&Name>,
        changes: u64,
    ) -> Result<bool, SqlError> {
        let known = &self.organizer;
        if known.id != user || known.account.is_none() || known.name_changes >= changes || self.deleted {
            return Ok(false);
        }
        self.organizer.name = name.cloned();
        self.organizer.name_changes = changes;
        store::save(tx.sql, self)?;
        self.report_seats(tx)?;
        Ok(true)
    }

    /// Frees the seat and removes the person from every row and mail. The user's id stays, so that the number
    /// of the registration stays taken.
    fn forget_participant(&mut self, tx: &mut Transaction<'_>, user: UserId) -> Result<bool, Fault> {
        let Some(email) = store::address(tx.sql, user)? else { return Ok(false) };
        let standing = self.seat_of_user(tx.sql, user)?;
        store::erase(tx.sql, user)?;
        email_status_store::erase(tx.sql, user)?;
        // The address may have a new account by now, which belongs to a different user.
        let others = store::registrations_at(tx.sql, &email)?;
        tx.outbox.withdraw_mails(tx.sql, &email, &others)?;
        if let Some(seat) = standing {
            if self.deleted {
                self.roster.forget(&seat);
                self.save_blocks(tx.sql)?;
            } else {
                let departure = self.give_back(tx, seat)?;
                self.confirm(tx, &departure.promoted)?;
                self.report_seats(tx)?;
            }
        }
        Ok(true)
    }

    /// Nobody can manage an event whose organizer is gone, so an upcoming event is cancelled. (An account
    /// with such an event cannot be deleted; this one was created at the same moment.)
    fn forget_organizer(&mut self, tx: &mut Transaction<'_>, user: UserId) -> Result<bool, Fault> {
        if self.organizer.id != user || self.organizer.account.is_none() {
            return Ok(false);
        }
        (self.organizer.name, self.organizer.account) = (None, None);
        // Answers to edits name the organizer; no other stored answer names anybody.
        idempotency::forget(tx.sql)?;
        let to_come = self.details.status() == Status::Published && !self.details.is_over(tx.now);
        if to_come && !self.deleted {
            let cancel = EventPatch { status: Change::Set(Status::Cancelled), ..EventPatch::default() };
            match self.update(tx, user, &cancel, None) {
                Ok(_) | Err(Fault::Refused(_)) => {}
                Err(failed) => return Err(failed),
            }
        }
        self.save_and_report(tx)?;
        Ok(true)
    }
}
