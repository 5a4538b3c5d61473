//! The SQLite of a Durable Object.
//!
//! Statements run synchronously. All writes without an `await` in between form one commit, and answers are
//! held until it is durable. `transactionSync` makes sure that a failed batch leaves nothing behind: an error
//! alone does not roll anything back.

use js_sys::Array;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use worker::{SqlStorage, Storage};

use crate::objects::sql::{Row, Sql, SqlError, Value};

#[wasm_bindgen]
extern "C" {
    /// `DurableObjectStorage`, for the one method that `worker` does not bind.
    type RawStorage;

    #[wasm_bindgen(method, catch, js_name = transactionSync)]
    fn transaction_sync(
        this: &RawStorage,
        work: &mut dyn FnMut() -> Result<(), JsValue>,
    ) -> Result<(), JsValue>;
}

#[wasm_bindgen(module = "/src/platform/bindings.js")]
extern "C" {
    /// Runs a statement in one call into JavaScript; returns the rows, if any, as arrays of columns.
    #[wasm_bindgen(catch)]
    fn run(sql: &JsValue, statement: &str, params: &Array) -> Result<Option<Array>, JsValue>;
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

    /// The underlying storage, for alarms.
    pub(super) const fn storage(&self) -> &Storage {
        &self.storage
    }
}

impl Sql for DurableSql {
    fn run(&self, statement: &str, params: &[Value]) -> Result<Vec<Row>, SqlError> {
        let params = params.iter().map(bind).collect::<Array>();
        let Some(found) = run(self.sql.as_ref(), statement, &params).map_err(complain)? else {
            return Ok(Vec::new());
        };
        let rows = found.iter().map(|row| {
            let columns = row.unchecked_ref::<Array>().iter().map(|column| read(&column));
            columns.collect::<Result<_, _>>().map(Row::new)
        });
        rows.collect()
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
            (Err(thrown), None) => Err(complain(thrown)),
        }
    }

    fn wipe(&self) -> Result<(), SqlError> {
        // It takes effect at once; the promise only reports when it is durable.
        let deleted = self.storage.as_raw().delete_all();
        deleted.map(|_| ()).map_err(|thrown| SqlError::new(worker::Error::from(thrown).to_string()))
    }

    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a size is a whole number")]
    fn size_bytes(&self) -> Option<u64> {
        size_of(self.sql.as_ref()).map(|bytes| bytes as u64)
    }
}

#[wasm_bindgen(module = "/src/platform/bindings.js")]
extern "C" {
    /// The size of the database in bytes.
    #[wasm_bindgen(js_name = sizeOf)]
    fn size_of(sql: &JsValue) -> Option<f64>;
}

fn complain(thrown: JsValue) -> SqlError {
    SqlError::new(worker::Error::from(thrown).to_string())
}

#[allow(clippy::cast_precision_loss, reason = "what is stored stays far below 2^53")]
fn bind(value: &Value) -> JsValue {
    match value {
        Value::Null => JsValue::NULL,
        Value::Integer(integer) => JsValue::from_f64(*integer as f64),
        Value::Text(text) => JsValue::from_str(text),
    }
}

#[allow(clippy::cast_possible_truncation, reason = "only whole numbers are stored")]
fn read(value: &JsValue) -> Result<Value, SqlError> {
    if let Some(number) = value.as_f64() {
        Ok(Value::Integer(number as i64))
    } else if let Some(text) = value.as_string() {
        Ok(Value::Text(text))
    } else if value.is_null() {
        Ok(Value::Null)
    } else {
        Err(SqlError::new("an unexpected type of column"))
    }
}
