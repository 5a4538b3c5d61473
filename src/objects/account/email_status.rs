//! Whether mail reaches the address, and who hears when that changes.
//!
//! It belongs to the address, not to the account: it is known where no account is, and stays when one is
//! deleted. A bounce is lifted by whoever shows that mail arrives, with a link from one. A complaint
//! stays until an operator lifts it: the mailbox works, and its owner wants nothing from us.

use super::address_status::{AddressStatus, save};
use super::state::Account;
use crate::domain::{EmailStatus, Timestamp};
use crate::objects::messages::account::Reply;
use crate::objects::messages::account_change::{AccountChange, ChangeKind};
use crate::objects::object::{Fault, Transaction};
use crate::objects::outbox::OutboxMessage;
use crate::objects::sql::SqlError;

impl Account {
    /// A provider has told that mail to the address came back, or was called spam, at this time.
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

    /// An operator says that all is well, whatever was told before.
    pub(super) fn lift_email_mark(&mut self, tx: &mut Transaction<'_>) -> Result<Reply, Fault> {
        if !self.address.status.is_ok() {
            self.set_email_status(tx, EmailStatus::Ok)?;
        }
        Ok(Reply::Done)
    }

    /// Somebody has used a link from a mail: the mailbox works.
    pub(super) fn mail_has_arrived(&mut self, tx: &mut Transaction<'_>) -> Result<(), SqlError> {
        match self.address.status {
            EmailStatus::Bounced => self.set_email_status(tx, EmailStatus::Ok),
            EmailStatus::Ok | EmailStatus::Complained => Ok(()),
        }
    }

    /// Writes the status and sees to it that the events hear of it at which the owner takes part.
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
