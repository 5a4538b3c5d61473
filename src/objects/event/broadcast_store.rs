//! The tables for broadcasts: what is still to be sent, the revisions, and what each participant knows.

use super::broadcast::{Broadcast, Kind};
use crate::domain::account::Name;
use crate::domain::roster::Seat;
use crate::domain::schedule::Schedule;
use crate::domain::{Email, RegistrationId, Timestamp, UserId};
use crate::objects::sql::{self, Row, Sql, SqlError, Value};

/// A revision holds what participants must know, as it was from a certain version on. `told` is the revision
/// that a participant knows.
pub(super) const SCHEMA: &str = "
    ALTER TABLE registrations ADD COLUMN told INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE registrations ADD COLUMN origin TEXT;
    ALTER TABLE registrations ADD COLUMN reminded INTEGER NOT NULL DEFAULT 1;
    CREATE TABLE editions (version INTEGER PRIMARY KEY, schedule TEXT NOT NULL, join_url TEXT);
    INSERT INTO editions
        SELECT version, json_extract(details, '$.schedule'), json_extract(details, '$.join_url') FROM event;
    UPDATE registrations SET told = (SELECT version FROM event);
    CREATE TABLE circulars (kind TEXT PRIMARY KEY, due_at INTEGER NOT NULL, after_seq INTEGER NOT NULL);
";

/// The value of `told` for a participant who knows that the event is cancelled.
pub(super) const TOLD_OF_END: u64 = 1 << 52;

/// What participants must know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Revision {
    pub(super) schedule: Schedule,
    pub(super) join_url: Option<String>,
}

/// A participant who is to get a mail.
pub(super) struct Reader {
    pub(super) seq: u64,
    pub(super) registration: RegistrationId,
    pub(super) user: UserId,
    pub(super) name: Option<Name>,
    pub(super) email: Email,
    pub(super) has_seat: bool,
    pub(super) told: u64,
    pub(super) origin: Option<String>,
    pub(super) registered_at: Timestamp,
    pub(super) wants_reminders: bool,
}

pub(super) fn load_revision(sql: &dyn Sql) -> Result<u64, SqlError> {
    Ok(sql::value(sql, "SELECT max(version) FROM editions", &[])?.unwrap_or(1))
}

pub(super) fn load(sql: &dyn Sql) -> Result<Vec<Broadcast>, SqlError> {
    let rows = sql.run("SELECT kind, due_at, after_seq FROM circulars", &[])?;
    rows.iter().map(read_broadcast).collect()
}

fn read_broadcast(row: &Row) -> Result<Broadcast, SqlError> {
    let kind: String = row.get(0)?;
    let kind = Kind::parse(&kind).ok_or_else(|| SqlError::new("an unknown circular"))?;
    Ok(Broadcast { kind, due_at: row.get(1)?, after_seq: row.get(2)? })
}

pub(super) fn save(sql: &dyn Sql, broadcast: &Broadcast) -> Result<(), SqlError> {
    sql.run(
        "INSERT OR REPLACE INTO circulars (kind, due_at, after_seq) VALUES (?, ?, ?)",
        &[broadcast.kind.as_str().into(), broadcast.due_at.into(), broadcast.after_seq.into()],
    )?;
    Ok(())
}

pub(super) fn delete(sql: &dyn Sql, kind: Kind) -> Result<(), SqlError> {
    sql.run("DELETE FROM circulars WHERE kind = ?", &[kind.as_str().into()])?;
    Ok(())
}

pub(super) fn save_revision(sql: &dyn Sql, version: u64, revision: &Revision) -> Result<(), SqlError> {
    sql.run(
        "INSERT OR REPLACE INTO editions (version, schedule, join_url) VALUES (?, ?, ?)",
        &[version.into(), sql::json(&revision.schedule)?, revision.join_url.clone().into()],
    )?;
    Ok(())
}

pub(super) fn revisions(sql: &dyn Sql) -> Result<Vec<(u64, Revision)>, SqlError> {
    let rows = sql.run("SELECT version, schedule, join_url FROM editions", &[])?;
    rows.iter()
        .map(|row| Ok((row.get(0)?, Revision { schedule: row.json(1)?, join_url: row.get(2)? })))
        .collect()
}

/// Deletes the revisions before this one, which nobody needs any more.
pub(super) fn delete_revisions_before(sql: &dyn Sql, version: u64) -> Result<(), SqlError> {
    sql.run("DELETE FROM editions WHERE version < ?", &[version.into()])?;
    Ok(())
}

/// The next readers after this position in order of arrival. The `+` makes SQLite follow the table's own
/// order; with the index of the status it would read and sort all of them for each page.
pub(super) fn readers(sql: &dyn Sql, after_seq: i64, limit: u32) -> Result<Vec<Reader>, SqlError> {
    let rows = sql.run(
        "SELECT seq, id, name, email, confirmed_at IS NOT NULL, told, origin, registered_at, reminded,
                user_id
         FROM registrations WHERE +status IN ('confirmed', 'waitlisted') AND seq > ? ORDER BY seq LIMIT ?",
        &[after_seq.into(), limit.into()],
    )?;
    rows.iter()
        .map(|row| {
            Ok(Reader {
                seq: row.get(0)?,
                registration: row.get(1)?,
                user: row.get(9)?,
                name: row.get(2)?,
                email: row.get(3)?,
                has_seat: row.get(4)?,
                told: row.get(5)?,
                origin: row.get(6)?,
                registered_at: row.get(7)?,
                wants_reminders: row.get(8)?,
            })
        })
        .collect()
}

/// Stores what the readers between two positions now know.
pub(super) fn mark_told(sql: &dyn Sql, after_seq: i64, last_seq: u64, told: u64) -> Result<(), SqlError> {
    let range: [Value; 3] = [told.into(), after_seq.into(), last_seq.into()];
    sql.run(
        "UPDATE registrations SET told = ? WHERE seq > ? AND seq <= ? AND +status <> 'cancelled'",
        &range,
    )?;
    Ok(())
}

pub(super) fn mute(sql: &dyn Sql, seat: &Seat) -> Result<(), SqlError> {
    sql.run("UPDATE registrations SET reminded = 0 WHERE seq = ?", &[seat.seq.into()])?;
    Ok(())
}
