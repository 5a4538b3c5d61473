//! Backups of an object's database outside the object, and how to restore them.
//!
//! A backup is text, made one part at a time so that memory use does not grow with the object. It consists of
//! lines of JSON: for each table a header, `{"table": …, "columns": […]}`, followed by one array per row.
//! Each part begins with a header, so it can be read on its own. A restore goes into a database with the
//! schema of the backup, which is then migrated like any older database.
//!
//! An object that has changed since its last backup records once when the next one is due, and wakes for it.
//! An unchanged object stays asleep. The hour of the day is derived from the object's name.

use std::fmt::Write;

use serde::Deserialize;
use serde_json::Value as Json;

use super::schema::{self, Step};
use super::sql::{self, Sql, SqlError, Value};
use crate::domain::Timestamp;

/// The schema step that lets an object record when its next backup is due: one row, if the object has
/// changed.
pub const SCHEMA: &str = "CREATE TABLE backup (due_at INTEGER NOT NULL);";

/// Milliseconds until a failed backup is tried again.
pub const RETRY_MS: i64 = 60 * 60 * 1000;
const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// A part is complete once it has this many bytes. The rows of one read may make it longer.
const PART_BYTES: usize = 512 * 1024;
/// Rows per read.
const ROWS_PER_READ: u32 = 500;
/// Bytes of rows restored per statement.
const STATEMENT_BYTES: usize = 512 * 1024;

/// What is not backed up: tables that belong to the schema or to backups, tables whose data is useful for
/// seconds only, and counts that are recomputed when the object is loaded. Counts of registrations that came
/// and went during a long backup would be wrong for ever.
const TABLES: &str = "SELECT name FROM sqlite_master WHERE type = 'table'
    AND name NOT LIKE 'sqlite%' AND name NOT LIKE '\\_%' ESCAPE '\\'
    AND name NOT IN ('schema_version', 'backup', 'answered', 'seat_blocks') ORDER BY name";

/// When the next backup is due for an object that changes now: at its own time of day, at least half a day
/// from now.
#[must_use]
pub fn next_due(now: Timestamp, time_of_day_ms: i64) -> Timestamp {
    let earliest = now.plus_ms(DAY_MS / 2).ms();
    let wait_ms = time_of_day_ms.saturating_sub(earliest).rem_euclid(DAY_MS);
    Timestamp::from_ms(earliest.saturating_add(wait_ms))
}

/// A time of day derived from a name.
#[must_use]
pub fn time_of_day_ms(name: &str) -> i64 {
    let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    i64::try_from(hash >> 1).unwrap_or(0).rem_euclid(DAY_MS)
}

/// When the next backup is due, if the object has changed since the last one.
///
/// # Errors
/// When it cannot be read.
pub fn load_due(sql: &dyn Sql) -> Result<Option<Timestamp>, SqlError> {
    sql::value(sql, "SELECT due_at FROM backup", &[])
}

/// Records when the next backup is due, or that none is.
///
/// # Errors
/// When it cannot be written.
pub fn save_due(sql: &dyn Sql, due: Option<Timestamp>) -> Result<(), SqlError> {
    sql.run("DELETE FROM backup", &[])?;
    if let Some(due) = due {
        sql.run("INSERT INTO backup (due_at) VALUES (?)", &[due.into()])?;
    }
    Ok(())
}

/// A part of a backup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Its lines.
    pub text: String,
    /// How many rows it has.
    pub rows: u64,
}

/// A backup in progress.
#[derive(Debug)]
pub struct Export {
    schema_version: usize,
    /// The remaining tables, the next one last.
    tables: Vec<Table>,
    after: i64,
}

#[derive(Debug)]
struct Table {
    name: String,
    columns: Vec<String>,
}

impl Export {
    /// Begins a backup of the current state.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn begin(sql: &dyn Sql) -> Result<Self, SqlError> {
        let mut tables = Vec::new();
        for row in sql.run(TABLES, &[])? {
            let name: String = row.get(0)?;
            // The name comes from our own schema.
            let columns = sql.run(&format!("PRAGMA table_info(\"{name}\")"), &[])?;
            let columns = columns.iter().map(|column| column.get(1)).collect::<Result<_, _>>()?;
            tables.push(Table { name, columns });
        }
        tables.reverse();
        Ok(Self { schema_version: schema::version(sql)?, tables, after: i64::MIN })
    }

    /// The schema version of the backup.
    #[must_use]
    pub const fn schema_version(&self) -> usize {
        self.schema_version
    }

    /// The next part, or `None` when all have been returned.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn next_part(&mut self, sql: &dyn Sql) -> Result<Option<Part>, SqlError> {
        let mut part = Part { text: String::new(), rows: 0 };
        while part.text.len() < PART_BYTES {
            let Some(table) = self.tables.last() else { break };
            let columns = quoted(&table.columns);
            let rows = sql.run(
                &format!(
                    "SELECT rowid, json_array({columns}) FROM \"{}\" WHERE rowid > ? ORDER BY rowid LIMIT ?",
                    table.name
                ),
                &[self.after.into(), ROWS_PER_READ.into()],
            )?;
            if !rows.is_empty() {
                let header = serde_json::json!({ "table": table.name, "columns": table.columns });
                let _ = writeln!(part.text, "{header}");
            }
            for row in &rows {
                self.after = row.get(0)?;
                let _ = writeln!(part.text, "{}", row.get::<String>(1)?);
                part.rows = part.rows.saturating_add(1);
            }
            if rows.len() < usize::try_from(ROWS_PER_READ).unwrap_or(usize::MAX) {
                self.tables.pop();
                self.after = i64::MIN;
            }
        }
        Ok(if part.text.is_empty() { None } else { Some(part) })
    }
}

fn quoted(columns: &[String]) -> String {
    columns.iter().map(|column| format!("\"{column}\"")).collect::<Vec<_>>().join(", ")
}

#[derive(Deserialize)]
struct Header {
    table: String,
    columns: Vec<String>,
}

/// Empties a database and gives it the first `version` steps of a schema.
///
/// # Errors
/// When the schema has fewer steps, or the storage fails.
pub fn prepare(sql: &dyn Sql, steps: &[Step], version: usize) -> Result<(), SqlError> {
    let steps = steps.get(..version).filter(|_| version > 0);
    let steps = steps.ok_or_else(|| SqlError::new(format!("no schema {version} is known here")))?;
    sql.wipe()?;
    sql.transaction(&mut || schema::migrate(sql, steps))?;
    // Migrations fill some tables from others; here the backup fills them.
    for row in sql.run(TABLES, &[])? {
        sql.run(&format!("DELETE FROM \"{}\"", row.get::<String>(0)?), &[])?;
    }
    Ok(())
}

/// Restores a part, all of it or nothing, and returns the number of rows.
///
/// # Errors
/// When a line is malformed, names something that does not exist, or the storage fails.
pub fn import(sql: &dyn Sql, text: &str) -> Result<u64, SqlError> {
    let mut rows = 0_u64;
    sql.transaction(&mut || {
        rows = 0;
        let mut table = None;
        let mut waiting = Waiting::default();
        for line in text.lines() {
            let is_row = line.starts_with('[');
            if !is_row {
                waiting.insert(sql, table.as_ref())?;
                table = Some(header(line)?);
                continue;
            }
            rows = rows.saturating_add(1);
            waiting.push(line);
            if waiting.text.len() >= STATEMENT_BYTES {
                waiting.insert(sql, table.as_ref())?;
            }
        }
        waiting.insert(sql, table.as_ref())
    })?;
    Ok(rows)
}

fn header(line: &str) -> Result<Header, SqlError> {
    let header: Header = crate::json::from_str(line).map_err(|error| SqlError::new(error.to_string()))?;
    let is_name = |name: &String| {
        !name.is_empty()
            && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_' || byte.is_ascii_digit())
    };
    let named = is_name(&header.table) && !header.columns.is_empty() && header.columns.iter().all(is_name);
    if named { Ok(header) } else { Err(SqlError::new("a table or a column has no name")) }
}

/// Rows that are restored together.
#[derive(Default)]
struct Waiting {
    text: String,
}

impl Waiting {
    fn push(&mut self, line: &str) {
        self.text.push(if self.text.is_empty() { '[' } else { ',' });
        self.text.push_str(line);
    }

    fn insert(&mut self, sql: &dyn Sql, table: Option<&Header>) -> Result<(), SqlError> {
        if self.text.is_empty() {
            return Ok(());
        }
        let Header { table, columns } = table.ok_or_else(|| SqlError::new("rows before a table"))?;
        self.text.push(']');
        let rows: Vec<Json> =
            crate::json::from_str(&self.text).map_err(|error| SqlError::new(error.to_string()))?;
        let whole = |row: &Json| row.as_array().is_some_and(|values| values.len() == columns.len());
        if !rows.iter().all(whole) {
            return Err(SqlError::new("a row has another number of columns than its table"));
        }
        let values: Vec<String> = (0..columns.len()).map(|at| format!("value ->> {at}")).collect();
        sql.run(
            &format!(
                "INSERT INTO \"{table}\" ({}) SELECT {} FROM json_each(?)",
                quoted(columns),
                values.join(", ")
            ),
            &[Value::Text(std::mem::take(&mut self.text))],
        )?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_is_due_at_the_objects_own_time_half_a_day_from_now_or_later() {
        let hour = 3_600_000;
        let at = |now: i64, time: i64| next_due(Timestamp::from_ms(now * hour), time * hour).ms() / hour;
        assert_eq!(at(0, 12), 12);
        assert_eq!(at(0, 11), 35);
        assert_eq!(at(20, 9), 33);
        assert_eq!(at(20, 7), 55);
        for name in ["", "a", "catalog", "018fa6e3-1a2b-7c4d-8e9f-0a1b2c3d4e5f"] {
            assert!((0..DAY_MS).contains(&time_of_day_ms(name)));
        }
        assert_ne!(time_of_day_ms("a"), time_of_day_ms("b"));
    }
}
