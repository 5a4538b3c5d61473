//! A copy of an object's database outside of the object, and the way back.
//!
//! The copy is text, a part at a time, so that memory does not grow with the object: lines of JSON, a
//! header for each table, `{"table": …, "columns": […]}`, and behind it an array for each row. A
//! part begins with a header, so that each can be read by itself. What is on its way back goes into a
//! database with the schema that it was copied from, which is then brought up to date as every older
//! database is.
//!
//! An object that has changed since its last copy notes when the next one is due, once, and wakes for
//! it; one that has not sleeps on. The hour of the day follows from the object's name.

use std::fmt::Write;

use serde::Deserialize;
use serde_json::Value as Json;

use super::schema::{self, Step};
use super::sql::{self, Sql, SqlError, Value};
use crate::domain::Timestamp;

/// The step that lets an object note when its next copy is due: one row, if it has changed.
pub const SCHEMA: &str = "CREATE TABLE backup (due_at INTEGER NOT NULL);";

/// Milliseconds after which a copy that has failed is tried again.
pub const RETRY_MS: i64 = 60 * 60 * 1000;
const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// Bytes from which on a part is complete; it may be longer by the rows of one read.
const PART_BYTES: usize = 512 * 1024;
/// Rows of one read.
const ROWS_PER_READ: u32 = 500;
/// Bytes of rows that are put back in one statement.
const STATEMENT_BYTES: usize = 512 * 1024;

/// What is not copied: it is the schema's own, about copies, good for seconds, or counted again when the
/// object is loaded. Counts of registrations that came and went during a long copy would be wrong for ever.
const TABLES: &str = "SELECT name FROM sqlite_master WHERE type = 'table'
    AND name NOT LIKE 'sqlite%' AND name NOT LIKE '\\_%' ESCAPE '\\'
    AND name NOT IN ('schema_version', 'backup', 'answered', 'seat_blocks') ORDER BY name";

/// When the next copy is due for an object that changes now: at its own time of a day, not less than
/// half a day from now.
#[must_use]
pub fn next_due(now: Timestamp, time_of_day_ms: i64) -> Timestamp {
    let earliest = now.plus_ms(DAY_MS / 2).ms();
    let wait_ms = time_of_day_ms.saturating_sub(earliest).rem_euclid(DAY_MS);
    Timestamp::from_ms(earliest.saturating_add(wait_ms))
}

/// A time of day that follows from a name.
#[must_use]
pub fn time_of_day_ms(name: &str) -> i64 {
    let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    i64::try_from(hash >> 1).unwrap_or(0).rem_euclid(DAY_MS)
}

/// When the next copy is due, if the object has changed since the last one.
///
/// # Errors
/// When it cannot be read.
pub fn load_due(sql: &dyn Sql) -> Result<Option<Timestamp>, SqlError> {
    sql::value(sql, "SELECT due_at FROM backup", &[])
}

/// Notes when the next copy is due, or that none is.
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

/// A part of a copy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Its lines.
    pub text: String,
    /// Rows in it.
    pub rows: u64,
}

/// A copy being made.
#[derive(Debug)]
pub struct Export {
    schema_version: usize,
    /// Those that are left, the next one last.
    tables: Vec<Table>,
    after: i64,
}

#[derive(Debug)]
struct Table {
    name: String,
    columns: Vec<String>,
}

impl Export {
    /// Begins a copy of what stands now.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn begin(sql: &dyn Sql) -> Result<Self, SqlError> {
        let mut tables = Vec::new();
        for row in sql.run(TABLES, &[])? {
            let name: String = row.get(0)?;
            // A name of our own schema, from its own list.
            let columns = sql.run(&format!("PRAGMA table_info(\"{name}\")"), &[])?;
            let columns = columns.iter().map(|column| column.get(1)).collect::<Result<_, _>>()?;
            tables.push(Table { name, columns });
        }
        tables.reverse();
        Ok(Self { schema_version: schema::version(sql)?, tables, after: i64::MIN })
    }

    /// Steps of the schema that it is a copy of.
    #[must_use]
    pub const fn schema_version(&self) -> usize {
        self.schema_version
    }

    /// The next part, until there is none.
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
/// When there are not so many, or the storage fails.
pub fn prepare(sql: &dyn Sql, steps: &[Step], version: usize) -> Result<(), SqlError> {
    let steps = steps.get(..version).filter(|_| version > 0);
    let steps = steps.ok_or_else(|| SqlError::new(format!("no schema {version} is known here")))?;
    sql.wipe()?;
    sql.transaction(&mut || schema::migrate(sql, steps))?;
    // Migrations fill tables from others; here they come filled.
    for row in sql.run(TABLES, &[])? {
        sql.run(&format!("DELETE FROM \"{}\"", row.get::<String>(0)?), &[])?;
    }
    Ok(())
}

/// Puts a part back, all of it or nothing; how many rows.
///
/// # Errors
/// When a line is not as it was written, names something that is not there, or the storage fails.
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
    let header: Header = serde_json::from_str(line).map_err(|error| SqlError::new(error.to_string()))?;
    let is_name = |name: &String| {
        !name.is_empty()
            && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_' || byte.is_ascii_digit())
    };
    let named = is_name(&header.table) && !header.columns.is_empty() && header.columns.iter().all(is_name);
    if named { Ok(header) } else { Err(SqlError::new("a table or a column has no name")) }
}

/// Rows that are put back together.
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
            serde_json::from_str(&self.text).map_err(|error| SqlError::new(error.to_string()))?;
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
