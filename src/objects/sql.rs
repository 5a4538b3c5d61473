//! The small part of SQL that objects need, so that the same code runs on a Durable Object's SQLite and on a
//! native one.

use std::fmt;

use serde::{Serialize, de::DeserializeOwned};

use crate::domain::Timestamp;

/// A database that belongs to one object. Statements run immediately and in order.
pub trait Sql {
    /// Runs one statement and returns its rows.
    ///
    /// # Errors
    /// When the statement fails. Earlier statements of the same transaction stay in effect.
    fn run(&self, statement: &str, params: &[Value]) -> Result<Vec<Row>, SqlError>;

    /// Adds a row, either at once or together with others before any other statement runs. The statement
    /// selects the columns of its rows from `json_each(?)`, as `value ->> 0`, `value ->> 1` and so on.
    ///
    /// # Errors
    /// When the statement fails, now or with the others.
    fn insert(&self, statement: &'static str, columns: &[Value]) -> Result<(), SqlError> {
        self.run(statement, &[json(&[columns])?]).map(drop)
    }

    /// Runs `work` in one transaction: all of its writes take effect or none.
    ///
    /// # Errors
    /// What `work` returned, after all its writes were rolled back; or a failed commit.
    fn transaction(&self, work: &mut dyn FnMut() -> Result<(), SqlError>) -> Result<(), SqlError>;

    /// Deletes everything, including tables, as if the object had never existed.
    ///
    /// # Errors
    /// When it cannot be deleted.
    fn wipe(&self) -> Result<(), SqlError>;

    /// The size of the database in bytes, if the storage reports it.
    fn size_bytes(&self) -> Option<u64> {
        None
    }
}

/// A parameter or column value. Integers stay below 2^53, the precision of the platform.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Value {
    /// SQL `NULL`.
    Null,
    /// SQL `INTEGER`; booleans are 0 and 1.
    Integer(i64),
    /// SQL `TEXT`.
    Text(String),
}

/// One row of a result, with its columns in the order of the statement.
#[derive(Debug, Clone)]
pub struct Row(Vec<Value>);

/// A database failure, or a row with unexpected contents. For the log, never for an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqlError(String);

impl SqlError {
    /// An error with a message for the log.
    pub fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}

impl fmt::Display for SqlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "storage: {}", self.0)
    }
}

impl std::error::Error for SqlError {}

impl Row {
    /// A row with these values.
    #[must_use]
    pub const fn new(values: Vec<Value>) -> Self {
        Self(values)
    }

    /// Reads column `at`.
    ///
    /// # Errors
    /// When there is no such column or it does not hold a `T`.
    pub fn get<T: FromValue>(&self, at: usize) -> Result<T, SqlError> {
        let value = self.0.get(at).ok_or_else(|| SqlError::new(format!("no column {at}")))?;
        T::from_value(value).ok_or_else(|| SqlError::new(format!("column {at} holds something else")))
    }

    /// Reads column `at` as JSON.
    ///
    /// # Errors
    /// When it is not the JSON of a `T`.
    pub fn json<T: DeserializeOwned>(&self, at: usize) -> Result<T, SqlError> {
        let text: String = self.get(at)?;
        crate::json::from_str(&text).map_err(|error| SqlError::new(format!("column {at}: {error}")))
    }
}

/// Writes a value as JSON text.
///
/// # Errors
/// When it cannot be serialized, which cannot happen with our types.
pub fn json<T: Serialize>(value: &T) -> Result<Value, SqlError> {
    serde_json::to_string(value).map(Value::Text).map_err(|error| SqlError::new(error.to_string()))
}

/// The single value that a statement selects; `None` if it finds no row, or `NULL`.
///
/// # Errors
/// When the statement fails, or the value is not a `T`.
pub fn value<T: FromValue>(sql: &dyn Sql, statement: &str, params: &[Value]) -> Result<Option<T>, SqlError> {
    sql.run(statement, params)?.first().map_or(Ok(None), |row| row.get(0))
}

/// A type that a column can be read as.
pub trait FromValue: Sized {
    /// The value, if it has this type.
    fn from_value(value: &Value) -> Option<Self>;
}

impl FromValue for i64 {
    fn from_value(value: &Value) -> Option<Self> {
        if let Value::Integer(integer) = value { Some(*integer) } else { None }
    }
}

impl FromValue for u64 {
    fn from_value(value: &Value) -> Option<Self> {
        i64::from_value(value)?.try_into().ok()
    }
}

impl FromValue for u32 {
    fn from_value(value: &Value) -> Option<Self> {
        i64::from_value(value)?.try_into().ok()
    }
}

impl FromValue for bool {
    fn from_value(value: &Value) -> Option<Self> {
        i64::from_value(value).map(|integer| integer != 0)
    }
}

impl FromValue for Timestamp {
    fn from_value(value: &Value) -> Option<Self> {
        i64::from_value(value).map(Self::from_ms)
    }
}

impl FromValue for String {
    fn from_value(value: &Value) -> Option<Self> {
        if let Value::Text(text) = value { Some(text.clone()) } else { None }
    }
}

impl<T: FromValue> FromValue for Option<T> {
    fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::Null => Some(None),
            other => T::from_value(other).map(Some),
        }
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Integer(value)
    }
}

impl From<u64> for Value {
    fn from(value: u64) -> Self {
        Self::Integer(i64::try_from(value).unwrap_or(i64::MAX))
    }
}

impl From<u32> for Value {
    fn from(value: u32) -> Self {
        Self::Integer(i64::from(value))
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Integer(i64::from(value))
    }
}

impl From<Timestamp> for Value {
    fn from(value: Timestamp) -> Self {
        Self::Integer(value.ms())
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}

impl<T: Into<Self>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// Stored values were valid when they were written.
macro_rules! parsed_column {
    ($($valid:ty),+) => {$(
        impl FromValue for $valid {
            fn from_value(value: &Value) -> Option<Self> {
                if let Value::Text(text) = value { <$valid>::parse(text).ok() } else { None }
            }
        }
    )+};
}

parsed_column!(crate::domain::Email, crate::domain::account::Name, crate::domain::account::Role);

impl FromValue for crate::domain::EmailStatus {
    fn from_value(value: &Value) -> Option<Self> {
        if let Value::Text(text) = value { Self::parse(text) } else { None }
    }
}

macro_rules! id_column {
    ($($id:ty),+) => {$(
        impl From<$id> for Value {
            fn from(id: $id) -> Self {
                Self::Text(id.to_string())
            }
        }

        impl FromValue for $id {
            fn from_value(value: &Value) -> Option<Self> {
                if let Value::Text(text) = value { <$id>::parse(text) } else { None }
            }
        }
    )+};
}

id_column!(
    crate::domain::UserId,
    crate::domain::EventId,
    crate::domain::RegistrationId,
    crate::domain::SessionId,
    crate::domain::AccountKey
);
