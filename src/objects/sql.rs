//! The little SQL that objects need, so that one piece of code runs over the Durable Object's
//! SQLite and over a native one.

use std::fmt;

use serde::{Serialize, de::DeserializeOwned};

use crate::domain::Timestamp;

/// A database that belongs to one object. Statements run at once and in order.
pub trait Sql {
    /// Runs one statement and returns its rows.
    ///
    /// # Errors
    /// When the statement fails; earlier ones of the same transaction still stand.
    fn run(&self, statement: &str, params: &[Value]) -> Result<Vec<Row>, SqlError>;

    /// Adds a row, at once or together with others before anything else runs. The statement
    /// selects the columns of its rows from `json_each(?)`, as `value ->> 0`, `value ->> 1` and
    /// so on.
    ///
    /// # Errors
    /// When the statement fails, now or with the others.
    fn insert(&self, statement: &'static str, columns: &[Value]) -> Result<(), SqlError> {
        self.run(statement, &[json(&[columns])?]).map(drop)
    }

    /// Runs `work` in one transaction: all of its writes or none.
    ///
    /// # Errors
    /// What `work` returned, after everything it wrote was taken back; or a failed commit.
    fn transaction(&self, work: &mut dyn FnMut() -> Result<(), SqlError>) -> Result<(), SqlError>;

    /// Deletes everything, tables included, as if the object had never been.
    ///
    /// # Errors
    /// When it cannot be deleted.
    fn wipe(&self) -> Result<(), SqlError>;

    /// Bytes that the database takes, where the storage tells.
    fn size_bytes(&self) -> Option<u64> {
        None
    }
}

/// A value of a parameter or a column. Integers stay below 2^53, the precision of the platform.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Value {
    /// SQL `NULL`.
    Null,
    /// SQL `INTEGER`; truth values are 0 and 1.
    Integer(i64),
    /// SQL `TEXT`.
    Text(String),
}

/// One row of an answer, its columns in the order of the statement.
#[derive(Debug, Clone)]
pub struct Row(Vec<Value>);

/// A failure of the database or a row that is not as it was written. For the log, never for an
/// answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqlError(String);

impl SqlError {
    /// An error with words for the log.
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
    /// A row of these values.
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
        serde_json::from_str(&text).map_err(|error| SqlError::new(format!("column {at}: {error}")))
    }
}

/// Writes a value as JSON text.
///
/// # Errors
/// When it cannot be written, which none of our types can cause.
pub fn json<T: Serialize>(value: &T) -> Result<Value, SqlError> {
    serde_json::to_string(value).map(Value::Text).map_err(|error| SqlError::new(error.to_string()))
}

/// The one value that a statement asks for; nothing where it finds none, or `NULL`.
///
/// # Errors
/// When the statement fails, or finds something else than a `T`.
pub fn value<T: FromValue>(sql: &dyn Sql, statement: &str, params: &[Value]) -> Result<Option<T>, SqlError> {
    sql.run(statement, params)?.first().map_or(Ok(None), |row| row.get(0))
}

/// What a column can be read as.
pub trait FromValue: Sized {
    /// The value, if it is one of these.
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

/// What is read is what was valid when it was written.
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
