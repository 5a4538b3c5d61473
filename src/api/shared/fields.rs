//! Reads the members of a JSON object one by one and collects their errors, so that one answer names every
//! bad field.

use serde_json::{Map, Value};

use crate::domain::event::Change;
use crate::domain::{FieldError, Invalid, Refusal};

/// The members of a request, and the errors found so far.
pub(in crate::api) struct Fields<'a> {
    members: &'a Map<String, Value>,
    invalid: Invalid,
}

impl<'a> Fields<'a> {
    pub(in crate::api) fn new(members: &'a Map<String, Value>) -> Self {
        Self { members, invalid: Invalid::default() }
    }

    /// A text that `parse` accepts.
    pub(in crate::api) fn text<T>(
        &mut self,
        field: &'static str,
        parse: impl FnOnce(&'a str) -> Result<T, FieldError>,
    ) -> Change<T> {
        self.read(field, |value| {
            value
                .as_str()
                .ok_or(FieldError::new(field, "invalid_type", "This has to be a string."))
                .and_then(parse)
        })
    }

    /// A whole number that `parse` accepts. `10.0` is one, as in JSON Schema. Numbers too large to be exact
    /// are never in range.
    pub(in crate::api) fn integer<T>(
        &mut self,
        field: &'static str,
        parse: impl FnOnce(i64) -> Result<T, FieldError>,
    ) -> Change<T> {
        self.read(field, |value| {
            let beyond = value.as_u64().map(|_| i64::MAX);
            let number = value.as_i64().or(beyond).or_else(|| value.as_f64().and_then(whole));
            number
                .ok_or(FieldError::new(field, "invalid_type", "This has to be a whole number."))
                .and_then(parse)
        })
    }

    /// A boolean.
    pub(in crate::api) fn boolean(&mut self, field: &'static str) -> Change<bool> {
        self.read(field, |value| {
            value.as_bool().ok_or(FieldError::new(field, "invalid_type", "This has to be true or false."))
        })
    }

    /// An array of strings that `parse` accepts.
    pub(in crate::api) fn texts<T>(
        &mut self,
        field: &'static str,
        parse: impl FnOnce(Vec<&'a str>) -> Result<T, FieldError>,
    ) -> Change<T> {
        self.read(field, |value| {
            let texts: Option<Vec<&str>> =
                value.as_array().and_then(|items| items.iter().map(Value::as_str).collect());
            texts
                .ok_or(FieldError::new(field, "invalid_type", "This has to be an array of strings."))
                .and_then(parse)
        })
    }

    /// The same, but required.
    pub(in crate::api) fn required_text<T>(
        &mut self,
        field: &'static str,
        parse: impl FnOnce(&'a str) -> Result<T, FieldError>,
    ) -> Option<T> {
        if self.members.get(field).is_none_or(Value::is_null) {
            self.invalid.push(FieldError::new(field, "required", "This field is required."));
        }
        if let Change::Set(value) = self.text(field, parse) { Some(value) } else { None }
    }

    /// The errors so far, for a check that finds more.
    pub(in crate::api) fn into_invalid(self) -> Invalid {
        self.invalid
    }

    /// Finishes reading.
    ///
    /// # Errors
    /// When any field was bad.
    pub(in crate::api) fn finish(self) -> Result<(), Refusal> {
        self.invalid.into_result()
    }

    fn read<T>(
        &mut self,
        field: &'static str,
        parse: impl FnOnce(&'a Value) -> Result<T, FieldError>,
    ) -> Change<T> {
        match self.members.get(field) {
            None => Change::Keep,
            Some(Value::Null) => Change::Reset,
            Some(value) => self.invalid.take(parse(value)).map_or(Change::Keep, Change::Set),
        }
    }
}

/// The number without its empty fraction, clamped to the range.
fn whole(number: f64) -> Option<i64> {
    #[allow(clippy::cast_possible_truncation, reason = "a cast from a float saturates")]
    (number.fract() == 0.0).then_some(number as i64)
}
