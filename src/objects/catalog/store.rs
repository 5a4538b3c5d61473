//! The tables of the Catalog.

use super::protocol::Report;
use crate::objects::outbox;
use crate::objects::schema::Step;
use crate::objects::sql::{self, Sql, SqlError, Value};

/// The schema, one entry per version. A deleted event keeps a row without a snapshot, against
/// reports that come late.
pub(super) const MIGRATIONS: &[Step] = &[&[
    outbox::TABLE,
    "CREATE TABLE events (
        id TEXT PRIMARY KEY,
        version INTEGER NOT NULL,
        as_of INTEGER NOT NULL,
        listed INTEGER NOT NULL,
        status TEXT,
        organizer TEXT,
        starts_at INTEGER,
        created_at INTEGER,
        snapshot TEXT
    );
    CREATE INDEX events_by_start ON events (listed, status, starts_at, id);
    CREATE INDEX events_by_creation ON events (listed, status, created_at, id);
    CREATE INDEX events_by_organizer_start ON events (organizer, starts_at, id);
    CREATE INDEX events_by_organizer_creation ON events (organizer, created_at, id);
    CREATE TABLE tags (
        tag TEXT NOT NULL,
        event TEXT NOT NULL,
        PRIMARY KEY (tag, event)
    ) WITHOUT ROWID;
    CREATE INDEX tags_by_event ON tags (event);",
]];

/// Takes a report in; whether it said anything new.
pub(super) fn apply(sql: &dyn Sql, report: &Report) -> Result<bool, SqlError> {
    let id = Value::from(report.event);
    let known =
        sql.run("SELECT version, as_of, snapshot FROM events WHERE id = ?", std::slice::from_ref(&id))?;
    let snapshot = report.entry.as_ref().map_or(Ok(Value::Null), sql::json)?;
    if let Some(row) = known.first() {
        let (version, as_of): (u64, i64) = (row.get(0)?, row.get(1)?);
        let same = row.get::<Option<String>>(2)?.map_or(Value::Null, Value::Text) == snapshot;
        if (report.version, report.as_of.ms()) <= (version, as_of) || (report.version == version && same) {
            return Ok(false);
        }
    }
    let entry = report.entry.as_ref();
    sql.run(
        "INSERT OR REPLACE INTO events
         (id, version, as_of, listed, status, organizer, starts_at, created_at, snapshot)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        &[
            id.clone(),
            report.version.into(),
            report.as_of.into(),
            entry.is_some_and(|entry| entry.details.is_listed()).into(),
            entry.map(|entry| entry.details.status().as_str()).into(),
            entry.map(|entry| entry.organizer.id).into(),
            entry.map(|entry| entry.details.schedule().starts_at()).into(),
            entry.map(|entry| entry.created_at).into(),
            snapshot,
        ],
    )?;
    sql.run("DELETE FROM tags WHERE event = ?", std::slice::from_ref(&id))?;
    for tag in entry.map(|entry| entry.details.tags()).unwrap_or_default() {
        let tag = Value::Text(tag.to_lowercase());
        sql.run("INSERT OR IGNORE INTO tags (tag, event) VALUES (?, ?)", &[tag, id.clone()])?;
    }
    Ok(true)
}
