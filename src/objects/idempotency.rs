//! Answers that an object remembers, so that a command that is sent again is not executed again.
//!
//! When an object is reset, the call in progress fails, and nobody knows whether the command was executed.
//! The isolate sends it again within a second. A command that is not safe to repeat carries an id, and its
//! answer is written in the transaction that executes it, so a stored answer proves that the command was
//! executed. Refusals changed nothing and are not kept.

use serde::Serialize;

use super::messages::envelope::CommandId;
use super::sql::{self, Row, Sql, SqlError};

/// The table.
pub(super) const SCHEMA: &str =
    "CREATE TABLE answered (seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, answer TEXT NOT NULL);";

/// How many answers are kept; the newest. A command is repeated within a second, and in one second an object
/// answers no more commands of this kind than this.
const KEPT_MAX: u32 = 1_000;

/// The answer to the command of this id, in the first column.
pub(super) fn find(sql: &dyn Sql, id: &CommandId) -> Result<Option<Row>, SqlError> {
    let rows = sql.run("SELECT answer FROM answered WHERE id = ?", &[id.as_str().into()])?;
    Ok(rows.into_iter().next())
}

/// Keeps an answer.
pub(super) fn remember<R: Serialize>(sql: &dyn Sql, id: &CommandId, reply: &R) -> Result<(), SqlError> {
    sql.insert(
        "INSERT OR IGNORE INTO answered (id, answer) SELECT value ->> 0, value ->> 1 FROM json_each(?)",
        &[id.as_str().into(), sql::json(reply)?],
    )
}

/// Deletes the oldest answers.
pub(super) fn trim(sql: &dyn Sql) -> Result<(), SqlError> {
    sql.run("DELETE FROM answered WHERE seq <= (SELECT max(seq) FROM answered) - ?", &[KEPT_MAX.into()])?;
    Ok(())
}

/// Deletes all answers, because they may contain data that has to be erased.
pub(super) fn forget(sql: &dyn Sql) -> Result<(), SqlError> {
    sql.run("DELETE FROM answered", &[])?;
    Ok(())
}
