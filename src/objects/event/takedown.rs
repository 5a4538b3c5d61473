//! Events that the operator has taken down, as it is stored.

use crate::objects::sql::{self, Sql, SqlError};

/// The step that lets an event be taken down: a row while it is.
pub(super) const SCHEMA: &str = "CREATE TABLE takedown (since INTEGER NOT NULL);";

/// Whether the event is taken down.
pub(super) fn load(sql: &dyn Sql) -> Result<bool, SqlError> {
    Ok(sql::value::<i64>(sql, "SELECT since FROM takedown", &[])?.is_some())
}
