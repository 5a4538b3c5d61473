//! Stores whether mail reaches an address.

use crate::domain::account::Profile;
use crate::domain::{EmailStatus, Timestamp};
use crate::objects::sql::{Sql, SqlError};

/// The schema step that gives an address a status.
pub(super) const SCHEMA: &str = "
    CREATE TABLE email_status (status TEXT NOT NULL, changes INTEGER NOT NULL, since INTEGER NOT NULL);
";

/// The status of an address.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct AddressStatus {
    pub(super) status: EmailStatus,
    /// How often it has changed.
    pub(super) changes: u64,
    /// When it last changed. Reports about an earlier time come too late to matter.
    pub(super) since: Timestamp,
}

impl AddressStatus {
    /// The profile with this status.
    pub(super) fn shown_in(self, profile: Profile) -> Profile {
        Profile { email_status: self.status, email_status_changes: self.changes, ..profile }
    }

    /// Whether a provider's report changes it.
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

pub(super) fn save(sql: &dyn Sql, known: &AddressStatus) -> Result<(), SqlError> {
    sql.run("DELETE FROM email_status", &[])?;
    let columns = [known.status.as_str().into(), known.changes.into(), known.since.into()];
    sql.run("INSERT INTO email_status (status, changes, since) VALUES (?, ?, ?)", &columns)?;
    Ok(())
}
