//! The latest security events of an account, for its owner to see.

use crate::domain::guard::LoginGuard;
use crate::domain::{Timestamp, limits};
use crate::objects::messages::account::{SecurityEvent, SecurityEventKind};
use crate::objects::object::Transaction;
use crate::objects::sql::{Sql, SqlError};

/// Records an event that happens now, in place of the oldest.
pub(super) fn note(tx: &Transaction<'_>, kind: SecurityEventKind) -> Result<(), SqlError> {
    insert(tx.sql, tx.now, kind, 1)
}

/// Records failed logins. Failures in a row count as one event, so that nobody can push other events out by
/// guessing.
pub(super) fn note_failures(tx: &Transaction<'_>, guard: &LoginGuard) -> Result<(), SqlError> {
    let kind = SecurityEventKind::LoginFailed;
    let last = "DELETE FROM security_events WHERE kind = ? AND id = (SELECT max(id) FROM security_events)";
    tx.sql.run(last, &[kind.as_str().into()])?;
    insert(tx.sql, guard.last_failure(), kind, guard.failures())
}

fn insert(sql: &dyn Sql, at: Timestamp, kind: SecurityEventKind, times: u32) -> Result<(), SqlError> {
    sql.run(
        "INSERT INTO security_events (at, kind, times) VALUES (?, ?, ?)",
        &[at.into(), kind.as_str().into(), times.into()],
    )?;
    sql.run(
        "DELETE FROM security_events WHERE id <= (SELECT max(id) FROM security_events) - ?",
        &[limits::SECURITY_EVENTS_MAX.into()],
    )?;
    Ok(())
}

/// All recorded events, oldest first.
pub(super) fn all(sql: &dyn Sql) -> Result<Vec<SecurityEvent>, SqlError> {
    let rows = sql.run("SELECT at, json_quote(kind), times FROM security_events ORDER BY id", &[])?;
    rows.iter()
        .map(|row| Ok(SecurityEvent { at: row.get(0)?, kind: row.json(1)?, times: row.get(2)? }))
        .collect()
}
