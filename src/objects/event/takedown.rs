//! Stores whether the operator has taken the event down.

use crate::objects::sql::{self, Sql, SqlError};

/// The schema step for taking an event down: a row exists while it is down.
pub(super) const SCHEMA: &str = "CREATE TABLE takedown (since INTEGER NOT NULL);";

/// Whether the event is taken down.
pub(super) fn load(sql: &dyn Sql) -> Result<bool, SqlError> {
    Ok(sql::value::<i64>(sql, "SELECT since FROM takedown", &[])?.is_some())
}
