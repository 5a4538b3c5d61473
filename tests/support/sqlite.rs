//! SQLite in the place of a Durable Object's storage, with the same statements.

use std::cell::Cell;
use std::path::Path;

use event_platform::objects::sql::{Row, Sql, SqlError, Value};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, params_from_iter};

/// The database of one object. It can be told to fail: at which statement, counted from now, each
/// commit being one too.
pub(crate) struct Sqlite {
    connection: Connection,
    left: Cell<Option<u32>>,
    commits: Cell<u32>,
}

impl Sqlite {
    /// A database that lives as long as this value.
    pub(crate) fn in_memory() -> Self {
        Self::over(Connection::open_in_memory().unwrap())
    }

    /// The database in this file.
    pub(crate) fn open(path: &Path) -> Self {
        Self::over(Connection::open(path).unwrap())
    }

    fn over(connection: Connection) -> Self {
        connection.set_prepared_statement_cache_capacity(64);
        Self { connection, left: Cell::new(None), commits: Cell::new(0) }
    }

    /// Lets `statements` more succeed; all that follow fail, until [`Sqlite::heal`].
    pub(crate) fn fail_after(&self, statements: u32) {
        self.left.set(Some(statements));
    }

    /// Ends the failing.
    pub(crate) fn heal(&self) {
        self.left.set(None);
    }

    /// Transactions that were committed.
    pub(crate) fn commits(&self) -> u32 {
        self.commits.get()
    }

    /// Everything that is stored, for comparisons: each row of each table as text.
    pub(crate) fn dump(&self) -> Vec<String> {
        let texts = |query: &str| {
            let mut statement = self.connection.prepare(query).unwrap();
            let columns = statement.column_count();
            let rows = statement.query_map([], |row| {
                (0..columns).map(|at| Ok(text(row.get_ref(at)?))).collect::<Result<Vec<_>, _>>()
            });
            rows.unwrap().map(|row| row.unwrap().join(" | ")).collect::<Vec<_>>()
        };
        let tables = texts("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name");
        let rows = |table: &String| {
            let rows = texts(&format!("SELECT * FROM {table} ORDER BY 1"));
            rows.into_iter().map(|row| format!("{table}: {row}")).collect::<Vec<_>>()
        };
        tables.iter().flat_map(rows).collect()
    }

    fn step(&self) -> Result<(), SqlError> {
        match self.left.get() {
            Some(0) => Err(SqlError::new("the disk is on fire")),
            left => {
                self.left.set(left.map(|left| left - 1));
                Ok(())
            }
        }
    }
}

impl Sql for Sqlite {
    fn run(&self, statement: &str, params: &[Value]) -> Result<Vec<Row>, SqlError> {
        self.step()?;
        let failed = |error: rusqlite::Error| SqlError::new(error.to_string());
        let mut prepared = self.connection.prepare_cached(statement).map_err(failed)?;
        let columns = prepared.column_count();
        let mut found = prepared.query(params_from_iter(params.iter().map(bind))).map_err(failed)?;
        let mut rows = Vec::new();
        while let Some(row) = found.next().map_err(failed)? {
            let values = (0..columns).map(|at| read(row.get_ref(at).map_err(failed)?));
            rows.push(Row::new(values.collect::<Result<_, _>>()?));
        }
        Ok(rows)
    }

    fn transaction(&self, work: &mut dyn FnMut() -> Result<(), SqlError>) -> Result<(), SqlError> {
        self.connection.execute_batch("BEGIN").map_err(|error| SqlError::new(error.to_string()))?;
        let outcome = work().and_then(|()| self.step());
        let end = if outcome.is_ok() { "COMMIT" } else { "ROLLBACK" };
        self.commits.set(self.commits.get() + u32::from(outcome.is_ok()));
        self.connection.execute_batch(end).map_err(|error| SqlError::new(error.to_string()))?;
        outcome
    }

    fn wipe(&self) -> Result<(), SqlError> {
        self.step()?;
        let tables = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'";
        for table in self.run(tables, &[])? {
            let name: String = table.get(0)?;
            self.connection.execute_batch(&format!("DROP TABLE IF EXISTS {name}")).unwrap();
        }
        // There is none before the first table that counts its rows.
        let _ = self.connection.execute_batch("DELETE FROM sqlite_sequence");
        Ok(())
    }
}

fn bind(value: &Value) -> rusqlite::types::Value {
    match value {
        Value::Null => rusqlite::types::Value::Null,
        Value::Integer(integer) => (*integer).into(),
        Value::Text(text) => text.clone().into(),
    }
}

fn read(value: ValueRef<'_>) -> Result<Value, SqlError> {
    match value {
        ValueRef::Null => Ok(Value::Null),
        ValueRef::Integer(integer) => Ok(Value::Integer(integer)),
        ValueRef::Text(text) => Ok(Value::Text(String::from_utf8_lossy(text).into_owned())),
        ValueRef::Real(_) | ValueRef::Blob(_) => Err(SqlError::new("an unexpected type of column")),
    }
}

fn text(value: ValueRef<'_>) -> String {
    match value {
        ValueRef::Null => "NULL".to_owned(),
        ValueRef::Integer(integer) => integer.to_string(),
        ValueRef::Real(real) => real.to_string(),
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => String::from_utf8_lossy(bytes).into_owned(),
    }
}
