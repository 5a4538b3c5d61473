//! The tables of an event.

use super::held::{Held, REPORT_KEY, Reported};
use super::{broadcast_store, email_status_store, seat_store, takedown};
use crate::domain::account::Name;
use crate::domain::roster::{Seat, Sizes};
use crate::domain::{Email, EmailStatus, EventId, RegistrationId, Timestamp, UserId};
use crate::objects::messages::catalog::Participation;
use crate::objects::messages::event::{Participant, Registration, SeatStatus};
use crate::objects::object::Transaction;
use crate::objects::schema::Step;
use crate::objects::sql::{self, Sql, SqlError, Value};
use crate::objects::{backup, idempotency, lease, outbox};

/// The schema, one entry per version.
pub(super) const MIGRATIONS: &[Step] = &[
    &[
        outbox::TABLE,
        "CREATE TABLE event (
        id TEXT PRIMARY KEY,
        organizer TEXT NOT NULL,
        details TEXT NOT NULL,
        version INTEGER NOT NULL,
        created_at INTEGER NOT NULL,
        updated_at INTEGER NOT NULL,
        deleted INTEGER NOT NULL,
        fingerprint TEXT,
        told_change INTEGER NOT NULL
    );
    CREATE TABLE registrations (
        seq INTEGER PRIMARY KEY,
        id TEXT NOT NULL,
        user_id TEXT NOT NULL UNIQUE,
        account TEXT NOT NULL,
        name TEXT,
        email TEXT NOT NULL,
        status TEXT NOT NULL,
        registered_at INTEGER NOT NULL,
        confirmed_at INTEGER,
        checked_in_at INTEGER,
        cancelled_at INTEGER,
        change INTEGER NOT NULL UNIQUE
    );
    CREATE INDEX registrations_status ON registrations (status, seq);",
    ],
    &[outbox::DESTINATIONS, super::broadcast_store::SCHEMA],
    &[idempotency::SCHEMA, lease::longest::SCHEMA],
    &[seat_store::SCHEMA],
    &[takedown::SCHEMA, backup::SCHEMA],
    &[outbox::URGENCY],
    &[email_status_store::SCHEMA],
    &[FORMER],
];

/// The schema step for links to registrations that have ended: `former` has the ids of the registrations that
/// the same user ended before, the last first, each of 36 characters. Few people come back, so the index is
/// small.
const FORMER: &str = "
    ALTER TABLE registrations ADD COLUMN former TEXT;
    CREATE INDEX registrations_former ON registrations (former) WHERE former IS NOT NULL;
";

/// The status of a registration whose user was deleted: only its number stays taken.
const ERASED: &str = "erased";

/// The most registrations in one report.
const PARTICIPATIONS_PER_REPORT: u32 = 2_000;

/// Makes SQLite return many registrations as JSON. As rows, every column of each would be passed separately.
const AS_JSON: &str = "json_group_array(json_array(
    seq, id, user_id, name, email, status, registered_at, confirmed_at, checked_in_at))";

type RegistrationColumns = (
    u64,
    RegistrationId,
    UserId,
    Option<Name>,
    Email,
    SeatStatus,
    Timestamp,
    Option<Timestamp>,
    Option<Timestamp>,
);

pub(super) fn load(sql: &dyn Sql, sizes: Sizes) -> Result<Option<Held>, SqlError> {
    let rows = sql.run(
        "SELECT id, organizer, details, version, created_at, updated_at, deleted, fingerprint, told_change
         FROM event",
        &[],
    )?;
    let Some(row) = rows.first() else {
        return Ok(None);
    };
    Ok(Some(Held {
        id: row.get(0)?,
        organizer: row.json(1)?,
        details: row.json(2)?,
        version: row.get(3)?,
        created_at: row.get(4)?,
        updated_at: row.get(5)?,
        deleted: row.get(6)?,
        fingerprint: row.get(7)?,
        roster: seat_store::load(sql, sizes)?,
        last_change: load_last_change(sql)?,
        told_change: row.get(8)?,
        reported: Reported::default(),
        revision: broadcast_store::load_revision(sql)?,
        broadcasts: broadcast_store::load(sql)?,
        taken_down: takedown::load(sql)?,
    }))
}

fn load_last_change(sql: &dyn Sql) -> Result<u64, SqlError> {
    Ok(sql::value(sql, "SELECT max(change) FROM registrations", &[])?.unwrap_or(0))
}

/// Stores the event's row. Columns that a later version has added keep their values.
pub(super) fn save(sql: &dyn Sql, held: &Held) -> Result<(), SqlError> {
    sql.run(
        "INSERT INTO event
         (id, organizer, details, version, created_at, updated_at, deleted, fingerprint, told_change)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT (id) DO UPDATE SET
            organizer = excluded.organizer, details = excluded.details, version = excluded.version,
            created_at = excluded.created_at, updated_at = excluded.updated_at, deleted = excluded.deleted,
            fingerprint = excluded.fingerprint, told_change = excluded.told_change",
        &[
            held.id.into(),
            sql::json(&held.organizer)?,
            sql::json(&held.details)?,
            held.version.into(),
            held.created_at.into(),
            held.updated_at.into(),
            held.deleted.into(),
            held.fingerprint.clone().into(),
            held.told_change.into(),
        ],
    )?;
    Ok(())
}

/// Stores a new registration. It replaces one that the user has ended before, and keeps its id and up to
/// seven before it.
pub(super) fn insert_seat(
    sql: &dyn Sql,
    seat: &Seat,
    participant: &Participant,
    change: u64,
    revision: u64,
) -> Result<(), SqlError> {
    sql.insert(
        "INSERT OR REPLACE INTO registrations
         (seq, id, user_id, account, name, email, status, registered_at, confirmed_at, change, told, origin,
          former)
         SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5,
                value ->> 6, value ->> 7, value ->> 8, value ->> 9, value ->> 10, value ->> 11,
                (SELECT substr(id || coalesce(former, ''), 1, 8 * 36) FROM registrations
                 WHERE user_id = value ->> 2)
         FROM json_each(?)",
        &[
            seat.seq.into(),
            seat.id.into(),
            seat.user.into(),
            participant.account.as_str().into(),
            participant.name.as_ref().map(Name::as_str).into(),
            participant.email.as_str().into(),
            status_of(seat).as_str().into(),
            seat.registered_at.into(),
            seat.confirmed_at.into(),
            change.into(),
            revision.into(),
            participant.origin.clone().into(),
        ],
    )
}

pub(super) fn end_seat(tx: &Transaction<'_>, seat: &Seat, change: u64) -> Result<(), SqlError> {
    tx.sql.run(
        "UPDATE registrations SET status = 'cancelled', cancelled_at = ?, change = ? WHERE seq = ?",
        &[tx.now.into(), change.into(), seat.seq.into()],
    )?;
    Ok(())
}

pub(super) fn save_check_in(sql: &dyn Sql, seat: &Seat) -> Result<(), SqlError> {
    sql.run(
        "UPDATE registrations SET checked_in_at = ? WHERE seq = ?",
        &[seat.checked_in_at.into(), seat.seq.into()],
    )?;
    Ok(())
}

/// Registrations that have begun or ended since change `told`, oldest change first.
pub(super) fn participations_since(sql: &dyn Sql, told: u64) -> Result<Vec<Participation>, SqlError> {
    let rows = sql.run(
        "SELECT change, user_id, seq, status IN ('confirmed', 'waitlisted') FROM registrations
         WHERE change > ? ORDER BY change LIMIT ?",
        &[told.into(), PARTICIPATIONS_PER_REPORT.into()],
    )?;
    rows.iter()
        .map(|row| {
            Ok(Participation {
                change: row.get(0)?,
                user: row.get(1)?,
                seq: row.get(2)?,
                stands: row.get(3)?,
            })
        })
        .collect()
}

/// Stores the last change that the Catalog has been told.
pub(super) fn save_told(sql: &dyn Sql, told: u64) -> Result<(), SqlError> {
    sql.run("UPDATE event SET told_change = max(told_change, ?)", &[told.into()])?;
    Ok(())
}

/// The registration that a user has ended.
pub(super) fn ended(sql: &dyn Sql, event: EventId, user: UserId) -> Result<Option<Registration>, SqlError> {
    let which = "SELECT * FROM registrations WHERE user_id = ? AND status = 'cancelled'";
    let found = registrations(sql, event, which, &[user.into()])?;
    Ok(found.into_iter().next().map(|(_, registration)| registration))
}

/// The registration with this id, or the one that its user has made since.
pub(super) fn linked(
    sql: &dyn Sql,
    event: EventId,
    id: RegistrationId,
) -> Result<Option<Registration>, SqlError> {
    let which = format!(
        "SELECT * FROM (SELECT * FROM registrations WHERE id = ?1 UNION ALL
             SELECT * FROM registrations WHERE former > '' AND instr(former, ?1))
         WHERE status <> '{ERASED}'"
    );
    let found = registrations(sql, event, &which, &[id.into()])?;
    Ok(found.into_iter().next().map(|(_, registration)| registration))
}

/// The address on a user's registration, ended or not.
pub(super) fn address(sql: &dyn Sql, user: UserId) -> Result<Option<Email>, SqlError> {
    let statement = format!("SELECT email FROM registrations WHERE user_id = ? AND status <> '{ERASED}'");
    sql::value(sql, &statement, &[user.into()])
}

/// The registrations with this address that mails in the outbox are about. The mails' keys say which, so
/// addresses need no index.
pub(super) fn registrations_at(sql: &dyn Sql, email: &Email) -> Result<Vec<RegistrationId>, SqlError> {
    let rows = sql.run(
        "SELECT id FROM registrations WHERE +email = ?1 AND id IN (
             SELECT substr(key, instr(key, '/') + 1, 36) FROM outbox WHERE recipient = ?1
             UNION ALL SELECT substr(key, instr(key, '/') + 1, 36) FROM parked WHERE recipient = ?1)",
        &[email.as_str().into()],
    )?;
    rows.iter().map(|row| row.get(0)).collect()
}

/// Removes everything that names a user from the registration.
pub(super) fn erase(sql: &dyn Sql, user: UserId) -> Result<(), SqlError> {
    sql.run(
        &format!(
            "UPDATE registrations SET status = '{ERASED}', account = '', name = NULL, email = '',
             checked_in_at = NULL WHERE user_id = ?"
        ),
        &[user.into()],
    )?;
    Ok(())
}

/// Who holds the registration.
pub(super) fn participant(sql: &dyn Sql, seat: &Seat) -> Result<Participant, SqlError> {
    let rows =
        sql.run("SELECT account, name, email, origin FROM registrations WHERE seq = ?", &[seat.seq.into()])?;
    let row = rows.first().ok_or_else(|| SqlError::new("a seat has no row"))?;
    Ok(Participant {
        id: seat.user,
        account: row.get(0)?,
        name: row.get(1)?,
        email: row.get(2)?,
        origin: row.get(3)?,
        email_status: email_status_store::of(sql, seat.user)?,
        email_status_changes: 0,
    })
}

/// A page of registrations after `after`, with one row more than `limit` if there are more.
pub(super) fn list(
    sql: &dyn Sql,
    event: EventId,
    status: Option<SeatStatus>,
    after: Option<u64>,
    limit: u32,
) -> Result<Vec<(u64, Registration)>, SqlError> {
    let after = after.map_or(Value::Integer(-1), Value::from);
    let more = Value::from(limit.saturating_add(1));
    match status {
        None => {
            let which = format!(
                "SELECT * FROM registrations WHERE status <> '{ERASED}' AND seq > ? ORDER BY seq LIMIT ?"
            );
            registrations(sql, event, &which, &[after, more])
        }
        Some(status) => {
            let which = "SELECT * FROM registrations WHERE status = ? AND seq > ? ORDER BY seq LIMIT ?";
            registrations(sql, event, which, &[status.as_str().into(), after, more])
        }
    }
}

/// Reads the rows that `which` selects, in order of arrival. They are sorted here because SQLite promises no
/// order within an aggregate.
fn registrations(
    sql: &dyn Sql,
    event: EventId,
    which: &str,
    params: &[Value],
) -> Result<Vec<(u64, Registration)>, SqlError> {
    let rows = sql.run(&format!("SELECT {AS_JSON} FROM ({which})"), params)?;
    let mut found: Vec<RegistrationColumns> = rows.first().map_or(Ok(Vec::new()), |row| row.json(0))?;
    found.sort_unstable_by_key(|(seq, ..)| *seq);
    Ok(found.into_iter().map(|columns| registration(event, columns)).collect())
}

fn registration(event: EventId, columns: RegistrationColumns) -> (u64, Registration) {
    let (seq, id, user, name, email, status, registered_at, confirmed_at, checked_in_at) = columns;
    let registration = Registration {
        id,
        event,
        user,
        name,
        email,
        status,
        position: None,
        registered_at,
        confirmed_at,
        checked_in_at,
        join_url: None,
        email_status: EmailStatus::default(),
    };
    (seq, registration)
}

pub(super) const fn status_of(seat: &Seat) -> SeatStatus {
    if seat.is_confirmed() { SeatStatus::Confirmed } else { SeatStatus::Waitlisted }
}

/// Since when a report has been waiting in the outbox, according to the outbox.
pub(super) fn report_waiting_since(sql: &dyn Sql) -> Result<Option<Timestamp>, SqlError> {
    sql::value(sql, "SELECT posted_at FROM outbox WHERE key = ?", &[REPORT_KEY.into()])
}
