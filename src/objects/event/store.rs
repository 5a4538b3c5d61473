//! The tables of an event.

use super::protocol::{Participant, Registration, SeatStatus};
use super::{Held, Reported, circular_store, email_status};
use crate::domain::account::Name;
use crate::domain::roster::{Roster, Seat};
use crate::domain::{Email, EmailStatus, EventId, RegistrationId, Timestamp, UserId};
use crate::objects::catalog::Participation;
use crate::objects::schema::Step;
use crate::objects::sql::{self, Row, Sql, SqlError, Value};
use crate::objects::{Turn, answered, lease, outbox};

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
    &[outbox::LANES, super::circular_store::SCHEMA],
    &[answered::SCHEMA, lease::longest::SCHEMA],
    &[outbox::URGENCY],
    &[super::email_status::SCHEMA],
];

/// The status of a registration whose user is gone: its number stays taken, and nothing else.
const ERASED: &str = "erased";

/// Registrations that one report speaks of at most.
const PARTICIPATIONS_PER_REPORT: u32 = 2_000;

const REGISTRATION_COLUMNS: &str =
    "seq, id, user_id, name, email, status, registered_at, confirmed_at, checked_in_at";

pub(super) fn load(sql: &dyn Sql) -> Result<Option<Held>, SqlError> {
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
        roster: load_roster(sql)?,
        last_change: load_last_change(sql)?,
        told_change: row.get(8)?,
        reported: Reported::default(),
        edition: circular_store::load_edition(sql)?,
        circulars: circular_store::load(sql)?,
    }))
}

/// Seats that are read at a time; as text they stay far below what a value may hold.
const SEATS_PER_READ: usize = 4_096;

/// Reads the seats as JSON that SQLite has made of many: in rows, each column of each is handed over
/// by itself. The `+` keeps SQLite to the table's own order; by the index it would have to sort.
fn load_roster(sql: &dyn Sql) -> Result<Roster, SqlError> {
    let last: Option<u64> = sql::value(sql, "SELECT max(seq) FROM registrations", &[])?;
    let mut seats: Vec<Seat> = Vec::new();
    loop {
        let after = seats.last().map_or(Value::Integer(-1), |seat| seat.seq.into());
        let rows = sql.run(
            "SELECT json_group_array(
                 json_array(seq, id, user_id, registered_at, confirmed_at, checked_in_at))
             FROM (SELECT * FROM registrations
                   WHERE +status IN ('confirmed', 'waitlisted') AND seq > ? ORDER BY seq LIMIT ?)",
            &[after, u64::try_from(SEATS_PER_READ).unwrap_or(u64::MAX).into()],
        )?;
        let mut page: Vec<SeatColumns> = rows.first().map_or(Ok(Vec::new()), |row| row.json(0))?;
        // SQLite promises no order within an aggregate.
        page.sort_unstable_by_key(|(seq, ..)| *seq);
        let complete = page.len() < SEATS_PER_READ;
        seats.extend(page.into_iter().map(seat));
        if complete {
            return Ok(Roster::restore(seats, last.map_or(0, |seq| seq.saturating_add(1))));
        }
    }
}

fn load_last_change(sql: &dyn Sql) -> Result<u64, SqlError> {
    Ok(sql::value(sql, "SELECT max(change) FROM registrations", &[])?.unwrap_or(0))
}

type SeatColumns = (u64, RegistrationId, UserId, Timestamp, Option<Timestamp>, Option<Timestamp>);

fn seat((seq, id, user, registered_at, confirmed_at, checked_in_at): SeatColumns) -> Seat {
    Seat { seq, id, user, registered_at, confirmed_at, checked_in_at }
}

/// Writes the event's row as it is to become.
pub(super) fn save(sql: &dyn Sql, held: &Held) -> Result<(), SqlError> {
    sql.run(
        "INSERT OR REPLACE INTO event
         (id, organizer, details, version, created_at, updated_at, deleted, fingerprint, told_change)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
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

/// Writes a new registration. It takes the place of one that the user has ended before.
pub(super) fn insert_seat(
    sql: &dyn Sql,
    seat: &Seat,
    participant: &Participant,
    change: u64,
    edition: u64,
) -> Result<(), SqlError> {
    sql.insert(
        "INSERT OR REPLACE INTO registrations
         (seq, id, user_id, account, name, email, status, registered_at, confirmed_at, change, told, origin)
         SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5,
                value ->> 6, value ->> 7, value ->> 8, value ->> 9, value ->> 10, value ->> 11
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
            edition.into(),
            participant.origin.clone().into(),
        ],
    )
}

pub(super) fn confirm_seat(sql: &dyn Sql, seat: &Seat) -> Result<(), SqlError> {
    sql.run(
        "UPDATE registrations SET status = 'confirmed', confirmed_at = ? WHERE seq = ?",
        &[seat.confirmed_at.into(), seat.seq.into()],
    )?;
    Ok(())
}

pub(super) fn end_seat(turn: &Turn<'_>, seat: &Seat, change: u64) -> Result<(), SqlError> {
    turn.sql.run(
        "UPDATE registrations SET status = 'cancelled', cancelled_at = ?, change = ? WHERE seq = ?",
        &[turn.now.into(), change.into(), seat.seq.into()],
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

/// Remembers how far the Catalog has been told.
pub(super) fn save_told(sql: &dyn Sql, told: u64) -> Result<(), SqlError> {
    sql.run("UPDATE event SET told_change = max(told_change, ?)", &[told.into()])?;
    Ok(())
}

/// The registration that a user has ended.
pub(super) fn ended(sql: &dyn Sql, event: EventId, user: UserId) -> Result<Option<Registration>, SqlError> {
    let rows = sql.run(
        &format!(
            "SELECT {REGISTRATION_COLUMNS} FROM registrations WHERE user_id = ? AND status = 'cancelled'"
        ),
        &[user.into()],
    )?;
    rows.first().map(|row| read_registration(row, event).map(|(_, registration)| registration)).transpose()
}

/// The address on a user's registration, ended or not.
pub(super) fn address(sql: &dyn Sql, user: UserId) -> Result<Option<Email>, SqlError> {
    let statement = format!("SELECT email FROM registrations WHERE user_id = ? AND status <> '{ERASED}'");
    sql::value(sql, &statement, &[user.into()])
}

/// The registrations with this address on them.
pub(super) fn registrations_at(sql: &dyn Sql, email: &Email) -> Result<Vec<RegistrationId>, SqlError> {
    let rows = sql.run("SELECT id FROM registrations WHERE email = ?", &[email.as_str().into()])?;
    rows.iter().map(|row| row.get(0)).collect()
}

/// Takes everything that names a user out of the registration.
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
        email_status: email_status::of(sql, seat.user)?,
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
    let rows = match status {
        None => sql.run(
            &format!(
                "SELECT {REGISTRATION_COLUMNS} FROM registrations
                 WHERE status <> '{ERASED}' AND seq > ? ORDER BY seq LIMIT ?"
            ),
            &[after, more],
        )?,
        Some(status) => sql.run(
            &format!(
                "SELECT {REGISTRATION_COLUMNS} FROM registrations
                 WHERE status = ? AND seq > ? ORDER BY seq LIMIT ?"
            ),
            &[status.as_str().into(), after, more],
        )?,
    };
    rows.iter().map(|row| read_registration(row, event)).collect()
}

fn read_registration(row: &Row, event: EventId) -> Result<(u64, Registration), SqlError> {
    let status: String = row.get(5)?;
    let registration = Registration {
        id: row.get(1)?,
        event,
        user: row.get::<UserId>(2)?,
        name: row.get(3)?,
        email: row.get(4)?,
        status: SeatStatus::parse(&status).ok_or_else(|| SqlError::new("an unknown status"))?,
        position: None,
        registered_at: row.get(6)?,
        confirmed_at: row.get(7)?,
        checked_in_at: row.get::<Option<Timestamp>>(8)?,
        join_url: None,
        email_status: EmailStatus::default(),
    };
    Ok((row.get(0)?, registration))
}

pub(super) const fn status_of(seat: &Seat) -> SeatStatus {
    if seat.is_confirmed() { SeatStatus::Confirmed } else { SeatStatus::Waitlisted }
}
