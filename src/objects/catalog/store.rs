//! The tables of the Catalog.
//!
//! In each order of the list, an event is a whole number, so that a page is a walk along an index and a
//! cursor is that number. `by_start` is the minute of the start and a serial number within that minute;
//! `by_birth` is the millisecond of creation and a serial number within that. Both stay below 2^53. They are
//! also the row numbers of the two full-text indexes, so search results come in the order of the list.

use super::words;
use crate::domain::{EventId, Jurisdiction, Residence, Timestamp, UserId, limits};
use crate::objects::messages::catalog::{Reply, Report};
use crate::objects::messages::event::Snapshot;
use crate::objects::schema::Step;
use crate::objects::sql::{self, Sql, SqlError, Value};
use crate::objects::{lease, outbox};

/// The schema, one entry per version. A deleted event keeps a row in `versions`, so that late reports are
/// ignored.
pub(super) const MIGRATIONS: &[Step] = &[
    &[
        outbox::TABLE,
        "CREATE TABLE versions (
        event TEXT PRIMARY KEY,
        version INTEGER NOT NULL,
        as_of INTEGER NOT NULL
    ) WITHOUT ROWID;
    CREATE TABLE events (
        by_start INTEGER PRIMARY KEY,
        by_birth INTEGER NOT NULL UNIQUE,
        event TEXT NOT NULL UNIQUE,
        listed INTEGER NOT NULL,
        status TEXT NOT NULL,
        organizer TEXT NOT NULL,
        snapshot TEXT NOT NULL
    );
    CREATE INDEX events_listed_by_start ON events (listed, status, by_start);
    CREATE INDEX events_listed_by_birth ON events (listed, status, by_birth);
    CREATE INDEX events_of_organizer_by_start ON events (organizer, by_start);
    CREATE INDEX events_of_organizer_by_birth ON events (organizer, by_birth);
    CREATE TABLE participations (
        user TEXT NOT NULL,
        event TEXT NOT NULL,
        seq INTEGER NOT NULL,
        stands INTEGER NOT NULL,
        PRIMARY KEY (user, event)
    ) WITHOUT ROWID;
    CREATE VIRTUAL TABLE words_by_start USING fts5 (
        text, content = '', contentless_delete = 1, tokenize = 'unicode61 remove_diacritics 2', prefix = '2 3'
    );
    CREATE VIRTUAL TABLE words_by_birth USING fts5 (
        text, content = '', contentless_delete = 1, tokenize = 'unicode61 remove_diacritics 2', prefix = '2 3'
    );",
    ],
    &[
        // A row without a number of changes means that the user was erased.
        "CREATE TABLE notices (user TEXT PRIMARY KEY, changes INTEGER, name TEXT) WITHOUT ROWID;",
    ],
    &[outbox::DESTINATIONS],
    &[lease::longest::SCHEMA],
    // No row means the same as a row without a name: outside any jurisdiction.
    &["CREATE TABLE residence (jurisdiction TEXT);"],
    &["CREATE TABLE suspensions (
        user TEXT PRIMARY KEY, changes INTEGER NOT NULL, suspended INTEGER NOT NULL) WITHOUT ROWID;"],
    &[outbox::URGENCY],
    &[super::account_changes::EMAIL_STATUSES],
    &[super::reindex::WORDS_VERSION],
];

/// Where the deployment stores its data.
pub(super) fn residence(sql: &dyn Sql) -> Result<Residence, SqlError> {
    let rows = sql.run("SELECT json_quote(jurisdiction) FROM residence", &[])?;
    let jurisdiction: Option<Jurisdiction> = rows.first().map(|row| row.json(0)).transpose()?.flatten();
    Ok(jurisdiction.into())
}

/// Stores where the data is.
pub(super) fn reside(sql: &dyn Sql, jurisdiction: Option<Jurisdiction>) -> Result<(), SqlError> {
    sql.run(
        "INSERT INTO residence (jurisdiction) VALUES (?)",
        &[jurisdiction.map(Jurisdiction::as_str).into()],
    )?;
    Ok(())
}

const MINUTE_MS: i64 = 60_000;
/// Numbers within one minute of start.
const STARTS_PER_MINUTE: i64 = 1 << 20;
/// Numbers within one millisecond of creation.
const BIRTHS_PER_MS: i64 = 1 << 10;

/// The first number in the minute of `start`.
const fn first_of_minute(start: Timestamp) -> i64 {
    start.ms().div_euclid(MINUTE_MS).saturating_mul(STARTS_PER_MINUTE)
}

/// The first number of the events that start at `bound` or later. Events start on the minute.
pub(super) const fn first_at(bound: Timestamp) -> i64 {
    first_of_minute(bound.plus_ms(MINUTE_MS - 1))
}

/// Whether this version of the event, or a later one, has been reported.
pub(super) fn knows(sql: &dyn Sql, report: &Report) -> Result<bool, SqlError> {
    let known: Option<u64> =
        sql::value(sql, "SELECT version FROM versions WHERE event = ?", &[report.event.into()])?;
    Ok(known.is_some_and(|version| report.version <= version))
}

/// Stores a report and returns whether it was new.
pub(super) fn apply(sql: &dyn Sql, report: &Report) -> Result<bool, SqlError> {
    let event = Value::from(report.event);
    let known =
        sql.run("SELECT version, as_of FROM versions WHERE event = ?", std::slice::from_ref(&event))?;
    let known: Option<(u64, Timestamp)> =
        known.first().map(|row| Ok((row.get(0)?, row.get(1)?))).transpose()?;
    if known.is_some_and(|known| (report.version, report.as_of) <= known) {
        return Ok(false);
    }
    sql.run(
        "INSERT OR REPLACE INTO versions (event, version, as_of) VALUES (?, ?, ?)",
        &[event.clone(), report.version.into(), report.as_of.into()],
    )?;
    if let (Some(entry), true) = (&report.entry, known.is_some_and(|(version, _)| version == report.version))
    {
        return refresh_seats(sql, &event, entry);
    }
    let place = remove(sql, &event)?;
    if let Some(entry) = &report.entry {
        insert(sql, event, entry, place)?;
    }
    Ok(true)
}

/// Stores the registrations that began or ended, all in one statement.
pub(super) fn note_participations(sql: &dyn Sql, report: &Report) -> Result<(), SqlError> {
    if report.participations.is_empty() {
        return Ok(());
    }
    let rows: Vec<_> =
        report.participations.iter().map(|one| (one.user, one.seq, i32::from(one.stands))).collect();
    sql.run(
        "INSERT INTO participations (user, event, seq, stands)
         SELECT value ->> 0, ?, value ->> 1, value ->> 2 FROM json_each(?) WHERE true
         ON CONFLICT (user, event) DO UPDATE SET seq = excluded.seq, stands = excluded.stands
         WHERE (excluded.seq, NOT excluded.stands) > (seq, NOT stands)",
        &[report.event.into(), sql::json(&rows)?],
    )?;
    Ok(())
}

/// The events that a user takes part in, newest first.
pub(super) fn participations(
    sql: &dyn Sql,
    user: UserId,
    before: Option<EventId>,
    limit: u32,
    ended: bool,
) -> Result<Reply, SqlError> {
    // Sorts after every id.
    let before = before.map_or(Value::from("~"), Value::from);
    let rows = sql.run(
        "SELECT event FROM participations WHERE user = ? AND event < ? AND stands >= ?
         ORDER BY event DESC LIMIT ?",
        &[user.into(), before, (!ended).into(), limit.saturating_add(1).into()],
    )?;
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let events = rows.iter().take(limit).map(|row| row.get(0)).collect::<Result<_, _>>()?;
    Ok(Reply::Participations { events, more: rows.len() > limit })
}

/// Whether a user organizes a published event that ends after `now`.
pub(super) fn organizes(sql: &dyn Sql, user: UserId, now: Timestamp) -> Result<bool, SqlError> {
    let longest_ms = i64::from(limits::DURATION_MAX_MINUTES).saturating_mul(MINUTE_MS);
    let earliest = first_of_minute(now.plus_ms(longest_ms.saturating_neg()));
    let rows = sql.run(
        "SELECT 1 FROM events WHERE organizer = ? AND status = 'published' AND by_start >= ?
         AND (by_start >> 20) + (snapshot ->> '$.details.schedule.duration_minutes') > ? LIMIT 1",
        &[user.into(), earliest.into(), now.ms().div_euclid(MINUTE_MS).into()],
    )?;
    Ok(!rows.is_empty())
}

/// The position of an event in both orders.
pub(super) struct Place {
    pub(super) by_start: i64,
    pub(super) by_birth: i64,
}

/// The details are known, so only the seats can differ.
fn refresh_seats(sql: &dyn Sql, event: &Value, entry: &Snapshot) -> Result<bool, SqlError> {
    let snapshot = sql::json(entry)?;
    let changed = sql.run(
        "UPDATE events SET snapshot = ? WHERE event = ? AND snapshot <> ? RETURNING 1",
        &[snapshot.clone(), event.clone(), snapshot],
    )?;
    Ok(!changed.is_empty())
}

/// Deletes an event that does not exist, and its participants.
pub(super) fn forget(sql: &dyn Sql, event: EventId) -> Result<(), SqlError> {
    let event = Value::from(event);
    remove(sql, &event)?;
    sql.run("DELETE FROM versions WHERE event = ?", std::slice::from_ref(&event))?;
    sql.run("DELETE FROM participations WHERE event = ?", std::slice::from_ref(&event))?;
    Ok(())
}

fn remove(sql: &dyn Sql, event: &Value) -> Result<Option<Place>, SqlError> {
    let rows = sql.run(
        "DELETE FROM events WHERE event = ? RETURNING by_start, by_birth, listed",
        std::slice::from_ref(event),
    )?;
    let Some(row) = rows.first() else { return Ok(None) };
    let place = Place { by_start: row.get(0)?, by_birth: row.get(1)? };
    if row.get(2)? {
        forget_words(sql, &place)?;
    }
    Ok(Some(place))
}

fn insert(sql: &dyn Sql, event: Value, entry: &Snapshot, before: Option<Place>) -> Result<(), SqlError> {
    let minute = first_of_minute(entry.details.schedule().starts_at());
    let same_minute =
        |place: &Place| (minute..minute.saturating_add(STARTS_PER_MINUTE)).contains(&place.by_start);
    let by_start = match before.as_ref().filter(|place| same_minute(place)) {
        Some(place) => place.by_start,
        None => {
            let taken = "SELECT max(by_start) FROM events WHERE by_start >= ? AND by_start < ?";
            next_free(sql, taken, minute, STARTS_PER_MINUTE)?
        }
    };
    let birth = entry.created_at.ms().saturating_mul(BIRTHS_PER_MS);
    let by_birth = match before {
        Some(place) => place.by_birth,
        None => {
            let taken = "SELECT max(by_birth) FROM events WHERE by_birth >= ? AND by_birth < ?";
            next_free(sql, taken, birth, BIRTHS_PER_MS)?
        }
    };
    let listed = entry.details.is_listed();
    sql.run(
        "INSERT INTO events (by_start, by_birth, event, listed, status, organizer, snapshot, words_version)
         VALUES (?, ?, ?, ?, ?, ?, ?, 2)",
        &[
            by_start.into(),
            by_birth.into(),
            event,
            listed.into(),
            entry.details.status().as_str().into(),
            entry.organizer.id.into(),
            sql::json(entry)?,
        ],
    )?;
    if listed {
        index_words(sql, &Place { by_start, by_birth }, entry)?;
    }
    Ok(())
}

pub(super) fn index_words(sql: &dyn Sql, place: &Place, entry: &Snapshot) -> Result<(), SqlError> {
    let text = Value::Text(words::text(&entry.details, entry.organizer.id));
    sql.run(
        "INSERT INTO words_by_start (rowid, text) VALUES (?, ?)",
        &[place.by_start.into(), text.clone()],
    )?;
    sql.run("INSERT INTO words_by_birth (rowid, text) VALUES (?, ?)", &[place.by_birth.into(), text])?;
    Ok(())
}

pub(super) fn forget_words(sql: &dyn Sql, place: &Place) -> Result<(), SqlError> {
    sql.run("DELETE FROM words_by_start WHERE rowid = ?", &[place.by_start.into()])?;
    sql.run("DELETE FROM words_by_birth WHERE rowid = ?", &[place.by_birth.into()])?;
    Ok(())
}

/// The number after the highest one taken among the `count` numbers from `first` on; `taken` is the query for
/// it. `first` if none is taken.
fn next_free(sql: &dyn Sql, taken: &str, first: i64, count: i64) -> Result<i64, SqlError> {
    let highest: Option<i64> = sql::value(sql, taken, &[first.into(), first.saturating_add(count).into()])?;
    Ok(highest.map_or(first, |taken| taken.saturating_add(1)))
}
