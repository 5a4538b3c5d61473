//! Whether mail reaches the address, and who is told when that changes.
//!
//! The status belongs to the address, not to the account: it may be known where there is no account, and it
//! stays when an account is deleted. A bounce is cleared when somebody uses a link from a mail, which shows
//! that mail arrives. A complaint stays until an operator clears it: the mailbox works, but its owner does
//! not want our mail.

use super::address_status::{AddressStatus, save};
use super::state::Account;
use crate::domain::{EmailStatus, Timestamp};
use crate::objects::messages::account::Reply;
use crate::objects::messages::account_change::{AccountChange, ChangeKind};
use crate::objects::object::{Fault, Transaction};
use crate::objects::outbox::OutboxMessage;
use crate::objects::sql::SqlError;

impl Account {
    /// A provider has reported that mail to the address bounced or was reported as spam at this time.
    pub(super) fn mark_email(
        &mut self,
        tx: &mut Transaction<'_>,
        status: EmailStatus,
        at: Timestamp,
    ) -> Result<Reply, Fault> {
        if self.address.is_changed_by(status, at.min(tx.now)) {
            self.set_email_status(tx, status)?;
        }
        Ok(Reply::Done)
    }

    /// An operator says that the address is fine, whatever was reported before.
    pub(super) fn lift_email_mark(&mut self, tx: &mut Transaction<'_>) -> Result<Reply, Fault> {
        if !self.address.status.is_ok() {
            self.set_email_status(tx, EmailStatus::Ok)?;
        }
        Ok(Reply::Done)
    }

    /// Somebody has used a link from a mail, so the mailbox works.
    pub(super) fn mail_has_arrived(&mut self, tx: &mut Transaction<'_>) -> Result<(), SqlError> {
        match self.address.status {
            EmailStatus::Bounced => self.set_email_status(tx, EmailStatus::Ok),
            EmailStatus::Ok | EmailStatus::Complained => Ok(()),
        }
    }

    /// Stores the status and makes sure that the events in which the owner takes part are told.
    fn set_email_status(&mut self, tx: &mut Transaction<'_>, status: EmailStatus) -> Result<(), SqlError> {
        let changes = self.address.changes.saturating_add(1);
        let known = AddressStatus { status, changes, since: tx.now };
        save(tx.sql, &known)?;
        self.address = known;
        let Some(owner) = &mut self.owner else { return Ok(()) };
        (owner.profile.email_status, owner.profile.email_status_changes) = (status, changes);
        let account_change =
            AccountChange { user: owner.profile.id, kind: ChangeKind::EmailStatus { status, changes } };
        let recent = self.recent_events.iter().copied().collect();
        tx.post("email_status", &OutboxMessage::AccountChange(Box::new(account_change), recent), tx.now)
    }
}
