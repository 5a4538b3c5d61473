//! Indexes anew the words of events that an older version of the program has indexed.
//!
//! It goes on in the background, a part in each transaction. Until it is done, a search also asks for words as
//! the older version wrote them, so it finds at least what it found before. After a rollback the older version
//! writes its own rows again, with 1 as their `words_version` by default, and the next newer one mends them.

use super::store::{self, Place};
use crate::objects::messages::event::Snapshot;
use crate::objects::sql::{Sql, SqlError};

/// The schema step that tells by which version the words of an event were indexed. Version 1 split at whatever
/// is no letter, and left case and accents to SQLite.
pub(super) const WORDS_VERSION: &str = "
    ALTER TABLE events ADD COLUMN words_version INTEGER NOT NULL DEFAULT 1;
    CREATE INDEX events_of_old_words ON events (by_start) WHERE listed = 1 AND words_version < 2;
";

/// Events in one transaction: some 20 ms of work.
const EVENTS: u32 = 50;

/// Whether there are such events.
pub(super) fn is_due(sql: &dyn Sql) -> Result<bool, SqlError> {
    let old = sql.run(
        "SELECT 1 FROM events INDEXED BY events_of_old_words WHERE listed = 1 AND words_version < 2 LIMIT 1",
        &[],
    )?;
    Ok(!old.is_empty())
}

/// Indexes some of them.
pub(super) fn some(sql: &dyn Sql) -> Result<(), SqlError> {
    let rows = sql.run(
        "SELECT by_start, by_birth, snapshot FROM events INDEXED BY events_of_old_words
         WHERE listed = 1 AND words_version < 2 ORDER BY by_start LIMIT ?",
        &[EVENTS.into()],
    )?;
    for row in &rows {
        let place = Place { by_start: row.get(0)?, by_birth: row.get(1)? };
        let entry: Snapshot = row.json(2)?;
        store::forget_words(sql, &place)?;
        store::index_words(sql, &place, &entry)?;
        sql.run("UPDATE events SET words_version = 2 WHERE by_start = ?", &[place.by_start.into()])?;
    }
    Ok(())
}
