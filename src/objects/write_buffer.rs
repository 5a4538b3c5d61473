//! Rows that are added together.
//!
//! Each statement that writes touches its table's last page and one page of every index. When memory is
//! short, as with a thousand open databases, SQLite writes those pages out after each statement. A batch of
//! sixty registrations then costs five hundred pages instead of thirty. So the rows that a batch adds wait
//! until another statement runs, and are written with one statement per table.

use std::cell::RefCell;
use std::collections::BTreeMap;

use super::sql::{self, Row, Sql, SqlError, Value};

/// A database inside a transaction. It must be [`WriteBuffer::flush`]ed before the commit.
pub(super) struct WriteBuffer<'a> {
    sql: &'a dyn Sql,
    waiting: RefCell<BTreeMap<&'static str, Rows>>,
}

type Rows = Vec<Vec<Value>>;

impl<'a> WriteBuffer<'a> {
    /// The most rows of one statement that may wait. Their JSON stays far below the size limit of a
    /// parameter.
    const ROWS_MAX: usize = 256;

    pub(super) const fn new(sql: &'a dyn Sql) -> Self {
        Self { sql, waiting: RefCell::new(BTreeMap::new()) }
    }

    /// Writes all waiting rows.
    pub(super) fn flush(&self) -> Result<(), SqlError> {
        for (statement, rows) in self.waiting.take() {
            self.sql.run(statement, &[sql::json(&rows)?])?;
        }
        Ok(())
    }
}

impl Sql for WriteBuffer<'_> {
    fn run(&self, statement: &str, params: &[Value]) -> Result<Vec<Row>, SqlError> {
        self.flush()?;
        self.sql.run(statement, params)
    }

    fn insert(&self, statement: &'static str, columns: &[Value]) -> Result<(), SqlError> {
        let mut waiting = self.waiting.borrow_mut();
        let rows = waiting.entry(statement).or_default();
        rows.push(columns.to_vec());
        let full = rows.len() >= Self::ROWS_MAX;
        drop(waiting);
        if full { self.flush() } else { Ok(()) }
    }

    fn transaction(&self, work: &mut dyn FnMut() -> Result<(), SqlError>) -> Result<(), SqlError> {
        self.flush()?;
        self.sql.transaction(work)
    }

    fn wipe(&self) -> Result<(), SqlError> {
        self.waiting.take();
        self.sql.wipe()
    }

    fn size_bytes(&self) -> Option<u64> {
        self.sql.size_bytes()
    }
}
