//! Whether mail reaches participants, as it is stored.

use std::collections::BTreeMap;

use crate::domain::{EmailStatus, UserId};
use crate::objects::messages::event::{Participant, Registration};
use crate::objects::sql::{self, Sql, SqlError};

/// The step that lets participants have a status of their address. Copies of an object page by row numbers,
/// so the table has them.
pub(super) const SCHEMA: &str = "
    CREATE TABLE email_statuses (
        user TEXT PRIMARY KEY, changes INTEGER NOT NULL, status TEXT NOT NULL
    );
";

/// The status of somebody's address.
pub(super) fn of(sql: &dyn Sql, user: UserId) -> Result<EmailStatus, SqlError> {
    let known = sql::value(sql, "SELECT status FROM email_statuses WHERE user = ?", &[user.into()])?;
    Ok(known.unwrap_or_default())
}

/// The statuses of these users that are not as they were at first.
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

/// Notes what the account has said with a registration.
pub(super) fn arrive(sql: &dyn Sql, participant: &Participant) -> Result<(), SqlError> {
    if participant.email_status_changes == 0 {
        return Ok(());
    }
    note(sql, participant.id, participant.email_status, participant.email_status_changes).map(drop)
}

/// Forgets somebody.
pub(super) fn erase(sql: &dyn Sql, user: UserId) -> Result<(), SqlError> {
    sql.run("DELETE FROM email_statuses WHERE user = ?", &[user.into()]).map(drop)
}

/// Puts the statuses into a page of registrations.
pub(super) fn fill(sql: &dyn Sql, page: &mut [(u64, Registration)]) -> Result<(), SqlError> {
    let known = of_all(sql, page.iter().map(|(_, registration)| registration.user))?;
    for (_, registration) in page {
        registration.email_status = known.get(&registration.user).copied().unwrap_or_default();
    }
    Ok(())
}

/// Writes a status; whether it is news.
pub(super) fn note(sql: &dyn Sql, user: UserId, status: EmailStatus, changes: u64) -> Result<bool, SqlError> {
    let newer = sql.run(
        "INSERT INTO email_statuses (user, changes, status) VALUES (?, ?, ?)
         ON CONFLICT (user) DO UPDATE SET changes = excluded.changes, status = excluded.status
         WHERE excluded.changes > changes RETURNING 1",
        &[user.into(), changes.into(), status.as_str().into()],
    )?;
    Ok(!newer.is_empty())
}
