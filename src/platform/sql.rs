//! The SQLite of a Durable Object.
//!
//! Statements run at once. All that is written without an `await` in between is one commit, and
//! answers are held until it is durable; that a failed turn leaves nothing behind is
//! `transactionSync`'s doing, because an error alone takes nothing back.

use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use worker::{SqlStorage, SqlStorageValue, Storage};

use crate::objects::sql::{Row, Sql, SqlError, Value};

#[wasm_bindgen]
extern "C" {
    /// `DurableObjectStorage`, for the one call that `worker` does not bind.
    type RawStorage;

    #[wasm_bindgen(method, catch, js_name = transactionSync)]
    fn transaction_sync(
        this: &RawStorage,
        work: &mut dyn FnMut() -> Result<(), JsValue>,
    ) -> Result<(), JsValue>;
}

/// The database of one object.
pub(super) struct DurableSql {
    storage: Storage,
    sql: SqlStorage,
}

impl DurableSql {
    pub(super) fn new(storage: Storage) -> Self {
        Self { sql: storage.sql(), storage }
    }

    /// The storage behind it, for alarms.
    pub(super) const fn storage(&self) -> &Storage {
        &self.storage
    }
}

impl Sql for DurableSql {
    fn run(&self, statement: &str, params: &[Value]) -> Result<Vec<Row>, SqlError> {
        let params: Vec<SqlStorageValue> = params.iter().map(bind).collect();
        let cursor = self.sql.exec(statement, params).map_err(|error| SqlError::new(error.to_string()))?;
        let mut rows = Vec::new();
        for row in cursor.raw() {
            let columns = row.map_err(|error| SqlError::new(error.to_string()))?;
            rows.push(Row::new(columns.into_iter().map(read).collect::<Result<_, _>>()?));
        }
        Ok(rows)
    }

    fn transaction(&self, work: &mut dyn FnMut() -> Result<(), SqlError>) -> Result<(), SqlError> {
        let mut failure = None;
        let raw = AsRef::<JsValue>::as_ref(self.storage.as_raw()).unchecked_ref::<RawStorage>();
        let ended = raw.transaction_sync(&mut || {
            work().map_err(|error| {
                failure = Some(error);
                JsValue::from_str("rolled back")
            })
        });
        match (ended, failure) {
            (Ok(()), _) => Ok(()),
            (Err(_), Some(error)) => Err(error),
            (Err(thrown), None) => Err(SqlError::new(worker::Error::from(thrown).to_string())),
        }
    }

    fn wipe(&self) -> Result<(), SqlError> {
        // It takes effect at once; the promise only tells when it is durable.
        let deleted = self.storage.as_raw().delete_all();
        deleted.map(|_| ()).map_err(|thrown| SqlError::new(worker::Error::from(thrown).to_string()))
    }
}

fn bind(value: &Value) -> SqlStorageValue {
    match value {
        Value::Null => SqlStorageValue::Null,
        Value::Integer(integer) => SqlStorageValue::Integer(*integer),
        Value::Text(text) => SqlStorageValue::String(text.clone()),
    }
}

fn read(value: SqlStorageValue) -> Result<Value, SqlError> {
    match value {
        SqlStorageValue::Null => Ok(Value::Null),
        SqlStorageValue::Boolean(truth) => Ok(Value::Integer(i64::from(truth))),
        SqlStorageValue::Integer(integer) => Ok(Value::Integer(integer)),
        SqlStorageValue::String(text) => Ok(Value::Text(text)),
        SqlStorageValue::Float(_) | SqlStorageValue::Blob(_) => {
            Err(SqlError::new("an unexpected type of column"))
        }
    }
}
