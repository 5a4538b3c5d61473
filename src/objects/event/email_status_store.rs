//! Stores whether mail reaches participants.

use std::collections::BTreeMap;

use crate::domain::{EmailStatus, UserId};
use crate::objects::messages::event::{Participant, Registration};
use crate::objects::sql::{self, Sql, SqlError};

/// The schema step that gives participants an address status. Backups page by row number, so the table has
/// row numbers.
pub(super) const SCHEMA: &str = "
    CREATE TABLE email_statuses (
        user TEXT PRIMARY KEY, changes INTEGER NOT NULL, status TEXT NOT NULL
    );
";

/// The status of a user's address.
pub(super) fn of(sql: &dyn Sql, user: UserId) -> Result<EmailStatus, SqlError> {
    let known = sql::value(sql, "SELECT status FROM email_statuses WHERE user = ?", &[user.into()])?;
    Ok(known.unwrap_or_default())
}

/// The statuses of these users that differ from the default.
pub(super) fn of_all(
    sql: &dyn Sql,
    users: impl Iterator<Item = UserId>,
) -> Result<BTreeMap<UserId, EmailStatus>, SqlError> {
    let users: Vec<UserId> = users.collect();
    let rows = sql.run(
        "SELECT user, status FROM email_statuses WHERE user IN (SELECT value FROM json_each(?))",
        &[sql::json(&users)?],
    )?;
    rows.iter().map(|row| Ok((row.get(0)?, row.get(1)?))).collect()
}

/// Records the status that the account has sent with a registration.
pub(super) fn arrive(sql: &dyn Sql, participant: &Participant) -> Result<(), SqlError> {
    if participant.email_status_changes == 0 {
        return Ok(());
    }
    note(sql, participant.id, participant.email_status, participant.email_status_changes).map(drop)
}

/// Deletes a user's status.
pub(super) fn erase(sql: &dyn Sql, user: UserId) -> Result<(), SqlError> {
    sql.run("DELETE FROM email_statuses WHERE user = ?", &[user.into()]).map(drop)
}

/// Fills the statuses into a page of registrations.
pub(super) fn fill(sql: &dyn Sql, page: &mut [(u64, Registration)]) -> Result<(), SqlError> {
    let known = of_all(sql, page.iter().map(|(_, registration)| registration.user))?;
    for (_, registration) in page {
        registration.email_status = known.get(&registration.user).copied().unwrap_or_default();
    }
    Ok(())
}

/// Stores a status and returns whether it was new.
pub(super) fn note(sql: &dyn Sql, user: UserId, status: EmailStatus, changes: u64) -> Result<bool, SqlError> {
    let newer = sql.run(
        "INSERT INTO email_statuses (user, changes, status) VALUES (?, ?, ?)
         ON CONFLICT (user) DO UPDATE SET changes = excluded.changes, status = excluded.status
         WHERE excluded.changes > changes RETURNING 1",
        &[user.into(), changes.into(), status.as_str().into()],
    )?;
    Ok(!newer.is_empty())
}
