//! Which event an organizer's `Idempotency-Key` has made. A key leads to an id through this table and not
//! through a computation, so whoever guesses a key learns nothing about an event.

use crate::domain::EventId;
use crate::objects::object::Transaction;
use crate::objects::sql::SqlError;

/// The schema step that adds the table.
pub(super) const SCHEMA: &str = "CREATE TABLE event_keys (
    key TEXT PRIMARY KEY, event TEXT NOT NULL, used_at INTEGER NOT NULL
);
CREATE INDEX event_keys_by_time ON event_keys (used_at);";

/// Milliseconds for which a key is remembered: 30 days.
const REMEMBERED_MS: i64 = 30 * 24 * 60 * 60 * 1000;

/// How many keys an account remembers. Above, the oldest are forgotten earlier.
const KEYS_MAX: i64 = 10_000;

/// The event of this key: `fresh` if the key is new.
pub(super) fn event_of(tx: &mut Transaction<'_>, key: &str, fresh: EventId) -> Result<EventId, SqlError> {
    let known = tx.sql.run("SELECT event FROM event_keys WHERE key = ?", &[key.into()])?;
    if let Some(row) = known.first() {
        tx.unchanged = true;
        return row.get(0);
    }
    tx.sql.run(
        "DELETE FROM event_keys WHERE used_at < ?1 OR used_at <= (
             SELECT used_at FROM event_keys ORDER BY used_at DESC LIMIT 1 OFFSET ?2)",
        &[tx.now.plus_ms(-REMEMBERED_MS).into(), KEYS_MAX.saturating_sub(1).into()],
    )?;
    tx.sql.run(
        "INSERT INTO event_keys (key, event, used_at) VALUES (?, ?, ?)",
        &[key.into(), fresh.into(), tx.now.into()],
    )?;
    Ok(fresh)
}
