//! Schemas by number: a database remembers how many steps were applied, and a newer version of
//! the program applies the rest. A step that has been released is never changed again.
//!
//! Old and new versions run side by side during a rollout, and after a rollback an old version works on what
//! a newer one has written. So a step may only add: tables, indexes, and columns with a default. An older
//! program then works with a newer schema as if it were its own.

use super::sql::{self, Sql, SqlError};

/// What one version adds: scripts of statements that end in `;`, with no `;` inside a statement.
pub type Step = &'static [&'static str];

/// The version of the schema; 0 for a database that was never written to.
///
/// # Errors
/// When the database cannot be read.
pub fn version(sql: &dyn Sql) -> Result<usize, SqlError> {
    let known =
        sql.run("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'schema_version'", &[])?;
    if known.is_empty() {
        return Ok(0);
    }
    let version: Option<u64> = sql::value(sql, "SELECT version FROM schema_version", &[])?;
    usize::try_from(version.unwrap_or(0)).map_err(|_| SqlError::new("the schema's version is out of range"))
}

/// Applies the missing steps.
///
/// # Errors
/// When a step fails.
pub fn migrate(sql: &dyn Sql, steps: &[Step]) -> Result<(), SqlError> {
    let applied = version(sql)?;
    let missing = steps.get(applied..).unwrap_or_default();
    if missing.is_empty() {
        return Ok(());
    }
    for step in missing {
        for statement in step
            .iter()
            .flat_map(|script| script.split(';'))
            .map(str::trim)
            .filter(|statement| !statement.is_empty())
        {
            sql.run(statement, &[])?;
        }
    }
    sql.run("CREATE TABLE IF NOT EXISTS schema_version (version INTEGER NOT NULL)", &[])?;
    sql.run("DELETE FROM schema_version", &[])?;
    let now = u64::try_from(steps.len()).unwrap_or(u64::MAX);
    sql.run("INSERT INTO schema_version (version) VALUES (?)", &[now.into()])?;
    Ok(())
}
