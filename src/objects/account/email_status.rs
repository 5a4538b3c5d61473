//! Whether mail reaches the address, and who hears when that changes.
//!
//! It belongs to the address, not to the account: it is known where no account is, and stays when one is
//! deleted. A bounce is lifted by whoever shows that mail arrives, with a link from one. A complaint
//! stays until an operator lifts it: the mailbox works, and its owner wants nothing from us.

use super::{Account, Reply};
use crate::domain::account::Profile;
use crate::domain::{EmailStatus, Timestamp};
use crate::objects::notice::{News, Notice};
use crate::objects::outbox::Parcel;
use crate::objects::sql::{Sql, SqlError};
use crate::objects::{Fault, Turn};

/// The step that lets an address have a status.
pub(super) const SCHEMA: &str = "
    CREATE TABLE email_status (status TEXT NOT NULL, changes INTEGER NOT NULL, since INTEGER NOT NULL);
";

/// The status of an address.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct AddressStatus {
    pub(super) status: EmailStatus,
    /// How often it has changed.
    pub(super) changes: u64,
    /// When that was last. What is told of the time before comes too late to matter.
    since: Timestamp,
}

impl AddressStatus {
    /// The profile with this status.
    pub(super) fn shown_in(self, profile: Profile) -> Profile {
        Profile { email_status: self.status, email_status_changes: self.changes, ..profile }
    }

    /// Whether this changes with what a provider has told.
    pub(super) fn is_changed_by(&self, status: EmailStatus, at: Timestamp) -> bool {
        match (self.status, status) {
            (EmailStatus::Ok, EmailStatus::Bounced | EmailStatus::Complained) => at > self.since,
            (EmailStatus::Bounced, EmailStatus::Complained) => true,
            _ => false,
        }
    }
}

pub(super) fn load(sql: &dyn Sql) -> Result<AddressStatus, SqlError> {
    let rows = sql.run("SELECT status, changes, since FROM email_status", &[])?;
    let known = rows
        .first()
        .map(|row| Ok(AddressStatus { status: row.get(0)?, changes: row.get(1)?, since: row.get(2)? }));
    known.unwrap_or_else(|| Ok(AddressStatus::default()))
}

fn save(sql: &dyn Sql, known: &AddressStatus) -> Result<(), SqlError> {
    sql.run("DELETE FROM email_status", &[])?;
    let columns = [known.status.as_str().into(), known.changes.into(), known.since.into()];
    sql.run("INSERT INTO email_status (status, changes, since) VALUES (?, ?, ?)", &columns)?;
    Ok(())
}

impl Account {
    /// A provider has told that mail to the address came back, or was called spam, at this time.
    pub(super) fn mark_email(
        &mut self,
        turn: &mut Turn<'_>,
        status: EmailStatus,
        at: Timestamp,
    ) -> Result<Reply, Fault> {
        if self.address.is_changed_by(status, at.min(turn.now)) {
            self.set_email_status(turn, status)?;
        }
        Ok(Reply::Done)
    }

    /// An operator says that all is well, whatever was told before.
    pub(super) fn lift_email_mark(&mut self, turn: &mut Turn<'_>) -> Result<Reply, Fault> {
        if !self.address.status.is_ok() {
            self.set_email_status(turn, EmailStatus::Ok)?;
        }
        Ok(Reply::Done)
    }

    /// Somebody has used a link from a mail: the mailbox works.
    pub(super) fn mail_has_arrived(&mut self, turn: &mut Turn<'_>) -> Result<(), SqlError> {
        match self.address.status {
            EmailStatus::Bounced => self.set_email_status(turn, EmailStatus::Ok),
            EmailStatus::Ok | EmailStatus::Complained => Ok(()),
        }
    }

    /// Writes the status and sees to it that the events hear of it at which the owner takes part.
    fn set_email_status(&mut self, turn: &mut Turn<'_>, status: EmailStatus) -> Result<(), SqlError> {
        let changes = self.address.changes.saturating_add(1);
        let known = AddressStatus { status, changes, since: turn.now };
        save(turn.sql, &known)?;
        self.address = known;
        let Some(owner) = &mut self.owner else { return Ok(()) };
        (owner.profile.email_status, owner.profile.email_status_changes) = (status, changes);
        let notice = Notice { user: owner.profile.id, news: News::EmailStatus { status, changes } };
        let visits = self.visits.iter().copied().collect();
        turn.post("email_status", &Parcel::Notice(Box::new(notice), visits), turn.now)
    }
}
